//! How good is an assignment of records to entries? Pairwise and B³ figures against the truth, and what the
//! mistakes have in common.
//!
//! Pure: it does not know how the entries came about. Records that are in no entry are counted and left out.

use std::collections::{BTreeMap, HashMap};

use super::damage::Damage;
use super::truth::{Trap, Truth, Variations};

/// Examples that are kept of each kind of mistake.
const EXAMPLES: usize = 12;
/// An entry with more editions than this is one mistake and not as many as there are pairs.
const CROWD: usize = 500;

/// What the judge knows of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its edition.
    pub edition: u32,
    /// The work of that.
    pub work: u32,
    /// The trap of that.
    pub trap: Option<Trap>,
    /// What was done to the record.
    pub variations: Variations,
    /// Damage of its bytes.
    pub damage: Option<Damage>,
    /// The entry that it was found in, by any number that is the entry's own.
    pub entry: Option<u32>,
}

impl Judged {
    /// A record that no entry is known of yet.
    pub fn of(truth: &Truth) -> Self {
        let Truth { edition, work, trap, variations, damage, .. } = *truth;
        Self { edition, work, trap, variations, damage, entry: None }
    }

    /// How it differs from a record in best order, for a person.
    pub fn peculiarities(&self) -> String {
        let names = self.variations.iter().map(|v| v.name()).chain(self.damage.map(Damage::name));
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Found ones among all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Found.
    pub found: u64,
    /// Of so many.
    pub of: u64,
}

impl Share {
    /// As a number; 1 of none.
    pub fn ratio(self) -> f64 {
        if self.of == 0 { 1.0 } else { self.found as f64 / self.of as f64 }
    }

    fn add(&mut self, found: u64, of: u64) {
        self.found += found;
        self.of += of;
    }
}

/// Why two editions came into one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Volumes of one set.
    Volumes,
    /// An edition and a later one.
    LaterEdition(Trap),
    /// An ISBN used twice.
    ReusedIsbn,
    /// Editions of one classic.
    SameWork,
    /// Books with a title that hundreds share.
    GenericTitle,
    /// None of these.
    Other,
    /// More editions in one entry than anybody would look at.
    Crowd,
}

impl Cause {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Volumes => "volumes of a set",
            Self::LaterEdition(Trap::EditionKeptIsbn) => "later edition that kept the ISBN",
            Self::LaterEdition(_) => "later edition",
            Self::ReusedIsbn => "reused ISBN",
            Self::SameWork => "editions of a classic",
            Self::GenericTitle => "generic title",
            Self::Other => "other",
            Self::Crowd => "crowd",
        }
    }

    fn of(a: &Judged, b: &Judged) -> Self {
        let either = |trap: Trap| a.trap == Some(trap) || b.trap == Some(trap);
        let later = [Trap::EditionKeptIsbn, Trap::EditionOwnIsbn].into_iter().find(|trap| either(*trap));
        let volumes = either(Trap::VolumeSharedIsbn) || either(Trap::VolumeOwnIsbn);
        match (a.work == b.work, later) {
            (true, Some(trap)) => Self::LaterEdition(trap),
            (true, None) if volumes => Self::Volumes,
            (true, None) => Self::SameWork,
            // The two users of an ISBN are neighbours in the pool.
            _ if either(Trap::ReusedIsbn) && a.edition / 3 == b.edition / 3 => Self::ReusedIsbn,
            _ if a.trap == b.trap && either(Trap::GenericTitle) => Self::GenericTitle,
            _ => Self::Other,
        }
    }
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Records that are in an entry.
    pub records: u64,
    /// Records that are in none.
    pub missing: u64,
    /// Editions of those records.
    pub editions: u64,
    /// Entries they are in.
    pub entries: u64,
    /// Pairs in one entry; found: of one edition.
    pub precision: Share,
    /// Pairs of one edition; found: in one entry.
    pub recall: Share,
    /// B³ precision.
    pub b3_precision: f64,
    /// B³ recall.
    pub b3_recall: f64,
    /// Of the pairs of a record that has the variation (or damage, or stands in a trap) with another record of
    /// its edition, those in one entry. By name; `none` is of records without any.
    pub recall_by: BTreeMap<String, Share>,
    /// Wrong pairs by cause.
    pub wrong: BTreeMap<Cause, u64>,
    /// Some of them, as indices.
    pub wrong_examples: Vec<(Cause, usize, usize)>,
    /// Records apart from most of their edition, by what is peculiar to them.
    pub apart: BTreeMap<String, u64>,
    /// Some of them, each with one of the others.
    pub apart_examples: Vec<(usize, usize)>,
}

