//! The next generation out of the one in force and what changed since: only the components that a change
//! touches are computed again.
//!
//! It needs nothing but the archive and the generation: the generation's keys lead to the entries that a changed
//! record may match, and their members are read from the archive again. What comes out is what a full build
//! would make; where that cannot be assured, `None` says that one is needed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::build::{BuildCounts, Built, Counters, Site, Way, births_of};
use super::changes::{LibraryChanges, changes_since};
use super::entries::make_entry;
use super::error::Result;
use super::forest::Forest;
use super::library_records::birth_key;
use super::matching::{Component, Crowded, meetings};
use super::plan::{PlannedEntry, plan, plan_single};
use super::progress::Stage;
use super::redirects::successor;
use super::source::Source;
use super::touched::{Place, Touched};
use crate::archive::Slot;
use crate::bib::{EditionId, Entry, LibraryCode};
use crate::cluster::{BLOCK_CAP, MatchRecord, Verdict, block_keys, compare};
use crate::index::{Builder, Generation};

/// Builds on top of `before`.
pub(super) fn build(site: &Site<'_>, before: &Arc<Generation>) -> Result<Option<Built>> {
    if before.manifest().union.matching != crate::cluster::VERSION
        || before.retired_share() > site.options.limits.retired
    {
        return Ok(None);
    }
    let Some(changes) = changes_since(&site.sources, before.manifest())? else { return Ok(None) };
    let n_changed: usize = changes.iter().map(|c| c.fresh.len() + c.gone.len()).sum();
    let n_records: usize = changes.iter().map(|c| c.state.slots.len()).sum();
    if n_changed as f64 > site.options.limits.changed * n_records as f64 {
        return Ok(None);
    }
    site.progress.begin(Stage::Match, None);
    let mut delta = Delta::new(site, before, changes);
    delta.touch_named()?;
    if !delta.gather()? {
        return Ok(None);
    }
    let planned = delta.regroup()?;
    site.progress.end();
    delta.write(planned).map(Some)
}

struct Delta<'a> {
    site: &'a Site<'a>,
    before: &'a Arc<Generation>,
    changes: Vec<LibraryChanges>,
    /// Changed records as they are now, then members of the entries that they may touch.
    touched: Touched,
    n_fresh: u32,
    /// Changed records as they were.
    gone: Touched,
    gone_places: FxHashSet<Place>,
    /// Entries of the generation before that were looked at, by number.
    entries: BTreeMap<u32, Entry>,
    home_of: FxHashMap<Place, u32>,
    /// Those whose components are computed again.
    again: BTreeSet<u32>,
    crowded: Crowded,
    counts: [u64; 4],
}

impl<'a> Delta<'a> {
    fn new(site: &'a Site<'a>, before: &'a Arc<Generation>, changes: Vec<LibraryChanges>) -> Self {
        Self {
            site,
            before,
            changes,
            touched: Touched::default(),
            n_fresh: 0,
            gone: Touched::default(),
            gone_places: FxHashSet::default(),
            entries: BTreeMap::new(),
            home_of: FxHashMap::default(),
            again: BTreeSet::new(),
            crowded: before.manifest().union.crowded.iter().copied().collect(),
            counts: before.manifest().union.records,
        }
    }

    /// Records that decisions name are treated as changed where the decision is new or one of them changed; so
    /// is a record whose holdings records changed.
    fn touch_named(&mut self) -> Result<()> {
        let decided = &self.site.decided;
        let is_named = |(source, changes): (&Source, &LibraryChanges)| {
            let mut slots = changes.fresh.iter().chain(&changes.gone);
            slots.any(|slot| decided.names(birth_key(&source.code, &slot.key)))
        };
        let is_new = decided.version() != self.before.manifest().union.decisions;
        if is_new || self.site.sources.iter().zip(&self.changes).any(is_named) {
            for (code, key) in decided.named() {
                if let Some(source_idx) = self.site.sources.iter().position(|source| source.code == *code) {
                    self.changes[source_idx].touch(key);
                }
            }
        }
        for (source, changes) in self.site.sources.iter().zip(&mut self.changes) {
            let mut holders = Vec::new();
            for (state, slots) in [(&changes.state, &changes.fresh), (changes.older(), &changes.gone)] {
                let auxiliary: Vec<Slot> = slots.iter().filter(|s| s.is_auxiliary()).copied().collect();
                if !auxiliary.is_empty() {
                    holders.extend(source.some_records(state, auxiliary, Vec::new())?.holders()?);
                }
            }
            holders.iter().for_each(|key| changes.touch(key));
        }
        Ok(())
    }

