//! `/libraries` and `/libraries/{code}`: who takes part, with how much, as of when.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use daemon::directory::LibraryFacts;
use daemon::requests::Suspension;
use indexer::bib::LibraryCode;
use indexer::library::Library;

use super::content::{self, library_slug};
use super::map::kilometres;
use super::notices::{self, Line};
use super::{Ui, page, render};
use crate::ask;
use crate::blocking;
use crate::error::WebError;
use crate::fresh::{Trouble, trouble};
use crate::i18n::{Lang, grouped};
use crate::markdown;
use crate::reader::Reader;
use crate::requests;
use crate::state::{App, Open};

#[derive(Template)]
#[template(path = "libraries.html")]
struct LibrariesPage {
    ui: Ui,
    q: String,
    n_members: usize,
    n_found: usize,
    groups: Vec<(String, usize, Vec<Row>)>,
}

#[derive(Template)]
#[template(path = "library.html")]
struct LibraryPage {
    ui: Ui,
    row: Row,
    group: String,
    opac: Option<String>,
    facts: LibraryFacts,
    rules: String,
    closures: Vec<String>,
    distance: Option<String>,
    search: String,
    /// What the library says of itself.
    html: String,
    notices: Vec<Line>,
}

struct Row {
    code: String,
    name: String,
    short_name: String,
    records: Option<String>,
    as_of: String,
    trouble: Option<Trouble>,
    new: bool,
    suspended: bool,
}

fn row(app: &App, library: &Library, open: Option<&Open>, lang: Lang) -> Row {
    let state = open.and_then(|o| o.library(&library.code));
    Row {
        code: library.code.to_string(),
        name: library.name.clone(),
        short_name: library.short_name.clone(),
        records: state.map(|s| grouped(s.records)),
        as_of: state.and_then(|s| s.as_of.clone()).unwrap_or_default(),
        trouble: trouble(app.freshness().get(&library.code), app.settings(), lang),
        new: library.new,
        suspended: library.suspended,
    }
}

/// `/libraries`
pub(crate) async fn list(State(app): State<App>, reader: Reader) -> Response {
    let members = app.members();
    let open = app.open();
    let q = reader.asked.get("q").unwrap_or_default();
    let found: Vec<&Library> = if q.is_empty() { members.iter().collect() } else { members.filter(q) };
    let mut groups: Vec<(String, usize, Vec<Row>)> = Vec::new();
    for library in &found {
        let row = row(&app, library, open.as_deref(), reader.lang);
        match groups.iter_mut().find(|(name, _, _)| *name == library.group) {
            Some((_, n, rows)) => {
                *n += 1;
                rows.push(row);
            }
            None => groups.push((library.group.clone(), 1, vec![row])),
        }
    }
    let template = LibrariesPage {
        ui: Ui::new(&app, &reader),
        q: q.to_owned(),
        n_members: members.iter().count(),
        n_found: found.len(),
        groups,
    };
    page(&app, &reader, render(&template))
}

/// `/libraries/{code}`
pub(crate) async fn show(State(app): State<App>, Path(code): Path<String>, reader: Reader) -> Response {
    let members = app.members();
    let Some(library) = members.get(&LibraryCode::new(code.as_str())) else {
        return page(&app, &reader, Err(WebError::UnknownLibrary(code)));
    };
    let (own, lang, slug) = (app.clone(), reader.lang, library_slug(&code));
    let text = blocking::run(app.turns(), move || content::text(&own, &slug, lang)).await;
    let notices = notices::few(&app, Some(&library.code), reader.lang).await;
    let directory = app.directory();
    let result = text.and_then(|text| {
        render(&LibraryPage {
            html: markdown::to_html(&text),
            notices,
            ui: Ui::new(&app, &reader),
            row: row(&app, library, app.open().as_deref(), reader.lang),
            group: library.group.clone(),
            opac: app.opac_url(&library.code).as_deref().and_then(super::beside::catalogue_root),
            rules: requests::rules_line(&directory.rules().of(library.code.as_str()), reader.lang),
            closures: closures(&app, &library.code, reader.lang),
            distance: distance(&app, &library.code, &reader),
            facts: directory.facts(&library.code).cloned().unwrap_or_default(),
            search: ask::link("/search", [("library", code.as_str())]),
        })
    });
    page(&app, &reader, result)
}

/// When a library's desk is closed, from today on.
fn closures(app: &App, code: &LibraryCode, lang: Lang) -> Vec<String> {
    let today = jiff::Timestamp::now().to_zoned_datetime(requests::zone(app)).date();
    let words = |days: Suspension| {
        let gaps = [("from", days.from.to_string()), ("to", days.to.to_string())];
        lang.fill("rule.closed", &gaps.each_ref().map(|(name, value)| (*name, value.as_str())))
    };
    app.directory().closures(code, today).into_iter().map(words).collect()
}

/// How far it is from the reader's own library.
fn distance(app: &App, code: &LibraryCode, reader: &Reader) -> Option<String> {
    let home = reader.home(app).filter(|home| home != code)?;
    let directory = app.directory();
    let (here, there) = (directory.facts(&home)?.place?, directory.facts(code)?.place?);
    Some(kilometres(here.distance_km(there), reader.lang))
}
