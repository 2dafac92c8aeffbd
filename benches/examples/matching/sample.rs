//! The sample consortium, or that of real titles, joined in memory, judged by its truth.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::Path;
use std::time::Instant;

use benches::real::{CORPUS, RealConsortium};
use data::sample::judge::{Judged, judge as judge_entries};
use data::sample::{Config, Consortium, Truth};
use indexer::cluster::{BLOCK_CAP, Link, MatchRecord, Verdict, block_keys, compare, explain, resolve};

use super::pairs::each_bib;

/// A consortium's match records, and what is known of each.
type Judgeable = (Vec<MatchRecord>, Vec<Judged>);

/// Those of the sample consortium.
fn invented(works: u32) -> Judgeable {
    let consortium = Consortium::new(Config::demo(46, works));
    let exports = (0..consortium.libraries().len()).map(|position| {
        let export = consortium.export(position);
        (export.bytes, export.truth)
    });
    judgeable(exports)
}

/// Those of the consortium of real titles; empty where the corpus is not there.
fn real(editions: u32) -> Judgeable {
    let libraries: Vec<String> = Config::demo(46, 1).libraries;
    let Some(consortium) = RealConsortium::open(Path::new(CORPUS), 46, editions, libraries) else {
        println!("skipped: no corpus beside the workspace");
        return Judgeable::default();
    };
    let exports = (0..consortium.libraries().len()).map(|position| {
        let (mut bytes, mut truth) = (Vec::new(), Vec::new());
        consortium.write_export(position, &mut bytes, |row| truth.push(row)).unwrap();
        (bytes, truth)
    });
    judgeable(exports)
}

fn judgeable(exports: impl Iterator<Item = (Vec<u8>, Vec<Truth>)>) -> Judgeable {
    let (mut records, mut known) = Judgeable::default();
    for (bytes, truth) in exports {
        let truth: HashMap<&str, Judged> =
            truth.iter().map(|t| (t.control_number.as_str(), Judged::of(t))).collect();
        each_bib(Cursor::new(&bytes), |bib| {
            if let Some(judged) = bib.control_number.as_deref().and_then(|n| truth.get(n)) {
                records.push(MatchRecord::of(&bib));
                known.push(*judged);
            }
        });
    }
    (records, known)
}

/// Pairs that share a block, each once.
fn candidates(records: &[MatchRecord]) -> Vec<(u32, u32)> {
    let mut keyed = Vec::new();
    let mut keys = Vec::new();
    for (i, record) in records.iter().enumerate() {
        keys.clear();
        block_keys(record, &mut keys);
        keyed.extend(keys.iter().map(|key| (*key, i as u32)));
    }
    keyed.sort_unstable();
    let mut pairs = Vec::new();
    for block in keyed.chunk_by(|x, y| x.0 == y.0).filter(|block| block.len() <= BLOCK_CAP) {
        for (i, a) in block.iter().enumerate() {
            pairs.extend(block[i + 1..].iter().map(|b| (a.1, b.1)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    println!("{} keys, {} candidate pairs of {} records", keyed.len(), pairs.len(), records.len());
    pairs
}

/// The entry of each record, by number of one of its records.
fn entries(records: &[MatchRecord]) -> Vec<usize> {
    let pairs = candidates(records);
    let start = Instant::now();
    let mut links = Vec::new();
    for &(a, b) in &pairs {
        let (a, b) = (a as usize, b as usize);
        let comparison = compare(&records[a], &records[b]);
        if comparison.verdict == Verdict::Same {
            links.push(Link { a, b, weight: comparison.weight, grounds: comparison.grounds });
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{:.2} µs a comparison", 1e6 * seconds / pairs.len() as f64);
    let mut entries = vec![0; records.len()];
    for (members, links) in components(records.len(), &links) {
        let own: Vec<&MatchRecord> = members.iter().map(|&i| &records[i]).collect();
        let ids: Vec<u64> = members.iter().map(|&i| (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)).collect();
        for group in resolve(&own, &ids, &links, &[], &[]).groups {
            group.iter().for_each(|&i| entries[members[i]] = members[group[0]]);
        }
    }
    entries
}

fn show(what: &str, a: &MatchRecord, b: &MatchRecord) {
    println!("\n{what}");
    for line in explain(a, b) {
        println!(
            "  {:12} {:12} {:5.1}  {} | {}",
            line.comparison, line.level, line.weight, line.left, line.right
        );
    }
}

pub(crate) fn judge(works: u32, is_real: bool, list: usize) {
    let (records, mut known) = if is_real { real(works) } else { invented(works) };
    for (entry, known) in entries(&records).into_iter().zip(&mut known) {
        known.entry = Some(entry as u32);
    }
    let verdict = judge_entries(&known);
    println!(
        "records {}, editions {}, entries {}\nprecision {:.3} %, recall {:.3} %, B³ {:.3} % {:.3} %, merged volumes {}",
        verdict.records,
        verdict.editions,
        verdict.entries,
        100.0 * verdict.precision.ratio(),
        100.0 * verdict.recall.ratio(),
        100.0 * verdict.b3_precision,
        100.0 * verdict.b3_recall,
        verdict.merged_volumes(),
    );
    for (name, share) in &verdict.recall_by {
        println!("  recall {name}: {:.2} % of {}", 100.0 * share.ratio(), share.of);
    }
    for (cause, n) in &verdict.wrong {
        println!("  wrong pairs, {}: {n}", cause.name());
    }
    let mut apart: Vec<_> = verdict.apart.iter().collect();
    apart.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    for (name, n) in apart.iter().take(12) {
        println!("  apart: {n} {name}");
    }
    let wrong = verdict.wrong_examples.iter().map(|(cause, a, b)| (cause.name(), *a, *b));
    let apart = verdict.apart_examples.iter().map(|(a, b)| ("apart", *a, *b));
    for (name, a, b) in wrong.take(list).chain(apart.take(list)) {
        show(
            &format!("{name}: {} | {}", known[a].peculiarities(), known[b].peculiarities()),
            &records[a],
            &records[b],
        );
    }
}

/// Components of matching records, with their links by number in the component.
fn components(n_records: usize, links: &[Link]) -> Vec<(Vec<usize>, Vec<Link>)> {
    let mut parent: Vec<usize> = (0..n_records).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    }
    for link in links {
        let (a, b) = (root(&mut parent, link.a), root(&mut parent, link.b));
        parent[a] = b;
    }
    let mut found: HashMap<usize, (Vec<usize>, Vec<Link>)> = HashMap::new();
    let mut place = vec![0; n_records];
    for (i, place) in place.iter_mut().enumerate() {
        let members = &mut found.entry(root(&mut parent, i)).or_default().0;
        *place = members.len();
        members.push(i);
    }
    for link in links {
        let own = Link { a: place[link.a], b: place[link.b], ..*link };
        found.get_mut(&root(&mut parent, link.a)).unwrap().1.push(own);
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_unstable_by_key(|(members, _)| members[0]);
    found
}
