//! `/login` and `/logout`: readers and staff sign in by library, barcode or login code, and password.

use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use daemon::store::{Account, AccountId, AccountRole, Session, Store};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::account_form;
use super::admin::local;
use super::notices::{self, Line};
use super::{Choosable, Ui, page, render, unfit};
use crate::blocking;
use crate::client::Client;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::delays::{FORGOTTEN, Subject};
use crate::login::password;
use crate::login::secret::Secret;
use crate::login::session::{self, SignedIn};
use crate::reader::{self, Reader};
use crate::state::App;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    ui: Ui,
    libraries: Vec<Choosable>,
    barcode: String,
    next: String,
    fault: Option<String>,
    has_admin: bool,
    signed_in: Option<String>,
    /// Key of a sentence about what was just done elsewhere.
    said: Option<&'static str>,
    notices: Vec<Line>,
    sessions: Vec<SessionRow>,
}

/// Somewhere whoever looks at the page is signed in.
struct SessionRow {
    place: String,
    began: String,
    seen: String,
    is_this: bool,
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    library: String,
    barcode: String,
    password: String,
    next: String,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sent")
            .field("library", &self.library)
            .field("barcode", &self.barcode)
            .finish_non_exhaustive()
    }
}

/// Why nobody was signed in.
enum Failure {
    Wrong,
    Unconfirmed,
    Blocked(String),
    Expired,
}

/// A place of this site to go on to; nothing else.
fn onward(next: &str) -> Option<&str> {
    let is_ours =
        next.starts_with('/') && !next.starts_with("//") && next.chars().all(|c| c.is_ascii_graphic());
    (is_ours && !next.contains('\\') && !next.starts_with("/log")).then_some(next)
}

/// `GET /login`
pub(crate) async fn show(
    State(app): State<App>,
    reader: Reader,
    signed_in: Option<SignedIn>,
    headers: HeaderMap,
) -> Response {
    let sent = Sent {
        library: reader.asked.get("library").unwrap_or_default().to_owned(),
        next: reader.asked.get("next").unwrap_or_default().to_owned(),
        ..Sent::default()
    };
    let here = session::carried(&app, &headers).map(|secret| secret.hash());
    let result = form(&app, &reader, &sent, None, signed_in.map(|SignedIn(account)| (account, here))).await;
    page(&app, &reader, result)
}

fn sessions_of(app: &App, id: AccountId, here: Option<[u8; 32]>) -> Result<Vec<SessionRow>, WebError> {
    let all =
        app.store()?.sessions_of(id, session::limits(app), Timestamp::now()).map_err(WebError::internal)?;
    let row = |session: Session| SessionRow {
        place: session.place,
        began: local(app, Some(session.began)),
        seen: local(app, Some(session.seen)),
        is_this: Some(session.hash) == here,
    };
    Ok(all.into_iter().map(row).collect())
}

async fn form(
    app: &App,
    reader: &Reader,
    sent: &Sent,
    fault: Option<String>,
    signed_in: Option<(Account, Option<[u8; 32]>)>,
) -> Result<Response, WebError> {
    let opened = app.clone();
    let whose = signed_in.as_ref().map(|(account, here)| (account.id, *here));
    let looked = blocking::run(app.turns(), move || {
        let sessions = whose.map_or(Ok(Vec::new()), |(id, here)| sessions_of(&opened, id, here))?;
        Ok((opened.store()?.has_admin().map_err(WebError::internal)?, sessions))
    });
    let (has_admin, sessions) = looked.await?;
    render(&LoginPage {
        ui: Ui::new(app, reader),
        libraries: account_form::libraries(app, &sent.library),
        said: if reader.asked.has("recovered", "1") {
            Some("login.recovered")
        } else {
            reader.asked.has("erased", "1").then_some("privacy.erased")
        },
        barcode: sent.barcode.clone(),
        next: sent.next.clone(),
        fault,
        has_admin,
        notices: notices::few(app, None, reader.lang).await,
        signed_in: signed_in.map(|(account, _)| account.name),
        sessions,
    })
}

/// `POST /login`
pub(crate) async fn sign_in(
    State(app): State<App>,
    Client(address): Client,
    reader: Reader,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let subjects =
        [Subject::Account(sent.library.clone(), sent.barcode.trim().to_owned()), Subject::Address(address)];
    if let Err(wait) = app.with_delays(|delays, now| delays.begin(&subjects, now)) {
        let fault = wait_sentence(wait, reader.lang);
        return too_many(page(&app, &reader, form(&app, &reader, &sent, Some(fault), None).await), wait);
    }
    let checking = app.clone();
    let came = Came {
        library: sent.library.clone(),
        barcode: sent.barcode.trim().to_owned(),
        password: sent.password.clone(),
        place: place(address, &headers),
        old: session::carried(&app, &headers),
        subjects,
    };
    let checked = blocking::run(app.hashing(), move || check(&checking, came)).await;
    match checked {
        Err(cause) => page(&app, &reader, Err(cause)),
        Ok(Ok((account, secret))) => {
            tracing::info!(account = %account.id, %address, "signed in");
            let place = match account.role {
                AccountRole::Admin => "/admin",
                AccountRole::Staff => "/staff",
                AccountRole::Reader => "/me",
            };
            let begun = session::set_cookie(&app, &secret);
            let lang = Lang::from_tag(&account.lang).map(|lang| reader::set_cookie("lang", lang.tag()));
            let cookies = std::iter::once(begun).chain(lang).map(|cookie| (header::SET_COOKIE, cookie));
            let onward = Redirect::to(onward(&sent.next).unwrap_or(place));
            (AppendHeaders(cookies.collect::<Vec<_>>()), onward).into_response()
        }
        Ok(Err(failure)) => {
            tracing::warn!(library = sent.library, %address, "a login failed");
            let fault = match failure {
                Failure::Wrong => reader.lang.t("login.wrong").to_owned(),
                Failure::Unconfirmed => reader.lang.t("login.unconfirmed").to_owned(),
                Failure::Blocked(reason) => reader.lang.fill("login.blocked", &[("reason", &reason)]),
                Failure::Expired => reader.lang.t("login.expired").to_owned(),
            };
            unfit(page(&app, &reader, form(&app, &reader, &sent, Some(fault), None).await))
        }
    }
}

