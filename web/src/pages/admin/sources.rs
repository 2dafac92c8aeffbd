//! `/admin/sources`: where records come from, how each source fares; run now, pause, go on.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::jobs::Request;
use daemon::sources::{self, SourceStatus};
use daemon::store::Store;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Frame, Ui, ask_daemon, back_to, local, page, render, said, with_store};
use crate::error::WebError;
use crate::login::Admin;
use crate::reader::Reader;
use crate::state::App;

#[derive(Template)]
#[template(path = "admin/sources.html")]
struct SourcesPage {
    ui: Ui,
    frame: Frame,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    library: String,
    name: String,
    kind: String,
    shown: String,
    mode: String,
    schedule: String,
    state: &'static str,
    state_label: String,
    reason: String,
    last_try: String,
    last_good: String,
    last_run: Option<String>,
    running: Option<String>,
    next_run: String,
    paused: bool,
}

/// `GET /admin/sources`
pub(crate) async fn show(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let asking = reader.clone();
    let looked = with_store(&app, move |app, store| Ok((rows(app, store, &asking)?, said(store, &asking)?)));
    let result = looked.await.and_then(|(rows, said)| {
        render(&SourcesPage { ui: Ui::new(&app, &reader), frame: Frame::of(&app, &admin, said), rows })
    });
    page(&app, &reader, result)
}

fn rows(app: &App, store: &Store, reader: &Reader) -> Result<Vec<Row>, WebError> {
    let lang = reader.lang;
    let members = app.members();
    let listed = sources::list(Some(store), app.settings(), Timestamp::now()).map_err(WebError::internal)?;
    let row = |SourceStatus { source, health, known, running, next_run }: SourceStatus| Row {
        id: source.id.to_string(),
        library: source.library.to_string(),
        name: members.get(&source.library).map(|l| l.name.clone()).unwrap_or_default(),
        kind: lang.label("source_kind", source.kind.name()),
        shown: source.shown(),
        mode: lang.label("run_mode", super::runs::mode_name(source.mode)),
        state: health.state,
        state_label: lang.label("source_state", health.state),
        reason: health.reason.map(|reason| lang.reason(&reason)).unwrap_or_default(),
        last_try: local(app, known.as_ref().and_then(|row| row.last_try)),
        last_good: local(app, known.as_ref().and_then(|row| row.last_good)),
        last_run: known.as_ref().and_then(|row| row.last_run.clone()),
        running: running.map(|run| run.run),
        next_run: local(app, next_run),
        paused: known.is_some_and(|row| row.paused),
        schedule: source.schedule.unwrap_or_default(),
    };
    Ok(listed.into_iter().map(row).collect())
}

/// What a button sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Pressed {
    source: String,
    act: String,
}

/// `POST /admin/sources`
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    admin: Admin,
    Form(pressed): Form<Pressed>,
) -> Response {
    if !app.settings().sources.iter().any(|source| source.id.as_str() == pressed.source) {
        return page(&app, &reader, Err(WebError::NotFound));
    }
    tracing::info!(by = %admin.0.id, source = pressed.source, act = pressed.act, "an admin acts on a source");
    let lang = reader.lang;
    let done = with_store(&app, move |app, _| match pressed.act.as_str() {
        "run" => {
            let request = Request::Harvest { libraries: Vec::new(), sources: vec![pressed.source] };
            Ok(back_to("/admin/sources", ask_daemon(app, lang, &[request])?))
        }
        word @ ("pause" | "resume") => {
            sources::pause(
                app.data_dir(),
                app.settings(),
                &pressed.source,
                word == "pause",
                Timestamp::now(),
            )
            .map_err(WebError::internal)?;
            Ok(Redirect::to("/admin/sources").into_response())
        }
        _ => Err(WebError::NotFound),
    });
    page(&app, &reader, done.await)
}
