//! Terms, folding and pinyin over real titles; says so and passes where the corpus is not there.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::{HashMap, HashSet};
use std::path::Path;

use indexer::analysis::fold::fold;
use indexer::analysis::{Mode, highlight, pinyin, tokens};

/// Titles and authors, every `step`th row.
fn rows(step: usize) -> Option<Vec<(String, String)>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/zh_books.tsv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no corpus at {}", path.display());
        return None;
    };
    let row = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        Some((cells.next()?, cells.next()?))
    };
    Some(text.lines().skip(1).step_by(step).filter_map(row).collect())
}

fn terms(folded: &str, mode: Mode) -> HashSet<String> {
    let mut terms = HashSet::new();
    tokens(folded, mode, &mut |t| {
        terms.insert(t.to_owned());
    });
    terms
}

/// A generator that needs no crate and gives the same pieces on every machine.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

#[test]
fn any_piece_of_a_run_of_han_is_among_the_terms_of_its_title() {
    let Some(rows) = rows(11) else { return };
    let mut draw = Draw(2026);
    let mut pieces = 0;
    for (title, author) in &rows {
        for text in [title, author] {
            let index = terms(&fold(text), Mode::Whole);
            for run in text.split(|c| !is_han(c)).filter(|r| !r.is_empty()) {
                let chars: Vec<char> = run.chars().collect();
                let from = draw.below(chars.len());
                let n = 1 + draw.below(6.min(chars.len() - from));
                let piece: String = chars[from..from + n].iter().collect();
                for term in terms(&fold(&piece), Mode::Query) {
                    assert!(index.contains(&term), "{piece} of {text}: {term}");
                }
                assert!(!highlight(text, &[fold(&piece)]).is_empty(), "{piece} of {text} is shown");
                pieces += 1;
            }
        }
    }
    assert!(pieces > 5000, "{pieces}");
}

#[test]
fn whole_titles_are_among_their_own_terms_and_fold_once() {
    let Some(rows) = rows(17) else { return };
    for (title, author) in &rows {
        for text in [title, author] {
            let folded = fold(text);
            assert_eq!(fold(&folded), folded, "{text}");
            let index = terms(&folded, Mode::Whole);
            for mode in [Mode::Query, Mode::Phrase, Mode::Edges] {
                assert!(terms(&folded, mode).is_subset(&index), "{text} {mode:?}");
            }
        }
    }
}

#[test]
fn titles_are_found_by_their_pinyin() {
    let Some(rows) = rows(301) else { return };
    let (mut tried, mut found) = (0, 0);
    for (title, _) in &rows {
        let title = fold(title);
        if !(2..=8).contains(&title.chars().count()) || !title.chars().all(is_han) {
            continue;
        }
        let typed = pinyin::reading(&title).replace(' ', "'");
        let splits = pinyin::split_query(&typed);
        let reads = |split: &Vec<pinyin::Piece>| {
            split.len() == title.chars().count()
                && split
                    .iter()
                    .zip(title.chars())
                    .all(|(p, c)| pinyin::chars_of_syllable(p.letters()).contains(&c))
        };
        tried += 1;
        found += usize::from(splits.iter().any(reads));
    }
    assert!(tried > 50 && found == tried, "{found} of {tried}");
}

/// In the character set of simplified Chinese.
fn simplified(text: &str) -> bool {
    let (bytes, _, lost) = encoding_rs::GBK.encode(text);
    !lost && bytes.chunks(2).all(|pair| matches!(pair, [0xb0..=0xf7, 0xa1..=0xfe]))
}

#[test]
fn folding_keeps_titles_in_simplified_characters_apart() {
    let Some(rows) = rows(1) else { return };
    let titles: HashSet<&String> = rows.iter().map(|(title, _)| title).filter(|t| simplified(t)).collect();
    let mut by_fold: HashMap<String, Vec<&String>> = HashMap::new();
    for title in &titles {
        by_fold.entry(fold(title)).or_default().push(title);
    }
    let merged: Vec<_> = by_fold.values().filter(|same| same.len() > 1).collect();
    // What is left are spellings of one word: 烟酒 and 菸酒, 乾 and 干.
    assert!(titles.len() > 50_000 && merged.len() * 2000 < titles.len(), "{} {merged:?}", titles.len());
}
