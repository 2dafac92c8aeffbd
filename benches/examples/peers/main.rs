//! Ours beside other engines on the same records: writes what the peers read, and measures ours on it.
//!
//! `cargo run --release -p benches --example peers -- 100000 DIR`, then `benches/peers/run.py DIR` for the others;
//! `make bench-peers` does both. DIR gets `records.tsv`, `queries.tsv`, `pieces.tsv`, `titles.tsv` and `ours.json`.
//! A peer answers twenty records and a total; ours answers that with all counts and facets, for it has no other
//! way to.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[path = "../../benches/shared/mod.rs"]
#[allow(dead_code, reason = "each bench uses its part")]
mod shared;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use indexer::analysis::fold::fold;
use indexer::bib::Entry;
use indexer::index::EntryOrder;
use indexer::search::{Catalogue, Query, SearchField};
use shared::Seed;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Queries of each class, pieces and whole titles.
const EACH: usize = 100;
const PIECES: usize = 1_000;
const TITLES: usize = 500;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (n, dir) = (args.next().ok_or("how many records?")?, args.next().ok_or("which folder?")?);
    let dir = Path::new(&dir);
    if n == "--ask" {
        println!("{}", ask(dir)?);
        return Ok(());
    }
    std::fs::create_dir_all(dir)?;
    let (books, mut seed) = (shared::books(), Seed(46));
    let entries: Vec<Entry> = (0..n.parse()?).map(|n| shared::entry(n, &books, &mut seed)).collect();
    write_records(dir, &entries)?;
    write_rows(dir, "queries.tsv", queries(&entries, &mut seed).into_iter())?;
    write_rows(dir, "pieces.tsv", pieces(&entries, &mut seed).into_iter())?;
    write_rows(dir, "titles.tsv", titles(&entries, &mut seed).into_iter().map(|title| [title]))?;
    // What an earlier run left would be counted with this one's index.
    match std::fs::remove_dir_all(dir.join("ours")) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cause.into()),
        _ => {}
    }
    let start = Instant::now();
    shared::build(&dir.join("ours"), &entries, EntryOrder::AsGiven)?;
    let seconds = start.elapsed().as_secs_f64();
    // In a process of its own, so that its memory is its own.
    let asked = Command::new(std::env::current_exe()?).arg("--ask").arg(dir).output()?;
    if !asked.status.success() {
        return Err(String::from_utf8_lossy(&asked.stderr).into());
    }
    let asked = String::from_utf8(asked.stdout)?;
    let ours = asked.trim_end().replacen('{', &format!("{{\"build\":{seconds:.2},"), 1);
    println!("{ours}");
    std::fs::write(dir.join("ours.json"), ours)?;
    Ok(())
}

/// The lines of a file that `write_rows` wrote.
fn rows(dir: &Path, name: &str) -> Result<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(dir.join(name))?;
    Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
}

fn write_rows<const N: usize>(
    dir: &Path,
    name: &str,
    rows: impl Iterator<Item = [impl AsRef<str>; N]>,
) -> Result<()> {
    let mut out = BufWriter::new(File::create(dir.join(name))?);
    for row in rows {
        let row: Vec<String> = row.iter().map(|cell| cell.as_ref().replace(['\t', '\n'], " ")).collect();
        writeln!(out, "{}", row.join("\t"))?;
    }
    Ok(out.flush()?)
}

fn title_of(entry: &Entry) -> &str {
    entry.bib.title.as_deref().unwrap_or_default()
}

fn author_of(entry: &Entry) -> &str {
    entry.bib.agents.first().map_or("", |agent| agent.name.as_str())
}

