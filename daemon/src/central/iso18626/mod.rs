//! ISO 18626 (schema 1.2), the protocol in which libraries ask one another: its messages as values, out of XML and into
//! it, and what they mean for a request (DOMAIN §8.2, §8.3).
//!
//! Pure. What is written holds to the schema, with its order of elements; what is read may come in any order, with
//! elements that are not known, with or without the envelope. What cannot be read is refused with a reason.

mod meaning;
mod message;
mod read;
mod reports;
mod tree;
mod words;
mod write;

pub use meaning::{About, requesting, supplying};
pub use message::{
    Agency, Book, Confirmation, Header, ItemId, Message, Publication, Request, Requesting, Service,
    Supplying, Which,
};
pub use read::{Faulty, Unread, read};
pub use reports::{Asked, answered, asked, of_form, reported};
pub use words::{Action, ErrorType, Reason, RequestType, ServiceType, Status, may_follow};
pub use write::write;

/// Bytes of a message that are taken (CrossLink's limit).
pub const MOST_BYTES: usize = 100_000;
/// The namespace of all its elements.
pub const NAMESPACE: &str = "http://illtransactions.org/2013/iso18626";

#[cfg(test)]
mod tests;
