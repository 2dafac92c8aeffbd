//! Prove the prover: each planted fault, alone, is found by some seed; without one none is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::tests::run_with;
use super::world::Extent;
use crate::store::planted::{OF_BRANCH, OF_HUB};

/// Where a fault is planted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Hub(&'static str),
    Branch(&'static str),
    Line(&'static str),
}

/// Faults of the line's ends, by name; `line` and `world` know what they do.
pub(super) const OF_LINE: &[&str] = &[
    "the hub acknowledges what it has not taken",
    "answers are given to the wrong letters",
    "a letter that comes again is refused",
    "trouble counts as an answer",
    "a branch reads another's feed",
    "the second item of each answer is skipped",
    "letters are cut where they are long",
    "only the first letter of a call is taken",
    "a hub that was put back is taken for what it was",
    "what was heard of a hub is not held against it",
];

/// Seeds that are tried before a fault counts as not found.
const SEEDS: u64 = 120;

#[test]
fn every_planted_fault_is_found() {
    let of_store = |fault: fn(&'static str) -> Fault, all: &'static [(&'static str, &'static str)]| {
        all.iter().map(move |(name, trigger)| (*name, fault(trigger)))
    };
    let all = of_store(Fault::Hub, OF_HUB)
        .chain(of_store(Fault::Branch, OF_BRANCH))
        .chain(OF_LINE.iter().map(|name| (*name, Fault::Line(name))));
    // A fault may well end in a panic of the world around it; that is found, too.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut n_found, mut missed) = (0, Vec::new());
    for (name, fault) in all {
        let found = (0..SEEDS).find_map(|seed| {
            match catch_unwind(AssertUnwindSafe(|| run_with(seed, fault, Extent::SMALL).0)) {
                Ok(wrong) if wrong.is_empty() => None,
                Ok(wrong) => Some((seed, wrong[0].clone())),
                Err(_) => Some((seed, "a panic".to_owned())),
            }
        });
        match found {
            Some((seed, what)) => {
                n_found += 1;
                eprintln!("| {name} | seed {seed} | {what:.90} |");
            }
            None => missed.push(name),
        }
    }
    let _ = std::panic::take_hook();
    assert!(n_found >= 39 && missed.len() <= 1, "{n_found} found, missed: {missed:?}");
}