impl Verdict {
    /// Harmonic mean of the B³ figures.
    pub fn b3_f(&self) -> f64 {
        let sum = self.b3_precision + self.b3_recall;
        if sum == 0.0 { 0.0 } else { 2.0 * self.b3_precision * self.b3_recall / sum }
    }

    /// Wrong pairs across the volumes of a set.
    pub fn merged_volumes(&self) -> u64 {
        self.wrong.get(&Cause::Volumes).copied().unwrap_or_default()
    }
}

/// Compares entries and editions.
pub fn judge(records: &[Judged]) -> Verdict {
    let mut order: Vec<u32> = (0..records.len() as u32).collect();
    order.retain(|idx| records[*idx as usize].entry.is_some());
    let mut verdict = Verdict {
        records: order.len() as u64,
        missing: (records.len() - order.len()) as u64,
        b3_precision: 1.0,
        b3_recall: 1.0,
        ..Verdict::default()
    };
    let at = |idx: &u32| &records[*idx as usize];
    let mut sizes: HashMap<u32, u64> = HashMap::new();
    order.iter().for_each(|idx| *sizes.entry(at(idx).edition).or_default() += 1);
    verdict.editions = sizes.len() as u64;
    verdict.recall.of = sizes.values().map(|n| pairs(*n)).sum();

    order.sort_unstable_by_key(|idx| (at(idx).entry, at(idx).edition, *idx));
    let (mut b3_precision, mut b3_recall) = (0.0, 0.0);
    for entry in order.chunk_by(|a, b| at(a).entry == at(b).entry) {
        verdict.entries += 1;
        verdict.precision.of += pairs(entry.len() as u64);
        let parts: Vec<&[u32]> = entry.chunk_by(|a, b| at(a).edition == at(b).edition).collect();
        for part in &parts {
            let (n, size) = (part.len() as u64, sizes[&at(&part[0]).edition]);
            verdict.precision.found += pairs(n);
            b3_precision += (n * n) as f64 / entry.len() as f64;
            b3_recall += (n * n) as f64 / size as f64;
            part.iter().for_each(|idx| verdict.note_recall(at(idx), n - 1, size - 1));
        }
        verdict.note_wrong(records, entry.len() as u64, &parts);
    }
    verdict.recall.found = verdict.precision.found;
    if !order.is_empty() {
        verdict.b3_precision = b3_precision / order.len() as f64;
        verdict.b3_recall = b3_recall / order.len() as f64;
    }

    order.sort_unstable_by_key(|idx| (at(idx).edition, at(idx).entry, *idx));
    for edition in order.chunk_by(|a, b| at(a).edition == at(b).edition) {
        verdict.note_apart(records, edition);
    }
    verdict
}

fn pairs(n: u64) -> u64 {
    n * n.saturating_sub(1) / 2
}

impl Verdict {
    fn note_recall(&mut self, record: &Judged, found: u64, of: u64) {
        let mut note = |name: &str| match self.recall_by.get_mut(name) {
            Some(share) => share.add(found, of),
            None => {
                self.recall_by.insert(name.to_owned(), Share { found, of });
            }
        };
        record.variations.iter().for_each(|variation| note(variation.name()));
        if record.variations == Variations::default() && record.damage.is_none() {
            note("none");
        }
        record.damage.iter().for_each(|damage| note(&format!("damage: {}", damage.name())));
        record.trap.iter().for_each(|trap| note(&format!("trap: {}", trap.name())));
    }

