//! From what a person says of entries to decisions about records, checked.
//!
//! Pure: entries come in, decisions or a fault go out. Decisions name records by library and control number, never
//! entries: entries come and go with every build.

use std::fmt;

use indexer::bib::{Entry, Grounds, LibraryCode, Member};
use indexer::cluster::{Decision, DecisionKind, in_force};

/// A record as decisions name it.
pub(crate) type Record = (LibraryCode, String);

/// Decisions to be kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) decisions: Vec<Decision>,
    /// Of each of these at least one record must be in the archive, or the decisions would bind nothing.
    pub(crate) needed: Vec<Vec<Record>>,
    /// Records of the entries that no decision can name.
    pub(crate) unnamed: usize,
    /// What will be so.
    pub(crate) sentence: String,
}

/// Why there is nothing to decide.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PlanFault {
    /// No member is this record.
    NotAMember { record: Record, entry: String, members: Vec<String> },
    /// Nothing would be left of the entry.
    NothingStays { entry: String },
    /// All ids are the same entry's.
    OneAlready { entry: String },
    /// None of an entry's records has a control number.
    Nameless { entry: String },
    /// No decision has this number.
    NoSuchDecision { number: u32, n_decisions: usize },
    /// The decision was taken back before.
    TakenBack { number: u32 },
}

impl fmt::Display for PlanFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAMember { record: (library, number), entry, members } => {
                write!(
                    f,
                    "{library}:{number} is no record of {entry}, whose records are {}",
                    members.join(", ")
                )
            }
            Self::NothingStays { entry } => write!(
                f,
                "these are all records of {entry} that can be named: name those that leave, not those that stay"
            ),
            Self::OneAlready { entry } => write!(f, "these ids are all {entry}: it is one entry already"),
            Self::Nameless { entry } => {
                write!(f, "no record of {entry} has a control number, so no decision can name it")
            }
            Self::NoSuchDecision { number, n_decisions: 0 } => {
                write!(f, "there is no decision {number}: there are none yet")
            }
            Self::NoSuchDecision { number, n_decisions } => {
                write!(f, "there is no decision {number}: they are numbered from 1 to {n_decisions}")
            }
            Self::TakenBack { number } => {
                write!(f, "decision {number} does not count any more: it was taken back")
            }
        }
    }
}

/// Longest list of members in a sentence.
const MAX_NAMED: usize = 12;

fn record_of(member: &Member) -> Option<Record> {
    Some((member.library.clone(), member.control_number.clone()?))
}

fn shown((library, number): &Record) -> String {
    format!("{library}:{number}")
}

fn decision(kind: DecisionKind, records: Vec<Record>) -> Decision {
    Decision { kind, records, note: None }
}

impl Plan {
    /// The number of the first of the decisions in force that say all of this already.
    pub(crate) fn repeats(&self, before: &[Decision]) -> Option<usize> {
        let counts = in_force(before);
        let same = |one: &Decision| {
            let known = before.iter().zip(&counts).position(|(known, counts)| {
                *counts && known.kind == one.kind && known.records == one.records
            })?;
            // A later decision about the same records may have overruled it.
            let overruled =
                before[known + 1..].iter().any(|later| later.records.iter().any(|r| one.records.contains(r)));
            (!overruled).then_some(known + 1)
        };
        let numbers: Option<Vec<usize>> = self.decisions.iter().map(same).collect();
        numbers?.into_iter().min()
    }
}

/// These records leave the entry; whatever else they match, they are not one with those that stay.
pub(crate) fn plan_split(entry: &Entry, leaving: &[Record]) -> Result<Plan, PlanFault> {
    let members: Vec<Option<Record>> = entry.members.iter().map(record_of).collect();
    let mut leave: Vec<Record> = Vec::new();
    for record in leaving {
        if !members.iter().flatten().any(|member| member == record) {
            let members = members.iter().flatten().take(MAX_NAMED).map(shown).collect();
            return Err(PlanFault::NotAMember {
                record: record.clone(),
                entry: entry.id.to_string(),
                members,
            });
        }
        if !leave.contains(record) {
            leave.push(record.clone());
        }
    }
    let mut stay: Vec<Record> = members.iter().flatten().filter(|m| !leave.contains(m)).cloned().collect();
    stay.dedup();
    if stay.is_empty() {
        return Err(PlanFault::NothingStays { entry: entry.id.to_string() });
    }
    let mut decisions = still_joined(entry, &leave);
    decisions.extend(leave.iter().map(|record| {
        decision(DecisionKind::Split, std::iter::once(record.clone()).chain(stay.iter().cloned()).collect())
    }));
    Ok(Plan {
        decisions,
        sentence: format!(
            "{} {} not one entry with the other {} of {}",
            leave.iter().map(shown).collect::<Vec<_>>().join(", "),
            if leave.len() == 1 { "is" } else { "are" },
            if stay.len() == 1 { "record".to_owned() } else { format!("{} records", stay.len()) },
            entry.id
        ),
        unnamed: members.iter().filter(|m| m.is_none()).count(),
        needed: leave.into_iter().map(|record| vec![record]).chain([stay]).collect(),
    })
}

