//! What an incremental build reads: changed records, and the members of the entries that they may touch; where earlier
//! builds kept them, from there, else from the archive.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::build::Counters;
use super::super::changes::LibraryChanges;
use super::super::error::Result;
use super::super::kept::At;
use super::super::touched::{Place, ReadRecords};
use super::{Delta, Known};
use crate::archive::{PackName, Slot};
use crate::bib::{LibraryCode, RecordLocator};

/// Kept records that are read together.
const AT_ONCE: usize = 2048;

impl Delta<'_> {
    /// Reads the changed records as they are and as they were, libraries side by side.
    pub(super) fn read_changes(&mut self, now: &Counters, then: &Counters) -> Result<()> {
        let (were_kept, not_kept) = self.gone_by_whether_kept();
        then.members.fetch_add(were_kept.len() as u64, Ordering::Relaxed);
        let all = Mutex::new((&mut self.touched, &mut self.gone));
        were_kept.par_chunks(AT_ONCE).try_for_each(|records| {
            let read = ReadRecords::kept(&self.kept, records)?;
            all.lock().unwrap_or_else(PoisonError::into_inner).1.add(read)
        })?;
        let libraries = self.site.sources.par_iter().zip(&self.changes).zip(not_kept).enumerate();
        libraries.try_for_each(|(idx, ((source, changes), gone))| {
            let idx = idx as u32;
            if !changes.fresh.is_empty() {
                let along = changes.auxiliary_besides(&changes.fresh);
                let records = source.some_records(&changes.packs, changes.fresh.clone(), along)?;
                let read = ReadRecords::of(idx, &records, now)?;
                all.lock().unwrap_or_else(PoisonError::into_inner).0.add(read)?;
            }
            if !gone.is_empty() {
                let records = source.some_records(&changes.older_packs, gone, Vec::new())?;
                let read = ReadRecords::compared(idx, &records, then)?;
                all.lock().unwrap_or_else(PoisonError::into_inner).1.add(read)?;
            }
            Ok(())
        })
    }

    /// Records as they were: where they are kept, and by library those that are not.
    fn gone_by_whether_kept(&self) -> (Vec<(At, Place)>, Vec<Vec<Slot>>) {
        let mut were_kept = Vec::new();
        let of_library = |(idx, changes): (usize, &LibraryChanges)| {
            let prefixes: Vec<u64> = changes.older_packs.iter().map(PackName::prefix).collect();
            let mut gone = changes.gone.clone();
            gone.retain(|slot| {
                let locator = RecordLocator { pack: prefixes[slot.pack_idx()], slot: slot.slot };
                let place = (idx as u32, locator);
                let at = self.kept.find(place);
                were_kept.extend(at.map(|at| (at, place)));
                at.is_none()
            });
            gone
        };
        let not_kept = self.changes.iter().enumerate().map(of_library).collect();
        were_kept.sort_unstable();
        (were_kept, not_kept)
    }

    /// What is needed of some entries.
    pub(super) fn known(&self, numbers: &[u32]) -> Result<Vec<(u32, Option<Known>)>> {
        let (told, others): (Vec<u32>, Vec<u32>) = numbers.iter().partition(|n| self.kept.tells(**n));
        let made = |number| self.kept.made(number).map(|(members, siblings)| Known { members, siblings });
        let mut known: Vec<_> = told.into_iter().map(|number| (number, made(number))).collect();
        let source_idx: FxHashMap<&LibraryCode, u32> =
            self.site.sources.iter().enumerate().map(|(i, source)| (&source.code, i as u32)).collect();
        known.extend(self.decoded(&others, |entry| Known::of(entry, &source_idx))?);
        Ok(known)
    }

    /// Decodes entries that are not among the `known` and reads their members that are still there; whether all could
    /// be found.
    pub(super) fn look_at(
        &mut self,
        numbers: &BTreeSet<u32>,
        mut known: FxHashMap<u32, Option<Known>>,
    ) -> Result<bool> {
        known.retain(|number, _| numbers.contains(number) && !self.entries.contains_key(number));
        let is_unknown = |n: &&u32| !self.entries.contains_key(n) && !known.contains_key(n);
        let wanted: Vec<u32> = numbers.iter().filter(is_unknown).copied().collect();
        known.extend(self.known(&wanted)?);
        self.home_of.reserve(known.values().flatten().map(Known::n_members).sum());
        let mut are_kept: Vec<(At, Place)> = Vec::new();
        let mut places: Vec<Vec<RecordLocator>> = vec![Vec::new(); self.site.sources.len()];
        for (number, known) in known {
            let Some(known) = known else { return Ok(false) };
            for place in &known.members {
                self.home_of.insert(*place, number);
                if self.gone_places.contains(place) {
                    self.again.insert(number);
                } else if let Some(at) = self.kept.find(*place) {
                    are_kept.push((at, *place));
                } else {
                    places[place.0 as usize].push(place.1);
                }
            }
            self.entries.insert(number, known);
        }
        are_kept.sort_unstable();
        let (all, is_missing) = (Mutex::new(&mut self.touched), AtomicBool::new(false));
        are_kept.par_chunks(AT_ONCE).try_for_each(|records| {
            let read = ReadRecords::kept(&self.kept, records)?;
            all.lock().unwrap_or_else(PoisonError::into_inner).add(read)
        })?;
        let libraries = self.site.sources.par_iter().zip(&self.changes).enumerate();
        libraries.try_for_each(|(idx, (source, changes))| -> Result<()> {
            let Some(slots) = changes.slots_at(source, &places[idx])? else {
                is_missing.store(true, Ordering::Relaxed);
                return Ok(());
            };
            if !slots.is_empty() {
                let along = changes.auxiliary_besides(&slots);
                let records = source.some_records(&changes.packs, slots, along)?;
                let read = ReadRecords::of(idx as u32, &records, &Counters::default())?;
                all.lock().unwrap_or_else(PoisonError::into_inner).add(read)?;
            }
            Ok(())
        })?;
        Ok(!is_missing.into_inner())
    }
}
