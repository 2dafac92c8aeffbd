//! The line of normal forms of an entry: what ranking and verifying read.
//!
//! It may come from a damaged file: whatever it holds, reading it gives values or nothing. It knows no files.

use crate::index::pack;
use crate::index::symbols::Symbols;

/// The normal forms of an entry.
pub(crate) struct TextRecord {
    /// How many libraries hold it.
    pub(crate) libraries: u16,
    /// Year; `i16::MIN` where there is none.
    pub(crate) year: i16,
    text: String,
}

/// Access points in the order in which a text record has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Titles,
    Authors,
    Subjects,
    Publishers,
    Series,
}

impl TextRecord {
    /// The number of libraries and the year alone.
    pub(crate) fn standing(bytes: &[u8]) -> Option<(u16, i16)> {
        let (libraries, rest) = bytes.split_first_chunk::<2>()?;
        Some((u16::from_le_bytes(*libraries), i16::from_le_bytes(*rest.first_chunk::<2>()?)))
    }

    pub(crate) fn read(bytes: &[u8], symbols: &Symbols) -> Option<Self> {
        let mut record = Self::empty();
        record.read_again(bytes, symbols).map(|()| record)
    }

    /// A record of nothing, to read others into.
    pub(crate) fn empty() -> Self {
        Self { libraries: 0, year: i16::MIN, text: String::new() }
    }

    /// Becomes another record in the same memory; where it is none, what is here afterwards means nothing.
    pub(crate) fn read_again(&mut self, bytes: &[u8], symbols: &Symbols) -> Option<()> {
        (self.libraries, self.year) = Self::standing(bytes)?;
        symbols.read_into(bytes.get(4..)?, &mut self.text)
    }

    /// All values of an access point, joined by `terms::VALUE`.
    pub(crate) fn part(&self, part: Part) -> &str {
        self.text.split(pack::FIELD).nth(part as usize).unwrap_or_default()
    }
}