/// How long to wait, in words.
pub(super) fn wait_sentence(wait: Duration, lang: Lang) -> String {
    lang.fill("login.wait", &[("n", &wait.as_secs().max(1).to_string())])
}

/// The answer to whoever has to wait.
pub(super) fn too_many(mut response: Response, wait: Duration) -> Response {
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    response
}

/// Somebody who wants to come in.
struct Came {
    library: String,
    barcode: String,
    password: String,
    place: String,
    old: Option<Secret>,
    subjects: [Subject; 2],
}

/// Where a session is begun, in words that its owner knows again: address and browser.
pub(super) fn place(address: std::net::IpAddr, headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Each names those behind it too.
    let browser = ["Edg", "Firefox", "Chrome", "Safari"].into_iter().find(|name| agent.contains(name));
    browser.map_or_else(|| address.to_string(), |name| format!("{address} {}", name.replace("Edg", "Edge")))
}

// A store that cannot be written to keeps nobody out; what is in memory counts.
pub(super) fn keep_tries(app: &App, store: &Store, subjects: &[Subject], now: Timestamp) {
    let counts = app.with_delays(|delays, _| delays.counts(subjects));
    let oldest = now - SignedDuration::try_from(FORGOTTEN).unwrap_or_default();
    if let Err(error) = store.keep_tries(&counts, now, oldest) {
        tracing::warn!(%error, "wrong passwords could not be written down");
    }
}

// One turn for all of it: the session of whoever came in before ends, so that its id is never carried over.
fn check(app: &App, came: Came) -> Result<Result<(Account, Secret), Failure>, WebError> {
    let store = app.store()?;
    let now = Timestamp::now();
    keep_tries(app, &store, &came.subjects, now);
    let account = store.account(&came.library, &came.barcode).map_err(WebError::internal)?;
    let waiting = match &account {
        Some(_) => None,
        None => store.latest_registration(&came.library, &came.barcode).map_err(WebError::internal)?,
    };
    // One hash is looked at, whoever it is, and nothing is said before the password is right.
    let hash = match (&account, &waiting) {
        (Some(account), _) => account.password.as_deref(),
        (None, waiting) => waiting.as_ref().map(|waiting| waiting.password.as_str()),
    };
    let fits = password::fits(&came.password, hash);
    let Some(account) = account.filter(|_| fits) else {
        return Ok(Err(if fits && waiting.is_some() { Failure::Unconfirmed } else { Failure::Wrong }));
    };
    if let Some(reason) = account.blocked {
        return Ok(Err(Failure::Blocked(reason)));
    }
    if !session::counts(&account, &notices::today(app)) {
        return Ok(Err(Failure::Expired));
    }
    if account.password.as_deref().is_some_and(password::is_outdated) {
        let hash = password::hash(&came.password).map_err(WebError::Internal)?;
        store.rehash_password(account.id, &hash).map_err(WebError::internal)?;
    }
    if let Some(old) = came.old {
        store.end_session(old.hash()).map_err(WebError::internal)?;
    }
    let secret = Secret::random().map_err(WebError::Internal)?;
    let begun = store.begin_session(secret.hash(), account.id, &came.place, session::limits(app), now);
    begun.map_err(WebError::internal)?;
    app.with_delays(|delays, _| delays.was_right(&came.subjects));
    keep_tries(app, &store, &came.subjects, now);
    Ok(Ok((account, secret)))
}

/// `POST /logout/everywhere`
pub(crate) async fn sign_out_everywhere(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
) -> Response {
    end(&app, &reader, &headers, Store::end_sessions_beside).await
}

/// `GET /leave`: on a PC in the reading room, which leads there by itself. Elsewhere there is no such page: who signs
/// out presses a button.
pub(crate) async fn leave(State(app): State<App>, reader: Reader, headers: HeaderMap) -> Response {
    if !app.settings().server.public_terminal {
        return page(&app, &reader, Err(WebError::NotFound));
    }
    let mut response = end(&app, &reader, &headers, Store::end_session).await;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/"));
    response
}

/// `POST /logout`
pub(crate) async fn sign_out(State(app): State<App>, reader: Reader, headers: HeaderMap) -> Response {
    end(&app, &reader, &headers, Store::end_session).await
}

async fn end(
    app: &App,
    reader: &Reader,
    headers: &HeaderMap,
    act: fn(&Store, [u8; 32]) -> daemon::Result<()>,
) -> Response {
    if let Some(secret) = session::carried(app, headers) {
        let ending = app.clone();
        let ended = blocking::run(app.turns(), move || {
            act(&ending.store()?, secret.hash()).map_err(WebError::internal)
        });
        if let Err(cause) = ended.await {
            return page(app, reader, Err(cause));
        }
    }
    ([(header::SET_COOKIE, session::forget_cookie(app))], Redirect::to("/login")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_on_within_the_site() {
        for (next, expect) in [
            ("/admin/runs?page=2", true),
            ("", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("/logout", false),
            ("/login?next=/login", false),
            ("/a\r\nSet-Cookie: x", false),
        ] {
            assert_eq!(onward(next).is_some(), expect, "{next}");
        }
    }
}
