//! A PC in the reading room (`server.public_terminal`): whoever comes next finds nothing of whoever was there before.
//!
//! Nothing is remembered beyond the browser's session, a page left alone for ten minutes leads to `/leave`, and
//! whatever comes from a browser that was silent for longer is a stranger's, also where that page was closed.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use crate::basket;
use crate::reader::cookie;
use crate::state::App;

/// After so long without a page nobody is there any more.
pub(crate) const ALONE: SignedDuration = SignedDuration::from_mins(10);
/// When the last page was asked for, in seconds since 1970.
const SEEN: &str = "seen";
/// What a browser remembers of its reader.
const KEPT: [&str; 4] = ["lang", "libraries", "field", basket::COOKIE];
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// Whether the reader whose choices a browser holds has left.
pub(crate) fn is_left(app: &App, headers: &HeaderMap) -> bool {
    app.settings().server.public_terminal && has_left(headers, Timestamp::now())
}

fn has_left(headers: &HeaderMap, now: Timestamp) -> bool {
    let seen = cookie(headers, SEEN).and_then(|text| text.parse::<i64>().ok());
    let age = seen.map(|seen| now.as_second().saturating_sub(seen));
    age.is_none_or(|age| !(-60..=ALONE.as_secs()).contains(&age))
}

/// Makes an answer forgetful; `is_left` is of the question, `ends` where the reader says that he leaves.
pub(crate) fn forget(app: &App, response: &mut Response, is_left: bool, ends: bool) {
    if !app.settings().server.public_terminal {
        return;
    }
    let headers = response.headers_mut();
    let given: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    let name_of = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.split('=').next().unwrap_or_default().to_owned()
    };
    let names: Vec<String> = given.iter().map(name_of).collect();
    for value in given.iter().filter(|_| !ends).chain(given.iter().filter(|v| ends && is_removal(v))) {
        headers.append(header::SET_COOKIE, for_now(value));
    }
    if is_left || ends {
        for name in KEPT.iter().filter(|name| ends || !names.iter().any(|given| given == *name)) {
            append(headers, &format!("{name}=; Path=/; Max-Age=0; SameSite=Lax; HttpOnly"));
        }
    }
    append(headers, &format!("{SEEN}={}; Path=/; SameSite=Lax; HttpOnly", Timestamp::now().as_second()));
    let is_page =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        // Going back in the browser shows nothing either.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(value) = HeaderValue::from_str(&format!("{}; url=/leave", ALONE.as_secs())) {
            headers.insert(REFRESH, value);
        }
    }
}

fn append(headers: &mut HeaderMap, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.append(header::SET_COOKIE, value);
    }
}

fn is_removal(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|text| text.contains("; Max-Age=0"))
}

/// The same cookie until the browser closes.
fn for_now(value: &HeaderValue) -> HeaderValue {
    if is_removal(value) {
        return value.clone();
    }
    let text = value.to_str().unwrap_or_default();
    let kept: Vec<&str> = text.split("; ").filter(|part| !part.starts_with("Max-Age=")).collect();
    HeaderValue::from_str(&kept.join("; ")).unwrap_or_else(|_| value.clone())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn who_was_silent_for_ten_minutes_has_left() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        for (ago, expect) in
            [(0, false), (599, false), (600, false), (601, true), (-30, false), (-3600, true)]
        {
            let mut headers = HeaderMap::new();
            let cookie = format!("lang=en; seen={}", now.as_second() - ago);
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            assert_eq!(has_left(&headers, now), expect, "{ago}");
        }
        assert!(has_left(&HeaderMap::new(), now));
    }

    #[test]
    fn a_cookie_ends_with_the_browser() {
        let year = HeaderValue::from_static("lang=en; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
        assert_eq!(for_now(&year), "lang=en; Path=/; SameSite=Lax; HttpOnly");
        let gone = HeaderValue::from_static("session=; Path=/; Max-Age=0; SameSite=Lax");
        assert_eq!(for_now(&gone), gone);
    }
}
