//! Judges matching, pair by pair and as a union, and learns its weights:
//!
//! - `cargo run --release -p benches --example matching -- pairs [ht|zh]… [--wrong N]`: labelled pairs of
//!   `../shared/corpus/pairs`; every other pair, the odd ones, was never learned from.
//! - `… -- sample WORKS [--wrong N]`: the sample consortium, records joined in memory.
//! - `… -- real EDITIONS [--wrong N]`: the consortium of real titles.
//! - `… -- learn`: prints the table of weights, learned from the even pairs.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example prints its figures and may panic")]

mod learn;
mod pairs;
mod sample;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wrong = args.iter().position(|a| a == "--wrong").and_then(|at| args.get(at + 1)?.parse().ok());
    let wrong = wrong.unwrap_or(0);
    let size = || args.get(1).and_then(|n| n.parse().ok()).unwrap_or(20_000);
    match args.first().map(String::as_str) {
        Some("sample") => sample::judge(size(), false, wrong),
        Some("real") => sample::judge(size(), true, wrong),
        Some("learn") => learn::learn(),
        _ => {
            let named: Vec<&str> =
                args.iter().map(String::as_str).filter(|a| ["ht", "zh"].contains(a)).collect();
            let sets = if named.is_empty() { vec!["ht", "zh"] } else { named };
            sets.into_iter().for_each(|set| pairs::judge(set, wrong));
        }
    }
}
