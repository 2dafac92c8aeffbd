//! `/staff/fines`: fines of the own library's readers, written down, paid, waived; nothing is ever struck out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::{Account, AccountRole, FineEntry, FineKind, Settled};
use jiff::Timestamp;

use super::super::me::fines::kind_words;
use super::super::{Ui, page, render, unfit};
use super::{bound_to, is_admin};
use crate::ask::Asked;
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::Staff;
use crate::money::{self, yuan};
use crate::reader::{Fields, Reader};
use crate::requests::{moment, zone};
use crate::state::App;

/// Characters of a reason.
const MOST_REASON: usize = 200;

#[derive(Template)]
#[template(path = "staff/fines.html")]
struct FinesPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    said: bool,
    barcode: String,
    sum: String,
    reason: String,
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    at: String,
    library: String,
    reader: Option<(String, String, String)>,
    kind: &'static str,
    yuan: String,
    open: Option<String>,
    reason: String,
    staff: String,
    of: Option<i64>,
}

/// `GET /staff/fines?barcode=`
pub(crate) async fn show(State(app): State<App>, reader: Reader, Staff(staff): Staff) -> Response {
    let asked = reader.asked.clone();
    let result = shown(&app, &reader, &staff, &asked, None).await;
    page(&app, &reader, result)
}

async fn shown(
    app: &App,
    reader: &Reader,
    staff: &Account,
    typed: &Asked,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let (reading, of) = (app.clone(), bound_to(staff).map(str::to_owned));
    let entries =
        blocking::run(app.turns(), move || reading.store()?.fines(of.as_deref()).map_err(WebError::internal))
            .await?;
    let (zone, lang) = (zone(app), reader.lang);
    let row = |entry: FineEntry| Row {
        id: entry.id,
        at: moment(entry.at, &zone),
        kind: kind_words(&entry, lang),
        yuan: yuan(entry.fen),
        open: (entry.open > 0).then(|| yuan(entry.open)),
        library: entry.library,
        reader: entry.reader.map(|(id, barcode, name)| (id.to_string(), barcode, name)),
        reason: entry.reason,
        staff: entry.staff,
        of: entry.fine,
    };
    let text = |name: &str| typed.get(name).unwrap_or_default().to_owned();
    render(&FinesPage {
        ui: Ui::new(app, reader),
        who: staff.name.clone(),
        is_admin: is_admin(staff),
        fault,
        said: reader.asked.has("said", "kept"),
        barcode: text("barcode"),
        sum: text("sum"),
        reason: text("reason"),
        rows: entries.into_iter().map(row).collect(),
    })
}

/// `POST /staff/fines`: a new one, or `act=payment|waiver` of the `fine` with this number.
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    Staff(staff): Staff,
    Fields(sent): Fields,
) -> Response {
    let (acting, who, typed, lang) = (app.clone(), staff.clone(), sent.clone(), reader.lang);
    let done = blocking::run(app.turns(), move || done(&acting, &who, &typed, lang)).await;
    let result = match done {
        Ok(None) => Ok(Redirect::to("/staff/fines?said=kept").into_response()),
        Ok(Some(fault)) => {
            // Of a payment nothing is typed that would belong into the form of a new fine.
            let typed = if sent.get("fine").is_some() { Asked::default() } else { sent };
            shown(&app, &reader, &staff, &typed, Some(fault)).await.map(unfit)
        }
        Err(cause) => Err(cause),
    };
    page(&app, &reader, result)
}

/// What is wrong, as a sentence; nothing where it is written down.
fn done(app: &App, staff: &Account, sent: &Asked, lang: Lang) -> Result<Option<String>, WebError> {
    let (store, now) = (app.store()?, Timestamp::now());
    let fault = |key: &str| Ok(Some(lang.t(key).to_owned()));
    let sum = sent.get("sum").and_then(money::fen).and_then(|fen| i64::try_from(fen).ok());
    let Some(fen) = sum.filter(|&fen| fen > 0) else { return fault("fine.no_sum") };
    let reason = sent.get("reason").unwrap_or_default().replace(char::is_control, " ");
    if reason.is_empty() || reason.chars().count() > MOST_REASON {
        return fault("fine.no_reason");
    }
    if let Some(fine) = sent.get("fine") {
        let kind = sent.get("act").and_then(FineKind::settling).ok_or(WebError::NotFound)?;
        let fine = fine.parse().map_err(|_| WebError::NotFound)?;
        let by = (staff.id, staff.library.as_str());
        let settled = store.settle_fine((fine, bound_to(staff)), (kind, fen), &reason, by, now);
        return match settled.map_err(WebError::internal)? {
            Settled::Done => Ok(None),
            Settled::TooMuch(open) => Ok(Some(lang.fill("fine.too_much", &[("yuan", &yuan(open))]))),
            Settled::NoFine => Err(WebError::NotFound),
        };
    }
    let barcode = sent.get("barcode").unwrap_or_default();
    let found = store.account(&staff.library, barcode).map_err(WebError::internal)?;
    let Some(account) = found.filter(|account| account.role == AccountRole::Reader) else {
        return fault("fine.no_reader");
    };
    let to = (staff.library.as_str(), account.id);
    store.add_fine(to, fen, &reason, staff.id, now).map_err(WebError::internal)?;
    Ok(None)
}
