//! `/me/requests/new`: the request form, filled in from a holding or blank.
//!
//! What was typed is never lost: a refused form comes back with its values and what is wrong beside each.

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::desk::Taken;
use daemon::requests::{Doubt, RequestForm};
use daemon::store::Account;
use indexer::bib::{Entry, LibraryCode};

use super::{Choosable, Ui, page, render};
use crate::ask::Asked;
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::SignedIn;
use crate::login::secret::Secret;
use crate::reader::Reader;
use crate::requests::{self, Fault422, Reply, Sent};
use crate::state::App;
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "me/new_request.html")]
struct NewRequestPage {
    ui: Ui,
    fields: Vec<FormField>,
    suppliers: Vec<Choosable>,
    supplier_fault: Option<String>,
    is_pickup: bool,
    delivery_fault: Option<String>,
    note: String,
    note_fault: Option<String>,
    material_type: String,
    record_id: String,
    faults: usize,
    warnings: Vec<&'static str>,
    /// The warnings were read: the next press keeps the request.
    is_looked_at: bool,
    key: String,
}

struct FormField {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    complete: &'static str,
    value: String,
    is_required: bool,
    fault: Option<String>,
    is_doubtful: bool,
}

/// Name, label, kind of box, what a browser may fill in, and whether it must be there.
const FIELDS: [(&str, &str, &str, &str, bool); 11] = [
    ("title", "field.title", "text", "off", true),
    ("author", "field.author", "text", "off", false),
    ("year", "request.year", "text", "off", true),
    ("publisher", "field.publisher", "text", "off", false),
    ("isbn", "field.isbn", "text", "off", false),
    ("issn", "field.issn", "text", "off", false),
    ("call_number", "field.call_number", "text", "off", true),
    ("volume", "request.volume", "text", "off", false),
    ("recipient", "request.recipient", "text", "name", true),
    ("phone", "request.phone", "tel", "tel", false),
    ("email", "request.email", "email", "email", true),
];

/// What is said beside the values.
#[derive(Default)]
struct Notes {
    faults: Vec<Fault422>,
    doubts: Vec<Doubt>,
    warnings: Vec<&'static str>,
    is_looked_at: bool,
}

/// `GET /me/requests/new?record=&library=`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let record = reader.asked.get("record").unwrap_or_default().to_owned();
    let library = reader.asked.get("library").unwrap_or_default().to_owned();
    let (reading, lang) = (app.clone(), reader.lang);
    let filled = blocking::run(app.turns(), move || {
        let entry = reading.open().filter(|_| !record.is_empty()).and_then(|open| open.find(&record).ok());
        Ok(prefilled(entry.as_ref(), &library, &account, lang))
    });
    let result = match filled.await {
        Ok(form) => {
            let year = jiff::Timestamp::now().to_zoned_datetime(requests::zone(&app)).year();
            // Prefilled values are looked at like typed ones; a blank form is not scolded for being blank.
            let doubts = form.doubts(year);
            shown(&app, &reader, &form, Notes { doubts, ..Notes::default() }, None)
        }
        Err(cause) => Err(cause),
    };
    page(&app, &reader, result)
}

