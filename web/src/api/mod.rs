//! The JSON API of CONTRACT §3. Handlers only: what they say is in `wire`, what they read in `ask`.

pub(crate) mod hub;
mod openapi;
pub(crate) mod requests;
pub(crate) mod suggest;

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use daemon::settings::CentralKind;
use jiff::Timestamp;

use crate::error::{BadRequest, WebError};
use crate::i18n::Lang;
use crate::reader::Reader;
use crate::state::{App, Open};
use crate::wire::{
    CentralStatus, EntryDocument, LibrariesDocument, LibraryStatus, SearchDocument, StatusDocument,
};
use crate::{ask, blocking, export, metrics};

fn answer<T: serde::Serialize>(reader: &Reader, result: Result<T, WebError>) -> Response {
    match result {
        Ok(document) => Json(document).into_response(),
        Err(cause) => cause.problem(reader),
    }
}

/// `/api/v1/search`
pub(crate) async fn search(State(app): State<App>, reader: Reader) -> Response {
    let json = |json| ([(header::CONTENT_TYPE, "application/json")], json).into_response();
    search_document(app, &reader).await.map_or_else(|cause| cause.problem(&reader), json)
}

async fn search_document(app: App, reader: &Reader) -> Result<String, WebError> {
    let started = Instant::now();
    let members = app.members();
    let limit = app.settings().policy.max_libraries;
    let libraries = ask::strict_choice(&reader.asked, &members, limit)?;
    let query = ask::query(&reader.asked, libraries, app.home())?;
    let (open, asked) = (app.opened()?, (query, reader.lang));
    if let Some(known) = app.answers().get(&open, &members, &asked) {
        let took = started.elapsed();
        app.metrics().searched(took);
        return Ok(known.with_time(took));
    }
    let own = app.clone();
    blocking::run(app.turns(), move || {
        let started = Instant::now();
        let answer = open.catalogue.search(&asked.0).map_err(WebError::internal)?;
        let took = started.elapsed();
        own.metrics().searched(took);
        let ms = took.as_secs_f64() * 1e3;
        let document = SearchDocument::new(&asked.0, answer, ms, &open, &members, asked.1);
        let json = serde_json::to_string(&document).map_err(WebError::internal)?;
        own.answers().keep(&open, &members, asked, &json, took);
        Ok(json)
    })
    .await
}

/// `/api/v1/records/{id}?format=`
pub(crate) async fn record(State(app): State<App>, Path(id): Path<String>, reader: Reader) -> Response {
    let format = reader.asked.get("format").unwrap_or("json").to_owned();
    let result = record_document(app, id, &format, reader.lang).await;
    result.unwrap_or_else(|cause| cause.problem(&reader))
}

async fn record_document(app: App, id: String, format: &str, lang: Lang) -> Result<Response, WebError> {
    let format = match format {
        "json" => None,
        name => Some(export::Format::from_name(name).ok_or_else(|| {
            let allowed = format!("json {}", export::Format::names());
            BadRequest::UnknownFormat { format: name.to_owned(), allowed }
        })?),
    };
    let open = app.opened()?;
    let reading = app.clone();
    blocking::run(app.turns(), move || {
        let entry = open.find(&id)?;
        match format {
            None => {
                let beside = open.beside(&entry)?;
                Ok(Json(EntryDocument::new(&entry, &beside, reading.home().as_ref(), lang)).into_response())
            }
            Some(format) => export::response(format, &entry, reading.archive()),
        }
    })
    .await
}

/// `/api/v1/libraries?q=`
pub(crate) async fn libraries(State(app): State<App>, reader: Reader) -> Response {
    let q = reader.asked.get("q").unwrap_or_default();
    Json(LibrariesDocument::new(&app.members(), app.open().as_deref(), q)).into_response()
}

/// `/api/v1/status`
pub(crate) async fn status(State(app): State<App>, reader: Reader) -> Response {
    let looking = app.clone();
    let central = blocking::run(app.turns(), move || central(&looking));
    answer(&reader, central.await.map(|central| status_document(&app, central)))
}

// Whom this machine sends requests to, and when that answered last.
fn central(app: &App) -> Result<CentralStatus, WebError> {
    let machine = app.store_if_there()?.map(|store| store.machine()).transpose();
    let machine = machine.map_err(WebError::internal)?.unwrap_or_default();
    let kind = app.settings().central.kind;
    let last_contact = machine.last_contact.filter(|_| kind != CentralKind::None);
    Ok(CentralStatus { kind: kind.name(), last_contact: last_contact.map(|time| time.to_string()) })
}

fn status_document(app: &App, central: CentralStatus) -> StatusDocument {
    let open: Option<Arc<Open>> = app.open();
    let (members, fresh) = (app.members(), app.freshness());
    let libraries = members.iter().map(|library| {
        let fares = fresh.get(&library.code);
        let state = open.as_ref().and_then(|o| o.library(&library.code));
        LibraryStatus {
            code: library.code.to_string(),
            as_of: state.and_then(|s| s.as_of.clone()),
            last_try: fares.and_then(|fares| fares.last_try).map(|time| time.to_string()),
            state: fares.map_or(if state.is_some() { "ok" } else { "none" }, |fares| fares.state),
            reason: fares.and_then(|fares| fares.reason.clone()),
        }
    });
    StatusDocument {
        version: env!("CARGO_PKG_VERSION"),
        role: app.settings().role.name(),
        generation: open.as_ref().map(|o| o.catalogue.generation().to_owned()),
        entries: open.as_ref().map_or(0, |o| o.catalogue.manifest().entries),
        records: open.as_ref().map_or(0, |o| o.libraries().map(|(_, state)| state.records).sum()),
        libraries: libraries.collect(),
        central,
        snapshot: app
            .snapshot()
            .map(|fares| crate::wire::snapshot::SnapshotStatus::new(&fares, jiff::Timestamp::now())),
    }
}

/// `/api/v1/openapi.json`
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi::DOCUMENT).into_response()
}

/// `/healthz`: the process listens.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// `/readyz`: a generation is open.
pub(crate) async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.open() {
        Some(_) => (StatusCode::OK, "ready\n"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no generation is open\n"),
    }
}

/// `/metrics`
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    let looking = app.clone();
    let queue = blocking::run(app.turns(), move || {
        let mut text = String::new();
        if let Some(store) = looking.store_if_there()? {
            let depths = store.depths().map_err(WebError::internal)?;
            let machine = store.machine().map_err(WebError::internal)?;
            metrics::queue(&mut text, &depths, &machine, Timestamp::now());
            let branches = store.branches().map_err(WebError::internal)?;
            if !branches.is_empty() {
                metrics::branches(&mut text, &branches);
            }
        }
        Ok(text)
    });
    let mut text = app.metrics().text(app.open().as_deref(), &app.freshness());
    // Without the queue the rest is worth as much.
    text.push_str(&queue.await.unwrap_or_default());
    if let Some(status) = app.snapshot() {
        metrics::snapshot(&mut text, &status);
    }
    (kind, text).into_response()
}
