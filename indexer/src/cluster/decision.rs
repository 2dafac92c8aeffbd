//! What librarians decided by hand: these records are one edition, these are not.
//!
//! Decisions name records by library and control number, so they outlive every new harvest and rebuild. Pure: how
//! they are stored is the archive's affair.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bib::LibraryCode;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionKind {
    /// The first record is none of the others' edition.
    Split,
    /// All records are one edition.
    Join,
    /// The earlier decision with this number, counted from 1, no longer counts.
    Undo(u32),
}

/// One decision of a librarian.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What was decided.
    pub kind: DecisionKind,
    /// The records concerned: library and control number. Of a split, the first leaves the others.
    pub records: Vec<(LibraryCode, String)>,
    /// Why, in the words of whoever decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Pairs of birth keys that decisions bind, the smaller key first; sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constraints {
    /// Pairs that are one edition.
    pub must: Vec<(u64, u64)>,
    /// Pairs that are not.
    pub cannot: Vec<(u64, u64)>,
}

/// Which of `decisions`, oldest first, count: those that no later one took back. Taking one back can be taken back.
pub fn in_force(decisions: &[Decision]) -> Vec<bool> {
    let mut counts = vec![true; decisions.len()];
    for (at, decision) in decisions.iter().enumerate().rev() {
        if let DecisionKind::Undo(number) = decision.kind
            && counts[at]
            && let Some(before) = (number as usize).checked_sub(1).filter(|before| *before < at)
        {
            counts[before] = false;
        }
    }
    counts
}

/// The constraints that `decisions`, oldest first, come to: the latest wins a pair. `birth` knows the birth key of a
/// record; records that are not there bind nothing, and bind again when they come back.
pub fn constraints(decisions: &[Decision], birth: impl Fn(&LibraryCode, &str) -> Option<u64>) -> Constraints {
    let mut pairs = BTreeMap::new();
    for (decision, counts) in decisions.iter().zip(in_force(decisions)) {
        if !counts || matches!(decision.kind, DecisionKind::Undo(_)) {
            continue;
        }
        let keys = decision.records.iter().filter_map(|(library, number)| birth(library, number));
        let keys: Vec<u64> = keys.collect();
        let Some((&first, others)) = keys.split_first() else { continue };
        // Where the record that was split off is gone, nothing is left of the decision.
        let named_first = decision.records.first().and_then(|(library, number)| birth(library, number));
        if decision.kind == DecisionKind::Split && named_first != Some(first) {
            continue;
        }
        for &other in others.iter().filter(|&&other| other != first) {
            pairs.insert((first.min(other), first.max(other)), decision.kind);
        }
        // A later join binds its records to each other, not only to the first.
        if decision.kind == DecisionKind::Join {
            for (i, &a) in others.iter().enumerate() {
                for &b in others[i + 1..].iter().filter(|&&b| b != a) {
                    if pairs.get(&(a.min(b), a.max(b))) == Some(&DecisionKind::Split) {
                        pairs.insert((a.min(b), a.max(b)), DecisionKind::Join);
                    }
                }
            }
        }
    }
    let mut constraints = Constraints::default();
    for (pair, kind) in pairs {
        match kind {
            DecisionKind::Join => constraints.must.push(pair),
            DecisionKind::Split => constraints.cannot.push(pair),
            DecisionKind::Undo(_) => {}
        }
    }
    constraints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(kind: DecisionKind, numbers: &[&str]) -> Decision {
        let records = numbers.iter().map(|n| (LibraryCode::new("BJFU"), (*n).to_owned())).collect();
        Decision { kind, records, note: None }
    }

    fn bound(decisions: &[Decision]) -> Constraints {
        constraints(decisions, |library, number| {
            assert_eq!(library.as_str(), "BJFU");
            number.parse().ok()
        })
    }

    #[test]
    fn lines_of_the_file_are_readable() {
        let undo =
            Decision { kind: DecisionKind::Undo(3), records: Vec::new(), note: Some("看错了".to_owned()) };
        for (decision, line) in [
            (decision(DecisionKind::Split, &["1"]), r#"{"kind":"split","records":[["BJFU","1"]]}"#),
            (undo, r#"{"kind":{"undo":3},"records":[],"note":"看错了"}"#),
        ] {
            assert_eq!(serde_json::to_string(&decision).expect("it has a line"), line);
            assert_eq!(serde_json::from_str::<Decision>(line).expect("it is read again"), decision);
        }
    }

    #[test]
    fn the_latest_decision_wins_a_pair() {
        use DecisionKind::{Join, Split, Undo};
        for (decisions, must, cannot) in [
            (vec![decision(Join, &["1", "2", "3"])], vec![(1, 2), (1, 3)], vec![]),
            (vec![decision(Split, &["3", "1", "2"])], vec![], vec![(1, 3), (2, 3)]),
            (vec![decision(Join, &["1", "2"]), decision(Split, &["2", "1"])], vec![], vec![(1, 2)]),
            (vec![decision(Split, &["2", "1"]), decision(Join, &["1", "2"])], vec![(1, 2)], vec![]),
            (
                vec![decision(Split, &["2", "3"]), decision(Join, &["1", "2", "3"])],
                vec![(1, 2), (1, 3), (2, 3)],
                vec![],
            ),
            // Records that are gone.
            (vec![decision(Join, &["1", "gone", "3"])], vec![(1, 3)], vec![]),
            (vec![decision(Split, &["gone", "1", "3"])], vec![], vec![]),
            (vec![decision(Join, &[]), decision(Join, &["1", "1"])], vec![], vec![]),
            // What was taken back never was; what it had overruled counts again.
            (vec![decision(Join, &["1", "2"]), decision(Undo(1), &["1", "2"])], vec![], vec![]),
            (
                vec![
                    decision(Join, &["1", "2"]),
                    decision(Split, &["2", "1"]),
                    decision(Undo(2), &["2", "1"]),
                ],
                vec![(1, 2)],
                vec![],
            ),
            (
                vec![decision(Join, &["1", "2"]), decision(Undo(1), &[]), decision(Undo(2), &[])],
                vec![(1, 2)],
                vec![],
            ),
            // Numbers of nothing, of itself, of what comes later.
            (
                vec![
                    decision(Undo(0), &[]),
                    decision(Undo(2), &[]),
                    decision(Undo(9), &[]),
                    decision(Join, &["1", "2"]),
                ],
                vec![(1, 2)],
                vec![],
            ),
            (vec![decision(Undo(2), &[]), decision(Join, &["1", "2"])], vec![(1, 2)], vec![]),
        ] {
            assert_eq!(bound(&decisions), Constraints { must, cannot }, "{decisions:?}");
        }
    }
}