fn prefilled(entry: Option<&Entry>, library: &str, account: &Account, lang: Lang) -> RequestForm {
    let blank = RequestForm {
        supplier: library.to_owned(),
        recipient: account.name.clone(),
        email: account.email.clone(),
        delivery: "courier".to_owned(),
        ..RequestForm::default()
    };
    let Some(entry) = entry else { return blank };
    let bib = &entry.bib;
    let held = entry.holdings.iter().find(|held| held.library.as_str() == library);
    let call_number = held.and_then(|held| held.holding.call_number.clone());
    let part = bib.part.as_ref().map(|part| {
        let pieces = [part.number.as_deref(), part.title.as_deref()];
        pieces.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    RequestForm {
        title: bib.title.clone().unwrap_or_default(),
        author: bib.responsibility.clone().unwrap_or_default(),
        year: bib.year.map(|year| year.to_string()).unwrap_or_default(),
        publisher: bib.publisher.clone().unwrap_or_default(),
        isbn: bib.isbns.first().map(ToString::to_string).unwrap_or_default(),
        issn: bib.issns.first().map(ToString::to_string).unwrap_or_default(),
        call_number: call_number.unwrap_or_default(),
        volume: part.unwrap_or_default(),
        material_type: lang.label("type", bib.material_type.code()),
        record_id: entry.id.to_string(),
        ..blank
    }
}

/// `POST /me/requests/new`
pub(crate) async fn send(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    reader: Reader,
    body: Bytes,
) -> Response {
    let asked = Asked::parse(Some(&String::from_utf8_lossy(&body)));
    let form = RequestForm::of(|name| asked.get(name).unwrap_or_default().to_owned());
    let is_looked_at = asked.has("looked_at", "1");
    let hash = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
    // Of one form shown there is one request, however often the button is pressed.
    let key = asked.get("key").filter(|key| key.len() <= 100).map(|key| (hash(key), hash("form")));
    let lang = reader.lang;
    let (taking, sent) = (app.clone(), form.clone());
    let reply = blocking::run(app.turns(), move || {
        let look = Sent { form: sent.clone(), is_confirmed: is_looked_at, key };
        match requests::take(&taking, &account, look, lang)? {
            // Nothing to be warned of: no second press is asked for.
            Reply::Desk(Taken::Unconfirmed { warnings, .. }) if warnings.is_empty() => {
                requests::take(&taking, &account, Sent { form: sent, is_confirmed: true, key }, lang)
            }
            reply => Ok(reply),
        }
    });
    let (notes, status) = match reply.await {
        Err(cause) => return page(&app, &reader, Err(cause)),
        Ok(Reply::Desk(Taken::Kept { request, .. })) => {
            return Redirect::to(&format!("/me/requests/{}?kept=1", request.id)).into_response();
        }
        Ok(Reply::Desk(Taken::Unconfirmed { warnings, doubts })) => {
            let warnings = warnings.into_iter().map(|one| requests::warning(one, lang).1).collect();
            (Notes { warnings, doubts, is_looked_at: true, ..Notes::default() }, StatusCode::OK)
        }
        Ok(Reply::Desk(_)) => {
            return page(&app, &reader, Err(WebError::Refused(lang.t("request.other_body").to_owned())));
        }
        Ok(Reply::Faults(faults)) => {
            (Notes { faults, is_looked_at, ..Notes::default() }, StatusCode::UNPROCESSABLE_ENTITY)
        }
    };
    let mut response = page(&app, &reader, shown(&app, &reader, &form, notes, asked.get("key")));
    *response.status_mut() = status;
    response
}

fn shown(
    app: &App,
    reader: &Reader,
    form: &RequestForm,
    notes: Notes,
    key: Option<&str>,
) -> Result<Response, WebError> {
    let fault = |name: &str| {
        let found = notes.faults.iter().find(|fault| fault.field == name);
        found.map(|fault| fault.message.clone())
    };
    let field = |(name, label, kind, complete, is_required): (_, _, _, _, _)| FormField {
        name,
        label,
        kind,
        complete,
        value: form.value(name).to_owned(),
        is_required,
        fault: fault(name),
        is_doubtful: notes.doubts.iter().any(|doubt| doubt.field.name() == name),
    };
    let key = match key {
        Some(key) => key.to_owned(),
        None => Secret::random().map_err(WebError::Internal)?.reveal(),
    };
    render(&NewRequestPage {
        ui: Ui::new(app, reader),
        fields: FIELDS.into_iter().map(field).collect(),
        suppliers: suppliers(app, form),
        supplier_fault: fault("supplier"),
        is_pickup: form.delivery == "pickup",
        delivery_fault: fault("delivery"),
        note: form.note.clone(),
        note_fault: fault("note"),
        material_type: form.material_type.clone(),
        record_id: form.record_id.clone(),
        faults: notes.faults.len(),
        warnings: notes.warnings,
        is_looked_at: notes.is_looked_at,
        key,
    })
}

/// The holders of the record, or all members for the blank form.
fn suppliers(app: &App, form: &RequestForm) -> Vec<Choosable> {
    let members = app.members();
    let entry =
        app.open().filter(|_| !form.record_id.is_empty()).and_then(|open| open.find(&form.record_id).ok());
    let mut codes: Vec<LibraryCode> = match &entry {
        Some(entry) => entry.holdings.iter().map(|held| held.library.clone()).collect(),
        None => members.iter().map(|library| library.code.clone()).collect(),
    };
    codes.dedup();
    let choosable = |code: LibraryCode| Choosable {
        label: library_name(&members, &code),
        chosen: code.as_str() == form.supplier,
        value: code.to_string(),
    };
    codes.into_iter().map(choosable).collect()
}
