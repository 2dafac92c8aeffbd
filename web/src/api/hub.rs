//! What the branches of a hub call: letters in, feed out, enrolment. On other machines none of it is there.
//!
//! Calls and answers are signed; what that means is known by `daemon::central`.

use std::path::Path;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daemon::central::{
    AUTHOR, Answer, Call, Caller, Enrolling, Fares, HubDesk, LONGEST_POLL, SIGNATURE, Stand, TIME,
};
use daemon::keys::from_hex;
use daemon::settings::Role;
use daemon::sync::carrier::Folder;
use daemon::sync::repository::first_root;
use jiff::Timestamp;

use crate::blocking;
use crate::error::WebError;
use crate::reader::Reader;
use crate::state::App;

/// The hub of this machine, if it is one. A hub in a drill takes itself for away.
fn desk(app: &App) -> Result<HubDesk, WebError> {
    if app.settings().role != Role::Hub {
        return Err(WebError::NotFound);
    }
    let store = app.store()?;
    let machine = store.machine().map_err(WebError::internal)?;
    if machine.drill_left(Timestamp::now()).is_some() {
        return Err(WebError::Busy);
    }
    Ok(HubDesk { store, data_dir: app.data_dir().to_owned(), name: app.settings().hub_name() })
}

/// `POST /api/v1/hub/letters`
pub(crate) async fn letters(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    reader: Reader,
    body: Bytes,
) -> Response {
    let path = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    answered(app, "POST", path, headers, reader, body, |hub, caller, body| {
        hub.letters(caller, body, Timestamp::now())
    })
    .await
}

/// `GET /api/v1/hub/feed?after=&mark=&life=&end=&card=&generation=&bytes=&trouble=&wait=&root=`: with `wait` it is answered when there is
/// news, or after so many seconds.
pub(crate) async fn feed(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    reader: Reader,
) -> Response {
    let path = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let after = reader.asked.get("after").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mark = reader.asked.get("mark").unwrap_or_default().to_owned();
    let number = |name: &str| reader.asked.get(name).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let end = reader.asked.get("end").and_then(|text| text.parse().ok()).unwrap_or(0);
    let heard = Stand { life: number("life"), end };
    let card = reader.asked.get("card").and_then(from_hex::<32>);
    let wait = reader.asked.get("wait").and_then(|text| text.parse().ok()).unwrap_or(0);
    if wait > 0 {
        let wait = Duration::from_secs(wait).min(LONGEST_POLL);
        wait_for_news(&app, after, wait, path.clone(), headers.clone()).await;
    }
    let fares = Fares::read(|key| reader.asked.get(key));
    let wants_root = reader.asked.get("root") == Some("none");
    let repository = app.settings().own_repository(app.data_dir()).filter(|_| wants_root);
    answered(app, "GET", path, headers, reader, Bytes::new(), move |hub, caller, _| {
        if let Some(key) = card {
            hub.store.note_card_key(&caller.library, key, Timestamp::now())?;
        }
        let root = repository.and_then(|folder| root_in(&folder));
        hub.feed(caller, (after, &mark, heard), fares.as_ref(), root, Timestamp::now())
    })
    .await
}

// A hub that publishes nothing yet has none, and whatever is wrong with its repository holds no request up.
fn root_in(repository: &Path) -> Option<String> {
    if !repository.is_dir() {
        return None;
    }
    let root = first_root(&Folder::new(repository));
    let root = root.inspect_err(|cause| tracing::warn!(%cause, "the root of the repository cannot be read"));
    String::from_utf8(root.ok()??).ok()
}

async fn answered(
    app: App,
    method: &'static str,
    path: String,
    headers: HeaderMap,
    reader: Reader,
    body: Bytes,
    act: impl FnOnce(&HubDesk, &Caller, &[u8]) -> daemon::Result<Answer> + Send + 'static,
) -> Response {
    match called(app, method, path, headers, body, act).await {
        Err(cause) => cause.problem(&reader),
        Ok(Answer { status, body, signature }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let headers = [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "no-store"),
                (HeaderName::from_static(SIGNATURE), signature.as_str()),
            ];
            (status, headers, body).into_response()
        }
    }
}

// Until there is something for the caller, for so long at most; whoever has not signed is not kept.
async fn wait_for_news(app: &App, after: i64, wait: Duration, path: String, headers: HeaderMap) {
    let until = tokio::time::Instant::now() + wait;
    let mut grows = app.feed_grows();
    loop {
        let asked = move |hub: &HubDesk, caller: &Caller, _: &[u8]| hub.has_news(caller, after);
        let (app, path, headers) = (app.clone(), path.clone(), headers.clone());
        if !matches!(called(app, "GET", path, headers, Bytes::new(), asked).await, Ok(false)) {
            return;
        }
        if !matches!(tokio::time::timeout_at(until, grows.changed()).await, Ok(Ok(()))) {
            return;
        }
    }
}

// What a call brings, if a branch has signed it.
async fn called<T: Send + 'static>(
    app: App,
    method: &'static str,
    path: String,
    headers: HeaderMap,
    body: Bytes,
    act: impl FnOnce(&HubDesk, &Caller, &[u8]) -> daemon::Result<T> + Send + 'static,
) -> Result<T, WebError> {
    let acting = app.clone();
    blocking::run(app.turns(), move || {
        let hub = desk(&acting)?;
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (author, time, signature) = (text(AUTHOR), text(TIME), text(SIGNATURE));
        let call = Call { method, path: &path, author, time, signature, body: &body };
        let caller = hub.caller(&call, Timestamp::now()).map_err(WebError::internal)?;
        let Some(caller) = caller else {
            tracing::warn!(author, "a call to the hub is not signed by a branch");
            return Err(WebError::Unauthorized);
        };
        act(&hub, &caller, &body).map_err(WebError::internal)
    })
    .await
}

/// `POST /api/v1/hub/enrol`
pub(crate) async fn enrol(State(app): State<App>, reader: Reader, body: Bytes) -> Response {
    let acting = app.clone();
    let enrolled = blocking::run(app.turns(), move || {
        let hub = desk(&acting)?;
        let enrolling: Enrolling = serde_json::from_slice(&body)
            .map_err(|cause| WebError::Refused(format!("the body cannot be read: {cause}")))?;
        let enrolled = hub.enrol(&enrolling, Timestamp::now()).map_err(WebError::internal)?;
        enrolled.map_err(WebError::Refused)
    });
    super::answer(&reader, enrolled.await)
}