    /// Finds the entries to compute again, with all their records; whether that could be done.
    fn gather(&mut self) -> Result<bool> {
        let (now, then) = (Counters::default(), Counters::default());
        for (idx, (source, changes)) in self.site.sources.iter().zip(&self.changes).enumerate() {
            if !changes.fresh.is_empty() {
                let along = changes.auxiliary_besides(&changes.fresh);
                let records = source.some_records(&changes.state, changes.fresh.clone(), along)?;
                self.touched.add(idx as u32, &records, &now)?;
            }
            if !changes.gone.is_empty() {
                let records = source.some_records(changes.older(), changes.gone.clone(), Vec::new())?;
                self.gone.add(idx as u32, &records, &then)?;
            }
        }
        self.n_fresh = self.touched.len();
        self.gone_places = (0..self.gone.len()).map(|number| self.gone.place(number)).collect();
        for (sum, (now, then)) in self.counts.iter_mut().zip(now.all().into_iter().zip(then.all())) {
            *sum = (*sum + now).saturating_sub(then);
        }
        let keys = Keys::of(&self.touched, &self.gone)?;
        let candidates = self.candidates(&keys);
        if !self.look_at(&candidates)? {
            return Ok(false);
        }
        self.recount(&keys)?;
        self.spread()?;
        self.add_siblings()
    }

    /// Entries that share a key with a changed record, as it is or as it was, and those named after one.
    fn candidates(&self, keys: &Keys) -> BTreeSet<u32> {
        let mut candidates = BTreeSet::new();
        let mut found = Vec::new();
        for (key, n_gone) in &keys.all {
            found.clear();
            self.before.entries_with_key(*key, &mut found);
            // So many entries have more members yet: it stays crowded, whatever went.
            if found.len() <= BLOCK_CAP + *n_gone as usize {
                candidates.extend(&found);
            }
        }
        let births = (0..self.gone.len()).map(|number| self.gone.pool.get(number).birth);
        candidates.extend(births.filter_map(|id| self.before.number_of(&EditionId::from_key(id))));
        candidates
    }

    /// Decodes entries and reads their members that are still there; whether all could be found.
    fn look_at(&mut self, numbers: &BTreeSet<u32>) -> Result<bool> {
        let wanted: Vec<u32> = numbers.iter().filter(|n| !self.entries.contains_key(n)).copied().collect();
        let decoded: Vec<(u32, Entry)> = wanted
            .par_iter()
            .map(|number| Ok((*number, self.before.entry(*number)?)))
            .collect::<Result<_>>()?;
        let source_idx: FxHashMap<&LibraryCode, u32> =
            self.site.sources.iter().enumerate().map(|(i, source)| (&source.code, i as u32)).collect();
        let mut places: Vec<Vec<crate::bib::RecordLocator>> = vec![Vec::new(); self.site.sources.len()];
        for (number, entry) in decoded {
            for member in &entry.members {
                let Some(&library_idx) = source_idx.get(&member.library) else { return Ok(false) };
                let place = (library_idx, member.locator);
                self.home_of.insert(place, number);
                if self.gone_places.contains(&place) {
                    self.again.insert(number);
                } else {
                    places[library_idx as usize].push(member.locator);
                }
            }
            self.entries.insert(number, entry);
        }
        for (idx, (source, changes)) in self.site.sources.iter().zip(&self.changes).enumerate() {
            let Some(slots) = changes.slots_at(&places[idx]) else { return Ok(false) };
            if !slots.is_empty() {
                let along = changes.auxiliary_besides(&slots);
                let records = source.some_records(&changes.state, slots, along)?;
                self.touched.add(idx as u32, &records, &Counters::default())?;
            }
        }
        Ok(true)
    }

