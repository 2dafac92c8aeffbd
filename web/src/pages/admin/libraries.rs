//! `/admin/libraries`: each library with its records, its holdings profile and whether a person has looked at it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use indexer::bib::LibraryCode;
use indexer::pipeline::stored_profile;

use super::{Frame, Ui, page, render, said, with_store};
use crate::error::WebError;
use crate::i18n::grouped;
use crate::login::Admin;
use crate::reader::Reader;
use crate::state::App;

#[derive(Template)]
#[template(path = "admin/libraries.html")]
struct LibrariesPage {
    ui: Ui,
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    code: String,
    name: String,
    records: Option<String>,
    as_of: String,
    profile: String,
    confirmed: bool,
    has_quality: bool,
}

/// `/admin/libraries`
pub(crate) async fn list(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let asking = reader.clone();
    let looked = with_store(&app, move |app, store| Ok((rows(app, store)?, said(store, &asking)?)));
    let result = looked.await.and_then(|(rows, said)| {
        render(&LibrariesPage { ui: Ui::new(&app, &reader), frame: Frame::of(&app, &admin, said), rows })
    });
    page(&app, &reader, result)
}

// Libraries with records first, then the other members, in list order.
fn rows(app: &App, store: &daemon::store::Store) -> Result<Vec<Row>, WebError> {
    let with_records = app.archive().libraries().map_err(WebError::internal)?;
    let members = app.members();
    let mut codes: Vec<LibraryCode> = with_records.clone();
    codes.extend(members.iter().map(|l| l.code.clone()).filter(|code| !with_records.contains(code)));
    let mut rows = Vec::new();
    for code in codes {
        let library = app.archive().library(&code).map_err(WebError::internal)?;
        let stamp = library.stamp().map_err(WebError::internal)?;
        let stored = stored_profile(&library).unwrap_or_default();
        rows.push(Row {
            name: members.get(&code).map(|l| l.name.clone()).unwrap_or_default(),
            records: stamp.map(|stamp| grouped(stamp.n_records)),
            as_of: library.as_of().unwrap_or_default(),
            confirmed: stored.as_ref().is_some_and(|stored| stored.confirmed),
            profile: stored.map(|stored| stored.profile.name).unwrap_or_default(),
            has_quality: !store.quality_rows(code.as_str(), 1).map_err(WebError::internal)?.is_empty(),
            code: code.to_string(),
        });
    }
    Ok(rows)
}
