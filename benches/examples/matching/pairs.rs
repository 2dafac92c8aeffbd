//! Labelled pairs: what they say, and how well we agree.

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::PathBuf;

use indexer::bib::Bib;
use indexer::cluster::{MatchRecord, Verdict, block_keys, compare, explain};
use indexer::mapping::{HoldingsProfile, dialect, map};
use indexer::marc::{Framed, ParseOptions, RawRecord, ReadOptions, Reader, Record, parse};

/// Two records, and whether they are the same edition.
pub(crate) struct Pair {
    pub(crate) left: String,
    pub(crate) right: String,
    pub(crate) same: bool,
}

pub(crate) struct PairSet {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) records: HashMap<String, (Bib, MatchRecord)>,
}

/// Calls `each` with the description of every readable record of a file.
pub(crate) fn each_bib(file: impl Read, mut each: impl FnMut(Bib)) {
    let mut reader = Reader::new(file, ReadOptions::default());
    let (mut raw, mut record) = (RawRecord::default(), Record::default());
    while let Some(framed) = reader.next(&mut raw).unwrap() {
        if framed == Framed::Record && parse(&raw, &ParseOptions::default(), &mut record).is_ok() {
            let dialect = dialect(&record);
            each(map(&record, dialect, &HoldingsProfile::default_for(dialect)).bib);
        }
    }
}

/// Reads a set; `None` where the corpus is not there.
pub(crate) fn read(set: &str) -> Option<PairSet> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let folder = PathBuf::from(here).join("../../shared/corpus/pairs");
    let Ok(table) = std::fs::read_to_string(folder.join(format!("{set}.tsv"))) else {
        println!("{set}: skipped, no corpus beside the workspace");
        return None;
    };
    let rows = table.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        Pair { left: cells[0].to_owned(), right: cells[1].to_owned(), same: cells[2] == "1" }
    });
    let packed = folder.join(format!("{set}.jsonl.gz"));
    let mut records = HashMap::new();
    for (_, input) in indexer::marc::contained_files(&packed).unwrap() {
        each_bib(input, |bib| {
            let record = MatchRecord::of(&bib);
            records.insert(bib.control_number.clone().unwrap(), (bib, record));
        });
    }
    Some(PairSet { pairs: rows.collect(), records })
}

#[derive(Default)]
struct Score {
    true_same: u32,
    wrong: u32,
    missed: u32,
    vetoed: u32,
    unmet: u32,
}

impl Score {
    fn line(&self) -> String {
        let of = |n: u32, all: u32| 100.0 * f64::from(n) / f64::from(all.max(1));
        let same = self.true_same + self.missed;
        format!(
            "precision {:.2} %, recall {:.2} % ({} wrong, {} missed, {} of them by a veto), blocking recall {:.2} %",
            of(self.true_same, self.true_same + self.wrong),
            of(self.true_same, same),
            self.wrong,
            self.missed,
            self.vetoed,
            of(same - self.unmet, same),
        )
    }
}

/// Seconds this process has had of a core, whatever else the machine does.
fn on_the_processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

pub(crate) fn judge(set: &str, list: usize) {
    let Some(PairSet { pairs, records }) = read(set) else { return };
    let mut scores = [Score::default(), Score::default()];
    let mut listed = 0;
    let mut curve = [[[0u32; 2]; 6]; 2];
    let mut bytes = 0;
    let mut n_keys = 0;
    for (n, pair) in pairs.iter().enumerate() {
        let (a, b) = (&records[&pair.left], &records[&pair.right]);
        let comparison = compare(&a.1, &b.1);
        assert_eq!(comparison, compare(&b.1, &a.1), "symmetric: {} {}", pair.left, pair.right);
        let mut coded = Vec::new();
        a.1.encode(&mut coded);
        assert_eq!(MatchRecord::decode(&coded).as_ref(), Some(&a.1));
        bytes += coded.len();
        let (mut x, mut y) = (Vec::new(), Vec::new());
        block_keys(&a.1, &mut x);
        block_keys(&b.1, &mut y);
        n_keys += x.len();
        let met = { x.iter().collect::<HashSet<_>>().intersection(&y.iter().collect()).count() > 0 };
        for (higher, counts) in curve[n % 2].iter_mut().enumerate() {
            let says = comparison.verdict == Verdict::Same && comparison.weight >= 0.5 * higher as f32;
            counts[usize::from(pair.same)] += u32::from(says && met);
        }
        let score = &mut scores[n % 2];
        let says = comparison.verdict == Verdict::Same && met;
        match (pair.same, says) {
            (true, true) => score.true_same += 1,
            (true, false) => {
                score.missed += 1;
                score.vetoed += u32::from(comparison.verdict == Verdict::Vetoed);
            }
            (false, true) => score.wrong += 1,
            (false, false) => {}
        }
        score.unmet += u32::from(pair.same && !met);
        // What is held out stays unseen.
        if n % 2 == 0 && pair.same != says && listed < list {
            listed += 1;
            println!("\n{} {} {}", if pair.same { "missed" } else { "WRONG" }, pair.left, pair.right);
            for line in explain(&a.1, &b.1) {
                println!(
                    "  {:12} {:12} {:5.1}  {} | {}",
                    line.comparison, line.level, line.weight, line.left, line.right
                );
            }
            if !met {
                println!("  never meet");
            }
        }
    }
    println!("{set}, even pairs: {}", scores[0].line());
    println!("{set}, odd pairs, held out: {}", scores[1].line());
    for (half, curve) in ["even", "odd"].iter().zip(curve) {
        let same = pairs.iter().filter(|p| p.same).count() as f64 / 2.0;
        let points = curve.iter().enumerate().map(|(higher, [wrong, right])| {
            let (wrong, right) = (f64::from(*wrong), f64::from(*right));
            format!(
                "+{:.1}: {:.2}/{:.2}",
                0.5 * higher as f64,
                100.0 * right / (right + wrong),
                100.0 * right / same
            )
        });
        println!(
            "{set}, {half}, precision/recall with a higher threshold: {}",
            points.collect::<Vec<_>>().join("  ")
        );
    }
    let start = on_the_processor();
    const ROUNDS: u32 = 5;
    for (bib, _) in (0..ROUNDS).flat_map(|_| records.values()) {
        std::hint::black_box(MatchRecord::of(bib));
    }
    let seconds = (on_the_processor() - start) / f64::from(ROUNDS);
    println!("{set}: {:.2} µs to make a match record", 1e6 * seconds / records.len() as f64);
    let start = on_the_processor();
    for pair in (0..ROUNDS).flat_map(|_| &pairs) {
        std::hint::black_box(compare(&records[&pair.left].1, &records[&pair.right].1));
    }
    let seconds = (on_the_processor() - start) / f64::from(ROUNDS);
    println!("{set}: {:.2} µs to compare a pair, looking it up included", 1e6 * seconds / pairs.len() as f64);
    let per = |n: usize| n as f64 / pairs.len() as f64;
    println!("{set}: {:.0} bytes and {:.1} keys a record", per(bytes), per(n_keys));
}