    fn note_wrong(&mut self, records: &[Judged], n_records: u64, parts: &[&[u32]]) {
        if parts.len() > CROWD {
            let right: u64 = parts.iter().map(|part| pairs(part.len() as u64)).sum();
            *self.wrong.entry(Cause::Crowd).or_default() += pairs(n_records) - right;
            self.wrong_examples.push((Cause::Crowd, parts[0][0] as usize, parts[1][0] as usize));
            return;
        }
        for (i, part) in parts.iter().enumerate() {
            for other in &parts[i + 1..] {
                let (a, b) = (part[0] as usize, other[0] as usize);
                let cause = Cause::of(&records[a], &records[b]);
                *self.wrong.entry(cause).or_default() += (part.len() * other.len()) as u64;
                if self.wrong_examples.iter().filter(|(known, ..)| *known == cause).count() < EXAMPLES {
                    self.wrong_examples.push((cause, a, b));
                }
            }
        }
    }

    fn note_apart(&mut self, records: &[Judged], edition: &[u32]) {
        let entry = |idx: &u32| records[*idx as usize].entry;
        let parts: Vec<&[u32]> = edition.chunk_by(|a, b| entry(a) == entry(b)).collect();
        let Some(most) = parts.iter().rev().max_by_key(|part| part.len()) else { return };
        for idx in parts.iter().filter(|part| entry(&part[0]) != entry(&most[0])).flat_map(|part| *part) {
            let record = &records[*idx as usize];
            let n_known = self.apart.entry(record.peculiarities()).or_default();
            *n_known += 1;
            if *n_known <= EXAMPLES as u64 / 4 {
                self.apart_examples.push((*idx as usize, most[0] as usize));
            }
        }
    }
}