/// Whether one of these records is the member's.
pub(crate) fn is_named(member: &Member, records: &[Record]) -> bool {
    let number = member.control_number.as_deref();
    records.iter().any(|(library, own)| *library == member.library && Some(own.as_str()) == number)
}

/// A decision that parts one record from others.
pub(crate) struct SplitOf<'a> {
    leaving: &'a Record,
    staying: &'a [Record],
}

impl SplitOf<'_> {
    /// Whether it keeps these two apart.
    pub(crate) fn parts(&self, a: &Member, b: &Member) -> bool {
        let leaving = std::slice::from_ref(self.leaving);
        let one_way = |a, b| is_named(a, leaving) && is_named(b, self.staying);
        one_way(a, b) || one_way(b, a)
    }
}

/// The decisions in force that keep records of two entries apart.
pub(crate) fn splits<'a>(a: &Entry, b: &Entry, decisions: &'a [Decision]) -> Vec<SplitOf<'a>> {
    let any = |entry: &Entry, records: &[Record]| entry.members.iter().any(|m| is_named(m, records));
    let split = |(decision, counts): (&'a Decision, bool)| {
        let (leaving, staying) = decision.records.split_first()?;
        let own = std::slice::from_ref(leaving);
        let parts = || any(a, own) && any(b, staying) || any(b, own) && any(a, staying);
        (counts && decision.kind == DecisionKind::Split && parts()).then_some(SplitOf { leaving, staying })
    };
    decisions.iter().zip(in_force(decisions)).filter_map(split).collect()
}

/// What people joined through a record that leaves now stays joined without it.
fn still_joined(entry: &Entry, leave: &[Record]) -> Vec<Decision> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for link in entry.links.iter().filter(|link| link.grounds.has(Grounds::BY_HAND)) {
        let ends = [usize::from(link.a), usize::from(link.b)];
        let (touched, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| ends.iter().any(|end| group.contains(end)));
        groups = rest;
        let mut joined: Vec<usize> = touched.into_iter().flatten().chain(ends).collect();
        joined.sort_unstable();
        joined.dedup();
        groups.push(joined);
    }
    let records = |group: Vec<usize>| {
        let members = group.into_iter().filter_map(|at| record_of(entry.members.get(at)?));
        let (gone, stay): (Vec<Record>, Vec<Record>) = members.partition(|record| leave.contains(record));
        (!gone.is_empty() && stay.len() > 1).then(|| decision(DecisionKind::Join, stay))
    };
    groups.into_iter().filter_map(records).collect()
}

/// All records of these entries are one entry.
pub(crate) fn plan_join(entries: &[Entry]) -> Result<Plan, PlanFault> {
    let mut distinct: Vec<&Entry> = Vec::new();
    for entry in entries {
        if !distinct.iter().any(|known| known.id == entry.id) {
            distinct.push(entry);
        }
    }
    if let [entry] = distinct[..] {
        return Err(PlanFault::OneAlready { entry: entry.id.to_string() });
    }
    let mut records: Vec<Record> = Vec::new();
    let (mut unnamed, mut needed) = (0, Vec::new());
    for entry in &distinct {
        let mut own: Vec<Record> = entry.members.iter().filter_map(record_of).collect();
        unnamed += entry.members.len() - own.len();
        own.dedup();
        if own.is_empty() {
            return Err(PlanFault::Nameless { entry: entry.id.to_string() });
        }
        needed.push(own.clone());
        records.extend(own);
    }
    let ids: Vec<&str> = distinct.iter().map(|entry| entry.id.as_str()).collect();
    Ok(Plan {
        sentence: format!("{} are one entry ({} records)", ids.join(" and "), records.len()),
        decisions: vec![decision(DecisionKind::Join, records)],
        needed,
        unnamed,
    })
}

