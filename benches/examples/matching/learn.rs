//! Learns what each level of each comparison is worth: logistic regression, held towards the weights in force.

use std::collections::HashMap;

use data::match_weights::TABLE;
use indexer::cluster::{MatchRecord, explain};

use super::pairs;

/// Rows of the table without the threshold: comparison, level, and the weights in force by script.
struct Row {
    comparison: String,
    level: String,
    weights: [f64; 2],
}

/// A pair as the rows that apply to it.
struct Case {
    rows: Vec<usize>,
    same: bool,
    /// What it counts.
    weight: f64,
}

/// How strongly a weight is held to the one in force; what no pair speaks of stays as it is.
const HOLD: f64 = 2.0;
/// A wrong union costs more than a missed one.
const DEARER: f64 = 5.0;
const ROUNDS: usize = 4_000;

pub(crate) fn learn() {
    let mut threshold = [0.0; 2];
    let mut rows = Vec::new();
    for line in TABLE.lines().filter(|l| !l.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let weights = [cells[2].parse().unwrap(), cells[3].parse().unwrap()];
        match cells[0] {
            "threshold" => threshold = weights,
            _ => rows.push(Row { comparison: cells[0].to_owned(), level: cells[1].to_owned(), weights }),
        }
    }
    let by_name: HashMap<(String, String), usize> =
        rows.iter().enumerate().map(|(i, r)| ((r.comparison.clone(), r.level.clone()), i)).collect();
    let mut cases = [Vec::new(), Vec::new()];
    for (script, set) in [(1, "ht"), (0, "zh")] {
        let Some(set) = pairs::read(set) else { continue };
        for pair in set.pairs.iter().step_by(2) {
            let (a, b) = (&set.records[&pair.left].1, &set.records[&pair.right].1);
            cases[script].extend(case(a, b, pair.same, if pair.same { 1.0 } else { DEARER }, &by_name));
        }
    }
    let learned: Vec<Vec<f64>> =
        (0..2).map(|script| fit(&rows, threshold[script], script, &cases[script])).collect();
    for line in TABLE.lines().filter(|l| l.starts_with('#')) {
        println!("{line}");
    }
    println!("threshold\t-\t{:.1}\t{:.1}", threshold[0], threshold[1]);
    for (i, row) in rows.iter().enumerate() {
        println!("{}\t{}\t{:.1}\t{:.1}", row.comparison, row.level, learned[0][i], learned[1][i]);
    }
}

/// `None` for a pair that a rule decides.
fn case(
    a: &MatchRecord,
    b: &MatchRecord,
    same: bool,
    weight: f64,
    by_name: &HashMap<(String, String), usize>,
) -> Option<Case> {
    let lines = explain(a, b);
    let (rule, compared) = lines.split_last()?;
    if rule.level.starts_with("veto") {
        return None;
    }
    let rows = compared.iter().map(|l| by_name[&(l.comparison.to_owned(), l.level.to_owned())]);
    Some(Case { rows: rows.collect(), same, weight })
}

/// Steepest descent with a fixed number of rounds: the same cases give the same weights.
fn fit(rows: &[Row], threshold: f64, script: usize, cases: &[Case]) -> Vec<f64> {
    let held: Vec<f64> = rows.iter().map(|row| row.weights[script]).collect();
    let mut weights = held.clone();
    let mut speed = vec![0.0; rows.len()];
    let total: f64 = cases.iter().map(|c| c.weight).sum::<f64>().max(1.0);
    for _ in 0..ROUNDS {
        let mut slope: Vec<f64> = weights.iter().zip(&held).map(|(w, h)| HOLD * (w - h) / total).collect();
        for case in cases {
            let sum: f64 = case.rows.iter().map(|&row| weights[row]).sum::<f64>() - threshold;
            let error = 1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(case.same));
            case.rows.iter().for_each(|&row| slope[row] += case.weight * error / total);
        }
        for ((weight, speed), slope) in weights.iter_mut().zip(&mut speed).zip(&slope) {
            *speed = 0.9 * *speed - 0.5 * slope;
            *weight += *speed;
        }
    }
    weights
}
