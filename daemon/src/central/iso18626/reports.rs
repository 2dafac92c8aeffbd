//! What the messages of others mean: events, with the words that came along.
//!
//! A status that goes back is no error: the event is kept and moves nothing, as `requests` decides.

use super::meaning::AGREED;
use super::message::{Request, Requesting, Supplying};
use super::words::{Action, Reason, Status};
use crate::requests::{Event, RequestForm, Shipment};

/// What a supplier's message says has happened; `None`: nothing that moves a request.
pub fn reported(message: &Supplying) -> Option<(Event, String)> {
    let event = match (message.reason, message.answer) {
        (Reason::CancelResponse, Some(granted)) => Event::AnswerCancel { granted },
        (Reason::RenewResponse, Some(granted)) => {
            Event::AnswerRenew { granted, due: message.due.filter(|_| granted) }
        }
        // An answer without a yes or no says it by its status.
        (Reason::CancelResponse, None) => {
            Event::AnswerCancel { granted: message.status == Some(Status::Cancelled) }
        }
        _ if !message.condition.is_empty() && waits(message.status) => Event::Condition,
        _ => by_status(message)?,
    };
    Some((event.clone(), words(message, &event)))
}

// A condition that comes with the goods is no question any more.
fn waits(status: Option<Status>) -> bool {
    matches!(status, None | Some(Status::RequestReceived | Status::ExpectToSupply | Status::WillSupply))
}

fn by_status(message: &Supplying) -> Option<Event> {
    Some(match message.status? {
        Status::RequestReceived => Event::Acknowledge,
        Status::ExpectToSupply | Status::WillSupply => Event::Accept,
        // An overdue loan is one; our own calendar knows by itself that the day has passed.
        Status::Loaned | Status::Overdue => Event::Ship { due: message.due },
        Status::Recalled => Event::Recall { due: message.due },
        Status::RetryPossible => Event::OfferRetry,
        Status::Unfilled => Event::Unfill,
        Status::LoanCompleted | Status::CopyCompleted => Event::CheckIn,
        Status::CompletedWithoutReturn => Event::Lose,
        Status::Cancelled => Event::AnswerCancel { granted: true },
    })
}

fn words(message: &Supplying, event: &Event) -> String {
    let shipment = Shipment::of_note(&message.note);
    let is_sent = matches!(event, Event::Ship { .. });
    if is_sent && shipment.barcodes.is_empty() {
        return Shipment { barcodes: Shipment::barcodes_of(&message.item), ..shipment }.to_note();
    }
    let said = [&message.condition, &message.reason_unfilled, &message.reason_retry, &message.note];
    let mut lines: Vec<&str> = Vec::new();
    for text in said.into_iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        if !lines.contains(&text) {
            lines.push(text);
        }
    }
    lines.join("\n")
}

/// What a requester's message means to the lender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It happened, or is wanted.
    Event(Event, String),
    /// How the request stands shall be said.
    Status,
    /// Words alone.
    Words(String),
}

/// What a requester's message means.
pub fn asked(message: &Requesting) -> Asked {
    let note = message.note.clone();
    match message.action {
        Action::StatusRequest => Asked::Status,
        Action::Received => Asked::Event(Event::Receive, note),
        Action::Cancel => Asked::Event(Event::AskCancel, note),
        Action::Renew => Asked::Event(Event::AskRenew, note),
        Action::ShippedReturn | Action::ShippedForward => Asked::Event(Event::Return, note),
        Action::Notification => match note.strip_prefix(AGREED) {
            Some(rest) => Asked::Event(Event::AgreeCondition, rest.trim().to_owned()),
            None => Asked::Words(note),
        },
    }
}

/// A peer's request as our form. Values that our own form would refuse are shown all the same: the lender decides.
pub fn of_form(request: &Request, supplier: &str) -> RequestForm {
    let book = &request.book;
    let id = |code: &str| {
        let found = book.ids.iter().find(|id| id.code.eq_ignore_ascii_case(code));
        found.map(|id| id.value.clone()).unwrap_or_default()
    };
    let or = |first: &str, second: &str| {
        let text = if first.is_empty() { second } else { first };
        text.chars().take(300).collect::<String>()
    };
    let volume = [&book.volume, &book.issue, &book.pages];
    let volume = volume.into_iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>().join(" ");
    RequestForm {
        title: or(&book.title, &book.title_of_component),
        author: or(&book.author, &book.author_of_component),
        year: or(&request.publication.date, ""),
        publisher: or(&request.publication.publisher, ""),
        isbn: id("ISBN"),
        issn: id("ISSN"),
        call_number: or(&request.call_number, ""),
        volume: or(&volume, ""),
        supplier: supplier.to_owned(),
        material_type: or(&request.publication.kind, ""),
        delivery: "courier".to_owned(),
        recipient: or(&request.recipient, ""),
        note: request.service.as_ref().map(|service| or(&service.note, "")).unwrap_or_default(),
        ..RequestForm::default()
    }
    .tidied()
}
