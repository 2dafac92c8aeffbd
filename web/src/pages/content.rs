//! `/page/{slug}`: guide, rules and what else a consortium says to its readers; as its staff wrote it, else as it came.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::{Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::markdown;
use crate::reader::Reader;
use crate::state::App;

/// The pages there are, with the keys of their titles.
pub(crate) const PAGES: [(&str, &str); 6] = [
    ("guide", "page.guide"),
    ("rules", "page.rules"),
    ("faq", "page.faq"),
    ("downloads", "page.downloads"),
    ("collections", "page.collections"),
    ("about", "page.about"),
];

#[derive(Template)]
#[template(path = "content.html")]
struct ContentPage {
    ui: Ui,
    title: &'static str,
    html: String,
    pages: [(&'static str, &'static str); 6],
}

/// `/page/{slug}`
pub(crate) async fn show(State(app): State<App>, Path(slug): Path<String>, reader: Reader) -> Response {
    let result = shown(&app, &slug, &reader).await;
    page(&app, &reader, result)
}

async fn shown(app: &App, slug: &str, reader: &Reader) -> Result<Response, WebError> {
    let (slug, title) = PAGES.into_iter().find(|(known, _)| *known == slug).ok_or(WebError::NotFound)?;
    let (own, lang) = (app.clone(), reader.lang);
    let text = blocking::run(app.turns(), move || text(&own, slug, lang)).await?;
    render(&ContentPage { ui: Ui::new(app, reader), title, html: markdown::to_html(&text), pages: PAGES })
}

/// What a page says in a language. It blocks.
pub(super) fn text(app: &App, slug: &str, lang: Lang) -> Result<String, WebError> {
    let written = match app.store_if_there()? {
        Some(store) => store.page_text(slug, lang.tag()).map_err(WebError::internal)?,
        None => None,
    };
    Ok(written.or_else(|| data::pages::markdown(slug, lang.tag()).map(str::to_owned)).unwrap_or_default())
}

/// Where a library's own page is kept.
pub(super) fn library_slug(code: &str) -> String {
    format!("library/{code}")
}
