//! Records and entries as other programs want them: exchange formats, reference managers, a printed citation.
//!
//! One writer a format, each a pure function that appends to a buffer. Knows nothing of files and of HTTP.

mod apa;
mod bibtex;
mod coins;
mod contributors;
mod csl;
mod gb7714;
mod iso2709;
mod marc_json;
mod marcxml;
mod ris;
mod schema_org;

pub use apa::write_apa;
pub use bibtex::write_bibtex;
pub use coins::{citation_tags, write_coins};
pub use csl::write_csl;
pub use gb7714::{Gb7714, write_gb7714};
pub use iso2709::{TooLong, write_iso2709};
pub use marc_json::write_marc_json;
pub use marcxml::{MARCXML_BEGIN, MARCXML_END, write_marcxml};
pub use ris::write_ris;
pub use schema_org::schema_org;
