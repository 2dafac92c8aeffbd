//! Under which keys changed records may meet others now, and under which they were known.
//!
//! Pure; which entries have a key is the generation's affair.

use rustc_hash::FxHashMap;

use super::super::error::Result;
use super::super::matching::Crowded;
use super::super::touched::Touched;
use crate::cluster::{wanted_keys, with_one_isbn};

/// The keys of changed records.
pub(super) struct Keys {
    /// Those under which others may be met now, and crowded ones that somebody has no more.
    pub(super) all: Vec<ChangedKey>,
    /// The keys of each record that is gone.
    pub(super) homes: Vec<Vec<u64>>,
}

/// A key of `block_keys`, and who has it among the changed records.
#[derive(Clone, Copy, Default)]
pub(super) struct ChangedKey {
    pub(super) key: u64,
    pub(super) n_now: usize,
    pub(super) n_gone: usize,
    /// Whether somebody may match those who have it in the plain form, and in that of records with one ISBN.
    pub(super) wants_plain: bool,
    pub(super) wants_one_isbn: bool,
}

impl Keys {
    /// A record that is compared by what it was compared by before meets nobody new: `is_new` says which of the
    /// first of `now` are not so. Under a key that a record has no more nobody new is met either, unless it was
    /// crowded.
    pub(super) fn of(now: &Touched, then: &Touched, is_new: &[bool], crowded: &Crowded) -> Result<Self> {
        let mut keys: FxHashMap<u64, ChangedKey> = FxHashMap::default();
        let (mut own, mut wanted) = (Vec::new(), Vec::new());
        for number in (0..now.len()).filter(|number| is_new[*number as usize]) {
            let record = now.pool.record(number)?;
            own.clear();
            wanted.clear();
            now.pool.keys_into(number, &mut own)?;
            wanted_keys(&record, &mut wanted);
            for key in &own {
                let changed = keys.entry(*key).or_default();
                changed.wants_plain = true;
                changed.wants_one_isbn |= wanted.binary_search(&with_one_isbn(*key)).is_ok();
            }
        }
        let mut homes = Vec::new();
        for number in 0..then.len() {
            let mut own = Vec::new();
            then.pool.keys_into(number, &mut own)?;
            for key in &own {
                if crowded.contains(key) {
                    keys.entry(*key).or_default();
                }
                if let Some(changed) = keys.get_mut(key) {
                    changed.n_gone += 1;
                }
            }
            homes.push(own);
        }
        for number in 0..now.len() {
            own.clear();
            now.pool.keys_into(number, &mut own)?;
            own.iter().for_each(|key| {
                if let Some(changed) = keys.get_mut(key) {
                    changed.n_now += 1;
                }
            });
        }
        let mut all: Vec<ChangedKey> =
            keys.into_iter().map(|(key, changed)| ChangedKey { key, ..changed }).collect();
        all.sort_unstable_by_key(|changed| changed.key);
        Ok(Self { all, homes })
    }
}
