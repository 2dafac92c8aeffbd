//! The six messages as values; of each what we write or act on.

use jiff::Timestamp;
use jiff::civil::Date;

use super::words::{Action, ErrorType, Reason, RequestType, ServiceType, Status};

/// A library, by a scheme of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agency {
    /// The scheme: `ISIL`, or ours.
    pub scheme: String,
    /// The name within it.
    pub value: String,
}

/// What stands at the head of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Who shall lend.
    pub supplier: Agency,
    /// Who asks.
    pub requester: Agency,
    /// Binds requests together; the schema wants it there, empty as a rule.
    pub multiple_item: String,
    /// When it was written.
    pub at: Timestamp,
    /// What the requester calls the request.
    pub request: String,
    /// What the supplier calls it.
    pub supplier_request: Option<String>,
    /// Name and secret of the requester at the supplier.
    pub authentication: Option<(String, String)>,
}

/// A number by which a work is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemId {
    /// `ISBN`, `ISSN`, `ISMN`.
    pub code: String,
    /// The number.
    pub value: String,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the schema")]
pub struct Book {
    pub supplier_record: String,
    pub title: String,
    pub author: String,
    pub subtitle: String,
    pub edition: String,
    pub title_of_component: String,
    pub author_of_component: String,
    pub volume: String,
    pub issue: String,
    pub pages: String,
    pub ids: Vec<ItemId>,
}

/// How it came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in the schema")]
pub struct Publication {
    pub publisher: String,
    pub kind: String,
    pub date: String,
}

/// Which service is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// A new request, or one more try.
    pub request_type: RequestType,
    /// For a patron, and not for stock.
    pub for_patron: bool,
    /// The request that this one follows.
    pub previous: Option<String>,
    /// A loan or a copy.
    pub service: ServiceType,
    /// What else is said.
    pub note: String,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its head.
    pub header: Header,
    /// What is asked for.
    pub book: Book,
    /// How it came out.
    pub publication: Publication,
    /// Which service; a request without one is for a loan.
    pub service: Option<Service>,
    /// Where it stands at the supplier.
    pub call_number: String,
    /// To whom it shall be sent.
    pub recipient: String,
    /// By what its patron is known to the requester.
    pub patron: String,
}

/// A message of the supplier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplying {
    /// Its head.
    pub header: Header,
    /// Why it is written.
    pub reason: Reason,
    /// Yes or no, to a withdrawal or a renewal.
    pub answer: Option<bool>,
    /// Words.
    pub note: String,
    /// Why it cannot be supplied.
    pub reason_unfilled: String,
    /// Why it should be tried again.
    pub reason_retry: String,
    /// How it stands; `None`: nothing has changed.
    pub status: Option<Status>,
    /// By which day it shall be back, in +08:00.
    pub due: Option<Date>,
    /// Since when it stands so.
    pub since: Timestamp,
    /// When it was sent.
    pub sent: Option<Timestamp>,
    /// Barcodes of what was sent.
    pub item: String,
    /// On which condition.
    pub condition: String,
}

/// A message of the requester about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requesting {
    /// Its head.
    pub header: Header,
    /// What is wanted, or was done.
    pub action: Action,
    /// Words.
    pub note: String,
}

/// Which of the three kinds of message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// A request.
    Request,
    /// The supplier's.
    Supplying,
    /// The requester's.
    Requesting,
}

impl Which {
    /// Name of the element.
    pub fn element(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Supplying => "supplyingAgencyMessage",
            Self::Requesting => "requestingAgencyMessage",
        }
    }

    /// Name of the element of its confirmation.
    pub fn confirmation(self) -> &'static str {
        match self {
            Self::Request => "requestConfirmation",
            Self::Supplying => "supplyingAgencyMessageConfirmation",
            Self::Requesting => "requestingAgencyMessageConfirmation",
        }
    }

    /// All three.
    pub const ALL: [Self; 3] = [Self::Request, Self::Supplying, Self::Requesting];
}

/// The answer that a message gets at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// Of which message.
    pub which: Which,
    /// Who supplies, as the message said.
    pub supplier: Option<Agency>,
    /// Who asks, as the message said.
    pub requester: Option<Agency>,
    /// When the answer was written.
    pub at: Timestamp,
    /// What the requester calls the request.
    pub request: Option<String>,
    /// As in the message.
    pub multiple_item: Option<String>,
    /// The time that stood in the message.
    pub received: Timestamp,
    /// The supplier's reason, given back.
    pub reason: Option<Reason>,
    /// The requester's action, given back.
    pub action: Option<Action>,
    /// `None`: OK.
    pub error: Option<(ErrorType, String)>,
}

/// Any message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Box<Request>),
    /// A message of the supplier.
    Supplying(Box<Supplying>),
    /// A message of the requester.
    Requesting(Box<Requesting>),
    /// The confirmation of one of them.
    Confirmation(Box<Confirmation>),
}

impl Message {
    /// The head of a message that is no confirmation.
    pub fn header(&self) -> Option<&Header> {
        match self {
            Self::Request(request) => Some(&request.header),
            Self::Supplying(message) => Some(&message.header),
            Self::Requesting(message) => Some(&message.header),
            Self::Confirmation(_) => None,
        }
    }

    /// Its confirmation, OK or with what is wrong; a confirmation has none.
    pub fn confirmed(&self, error: Option<(ErrorType, String)>, now: Timestamp) -> Option<Confirmation> {
        let header = self.header()?;
        let (which, reason, action) = match self {
            Self::Request(_) => (Which::Request, None, None),
            Self::Supplying(message) => (Which::Supplying, Some(message.reason), None),
            Self::Requesting(message) => (Which::Requesting, None, Some(message.action)),
            Self::Confirmation(_) => return None,
        };
        Some(Confirmation {
            which,
            supplier: Some(header.supplier.clone()),
            requester: Some(header.requester.clone()),
            at: now,
            request: Some(header.request.clone()),
            multiple_item: Some(header.multiple_item.clone()),
            received: header.at,
            reason,
            action,
            error,
        })
    }
}
