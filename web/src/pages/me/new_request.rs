//! `/me/requests/new`: the request form, filled in from a holding or blank.
//!
//! What was typed is never lost: a refused form comes back with its values and what is wrong beside each.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use daemon::desk::Taken;
use daemon::requests::{Doubt, FaultCode, MOST_NOTE_CHARACTERS, RequestForm};
use daemon::store::Account;
use indexer::bib::{Entry, Lendable, LibraryCode, LibraryHolding};
use indexer::cluster::describes_set;

use super::{Choosable, Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::SignedIn;
use crate::login::secret::Secret;
use crate::reader::{Fields, Reader};
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
    most_note: usize,
    /// Name and barcode of whoever asks.
    patron: (String, String),
    /// What the chosen lender allows.
    tip: String,
    /// The reader goes on to the basket.
    from_basket: bool,
    record_id: String,
    faults: usize,
    warnings: Vec<&'static str>,
    /// The warnings were read: the next press keeps the request.
    is_looked_at: bool,
    /// Some value is marked as doubtful; with this the mark was seen.
    has_doubts: bool,
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
    /// Why the value should be looked at again.
    doubt: Option<&'static str>,
}

/// Name, label, kind of box, what a browser may fill in, and whether it must be there.
const FIELDS: [(&str, &str, &str, &str, bool); 12] = [
    ("title", "field.title", "text", "off", true),
    ("author", "field.author", "text", "off", false),
    ("year", "request.year", "text", "off", true),
    ("publisher", "field.publisher", "text", "off", false),
    ("isbn", "field.isbn", "text", "off", false),
    ("issn", "field.issn", "text", "off", false),
    ("call_number", "field.call_number", "text", "off", true),
    ("volume", "request.volume", "text", "off", false),
    ("material_type", "request.material_type", "text", "off", false),
    ("recipient", "request.recipient", "text", "name", true),
    ("phone", "request.phone", "tel", "tel", false),
    ("email", "request.email", "email", "email", true),
];

/// What is said beside the values.
#[derive(Default)]
struct Notes {
    faults: Vec<Fault422>,
    doubts: Vec<Doubt>,
    /// What must be there, and the record does not have.
    lacking: Vec<&'static str>,
    warnings: Vec<&'static str>,
    is_looked_at: bool,
}

/// `GET /me/requests/new?record=&library=&from=`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let asked = |name| reader.asked.get(name).unwrap_or_default().to_owned();
    let blank = RequestForm {
        record_id: asked("record"),
        supplier: asked("library"),
        recipient: account.name.clone(),
        email: account.email.clone(),
        phone: account.phone.clone(),
        delivery: "courier".to_owned(),
        ..RequestForm::default()
    };
    let from = Press { from_basket: reader.asked.has("from", "basket"), key: None };
    let result = filled(&app, &account, &reader, blank, from).await;
    page(&app, &reader, result)
}

/// Fills a form in from its record, for its lender or the first that lends it, and shows it.
async fn filled(
    app: &App,
    account: &Account,
    reader: &Reader,
    form: RequestForm,
    press: Press,
) -> Result<Response, WebError> {
    let (reading, lang, home) = (app.clone(), reader.lang, account.library.clone());
    let (form, lacking) = blocking::run(app.turns(), move || {
        let entry = entry_of(&reading, &form.record_id);
        let form =
            entry.as_ref().map_or(form.clone(), |entry| prefilled(&reading, entry, form, (&home, lang)));
        let is_set = entry.as_ref().is_some_and(|e| e.bib.extent.as_deref().is_some_and(describes_set));
        let faults = if entry.is_some() { form.tidied().faults(is_set) } else { Vec::new() };
        let lacking = faults.into_iter().filter(|fault| fault.code == FaultCode::Missing);
        let lacking: Vec<&'static str> = lacking.map(|fault| fault.field.name()).collect();
        Ok((form, lacking))
    })
    .await?;
    // Prefilled values are looked at like typed ones; a blank form is not scolded for being blank.
    let notes = Notes { doubts: form.doubts(this_year(app)), lacking, ..Notes::default() };
    shown(app, account, reader, &form, notes, press)
}

