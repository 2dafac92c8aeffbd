//! Where messages go: our hub, a peer that speaks ISO 18626, this machine itself where it is the hub.

use std::time::Duration;

use crate::requests::{Recorded, RequestId};

/// A message as it goes over the line: the same bytes at every try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Which request it belongs to.
    pub request: RequestId,
    /// Its number within that.
    pub n: u32,
    /// What it says.
    pub kind: String,
    /// Code of the library that it is for in the end.
    pub recipient: String,
    /// A `Letter` as JSON, written down before the first try.
    pub body: String,
    /// How often it was tried before.
    pub attempts: u32,
    /// An earlier try ended without certainty: "I have it already" means that it arrived then.
    pub may_have_arrived: bool,
}

/// What the other side says of a message that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Events that it recorded itself, to be taken over as they are.
    Events(Vec<Recorded>),
    /// A word that says no more than OK; the branch records the receipt.
    Ok,
}

/// What became of one message, as the other side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there, durably.
    Delivered(Receipt),
    /// It is not wanted, however often it comes: a dead letter, with the other side's reason.
    Rejected {
        /// A sentence.
        reason: String,
    },
    /// It cannot be taken now, others can.
    Later {
        /// A sentence.
        reason: String,
        /// How long the other side asks to wait.
        wish: Option<Duration>,
    },
    /// The other side knows another message than ours as the last one of this request.
    Gap {
        /// The number of that.
        last: u32,
    },
}

/// Why nothing is known of messages that were given to the line, or why it cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answered.
    Away {
        /// A sentence.
        reason: String,
        /// How long the other side asks to wait.
        wish: Option<Duration>,
        /// Bytes may have left, so the messages may have arrived.
        may_have_arrived: bool,
    },
    /// Somebody answered, but not as agreed: an error of the server, a page of a portal, a wrong confirmation. It
    /// may be the fault of one message.
    Sick {
        /// A sentence.
        reason: String,
    },
    /// The other side does not accept who we are: nothing more is sent until a person has looked.
    Unwelcome {
        /// A sentence.
        reason: String,
    },
}

impl Trouble {
    /// The sentence.
    pub fn reason(&self) -> &str {
        match self {
            Self::Away { reason, .. } | Self::Sick { reason } | Self::Unwelcome { reason } => reason,
        }
    }
}

/// A way to another machine. Implementations hold connections, never decisions: `send` tries once.
pub trait Destination: Send {
    /// So many messages at once at most.
    fn most(&self) -> usize;

    /// Looks whether the other side answers, and takes in what it has for us where it has a feed. Tried before
    /// anything is sent after a silence, and alone as long as nobody answers: a request has not left the branch
    /// because a cable was out.
    fn probe(&mut self) -> Result<(), Trouble>;

    /// Gives messages to the other side: one outcome a message, in the same order. They are of different requests.
    fn send(&mut self, parcels: &[Parcel]) -> Result<Vec<Outcome>, Trouble>;
}
