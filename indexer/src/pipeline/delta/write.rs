//! The end of an incremental build: entries made of their members, those that are as before left where they are.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::build::{BuildCounts, Built, Judged, Site, Way};
use super::super::entries::{Pushing, make_entry};
use super::super::error::{Error, Result};
use super::super::kept::{TipLine, put_tip};
use super::super::member_record::{MemberRecord, split_packed};
use super::super::plan::PlannedEntry;
use super::super::progress::Stage;
use super::super::redirects::successor;
use super::super::touched::{Place, Touched};
use super::super::work::work_error;
use super::Delta;
use crate::bib::{EditionId, Entry};
use crate::files::remove_tree;
use crate::index::{Builder, Generation, Prepared, rewrite, switch};

/// Entries that are made side by side, and of them those that are made together: their members lie together where
/// they are kept.
const STEP: usize = 512;
const TOGETHER: usize = 16;

impl Delta<'_> {
    /// A layer upon the generation before.
    pub(super) fn write(self, planned: &[PlannedEntry]) -> Result<Built> {
        let Site { catalogue, archive, .. } = *self.site;
        let parent = Arc::clone(self.before);
        let mut builder =
            Builder::extend_upon(catalogue, parent, self.site.builder_options(), archive.files())?;
        let way = self.fill(&mut builder, planned)?;
        self.finish(builder, way)
    }

    /// A base in place of the generation before, of which too much is retired, and of the layer upon it.
    pub(super) fn rewrite(self, planned: &[PlannedEntry]) -> Result<Built> {
        let Site { catalogue, archive, .. } = *self.site;
        let options = self.site.builder_options();
        let dir = self.site.work_folder()?.join("layer");
        remove_tree(&*archive.files(), &dir).map_err(work_error(&dir))?;
        let number = switch::number_of(&self.before.manifest().generation).unwrap_or(0) + 1;
        let parent = Arc::clone(self.before);
        let mut layer = Builder::extend_beside(&dir, number, parent, options, archive.files())?;
        let way = self.fill(&mut layer, planned)?;
        layer.finish_beside()?;
        let below = Arc::new(Generation::open_folder(&dir)?);
        let builder = rewrite(catalogue, &below, options.memory_bytes, archive.files())?;
        let built = self.finish(builder, way)?;
        remove_tree(&*archive.files(), &dir).map_err(work_error(&dir))?;
        Ok(built)
    }

    fn fill(&self, builder: &mut Builder, planned: &[PlannedEntry]) -> Result<Way> {
        self.site.progress.begin(Stage::Index, Some(planned.len() as u64));
        let unchanged = Mutex::new(BTreeSet::new());
        let mut pushing = Pushing::to(builder);
        for step in planned.chunks(STEP) {
            let together: Vec<&[PlannedEntry]> = step.chunks(TOGETHER).collect();
            pushing.step(&together, |plans| {
                let numbers = plans.iter().flat_map(|plan| &plan.members).copied();
                let members = self.touched.members(numbers, &self.kept)?;
                let mut prepared: Vec<Prepared> = Vec::with_capacity(plans.len());
                for plan in *plans {
                    let entry = self.make(plan, &members)?;
                    match self.same(plan, &entry)? {
                        Some(number) => {
                            unchanged.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
                        }
                        None => prepared.push(builder.prepare(&entry, &plan.keys)?),
                    }
                }
                Ok(prepared)
            })?;
            self.site.progress.advance(step.len() as u64, 0);
        }
        pushing.end()?;
        self.site.progress.end();
        let unchanged = unchanged.into_inner().unwrap_or_else(PoisonError::into_inner);
        let retired: Vec<u32> = self.again.difference(&unchanged).copied().collect();
        retired.iter().for_each(|number| builder.retire(*number));
        builder.end_entries()?;
        for (old, successor) in self.redirects(planned, &retired) {
            let successor = successor.map(EditionId::from_key);
            builder.redirect(&EditionId::from_key(old), successor.as_ref());
        }
        let written = (planned.len() - unchanged.len()) as u64;
        Ok(Way::Delta { retired: retired.len() as u64, written })
    }

    fn finish(self, builder: Builder, way: Way) -> Result<Built> {
        self.keep()?;
        let packs = self.changes.iter().flat_map(|c| &c.packs).map(ToString::to_string).collect();
        let n_reviews = self.reviews.len();
        let judged = Judged { crowded: self.crowded, reviews: self.reviews };
        let summary = self.site.finish(builder, packs, judged, self.counts)?;
        let counts = BuildCounts::of(self.counts, summary.entries, n_reviews);
        Ok(Built::New { summary, counts, way })
    }

    /// Keeps the changed records for the nights to come.
    fn keep(&self) -> Result<()> {
        let Site { catalogue, sources, built_from, .. } = self.site;
        let (mut writer, base) = self.kept.night(catalogue, sources)?;
        for number in 0..self.n_fresh {
            let (place, compared) = (self.touched.place(number), self.touched.pool.get(number));
            self.touched.packed(number, |packed| {
                let (_, member) = split_packed(packed)?;
                writer.add(place, &compared, member);
                Ok::<(), Error>(())
            })??;
            writer.end_full_block()?;
        }
        let files = std::iter::once(writer.finish()?).chain(base).collect();
        let tip = TipLine { built_from: built_from.clone(), base: self.kept.base().to_owned(), files };
        put_tip(catalogue, Some(&self.before.manifest().built_from), tip)
    }

    fn make(&self, planned: &PlannedEntry, members: &FxHashMap<u32, MemberRecord>) -> Result<Entry> {
        let source = |number: &u32| {
            let (library_idx, _) = self.touched.place(*number);
            Some(members.get(number)?.source(&self.site.sources[library_idx as usize].code))
        };
        let sources: Option<Vec<_>> = planned.members.iter().map(source).collect();
        make_entry(&sources.ok_or(Error::BrokenWork)?, &planned.links, &planned.siblings)
    }

    /// The number of the entry in force that says just the same.
    fn same(&self, planned: &PlannedEntry, entry: &Entry) -> Result<Option<u32>> {
        Ok(match self.with_members_of(planned) {
            Some(number) if self.before.entry(number)? == *entry => Some(number),
            _ => None,
        })
    }

    /// The number of the entry in force with this id where its members are these and none has changed: nearly all
    /// others need not be read to know that they say something else.
    fn with_members_of(&self, planned: &PlannedEntry) -> Option<u32> {
        let id = EditionId::from_key(planned.id);
        let number = self.before.number_of(&id).filter(|number| self.again.contains(number))?;
        let members = &self.entries.get(&number)?.members;
        let is_member = |number: &u32| members.contains(&self.touched.place(*number));
        (members.len() == planned.members.len() && planned.members.iter().all(is_member)).then_some(number)
    }

    /// What has become of the retired entries whose ids are none any more.
    fn redirects(&self, planned: &[PlannedEntry], retired: &[u32]) -> Vec<(u64, Option<u64>)> {
        let ids: FxHashSet<u64> = planned.iter().map(|entry| entry.id).collect();
        let lost = retired.iter().filter_map(|number| Some((self.before.key(*number)?, *number)));
        let lost: Vec<(u64, u32)> = lost.filter(|(id, _)| !ids.contains(id)).collect();
        let members = |number: &u32| self.entries.get(number).map_or(&[][..], |known| &known.members);
        let places = lost.iter().flat_map(|(_, number)| members(number)).copied().collect();
        let birth_at = self.births(&places);
        let births: FxHashSet<u64> = birth_at.values().copied().collect();
        let mut home_of_birth: FxHashMap<u64, u64> = FxHashMap::default();
        for entry in planned.iter().filter(|_| !births.is_empty()) {
            let own = entry.members.iter().map(|number| self.touched.pool.get(*number).birth);
            home_of_birth.extend(own.filter(|birth| births.contains(birth)).map(|birth| (birth, entry.id)));
        }
        let successor_of = |number: &u32| {
            let births = members(number).iter().filter_map(|place| birth_at.get(place));
            successor(births.filter_map(|birth| home_of_birth.get(birth).copied()))
        };
        lost.iter().map(|(id, number)| (*id, successor_of(number))).collect()
    }

    /// Of the records at these places, as they are and as they were. A control number would not do: where two records
    /// of a library have the same one, only the first is known by it.
    fn births(&self, places: &FxHashSet<Place>) -> FxHashMap<Place, u64> {
        let of = |touched: &Touched| -> Vec<(Place, u64)> {
            let all = (0..touched.len()).map(|number| (touched.place(number), number));
            let here = all.filter(|(place, _)| places.contains(place));
            here.map(|(place, number)| (place, touched.pool.get(number).birth)).collect()
        };
        of(&self.touched).into_iter().chain(of(&self.gone)).collect()
    }
}