/// Links by what they rest on: of each so many, found the right ones.
pub fn judge_links<G: Ord>(
    records: &[Judged],
    links: impl IntoIterator<Item = (usize, usize, G)>,
) -> BTreeMap<G, Share> {
    let mut by_grounds: BTreeMap<G, Share> = BTreeMap::new();
    for (a, b, grounds) in links {
        let right = records[a].edition == records[b].edition;
        by_grounds.entry(grounds).or_default().add(u64::from(right), 1);
    }
    by_grounds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Random, Variation};

    fn record(edition: u32, entry: Option<u32>) -> Judged {
        let (trap, variations, damage) = (None, Variations::default(), None);
        Judged { edition, work: edition, trap, variations, damage, entry }
    }

    fn verdict(editions_and_entries: &[(u32, u32)]) -> Verdict {
        let records: Vec<Judged> = editions_and_entries.iter().map(|(e, n)| record(*e, Some(*n))).collect();
        judge(&records)
    }

    #[test]
    fn figures_by_hand() {
        // Edition and entry of each record; right pairs, pairs in entries, pairs of editions; B³ × 60.
        type Row<'a> = (&'a [(u32, u32)], [u64; 3], [f64; 2]);
        let table: [Row; 6] = [
            (&[], [0, 0, 0], [60.0, 60.0]),
            (&[(1, 1), (1, 1), (2, 2)], [1, 1, 1], [60.0, 60.0]),
            (&[(1, 1), (1, 2), (2, 3)], [0, 0, 1], [60.0, 40.0]),
            (&[(1, 1), (1, 1), (2, 1)], [1, 3, 1], [100.0 / 3.0, 60.0]),
            // The textbook case: {a a a b} {b b}.
            (&[(1, 1), (1, 1), (1, 1), (2, 1), (2, 2), (2, 2)], [4, 7, 6], [45.0, 140.0 / 3.0]),
            (&[(1, 7), (2, 7), (3, 7)], [0, 3, 0], [20.0, 60.0]),
        ];
        for (assignment, [right, joined, same], [precision, recall]) in table {
            let verdict = verdict(assignment);
            assert_eq!(verdict.precision, Share { found: right, of: joined }, "{assignment:?}");
            assert_eq!(verdict.recall, Share { found: right, of: same }, "{assignment:?}");
            assert!((verdict.b3_precision * 60.0 - precision).abs() < 1e-9, "{assignment:?}");
            assert!((verdict.b3_recall * 60.0 - recall).abs() < 1e-9, "{assignment:?}");
            assert_eq!(verdict.wrong.values().sum::<u64>(), joined - right, "{assignment:?}");
        }
    }

    #[test]
    fn figures_are_those_of_all_pairs_one_by_one() {
        let mut random = Random::new(5, 5);
        for _ in 0..60 {
            let records: Vec<Judged> = (0..1 + random.below(40))
                .map(|_| record(random.below(9) as u32, random.chance(0.9).then_some(random.below(9) as u32)))
                .collect();
            let there: Vec<&Judged> = records.iter().filter(|r| r.entry.is_some()).collect();
            let all = there.iter().enumerate().flat_map(|(i, a)| there[..i].iter().map(move |b| (*a, *b)));
            let count = |what: &dyn Fn(&Judged, &Judged) -> bool| {
                all.clone().filter(|(a, b)| what(a, b)).count() as u64
            };
            let right = count(&|a, b| a.entry == b.entry && a.edition == b.edition);
            let verdict = judge(&records);
            assert_eq!(verdict.precision, Share { found: right, of: count(&|a, b| a.entry == b.entry) });
            assert_eq!(verdict.recall, Share { found: right, of: count(&|a, b| a.edition == b.edition) });
            assert_eq!(verdict.recall_by.get("none").map_or(0, |share| share.found), 2 * right);
            assert_eq!((verdict.records + verdict.missing) as usize, records.len());
        }
    }

    #[test]
    fn recall_is_told_by_variation_and_mistakes_by_cause() {
        let mut records: Vec<Judged> =
            [(1, 1), (1, 1), (1, 2), (6, 5), (7, 5), (9, 5)].map(|(e, n)| record(e, Some(n))).into();
        records[2].variations.insert(Variation::TitleTypo);
        for volume in [3, 4] {
            (records[volume].work, records[volume].trap) = (6, Some(Trap::VolumeSharedIsbn));
        }
        let verdict = judge(&records);
        assert_eq!(verdict.recall_by["title-typo"], Share { found: 0, of: 2 });
        assert_eq!(verdict.recall_by["none"], Share { found: 2, of: 4 });
        assert_eq!(verdict.apart, BTreeMap::from([("title-typo".to_owned(), 1)]));
        assert_eq!(verdict.apart_examples, [(2, 0)]);
        assert_eq!(verdict.wrong, BTreeMap::from([(Cause::Volumes, 1), (Cause::Other, 2)]));
        assert_eq!((verdict.merged_volumes(), verdict.entries, verdict.editions), (1, 3, 4));
        let links = [(0, 1, "ISBN"), (3, 4, "ISBN"), (0, 2, "title")];
        let by_grounds = judge_links(&records, links);
        assert_eq!(by_grounds["ISBN"], Share { found: 1, of: 2 });
        assert_eq!(by_grounds["title"], Share { found: 1, of: 1 });
    }

    #[test]
    fn every_mistake_has_its_cause() {
        let table = [
            ((3, 3, None), (4, 4, Some(Trap::ReusedIsbn)), Cause::ReusedIsbn),
            ((3, 3, None), (40, 40, Some(Trap::ReusedIsbn)), Cause::Other),
            ((3, 3, None), (4, 3, Some(Trap::EditionKeptIsbn)), Cause::LaterEdition(Trap::EditionKeptIsbn)),
            ((3, 3, Some(Trap::VolumeOwnIsbn)), (4, 3, Some(Trap::VolumeOwnIsbn)), Cause::Volumes),
            ((3, 900, None), (40, 900, None), Cause::SameWork),
            ((3, 3, Some(Trap::GenericTitle)), (40, 40, Some(Trap::GenericTitle)), Cause::GenericTitle),
            ((3, 3, Some(Trap::GenericTitle)), (40, 40, None), Cause::Other),
        ];
        for (a, b, expect) in table {
            let of = |(edition, work, trap)| Judged { work, trap, ..record(edition, None) };
            assert_eq!(Cause::of(&of(a), &of(b)), expect, "{a:?} {b:?}");
            assert_eq!(Cause::of(&of(b), &of(a)), expect, "{a:?} {b:?}");
        }
        let crowd: Vec<(u32, u32)> = (0..600).map(|edition| (edition, 1)).collect();
        assert_eq!(verdict(&crowd).wrong, BTreeMap::from([(Cause::Crowd, 600 * 599 / 2)]));
    }
}
