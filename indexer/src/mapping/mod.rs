//! Fields of CNMARC, UNIMARC and MARC21 → `Bib` and `Holding`s, as readable declarations.
//!
//! `cnmarc.rs` and `marc21.rs` say what is where, one line a field; `engine.rs` goes once over a record and
//! does what they say. Nothing here knows bytes, charsets or files.

mod agents;
mod book_number;
pub mod callnumber;
mod cnmarc;
mod dates;
mod dialect;
mod engine;
mod gather;
mod guess;
mod holdings;
mod language;
mod lendable;
mod marc21;
mod material;
mod profile;
mod punctuation;
mod range;
mod rule;
pub(crate) mod statement;
mod titles;
mod words;

pub(crate) use agents::drop_romanised;
pub use dialect::{Dialect, dialect};
pub use engine::{map, map_brief};
pub use guess::{Evidence, Guess, guess_profile};
pub use profile::{FieldProfile, Grouping, HoldingsProfile, Role};

use crate::bib::{Bib, Holding};

/// What a record says, mapped.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Its description; of an authority or holdings record little more than number and type.
    pub bib: Bib,
    /// Its holdings by the library's profile.
    pub holdings: Vec<Holding>,
    /// Control number of the bibliographic record that a MARC21 holdings record belongs to: 004.
    pub holdings_of: Option<String>,
}

#[cfg(test)]
mod tests;
