//! From which site a form may come: our own alone. No tokens, no state.
//!
//! A request that changes something is refused where the browser says that another site sent it (`Sec-Fetch-Site`,
//! or over plain HTTP, where that is not sent, `Origin`). Programs send neither; a bearer token is no cookie that a
//! browser would add by itself.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::WebError;
use crate::pages;
use crate::reader::Reader;
use crate::state::App;

/// Lets pass what comes from our own pages.
pub(crate) async fn refuse_others(State(app): State<App>, request: Request, next: Next) -> Response {
    if is_allowed(request.method(), request.headers(), &app.settings().server.public_url) {
        return next.run(request).await;
    }
    let (mut parts, _) = request.into_parts();
    let reader = match Reader::from_request_parts(&mut parts, &app).await {
        Ok(reader) => reader,
        Err(never) => match never {},
    };
    if reader.path.starts_with("/api/") {
        return WebError::OtherSite.problem(&reader);
    }
    pages::page(&app, &reader, Err(WebError::OtherSite)).into_response()
}

fn is_allowed(method: &Method, headers: &HeaderMap, public_url: &str) -> bool {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) {
        return true;
    }
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text(header::AUTHORIZATION).is_some_and(|value| value.starts_with("Bearer ")) {
        return true;
    }
    let origin = text(header::ORIGIN);
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => true,
        // A proxy that changes the host makes our own pages look like another site's.
        Some(_) => origin == Some(public_url),
        None => match origin {
            None => true,
            Some(origin) => {
                let host = text(header::HOST).unwrap_or_default();
                let of_origin = origin.split_once("://").map(|(_, host)| host);
                origin == public_url
                    || of_origin.is_some_and(|o| !o.is_empty() && o.eq_ignore_ascii_case(host))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn only_our_own_pages_change_anything() {
        let check = |method: Method, sent: &[(&str, &str)], expect: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "10.0.0.5:8046".parse().unwrap());
            for (name, value) in sent {
                let name: header::HeaderName = name.parse().unwrap();
                headers.insert(name, value.parse().unwrap());
            }
            let allowed = is_allowed(&method, &headers, "https://lianmu.example.edu.cn");
            assert_eq!(allowed, expect, "{method} {sent:?}");
        };
        check(Method::GET, &[("sec-fetch-site", "cross-site")], true);
        check(Method::POST, &[], true);
        check(Method::POST, &[("sec-fetch-site", "same-origin")], true);
        check(Method::POST, &[("sec-fetch-site", "none")], true);
        check(Method::POST, &[("sec-fetch-site", "same-site")], false);
        check(Method::POST, &[("sec-fetch-site", "cross-site")], false);
        check(Method::DELETE, &[("sec-fetch-site", "cross-site")], false);
        check(Method::POST, &[("origin", "http://10.0.0.5:8046")], true);
        check(Method::POST, &[("origin", "http://10.0.0.5:9999")], false);
        check(Method::POST, &[("origin", "http://evil.example")], false);
        check(Method::POST, &[("origin", "null")], false);
        check(Method::POST, &[("origin", "")], false);
        check(Method::POST, &[("origin", "https://lianmu.example.edu.cn")], true);
        check(
            Method::POST,
            &[
                ("origin", "http://evil.example"),
                ("sec-fetch-site", "cross-site"),
                ("authorization", "Bearer 12"),
            ],
            true,
        );
        check(Method::POST, &[("origin", "http://10.0.0.5:8046"), ("sec-fetch-site", "cross-site")], false);
    }
}
