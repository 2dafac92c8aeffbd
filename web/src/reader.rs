//! Who asks and how: language, query string and remembered choices, out of one request.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use indexer::bib::LibraryCode;

use crate::ask::Asked;
use crate::basket::{self, Basket};
use crate::i18n::Lang;
use crate::login::session::{self, Visitor};
use crate::state::App;
use crate::terminal;

/// One request as a handler sees it.
#[derive(Clone)]
pub(crate) struct Reader {
    /// The language of the answer.
    pub(crate) lang: Lang,
    /// The query string.
    pub(crate) asked: Asked,
    /// The path, as in links.
    pub(crate) path: String,
    /// What the browser remembers.
    pub(crate) remembered: Remembered,
    /// Who is signed in.
    pub(crate) visitor: Option<Arc<Visitor>>,
}

/// What a form sent: names and values, read as those of a query string are.
pub(crate) struct Fields(pub(crate) Asked);

impl FromRequest<App> for Fields {
    type Rejection = BytesRejection;

    async fn from_request(request: Request, app: &App) -> Result<Self, BytesRejection> {
        let body = Bytes::from_request(request, app).await?;
        Ok(Self(Asked::parse(Some(&String::from_utf8_lossy(&body)))))
    }
}

/// What the browser remembers between visits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Remembered {
    /// The access point used last.
    pub(crate) field: Option<String>,
    /// Codes of the libraries chosen last.
    pub(crate) libraries: Vec<String>,
    /// What was put into the basket.
    pub(crate) basket: Basket,
}

impl Reader {
    /// The library that counts as the reader's own: that of who is signed in, else this machine's.
    pub(crate) fn home(&self, app: &App) -> Option<LibraryCode> {
        let of_account = |visitor: &Arc<Visitor>| LibraryCode::new(visitor.account.library.as_str());
        self.visitor.as_ref().map(of_account).or_else(|| app.home())
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        // A store that cannot be read makes a stranger; who must be known is told so where it is asked for.
        let visitor = session::visitor(parts, app).await.ok().flatten();
        let asked = Asked::parse(parts.uri.query());
        let accept = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        let libraries = cookie(&parts.headers, "libraries").unwrap_or_default();
        let is_left = terminal::is_left(app, &parts.headers);
        let remembered = Remembered {
            field: cookie(&parts.headers, "field"),
            libraries: libraries.split('.').filter(|c| !c.is_empty()).map(str::to_owned).collect(),
            basket: Basket::read(&cookie(&parts.headers, basket::COOKIE).unwrap_or_default()),
        };
        let chosen = cookie(&parts.headers, "lang").filter(|_| !is_left);
        let lang = Lang::choose(asked.get("lang"), chosen.as_deref(), accept);
        let remembered = if is_left { Remembered::default() } else { remembered };
        Ok(Self { lang, asked, path: parts.uri.path().to_owned(), remembered, visitor })
    }
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, value)| value.to_owned())
}

/// A cookie that remembers a choice for a year; empty forgets it. Values are codes: letters, digits, `-._`.
pub(crate) fn set_cookie(name: &str, value: &str) -> String {
    let value: String =
        value.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).collect();
    let age = if value.is_empty() { 0 } else { 31_536_000 };
    format!("{name}={value}; Path=/; Max-Age={age}; SameSite=Lax; HttpOnly")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_hold_codes_and_nothing_else() {
        assert_eq!(
            set_cookie("lang", "zh-Hant"),
            "lang=zh-Hant; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"
        );
        assert!(set_cookie("field", "a;b\r\nSet-Cookie: x=1").starts_with("field=abSet-Cookiex1; "));
        assert!(set_cookie("libraries", "").contains("Max-Age=0"));
    }
}
