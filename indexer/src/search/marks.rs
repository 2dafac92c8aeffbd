//! Which letters of a shown text match what was typed, wherever the text is shown.
//!
//! The text itself is looked at, as it was entered; no index and no generation is needed.

use std::ops::Range;

use crate::analysis;
use crate::search::SearchField;
use crate::search::grammar;
use crate::search::readings::{Letters, Reading};

/// What is looked for in a text.
pub struct Marks {
    needles: Vec<String>,
    readings: Vec<Reading>,
}

impl Marks {
    /// The words of what was typed into `field`, and what they say as pinyin.
    pub fn of(typed: &str, field: SearchField) -> Self {
        let asked = grammar::read(typed, field);
        let readings = Letters::of(&asked).map(|letters| letters.readings(true)).unwrap_or_default();
        let star = |prefix| if prefix { "*" } else { "" };
        let atoms = asked.wanted().flat_map(|clause| &clause.any);
        let needles = atoms.map(|atom| format!("{}{}", atom.normal, star(atom.prefix))).collect();
        Self { needles, readings }
    }

    /// The half-open ranges of `text`, in Unicode scalar values, that match; as pinyin only where nothing else does.
    ///
    /// ```
    /// use indexer::search::{Marks, SearchField};
    /// assert_eq!(Marks::of("演义", SearchField::Any).within("三國演義（上）"), vec![2..4]);
    /// assert_eq!(Marks::of("sgyy", SearchField::Any).within("三國演義（上）"), vec![0..4]);
    /// ```
    pub fn within(&self, text: &str) -> Vec<Range<u32>> {
        let literal = analysis::highlight(text, &self.needles);
        if literal.is_empty() { analysis::highlight_readings(text, &self.readings) } else { literal }
    }
}
