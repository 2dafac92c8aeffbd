//! The documents between branch and hub, on the line and on the stick.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::delivery::{Outcome, Receipt};
use crate::requests::Recorded;

/// `POST /api/v1/hub/letters`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LettersCall {
    /// Each a `Letter` as JSON, as a text: its bytes are what counts.
    pub letters: Vec<String>,
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LettersAnswer {
    /// One a letter, in the same order.
    pub replies: Vec<Reply>,
    /// The hub's time.
    pub time: Timestamp,
    /// Where the hub is with their effects.
    #[serde(default)]
    pub stand: Stand,
}

/// Where a hub is: in which of its lives, and up to which number of its feed, whoever is told. A life of 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// Begins with each start.
    pub life: u32,
    /// The newest number.
    pub end: i64,
}

impl Stand {
    /// Whether a hub with these lives has been there; oldest first, each with the end of its feed before it. A life goes
    /// to the beginning of the next one, the last one to `end`. Of no moment there is nothing to be remembered.
    pub fn lies_in(&self, lives: &[(u32, i64)], end: i64) -> bool {
        let ends = lives.iter().skip(1).map(|(_, since)| *since).chain([end]);
        self.life == 0 || lives.iter().zip(ends).any(|((life, _), end)| *life == self.life && self.end <= end)
    }
}

/// What the hub says of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Reply {
    /// It had its effect, now or before.
    Delivered {
        /// What the hub recorded of the request.
        events: Vec<Recorded>,
    },
    /// It will not have any.
    Rejected {
        /// As of HTTP.
        status: u16,
        /// A sentence.
        reason: String,
    },
    /// Something is missing before it.
    Gap {
        /// The last one that had its effect.
        last: u32,
    },
    /// Not now.
    Later {
        /// A sentence.
        reason: String,
    },
}

impl Reply {
    /// The status of an answer that says nothing else.
    pub fn status(&self) -> u16 {
        match self {
            Self::Delivered { .. } => 200,
            Self::Rejected { status, .. } => *status,
            Self::Gap { .. } => 409,
            Self::Later { .. } => 503,
        }
    }
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Delivered { events } => Self::Delivered(Receipt::Events(events)),
            Reply::Rejected { reason, .. } => Self::Rejected { reason },
            Reply::Gap { last } => Self::Gap { last },
            Reply::Later { reason } => Self::Later { reason, wish: None },
        }
    }
}

/// Something that a branch is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum Item {
    /// A letter had its effect. Its own branch is told too: so it learns what it does not know any more, and a stick
    /// brings receipts.
    Letter {
        /// Code of the branch that wrote it.
        from: String,
        /// The letter, byte for byte, as long as its request has its reader.
        letter: String,
        /// What the hub recorded of the request.
        events: Vec<Recorded>,
        /// Hash of the letter as it came, where its personal values were taken out since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
    },
    /// The newest version of something that the consortium decided.
    Policy {
        /// `library`, `calendar`, `members`, `notices` or `card-keys`.
        kind: String,
        /// Which of that kind; a library's code, or empty.
        name: String,
        /// The higher one wins.
        version: u32,
        /// A document.
        body: serde_json::Value,
    },
}

/// An item with its place in the feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Goes up, with gaps.
    pub seq: i64,
    /// The item, as a text: its bytes make the mark.
    pub body: String,
}

/// `GET /api/v1/hub/feed?after=&mark=&life=&end=&card=&generation=&bytes=&trouble=&wait=&root=`; `life` and `end` say where
/// the hub was when the branch heard it last, `card` is the key by which the branch signs its cards, `wait` for how many
/// seconds the hub may think, `root=none` that it trusts no repository yet, the rest says how the branch fares
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedAnswer {
    /// What comes after, in order.
    pub items: Vec<Told>,
    /// There is more to ask for at once.
    pub more: bool,
    /// The hub does not know the item or the moment that the branch names: it was put back from an older copy. Begin at 0.
    pub reset: bool,
    /// The hub's time.
    pub time: Timestamp,
    /// The first root of what the hub publishes, for a branch that trusts none yet: it enrolled before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Where the hub is.
    #[serde(default)]
    pub stand: Stand,
}

/// `POST /api/v1/hub/enrol`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolling {
    /// What `lianmu branch enrol` printed.
    pub code: String,
    /// Ed25519, in hexadecimal digits.
    pub signing: String,
    /// X25519, likewise.
    pub sealing: String,
    /// The library that the branch is configured for; empty where it is for none.
    #[serde(default)]
    pub library: String,
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// Code of the library whose branch it is.
    pub library: String,
    /// The hub's keys.
    pub signing: String,
    /// Likewise.
    pub sealing: String,
    /// The policy items in force.
    pub policy: Vec<Item>,
}

/// By what an item is known again.
pub fn mark_of(body: &str) -> String {
    blake3::hash(body.as_bytes()).to_hex()[..16].to_owned()
}
