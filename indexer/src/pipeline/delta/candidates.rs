//! Which entries of the generation before a changed record may have to do with.
//!
//! It asks the generation's keys and counts members; no record is read here.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::super::error::Result;
use super::keys::Keys;
use super::{Delta, Known};
use crate::bib::{EditionId, Entry};
use crate::cluster::{BLOCK_CAP, with_one_isbn};

/// A key of which it must be counted how many have it, with the entries under it.
pub(super) type Counted = (u64, Vec<u32>);

/// Entries to look at, keys to count, and what is known of the entries by then.
pub(super) type Candidates = (BTreeSet<u32>, Vec<Counted>, FxHashMap<u32, Option<Known>>);

impl Delta<'_> {
    /// Which of the changed records are compared by something else than before.
    pub(super) fn new_ones(&self) -> Vec<bool> {
        let pool = &self.gone.pool;
        let before: FxHashMap<u64, &[u8]> =
            (0..self.gone.len()).map(|number| pool.get(number)).map(|was| (was.birth, was.record)).collect();
        let is_new = |number| {
            let now = self.touched.pool.get(number);
            before.get(&now.birth).is_none_or(|was| *was != now.record)
        };
        (0..self.n_fresh).map(is_new).collect()
    }

    /// Entries that a changed record may match now, and those that one was a member of. A key of which it must be
    /// counted who has it brings all of its entries.
    pub(super) fn candidates(&self, keys: &Keys) -> Result<Candidates> {
        let mut candidates = BTreeSet::new();
        let mut counted = Vec::new();
        let under: Vec<_> = keys.all.par_iter().map(|key| self.entries_under(key.key)).collect();
        for (key, mut found) in keys.all.iter().zip(under) {
            let (plain, with_one_isbn) = &found;
            if plain.len() + with_one_isbn.len() > BLOCK_CAP + key.n_gone {
                // So many entries have more members yet: it stays crowded, whatever went.
                continue;
            }
            candidates.extend(plain.iter().filter(|_| key.wants_plain));
            candidates.extend(with_one_isbn.iter().filter(|_| key.wants_one_isbn));
            found.0.append(&mut found.1);
            counted.push((key, found.0));
        }
        let known = self.known_under(&counted)?;
        let n_members = |number: &u32| known.get(number).and_then(Option::as_ref).map_or(0, Known::n_members);
        counted.retain(|(key, found)| {
            let n: usize = found.iter().map(n_members).sum();
            n + key.n_now > BLOCK_CAP || self.crowded.contains(&key.key)
        });
        candidates.extend(counted.iter().flat_map(|(_, found)| found));
        let homes: Vec<_> = keys.homes.par_iter().map(|keys| self.entries_with_all(keys)).collect();
        candidates.extend(homes.into_iter().flatten());
        let births = (0..self.gone.len()).map(|number| self.gone.pool.get(number).birth);
        candidates.extend(births.filter_map(|id| self.before.number_of(&EditionId::from_key(id))));
        Ok((candidates, counted.into_iter().map(|(key, found)| (key.key, found)).collect(), known))
    }

    /// Entries with a key, and those where only records with one ISBN have it.
    fn entries_under(&self, key: u64) -> (Vec<u32>, Vec<u32>) {
        let (mut plain, mut other) = (Vec::new(), Vec::new());
        self.before.entries_with_key(key, &mut plain);
        self.before.entries_with_key(with_one_isbn(key), &mut other);
        (plain, other)
    }

    /// What is needed of the entries under some keys.
    fn known_under<T>(&self, counted: &[(T, Vec<u32>)]) -> Result<FxHashMap<u32, Option<Known>>> {
        let mut numbers: Vec<u32> = counted.iter().flat_map(|(_, found)| found).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        Ok(self.known(&numbers)?.into_iter().collect())
    }

    /// What `of` takes from each of some entries.
    pub(super) fn decoded<T: Send>(
        &self,
        numbers: &[u32],
        of: impl Fn(Entry) -> T + Sync,
    ) -> Result<Vec<(u32, T)>> {
        const STEP: usize = 64;
        let steps = numbers.par_chunks(STEP).map(|step| -> Result<Vec<T>> {
            let mut found = Vec::with_capacity(step.len());
            self.before.each_entry(step, |entry| -> Result<()> {
                found.push(of(entry));
                Ok(())
            })?;
            Ok(found)
        });
        let found = steps.collect::<Result<Vec<_>>>()?;
        Ok(numbers.iter().copied().zip(found.into_iter().flatten()).collect())
    }

    /// A record's entry has all of its keys.
    fn entries_with_all(&self, keys: &[u64]) -> Vec<u32> {
        let mut common: Option<Vec<u32>> = None;
        for key in keys {
            let (mut found, mut others) = self.entries_under(*key);
            found.append(&mut others);
            found.sort_unstable();
            match &mut common {
                Some(common) => common.retain(|number| found.binary_search(number).is_ok()),
                None => common = Some(found),
            }
        }
        common.unwrap_or_default()
    }
}
