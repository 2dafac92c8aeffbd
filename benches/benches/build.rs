//! How many entries a second become a searchable generation, and how many bytes each takes, as given and sorted?
//!
//! `cargo bench -p benches --bench build -- 100000`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[allow(dead_code, reason = "each bench uses its part")]
mod shared;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use indexer::bib::Entry;
use indexer::index::EntryOrder;
use indexer::search::Catalogue;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let (books, mut seed) = (shared::books(), shared::Seed(46));
    let mut entries: Vec<_> = (0..shared::count()).map(|n| shared::entry(n, &books, &mut seed)).collect();
    let holdings: usize = entries.iter().map(|e| e.holdings.len()).sum();
    let members: usize = entries.iter().map(|e| e.members.len()).sum();
    println!("{} entries, {members} members, {holdings} holdings", entries.len());
    let dir = tempfile::tempdir()?;
    let given = measured(&dir.path().join("given"), &entries, EntryOrder::AsGiven)?;
    entries.sort_by(|a, b| {
        let key = |e: &Entry| (e.bib.publisher.clone(), e.bib.year, e.bib.title.clone());
        key(a).cmp(&key(b))
    });
    let sorted = measured(&dir.path().join("sorted"), &entries, EntryOrder::PublisherYearTitle)?;
    println!("{:16} {:>10} {:>10}  bytes an entry", "", "as given", "sorted");
    for (kind, bytes) in &given {
        let sorted = sorted.get(kind).copied().unwrap_or_default();
        println!("{kind:16} {bytes:10.1} {sorted:10.1}");
    }
    layered(&dir.path().join("sorted"), &entries)
}

/// Builds and returns the bytes an entry by kind of file.
fn measured(dir: &Path, entries: &[Entry], order: EntryOrder) -> Outcome<BTreeMap<String, f64>> {
    let start = Instant::now();
    let summary = shared::build(dir, entries, order)?;
    let seconds = start.elapsed().as_secs_f64();
    println!("built in {seconds:.2} s: {:.0} entries/s", entries.len() as f64 / seconds);
    let mut by_kind = BTreeMap::new();
    for item in std::fs::read_dir(dir.join(&summary.generation))? {
        let path = item?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let kind = name.split_once('.').map_or(name, |(_, kind)| kind);
        let bytes = path.metadata()?.len() as f64 / entries.len() as f64;
        *by_kind.entry(kind.to_owned()).or_insert(0.0) += bytes;
        *by_kind.entry("~ all".to_owned()).or_insert(0.0) += bytes;
    }
    Ok(by_kind)
}

/// Lays nights of one in a hundred on the base, and says what each costs to build and to open.
fn layered(dir: &Path, entries: &[Entry]) -> Outcome<()> {
    for night in 0..9 {
        let start = Instant::now();
        let changed = shared::lay(dir, entries, night)?;
        let seconds = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let catalogue = Catalogue::open(dir)?;
        let opened = start.elapsed().as_secs_f64() * 1e3;
        let layers = catalogue.manifest().layers.len();
        println!(
            "night {night}: {changed} entries in {seconds:.2} s; {layers} layers, opened in {opened:.0} ms"
        );
    }
    Ok(())
}
