//! Folding: the form of a text in which searching compares it.
//!
//! Width, case, accents, traditional and variant Han characters become one, by one table in one direction;
//! punctuation goes, blanks stay only between two words of letters. Never shown to a reader.

mod table;

pub(crate) use table::{Class, class_of};
use table::{Entry, table};

/// Raised when the rules around the table change.
pub const VERSION: u32 = 1;

/// Hash of the embedded table, for a generation's manifest.
pub fn table_hash() -> String {
    blake3::hash(data::fold::TABLE.as_bytes()).to_hex()[..16].to_owned()
}

/// The folded form of `text`; `fold(fold(x)) == fold(x)`.
///
/// ```
/// use indexer::analysis::fold::fold;
/// assert_eq!(fold("三國演義（上）"), "三国演义上");
/// assert_eq!(fold("ＪＡＶＡ  简明教程"), "java简明教程");
/// ```
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// Appends the folded form of `text` to `out`, as if `out` ended a text of its own.
pub fn fold_into(text: &str, out: &mut String) {
    run(text, &mut Plain { text: out });
}

/// A folded text and where each of its characters came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// For each character of `text`, the half-open range of characters of the original that made it.
    pub map: Vec<(u32, u32)>,
}

/// The folded form of `text` with the way back to its characters.
pub fn fold_mapped(text: &str) -> Folded {
    let mut folded =
        Folded { text: String::with_capacity(text.len()), map: Vec::with_capacity(text.len() / 2) };
    run(text, &mut folded);
    folded
}

/// Where folded characters go; the plain one compiles to a bare push.
trait Sink {
    fn push(&mut self, c: char, from: u32);
    /// Replaces the last character by one that it makes together with the next of the original.
    fn join(&mut self, c: char, from: u32);
}

struct Plain<'a> {
    text: &'a mut String,
}

impl Sink for Plain<'_> {
    fn push(&mut self, c: char, _: u32) {
        self.text.push(c);
    }

    fn join(&mut self, c: char, _: u32) {
        self.text.pop();
        self.text.push(c);
    }
}

impl Sink for Folded {
    fn push(&mut self, c: char, from: u32) {
        self.text.push(c);
        self.map.push((from, from + 1));
    }

    fn join(&mut self, c: char, from: u32) {
        self.text.pop();
        self.text.push(c);
        if let Some(last) = self.map.last_mut() {
            last.1 = from + 1;
        }
    }
}

/// What stands between the last character written and the next.
#[derive(Clone, Copy, PartialEq)]
enum Gap {
    None,
    Blank,
    /// `+` or `#` directly after a letter: may turn out to be a name like C++ or C#.
    Plus(u32),
    PlusPlus(u32),
    Sharp(u32),
    /// The same, and then more that separates.
    PlusPlusBlank(u32),
    SharpBlank(u32),
}

struct Run<'a, S> {
    sink: &'a mut S,
    last: char,
    class: Class,
    gap: Gap,
}

fn run<S: Sink>(text: &str, sink: &mut S) {
    let table = table();
    let mut run = Run { sink, last: '\0', class: Class::Blank, gap: Gap::None };
    for (at, c) in (0u32..).zip(text.chars()) {
        match table.entry(c) {
            Entry::One(c, class) => run.take(c, class, at),
            Entry::Many(chars) => {
                for &(c, class) in chars {
                    run.take(c, class, at);
                }
            }
        }
    }
    run.close_name(false);
}

impl<S: Sink> Run<'_, S> {
    #[inline]
    fn take(&mut self, c: char, class: Class, at: u32) {
        match class {
            Class::Gone => {}
            Class::Blank => self.separate(c, at),
            Class::Joining => self.join(c, at),
            _ => {
                if self.gap != Gap::None {
                    self.bridge(class, at);
                }
                self.sink.push(c, at);
                (self.last, self.class) = (c, class);
            }
        }
    }

    fn separate(&mut self, c: char, at: u32) {
        self.gap = match (self.gap, c) {
            (Gap::None, '+') if self.class == Class::Word && self.last.is_ascii_alphabetic() => Gap::Plus(at),
            (Gap::None, '#') if self.class == Class::Word && self.last.is_ascii_alphabetic() => {
                Gap::Sharp(at)
            }
            (Gap::Plus(from), '+') => Gap::PlusPlus(from),
            (Gap::PlusPlus(from) | Gap::PlusPlusBlank(from), _) => Gap::PlusPlusBlank(from),
            (Gap::Sharp(from) | Gap::SharpBlank(from), _) => Gap::SharpBlank(from),
            _ => Gap::Blank,
        };
    }

    fn bridge(&mut self, next: Class, at: u32) {
        let words = self.class == Class::Word && next == Class::Word;
        self.close_name(words);
        if words {
            self.sink.push(' ', at);
        }
        self.gap = Gap::None;
    }

    /// Keeps the `++` of C++ and the `#` of C#, but not that of `a#b`.
    fn close_name(&mut self, word_follows: bool) {
        match self.gap {
            Gap::PlusPlus(from) | Gap::PlusPlusBlank(from) => {
                self.sink.push('+', from);
                self.sink.push('+', from + 1);
            }
            Gap::Sharp(from) if !word_follows => self.sink.push('#', from),
            Gap::SharpBlank(from) => self.sink.push('#', from),
            _ => {}
        }
    }

    /// Kana marks and Hangul vowels and finals, which half-width and decomposed text writes apart.
    fn join(&mut self, c: char, at: u32) {
        // Between two of these a gap vanishes, so it does not keep them apart either.
        match table::compose(self.last, c) {
            Some(whole) => {
                self.sink.join(whole, at);
                (self.last, self.class, self.gap) = (whole, Class::Dense, Gap::None);
            }
            None if table::is_jamo(c) => self.take(c, Class::Dense, at),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
