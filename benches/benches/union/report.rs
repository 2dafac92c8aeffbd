//! The figures as lines of text.

use std::collections::BTreeMap;

use data::sample::judge::{Judged, Share, Verdict, judge_links};

use crate::entries::Found;
use crate::pool::{Place, Pool};
use crate::stage::Cost;

pub(crate) fn speed(what: &str, n_records: usize, cost: &Cost) {
    println!(
        "{what:9} {:8.2} s, {:8.2} s CPU, {:9.0} records/s, peak {} MB",
        cost.seconds,
        cost.cpu_seconds,
        n_records as f64 / cost.seconds,
        cost.peak_bytes >> 20
    );
}

/// Whether every record is in one entry; a good reader gets all but fragments and what was cut off.
pub(crate) fn found(found: &Found, pool: &Pool) {
    let readable = |record: &Judged| record.damage.is_none_or(|damage| damage.is_readable());
    let (records, places) = pool.judged();
    let lost = |idx: &usize| records[*idx].entry.is_none() && readable(&records[*idx]);
    let lost: Vec<usize> = (0..records.len()).filter(lost).collect();
    println!(
        "  {} entries; {} readable records in none, {} in two, {} unknown",
        found.entries,
        lost.len(),
        found.doubled,
        found.unknown
    );
    for idx in lost.into_iter().take(5) {
        println!("    lost: {}", pool.line(places[idx]));
        if let Some(before) = idx.checked_sub(1) {
            println!("      behind: {}", pool.line(places[before]));
        }
    }
}

pub(crate) fn in_short(verdict: &Verdict) -> String {
    format!(
        "precision {:.3} %, recall {:.3} %, B3 {:.3} / {:.3} / {:.3} %, merged volumes {}",
        verdict.precision.ratio() * 100.0,
        verdict.recall.ratio() * 100.0,
        verdict.b3_precision * 100.0,
        verdict.b3_recall * 100.0,
        verdict.b3_f() * 100.0,
        verdict.merged_volumes()
    )
}

pub(crate) fn verdict(verdict: &Verdict) {
    println!("{}", in_short(verdict));
    println!(
        "  {} editions in {} entries; {} of {} pairs right, {} missed",
        verdict.editions,
        verdict.entries,
        verdict.precision.found,
        verdict.precision.of,
        verdict.recall.of - verdict.recall.found
    );
    println!("recall by what is peculiar to a record");
    for (name, share) in &verdict.recall_by {
        println!("  {name:28} {}", of(share));
    }
    println!("wrong pairs by cause");
    for (cause, n) in &verdict.wrong {
        println!("  {:34} {n}", cause.name());
    }
    println!("records apart from their edition, by what is peculiar to them");
    most_frequent(&verdict.apart, 24, |name, n| {
        println!("  {n:7} {}", if name.is_empty() { "nothing" } else { name })
    });
}

fn of(share: &Share) -> String {
    format!("{:7.3} % of {}", share.ratio() * 100.0, share.of)
}

fn most_frequent(counts: &BTreeMap<String, u64>, at_most: usize, each: impl Fn(&str, u64)) {
    let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    counts.into_iter().take(at_most).for_each(|(name, n)| each(name, *n));
}

/// Which grounds the links rest on, and how many of those links are right.
pub(crate) fn grounds(found: &Found, pool: &Pool) {
    let ends =
        found.links.iter().filter_map(|(a, b, names)| Some((*pool.record(*a)?, *pool.record(*b)?, names)));
    let (mut records, mut links) = (Vec::new(), Vec::new());
    for (a, b, names) in ends {
        links.push((records.len(), records.len() + 1, names.clone()));
        records.extend([a, b]);
    }
    let by_grounds = judge_links(&records, links);
    println!("links by grounds ({} links)", found.links.len());
    let mut rows: Vec<(&String, &Share)> = by_grounds.iter().collect();
    rows.sort_by_key(|(_, share)| std::cmp::Reverse(share.of));
    for (names, share) in rows {
        println!("  {names:60} {:8} links, {:8.3} % right", share.of, share.ratio() * 100.0);
    }
}

/// Records that were joined or kept apart wrongly.
pub(crate) fn examples(verdict: &Verdict, places: &[Place], pool: &Pool) {
    println!("joined wrongly");
    for (cause, a, b) in &verdict.wrong_examples {
        println!("  {}:\n    {}\n    {}", cause.name(), pool.line(places[*a]), pool.line(places[*b]));
    }
    println!("kept apart wrongly");
    for (a, b) in &verdict.apart_examples {
        println!("    {}\n      from {}", pool.line(places[*a]), pool.line(places[*b]));
    }
}