/// The decision with this number never was.
pub(crate) fn plan_undo(decisions: &[Decision], number: u32) -> Result<Plan, PlanFault> {
    let at = (number as usize).checked_sub(1).filter(|at| *at < decisions.len());
    let at = at.ok_or(PlanFault::NoSuchDecision { number, n_decisions: decisions.len() })?;
    if !in_force(decisions)[at] {
        return Err(PlanFault::TakenBack { number });
    }
    let undo = decision(DecisionKind::Undo(number), decisions[at].records.clone());
    Ok(Plan {
        decisions: vec![undo],
        needed: Vec::new(),
        unnamed: 0,
        sentence: format!("decision {number} is taken back"),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use indexer::bib::EditionId;

    use super::*;
    use crate::union::tests::{book, entry};

    fn made_of(key: u64, libraries: &[&str], links: &[Grounds]) -> Entry {
        let mut entry = entry(book("三国演义", 2001), libraries, links);
        entry.id = EditionId::from_key(key);
        entry
    }

    fn record(library: &str) -> Record {
        (LibraryCode::new(library), "001".to_owned())
    }

    fn records(libraries: &[&str]) -> Vec<Record> {
        libraries.iter().map(|library| record(library)).collect()
    }

    fn kinds(plan: &Plan) -> Vec<(DecisionKind, Vec<String>)> {
        let of = |d: &Decision| (d.kind, d.records.iter().map(|(library, _)| library.to_string()).collect());
        plan.decisions.iter().map(of).collect()
    }

    #[test]
    fn each_record_that_leaves_is_parted_from_all_that_stay() {
        use DecisionKind::{Join, Split};
        let (hand, isbn) = (Grounds::BY_HAND, Grounds::ISBN);
        let of =
            |kind, libraries: &[&str]| (kind, libraries.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>());
        let members = ["BJFU", "BUPT", "NLC", "SHL"];
        for (links, leaving, expect) in [
            (vec![isbn; 3], vec!["NLC"], vec![of(Split, &["NLC", "BJFU", "BUPT", "SHL"])]),
            (
                vec![isbn; 3],
                vec!["NLC", "BUPT", "NLC"],
                vec![of(Split, &["NLC", "BJFU", "SHL"]), of(Split, &["BUPT", "BJFU", "SHL"])],
            ),
            // What was joined through BUPT stays joined.
            (
                vec![hand, hand, isbn],
                vec!["BUPT"],
                vec![of(Join, &["BJFU", "NLC"]), of(Split, &["BUPT", "BJFU", "NLC", "SHL"])],
            ),
        ] {
            let entry = made_of(1, &members, &links);
            assert_eq!(kinds(&plan_split(&entry, &records(&leaving)).unwrap()), expect, "{leaving:?}");
        }
    }

    #[test]
    fn records_without_a_number_cannot_be_named() {
        let mut entry = made_of(1, &["BJFU", "BUPT", "NLC"], &[]);
        entry.members[1].control_number = None;
        let plan = plan_split(&entry, &[record("NLC")]).unwrap();
        assert_eq!((plan.unnamed, plan.decisions[0].records.len()), (1, 2));
        let fault = plan_split(&entry, &records(&["BJFU", "NLC"])).unwrap_err();
        assert!(matches!(fault, PlanFault::NothingStays { .. }));
        entry.members.iter_mut().for_each(|m| m.control_number = None);
        let other = made_of(2, &["SHL"], &[]);
        assert!(matches!(plan_join(&[other, entry]).unwrap_err(), PlanFault::Nameless { .. }));
    }

    #[test]
    fn joins_name_every_record_once() {
        let (one, two) = (made_of(1, &["BJFU", "BUPT"], &[]), made_of(2, &["NLC"], &[]));
        let plan = plan_join(&[one.clone(), two.clone(), one.clone()]).unwrap();
        assert_eq!(plan.decisions[0].records, records(&["BJFU", "BUPT", "NLC"]));
        assert_eq!(plan.needed, [records(&["BJFU", "BUPT"]), records(&["NLC"])]);
        assert!(matches!(plan_join(&[one.clone(), one]).unwrap_err(), PlanFault::OneAlready { .. }));
    }

    #[test]
    fn what_is_decided_already_is_not_decided_again() {
        let entry = made_of(1, &["BJFU", "BUPT"], &[]);
        let plan = plan_split(&entry, &[record("BUPT")]).unwrap();
        let join = decision(DecisionKind::Join, records(&["BJFU", "BUPT"]));
        let mut before = vec![decision(DecisionKind::Join, records(&["NLC", "SHL"]))];
        assert_eq!(plan.repeats(&before), None);
        before.extend(plan.decisions.clone());
        assert_eq!(plan.repeats(&before), Some(2));
        before.push(join);
        assert_eq!(plan.repeats(&before), None, "overruled");
        assert_eq!(plan_undo(&before, 2).unwrap().decisions[0].kind, DecisionKind::Undo(2));
    }

    #[test]
    fn undoing_has_limits() {
        let join = decision(DecisionKind::Join, records(&["BJFU", "BUPT"]));
        let undo = decision(DecisionKind::Undo(1), join.records.clone());
        for (number, sentence) in [
            (0, "there is no decision 0: they are numbered from 1 to 2"),
            (1, "decision 1 does not count any more: it was taken back"),
            (3, "there is no decision 3: they are numbered from 1 to 2"),
        ] {
            assert_eq!(plan_undo(&[join.clone(), undo.clone()], number).unwrap_err().to_string(), sentence);
        }
        assert!(plan_undo(&[join, undo], 2).is_ok(), "taking back can be taken back");
    }
}
