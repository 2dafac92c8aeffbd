//! From a text to its terms, as the index keeps them and as a query needs them.
//!
//! The normal form of a value is its folded text; the terms of it are `analysis::tokens`. The index and the
//! queries both start from it, and a hit is verified against it, so a text is cut in one place. Fields and
//! entries are not known here.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::analysis::fold::{Class, class_of, fold, fold_into};
use crate::analysis::numbers::parts_in_digits;
use crate::analysis::{self, Mode, tokens};

/// Changes whenever this module cuts a text differently; part of the index format.
const TERMS_VERSION: u32 = 2;

/// One line that differs whenever two programs would cut a text differently; kept in the manifest.
pub(crate) fn fingerprint() -> String {
    format!("terms {TERMS_VERSION}; {}", analysis::fingerprint())
}

/// Separates the values of one field in the stored normal forms.
pub(crate) const VALUE: char = '\u{1f}';

fn dense(c: char) -> bool {
    class_of(c) == Class::Dense
}

/// Appends the normal form of one value.
pub(crate) fn normal_into(text: &str, out: &mut String) {
    fold_into(text, out);
}

/// The normal form of one value.
pub(crate) fn normal(text: &str) -> String {
    fold(text)
}

/// The terms that must all be present where a normal form is.
pub(crate) fn required(normal: &str, phrase: bool) -> Vec<String> {
    let mut terms = Vec::new();
    tokens(normal, if phrase { Mode::Phrase } else { Mode::Query }, &mut |term| terms.push(term.to_owned()));
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The words that must all be present in a note. Runs of one or two characters are taken as words, so that the
/// commonest queries do not wait for jieba's dictionary; longer ones are cut as the notes were.
pub(crate) fn note_words(normal: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in pieces(normal) {
        if run.chars().nth(2).is_none() || !run.starts_with(dense) {
            words.push(run.to_owned());
        } else {
            analysis::words(run, &mut |word| words.push(word.to_owned()));
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The runs of a normal form: characters written without blanks, and words.
pub(crate) fn pieces(normal: &str) -> impl Iterator<Item = &str> {
    normal.split([' ', VALUE]).flat_map(|part| {
        let mut rest = part;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = rest.find(|c| dense(c) != dense(first)).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            rest = after;
            Some(piece)
        })
    })
}

/// Whether the terms may all be present without the form itself: a run of three characters and more.
pub(crate) fn is_doubtful(normal: &str) -> bool {
    pieces(normal).any(|piece| piece.starts_with(dense) && piece.chars().nth(2).is_some())
}

/// What stands before the last word of letters, and that word; `None` where a run of characters is last.
pub(crate) fn split_last_word(normal: &str) -> Option<(&str, &str)> {
    let last = pieces(normal).last()?;
    (!last.starts_with(dense)).then(|| normal.split_at(normal.len() - last.len()))
}

/// Whether the values hold each run of `normal`, or with `whole` the form as it stands; a word may go on where
/// `prefix` says so.
pub(crate) fn holds(values: &str, normal: &str, whole: bool, prefix: bool) -> bool {
    if whole {
        return stands(values, normal, prefix);
    }
    runs(normal).all(|run| values.contains(run) || holds_part(values, run))
}

/// The runs of characters written without blanks.
pub(crate) fn runs(normal: &str) -> impl Iterator<Item = &str> {
    pieces(normal).filter(|piece| piece.starts_with(dense))
}

/// Whether the values hold the run with its part number spelt otherwise: the index knows all spellings.
fn holds_part(values: &str, run: &str) -> bool {
    let asked = parts_in_digits(run);
    asked != run && parts_in_digits(values).contains(&*asked)
}

/// Whether a value begins with the form, which does not end inside a word.
pub(crate) fn starts(value: &str, normal: &str) -> bool {
    value.strip_prefix(normal).is_some_and(|after| parted(normal, after))
}

fn stands(values: &str, normal: &str, prefix: bool) -> bool {
    values.match_indices(normal).any(|(at, _)| {
        let (before, after) = (&values[..at], &values[at + normal.len()..]);
        let (last, first) = (before.chars().next_back(), normal.chars().next());
        let begins = !matches!((last, first), (Some(a), Some(b)) if goes_on(a, b));
        begins && (prefix || parted(normal, after))
    })
}

fn parted(normal: &str, after: &str) -> bool {
    !matches!((normal.chars().next_back(), after.chars().next()), (Some(a), Some(b)) if goes_on(a, b))
}

/// Whether two neighbours belong to one word.
fn goes_on(a: char, b: char) -> bool {
    let word = |c| class_of(c) == Class::Word;
    word(a) && word(b) && a.is_ascii_digit() == b.is_ascii_digit()
}

/// The mark of a title's first character or word.
pub(crate) fn head_mark(normal: &str) -> Option<String> {
    marks(normal).into_iter().find(|mark| mark.starts_with('^'))
}

/// The mark of a title's last character or word.
pub(crate) fn tail_mark(normal: &str) -> Option<String> {
    marks(normal).into_iter().find(|mark| mark.ends_with('$'))
}

fn marks(normal: &str) -> Vec<String> {
    let mut marks = Vec::new();
    tokens(normal, Mode::Edges, &mut |mark| marks.push(mark.to_owned()));
    marks
}

/// Cuts stored normal forms into terms, with edge marks where asked; its buffers are used again and again.
#[derive(Clone, Default)]
pub(crate) struct Grams {
    edges: bool,
    terms: String,
    ends: Vec<usize>,
    token: Token,
}

impl Grams {
    pub(crate) fn new(edges: bool) -> Self {
        Self { edges, ..Self::default() }
    }

    fn cut(&mut self, text: &str) {
        self.terms.clear();
        self.ends.clear();
        let mode = if self.edges { Mode::Whole } else { Mode::Index };
        for value in text.split(VALUE) {
            tokens(value, mode, &mut |term| {
                self.terms.push_str(term);
                self.ends.push(self.terms.len());
            });
        }
    }
}

impl Tokenizer for Grams {
    type TokenStream<'a> = GramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream<'a> {
        self.cut(text);
        self.token.reset();
        GramStream { next: 0, from: 0, grams: self }
    }
}

/// The grams of one text.
pub(crate) struct GramStream<'a> {
    next: usize,
    from: usize,
    grams: &'a mut Grams,
}

impl TokenStream for GramStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(&end) = self.grams.ends.get(self.next) else { return false };
        self.next += 1;
        let token = &mut self.grams.token;
        token.text.clear();
        token.text.push_str(&self.grams.terms[self.from..end]);
        token.position = 0;
        self.from = end;
        true
    }

    fn token(&self) -> &Token {
        &self.grams.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.grams.token
    }
}

