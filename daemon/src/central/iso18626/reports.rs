//! What the messages of others mean: events, with the words that came along.
//!
//! A status that goes back is no error: the event is kept and moves nothing, as `requests` decides.

use super::meaning::AGREED;
use super::message::{Request, Requesting, Supplying};
use super::words::{Action, Reason, Status};
use crate::requests::{Event, RequestForm, Shipment, Standing, Step};

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

/// What a supplier's answer to our question for the status comes to where the request stands so here: what we did not
/// know, or that nothing has changed.
pub fn answered(message: &Supplying, standing: Standing) -> (Event, String) {
    let (event, note) = reported(message).unwrap_or((Event::TellStatus, message.note.clone()));
    let event = match event {
        // That a renewal was granted shows by its day alone.
        Event::Ship { due: Some(day) } if standing.renewal_asked && Some(day) > standing.due => {
            Event::AnswerRenew { granted: true, due: Some(day) }
        }
        event => event,
    };
    match standing.after(&event) {
        Ok(Step::To(next)) if next != standing => (event, note),
        _ => (Event::TellStatus, note),
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::civil::date;

    use super::super::tests::{about, recorded};
    use super::super::{Message, read, supplying, write};
    use super::*;
    use crate::requests::{Party, Recorded};

    fn supplied(reason: Reason, answer: Option<bool>, status: Option<Status>) -> Supplying {
        let Message::Supplying(blank) =
            supplying(&about(None), &recorded(Party::Lender, Event::Accept, ""), &[]).unwrap()
        else {
            panic!()
        };
        Supplying { reason, answer, status, due: Some(date(2026, 12, 29)), ..*blank }
    }

    #[test]
    fn a_suppliers_message_says_what_happened() {
        use Reason::*;
        let due = Some(date(2026, 12, 29));
        for (message, expect) in [
            (supplied(RequestResponse, None, Some(Status::RequestReceived)), Some(Event::Acknowledge)),
            (supplied(StatusChange, None, Some(Status::ExpectToSupply)), Some(Event::Accept)),
            (supplied(StatusChange, None, Some(Status::Loaned)), Some(Event::Ship { due })),
            (supplied(StatusChange, None, Some(Status::Recalled)), Some(Event::Recall { due })),
            (
                supplied(CancelResponse, Some(true), Some(Status::Cancelled)),
                Some(Event::AnswerCancel { granted: true }),
            ),
            (
                supplied(CancelResponse, Some(false), Some(Status::Loaned)),
                Some(Event::AnswerCancel { granted: false }),
            ),
            (
                supplied(CancelResponse, None, Some(Status::Cancelled)),
                Some(Event::AnswerCancel { granted: true }),
            ),
            (
                supplied(RenewResponse, Some(true), Some(Status::Loaned)),
                Some(Event::AnswerRenew { granted: true, due }),
            ),
            (
                supplied(RenewResponse, Some(false), Some(Status::Loaned)),
                Some(Event::AnswerRenew { granted: false, due: None }),
            ),
            (supplied(StatusChange, None, Some(Status::LoanCompleted)), Some(Event::CheckIn)),
            (supplied(Notification, None, None), None),
        ] {
            assert_eq!(reported(&message).map(|(event, _)| event), expect, "{message:?}");
        }
        let asks = Supplying {
            condition: "LibraryUseOnly".into(),
            ..supplied(Notification, None, Some(Status::WillSupply))
        };
        assert_eq!(reported(&asks), Some((Event::Condition, "LibraryUseOnly".into())));
        let goods = Supplying {
            condition: "LibraryUseOnly".into(),
            item: "00123".into(),
            ..supplied(StatusChange, None, Some(Status::Loaned))
        };
        let (event, note) = reported(&goods).unwrap();
        assert_eq!(
            (event, Shipment::of_note(&note).barcodes),
            (Event::Ship { due }, vec!["00123".to_owned()])
        );
    }

    #[test]
    fn an_answer_about_the_status_says_how_it_stands_and_since_when() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let does = |event, text| Recorded { at: at(text), ..recorded(Party::Lender, event, "") };
        let ship = does(Event::Ship { due: Some(date(2026, 12, 29)) }, "2026-11-20T01:00:00Z");
        let renew = Event::AnswerRenew { granted: true, due: Some(date(2027, 1, 15)) };
        let renew = does(renew, "2026-11-25T01:00:00Z");
        let refuse = does(Event::AnswerRenew { granted: false, due: None }, "2026-11-26T01:00:00Z");
        let told = does(Event::TellStatus, "2026-11-29T12:00:00Z");
        let back = does(Event::CheckIn, "2026-11-28T01:00:00Z");
        let check = |before: &[&Recorded], status: Status, due, since: &str| {
            let text = write(&supplying(&about(None), &told, before.iter().copied()).unwrap());
            let Ok(Message::Supplying(message)) = read(text.as_bytes()) else { panic!("{text}") };
            assert_eq!(message.reason, Reason::StatusRequestResponse);
            assert_eq!(
                (message.status, message.due, message.since),
                (Some(status), due, at(since)),
                "{text}"
            );
            assert_eq!((message.header.at, message.answer, message.sent), (told.at, None, None));
        };
        check(&[], Status::RequestReceived, None, "2026-11-29T12:00:00Z");
        check(&[&ship], Status::Loaned, Some(date(2026, 12, 29)), "2026-11-20T01:00:00Z");
        check(
            &[&ship, &renew, &refuse, &told],
            Status::Loaned,
            Some(date(2027, 1, 15)),
            "2026-11-25T01:00:00Z",
        );
        check(&[&ship, &renew, &back], Status::LoanCompleted, None, "2026-11-28T01:00:00Z");
    }

    #[test]
    fn an_answer_about_the_status_is_an_event_only_where_it_says_more_than_is_known() {
        let stands = |events: &[Event]| {
            events.iter().fold(Standing::default(), |standing, event| match standing.after(event) {
                Ok(Step::To(next)) => next,
                other => panic!("{other:?}"),
            })
        };
        let due = Some(date(2026, 12, 29));
        let sent = &[Event::Submit, Event::Transmit, Event::CentreReceipt][..];
        let lent = [sent, &[Event::Ship { due }, Event::Receive, Event::CheckOut]].concat();
        let renewing = [&lent[..], &[Event::AskRenew]].concat();
        let later = Some(date(2027, 1, 15));
        let answer = |status| supplied(Reason::StatusRequestResponse, None, status);
        let renewed = Supplying { due: later, ..answer(Some(Status::Loaned)) };
        for (message, before, expect) in [
            (answer(Some(Status::RequestReceived)), sent, Event::Acknowledge),
            (answer(Some(Status::Loaned)), sent, Event::Ship { due }),
            (answer(Some(Status::Unfilled)), sent, Event::Unfill),
            (answer(None), sent, Event::TellStatus),
            // It stands so already, or was further.
            (answer(Some(Status::Loaned)), &lent[..], Event::TellStatus),
            (answer(Some(Status::WillSupply)), &lent[..], Event::TellStatus),
            (answer(Some(Status::LoanCompleted)), &lent[..], Event::CheckIn),
            (renewed.clone(), &renewing[..], Event::AnswerRenew { granted: true, due: later }),
            (answer(Some(Status::Loaned)), &renewing[..], Event::TellStatus),
            (renewed, &lent[..], Event::TellStatus),
        ] {
            assert_eq!(answered(&message, stands(before)).0, expect, "{message:?} {before:?}");
        }
    }
}
