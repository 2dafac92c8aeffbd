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
use crate::index::reading::{self, Piece};
use crate::search::browse::window::Sorted;

pub use headings::{HeadingPage, HeadingRow};
pub use shelf::ShelfStart;

/// Readings of a character under which its rows are looked for: the rest are rare.
const READINGS: usize = 2;

/// Rows with the first two syllables that are read for the others.
const READ: usize = 200;

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
    /// The key of the place in lists that are sorted by `analysis::pinyin::sort_key`. Several syllables lead to the
    /// row that reads so and has most `entries`: 历史 for `lishi`, not the first row under `li`.
    fn key_in<S: Sorted>(&self, lists: &[S], entries: impl Fn(&S::Said) -> u64) -> Vec<u8> {
        let Self::Pinyin(text) = self else { return self.key() };
        let split = text.is_ascii().then(|| reading::split(text).into_iter().next()).flatten();
        let syllables: Vec<&str> = split.iter().flatten().map(Piece::letters).collect();
        let [first, second, ..] = syllables[..] else { return self.key() };
        let mut best: Option<(u64, Vec<u8>)> = None;
        for head in heads(first) {
            let key = format!("{head}~{second}").into_bytes();
            let rows = window::forward(lists, &window::places(lists, &key));
            let near = rows.take_while(|row| row.key.starts_with(&key)).take(READ);
            let Some(row) = near.into_iter().find(|row| reads_as(&row.key, &syllables)) else { continue };
            let n = entries(&row.said);
            if best.as_ref().is_none_or(|(most, _)| *most < n) {
                best = Some((n, row.key));
            }
        }
        best.map_or_else(|| self.key(), |(_, key)| key)
    }

    /// The key of the place where the first syllable, or the text, stands.
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

/// How keys of rows begin whose first character is read so.
fn heads(syllable: &str) -> Vec<String> {
    let chars = pinyin::chars_of_syllable(syllable).iter();
    let common = chars.filter(|c| pinyin::syllables(**c).take(READINGS).any(|own| own == syllable));
    let head = |c: &char| {
        let own = pinyin::sort_key(c.encode_utf8(&mut [0; 4]));
        let is_so = own.strip_prefix('~').and_then(|own| own.strip_prefix(syllable));
        if is_so.is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit())) {
            vec![own]
        } else {
            // 重 is read chong in some words; their keys have the tone that it has there.
            (1..=5).map(|tone| format!("~{syllable}{tone}{c}")).collect()
        }
    };
    common.flat_map(head).collect()
}

/// Whether a row's key has these syllables, the last of them as far as it was typed.
fn reads_as(key: &[u8], syllables: &[&str]) -> bool {
    let text = String::from_utf8_lossy(key);
    let syllable = |row: &str| row.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(row.len());
    let read: Vec<&str> = text.split('~').skip(1).map(|one| &one[..syllable(one)]).collect();
    let Some((last, whole)) = syllables.split_last() else { return true };
    read.len() >= syllables.len()
        && read.iter().zip(whole).all(|(a, b)| a == b)
        && read[whole.len()].starts_with(last)
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