/// Values that are terms as they stand.
#[derive(Clone, Default)]
pub(crate) struct WholeValues {
    token: Token,
}

impl Tokenizer for WholeValues {
    type TokenStream<'a> = ValueStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> ValueStream<'a> {
        self.token.reset();
        ValueStream { values: text.split(VALUE), token: &mut self.token }
    }
}

/// The values of one text.
pub(crate) struct ValueStream<'a> {
    values: std::str::Split<'a, char>,
    token: &'a mut Token,
}

impl TokenStream for ValueStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(value) = self.values.find(|value| !value.is_empty()) else { return false };
        self.token.text.clear();
        self.token.text.push_str(value);
        self.token.position = 0;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grams(text: &str, edges: bool) -> Vec<String> {
        let mut out = Vec::new();
        Grams::new(edges).token_stream(text).process(&mut |t| out.push(t.text.clone()));
        out.sort();
        out.dedup();
        out
    }

    #[test]
    fn grams_and_marks() {
        assert_eq!(grams("三国\u{1f}家", true), ["^三", "^家", "三", "三国", "国", "国$", "家", "家$"]);
        assert_eq!(grams("", true), Vec::<String>::new());
    }

    #[test]
    fn holding_and_starting() {
        for (values, normal, whole, prefix, expect) in [
            ("三国演义", "国演", true, false, true),
            ("三国志\u{1f}演义", "志演", true, false, false),
            ("javascript入门", "java", true, false, false),
            ("javascript入门", "java", true, true, true),
            ("java入门", "java入门", true, false, true),
            ("程序设计java", "设计 程序", false, false, true),
            ("程序设计", "序计", false, false, false),
            ("鲁迅全集第3卷", "全集第三卷", false, false, true),
            ("鲁迅全集第三卷\u{1f}第二辑", "第三卷 第2辑", false, false, true),
            ("鲁迅全集第3卷", "全集第四卷", false, false, false),
            ("第一集团军", "第一集团", false, false, true),
        ] {
            assert_eq!(holds(values, normal, whole, prefix), expect, "{normal} in {values}");
        }
        assert!(starts("java入门", "java") && !starts("javascript", "java"));
    }

    proptest::proptest! {
        #[test]
        fn required_terms_are_among_the_grams(text in "[三国演义a-c1-3 ]{0,12}", phrase: bool) {
            let text = normal(&text);
            let all = grams(&text, false);
            for term in required(&text, phrase) {
                proptest::prop_assert!(all.contains(&term), "{} of {}", term, text);
            }
        }
    }
}
