//! The line of normal forms of an entry: what ranking and verifying read.
//!
//! It may come from a damaged file: whatever it holds, reading it gives values or nothing. It knows no files.

use crate::index::pack;

/// The normal forms of an entry.
#[derive(Clone, Copy)]
pub(crate) struct TextRecord<'a> {
    /// How many libraries hold it.
    pub(crate) libraries: u16,
    /// Year; `i16::MIN` where there is none.
    pub(crate) year: i16,
    text: &'a str,
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

impl<'a> TextRecord<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (libraries, rest) = bytes.split_first_chunk::<2>()?;
        let (year, rest) = rest.split_first_chunk::<2>()?;
        Some(Self {
            libraries: u16::from_le_bytes(*libraries),
            year: i16::from_le_bytes(*year),
            text: std::str::from_utf8(rest).ok()?,
        })
    }

    /// All values of an access point, joined by `terms::VALUE`.
    pub(crate) fn part(&self, part: Part) -> &'a str {
        self.text.split(char::from(pack::FIELD)).nth(part as usize).unwrap_or_default()
    }
}
