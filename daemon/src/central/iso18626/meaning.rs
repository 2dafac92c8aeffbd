//! What our events are told as: each event that the other side must hear of is one message.

use jiff::Timestamp;
use jiff::civil::Date;

use super::message::{
    Agency, Book, Header, ItemId, Message, Publication, Request, Requesting, Service, Supplying,
};
use super::words::{Action, Reason, RequestType, ServiceType, Status};
use crate::requests::{Event, Recorded, RequestForm, Shipment};

/// What every message about a request says.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The lender, as its peer calls it.
    pub supplier: Agency,
    /// The library that asks.
    pub requester: Agency,
    /// What the requester calls the request.
    pub request: &'a str,
    /// Name and secret with which the writer is known to the reader.
    pub authentication: Option<(String, String)>,
    /// What was filled in; the first message alone needs it.
    pub form: Option<&'a RequestForm>,
    /// The reader's barcode, and nothing else of the person.
    pub patron: &'a str,
    /// The request that this one follows.
    pub previous: Option<&'a str>,
}

/// By which ReShare knows that a condition is agreed to.
pub(super) const AGREED: &str = "#ReShareLoanConditionAgreeResponse#";

impl About<'_> {
    fn header(&self, at: Timestamp) -> Header {
        Header {
            supplier: self.supplier.clone(),
            requester: self.requester.clone(),
            multiple_item: String::new(),
            at,
            request: self.request.to_owned(),
            supplier_request: None,
            authentication: self.authentication.clone(),
        }
    }
}

/// An event of the requester's side as a message; `None` where ISO 18626 has no word for it and none is needed.
/// `has_come`: the item was received before.
pub fn requesting(about: &About<'_>, recorded: &Recorded, has_come: bool) -> Option<Message> {
    let action = match recorded.event {
        Event::Submit => return request(about, recorded).map(|one| Message::Request(Box::new(one))),
        Event::AskCancel | Event::RefuseCondition => Action::Cancel,
        // What has come is ended at home; what has not must not be sent any more.
        Event::Close if !has_come => Action::Cancel,
        Event::Close | Event::Lose | Event::AgreeCondition => Action::Notification,
        Event::Receive => Action::Received,
        Event::AskRenew => Action::Renew,
        Event::AskStatus => Action::StatusRequest,
        Event::Return => Action::ShippedReturn,
        _ => return None,
    };
    let note = match recorded.event {
        Event::AgreeCondition => format!("{AGREED} {}", recorded.note).trim().to_owned(),
        _ => recorded.note.clone(),
    };
    Some(Message::Requesting(Box::new(Requesting { header: about.header(recorded.at), action, note })))
}

fn request(about: &About<'_>, recorded: &Recorded) -> Option<Request> {
    let form = about.form?;
    let id = |code: &str, value: &str| {
        (!value.is_empty()).then(|| ItemId { code: code.to_owned(), value: value.to_owned() })
    };
    let delivery = if form.delivery == "pickup" { "[自取]" } else { "" };
    Some(Request {
        header: about.header(recorded.at),
        book: Book {
            title: form.title.clone(),
            author: form.author.clone(),
            volume: form.volume.clone(),
            ids: [id("ISBN", &form.isbn), id("ISSN", &form.issn)].into_iter().flatten().collect(),
            ..Book::default()
        },
        publication: Publication {
            publisher: form.publisher.clone(),
            kind: String::new(),
            date: form.year.clone(),
        },
        service: Some(Service {
            request_type: RequestType::New,
            for_patron: true,
            previous: about.previous.map(str::to_owned),
            service: ServiceType::Loan,
            note: format!("{delivery} {}", form.note).trim().to_owned(),
        }),
        call_number: form.call_number.clone(),
        // A parcel goes to the library; who fetches the item himself has no address.
        recipient: if delivery.is_empty() { form.recipient.clone() } else { String::new() },
        patron: about.patron.to_owned(),
    })
}

/// An event of the lender's side as a message; `before` are its earlier events.
pub fn supplying<'a>(
    about: &About<'_>,
    recorded: &Recorded,
    before: impl IntoIterator<Item = &'a Recorded>,
) -> Option<Message> {
    let (mut is_first, mut standing, mut changed, mut known_due) = (true, None, recorded.at, None);
    for earlier in before {
        let Some(status) = status_of(&earlier.event) else { continue };
        (is_first, standing, changed) = (false, Some(status), earlier.at);
        known_due = due_of(&earlier.event).or(known_due);
    }
    let status = status_of(&recorded.event).or(standing);
    let (mut reason, mut answer, mut due) = (Reason::StatusChange, None, None);
    let since = if recorded.event == Event::TellStatus { changed } else { recorded.at };
    match recorded.event {
        Event::AnswerCancel { granted } => (reason, answer) = (Reason::CancelResponse, Some(granted)),
        Event::AnswerRenew { granted, due: day } => {
            (reason, answer, due) = (Reason::RenewResponse, Some(granted), day);
        }
        Event::Condition => reason = Reason::Notification,
        Event::Ship { due: day } | Event::Recall { due: day } => due = day,
        Event::Acknowledge | Event::Accept | Event::Unfill | Event::OfferRetry if is_first => {
            reason = Reason::RequestResponse;
        }
        Event::Acknowledge | Event::Accept | Event::Unfill | Event::OfferRetry => {}
        Event::CheckIn | Event::Lose => {}
        Event::TellStatus => {
            reason = Reason::StatusRequestResponse;
            due = known_due.filter(|_| matches!(status, Some(Status::Loaned | Status::Recalled)));
        }
        _ => return None,
    }
    let is_sent = matches!(recorded.event, Event::Ship { .. });
    let shipment = Shipment::of_note(&recorded.note);
    let condition = if recorded.event == Event::Condition { recorded.note.clone() } else { String::new() };
    Some(Message::Supplying(Box::new(Supplying {
        header: about.header(recorded.at),
        reason,
        answer,
        note: recorded.note.clone(),
        reason_unfilled: String::new(),
        reason_retry: if recorded.event == Event::OfferRetry {
            "LoanCondition".to_owned()
        } else {
            String::new()
        },
        status: status.or(Some(Status::RequestReceived)),
        due,
        since,
        sent: is_sent.then_some(recorded.at),
        item: if is_sent { shipment.barcodes.join(" ") } else { String::new() },
        condition,
    })))
}

// The day by which an event of the lender wants the item back.
fn due_of(event: &Event) -> Option<Date> {
    match event {
        Event::Ship { due } | Event::Recall { due } | Event::AnswerRenew { granted: true, due } => *due,
        _ => None,
    }
}

/// The status that an event of the lender brings; `None`: it stays.
pub(super) fn status_of(event: &Event) -> Option<Status> {
    match event {
        Event::Acknowledge => Some(Status::RequestReceived),
        Event::Accept => Some(Status::WillSupply),
        Event::Condition => Some(Status::ExpectToSupply),
        Event::Unfill => Some(Status::Unfilled),
        Event::OfferRetry => Some(Status::RetryPossible),
        Event::Ship { .. } | Event::AnswerRenew { granted: true, .. } => Some(Status::Loaned),
        Event::Recall { .. } => Some(Status::Recalled),
        Event::CheckIn => Some(Status::LoanCompleted),
        Event::Lose => Some(Status::CompletedWithoutReturn),
        Event::AnswerCancel { granted: true } => Some(Status::Cancelled),
        _ => None,
    }
}
