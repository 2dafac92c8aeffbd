//! The requests of the reader who is signed in (CONTRACT §6). Those of others are not there.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use daemon::desk::{Refusal, Taken, Warning};
use daemon::requests::{RequestForm, State as RequestState};
use daemon::store::{Account, REQUESTS_A_PAGE, StoredRequest};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::SignedIn;
use crate::reader::Reader;
use crate::requests::{self, Fault422, Reply, Sent};
use crate::state::App;
use crate::wire::requests::{RequestDocument, RequestRow, WarningDocument};

/// Longest idempotency key.
const MOST_KEY: usize = 200;

#[derive(Serialize)]
struct Faults {
    errors: Vec<Fault422>,
}

#[derive(Serialize)]
struct Warnings {
    warnings: Vec<WarningDocument>,
}

#[derive(Serialize)]
struct ListDocument {
    total: u32,
    page: u32,
    pages: u32,
    requests: Vec<RequestRow>,
}

/// `POST /api/v1/requests`
pub(crate) async fn submit(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    reader: Reader,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let lang = reader.lang;
    let sent = match sent(&headers, &body, lang) {
        Ok(sent) => sent,
        Err(errors) => return (StatusCode::UNPROCESSABLE_ENTITY, Json(Faults { errors })).into_response(),
    };
    let taking = app.clone();
    let reply = blocking::run(app.turns(), move || {
        let reply = requests::take(&taking, &account, sent, lang)?;
        let document = match &reply {
            Reply::Desk(Taken::Kept { request, .. }) => Some(document(&taking, request)?),
            _ => None,
        };
        Ok((reply, document))
    });
    match reply.await {
        Err(cause) => cause.problem(&reader),
        Ok((reply, document)) => said(reply, document, &reader),
    }
}

fn said(reply: Reply, document: Option<RequestDocument>, reader: &Reader) -> Response {
    let warnings =
        |all: Vec<Warning>| all.into_iter().map(|one| WarningDocument::new(one, reader.lang)).collect();
    match (reply, document) {
        (Reply::Faults(errors), _) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(Faults { errors })).into_response()
        }
        (Reply::Desk(Taken::Unconfirmed { warnings: all, .. }), _) => {
            Json(Warnings { warnings: warnings(all) }).into_response()
        }
        (Reply::Desk(Taken::Kept { warnings: all, .. }), Some(document)) => {
            (StatusCode::CREATED, Json(document.with(warnings(all)))).into_response()
        }
        _ => WebError::Refused(reader.lang.t("request.other_body").to_owned()).problem(reader),
    }
}

/// What was sent, or which values are no text.
fn sent(headers: &HeaderMap, body: &[u8], lang: Lang) -> Result<Sent, Vec<Fault422>> {
    let fault = |field, key| Fault422 { field, message: lang.t(key).to_owned() };
    let Ok(Value::Object(values)) = serde_json::from_slice(body) else {
        return Err(vec![fault("", "request.no_json")]);
    };
    let (form, wrong) = form(&values);
    if !wrong.is_empty() {
        return Err(wrong.into_iter().map(|field| fault(field, "request.no_text")).collect());
    }
    let is_confirmed = values.get("confirm") != Some(&Value::Bool(false));
    let key = headers.get("idempotency-key").map(|value| value.as_bytes());
    if key.is_some_and(|key| key.is_empty() || key.len() > MOST_KEY) {
        return Err(vec![fault("", "request.wrong_key")]);
    }
    // Of what was meant, not of how it was written: white space and order of names do not make another body.
    let meant = serde_json::to_vec(&form.tidied()).unwrap_or_default();
    let hash = |bytes: &[u8]| *blake3::hash(bytes).as_bytes();
    Ok(Sent { form, is_confirmed, key: key.map(|key| (hash(key), hash(&meant))) })
}

fn form(values: &Map<String, Value>) -> (RequestForm, Vec<&'static str>) {
    let mut wrong = Vec::new();
    let mut text = |name: &'static str| match values.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) if name == "year" => number.to_string(),
        Some(_) => {
            wrong.push(name);
            String::new()
        }
    };
    let form = RequestForm::of(&mut text);
    (form, wrong)
}

/// `GET /api/v1/requests?from=&to=&state=&supplier=&q=&page=`
pub(crate) async fn list(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let filter = match requests::filter(&reader.asked, &requests::zone(&app)) {
        Ok(filter) => filter,
        Err(cause) => return WebError::from(cause).problem(&reader),
    };
    let page = filter.page;
    let reading = app.clone();
    let found = blocking::run(app.turns(), move || {
        reading.store()?.requests_of(account.id, &filter).map_err(WebError::internal)
    });
    super::answer(
        &reader,
        found.await.map(|(total, requests)| ListDocument {
            total,
            page,
            pages: total.div_ceil(REQUESTS_A_PAGE),
            requests: requests.iter().map(RequestRow::new).collect(),
        }),
    )
}

/// `GET /api/v1/requests/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(id): Path<String>,
    reader: Reader,
) -> Response {
    let reading = app.clone();
    let found =
        blocking::run(app.turns(), move || document(&reading, &requests::own(&reading, &account, &id)?));
    super::answer(&reader, found.await)
}

/// `POST /api/v1/requests/{id}/cancel`
pub(crate) async fn cancel(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(id): Path<String>,
    reader: Reader,
) -> Response {
    act(app, account, id, reader, |app, request| {
        requests::desk(app)?.withdraw(request, Timestamp::now()).map_err(WebError::internal)
    })
    .await
}

/// `POST /api/v1/requests/{id}/renew`
pub(crate) async fn renew(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(id): Path<String>,
    reader: Reader,
) -> Response {
    act(app, account, id, reader, |app, request| {
        requests::desk(app)?.renew(request, Timestamp::now()).map_err(WebError::internal)
    })
    .await
}

type Done = Result<RequestState, Refusal>;

async fn act(
    app: App,
    account: Account,
    id: String,
    reader: Reader,
    act: impl FnOnce(&App, &StoredRequest) -> Result<Done, WebError> + Send + 'static,
) -> Response {
    let (acting, lang) = (app.clone(), reader.lang);
    let done = blocking::run(app.turns(), move || {
        let request = requests::own(&acting, &account, &id)?;
        act(&acting, &request)?.map_err(|refusal| {
            WebError::Refused(requests::refusal(refusal, &requests::zone(&acting), lang))
        })?;
        document(&acting, &requests::own(&acting, &account, &id)?)
    });
    super::answer(&reader, done.await)
}

fn document(app: &App, request: &StoredRequest) -> Result<RequestDocument, WebError> {
    let history = app.store()?.history(request.id).map_err(WebError::internal)?;
    Ok(RequestDocument::new(request, &history))
}
