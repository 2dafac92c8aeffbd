//! The next generation out of the one in force and what changed since: only the components that a change
//! touches are computed again.
//!
//! It needs nothing but the archive and the generation: the generation's keys lead to the entries that a changed
//! record may match, and their members are taken from what earlier builds kept, or read from the archive again. What
//! comes out is what a full build would make; where that cannot be assured, `None` says that one is needed.

mod candidates;
mod keys;
mod read;
mod write;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::build::{Built, Counters, Site};
use super::changes::{LibraryChanges, changes_since};
use super::error::{Error, Result};
use super::forest::Forest;
use super::kept::{self, Kept};
use super::library_records::birth_key;
use super::matching::{Crowded, join_some};
use super::plan::{Planned, plan, plan_single};
use super::progress::Stage;
use super::source::Source;
use super::touched::{Place, Touched};
use crate::archive::{RecordKey, Slot};
use crate::bib::{EditionId, Entry, LibraryCode, Member};
use crate::cluster::{BLOCK_CAP, MatchRecord, Verdict, compare};
use crate::index::{Generation, Review, can_rewrite};
use candidates::Counted;
use keys::Keys;

/// Builds on top of `before`.
pub(super) fn build(site: &Site<'_>, before: &Arc<Generation>) -> Result<Option<Built>> {
    let must_rewrite = before.retired_share() > site.options.limits.retired;
    if before.manifest().union.matching != crate::cluster::VERSION || must_rewrite && !can_rewrite(before) {
        return Ok(None);
    }
    let (changes, kept) = rayon::join(
        || changes_since(&site.sources, before.manifest()),
        || Kept::of(site.catalogue, before.manifest(), &site.sources),
    );
    let Some(changes) = changes? else { return Ok(None) };
    let n_changed: usize = changes.iter().map(|c| c.fresh.len() + c.gone.len()).sum();
    let n_records: u64 = site.sources.iter().map(|source| source.stamp.n_records).sum();
    if n_changed as f64 > site.options.limits.changed * n_records as f64 {
        return Ok(None);
    }
    site.progress.begin(Stage::Match, None);
    let is_kept = !kept.is_empty();
    let built = Delta::new(site, before, changes, kept)?.build(must_rewrite);
    if is_kept && matches!(built, Err(Error::BrokenWork)) {
        // What is kept is damaged: all is read from the archive.
        kept::remove(site.catalogue)?;
        site.progress.end();
        return build(site, before);
    }
    built
}

struct Delta<'a> {
    site: &'a Site<'a>,
    before: &'a Arc<Generation>,
    changes: Vec<LibraryChanges>,
    kept: Kept,
    /// Changed records as they are now, then members of the entries that they may touch.
    touched: Touched,
    n_fresh: u32,
    /// Of each changed record, whether it is compared by something else than before.
    is_new: Vec<bool>,
    /// Changed records as they were.
    gone: Touched,
    gone_places: FxHashSet<Place>,
    /// Entries of the generation before that were looked at, by number.
    entries: FxHashMap<u32, Known>,
    home_of: FxHashMap<Place, u32>,
    /// Those whose components are computed again.
    again: BTreeSet<u32>,
    crowded: Crowded,
    counts: [u64; 4],
    /// What a person should look at.
    reviews: Vec<Review>,
}

/// What is needed of an entry to compute its component again.
struct Known {
    members: Vec<Place>,
    siblings: Vec<EditionId>,
}

impl Known {
    /// `None` where a member's library is no source.
    fn of(entry: Entry, source_idx: &FxHashMap<&LibraryCode, u32>) -> Option<Self> {
        let place = |member: &Member| Some((*source_idx.get(&member.library)?, member.locator));
        let members = entry.members.iter().map(place).collect::<Option<_>>()?;
        Some(Self { members, siblings: entry.siblings })
    }

    fn n_members(&self) -> usize {
        self.members.len()
    }
}

