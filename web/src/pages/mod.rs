//! Pages for readers: each handler with its template beside it. Catalogue data is escaped by the templates
//! and stands in `dir="auto"`; every choice is in the address.

mod account_form;
pub(crate) mod admin;
pub(crate) mod basket;
mod beside;
pub(crate) mod browse;
mod cards;
pub(crate) mod content;
mod drawing;
pub(crate) mod facts;
pub(crate) mod guide;
pub(crate) mod help;
mod holders;
pub(crate) mod home;
pub(crate) mod libraries;
pub(crate) mod login;
pub(crate) mod map;
mod marc;
pub(crate) mod me;
pub(crate) mod notices;
pub(crate) mod offline;
pub(crate) mod password;
pub(crate) mod purchase;
pub(crate) mod record;
pub(crate) mod register;
pub(crate) mod search;
pub(crate) mod search_fields;
pub(crate) mod staff;
pub(crate) mod trust;
pub(crate) mod unapi;
mod union;

use std::fmt::Display;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) use notices::today;

use crate::assets;
use crate::error::WebError;
use crate::fresh::age;
use crate::i18n::{Lang, grouped};
use crate::login::session::Visitor;
use crate::reader::Reader;
use crate::state::App;
use crate::wire::library_name;

/// The same answer with another status.
fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    response
}

/// A page as the answer to something that cannot be taken as it was sent; it says why and keeps what was typed.
fn unfit(response: Response) -> Response {
    with_status(response, StatusCode::UNPROCESSABLE_ENTITY)
}

/// What every page shows around its content.
pub(crate) struct Ui {
    /// Language of the texts.
    pub(crate) lang: Lang,
    path: String,
    languages: Vec<(Lang, String)>,
    home: Option<String>,
    n_basket: usize,
    visitor: Option<Arc<Visitor>>,
    is_terminal: bool,
    today: String,
    /// Code of the reader's own library, and its loan desk with telephone and address for letters.
    contact: Option<(String, String)>,
    catalogue: Option<String>,
}

/// Keys of the names of days, Monday first.
const DAYS: [&str; 7] = [
    "site.monday",
    "site.tuesday",
    "site.wednesday",
    "site.thursday",
    "site.friday",
    "site.saturday",
    "site.sunday",
];

/// `2026-11-29 星期日`, where this machine stands.
fn today_in_words(app: &App, lang: Lang) -> String {
    let zone = TimeZone::get(&app.settings().timezone).unwrap_or(TimeZone::UTC);
    let now = Timestamp::now().to_zoned_datetime(zone);
    let day = now.weekday().to_monday_zero_offset();
    let day = usize::try_from(day).ok().and_then(|n| DAYS.get(n)).map_or("", |key| lang.t(key));
    format!("{} {day}", now.strftime("%Y-%m-%d"))
}

/// Whom the reader asks about loans: the desk of the own library, else of this machine's, where it can be reached.
fn contact(app: &App, reader: &Reader) -> Option<(String, String)> {
    let own = reader.visitor.as_ref().map(|visitor| LibraryCode::new(visitor.account.library.as_str()));
    let code = own.or_else(|| app.home())?;
    let directory = app.directory();
    let facts = directory.facts(&code)?;
    if facts.phone.is_empty() && facts.email.is_empty() {
        return None;
    }
    let name = library_name(&app.members(), &code);
    let parts = [&name, &facts.desk, &facts.phone, &facts.email];
    let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    Some((code.to_string(), parts.join(" ")))
}

