//! What entries there shall be: a component's records put into groups, each with its id.
//!
//! Pure: it reads the pool and the decisions and returns plans.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::decisions::Decided;
use super::error::Result;
use super::matching::Component;
use super::pool::Pool;
use crate::bib::EditionId;
use crate::cluster::{Link, MatchRecord, OrderKey, Unsettled, resolve, stored_keys};
use crate::index::{Review, ReviewReason};

/// An entry to be made.
pub(super) struct PlannedEntry {
    /// Birth key of the eldest member.
    pub(super) id: u64,
    /// Members in the pool, eldest first.
    pub(super) members: Vec<u32>,
    /// What joined them; places in `members`.
    pub(super) links: Vec<Link>,
    /// Ids of the other entries of the same component, ascending.
    pub(super) siblings: Vec<u64>,
    /// Keys under which its members meet others, ascending.
    pub(super) keys: Vec<u64>,
    /// Where it stands in the base.
    pub(super) order: OrderKey,
}

/// What a component, or several, come to.
#[derive(Default)]
pub(super) struct Planned {
    pub(super) entries: Vec<PlannedEntry>,
    /// What a person should look at.
    pub(super) reviews: Vec<Review>,
}

impl Planned {
    pub(super) fn extend(&mut self, more: Self) {
        self.entries.extend(more.entries);
        self.reviews.extend(more.reviews);
    }
}

impl From<PlannedEntry> for Planned {
    fn from(entry: PlannedEntry) -> Self {
        Self { entries: vec![entry], reviews: Vec::new() }
    }
}

/// The entry of a record that matches no other.
pub(super) fn plan_single(pool: &Pool, number: u32) -> Result<PlannedEntry> {
    let record = pool.record(number)?;
    Ok(PlannedEntry {
        id: pool.get(number).birth,
        members: vec![number],
        links: Vec::new(),
        siblings: Vec::new(),
        keys: keys_of([&record]),
        order: OrderKey::of(&record),
    })
}

/// The entries of a component.
pub(super) fn plan(pool: &Pool, component: &Component, decided: &Decided) -> Result<Planned> {
    let (must, cannot) = decided.among(&component.births);
    let records: Vec<&MatchRecord> = component.records.iter().collect();
    let resolution = resolve(&records, &component.births, &component.links, &must, &cannot);
    let mut planned: Vec<PlannedEntry> = Vec::new();
    for group in &resolution.groups {
        let mut places = group.clone();
        places.sort_by_key(|&place| (pool.get(component.numbers[place]).first_seen, component.births[place]));
        let here = |place: usize| places.iter().position(|p| *p == place);
        let mut links: Vec<Link> = resolution
            .links
            .iter()
            .filter_map(|link| Some(Link { a: here(link.a)?, b: here(link.b)?, ..*link }))
            .collect();
        links.sort_by_key(|link| (link.a, link.b));
        planned.push(PlannedEntry {
            id: component.births[places[0]],
            members: places.iter().map(|&place| component.numbers[place]).collect(),
            links,
            siblings: Vec::new(),
            keys: keys_of(group.iter().map(|&place| &component.records[place])),
            order: OrderKey::of(&component.records[places[0]]),
        });
    }
    let mut ids: Vec<u64> = planned.iter().map(|entry| entry.id).collect();
    ids.sort_unstable();
    for entry in &mut planned {
        entry.siblings = ids.iter().copied().filter(|id| *id != entry.id).collect();
    }
    let reviews = reviews(&resolution.unsettled, &planned, |number| pool.get(number).birth);
    Ok(Planned { entries: planned, reviews })
}

/// What is unsettled between records, told of entries: one review for each entry that is the larger one of a pair.
fn reviews(unsettled: &[Unsettled], planned: &[PlannedEntry], birth: impl Fn(u32) -> u64) -> Vec<Review> {
    if unsettled.is_empty() {
        return Vec::new();
    }
    let mut entry_of = FxHashMap::default();
    for entry in planned {
        entry_of.extend(entry.members.iter().map(|number| (birth(*number), entry)));
    }
    let mut others: BTreeMap<(EditionId, ReviewReason), BTreeSet<EditionId>> = BTreeMap::new();
    for found in unsettled {
        let (reason, a, b) = match *found {
            Unsettled::TooLarge(a, b) => (ReviewReason::TooLarge, a, b),
            Unsettled::Contradiction(a, b) => (ReviewReason::Contradiction, a, b),
        };
        let (Some(a), Some(b)) = (entry_of.get(&a), entry_of.get(&b)) else { continue };
        let of = |entry: &PlannedEntry| (Reverse(entry.members.len()), EditionId::from_key(entry.id));
        let (larger, other) = (of(a).min(of(b)).1, of(a).max(of(b)).1);
        others.entry((larger, reason)).or_default().insert(other);
    }
    let review = |((entry, reason), others): (_, BTreeSet<EditionId>)| {
        Some(Review { entry, reason, n_others: others.len() as u32, other: others.into_iter().next()? })
    };
    others.into_iter().filter_map(review).collect()
}

fn keys_of<'a>(records: impl IntoIterator<Item = &'a MatchRecord>) -> Vec<u64> {
    let (mut keys, mut own) = (Vec::new(), Vec::new());
    for record in records {
        own.clear();
        stored_keys(record, &mut own);
        keys.extend_from_slice(&own);
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::bib::{Bib, MaterialType};

    fn planned(id: u64, members: &[u32]) -> PlannedEntry {
        let order = OrderKey::of(&MatchRecord::of(&Bib::empty(MaterialType::BookChi)));
        PlannedEntry {
            id,
            members: members.to_vec(),
            links: Vec::new(),
            siblings: Vec::new(),
            keys: Vec::new(),
            order,
        }
    }

    #[test]
    fn a_review_stands_with_the_larger_entry_and_counts_each_other_once() {
        use ReviewReason::{Contradiction, TooLarge};
        let entries =
            [planned(9, &[9, 10, 11]), planned(3, &[3]), planned(4, &[4, 5]), planned(1, &[1, 2, 6])];
        let found = [
            Unsettled::TooLarge(3, 9),
            Unsettled::TooLarge(10, 4),
            Unsettled::TooLarge(5, 11),
            Unsettled::TooLarge(2, 10),
            Unsettled::Contradiction(4, 9),
            Unsettled::TooLarge(9, 77),
        ];
        let id = EditionId::from_key;
        let of =
            |entry, reason, n_others, other| Review { entry: id(entry), reason, n_others, other: id(other) };
        let mut expect = [of(9, TooLarge, 2, 3), of(9, Contradiction, 1, 4), of(1, TooLarge, 1, 9)];
        expect.sort_unstable();
        assert_eq!(reviews(&found, &entries, u64::from), expect);
        assert_eq!(reviews(&[], &entries, u64::from), []);
    }
}
