//! What a side has to tell the others: each event of its own that they cannot know becomes a message.

use super::event::{Event, Party};
use super::state::State;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// The request itself.
    Request,
    /// Action `Cancel`.
    Cancel,
    /// A condition is agreed to.
    Agree,
    /// Action `Received`.
    Received,
    /// Action `Renew`.
    Renew,
    /// Action `ShippedReturn`.
    Returned,
    /// The item is lost.
    Lost,
    /// A librarian ended the request.
    Closed,
    /// Action `StatusRequest`.
    Status,
    /// The lender's side: what it decided or did.
    Report,
    /// The request has ended and its reader is nobody's business any more: whoever has his name takes it out.
    Forget,
}

impl MessageKind {
    /// Its word in JSON and in the store.
    pub fn code(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Cancel => "cancel",
            Self::Agree => "agree",
            Self::Received => "received",
            Self::Renew => "renew",
            Self::Returned => "returned",
            Self::Lost => "lost",
            Self::Closed => "closed",
            Self::Status => "status",
            Self::Report => "report",
            Self::Forget => "forget",
        }
    }

    /// What an event in a state of the request is told as; `None` where nobody else need know. `is_own`: the request
    /// was made on this machine, so that what its lender says is known here or came from elsewhere.
    pub fn of(event: &Event, party: Party, state: State, is_own: bool) -> Option<Self> {
        if party == Party::Lender {
            return (!is_own).then_some(if *event == Event::Lose { Self::Lost } else { Self::Report });
        }
        match event {
            _ if !is_own => None,
            Event::Submit => Some(Self::Request),
            // What never left is withdrawn without a word.
            Event::AskCancel if state.is_at_home() => None,
            Event::AskCancel | Event::RefuseCondition => Some(Self::Cancel),
            Event::AgreeCondition => Some(Self::Agree),
            Event::Receive => Some(Self::Received),
            Event::AskRenew => Some(Self::Renew),
            Event::Return => Some(Self::Returned),
            Event::Lose => Some(Self::Lost),
            Event::Close => Some(Self::Closed),
            Event::AskStatus => Some(Self::Status),
            _ => None,
        }
    }
}

/// How far the delivery of a message has come (CONTRACT §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It waits for its turn.
    Pending,
    /// It is being sent.
    InFlight,
    /// The other side holds it durably.
    Delivered,
    /// The other side would not take it.
    Rejected,
    /// It may or may not have arrived; it is sent again, the same bytes.
    Unknown,
    /// A person keeps it back.
    Held,
    /// It will not be sent, and says why.
    Dead,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::InFlight,
        Self::Delivered,
        Self::Rejected,
        Self::Unknown,
        Self::Held,
        Self::Dead,
    ];

    /// Its word in JSON and in the store.
    pub fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InFlight => "in_flight",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Dead => "dead",
        }
    }

    /// Whether it may yet be sent.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Pending | Self::InFlight | Self::Unknown | Self::Held)
    }

    /// The state of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}
