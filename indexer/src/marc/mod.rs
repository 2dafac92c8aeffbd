//! Carrier formats: bytes of an export → framed `RawRecord`s → decoded `Record`s.
//!
//! Knows ISO 2709, XML, JSON and the text forms; knows nothing of what a field means.

mod flaw;
mod raw;
mod record;

pub use flaw::{Flaw, FlawCode, Grade};
pub use raw::{Carrier, RawRecord};
pub use record::{Field, Leader, Record, Tag};
