//! The documents of CONTRACT §6, for the API and for `lianmu requests list` and `lianmu queue list`.

use daemon::desk::Warning;
use daemon::requests::{Event, History, Party, Recorded, RequestForm};
use daemon::store::{QueuedMessage, StoredRequest};
use serde::Serialize;

use crate::i18n::Lang;
use crate::requests;

/// A request in a list.
#[derive(Serialize)]
pub(crate) struct RequestRow {
    id: String,
    number: String,
    state: &'static str,
    title: String,
    supplier: String,
    created: String,
    due: Option<String>,
    as_of: String,
}

impl RequestRow {
    pub(crate) fn new(request: &StoredRequest) -> Self {
        Self {
            id: request.id.to_string(),
            number: request.number.clone(),
            state: request.state.code(),
            title: request.form.title.clone(),
            supplier: request.form.supplier.clone(),
            created: request.created.to_string(),
            due: request.due.map(|day| day.to_string()),
            as_of: request.changed.to_string(),
        }
    }
}

/// A request with what happened to it.
#[derive(Serialize)]
pub(crate) struct RequestDocument {
    #[serde(flatten)]
    row: RequestRow,
    events: Vec<EventDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<WarningDocument>>,
}

impl RequestDocument {
    pub(crate) fn new(request: &StoredRequest, history: &History) -> Self {
        Self { row: RequestRow::new(request), events: events(history), warnings: None }
    }

    pub(crate) fn with(self, warnings: Vec<WarningDocument>) -> Self {
        Self { warnings: Some(warnings), ..self }
    }
}

/// What a reader should know before sending.
#[derive(Serialize)]
pub(crate) struct WarningDocument {
    code: &'static str,
    message: &'static str,
}

impl WarningDocument {
    pub(crate) fn new(warning: Warning, lang: Lang) -> Self {
        let (code, message) = requests::warning(warning, lang);
        Self { code, message }
    }
}

/// An event, numbered as it counts.
#[derive(Serialize)]
pub(crate) struct EventDocument {
    seq: usize,
    at: String,
    actor: Party,
    /// Its word, and what it brought: a due date, a yes or no.
    #[serde(flatten)]
    event: Event,
    note: String,
}

fn events(history: &History) -> Vec<EventDocument> {
    let event = |(place, recorded): (usize, &Recorded)| EventDocument {
        seq: place + 1,
        at: recorded.at.to_string(),
        actor: recorded.party,
        event: recorded.event.clone(),
        note: recorded.note.clone(),
    };
    history.events().enumerate().map(event).collect()
}

/// A line of `lianmu requests list --json`.
#[derive(Serialize)]
pub(crate) struct RequestLine<'a> {
    #[serde(flatten)]
    form: &'a RequestForm,
    id: String,
    number: &'a str,
    state: &'static str,
    library: &'a str,
    created: String,
    due: Option<String>,
    events: Vec<EventDocument>,
}

impl<'a> RequestLine<'a> {
    pub(crate) fn new(request: &'a StoredRequest, history: &History) -> Self {
        Self {
            form: &request.form,
            id: request.id.to_string(),
            number: &request.number,
            state: request.state.code(),
            library: request.library.as_str(),
            created: request.created.to_string(),
            due: request.due.map(|day| day.to_string()),
            events: events(history),
        }
    }
}

/// A line of `lianmu queue list --json`.
#[derive(Serialize)]
pub(crate) struct MessageLine<'a> {
    request: String,
    number: &'a str,
    n: u32,
    kind: &'a str,
    to: &'a str,
    delivery: &'static str,
    attempts: u32,
    next_try: Option<String>,
    last_error: Option<&'a str>,
    created: String,
}

impl<'a> MessageLine<'a> {
    pub(crate) fn new(message: &'a QueuedMessage) -> Self {
        Self {
            request: message.request.to_string(),
            number: &message.number,
            n: message.n,
            kind: &message.kind,
            to: &message.recipient,
            delivery: message.delivery.code(),
            attempts: message.attempts,
            next_try: message.next_try.map(|time| time.to_string()),
            last_error: message.last_error.as_deref(),
            created: message.created.to_string(),
        }
    }
}