fn this_year(app: &App) -> i16 {
    jiff::Timestamp::now().to_zoned_datetime(requests::zone(app)).year()
}

fn entry_of(app: &App, record_id: &str) -> Option<Entry> {
    app.open().filter(|_| !record_id.is_empty()).and_then(|open| open.find_now(record_id).ok())
}

/// The first holder that may lend it: not the reader's own library, nor one that lends nothing.
fn first_lender(app: &App, entry: &Entry, home: &str) -> String {
    let directory = app.directory();
    let may_lend = |held: &&LibraryHolding| {
        let code = &held.library;
        !matches!(held.holding.lendable, Lendable::No { .. })
            && home != code.as_str()
            && !directory.rules().of(code.as_str()).lends_nothing
    };
    entry.holdings.iter().find(may_lend).map(|held| held.library.to_string()).unwrap_or_default()
}

fn prefilled(app: &App, entry: &Entry, form: RequestForm, (home, lang): (&str, Lang)) -> RequestForm {
    let bib = &entry.bib;
    let supplier =
        if form.supplier.is_empty() { first_lender(app, entry, home) } else { form.supplier.clone() };
    let held = entry.holdings.iter().filter(|held| held.library.as_str() == supplier);
    let call_number = held.filter_map(|held| held.holding.call_number.clone()).next();
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
        supplier,
        ..form
    }
}

/// `POST /me/requests/new`; `act=lender` only brings call number and rules of another lender.
pub(crate) async fn send(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    reader: Reader,
    Fields(asked): Fields,
) -> Response {
    let form = RequestForm::of(|name| asked.get(name).unwrap_or_default().to_owned());
    let press = Press {
        from_basket: asked.has("from", "basket"),
        key: asked.get("key").filter(|key| key.len() <= 100).map(str::to_owned),
    };
    if asked.has("act", "lender") {
        let result = of_other_lender(&app, &account, &reader, form, press).await;
        return page(&app, &reader, result);
    }
    let (is_looked_at, has_seen_doubts) = (asked.has("looked_at", "1"), asked.has("doubts_seen", "1"));
    let hash = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
    // Of one form shown there is one request, however often the button is pressed.
    let key = press.key.as_deref().map(|key| (hash(key), hash("form")));
    let lang = reader.lang;
    let (taking, sent, of) = (app.clone(), form.clone(), account.clone());
    let reply = blocking::run(app.turns(), move || {
        let look = Sent { form: sent.clone(), is_confirmed: is_looked_at, key };
        match requests::take(&taking, &of, look, lang)? {
            // Nothing to be warned of, or marked already: no second press is asked for.
            Reply::Desk(Taken::Unconfirmed { warnings, doubts })
                if warnings.is_empty() && (doubts.is_empty() || has_seen_doubts) =>
            {
                requests::take(&taking, &of, Sent { form: sent, is_confirmed: true, key }, lang)
            }
            reply => Ok(reply),
        }
    });
    let (notes, status) = match reply.await {
        Err(cause) => return page(&app, &reader, Err(cause)),
        Ok(Reply::Desk(Taken::Kept { request, .. })) => {
            return kept(&request.id.to_string(), &form.record_id, press.from_basket, reader);
        }
        Ok(Reply::Desk(Taken::Unconfirmed { warnings, doubts })) => {
            let warnings = warnings.into_iter().map(|one| requests::warning(one, lang).1).collect();
            (Notes { warnings, doubts, is_looked_at: true, ..Notes::default() }, StatusCode::OK)
        }
        Ok(Reply::Desk(_)) => {
            return page(&app, &reader, Err(WebError::Refused(lang.t("request.other_body").to_owned())));
        }
        Ok(Reply::Faults(faults)) => {
            let doubts = form.doubts(this_year(&app));
            (Notes { faults, doubts, is_looked_at, ..Notes::default() }, StatusCode::UNPROCESSABLE_ENTITY)
        }
    };
    let mut response = page(&app, &reader, shown(&app, &account, &reader, &form, notes, press));
    *response.status_mut() = status;
    response
}

