//! Browsing: the class tree, the shelves, headings by pinyin, journals by title.
//!
//! Lists that are sorted within a segment or layer are merged on the way, a page at a time, so a page costs a few
//! dozen rows wherever it stands. Entries that are no longer in force are passed over. It answers no words.

mod classes;
mod headings;
mod journals;
mod shelf;
mod window;

use std::sync::OnceLock;

use crate::analysis::pinyin;
use crate::bib::{EditionId, Entry};
use crate::index::reading;

pub use headings::{HeadingPage, HeadingRow};
pub use shelf::ShelfStart;

/// Access points that can be browsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadingKind {
    /// Persons and bodies.
    Author,
    /// Subject headings.
    Subject,
}

/// Where a page of a list begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the first row.
    First,
    /// Where the reading in pinyin begins with these letters, or where this text of characters stands.
    Pinyin(String),
    /// Where words of letters or digits begin so.
    Letters(String),
    /// At the row with exactly this text: how one page leads to the next.
    At(String),
}

impl Start {
    /// The key of the place in a list that is sorted by `analysis::pinyin::sort_key`.
    fn key(&self) -> Vec<u8> {
        match self {
            Self::First => Vec::new(),
            Self::Letters(text) | Self::At(text) => pinyin::sort_key(text).into_bytes(),
            Self::Pinyin(text) if text.is_ascii() => {
                let split = reading::split(text).into_iter().next().unwrap_or_default();
                let first = split.first().map(|piece| piece.letters().to_owned());
                // Han stands behind `~`, letters in front of it; what is no pinyin at all is taken as letters.
                first.map_or_else(|| pinyin::sort_key(text), |letters| format!("~{letters}")).into_bytes()
            }
            Self::Pinyin(text) => pinyin::sort_key(text).into_bytes(),
        }
    }
}

/// A page of entries that stand in an order.
#[derive(Clone, Debug)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Which of them was asked for.
    pub marked: Option<usize>,
    /// First entry of the page before.
    pub previous: Option<EditionId>,
    /// First entry of the page behind.
    pub next: Option<EditionId>,
}

/// What is made once, when somebody first browses it.
#[derive(Default)]
pub(crate) struct Browsing {
    headings: [OnceLock<headings::Headings>; 2],
}