impl<'a> Delta<'a> {
    fn new(
        site: &'a Site<'a>,
        before: &'a Arc<Generation>,
        changes: Vec<LibraryChanges>,
        kept: Kept,
    ) -> Result<Self> {
        let touched = Touched::with_members(&site.work_folder()?.join("touched"));
        Ok(Self {
            site,
            before,
            changes,
            kept,
            touched,
            n_fresh: 0,
            is_new: Vec::new(),
            gone: Touched::default(),
            gone_places: FxHashSet::default(),
            entries: FxHashMap::default(),
            home_of: FxHashMap::default(),
            again: BTreeSet::new(),
            crowded: before.manifest().union.crowded.iter().copied().collect(),
            counts: before.manifest().union.records,
            reviews: before.manifest().union.reviews.clone(),
        })
    }

    fn build(mut self, must_rewrite: bool) -> Result<Option<Built>> {
        self.touch_named()?;
        if !self.gather()? {
            return Ok(None);
        }
        let Planned { entries, reviews } = self.regroup()?;
        self.review_again(reviews);
        self.site.progress.end();
        if must_rewrite { self.rewrite(&entries) } else { self.write(&entries) }.map(Some)
    }

    /// All entries of a review are of one component: those of components that were computed again are told anew.
    fn review_again(&mut self, found: Vec<Review>) {
        let (before, again) = (self.before, &self.again);
        self.reviews
            .retain(|old| before.number_of(&old.entry).is_some_and(|number| !again.contains(&number)));
        self.reviews.extend(found);
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
            for (source, changes) in self.site.sources.iter().zip(&mut self.changes) {
                let keys: Vec<RecordKey> = decided
                    .named()
                    .iter()
                    .filter(|(code, _)| *code == source.code)
                    .map(|(_, key)| *key)
                    .collect();
                changes.touch(source, &keys)?;
            }
        }
        for (source, changes) in self.site.sources.iter().zip(&mut self.changes) {
            let mut holders = Vec::new();
            for (packs, slots) in [(&changes.packs, &changes.fresh), (&changes.older_packs, &changes.gone)] {
                let auxiliary: Vec<Slot> = slots.iter().filter(|s| s.is_auxiliary()).copied().collect();
                if !auxiliary.is_empty() {
                    holders.extend(source.some_records(packs, auxiliary, Vec::new())?.holders()?);
                }
            }
            changes.touch(source, &holders)?;
        }
        Ok(())
    }

    /// Finds the entries to compute again, with all their records; whether that could be done.
    fn gather(&mut self) -> Result<bool> {
        let (now, then) = (Counters::default(), Counters::default());
        self.read_changes(&now, &then)?;
        self.n_fresh = self.touched.len();
        self.gone_places = (0..self.gone.len()).map(|number| self.gone.place(number)).collect();
        for (sum, (now, then)) in self.counts.iter_mut().zip(now.all().into_iter().zip(then.all())) {
            *sum = (*sum + now).saturating_sub(then);
        }
        self.is_new = self.new_ones();
        let keys = Keys::of(&self.touched, &self.gone, &self.is_new, &self.crowded)?;
        let (candidates, counted, known) = self.candidates(&keys)?;
        if !self.look_at(&candidates, known)? {
            return Ok(false);
        }
        self.recount(counted)?;
        self.spread()?;
        self.forget_unmatched();
        self.add_siblings()
    }

    /// A key that became crowded, or is so no more, touches everybody who has it.
    fn recount(&mut self, counted: Vec<Counted>) -> Result<()> {
        if counted.is_empty() {
            return Ok(());
        }
        let doubtful: FxHashMap<u64, (AtomicUsize, Vec<u32>)> =
            counted.into_iter().map(|(key, found)| (key, (AtomicUsize::new(0), found))).collect();
        (0..self.touched.len()).into_par_iter().try_for_each_init(Vec::new, |own, number| -> Result<()> {
            own.clear();
            self.touched.pool.keys_into(number, own)?;
            own.iter().filter_map(|key| doubtful.get(key)).for_each(|(n, _)| {
                n.fetch_add(1, Ordering::Relaxed);
            });
            Ok(())
        })?;
        for (key, (n, found)) in doubtful {
            let n = n.into_inner();
            let is = n > BLOCK_CAP;
            if is != self.crowded.contains(&key) {
                self.again.extend(&found);
                if is {
                    self.crowded.insert(key)
                } else {
                    self.crowded.remove(&key)
                };
            }
        }
        Ok(())
    }

    /// Entries with a member that matches a changed record.
    fn spread(&mut self) -> Result<()> {
        let pool = &self.touched.pool;
        let new: Vec<u32> = (0..self.n_fresh).filter(|number| self.is_new[*number as usize]).collect();
        let keyed = new.into_par_iter().map(|number| -> Result<(MatchRecord, Vec<u64>)> {
            let mut keys = Vec::new();
            pool.keys_into(number, &mut keys)?;
            Ok((pool.record(number)?, keys))
        });
        let changed: Vec<(MatchRecord, Vec<u64>)> = keyed.collect::<Result<_>>()?;
        let mut under = FxHashMap::<u64, Vec<usize>>::default();
        for (i, (_, keys)) in changed.iter().enumerate() {
            let telling = keys.iter().filter(|key| !self.crowded.contains(*key));
            telling.for_each(|key| under.entry(*key).or_default().push(i));
        }
        let homes = (self.n_fresh..self.touched.len()).into_par_iter().map(|number| {
            let home =
                self.home_of.get(&self.touched.place(number)).filter(|home| !self.again.contains(home));
            let Some(home) = home else { return Ok(None) };
            let mut keys = Vec::new();
            pool.keys_into(number, &mut keys)?;
            let mut met: Vec<usize> =
                keys.iter().filter_map(|key| under.get(key)).flatten().copied().collect();
            if met.is_empty() {
                return Ok(None);
            }
            met.sort_unstable();
            met.dedup();
            let record = pool.record(number)?;
            let matches = met.iter().any(|i| compare(&changed[*i].0, &record).verdict == Verdict::Same);
            Ok(matches.then_some(*home))
        });
        let homes: Vec<Option<u32>> = homes.collect::<Result<_>>()?;
        self.again.extend(homes.into_iter().flatten());
        Ok(())
    }

    /// Most entries that were looked at match nothing that changed: their records are not needed any more.
    fn forget_unmatched(&mut self) {
        let again = &self.again;
        self.entries.retain(|number, _| again.contains(number));
        self.home_of.retain(|_, home| again.contains(home));
        let (n_fresh, home_of) = (self.n_fresh, &self.home_of);
        self.touched.keep(|number, place| number < n_fresh || home_of.contains_key(&place));
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
            if !self.look_at(&wanted, FxHashMap::default())? {
                return Ok(false);
            }
            self.again.extend(more);
        }
    }

    /// The entries that there shall be in place of those in `again`: of all that is left in `touched`.
    fn regroup(&self) -> Result<Planned> {
        let pool = &self.touched.pool;
        let forest = Forest::new(pool.len() as usize);
        self.site.decided.join(pool, &forest);
        join_some(pool, &forest, &self.crowded)?;
        let sets = forest.sets();
        let planned = (0..sets.len()).into_par_iter().map(|set_idx| match sets.get(set_idx) {
            [single] => plan_single(pool, *single).map(Planned::from),
            set => {
                let component = self.site.component(pool, set, &self.crowded)?;
                plan(pool, &component, &self.site.decided)
            }
        });
        let mut all = Planned::default();
        planned.collect::<Result<Vec<_>>>()?.into_iter().for_each(|planned| all.extend(planned));
        all.entries.sort_by_key(|entry| (entry.order, entry.id));
        Ok(all)
    }
}