    /// A key that became crowded, or is so no more, touches everybody who has it.
    fn recount(&mut self, keys: &Keys) -> Result<()> {
        let mut counts: FxHashMap<u64, usize> = FxHashMap::default();
        let mut own = Vec::new();
        for number in 0..self.touched.len() {
            own.clear();
            block_keys(&self.touched.pool.record(number)?, &mut own);
            own.iter().for_each(|key| *counts.entry(*key).or_default() += 1);
        }
        let mut found = Vec::new();
        for (key, n_gone) in &keys.all {
            found.clear();
            self.before.entries_with_key(*key, &mut found);
            if found.len() > BLOCK_CAP + *n_gone as usize {
                continue;
            }
            let is = counts.get(key).is_some_and(|n| *n > BLOCK_CAP);
            let was = self.crowded.contains(key);
            if is != was {
                self.again.extend(&found);
                if is {
                    self.crowded.insert(*key)
                } else {
                    self.crowded.remove(key)
                };
            }
        }
        Ok(())
    }

    /// Entries with a member that matches a changed record.
    fn spread(&mut self) -> Result<()> {
        let numbers: Vec<u32> = (0..self.touched.len()).collect();
        for (a, b) in self.matches(&numbers, |a, b| a < self.n_fresh || b < self.n_fresh)? {
            for number in [a, b].into_iter().filter(|number| *number >= self.n_fresh) {
                self.again.extend(self.home_of.get(&self.touched.place(number)));
            }
        }
        Ok(())
    }

    // Pairs that match among some records, of those that `wanted` asks for.
    fn matches(&self, numbers: &[u32], wanted: impl Fn(u32, u32) -> bool + Sync) -> Result<Vec<(u32, u32)>> {
        let records: Vec<MatchRecord> =
            numbers.par_iter().map(|number| self.touched.pool.record(*number)).collect::<Result<_>>()?;
        let met = meetings(&records, |key| self.crowded.contains(&key));
        Ok(met
            .into_par_iter()
            .filter(|(i, j)| wanted(numbers[*i], numbers[*j]))
            .filter(|(i, j)| compare(&records[*i], &records[*j]).verdict == Verdict::Same)
            .map(|(i, j)| (numbers[i], numbers[j]))
            .collect())
    }

    fn add_siblings(&mut self) -> Result<bool> {
        loop {
            let ids = self.again.iter().filter_map(|n| self.entries.get(n)).flat_map(|e| &e.siblings);
            let siblings: BTreeSet<u32> = ids.filter_map(|id| self.before.number_of(id)).collect();
            let more: BTreeSet<u32> = siblings.difference(&self.again).copied().collect();
            let unread = self.again.iter().filter(|n| !self.entries.contains_key(n)).copied();
            let wanted: BTreeSet<u32> = unread.chain(more.iter().copied()).collect();
            if wanted.is_empty() {
                return Ok(true);
            }
            if !self.look_at(&wanted)? {
                return Ok(false);
            }
            self.again.extend(more);
        }
    }

    /// The entries that there shall be in place of those in `again`.
    fn regroup(&self) -> Result<Vec<PlannedEntry>> {
        let is_again = |number: u32| {
            let home = self.home_of.get(&self.touched.place(number));
            home.is_some_and(|home| self.again.contains(home))
        };
        let numbers: Vec<u32> =
            (0..self.touched.len()).filter(|&number| number < self.n_fresh || is_again(number)).collect();
        let forest = Forest::new(self.touched.len() as usize);
        self.site.decided.join(&self.touched.pool, &forest);
        for (a, b) in self.matches(&numbers, |_, _| true)? {
            forest.join(a, b);
        }
        let taking_part: FxHashSet<u32> = numbers.into_iter().collect();
        let sets = forest.sets();
        let planned: Vec<Vec<PlannedEntry>> = (0..sets.len())
            .into_par_iter()
            .filter(|set_idx| taking_part.contains(&sets.get(*set_idx)[0]))
            .map(|set_idx| match sets.get(set_idx) {
                [single] => Ok(vec![plan_single(&self.touched.pool, *single)?]),
                set => {
                    let component =
                        Component::of(&self.touched.pool, set, |key| self.crowded.contains(&key))?;
                    plan(&self.touched.pool, &component, &self.site.decided)
                }
            })
            .collect::<Result<_>>()?;
        let mut planned: Vec<PlannedEntry> = planned.into_iter().flatten().collect();
        planned.sort_by_key(|entry| (entry.order, entry.id));
        Ok(planned)
    }

