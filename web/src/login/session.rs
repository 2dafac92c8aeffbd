//! Sessions: the cookie that holds one, and the account behind a request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::{Account, AccountRole, SessionLimits, Store};
use jiff::{SignedDuration, Timestamp};

use super::secret::Secret;
use crate::error::WebError;
use crate::reader::{Reader, cookie};
use crate::state::App;
use crate::{ask, blocking, pages, terminal};

/// Half an hour without use, twelve hours in all.
const LIMITS: SessionLimits =
    SessionLimits { idle: SignedDuration::from_mins(30), whole: SignedDuration::from_hours(12) };

/// How long a session lasts here.
pub(crate) fn limits(app: &App) -> SessionLimits {
    let is_shared = app.settings().server.public_terminal;
    SessionLimits { idle: if is_shared { terminal::ALONE } else { LIMITS.idle }, ..LIMITS }
}

/// Over TLS the name itself binds the cookie to this host (`__Host-`); over plain HTTP browsers would refuse that.
fn cookie_name(app: &App) -> &'static str {
    if app.settings().server.is_encrypted() { "__Host-session" } else { "session" }
}

/// The header that gives a session to the browser; it ends with the browser, or earlier.
pub(crate) fn set_cookie(app: &App, secret: &Secret) -> String {
    let secure = if app.settings().server.is_encrypted() { "; Secure" } else { "" };
    format!("{}={}; Path=/; SameSite=Lax; HttpOnly{secure}", cookie_name(app), secret.reveal())
}

/// The header that takes it away.
pub(crate) fn forget_cookie(app: &App) -> String {
    let secure = if app.settings().server.is_encrypted() { "; Secure" } else { "" };
    format!("{}=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly{secure}", cookie_name(app))
}

/// The session that a request carries.
pub(crate) fn carried(app: &App, headers: &HeaderMap) -> Option<Secret> {
    cookie(headers, cookie_name(app)).as_deref().and_then(Secret::parse)
}

fn bearer(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Secret::parse(value.strip_prefix("Bearer ")?.trim())
}

/// Whether an account counts today.
pub(crate) fn counts(account: &Account, today: &str) -> bool {
    account.blocked.is_none() && account.valid_until.as_deref().is_none_or(|last| last >= today)
}

/// Somebody who is signed in, as the head of every page knows him.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// The account.
    pub(crate) account: Account,
    /// What the reader was told and has not read.
    pub(crate) n_unread: u32,
}

fn find(
    store: &Store,
    limits: SessionLimits,
    today: &str,
    (session, token): (Option<Secret>, Option<Secret>),
) -> Result<Option<Visitor>, WebError> {
    let now = Timestamp::now();
    let account = match (token, session) {
        (Some(token), _) => store.account_of_token(token.hash()),
        (None, Some(session)) => store.session(session.hash(), limits, now),
        (None, None) => Ok(None),
    };
    let account = account.map_err(WebError::internal)?.filter(|account| counts(account, today));
    let Some(account) = account else { return Ok(None) };
    let (_, n_unread) = store.count_letters(account.id).map_err(WebError::internal)?;
    Ok(Some(Visitor { account, n_unread }))
}

/// Who asks: looked up once a request, however often it is asked for.
pub(crate) async fn visitor(parts: &mut Parts, app: &App) -> Result<Option<Arc<Visitor>>, WebError> {
    if let Some(Known(visitor)) = parts.extensions.get::<Known>() {
        return Ok(visitor.clone());
    }
    let (session, token) = (carried(app, &parts.headers), bearer(&parts.headers));
    let visitor = if session.is_none() && token.is_none() {
        None
    } else {
        let opened = app.clone();
        let looked = blocking::run(app.turns(), move || {
            find(&opened.store()?, limits(&opened), &pages::today(&opened), (session, token))
        });
        looked.await?.map(Arc::new)
    };
    parts.extensions.insert(Known(visitor.clone()));
    Ok(visitor)
}

#[derive(Clone)]
struct Known(Option<Arc<Visitor>>);

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn(pub(crate) Account);

/// Somebody who runs the machine.
#[derive(Clone, Debug)]
pub(crate) struct Admin(pub(crate) Account);

async fn account(parts: &mut Parts, app: &App) -> Result<Option<Account>, WebError> {
    Ok(visitor(parts, app).await?.map(|visitor| visitor.account.clone()))
}

impl OptionalFromRequestParts<App> for SignedIn {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Infallible> {
        Ok(account(parts, app).await.ok().flatten().map(SignedIn))
    }
}

/// Somebody who works at the desk of a library, or runs the machine.
#[derive(Clone, Debug)]
pub(crate) struct Staff(pub(crate) Account);

// Whoever has at least this role; anybody else gets a page or is led to the login.
async fn admitted(parts: &mut Parts, app: &App, least: AccountRole) -> Result<Account, Response> {
    let reader = match Reader::from_request_parts(parts, app).await {
        Ok(reader) => reader,
        Err(never) => match never {},
    };
    match account(parts, app).await {
        Ok(Some(account)) if account.role >= least => Ok(account),
        Ok(Some(account)) => {
            tracing::warn!(account = %account.id, role = account.role.name(), path = parts.uri.path(), "refused");
            Err(pages::page(app, &reader, Err(WebError::Forbidden)))
        }
        Ok(None) => Err(at_the_door(parts, app, &reader)),
        Err(cause) => Err(pages::page(app, &reader, Err(cause))),
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        admitted(parts, app, AccountRole::Admin).await.map(Self)
    }
}

impl FromRequestParts<App> for Staff {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        admitted(parts, app, AccountRole::Staff).await.map(Self)
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let reader = match Reader::from_request_parts(parts, app).await {
            Ok(reader) => reader,
            Err(never) => match never {},
        };
        match account(parts, app).await {
            Ok(Some(account)) => Ok(Self(account)),
            Ok(None) => Err(at_the_door(parts, app, &reader)),
            Err(cause) if is_program(parts) => Err(cause.problem(&reader)),
            Err(cause) => Err(pages::page(app, &reader, Err(cause))),
        }
    }
}

fn is_program(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/api/")
}

// People are asked to sign in, programs are told that they are not.
fn at_the_door(parts: &Parts, app: &App, reader: &Reader) -> Response {
    if is_program(parts) {
        return WebError::Unauthorized.problem(reader);
    }
    if bearer(&parts.headers).is_some() {
        return pages::page(app, reader, Err(WebError::Unauthorized));
    }
    let back = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Redirect::to(&ask::link("/login", [("next", back)])).into_response()
}
