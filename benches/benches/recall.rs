//! Does any piece of a real title or name find its record, and does the whole title rank it first?
//!
//! `cargo bench -p benches --bench recall`: every row of `../shared/corpus/zh_books.tsv`, or as many as the first
//! number says. A piece is asked together with its record's ISBN, so a hit is this record in the result set.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[allow(dead_code, reason = "each bench uses its part")]
mod shared;

use indexer::analysis::fold::fold;
use indexer::bib::{Entry, Isbn};
use indexer::index::EntryOrder;
use indexer::search::{Catalogue, Query, SearchField};
use shared::Seed;

const PIECES: usize = 24_000;
const TITLES: usize = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (books, mut seed) = (shared::books(), Seed(46));
    let asked = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(books.len());
    let entries: Vec<Entry> = (0..books.len().min(asked))
        .map(|n| {
            let mut entry = shared::entry(n, &books, &mut seed);
            entry.bib.isbns = vec![Isbn(9_787_000_000_000 + n as u64)];
            entry
        })
        .collect();
    let dir = tempfile::tempdir()?;
    shared::build(dir.path(), &entries, EntryOrder::AsGiven)?;
    let catalogue = Catalogue::open(dir.path())?;
    println!("{} records", entries.len());
    for (name, field, of_author) in [
        ("pieces of titles, any field", SearchField::Any, false),
        ("pieces of titles, title", SearchField::Title, false),
        ("pieces of names, any field", SearchField::Any, true),
        ("pieces of names, author", SearchField::Author, true),
    ] {
        pieces(&catalogue, &entries, &mut seed, (name, field, of_author))?;
    }
    first(&catalogue, &entries, &mut seed)
}

/// Runs that are written without blanks: Han, kana, Hangul.
fn dense_runs(text: &str) -> Vec<Vec<char>> {
    let dense = |c: char| {
        matches!(c, '\u{3005}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{3400}'..='\u{9fff}')
            || matches!(c, '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}')
    };
    text.split(|c| !dense(c)).filter(|run| !run.is_empty()).map(|run| run.chars().collect()).collect()
}

fn pieces(
    catalogue: &Catalogue,
    entries: &[Entry],
    seed: &mut Seed,
    (name, field, of_author): (&str, SearchField, bool),
) -> Result<(), Box<dyn std::error::Error>> {
    let (mut asked, mut found, mut missed) = (0, 0, Vec::new());
    while asked < PIECES / 4 {
        let bib = &entries[seed.below(entries.len())].bib;
        let author = bib.agents.first().map(|agent| agent.name.as_str());
        let text = if of_author { author } else { bib.title.as_deref() }.unwrap_or_default();
        let runs = dense_runs(text);
        if runs.is_empty() {
            continue;
        }
        let run = &runs[seed.below(runs.len())];
        let length = (1 + seed.below(6)).min(run.len());
        let start = seed.below(run.len() - length + 1);
        let piece: String = run[start..start + length].iter().collect();
        let query = Query { text: format!("{piece} isbn:{}", bib.isbns[0]), field, ..Query::default() };
        asked += 1;
        if catalogue.ids(&query)?.0 == 1 {
            found += 1;
        } else {
            missed.push(format!("{piece} of {text}"));
        }
    }
    println!("{name:28} {found} of {asked} found  {missed:?}");
    Ok(())
}

/// Ties between titles that fold to the same are no miss.
fn first(
    catalogue: &Catalogue,
    entries: &[Entry],
    seed: &mut Seed,
) -> Result<(), Box<dyn std::error::Error>> {
    let (mut asked, mut first, mut missed) = (0, 0, Vec::new());
    while asked < TITLES.min(entries.len()) {
        let title = entries[seed.below(entries.len())].bib.title.as_deref().unwrap_or_default();
        let form = fold(title);
        if form.is_empty() {
            continue;
        }
        asked += 1;
        let query = Query { text: title.to_owned(), ..Query::default() };
        let (_, ids) = catalogue.ids(&query)?;
        let top = ids.first().map(|id| catalogue.entry(id)).transpose()?.flatten();
        if top.is_some_and(|top| top.bib.title.is_some_and(|top| fold(&top) == form)) {
            first += 1;
        } else if missed.len() < 20 {
            missed.push(title);
        }
    }
    println!("{:28} {first} of {asked} first  {missed:?}", "whole titles");
    Ok(())
}
