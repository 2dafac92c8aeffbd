//! `/admin/runs/{id}/events`: how far a run is, once a second, as server-sent events.
//!
//! How many listen at once is bounded, and for how long: a browser comes again by itself.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use daemon::store::{OpenRun, Phase};
use futures_util::stream;
use serde_json::json;

use super::{size, with_store};
use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::login::Admin;
use crate::reader::Reader;
use crate::state::App;

/// Seconds after which the browser must ask again.
const LONGEST: u32 = 600;

/// The stream of one run.
pub(crate) async fn of_run(
    State(app): State<App>,
    Path(id): Path<String>,
    reader: Reader,
    _admin: Admin,
) -> Response {
    let Some(place) = app.listener_place() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let lang = reader.lang;
    let stream = stream::unfold((app, id, 0, place), move |(app, id, n_sent, place)| async move {
        if n_sent >= LONGEST {
            return None;
        }
        if n_sent > 0 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let wanted = id.clone();
        let run = with_store(&app, move |_, store| store.run(&wanted).map_err(WebError::internal)).await;
        let (event, is_last) = match run {
            Ok(Some(run)) => (progress(&run, lang), run.phase == Phase::Ended),
            // A run in which nothing happened is forgotten.
            Ok(None) => (Event::default().data(json!({"ended": true}).to_string()), true),
            Err(_) => (Event::default().comment("busy"), false),
        };
        let n_sent = if is_last { LONGEST } else { n_sent + 1 };
        Some((Ok::<_, Infallible>(event), (app, id, n_sent, place)))
    });
    Sse::new(stream).keep_alive(KeepAlive::default()).into_response()
}

fn progress(run: &OpenRun, lang: Lang) -> Event {
    let document = json!({
        "phase": lang.label("phase", run.phase.name()),
        "bytes": size(run.bytes),
        "items": grouped(run.items),
        "ended": run.phase == Phase::Ended,
    });
    Event::default().data(document.to_string())
}