    fn write(self, planned: Vec<PlannedEntry>) -> Result<Built> {
        let made: Vec<(Entry, Vec<u64>)> =
            planned.par_iter().map(|entry| self.make(entry)).collect::<Result<_>>()?;
        let number_of = |entry: &Entry| self.before.number_of(&entry.id);
        let same = |entry: &Entry| {
            number_of(entry).filter(|n| self.again.contains(n) && self.entries.get(n) == Some(entry))
        };
        let kept: BTreeSet<u32> = made.iter().filter_map(|(entry, _)| same(entry)).collect();
        let written: Vec<&(Entry, Vec<u64>)> = made.iter().filter(|(e, _)| same(e).is_none()).collect();
        let parent = Arc::clone(self.before);
        let Site { catalogue, archive, .. } = *self.site;
        let mut builder =
            Builder::extend_upon(catalogue, parent, self.site.builder_options(), archive.files())?;
        let retired: Vec<u32> = self.again.difference(&kept).copied().collect();
        retired.iter().for_each(|number| builder.retire(*number));
        for (old, successor) in self.redirects(&planned, &retired) {
            let successor = successor.map(EditionId::from_key);
            builder.redirect(&EditionId::from_key(old), successor.as_ref());
        }
        self.site.progress.begin(Stage::Index, Some(written.len() as u64));
        for step in written.chunks(1024) {
            let prepared: Vec<_> = step
                .par_iter()
                .map(|(entry, keys)| Ok(builder.prepare(entry, keys)?))
                .collect::<Result<_>>()?;
            for prepared in prepared {
                builder.push(prepared)?;
            }
            self.site.progress.advance(step.len() as u64, 0);
        }
        self.site.progress.end();
        let way = Way::Delta { retired: retired.len() as u64, written: written.len() as u64 };
        let packs = self.changes.iter().flat_map(|c| &c.state.packs).map(ToString::to_string).collect();
        let summary = self.site.finish(builder, packs, self.crowded, self.counts)?;
        let counts = BuildCounts::of(self.counts, summary.entries);
        Ok(Built::New { summary, counts, way })
    }

    fn make(&self, planned: &PlannedEntry) -> Result<(Entry, Vec<u64>)> {
        let mut records = Vec::with_capacity(planned.members.len());
        for number in &planned.members {
            let (library_idx, member) = self.touched.member(*number)?;
            records.push((&self.site.sources[library_idx as usize].code, member));
        }
        Ok((make_entry(&records, &planned.links, &planned.siblings)?, planned.keys.clone()))
    }

    fn redirects(&self, planned: &[PlannedEntry], retired: &[u32]) -> Vec<(u64, Option<u64>)> {
        let ids: FxHashSet<u64> = planned.iter().map(|entry| entry.id).collect();
        let mut home_of_birth: FxHashMap<u64, u64> = FxHashMap::default();
        for entry in planned {
            let births = entry.members.iter().map(|number| self.touched.pool.get(*number).birth);
            home_of_birth.extend(births.map(|birth| (birth, entry.id)));
        }
        let mut lost = Vec::new();
        for entry in retired.iter().filter_map(|number| self.entries.get(number)) {
            if let Some(id) = entry.id.key().filter(|id| !ids.contains(id)) {
                let homes = births_of(entry).into_iter().filter_map(|b| home_of_birth.get(&b).copied());
                lost.push((id, successor(homes)));
            }
        }
        lost
    }
}

/// The keys of changed records, each with how many had it that are gone.
struct Keys {
    all: Vec<(u64, u32)>,
}

impl Keys {
    fn of(now: &Touched, then: &Touched) -> Result<Self> {
        let mut keys: FxHashMap<u64, u32> = FxHashMap::default();
        let mut own = Vec::new();
        for (records, n) in [(now, 0), (then, 1)] {
            for number in 0..records.len() {
                own.clear();
                block_keys(&records.pool.record(number)?, &mut own);
                own.iter().for_each(|key| *keys.entry(*key).or_default() += n);
            }
        }
        let mut all: Vec<(u64, u32)> = keys.into_iter().collect();
        all.sort_unstable();
        Ok(Self { all })
    }
}
