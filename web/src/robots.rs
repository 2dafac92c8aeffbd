//! What search engines are told: records and libraries they may keep; lists, forms and exports would be endless.

use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

/// Says on an answer itself that it is not to be kept.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-robots-tag");

/// Where only people go.
const PLACES: [&str; 12] = [
    "/search",
    "/browse",
    "/basket",
    "/unapi",
    "/staff",
    "/me",
    "/admin",
    "/login",
    "/register",
    "/password",
    "/api/",
    "/trust",
];

/// Whether an address is for people and their programs, not for search engines.
pub(crate) fn is_for_people(path: &str) -> bool {
    PLACES.iter().any(|place| path.starts_with(place)) || path.contains("/export/")
}

/// `/robots.txt`
pub(crate) async fn show() -> Response {
    let mut text = String::from("User-agent: *\n");
    for place in PLACES {
        text += &format!("Disallow: {place}\n");
    }
    text += "Disallow: /*/export/\n";
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
