//! Folded text → the terms of the index and those of a query.
//!
//! Han, kana and Hangul give single characters and overlapping pairs, so that any piece of a title finds it;
//! letters and digits give whole words and neighbouring pairs. It knows no field and no query syntax.
//!
//! The law: the terms of any piece of a run of Han, as a query, are among the terms of the whole, as indexed.

use super::fold::{Class, class_of};
use super::numbers;

/// For which side terms are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A title or a name: all terms, and the edge marks `^三` and `义$` at its ends.
    Whole,
    /// Any other text that is indexed.
    Index,
    /// A word of a query: as few terms as say it all.
    Query,
    /// A quoted phrase: also pairs of words with a blank between them.
    Phrase,
    /// A query that should be the whole title: the edge marks alone.
    Edges,
}

/// No word is longer: what stands behind is cut off on both sides alike.
const LONGEST_WORD: usize = 64;

/// Calls `term` with each term of the folded `text`; the same term may come several times.
///
/// ```
/// use indexer::analysis::{Mode, tokens};
/// let mut terms = Vec::new();
/// tokens("三国演义", Mode::Query, &mut |t| terms.push(t.to_owned()));
/// assert_eq!(terms, ["三国", "国演", "演义"]);
/// ```
pub fn tokens(text: &str, mode: Mode, term: &mut impl FnMut(&str)) {
    match mode {
        Mode::Whole => {
            index_run(text, term);
            edges(text, term);
        }
        Mode::Index => index_run(text, term),
        Mode::Query | Mode::Phrase => walk(text, mode, term),
        Mode::Edges => edges(text, term),
    }
}

/// The terms of a folded title or other text for the index; `edges` for titles and names.
pub fn index_tokens(text: &str, edges: bool) -> Vec<String> {
    collect(text, if edges { Mode::Whole } else { Mode::Index })
}

/// The terms that a folded word of a query needs, all of them.
pub fn query_tokens(text: &str) -> Vec<String> {
    collect(text, Mode::Query)
}

fn collect(text: &str, mode: Mode) -> Vec<String> {
    let mut terms = Vec::new();
    tokens(text, mode, &mut |t| terms.push(t.to_owned()));
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// All terms of the text, and those of its other spellings of part numbers: 第3卷 is found by 第三卷.
fn index_run(text: &str, term: &mut impl FnMut(&str)) {
    walk(text, Mode::Index, term);
    numbers::respell(text, &mut |piece| walk(piece, Mode::Index, term));
}

/// A token of folded text: a single dense character, or a word.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    start: usize,
    dense: bool,
}

/// Splits folded text; letters and digits part, so that Java2 and Java 2 are the same two words.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let c = rest.chars().next()?;
            let start = at;
            match class_of(c) {
                Class::Dense => {
                    at += c.len_utf8();
                    return Some(Piece { text: &text[start..at], start, dense: true });
                }
                Class::Word => {
                    let digit = c.is_ascii_digit();
                    let word = |c: char| class_of(c) == Class::Word && c.is_ascii_digit() == digit;
                    let len = rest.find(|c| !word(c)).unwrap_or(rest.len());
                    let marks = rest[len..].bytes().take(2).take_while(|b| matches!(b, b'+' | b'#')).count();
                    at += len + if digit { 0 } else { marks };
                    let cut = rest.char_indices().nth(LONGEST_WORD).map_or(at, |(i, _)| at.min(start + i));
                    return Some(Piece { text: &text[start..cut], start, dense: false });
                }
                _ => at += c.len_utf8(),
            }
        }
    })
}

fn walk(text: &str, mode: Mode, term: &mut impl FnMut(&str)) {
    let index = mode == Mode::Index;
    let mut pair = String::new();
    let mut before: Option<Piece<'_>> = None;
    // Whether `before` is one of a pair already: a query does not name it a second time alone.
    let mut paired = false;
    for piece in pieces(text).map(Some).chain(std::iter::once(None)) {
        if let Some(b) = before {
            let touching = piece.is_some_and(|p| b.start + b.text.len() == p.start);
            let dense_pair = touching && b.dense && piece.is_some_and(|p| p.dense);
            if b.dense && !index && !paired && !dense_pair {
                term(b.text);
            }
            match piece {
                Some(p) if !b.dense && !p.dense && (touching || mode != Mode::Query) => {
                    pair.clear();
                    pair.extend([b.text, " ", p.text]);
                    term(&pair);
                }
                Some(p) if touching => term(&text[b.start..p.start + p.text.len()]),
                _ => {}
            }
            paired = dense_pair;
        }
        if let Some(p) = piece
            && (index || !p.dense)
        {
            term(p.text);
            if index {
                plain_name(p.text, term);
            }
        }
        before = piece;
    }
}

