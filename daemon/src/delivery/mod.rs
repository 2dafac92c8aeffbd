//! The way of a message from this machine to the one that it is for, until it is certain to have arrived.
//!
//! What is to be done next is decided by `line`, pure; a `Destination` carries, and knows neither patience nor
//! store; `carrier` joins both to store and clock, on a thread that `run` starts. A message that has left is sent
//! again, byte for byte, until the other side has said what became of it; the other side sees to it that this has
//! one effect.

mod at_home;
mod carrier;
mod destination;
mod enrol;
mod hub_line;
mod iso_line;
mod letter;
mod line;
mod listen;
mod quotas;
pub mod stick;

pub(crate) use carrier::Carrier;
pub use destination::{Destination, Outcome, Parcel, Receipt, Trouble};
pub use enrol::enrol;
pub use letter::{LETTER_VERSION, Letter, hash_of};
pub use line::{Act, Head, Line, MessageKey, Moment, Seen, Settlement};
pub(crate) use listen::Listener;
pub use quotas::Quotas;

#[cfg(test)]
mod simulation;
