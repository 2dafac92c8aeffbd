//! `/staff/readers`: a library confirms, blocks and resets its own readers; admins those of every library.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::{ACCOUNTS_SHOWN, Account, AccountId, AccountRole, Confirmed, Registration, Store};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::super::admin::local;
use super::super::{Ui, page, render, today};
use super::{bound_to, is_admin};
use crate::ask::{self, Asked};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::{Staff, code};
use crate::reader::Reader;
use crate::state::App;

/// A code from the desk is good for so long.
const FROM_THE_DESK: SignedDuration = SignedDuration::from_hours(24);
/// Characters of a reason.
const MOST_REASON: usize = 200;

#[derive(Template)]
#[template(path = "staff/readers.html")]
struct ReadersPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    said: Option<String>,
    waiting: Vec<Waiting>,
    q: String,
    found: Option<Vec<Row>>,
    is_cut: bool,
}

struct Waiting {
    registration: Registration,
    made: String,
}

struct Row {
    id: String,
    library: String,
    barcode: String,
    name: String,
    role: String,
    state: String,
}

#[derive(Template)]
#[template(path = "staff/reader.html")]
struct ReaderPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    said: Option<String>,
    account: Account,
    state: String,
    role: String,
    created: String,
}

/// How an account stands on a day.
pub(in crate::pages) fn state_words(account: &Account, today: &str, lang: Lang) -> String {
    match (&account.blocked, &account.valid_until) {
        (Some(reason), _) => lang.fill("readers.blocked", &[("reason", reason)]),
        (None, Some(last)) if last.as_str() < today => lang.t("readers.expired").to_owned(),
        _ => lang.t("readers.good").to_owned(),
    }
}

/// `GET /staff/readers?q=`
pub(crate) async fn list(State(app): State<App>, reader: Reader, Staff(staff): Staff) -> Response {
    let result = listed(&app, &reader, staff).await;
    page(&app, &reader, result)
}

async fn listed(app: &App, reader: &Reader, staff: Account) -> Result<Response, WebError> {
    let q = reader.asked.get("q").unwrap_or_default().to_owned();
    let is_asked = reader.asked.get("find").is_some() || !q.is_empty();
    let (own, of, words) = (app.clone(), bound_to(&staff).map(str::to_owned), q.clone());
    let (waiting, found) = blocking::run(app.turns(), move || {
        let store = own.store()?;
        let waiting = store.registrations(of.as_deref()).map_err(WebError::internal)?;
        let found = is_asked.then(|| store.find_accounts(of.as_deref(), &words)).transpose();
        Ok((waiting, found.map_err(WebError::internal)?))
    })
    .await?;
    let (lang, today) = (reader.lang, today(app));
    let row = |account: Account| Row {
        id: account.id.to_string(),
        state: state_words(&account, &today, lang),
        role: lang.label("account_role", account.role.name()),
        library: account.library,
        barcode: account.barcode,
        name: account.name,
    };
    let waiting = waiting
        .into_iter()
        .map(|registration| Waiting { made: local(app, Some(registration.made)), registration });
    let said = match reader.asked.get("said") {
        Some("refused") => Some(lang.t("readers.refused").to_owned()),
        _ => None,
    };
    let fault = match reader.asked.get("said") {
        Some("taken") => Some(lang.t("readers.taken").to_owned()),
        Some("gone") => Some(lang.t("readers.gone").to_owned()),
        _ => None,
    };
    render(&ReadersPage {
        ui: Ui::new(app, reader),
        is_admin: is_admin(&staff),
        who: staff.name,
        fault,
        said,
        waiting: waiting.collect(),
        q,
        is_cut: found.as_ref().is_some_and(|all| all.len() >= ACCOUNTS_SHOWN as usize),
        found: found.map(|all| all.into_iter().map(row).collect()),
    })
}

/// `POST /staff/readers`: `confirm` or `refuse` with the number of a registration.
pub(crate) async fn decide(
    State(app): State<App>,
    reader: Reader,
    Staff(staff): Staff,
    body: Bytes,
) -> Response {
    let sent = Asked::parse(Some(&String::from_utf8_lossy(&body)));
    let deciding = app.clone();
    let place = blocking::run(app.turns(), move || {
        let (store, of) = (deciding.store()?, bound_to(&staff));
        let number = |name: &str| sent.get(name).and_then(|text| text.parse::<i64>().ok());
        let Some(id) = number("confirm") else {
            let id = number("refuse").ok_or(WebError::NotFound)?;
            let is_gone = !store.drop_registration(id, of).map_err(WebError::internal)?;
            tracing::info!(staff = %staff.id, registration = id, "a registration was refused");
            return Ok(said("/staff/readers", if is_gone { "gone" } else { "refused" }));
        };
        let confirmed = store.confirm_registration(id, of, Timestamp::now()).map_err(WebError::internal)?;
        tracing::info!(staff = %staff.id, registration = id, ?confirmed, "a registration was confirmed");
        Ok(match confirmed {
            Confirmed::Account(account) => said(&format!("/staff/readers/{account}"), "confirmed"),
            Confirmed::Taken => said("/staff/readers", "taken"),
            Confirmed::Gone => said("/staff/readers", "gone"),
        })
    });
    let result = place.await.map(|place| Redirect::to(&place).into_response());
    page(&app, &reader, result)
}