/// Whoever looks for C finds C++ as well.
fn plain_name(word: &str, term: &mut impl FnMut(&str)) {
    let plain = word.trim_end_matches(['+', '#']);
    if plain.len() < word.len() {
        term(plain);
    }
}

fn edges(text: &str, term: &mut impl FnMut(&str)) {
    let mut mark = String::new();
    if let Some(first) = pieces(text).next() {
        mark.push('^');
        mark.push_str(first.text);
        term(&mark);
    }
    // The last piece begins at the last dense character, or behind it.
    let tail = text.rfind(|c| c == ' ' || class_of(c) == Class::Dense).unwrap_or(0);
    if let Some(last) = pieces(&text[tail..]).last() {
        mark.clear();
        mark.push_str(last.text);
        mark.push('$');
        term(&mark);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use proptest::prelude::*;

    use super::super::fold::fold;
    use super::*;

    fn query_finds(query: &str, title: &str) -> bool {
        let index = index_tokens(&fold(title), true);
        query_tokens(&fold(query)).iter().all(|t| index.contains(t))
    }

    #[test]
    fn terms_of_both_sides() {
        let check = |text: &str, mode, expect: &[&str]| {
            let mut terms = Vec::new();
            tokens(&fold(text), mode, &mut |t| terms.push(t.to_owned()));
            assert_eq!(terms, expect, "{text} {mode:?}");
        };
        check("三国", Mode::Whole, &["三", "三国", "国", "^三", "国$"]);
        check("三国演义", Mode::Query, &["三国", "国演", "演义"]);
        check("义", Mode::Query, &["义"]);
        check("Java简明", Mode::Index, &["java", "java简", "简", "简明", "明"]);
        check("C语言", Mode::Query, &["c", "c语", "语言"]);
        check("Java2", Mode::Query, &["java", "java 2", "2"]);
        check("Java Web", Mode::Query, &["java", "web"]);
        check("Java Web", Mode::Phrase, &["java", "java web", "web"]);
        check("C++", Mode::Index, &["c++", "c"]);
        check("C++", Mode::Query, &["c++"]);
        check("《三国演义》", Mode::Edges, &["^三", "义$"]);
        check("Java", Mode::Edges, &["^java", "java$"]);
        check("བོད་ཡིག", Mode::Query, &["བོད", "ཡིག"]);
        check("", Mode::Whole, &[]);
    }

    #[test]
    fn queries_find_titles() {
        for (query, title) in [
            ("java", "JAVA简明教程"),
            ("Java 2", "Java2教程"),
            ("java2", "Java 2 教程"),
            ("历史", "中国歷史"),
            ("敎育", "教育学"),
            ("C语言", "《C》语言"),
            ("c", "C++程序设计"),
            ("第3卷", "鲁迅全集 第三卷"),
            ("第三卷", "鲁迅全集 第3卷"),
            ("第三卷", "鲁迅全集(第Ⅲ卷)"),
            ("卷3", "资治通鉴卷三"),
            ("全集第3卷", "鲁迅全集第三卷"),
            ("第２１册", "丛书第二十一册"),
            ("国演", "三國演義"),
        ] {
            assert!(query_finds(query, title), "{query} {title}");
        }
        for (query, title) in
            [("c++", "C语言"), ("国三", "三国演义"), ("java2", "Java 3"), ("第4卷", "第三卷")]
        {
            assert!(!query_finds(query, title), "{query} {title}");
        }
    }

    proptest! {
        #[test]
        fn any_piece_of_a_run_finds_the_whole(title in "[三国演義紅樓夢第卷一二十百3aC+ が한·（]{1,24}", from in 0usize..24, len in 1usize..8) {
            let title = fold(&title);
            let index = index_tokens(&title, true);
            let dense = |c: char| class_of(c) == Class::Dense;
            for run in title.split(|c| !dense(c)) {
                let cut: String = run.chars().skip(from).take(len).collect();
                for term in query_tokens(&cut) {
                    prop_assert!(index.contains(&term), "{} {} {}", title, cut, term);
                }
            }
            for mode in [Mode::Query, Mode::Phrase] {
                tokens(&title, mode, &mut |t| assert!(index.iter().any(|i| i == t), "{title} {t}"));
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,60}") {
            for mode in [Mode::Whole, Mode::Query, Mode::Phrase] {
                tokens(&text, mode, &mut |t| assert!(!t.is_empty()));
            }
        }
    }
}
