//! Carrier formats: bytes of an export → framed `RawRecord`s → decoded `Record`s.
//!
//! Knows ISO 2709, XML, JSON and the text forms; knows nothing of what a field means.

mod account;
mod contain;
mod decode;
mod flaw;
mod frame;
mod raw;
mod reader;
mod record;
mod utf16;
mod window;

pub use account::Account;
pub use contain::{ContainedFiles, contained_files};
pub use decode::{ParseOptions, parse};
pub use flaw::{Flaw, FlawCode, Grade, Lang};
pub use raw::{Carrier, RawRecord};
pub use reader::{Error, Framed, ReadOptions, Reader};
pub use record::{Field, Leader, Record, Tag};
