//! `/me/data`: all that is kept about the reader, to read, to take along as JSON, and to be erased.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::privacy;
use daemon::store::{Account, AccountRole, Pending, RequestFilter, StoredRequest};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::unfit;
use super::messages::said;
use super::{Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::{SignedIn, session};
use crate::money::yuan;
use crate::reader::{Fields, Reader};
use crate::requests::{moment, state_words, zone};
use crate::state::App;
use crate::wire::library_name;
use crate::wire::requests::RequestDocument;

#[derive(Template)]
#[template(path = "me/data.html")]
struct DataPage {
    ui: Ui,
    /// Heading and lines, each a name with its value.
    parts: Vec<(&'static str, Vec<(String, String)>)>,
    keep_days: u32,
    waits: Option<String>,
    would_wait: Option<String>,
    is_reader: bool,
    is_slip: bool,
}

/// Pages of requests and letters that are read: nobody has more than the disk.
const MOST_PAGES: u32 = 500;

/// `GET /me/data`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let result = shown(&app, account, &reader, false).await;
    page(&app, &reader, result)
}

async fn shown(app: &App, account: Account, reader: &Reader, is_slip: bool) -> Result<Response, WebError> {
    let (reading, who, lang) = (app.clone(), account.clone(), reader.lang);
    let (parts, pending) = blocking::run(app.turns(), move || {
        let pending = reading.store()?.pending_of(who.id).map_err(WebError::internal)?;
        Ok((parts(&reading, &who, lang)?, pending))
    })
    .await?;
    let is_wanted = account.erase_wanted.is_some();
    render(&DataPage {
        ui: Ui::new(app, reader),
        parts,
        keep_days: app.settings().policy.anonymise_days,
        waits: is_wanted.then(|| waiting(pending, lang)).flatten(),
        would_wait: (!is_wanted && pending.requests > 0)
            .then(|| lang.fill("privacy.would_wait", &[("n", &pending.requests.to_string())])),
        is_reader: account.role == AccountRole::Reader,
        is_slip,
    })
}

fn waiting(pending: Pending, lang: Lang) -> Option<String> {
    if pending.requests > 0 {
        return Some(lang.fill("privacy.waits", &[("n", &pending.requests.to_string())]));
    }
    (pending.fen > 0).then(|| lang.fill("privacy.waits_for_fines", &[("yuan", &yuan(pending.fen))]))
}

fn all_requests(app: &App, account: &Account) -> Result<Vec<StoredRequest>, WebError> {
    let (store, mut all) = (app.store()?, Vec::new());
    for page in 1..=MOST_PAGES {
        let filter = RequestFilter { page, ..RequestFilter::default() };
        let (total, mut some) = store.requests_of(account.id, &filter).map_err(WebError::internal)?;
        let is_last = some.is_empty();
        all.append(&mut some);
        if is_last || all.len() >= total as usize {
            break;
        }
    }
    Ok(all)
}

fn all_letters(app: &App, account: &Account) -> Result<Vec<daemon::store::Letter>, WebError> {
    let (store, mut all) = (app.store()?, Vec::new());
    for page in 1..=MOST_PAGES {
        let mut some = store.letters(account.id, page).map_err(WebError::internal)?;
        if some.is_empty() {
            break;
        }
        all.append(&mut some);
    }
    Ok(all)
}

type Part = (&'static str, Vec<(String, String)>);

fn parts(app: &App, account: &Account, lang: Lang) -> Result<Vec<Part>, WebError> {
    let (store, zone) = (app.store()?, zone(app));
    let of_account = [
        ("account.name", &account.name),
        ("account.barcode", &account.barcode),
        ("account.code", &account.code),
        ("login.library", &library_name(&app.members(), &LibraryCode::new(account.library.as_str()))),
        ("account.email", &account.email),
        ("account.phone", &account.phone),
        ("account.lang", &account.lang),
        ("mail.wanted", &lang.t(if account.by_mail { "mail.yes" } else { "mail.no" }).to_owned()),
        ("readers.made", &moment(account.created, &zone)),
    ]
    .map(|(key, value)| (lang.t(key).to_owned(), value.clone()));
    let request = |request: StoredRequest| {
        let form = &request.form;
        let state = state_words(request.state, lang);
        let about = [&form.title, &form.recipient, &form.email, &form.phone, &form.note];
        let about: Vec<&str> =
            about.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        (
            request.number.clone(),
            format!("{} · {} · {state}", moment(request.created, &zone), about.join(" · ")),
        )
    };
    let letter = |letter: daemon::store::Letter| {
        let text = format!("{} {}", said(&letter, lang), letter.text);
        (moment(letter.at, &zone), text.trim().to_owned())
    };
    let fines = store.fines_of(account.id).map_err(WebError::internal)?;
    let fine = |entry: daemon::store::FineEntry| {
        let kind = super::fines::kind_words(&entry, lang);
        (moment(entry.at, &zone), format!("{kind} {} · {}", yuan(entry.fen), entry.reason))
    };
    let card = store.card_of(account.id).map_err(WebError::internal)?;
    let sessions = store.sessions_of(account.id, session::limits(app), Timestamp::now());
    let sessions = sessions.map_err(WebError::internal)?;
    Ok(vec![
        ("privacy.account", of_account.into_iter().filter(|(_, value)| !value.is_empty()).collect()),
        ("privacy.requests", all_requests(app, account)?.into_iter().map(request).collect()),
        ("privacy.letters", all_letters(app, account)?.into_iter().map(letter).collect()),
        ("privacy.fines", fines.into_iter().map(fine).collect()),
        (
            "privacy.cards",
            card.into_iter().map(|c| (c.number, format!("{} – {}", c.first, c.last))).collect(),
        ),
        ("privacy.sessions", sessions.into_iter().map(|s| (moment(s.began, &zone), s.place)).collect()),
    ])
}

/// `GET /me/data/export`
pub(crate) async fn export(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let reading = app.clone();
    match blocking::run(app.turns(), move || document(&reading, &account)).await {
        Ok(document) => {
            let about = [
                (header::CONTENT_TYPE, "application/json; charset=utf-8"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"lianmu-my-data.json\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (about, format!("{document:#}\n")).into_response()
        }
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}

fn document(app: &App, account: &Account) -> Result<Value, WebError> {
    let store = app.store()?;
    let mut requests = Vec::new();
    for request in all_requests(app, account)? {
        let history = store.history(request.id).map_err(WebError::internal)?;
        let document = RequestDocument::new(&request, &history);
        let mut document = serde_json::to_value(document).map_err(WebError::internal)?;
        let form = serde_json::to_value(&request.form).map_err(WebError::internal)?;
        if let (Value::Object(document), Value::Object(form)) = (&mut document, form) {
            document.extend(form);
        }
        requests.push(document);
    }
    let letter = |letter: daemon::store::Letter| {
        json!({
            "at": letter.at, "request": letter.request.map(|(_, number, _)| number),
            "state": letter.state.map(daemon::requests::State::code), "sender": letter.sender, "day": letter.day,
            "text": letter.text,
            "read": letter.read
        })
    };
    let fine = |entry: daemon::store::FineEntry| json!({"at": entry.at, "kind": entry.kind.code(), "fen": entry.fen, "reason": entry.reason, "library": entry.library});
    let card = store.card_of(account.id).map_err(WebError::internal)?;
    let sessions = store.sessions_of(account.id, session::limits(app), Timestamp::now());
    let sessions = sessions.map_err(WebError::internal)?;
    let session = |session: daemon::store::Session| json!({"began": session.began, "seen": session.seen, "place": session.place});
    let fines = store.fines_of(account.id).map_err(WebError::internal)?;
    Ok(json!({
        "account": {
            "library": account.library, "barcode": account.barcode, "code": account.code, "name": account.name,
            "email": account.email, "phone": account.phone, "language": account.lang, "by_mail": account.by_mail, "role": account.role.name(),
            "valid_until": account.valid_until, "blocked": account.blocked, "created": account.created
        },
        "requests": requests,
        "messages": all_letters(app, account)?.into_iter().map(letter).collect::<Vec<_>>(),
        "fines": fines.into_iter().map(fine).collect::<Vec<_>>(),
        "card": card.map(|card| json!({"number": card.number, "first": card.first, "last": card.last})),
        "sessions": sessions.into_iter().map(session).collect::<Vec<_>>(),
    }))
}

/// `POST /me/data`: `act=erase` with `understood`, or `act=keep`.
pub(crate) async fn act(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    reader: Reader,
    Fields(sent): Fields,
) -> Response {
    if account.role != AccountRole::Reader {
        return page(&app, &reader, Err(WebError::Forbidden));
    }
    let is_erase = sent.has("act", "erase");
    if is_erase && !sent.has("understood", "1") {
        let result = shown(&app, account, &reader, true).await;
        return unfit(page(&app, &reader, result));
    }
    let acting = app.clone();
    let erased = blocking::run(app.turns(), move || {
        let store = acting.store()?;
        if !is_erase {
            store.want_erase(account.id, None).map_err(WebError::internal)?;
            return Ok(false);
        }
        tracing::info!(account = %account.id, "an account is to be erased");
        let pending = privacy::erase(&store, acting.data_dir(), &account, Timestamp::now());
        Ok(pending.map_err(WebError::internal)?.is_none())
    });
    match erased.await {
        Ok(true) => {
            let cookie = [(header::SET_COOKIE, session::forget_cookie(&app))];
            (cookie, Redirect::to("/login?erased=1")).into_response()
        }
        Ok(false) => Redirect::to("/me/data").into_response(),
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}
