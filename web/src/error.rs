//! What can go wrong with a request: the reader gets a sentence and a way on, the log gets the cause, once.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use indexer::bib::EditionId;
use serde::Serialize;

use crate::ask;
use crate::i18n::Lang;
use crate::reader::Reader;

/// Why a request has no proper answer.
#[derive(Debug)]
pub(crate) enum WebError {
    /// The address names nothing.
    NotFound,
    /// No such record.
    UnknownRecord(String),
    /// The record has become part of another.
    Merged { old: String, new: EditionId },
    /// There was such a record; nothing is left of it.
    Gone(String),
    /// No such member library.
    UnknownLibrary(String),
    /// The entry is here, its members' MARC is not.
    NoOriginal,
    /// A parameter is wrong.
    BadRequest(BadRequest),
    /// A form of another site.
    OtherSite,
    /// Signed in, but for less than this.
    Forbidden,
    /// A token that is none.
    Unauthorized,
    /// What was asked for cannot be done, with the reason as a sentence.
    Refused(String),
    /// Too many at once.
    Busy,
    /// No generation is open yet.
    NotReady,
    /// Ours: the cause is for the log.
    Internal(anyhow::Error),
}

/// What is wrong with a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadRequest {
    /// Not one of the words that may stand there.
    WrongValue { name: &'static str, value: String, allowed: String },
    /// Not a number in the range.
    WrongNumber { name: &'static str, value: String, allowed: String },
    /// `page × per_page` is beyond what can be reached.
    TooDeep { max: u32 },
    /// More libraries than the policy allows.
    TooManyLibraries { max: usize, given: usize },
    /// No member has this code.
    UnknownLibrary(String),
    /// No such format.
    UnknownFormat { format: String, allowed: String },
}

impl From<BadRequest> for WebError {
    fn from(cause: BadRequest) -> Self {
        Self::BadRequest(cause)
    }
}

impl BadRequest {
    /// The sentence for the reader.
    pub(crate) fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::WrongValue { name, value, allowed } => lang
                .fill("error.wrong_value", &[("name", name), ("value", &short(value)), ("allowed", allowed)]),
            Self::WrongNumber { name, value, allowed } => lang.fill(
                "error.wrong_number",
                &[("name", name), ("value", &short(value)), ("allowed", allowed)],
            ),
            Self::TooDeep { max } => lang.fill("error.too_deep", &[("max", &max.to_string())]),
            Self::TooManyLibraries { max, given } => lang.fill(
                "error.too_many_libraries",
                &[("max", &max.to_string()), ("given", &given.to_string())],
            ),
            Self::UnknownLibrary(code) => lang.fill("error.unknown_library", &[("code", &short(code))]),
            Self::UnknownFormat { format, allowed } => {
                lang.fill("error.unknown_format", &[("format", &short(format)), ("allowed", allowed)])
            }
        }
    }
}

/// Enough of a value to know it again.
fn short(value: &str) -> String {
    value.chars().take(40).collect()
}

impl std::fmt::Display for WebError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Internal(cause) => write!(f, "{cause:#}"),
            other => f.write_str(&other.sentence(Lang::En)),
        }
    }
}

impl std::error::Error for WebError {}

impl WebError {
    /// An error of ours.
    pub(crate) fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self::Internal(cause.into())
    }

    /// The status that says so.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoOriginal | Self::UnknownRecord(_) | Self::UnknownLibrary(_) => {
                StatusCode::NOT_FOUND
            }
            Self::Merged { .. } => StatusCode::PERMANENT_REDIRECT,
            Self::OtherSite | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Gone(_) => StatusCode::GONE,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Busy | Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The heading for the reader.
    pub(crate) fn heading(&self, lang: Lang) -> &'static str {
        let key = match self {
            Self::NotFound | Self::NoOriginal => "error.not_found_title",
            Self::UnknownRecord(_) | Self::Merged { .. } => "record.gone_title",
            Self::Gone(_) => "union.gone_title",
            Self::UnknownLibrary(_) => "libraries.unknown_title",
            Self::BadRequest(_) => "error.bad_request_title",
            Self::OtherSite | Self::Forbidden | Self::Unauthorized => "error.forbidden_title",
            Self::Refused(_) => "error.refused_title",
            Self::Busy => "error.busy_title",
            Self::NotReady => "none.title",
            Self::Internal(_) => "error.internal_title",
        };
        lang.t(key)
    }

    /// The sentence for the reader.
    pub(crate) fn sentence(&self, lang: Lang) -> String {
        match self {
            Self::NotFound => lang.t("error.not_found").to_owned(),
            Self::NoOriginal => lang.t("record.marc_missing").to_owned(),
            Self::UnknownRecord(id) => lang.fill("error.unknown_record", &[("id", &short(id))]),
            Self::Merged { old, new } => {
                lang.fill("union.moved", &[("old", &short(old)), ("new", new.as_str())])
            }
            Self::Gone(id) => lang.fill("union.gone_text", &[("id", &short(id))]),
            Self::UnknownLibrary(code) => lang.fill("libraries.unknown", &[("code", &short(code))]),
            Self::BadRequest(cause) => cause.sentence(lang),
            Self::OtherSite => lang.t("error.other_site").to_owned(),
            Self::Forbidden => lang.t("error.forbidden").to_owned(),
            Self::Unauthorized => lang.t("error.unauthorized").to_owned(),
            Self::Refused(why) => why.clone(),
            Self::Busy => lang.t("error.busy").to_owned(),
            Self::NotReady => lang.t("error.not_ready").to_owned(),
            Self::Internal(_) => lang.t("error.internal").to_owned(),
        }
    }

    /// Writes the cause to the log; the answer never holds it.
    pub(crate) fn log(&self) {
        if let Self::Internal(cause) = self {
            tracing::error!("request failed: {cause:#}");
        }
    }

    /// Where a record has gone: the same address with the id of its successor. `None` for other errors.
    pub(crate) fn redirect(&self, reader: &Reader) -> Option<Response> {
        let Self::Merged { new, .. } = self else { return None };
        let mut path: Vec<&str> = reader.path.split('/').collect();
        let before = path.iter().position(|piece| matches!(*piece, "record" | "records"))?;
        *path.get_mut(before + 1)? = new.as_str();
        Some(Redirect::permanent(&ask::link(&path.join("/"), reader.asked.pairs())).into_response())
    }

    /// The answer of the API: `application/problem+json` (RFC 9457), or a redirect.
    pub(crate) fn problem(&self, reader: &Reader) -> Response {
        if let Some(redirect) = self.redirect(reader) {
            return redirect;
        }
        let lang = reader.lang;
        self.log();
        let status = self.status();
        let body = Problem {
            kind: "about:blank",
            title: self.heading(lang),
            status: status.as_u16(),
            detail: self.sentence(lang),
        };
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (status, kind, Json(body).into_response().into_body()).into_response()
    }
}

#[derive(Serialize)]
struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
}
