//! `/browse/author`, `/browse/subject`: headings by pinyin, and the entries under one.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use indexer::search::{HeadingKind, Start};

use super::{Browse, EntryRow, Frame, ROWS, made};
use crate::ask;
use crate::error::WebError;
use crate::i18n::grouped;
use crate::pages::{Ui, render};
use crate::reader::Reader;
use crate::state::App;

/// Headings of a page: they are short and stand in columns.
const HEADINGS: usize = 100;
/// Pages of entries under one heading that can be reached; beyond them the search goes on.
const DEEPEST: u32 = 250;

#[derive(Template)]
#[template(path = "browse_headings.html")]
struct HeadingsPage {
    ui: Ui,
    frame: Frame,
    /// Text, entries, link.
    rows: Vec<(String, String, String)>,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "browse_heading.html")]
struct HeadingPage {
    ui: Ui,
    frame: Frame,
    text: String,
    total: String,
    back: String,
    search: String,
    rows: Vec<EntryRow>,
    previous: Option<String>,
    next: Option<String>,
}

/// `/browse/author?from=&at=&heading=&page=`
pub(crate) async fn authors(State(app): State<App>, reader: Reader) -> Response {
    made(&app, &reader, |browse| page(&browse, HeadingKind::Author)).await
}

/// `/browse/subject?from=&at=&heading=&page=`
pub(crate) async fn subjects(State(app): State<App>, reader: Reader) -> Response {
    made(&app, &reader, |browse| page(&browse, HeadingKind::Subject)).await
}

fn page(browse: &Browse, kind: HeadingKind) -> Result<Response, WebError> {
    let names = match kind {
        HeadingKind::Author => ("browse.author", "browse.author_lead"),
        HeadingKind::Subject => ("browse.subject", "browse.subject_lead"),
    };
    let frame = Frame { letters: browse.letters(), ..browse.frame(names.0, names.1, &[]) };
    match browse.asked("heading") {
        None => render(&list(browse, kind, frame)?),
        Some(heading) => render(&under(browse, kind, frame, heading)?),
    }
}

fn list(browse: &Browse, kind: HeadingKind, frame: Frame) -> Result<HeadingsPage, WebError> {
    let cut = |text: &str| text.chars().take(80).collect::<String>();
    let start = match (browse.asked("at"), browse.asked("from")) {
        (Some(at), _) => Start::At(at.to_owned()),
        (None, Some(from)) => Start::Pinyin(cut(from)),
        (None, None) => Start::First,
    };
    let found = browse.open.catalogue.headings(kind, &start, HEADINGS).map_err(WebError::internal)?;
    let row = |row: indexer::search::HeadingRow| {
        let href = ask::link(&browse.reader.path, [("heading", row.text.as_str())]);
        (row.text, grouped(row.entries), href)
    };
    let (previous, next) = browse.around(found.previous.as_deref(), found.next.as_deref());
    Ok(HeadingsPage {
        ui: browse.ui(),
        frame,
        rows: found.rows.into_iter().map(row).collect(),
        previous,
        next,
    })
}

fn under(browse: &Browse, kind: HeadingKind, frame: Frame, heading: &str) -> Result<HeadingPage, WebError> {
    let number = ask::number(&browse.reader.asked, "page", 1, DEEPEST)?.unwrap_or(1);
    let catalogue = &browse.open.catalogue;
    let found = catalogue.under_heading(kind, heading, number as usize - 1, ROWS);
    let (total, entries) = found.map_err(WebError::internal)?;
    let to = |n: u32| browse.link(&["page"], &[("page", &n.to_string())]);
    let more = u64::from(number) * (ROWS as u64) < total && number < DEEPEST;
    let field = match kind {
        HeadingKind::Author => "author",
        HeadingKind::Subject => "subject",
    };
    Ok(HeadingPage {
        ui: browse.ui(),
        text: heading.to_owned(),
        total: grouped(total),
        back: ask::link(&browse.reader.path, [("at", heading)]),
        search: ask::link("/search", [("field", field), ("q", heading)]),
        rows: entries.iter().map(|entry| browse.row(entry)).collect(),
        previous: (number > 1).then(|| to(number - 1)),
        next: more.then(|| to(number + 1)),
        frame,
    })
}
