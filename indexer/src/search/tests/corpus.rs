//! Any piece of a real title or name finds it; the exact title comes first. Needs the shared corpus.

use std::collections::BTreeMap;

use super::*;

const ROWS: usize = 20_000;
/// All of them are asked by `cargo bench -p benches --bench recall`.
const PIECES: usize = 5_200;

fn titles() -> Option<Vec<(String, String)>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus/zh_books.tsv");
    let text = std::fs::read_to_string(path).ok()?;
    let rows: Vec<&str> = text.lines().skip(1).collect();
    let step = (rows.len() / ROWS).max(1);
    let fields = |row: &&str| {
        let mut fields = row.split('\t');
        Some((fields.next()?.to_owned(), fields.next()?.to_owned())).filter(|(t, _)| !t.is_empty())
    };
    Some(rows.iter().step_by(step).filter_map(fields).take(ROWS).collect())
}

/// A small generator, so that every run asks the same.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

/// Runs that are written without blanks: Han, kana, Hangul.
fn dense_runs(text: &str) -> Vec<Vec<char>> {
    let dense = |c: char| {
        matches!(c, '\u{3005}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{3400}'..='\u{9fff}')
            || matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}')
    };
    text.split(|c| !dense(c)).filter(|run| !run.is_empty()).map(|run| run.chars().collect()).collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn any_piece_of_a_real_title_or_name_finds_it() {
    let Some(titles) = titles() else {
        return eprintln!("skipped: ../shared/corpus/zh_books.tsv is not there");
    };
    let entries: Vec<Entry> = (0..).zip(&titles).map(|(n, (title, author))| book(n, title, author)).collect();
    let (_dir, catalogue) = catalogue(&entries);
    let (mut seed, mut asked) = (46, 0);
    while asked < PIECES {
        let n = next(&mut seed) % titles.len();
        let of_author = asked % 3 == 0;
        let runs = dense_runs(if of_author { &titles[n].1 } else { &titles[n].0 });
        if runs.is_empty() {
            asked += usize::from(of_author);
            continue;
        }
        let run = &runs[next(&mut seed) % runs.len()];
        let length = (1 + next(&mut seed) % 6).min(run.len());
        let start = next(&mut seed) % (run.len() - length + 1);
        let piece: String = run[start..start + length].iter().collect();
        asked += 1;
        let field = match (asked % 2, of_author) {
            (0, true) => SearchField::Author,
            (0, false) => SearchField::Title,
            _ => SearchField::Any,
        };
        assert!(holds(&catalogue, &query(&piece, field), n as u64), "{piece} of {:?}", titles[n]);
    }
}

/// Looks behind the page: the sets that the answer is made of.
fn holds(catalogue: &Catalogue, query: &Query, key: u64) -> bool {
    let reckoned = crate::search::answering::reckon(catalogue, query).unwrap();
    let number = catalogue.generation.number_of_key(key).unwrap();
    let segments = catalogue.segments.iter().zip(&reckoned.found.docs);
    segments.into_iter().any(|(segment, docs)| docs.iter().any(|doc| segment.number(doc) == Some(number)))
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn the_exact_title_comes_first() {
    let Some(titles) = titles() else {
        return eprintln!("skipped: ../shared/corpus/zh_books.tsv is not there");
    };
    let entries: Vec<Entry> = (0..).zip(&titles).map(|(n, (title, author))| book(n, title, author)).collect();
    let (_dir, catalogue) = catalogue(&entries);
    let (mut asked, mut first, mut missed) = (0, 0, BTreeMap::new());
    for (title, _) in titles.iter().step_by(29) {
        let form = crate::index::terms::normal(title);
        if form.is_empty() || title.contains(['"', '“', '”', '-']) {
            continue;
        }
        let answer = catalogue.search(&query(title, SearchField::Any)).unwrap();
        let top = answer.hits.first().and_then(|hit| hit.entry.bib.title.clone()).unwrap_or_default();
        asked += 1;
        if crate::index::terms::normal(&top) == form {
            first += 1;
        } else {
            missed.insert(title.clone(), top);
        }
    }
    assert!(first * 100 >= asked * 99, "{first} of {asked}: {missed:?}");
}
