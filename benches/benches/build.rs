//! How many entries a second become a searchable generation, and how many bytes each takes?
//!
//! `cargo bench -p benches --bench build -- 100000`
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod shared;

use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (books, mut seed) = (shared::books(), shared::Seed(46));
    let entries: Vec<_> = (0..shared::count()).map(|n| shared::entry(n, &books, &mut seed)).collect();
    let dir = tempfile::tempdir()?;
    let start = Instant::now();
    let summary = shared::build(dir.path(), &entries)?;
    let seconds = start.elapsed().as_secs_f64();
    let holdings: usize = entries.iter().map(|e| e.holdings.len()).sum();
    println!("{} entries, {holdings} holdings, {seconds:.2} s", entries.len());
    println!("{:.0} entries/s", entries.len() as f64 / seconds);
    println!("{:.0} bytes/entry", summary.bytes as f64 / entries.len() as f64);
    let folder = dir.path().join(&summary.generation);
    let mut by_kind = std::collections::BTreeMap::<String, u64>::new();
    for item in std::fs::read_dir(folder)? {
        let path = item?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let segment = name.len() > 32 && name.as_bytes()[..32].iter().all(u8::is_ascii_hexdigit);
        let kind = if segment { name[32..].to_owned() } else { name.to_owned() };
        *by_kind.entry(kind).or_default() += path.metadata()?.len();
    }
    for (kind, bytes) in by_kind {
        println!("  {kind:16} {:7.1} bytes/entry", bytes as f64 / entries.len() as f64);
    }
    Ok(())
}
