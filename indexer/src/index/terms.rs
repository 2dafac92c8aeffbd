//! From a text to its terms: one normal form, and the grams of it.
//!
//! The normal form is the folded text with everything dropped that is neither letter nor digit: characters of
//! Han, kana and Hangul stand in runs, other words between single spaces. The index and the queries both start
//! from it, and a hit is verified against it, so a text is cut in exactly one place. Fields know nothing here.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use unicode_normalization::UnicodeNormalization;

/// Changes whenever the grams of some text change; part of the index format.
pub(crate) const TERMS_VERSION: u32 = 1;

/// One line that differs whenever two programs would cut a text differently; kept in the manifest.
pub(crate) fn fingerprint() -> String {
    format!("terms {TERMS_VERSION}")
}

/// Separates the values of one field in the stored normal forms.
pub(crate) const VALUE: char = '\u{1f}';

/// Words longer than this are cut: no reader types them and the term dictionary should not hold them.
const LONGEST_WORD: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Run,
    Word,
    Apart,
}

/// Whether a character belongs to the scripts that are written without spaces and searched by grams.
pub(crate) fn in_runs(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}' | '\u{f900}'..='\u{faff}'
        | '\u{3041}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}'
        | '々' | '〇' | '\u{2e80}'..='\u{2fdf}')
}

fn class(c: char) -> Class {
    if c.is_ascii() {
        if c.is_ascii_alphanumeric() { Class::Word } else { Class::Apart }
    } else if in_runs(c) {
        Class::Run
    } else if c.is_alphanumeric() || is_mark(c) {
        Class::Word
    } else {
        Class::Apart
    }
}

/// Vowel signs and other marks that belong to the word they stand in (Tibetan, Mongolian, Arabic).
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c) || matches!(c, '\u{180b}'..='\u{180d}' | '\u{200d}')
}

/// Appends the normal form of one value.
pub(crate) fn normal_into(text: &str, out: &mut String) {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let start = out.len();
    let mut last = Class::Apart;
    let mut previous = None;
    for c in folded.chars() {
        let mut here = class(c);
        if matches!(c, '+' | '#') && previous == Some(Class::Word) {
            here = Class::Word; // C++ and C# are words of their own
        }
        previous = Some(here);
        if here == Class::Apart {
            continue_apart(&mut last, out, start);
            continue;
        }
        let apart = out.len() > start && (last == Class::Apart || last != here);
        if apart && !(here == Class::Run && ends_in_run(out)) {
            out.push(' ');
        }
        out.push(c);
        last = here;
    }
}

fn continue_apart(last: &mut Class, out: &str, start: usize) {
    if out.len() > start {
        *last = Class::Apart;
    }
}

fn ends_in_run(out: &str) -> bool {
    out.chars().next_back().is_some_and(in_runs)
}

/// The normal form of one value.
pub(crate) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    normal_into(text, &mut out);
    out
}

/// The pieces of a normal form: runs, and words cut to a sensible length.
pub(crate) fn pieces(normal: &str) -> impl Iterator<Item = &str> {
    normal
        .split([' ', VALUE])
        .filter(|piece| !piece.is_empty())
        .map(|piece| if piece.chars().next().is_some_and(in_runs) { piece } else { cut(piece) })
}

fn cut(word: &str) -> &str {
    if word.len() <= LONGEST_WORD {
        return word;
    }
    let mut end = LONGEST_WORD;
    while !word.is_char_boundary(end) {
        end -= 1;
    }
    &word[..end]
}

/// The terms that must all be present for a piece to be present: its bigrams, or itself where it is short.
pub(crate) fn required(piece: &str, mut emit: impl FnMut(&str)) {
    let mut chars = piece.char_indices();
    let first = chars.next();
    if !first.is_some_and(|(_, c)| in_runs(c)) {
        return emit(piece);
    }
    let mut start = 0;
    let mut any = false;
    for (at, c) in chars {
        emit(&piece[start..at + c.len_utf8()]);
        start = at;
        any = true;
    }
    if !any {
        emit(piece);
    }
}

/// The mark of a title's first character or word.
pub(crate) fn head_mark(normal: &str) -> Option<String> {
    let piece = pieces(normal).next()?;
    let first = piece.chars().next()?;
    Some(if in_runs(first) { format!("^{first}") } else { format!("^{piece}") })
}

