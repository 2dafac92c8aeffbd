//! `/login` and `/logout`: who works here signs in by library, barcode and password.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::{Account, AccountRole};
use jiff::Timestamp;
use serde::Deserialize;

use super::notices::{self, Line};
use super::{Choosable, Ui, page, render};
use crate::blocking;
use crate::client::Client;
use crate::error::WebError;
use crate::login::delays::Subject;
use crate::login::password;
use crate::login::secret::Secret;
use crate::login::session::{self, SignedIn};
use crate::reader::Reader;
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
    notices: Vec<Line>,
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
pub(crate) async fn show(State(app): State<App>, reader: Reader, signed_in: Option<SignedIn>) -> Response {
    let sent = Sent {
        library: reader.asked.get("library").unwrap_or_default().to_owned(),
        next: reader.asked.get("next").unwrap_or_default().to_owned(),
        ..Sent::default()
    };
    let name = signed_in.map(|SignedIn(account)| account.name);
    let result = form(&app, &reader, &sent, None, name).await;
    page(&app, &reader, result)
}

async fn form(
    app: &App,
    reader: &Reader,
    sent: &Sent,
    fault: Option<String>,
    signed_in: Option<String>,
) -> Result<Response, WebError> {
    let opened = app.clone();
    let has_admin =
        blocking::run(app.turns(), move || opened.store()?.has_admin().map_err(WebError::internal)).await?;
    let home = app.home().map(|code| code.to_string()).unwrap_or_default();
    let chosen = if sent.library.is_empty() { &home } else { &sent.library };
    let members = app.members();
    let libraries = members.iter().map(|library| Choosable {
        value: library.code.to_string(),
        label: format!("{} {}", library.code, library.name),
        chosen: library.code.as_str() == chosen,
    });
    render(&LoginPage {
        ui: Ui::new(app, reader),
        libraries: libraries.collect(),
        barcode: sent.barcode.clone(),
        next: sent.next.clone(),
        fault,
        has_admin,
        signed_in,
        notices: notices::few(app, None, reader.lang).await,
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
        let seconds = wait.as_secs().max(1).to_string();
        let fault = reader.lang.fill("login.wait", &[("n", &seconds)]);
        let mut response = page(&app, &reader, form(&app, &reader, &sent, Some(fault), None).await);
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        if let Ok(value) = HeaderValue::from_str(&seconds) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        return response;
    }
    let checking = app.clone();
    let old = session::carried(&app, &headers);
    let (library, barcode, password) =
        (sent.library.clone(), sent.barcode.trim().to_owned(), sent.password.clone());
    let checked =
        blocking::run(app.hashing(), move || check(&checking, &library, &barcode, &password, old)).await;
    match checked {
        Err(cause) => page(&app, &reader, Err(cause)),
        Ok(Ok((account, secret))) => {
            app.with_delays(|delays, _| delays.was_right(&subjects));
            tracing::info!(account = %account.id, %address, "signed in");
            let place = match account.role {
                AccountRole::Admin => "/admin",
                AccountRole::Staff => "/staff",
                AccountRole::Reader => "/",
            };
            let cookie = session::set_cookie(&app, &secret);
            ([(header::SET_COOKIE, cookie)], Redirect::to(onward(&sent.next).unwrap_or(place)))
                .into_response()
        }
        Ok(Err(failure)) => {
            tracing::warn!(library = sent.library, %address, "a login failed");
            let fault = match failure {
                Failure::Wrong => reader.lang.t("login.wrong").to_owned(),
                Failure::Blocked(reason) => reader.lang.fill("login.blocked", &[("reason", &reason)]),
                Failure::Expired => reader.lang.t("login.expired").to_owned(),
            };
            let mut response = page(&app, &reader, form(&app, &reader, &sent, Some(fault), None).await);
            *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            response
        }
    }
}

// One turn for all of it: the session of whoever came in before ends, so that its id is never carried over.
fn check(
    app: &App,
    library: &str,
    barcode: &str,
    typed: &str,
    old: Option<Secret>,
) -> Result<Result<(Account, Secret), Failure>, WebError> {
    let store = app.store()?;
    let now = Timestamp::now();
    let account = store.account(library, barcode).map_err(WebError::internal)?;
    let hash = account.as_ref().and_then(|account| account.password.as_deref());
    let fits = password::fits(typed, hash);
    let Some(account) = account.filter(|_| fits) else { return Ok(Err(Failure::Wrong)) };
    if let Some(reason) = account.blocked {
        return Ok(Err(Failure::Blocked(reason)));
    }
    if !session::counts(&account, &now.strftime("%Y-%m-%d").to_string()) {
        return Ok(Err(Failure::Expired));
    }
    if account.password.as_deref().is_some_and(password::is_outdated) {
        let hash = password::hash(typed).map_err(WebError::Internal)?;
        store.rehash_password(account.id, &hash).map_err(WebError::internal)?;
    }
    if let Some(old) = old {
        store.end_session(old.hash()).map_err(WebError::internal)?;
    }
    let secret = Secret::random().map_err(WebError::Internal)?;
    store.begin_session(secret.hash(), account.id, session::LIMITS, now).map_err(WebError::internal)?;
    Ok(Ok((account, secret)))
}

/// `POST /logout`
pub(crate) async fn sign_out(State(app): State<App>, reader: Reader, headers: HeaderMap) -> Response {
    if let Some(secret) = session::carried(&app, &headers) {
        let ending = app.clone();
        let ended = blocking::run(app.turns(), move || {
            ending.store()?.end_session(secret.hash()).map_err(WebError::internal)
        });
        if let Err(cause) = ended.await {
            return page(&app, &reader, Err(cause));
        }
    }
    ([(header::SET_COOKIE, session::forget_cookie(&app))], Redirect::to("/login")).into_response()
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