fn said(path: &str, what: &str) -> String {
    ask::link(path, [("said", what)])
}

/// An account that this person may look after: staff see the readers of their own library.
pub(super) fn own_reader(store: &Store, staff: &Account, id: &str) -> Result<Account, WebError> {
    let Some(id) = AccountId::parse(id) else { return Err(WebError::NotFound) };
    let found = store.account_by_id(id).map_err(WebError::internal)?;
    let may = |account: &Account| {
        is_admin(staff) || account.library == staff.library && account.role == AccountRole::Reader
    };
    if found.as_ref().is_some_and(|account| !may(account)) {
        tracing::warn!(staff = %staff.id, account = %id, "asked for an account of others");
    }
    found.filter(may).ok_or(WebError::NotFound)
}

/// `GET /staff/readers/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    reader: Reader,
    Staff(staff): Staff,
    Path(id): Path<String>,
) -> Response {
    let said = reader.asked.get("said").map(str::to_owned);
    let (own, who) = (app.clone(), staff.clone());
    let found = blocking::run(app.turns(), move || own_reader(&own.store()?, &who, &id)).await;
    let result = found.and_then(|account| {
        let lang = reader.lang;
        let said = match said.as_deref() {
            Some("confirmed") => Some(lang.fill("readers.confirmed", &[("name", &account.name)])),
            Some("valid") => Some(lang.t("readers.valid_set").to_owned()),
            Some("blocked") => Some(lang.t("readers.did_block").to_owned()),
            Some("unblocked") => Some(lang.t("readers.did_unblock").to_owned()),
            _ => None,
        };
        shown(&app, &reader, &staff, account, said, None)
    });
    page(&app, &reader, result)
}

fn shown(
    app: &App,
    reader: &Reader,
    staff: &Account,
    account: Account,
    said: Option<String>,
    fault: Option<String>,
) -> Result<Response, WebError> {
    render(&ReaderPage {
        ui: Ui::new(app, reader),
        who: staff.name.clone(),
        is_admin: is_admin(staff),
        fault,
        said,
        state: state_words(&account, &today(app), reader.lang),
        role: reader.lang.label("account_role", account.role.name()),
        created: local(app, Some(account.created)),
        account,
    })
}

/// What was done to an account.
enum Done {
    GoTo(String),
    /// A code, shown once.
    Code(Account, String),
    Fault(Account, &'static str),
}

/// `POST /staff/readers/{id}`: `act=block|unblock|valid|reset`
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    Staff(staff): Staff,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let sent = Asked::parse(Some(&String::from_utf8_lossy(&body)));
    let (own, who) = (app.clone(), staff.clone());
    let done = blocking::run(app.turns(), move || {
        let store = own.store()?;
        let account = own_reader(&store, &who, &id)?;
        let done = done(&store, account, &sent)?;
        let act = sent.get("act").unwrap_or_default();
        tracing::info!(staff = %who.id, account = id, act, "an account was looked after");
        Ok(done)
    });
    let result = match done.await {
        Ok(Done::GoTo(place)) => Ok(Redirect::to(&place).into_response()),
        Ok(Done::Code(account, code)) => {
            let said = reader.lang.fill("readers.did_reset", &[("code", &code)]);
            shown(&app, &reader, &staff, account, Some(said), None)
        }
        Ok(Done::Fault(account, key)) => {
            let fault = Some(reader.lang.t(key).to_owned());
            shown(&app, &reader, &staff, account, None, fault).map(|mut response| {
                *response.status_mut() = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
                response
            })
        }
        Err(cause) => Err(cause),
    };
    page(&app, &reader, result)
}

fn done(store: &Store, account: Account, sent: &Asked) -> Result<Done, WebError> {
    let path = format!("/staff/readers/{}", account.id);
    let go_to = |what: &str| Ok(Done::GoTo(said(&path, what)));
    match sent.get("act") {
        Some("block") => {
            let reason: String = sent.get("reason").unwrap_or_default().replace(char::is_control, " ");
            if reason.is_empty() || reason.chars().count() > MOST_REASON {
                return Ok(Done::Fault(account, "readers.no_reason"));
            }
            store.block_account(account.id, Some(&reason)).map_err(WebError::internal)?;
            go_to("blocked")
        }
        Some("unblock") => {
            store.block_account(account.id, None).map_err(WebError::internal)?;
            go_to("unblocked")
        }
        Some("valid") => {
            let day = sent.get("day");
            if day.is_some_and(|day| day.len() != 10 || day.parse::<Date>().is_err()) {
                return Ok(Done::Fault(account, "readers.no_day"));
            }
            store.set_valid_until(account.id, day).map_err(WebError::internal)?;
            go_to("valid")
        }
        Some("reset") => {
            let (code, until) =
                (code::random().map_err(WebError::Internal)?, Timestamp::now() + FROM_THE_DESK);
            store
                .add_recovery_code(account.id, code::hash(&code), until, None)
                .map_err(WebError::internal)?;
            Ok(Done::Code(account, code))
        }
        _ => Err(WebError::NotFound),
    }
}