/// Title, author, publisher, year, ISBN, subject; the record's number is that of its line, from 0.
fn write_records(dir: &Path, entries: &[Entry]) -> Result<()> {
    let cells = |entry: &Entry| {
        let bib = &entry.bib;
        [
            title_of(entry).to_owned(),
            author_of(entry).to_owned(),
            bib.publisher.clone().unwrap_or_default(),
            bib.year.unwrap_or_default().to_string(),
            bib.isbns.first().map(ToString::to_string).unwrap_or_default(),
            bib.subjects.first().cloned().unwrap_or_default(),
        ]
    };
    write_rows(dir, "records.tsv", entries.iter().map(cells))
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// A run of Han out of a title, and whose.
fn piece(entries: &[Entry], seed: &mut Seed, length: usize) -> (String, usize) {
    loop {
        let at = seed.below(entries.len());
        let chars: Vec<char> = title_of(&entries[at]).chars().collect();
        let start = seed.below(chars.len());
        if let Some(piece) = chars.get(start..start + length).filter(|piece| piece.iter().all(|c| is_han(*c)))
        {
            return (piece.iter().collect(), at);
        }
    }
}

/// Pieces with what else is needed to look whether their record is among what is found.
fn pieces(entries: &[Entry], seed: &mut Seed) -> Vec<[String; 3]> {
    let draw = |n: usize| {
        let (piece, at) = piece(entries, seed, 1 + n % 6);
        [piece, at.to_string(), entries[at].bib.isbns[0].to_string()]
    };
    (0..PIECES).map(draw).collect()
}

fn titles(entries: &[Entry], seed: &mut Seed) -> Vec<String> {
    let wanted = |title: &&str| title.chars().all(is_han) && !title.is_empty();
    let draw = std::iter::from_fn(|| Some(title_of(&entries[seed.below(entries.len())])));
    draw.filter(wanted).take(TITLES).map(str::to_owned).collect()
}

/// The mixed set without pinyin, which no peer reads, and without the filter by library.
fn queries(entries: &[Entry], seed: &mut Seed) -> Vec<[String; 2]> {
    let latin = ["java", "python", "web", "english", "office"];
    let subjects = ["长篇小说", "程序设计", "历史研究", "金融学", "教育学"];
    let broad = ["的", "中国", "研究", "不存在的书名啊", "zzzz"];
    let mut all = Vec::new();
    for n in 0..EACH {
        let isbn = entries[n * 17 % entries.len()].bib.isbns[0].to_string();
        all.push(("one character", piece(entries, seed, 1).0));
        all.push(("two", piece(entries, seed, 2).0));
        all.push(("three to six", piece(entries, seed, 3 + n % 4).0));
        all.push(("author", author_of(&entries[n * 31 % entries.len()]).to_owned()));
        all.push(("subject", subjects[n % subjects.len()].to_owned()));
        all.push(("Latin words", latin[n % latin.len()].to_owned()));
        all.push(("ISBN", isbn));
        all.push(("fields", piece(entries, seed, 2).0));
        all.push(("broadest, no hit", broad[n % broad.len()].to_owned()));
    }
    let given = all.into_iter().filter(|(_, query): &(&str, String)| !query.is_empty());
    given.map(|(class, query)| [class.to_owned(), query]).collect()
}

fn asked(class: &str, text: &str) -> Query {
    let field = |field| Query { text: text.to_owned(), field, ..Query::default() };
    match class {
        "author" => field(SearchField::Author),
        "subject" => field(SearchField::Subject),
        "title" => field(SearchField::Title),
        "fields" => {
            Query { text: format!("title:{text} publisher:出版社"), from: Some(1990), ..Query::default() }
        }
        _ => Query { text: text.to_owned(), ..Query::default() },
    }
}

/// One line of JSON with the same figures as `run.py` gives for a peer.
fn ask(dir: &Path) -> Result<String> {
    let index = dir.join("ours");
    let start = Instant::now();
    let catalogue = Catalogue::open(&index)?;
    catalogue.search(&asked("any", "三国"))?;
    let cold = start.elapsed().as_secs_f64() * 1e3;
    let mut times = Vec::new();
    for row in rows(dir, "queries.tsv")? {
        let query = asked(&row[0], &row[1]);
        let start = Instant::now();
        catalogue.search(&query)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let pieces = rows(dir, "pieces.tsv")?;
    let mut n_found = 0;
    for row in &pieces {
        // The record is in the set of the piece where both together find something.
        let query = asked("any", &format!("title:{} isbn:{}", row[0], row[2]));
        n_found += usize::from(catalogue.search(&query)?.total > 0);
    }
    let titles = rows(dir, "titles.tsv")?;
    let mut n_first = 0;
    for row in &titles {
        let answer = catalogue.search(&asked("title", &row[0]))?;
        // In either script: 歷史 and 历史 are one title.
        let is_own = |title: &str| fold(title) == fold(&row[0]);
        n_first += usize::from(answer.hits.first().is_some_and(|hit| is_own(title_of(&hit.entry))));
    }
    let share = |n: usize, of: usize| n as f64 * 100.0 / of.max(1) as f64;
    Ok(format!(
        "{{\"name\":\"Lianmu\",\"bytes\":{},\"cold\":{cold:.1},\"p50\":{:.3},\"p95\":{:.3},\"p99\":{:.3},\"recall\":{:.2},\"first\":{:.2},\"rss\":{}}}",
        bytes_of(&index)?,
        at(0.5),
        at(0.95),
        at(0.99),
        share(n_found, pieces.len()),
        share(n_first, titles.len()),
        rss_anonymous(),
    ))
}

fn bytes_of(dir: &Path) -> Result<u64> {
    let mut sum = 0;
    for item in std::fs::read_dir(dir)? {
        let item = item?;
        sum += if item.path().is_dir() { bytes_of(&item.path())? } else { item.metadata()?.len() };
    }
    Ok(sum)
}

/// Megabytes that are not mapped files.
fn rss_anonymous() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}
