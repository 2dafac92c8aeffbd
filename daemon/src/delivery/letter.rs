//! What a message says, as it goes over line and stick: one document a message, the same bytes at every try.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::requests::{MessageKind, Recorded, RequestForm, RequestId};

/// The version of the form in which messages are written.
pub const LETTER_VERSION: u32 = 1;

/// A message of one machine about one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// `LETTER_VERSION`.
    pub v: u32,
    /// The request.
    pub request: RequestId,
    /// Counts up over the messages of this machine about this request.
    pub n: u32,
    /// The number of the message that was sent before; 0 for the first.
    pub prev: u32,
    /// What it says, for people and queues; the events say it to machines.
    pub kind: String,
    /// The number that people use.
    pub number: String,
    /// The library that asks.
    pub library: LibraryCode,
    /// The library that shall lend.
    pub supplier: LibraryCode,
    /// When the request was made, by its library's clock.
    pub created: Timestamp,
    /// The reader's barcode.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub patron: String,
    /// What was filled in; in the first message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<RequestForm>,
    /// Everything that this machine recorded of the request.
    pub events: Vec<Recorded>,
}

impl Letter {
    /// Whether it says that the reader's name shall go.
    pub fn is_forget(&self) -> bool {
        self.kind == MessageKind::Forget.code()
    }

    /// As it goes over the line.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// What a text says; a version that is not known is refused by its number.
    ///
    /// # Errors
    /// The text is no message, or one of another version.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        let letter: Self = serde_json::from_str(text)?;
        if letter.v == LETTER_VERSION {
            Ok(letter)
        } else {
            Err(serde::de::Error::custom(format!("version {} of messages is not known here", letter.v)))
        }
    }
}

/// The hash by which two texts are known to be one.
pub fn hash_of(text: &str) -> [u8; 32] {
    *blake3::hash(text.as_bytes()).as_bytes()
}