/// The mark of a title's last character or word.
pub(crate) fn tail_mark(normal: &str) -> Option<String> {
    let piece = pieces(normal).last()?;
    let last = piece.chars().next_back()?;
    Some(if in_runs(last) { format!("{last}$") } else { format!("{piece}$") })
}

/// Cuts stored normal forms into unigrams and overlapping bigrams, with edge marks where asked.
#[derive(Clone, Default)]
pub(crate) struct Grams {
    /// Whether each value gets its two edge marks.
    pub(crate) edges: bool,
    spans: Vec<Span>,
    token: Token,
}

#[derive(Clone, Copy)]
struct Span {
    from: usize,
    to: usize,
    head: bool,
    tail: bool,
}

impl Grams {
    pub(crate) fn new(edges: bool) -> Self {
        Self { edges, ..Self::default() }
    }

    fn cut(&mut self, text: &str) {
        self.spans.clear();
        for value in text.split(VALUE) {
            let base = value.as_ptr() as usize - text.as_ptr() as usize;
            let first = self.spans.len();
            for piece in pieces(value) {
                let at = base + (piece.as_ptr() as usize - value.as_ptr() as usize);
                self.cut_piece(piece, at);
            }
            if self.edges && self.spans.len() > first {
                let (head, tail) = (self.spans[first], self.spans[self.spans.len() - 1]);
                self.spans.push(Span { head: true, ..head });
                self.spans.push(Span { tail: true, ..tail });
            }
        }
    }

    /// A run ends with the unigram of its last character and begins with that of its first: the edge marks rely on it.
    fn cut_piece(&mut self, piece: &str, base: usize) {
        let plain = |from, to| Span { from, to, head: false, tail: false };
        if !piece.chars().next().is_some_and(in_runs) {
            return self.spans.push(plain(base, base + piece.len()));
        }
        let mut previous = None;
        for (at, c) in piece.char_indices() {
            let end = base + at + c.len_utf8();
            if let Some(start) = previous {
                self.spans.push(plain(start, end));
            }
            self.spans.push(plain(base + at, end));
            previous = Some(base + at);
        }
    }
}

impl Tokenizer for Grams {
    type TokenStream<'a> = GramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> GramStream<'a> {
        self.cut(text);
        self.token.reset();
        GramStream { text, next: 0, grams: self }
    }
}

/// The grams of one text.
pub(crate) struct GramStream<'a> {
    text: &'a str,
    next: usize,
    grams: &'a mut Grams,
}

impl TokenStream for GramStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(&span) = self.grams.spans.get(self.next) else { return false };
        self.next += 1;
        let token = &mut self.grams.token;
        token.text.clear();
        if span.head {
            token.text.push('^');
        }
        token.text.push_str(&self.text[span.from..span.to]);
        if span.tail {
            token.text.push('$');
        }
        token.position = 0;
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

    #[test]
    fn normal_forms() {
        for (text, expect) in [
            ("《三国演义》（上）", "三国演义上"),
            ("Java  程序设计（第2版）", "java 程序设计第 2 版"),
            ("C++/C# 入门", "c++ c# 入门"),
            ("史蒂文·霍金", "史蒂文霍金"),
            (" — ", ""),
            ("A. B.", "a b"),
        ] {
            assert_eq!(normal(text), expect, "{text}");
        }
    }

    fn grams(text: &str, edges: bool) -> Vec<String> {
        let mut out = Vec::new();
        Grams::new(edges).token_stream(text).process(&mut |t| out.push(t.text.clone()));
        out.sort();
        out
    }

    #[test]
    fn grams_and_marks() {
        assert_eq!(grams("三国\u{1f}家", true), ["^三", "^家", "三", "三国", "国", "国$", "家", "家$"]);
        assert_eq!(grams("java 程", true), ["^java", "java", "程", "程$"]);
        assert_eq!(grams("", true), Vec::<String>::new());
    }

    #[test]
    fn required_terms_are_among_the_grams() {
        for text in ["三国演义", "家", "c++ 语言", "三国 java 水浒"] {
            let all = grams(text, false);
            for piece in pieces(text) {
                required(piece, |term| assert!(all.iter().any(|t| t == term), "{term} of {text}"));
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_normal_form_is_its_own(text in "\\PC{0,40}") {
            let once = normal(&text);
            proptest::prop_assert_eq!(normal(&once), once);
        }
    }
}
