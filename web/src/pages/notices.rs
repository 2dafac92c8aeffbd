//! `/notices`, and the few lines of them on the home page, the login page and a library's page.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::store::Notice;
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::markdown;
use crate::reader::Reader;
use crate::state::App;
use crate::wire::library_name;

/// So many stand on the home page, and on the page of all.
const FEW: u32 = 6;
const MANY: u32 = 100;

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    ui: Ui,
    notices: Vec<Line>,
}

/// A notice as a reader sees it.
pub(super) struct Line {
    pub(super) id: i64,
    pub(super) day: String,
    /// `01-15`
    pub(super) short_day: String,
    pub(super) from: String,
    pub(super) title: String,
    pub(super) html: String,
}

/// `/notices?library=`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let library = reader.asked.get("library").map(str::to_owned);
    let (own, lang) = (app.clone(), reader.lang);
    let looked = blocking::run(app.turns(), move || look(&own, library.as_deref(), MANY, lang));
    let result =
        looked.await.and_then(|notices| render(&NoticesPage { ui: Ui::new(&app, &reader), notices }));
    page(&app, &reader, result)
}

/// The latest few, for a page that is about something else: without them it still is.
pub(super) async fn few(app: &App, library: Option<&LibraryCode>, lang: Lang) -> Vec<Line> {
    let (own, library) = (app.clone(), library.map(ToString::to_string));
    let looked = blocking::run(app.turns(), move || look(&own, library.as_deref(), FEW, lang));
    looked.await.unwrap_or_else(|cause| {
        cause.log();
        Vec::new()
    })
}

fn look(app: &App, library: Option<&str>, n_wanted: u32, lang: Lang) -> Result<Vec<Line>, WebError> {
    let Some(store) = app.store_if_there()? else { return Ok(Vec::new()) };
    let today = today(app);
    let found = store.notices_on(&today, library, n_wanted).map_err(WebError::internal)?;
    Ok(found.into_iter().map(|notice| line(app, notice, lang)).collect())
}

pub(super) fn line(app: &App, notice: Notice, lang: Lang) -> Line {
    let from = notice.library.map(|code| library_name(&app.members(), &LibraryCode::new(code)));
    Line {
        id: notice.id,
        short_day: notice.day.get(5..).unwrap_or(&notice.day).to_owned(),
        day: notice.day,
        from: from.unwrap_or_else(|| lang.t("notices.consortium").to_owned()),
        title: notice.title,
        html: markdown::to_html(&notice.markdown),
    }
}

/// The day where this machine stands: `2026-01-15`.
pub(crate) fn today(app: &App) -> String {
    let zone = TimeZone::get(&app.settings().timezone).unwrap_or(TimeZone::UTC);
    Timestamp::now().to_zoned_datetime(zone).strftime("%Y-%m-%d").to_string()
}
