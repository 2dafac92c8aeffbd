//! What entries there shall be: a component's records put into groups, each with its id.
//!
//! Pure: it reads the pool and the decisions and returns plans.

use super::decisions::Decided;
use super::error::Result;
use super::matching::Component;
use super::pool::Pool;
use crate::cluster::{Link, MatchRecord, OrderKey, resolve, stored_keys};

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
pub(super) fn plan(pool: &Pool, component: &Component, decided: &Decided) -> Result<Vec<PlannedEntry>> {
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
    Ok(planned)
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
