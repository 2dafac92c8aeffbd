//! `/staff/readers`: a library confirms, blocks and resets its own readers; admins those of every library.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::{ACCOUNTS_SHOWN, Account, AccountId, AccountRole, Card, Confirmed, Registration, Store};
use indexer::bib::LibraryCode;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::super::admin::local;
use super::super::me::card::signer;
use super::super::{Ui, page, render, today, unfit};
use super::{bound_to, is_admin};
use crate::ask::{self, Asked};
use crate::blocking;
use crate::card;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::{Staff, code};
use crate::money::yuan;
use crate::reader::{Fields, Reader};
use crate::state::App;
use crate::wire::library_name;

/// A code from the desk is good for so long.
const FROM_THE_DESK: SignedDuration = SignedDuration::from_hours(24);
/// Characters of a reason.
const MOST_REASON: usize = 200;
/// Characters of what is written to a reader.
const MOST_TEXT: usize = 1_000;
const MOST_CARD_YEARS: i64 = 5;

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
    library: String,
    state: String,
    role: String,
    created: String,
    card: Option<Card>,
    owed: Option<String>,
    /// From today for a year: what a card is issued for where nothing else is said.
    days: (String, String),
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
    Fields(sent): Fields,
) -> Response {
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
    let found = blocking::run(app.turns(), move || {
        let store = own.store()?;
        let account = own_reader(&store, &who, &id)?;
        looked_up(&store, account)
    });
    let result = found.await.and_then(|known| {
        let lang = reader.lang;
        let said = match said.as_deref() {
            Some("confirmed") => Some(lang.fill("readers.confirmed", &[("name", &known.account.name)])),
            Some("valid") => Some(lang.t("readers.valid_set").to_owned()),
            Some("blocked") => Some(lang.t("readers.did_block").to_owned()),
            Some("unblocked") => Some(lang.t("readers.did_unblock").to_owned()),
            Some("written") => Some(lang.t("message.did_send").to_owned()),
            Some("issued") => Some(lang.t("card.did_issue").to_owned()),
            Some("withdrawn") => Some(lang.t("card.did_withdraw").to_owned()),
            _ => None,
        };
        shown(&app, &reader, &staff, known, said, None)
    });
    page(&app, &reader, result)
}

fn shown(
    app: &App,
    reader: &Reader,
    staff: &Account,
    known: Known,
    said: Option<String>,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let Known { account, card, owed } = known;
    let first = today(app);
    let last = first.parse().map(card_days).unwrap_or_default();
    render(&ReaderPage {
        ui: Ui::new(app, reader),
        who: staff.name.clone(),
        is_admin: is_admin(staff),
        fault,
        said,
        library: library_name(&app.members(), &LibraryCode::new(account.library.as_str())),
        state: state_words(&account, &today(app), reader.lang),
        role: reader.lang.label("account_role", account.role.name()),
        created: local(app, Some(account.created)),
        card,
        owed: (owed > 0).then(|| yuan(owed)),
        days: (first, last.to_string()),
        account,
    })
}

/// What staff see of a reader.
struct Known {
    account: Account,
    card: Option<Card>,
    owed: i64,
}

fn looked_up(store: &Store, account: Account) -> Result<Known, WebError> {
    let card = store.card_of(account.id).map_err(WebError::internal)?;
    let owed = store.owed_by(account.id).map_err(WebError::internal)?;
    Ok(Known { account, card, owed })
}

/// The last day of a card that begins on this one.
fn card_days(first: Date) -> Date {
    first.saturating_add(1.year()).saturating_sub(1.day())
}

/// What was done to an account.
enum Done {
    GoTo(String),
    /// A code, shown once.
    Code(Box<Known>, String),
    Fault(Box<Known>, &'static str),
}

/// `POST /staff/readers/{id}`: `act=block|unblock|valid|reset|write|issue|withdraw`
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    Staff(staff): Staff,
    Path(id): Path<String>,
    Fields(sent): Fields,
) -> Response {
    let (own, who) = (app.clone(), staff.clone());
    let done = blocking::run(app.turns(), move || {
        let store = own.store()?;
        let account = own_reader(&store, &who, &id)?;
        let act = sent.get("act").unwrap_or_default();
        if act == "issue" {
            signer(&own, &account.library)?;
        }
        let done = done(&store, &who, account, &sent)?;
        tracing::info!(staff = %who.id, account = id, act, "an account was looked after");
        Ok(done)
    });
    let result = match done.await {
        Ok(Done::GoTo(place)) => Ok(Redirect::to(&place).into_response()),
        Ok(Done::Code(known, code)) => {
            let said = reader.lang.fill("readers.did_reset", &[("code", &code)]);
            shown(&app, &reader, &staff, *known, Some(said), None)
        }
        Ok(Done::Fault(known, key)) => {
            let fault = Some(reader.lang.t(key).to_owned());
            shown(&app, &reader, &staff, *known, None, fault).map(unfit)
        }
        Err(cause) => Err(cause),
    };
    page(&app, &reader, result)
}

fn done(store: &Store, staff: &Account, account: Account, sent: &Asked) -> Result<Done, WebError> {
    let path = format!("/staff/readers/{}", account.id);
    let go_to = |what: &str| Ok(Done::GoTo(said(&path, what)));
    let fault = |account, key| Ok(Done::Fault(Box::new(looked_up(store, account)?), key));
    match sent.get("act") {
        Some("block") => {
            let reason: String = sent.get("reason").unwrap_or_default().replace(char::is_control, " ");
            if reason.is_empty() || reason.chars().count() > MOST_REASON {
                return fault(account, "readers.no_reason");
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
                return fault(account, "readers.no_day");
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
            Ok(Done::Code(Box::new(looked_up(store, account)?), code))
        }
        Some("write") => {
            let text = sent.get("text").unwrap_or_default().replace("\r\n", "\n");
            let is_odd = |c: char| c.is_control() && c != '\n';
            if text.is_empty() || text.chars().count() > MOST_TEXT || text.contains(is_odd) {
                return fault(account, "message.no_text");
            }
            store.write_letter(account.id, staff.id, &text, Timestamp::now()).map_err(WebError::internal)?;
            go_to("written")
        }
        Some("issue") => {
            let day = |name: &str| sent.get(name).and_then(|text| text.parse::<Date>().ok());
            let (Some(first), Some(last)) = (day("first"), day("last")) else {
                return fault(account, "card.bad_days");
            };
            if first > last || last > first.saturating_add(MOST_CARD_YEARS.years()) {
                return fault(account, "card.bad_days");
            }
            let number = card::number(&account.library).map_err(WebError::Internal)?;
            let issued = store.issue_card(account.id, &number, (first, last), Timestamp::now());
            issued.map_err(WebError::internal)?;
            go_to("issued")
        }
        Some("withdraw") => {
            store.withdraw_card(account.id, Timestamp::now()).map_err(WebError::internal)?;
            go_to("withdrawn")
        }
        _ => Err(WebError::NotFound),
    }
}