impl Ui {
    pub(crate) fn new(app: &App, reader: &Reader) -> Self {
        let language = |lang: Lang| (lang, reader.asked.link(&reader.path, &[], &[("lang", lang.tag())]));
        let members = app.members();
        let home = app.home().and_then(|code| members.get(&code).map(|l| l.name.clone()));
        Self {
            lang: reader.lang,
            path: reader.path.clone(),
            languages: Lang::ALL.map(language).into(),
            home,
            today: today_in_words(app, reader.lang),
            visitor: reader.visitor.clone(),
            contact: contact(app, reader),
            catalogue: app.snapshot().and_then(|fares| age(&fares, app.settings(), reader.lang)),
            is_terminal: app.settings().server.public_terminal,
            n_basket: reader.remembered.basket.ids().len(),
        }
    }

    // What follows is called by the templates.

    fn t<'k>(&self, key: &'k str) -> &'k str {
        self.lang.t(key)
    }

    /// A text with one gap.
    fn with(&self, key: &str, gap: &str, value: impl Display) -> String {
        self.lang.fill(key, &[(gap, &value.to_string())])
    }

    /// A text with a number in its gap `n`.
    fn count(&self, key: &str, n: impl Display) -> String {
        let n = n.to_string();
        self.lang.fill(key, &[("n", &n.parse().map_or_else(|_| n.clone(), grouped))])
    }

    fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// Who is signed in; empty for a stranger.
    fn visitor_name(&self) -> &str {
        self.visitor.as_ref().map_or("", |visitor| &visitor.account.name)
    }

    /// What whoever is signed in was told and has not read.
    fn n_unread(&self) -> u32 {
        self.visitor.as_ref().map_or(0, |visitor| visitor.n_unread)
    }

    fn is_here(&self, path: &str) -> bool {
        self.path == path
    }

    fn is_below(&self, path: &str) -> bool {
        self.path.starts_with(path)
    }
}

/// A box with a text: a choice of a list.
pub(crate) struct Choosable {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) chosen: bool,
}

/// A page, or what went wrong instead.
pub(crate) fn page(app: &App, reader: &Reader, result: Result<Response, WebError>) -> Response {
    let failed = |cause: WebError| cause.redirect(reader).unwrap_or_else(|| error_page(app, reader, &cause));
    let mut response = result.unwrap_or_else(failed);
    let headers = response.headers_mut();
    headers.insert(header::VARY, header::HeaderValue::from_static("cookie, accept-language"));
    headers.entry(header::CACHE_CONTROL).or_insert(header::HeaderValue::from_static("private, no-cache"));
    response
}

pub(crate) fn render(template: &impl Template) -> Result<Response, WebError> {
    Ok(Html(template.render().map_err(WebError::internal)?).into_response())
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    ui: Ui,
    heading: &'a str,
    sentence: String,
    how_to_build: bool,
    may_retry: bool,
    may_search: bool,
}

fn error_page(app: &App, reader: &Reader, cause: &WebError) -> Response {
    cause.log();
    let template = ErrorPage {
        ui: Ui::new(app, reader),
        heading: cause.heading(reader.lang),
        sentence: match cause {
            WebError::UnknownRecord(_) => reader.lang.t("record.gone_text").to_owned(),
            WebError::NotReady => reader.lang.t("none.text").to_owned(),
            _ => cause.sentence(reader.lang),
        },
        how_to_build: matches!(cause, WebError::NotReady),
        may_retry: matches!(cause, WebError::Busy | WebError::Internal(_)),
        may_search: matches!(cause, WebError::Gone(_) | WebError::UnknownRecord(_)),
    };
    match template.render() {
        Ok(html) => (cause.status(), Html(html)).into_response(),
        Err(_) => (cause.status(), cause.sentence(reader.lang)).into_response(),
    }
}

/// No route has this address.
pub(crate) async fn not_found(State(app): State<App>, reader: Reader) -> Response {
    if reader.path.starts_with("/api/") {
        return WebError::NotFound.problem(&reader);
    }
    page(&app, &reader, Err(WebError::NotFound))
}

/// The address is right, the method is not.
pub(crate) async fn wrong_method(reader: Reader) -> Response {
    let sentence = reader.lang.t("error.method").to_owned();
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")], sentence).into_response()
}
