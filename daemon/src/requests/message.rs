//! What the requester's side has to tell the others: each event of its own that they cannot know becomes a message.

use super::event::Event;
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
        }
    }

    /// What an event in a state of the request is told as; `None` where nobody else need know.
    pub fn of(event: &Event, state: State) -> Option<Self> {
        match event {
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
    const ALL: [Self; 7] = [
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

    /// The state of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}