/// How the form was opened.
struct Press {
    from_basket: bool,
    /// Of a form that was shown before.
    key: Option<String>,
}

/// To the request; who came from the basket goes on with what is left in it.
fn kept(request: &str, record: &str, from_basket: bool, reader: Reader) -> Response {
    if !from_basket {
        return Redirect::to(&format!("/me/requests/{request}?kept=1")).into_response();
    }
    let mut basket = reader.remembered.basket;
    basket.remove(record);
    let onward = Redirect::to(&format!("/basket?asked={request}"));
    ([(header::SET_COOKIE, basket.set_cookie())], onward).into_response()
}

// What the reader typed stays; what belongs to a lender is that of the new one.
async fn of_other_lender(
    app: &App,
    account: &Account,
    reader: &Reader,
    form: RequestForm,
    press: Press,
) -> Result<Response, WebError> {
    let reading = app.clone();
    let form = blocking::run(app.turns(), move || {
        let Some(entry) = entry_of(&reading, &form.record_id) else { return Ok(form) };
        let held = entry.holdings.iter().filter(|held| held.library.as_str() == form.supplier);
        let call_number = held.filter_map(|held| held.holding.call_number.clone()).next();
        Ok(RequestForm { call_number: call_number.unwrap_or_default(), ..form })
    });
    shown(app, account, reader, &form.await?, Notes::default(), press)
}

fn shown(
    app: &App,
    account: &Account,
    reader: &Reader,
    form: &RequestForm,
    notes: Notes,
    press: Press,
) -> Result<Response, WebError> {
    let fault = |name: &str| {
        let found = notes.faults.iter().find(|fault| fault.field == name);
        found.map(|fault| fault.message.clone())
    };
    let doubt = |name: &str| {
        let is_doubtful = notes.doubts.iter().any(|doubt| doubt.field.name() == name);
        let lacks = notes.lacking.contains(&name).then_some("request.lacking");
        lacks.or(is_doubtful.then_some("request.doubtful"))
    };
    let field = |(name, label, kind, complete, is_required): (_, _, _, _, _)| FormField {
        name,
        label,
        kind,
        complete,
        value: form.value(name).to_owned(),
        is_required,
        fault: fault(name),
        doubt: doubt(name),
    };
    let key = match press.key {
        Some(key) => key,
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
        most_note: MOST_NOTE_CHARACTERS,
        patron: (account.name.clone(), account.barcode.clone()),
        tip: tip(app, &form.supplier, reader.lang),
        from_basket: press.from_basket,
        record_id: form.record_id.clone(),
        faults: notes.faults.len(),
        warnings: notes.warnings,
        is_looked_at: notes.is_looked_at,
        has_doubts: !notes.doubts.is_empty(),
        key,
    })
}

/// What the chosen lender allows, and when it is closed.
fn tip(app: &App, supplier: &str, lang: Lang) -> String {
    let code = LibraryCode::new(supplier);
    if app.members().get(&code).is_none() {
        return lang.t("request.choose_first").to_owned();
    }
    let directory = app.directory();
    let today = jiff::Timestamp::now().to_zoned_datetime(requests::zone(app)).date();
    let closed = directory.closures(&code, today).into_iter().map(|days| {
        lang.fill("rule.closed", &[("from", &days.from.to_string()), ("to", &days.to.to_string())])
    });
    let rules = requests::rules_line(&directory.rules().of(supplier), lang);
    let separator = if lang == Lang::En { "; " } else { "；" };
    std::iter::once(rules).chain(closed).collect::<Vec<_>>().join(separator)
}

/// The holders of the record, or all members for the blank form.
fn suppliers(app: &App, form: &RequestForm) -> Vec<Choosable> {
    let members = app.members();
    let mut codes: Vec<LibraryCode> = match &entry_of(app, &form.record_id) {
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
