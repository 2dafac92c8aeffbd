//! Records and entries as other programs want them: exchange formats, reference managers, a printed citation.
//!
//! One writer a format, each a pure function that appends to a buffer. Knows nothing of files and of HTTP.

mod iso2709;
mod marc_json;
mod marcxml;

pub use iso2709::{TooLong, write_iso2709};
pub use marc_json::write_marc_json;
pub use marcxml::{MARCXML_BEGIN, MARCXML_END, write_marcxml};
