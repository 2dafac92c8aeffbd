//! What was typed so far, and how well a value of the catalogue answers it.
//!
//! Whatever uses the query language is a query, not the beginning of a title, and gets no completion. It knows no
//! index.

use std::ops::Range;

use crate::analysis::pinyin;
use crate::index::reading::{self, Piece};
use crate::index::terms;
use crate::search::SearchField;
use crate::search::grammar;
use crate::search::readings::Reading;
use crate::search::suggest::{Candidate, pairs};

/// Ranks of what answers as pinyin only.
const READ_RANKS: std::ops::RangeInclusive<u8> = 3..=5;
/// Longer texts are typed to the end already.
const LONGEST: usize = 120;
/// Readings of letters that are tried.
const MOST_READINGS: usize = 2;
/// More letters are no initials.
const MOST_INITIALS: usize = 12;

/// What was typed, in the ways in which it may be meant.
pub(super) struct Typed {
    /// As it stands.
    pub(super) typed: String,
    /// Its normal form.
    pub(super) needle: String,
    /// The terms of all that is complete.
    pub(super) before: Vec<String>,
    /// The word of letters or digits that may go on.
    pub(super) last: Option<String>,
    /// As syllables, the last of which may go on.
    pub(super) readings: Vec<Syllables>,
    /// As initials.
    pub(super) initials: Option<String>,
    /// Whether some letters are whole syllables.
    whole: bool,
}

/// Letters parted into syllables.
pub(super) struct Syllables {
    /// The characters that each may stand for.
    pub(super) reading: Reading,
    /// The syllables that each may be, by number.
    pub(super) numbers: Vec<Range<usize>>,
}

impl Typed {
    /// `None` where nothing can be completed.
    pub(super) fn read(typed: &str) -> Option<Self> {
        let open = !typed.ends_with(char::is_whitespace);
        let typed = typed.trim();
        let asked = grammar::read(typed, SearchField::Any);
        let plain = asked.clauses.iter().all(|clause| {
            let atom = clause.any.first().filter(|_| clause.any.len() == 1 && !clause.excluded);
            atom.is_some_and(|a| a.field == SearchField::Any && !a.phrase && !a.prefix)
        });
        if typed.len() > LONGEST || asked.clauses.is_empty() || !plain {
            return None;
        }
        let needle = terms::normal(typed);
        let (before, last) = match terms::split_last_word(&needle) {
            Some((before, last)) if open => (before.to_owned(), Some(last.to_owned())),
            _ => (needle.clone(), None),
        };
        let mut typed = Self {
            typed: typed.to_owned(),
            before: terms::required(&before, false),
            needle,
            last,
            readings: Vec::new(),
            initials: None,
            whole: false,
        };
        typed.read_letters();
        Some(typed)
    }

    fn read_letters(&mut self) {
        let letter = |c: char| c.is_ascii_alphabetic() || matches!(c, 'ü' | 'Ü' | '\'' | '’' | ' ');
        if !self.typed.chars().all(letter) {
            return;
        }
        let letters = reading::folded_letters(&self.typed);
        if (2..=MOST_INITIALS).contains(&letters.len()) && !self.typed.contains(' ') {
            self.initials = Some(letters);
        }
        for split in reading::split(&self.typed).into_iter().take(MOST_READINGS) {
            let whole = split.iter().filter(|piece| piece.is_whole()).count();
            // Beginnings alone are initials; a letter alone is the beginning of everything.
            if whole == 0 || split.iter().map(|piece| piece.letters().len()).sum::<usize>() < 2 {
                continue;
            }
            self.whole = true;
            let last = split.len() - 1;
            // `gu` may become `guo`.
            let numbers = split.iter().enumerate().map(|(n, piece)| pairs::numbers(piece, n == last));
            let numbers = numbers.collect();
            let chars = |(n, piece): (usize, Piece)| match piece {
                Piece::Syllable(letters) if n == last => reading::chars(&Piece::Prefix(letters)),
                piece => reading::chars(&piece),
            };
            let reading = Reading::of(split.into_iter().enumerate().map(chars).collect());
            self.readings.push(Syllables { reading, numbers });
        }
    }

    /// Whether they are initials and nothing else: syllables are read as pinyin by every search.
    pub(super) fn may_be_initials(&self) -> bool {
        self.initials.is_some() && !self.whole
    }

    /// Puts what is read so by a rare reading of a character behind the rest: 中华 before 童华 for `zhonghua`.
    pub(super) fn usual_first(&self, found: &mut [Candidate]) {
        for candidate in found.iter_mut() {
            if READ_RANKS.contains(&candidate.rank) && !self.is_usual(&candidate.text) {
                candidate.rank -= READ_RANKS.start();
            }
        }
        found.sort_by_key(|candidate| std::cmp::Reverse(candidate.rank));
    }

    /// Whether the one reading of a text, as titles are sorted by it, has the letters.
    fn is_usual(&self, text: &str) -> bool {
        let letters = reading::folded_letters(&self.typed);
        let own = reading::folded_letters(&pinyin::reading(text));
        let mut initials = String::new();
        own.contains(&letters) || reading::initials(text, &mut initials) && initials.starts_with(&letters)
    }

    /// How well a value in its normal form answers: as typed before as read, the whole before the start.
    pub(super) fn rank(&self, value: &str) -> Option<u8> {
        if value == self.needle {
            return Some(9);
        }
        let open = self.last.is_some();
        if value.starts_with(&*self.needle) && (open || terms::starts(value, &self.needle)) {
            return Some(8);
        }
        if terms::holds(value, &self.needle, true, open) {
            return Some(7);
        }
        if terms::pieces(&self.needle).all(|piece| terms::holds(value, piece, true, open)) {
            return Some(6);
        }
        self.rank_read(value)
    }

    fn rank_read(&self, value: &str) -> Option<u8> {
        let read = self.readings.iter().filter_map(|s| s.reading.place(value)).max();
        let initials = self.initials.as_ref().and_then(|typed| {
            let mut own = String::new();
            if !reading::initials(value, &mut own) || !own.starts_with(&**typed) {
                return None;
            }
            if own.len() == typed.len() { Some(2) } else { self.last.is_some().then_some(1) }
        });
        read.max(initials).map(|place| 3 + place)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn values_are_ranked_by_how_they_answer() {
        for (typed, value, expect) in [
            ("三国", "三国", Some(9)),
            ("三國", "三国演义", Some(8)),
            ("演义", "三国演义", Some(7)),
            ("三义", "三国演义", None),
            ("jav", "java教程", Some(8)),
            ("jav ", "java教程", None),
            ("教程 jav", "java教程", Some(6)),
            ("sanguoyanyi", "三国演义", Some(5)),
            ("sangu", "三国演义", Some(4)),
            ("guo yan", "三国演义", Some(3)),
            ("sgyy", "三国演义", Some(5)),
            ("sgy", "三国演义", Some(4)),
            ("scw", "沈从文", Some(5)),
            ("gyy", "三国演义", None),
        ] {
            assert_eq!(Typed::read(typed).unwrap().rank(value), expect, "{typed} {value}");
        }
    }

    #[test]
    fn queries_are_not_completed() {
        for typed in
            ["", " ", "\"三国", "-三国", "title:三国", "三国 OR 水浒", "三国*", "《", &"三".repeat(99)]
        {
            assert!(Typed::read(typed).is_none(), "{typed}");
        }
    }
}
