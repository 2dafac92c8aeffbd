//! What makes the site installable under TLS: a manifest, a worker, and the page that is shown while the machine that
//! serves cannot be reached.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{Ui, page, render};
use crate::assets;
use crate::reader::Reader;
use crate::state::App;

#[derive(Template)]
#[template(path = "offline.html")]
struct OfflinePage {
    ui: Ui,
}

/// `/offline`: kept by browsers and shown by them alone.
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    // Nothing on it is the reader's own: it may be shown to anybody who sits there later.
    let anybody = Reader { remembered: Default::default(), path: "/".to_owned(), ..reader.clone() };
    page(&app, &reader, render(&OfflinePage { ui: Ui::new(&app, &anybody) }))
}

/// `/manifest.webmanifest`
pub(crate) async fn manifest(reader: Reader) -> Response {
    let icon =
        |name: &str, size: &str| json!({ "src": assets::url(name), "sizes": size, "type": "image/png" });
    let manifest = json!({
        "id": "/",
        "name": reader.lang.t("site.whole_name"),
        "short_name": reader.lang.t("site.name"),
        "lang": reader.lang.tag(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf8f3",
        "theme_color": "#a8321f",
        "icons": [icon("icon-192.png", "192x192"), icon("icon-512.png", "512x512")],
    });
    (
        [(header::CONTENT_TYPE, "application/manifest+json"), (header::CACHE_CONTROL, "no-cache")],
        manifest.to_string(),
    )
        .into_response()
}

/// `/worker.js`: another one for each version of the files that it keeps.
pub(crate) async fn worker() -> Response {
    let files = ["look.css", "ease.js", "icon.svg"].map(assets::url);
    let version: String = files.iter().filter_map(|url| url.split('/').nth(2)).collect();
    let [look, ease, icon] = files;
    let text = assets::text("worker.js");
    let text = text.replace("VERSION", &version).replace("LOOK", &look).replace("EASE", &ease);
    let kind = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "no-cache")], text.replace("ICON", &icon)).into_response()
}
