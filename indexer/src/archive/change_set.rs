//! One import on its way: compares each record with the state in force, writes what is new, and commits.
//!
//! It decides by key and hash alone what is new, changed, the same, a duplicate or gone (CONTRACT §7). Records
//! are streamed into packs as they come; memory holds 44 bytes a record of the state and 60 to 80 a change.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::error::{Error, Result};
use super::in_force::InForce;
use super::key::{ContentHash, RecordKey};
use super::library_archive::LibraryArchive;
use super::pack::PackName;
use super::pack_writer::{CompressAll, PackWriter};
use super::state::{Slot, State};
use crate::marc::RawRecord;

/// What a set of files says about the records it does not contain.
///
/// In every mode a record is known by its control number (001), trimmed. One without a number, and one whose number
/// came before in the same set with other content, is known by its content: it stays as long as sets contain it as it
/// is. The very same record again is a duplicate. A record whose leader says that it is deleted (05 `d`) deletes the
/// one with its key; one that follows under the same key is new again. A set that is not whole is never committed in
/// full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportMode {
    /// They are gone: the set is all that the library has.
    Full,
    /// Nothing: the set holds what is new or changed.
    Delta,
    /// Nothing; those that it contains are gone, and those that are not there are passed over.
    Delete,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Its key was not there.
    New,
    /// Its key was there with other content.
    Changed,
    /// It was there as it is.
    Same,
    /// The run had the very same record before.
    Duplicate,
}

/// How many records met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// See `Added::New`.
    pub new: u64,
    /// See `Added::Changed`.
    pub changed: u64,
    /// See `Added::Same`.
    pub same: u64,
    /// See `Added::Duplicate`.
    pub duplicate: u64,
    /// Records that were there and are gone: named by a delete list or marked deleted, or absent from a full set.
    pub deleted: u64,
}

/// An import that is not committed yet.
pub struct ChangeSet {
    archive: LibraryArchive,
    mode: ImportMode,
    base: State,
    // One a slot of `base`.
    fates: Vec<Fate>,
    // New and changed records; their pack index counts from the first pack written here.
    fresh: Vec<Slot>,
    // Key → index in `fresh`.
    by_key: FxHashMap<RecordKey, u32>,
    packs: PackWriter,
    counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    NotSeen,
    Kept,
    Replaced,
    Removed,
}

impl Fate {
    fn stays(self, mode: ImportMode) -> bool {
        match self {
            Self::Kept => true,
            Self::NotSeen => mode != ImportMode::Full,
            Self::Replaced | Self::Removed => false,
        }
    }
}

/// An import that is written but not in force yet.
pub struct Prepared {
    archive: LibraryArchive,
    before: InForce,
    state: State,
    counts: Counts,
}

impl Prepared {
    /// How many records met which fate.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What is in force before it.
    pub fn before(&self) -> &InForce {
        &self.before
    }

    /// The state that it puts in force; the one that is in force where nothing changed.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Puts it in force: durable when this returns. The day stays as it was where none is given.
    pub fn put_in_force(self, as_of: Option<String>, run: Option<String>) -> Result<()> {
        let as_of = as_of.or(self.before.as_of);
        self.archive.switch(&InForce { number: self.state.number, as_of, run })
    }
}

// Slot of `fresh` that was added and deleted in the same run.
const DEAD: u32 = u32::MAX;

// `first_seen` of a key that comes with this import, whose number is known when it is committed.
const NOW: u32 = u32::MAX;

impl ChangeSet {
    pub(super) fn new(
        archive: LibraryArchive,
        mode: ImportMode,
        base: State,
        compress_all: CompressAll,
    ) -> Self {
        let packs = PackWriter::new(&archive.folder.join("packs"), Arc::clone(&archive.files), compress_all);
        let fates = vec![Fate::NotSeen; base.slots.len()];
        Self {
            archive,
            mode,
            base,
            fates,
            fresh: Vec::new(),
            by_key: FxHashMap::default(),
            packs,
            counts: Counts::default(),
        }
    }

    /// The records that follow come from this file.
    pub fn set_source(&mut self, name: &str) {
        self.packs.set_source(name);
    }

    /// Adds a record. `control_number` is its 001, if it has one; `auxiliary` says whether its leader announces
    /// a holdings or authority record.
    pub fn add(
        &mut self,
        raw: &RawRecord,
        control_number: Option<RecordKey>,
        content: ContentHash,
        auxiliary: bool,
    ) -> Result<Added> {
        let own = self.numbered(control_number, auxiliary).unwrap_or_else(|| RecordKey::of_content(content));
        let key = match self.seen(own) {
            None => own,
            Some(seen) if seen == content => return Ok(self.count(Added::Duplicate)),
            Some(_) => RecordKey::of_content(content),
        };
        if key != own && self.seen(key).is_some() {
            return Ok(self.count(Added::Duplicate));
        }
        let before = self.base.find(&key);
        let was_removed = before.is_some_and(|idx| self.fates[idx] == Fate::Removed);
        let mut first_seen = NOW;
        // What this run removed comes as new, and is as old as it was: the same run again changes nothing.
        let added = match before {
            Some(idx) if self.base.slots[idx].content == content => {
                self.fates[idx] = Fate::Kept;
                return Ok(self.count(if was_removed { Added::New } else { Added::Same }));
            }
            Some(idx) => {
                self.fates[idx] = Fate::Replaced;
                first_seen = self.base.slots[idx].first_seen;
                if was_removed { Added::New } else { Added::Changed }
            }
            None => Added::New,
        };
        let (pack_idx, slot_in_pack) = self.packs.add(raw)?;
        let mut slot = Slot::new(key, content, auxiliary);
        slot.set_pack_idx(pack_idx);
        slot.slot = slot_in_pack;
        slot.first_seen = first_seen;
        self.by_key.insert(key, self.fresh.len() as u32);
        self.fresh.push(slot);
        Ok(self.count(added))
    }

    /// The key of a record with this control number.
    fn numbered(&self, control_number: Option<RecordKey>, auxiliary: bool) -> Option<RecordKey> {
        let number = control_number?;
        // An archive of an earlier version knows it by the number itself.
        let is_known = || self.base.find(&number).is_some_and(|idx| self.base.slots[idx].is_auxiliary());
        Some(if auxiliary && !is_known() { number.auxiliary() } else { number })
    }

    /// Removes a record that is named by a copy of itself; whether there was one.
    pub fn remove_record(
        &mut self,
        control_number: Option<RecordKey>,
        content: ContentHash,
        auxiliary: bool,
    ) -> bool {
        let key = self.numbered(control_number, auxiliary);
        self.remove(key.unwrap_or_else(|| RecordKey::of_content(content)))
    }

    /// Removes what has this control number: the bibliographic record, or where there is none the holdings or authority
    /// record; whether there was one.
    pub fn remove_numbered(&mut self, control_number: RecordKey) -> bool {
        self.remove(control_number) || self.remove(control_number.auxiliary())
    }

    /// Removes the record with this key; whether there was one.
    pub fn remove(&mut self, key: RecordKey) -> bool {
        let mut found = false;
        if let Some(idx) = self.fresh_idx(key) {
            self.fresh[idx].slot = DEAD;
            found = true;
        }
        if let Some(idx) = self.base.find(&key) {
            // A replaced one went with its replacement.
            found |= matches!(self.fates[idx], Fate::NotSeen | Fate::Kept);
            self.fates[idx] = Fate::Removed;
        }
        self.counts.deleted += u64::from(found);
        found
    }

    /// The counts so far; absences from a full set are counted by `commit`, or by `absent` before it.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many records a full set would remove because it does not contain them.
    pub fn absent(&self) -> u64 {
        match self.mode {
            ImportMode::Full => self.fates.iter().filter(|&&fate| fate == Fate::NotSeen).count() as u64,
            ImportMode::Delta | ImportMode::Delete => 0,
        }
    }

    /// Number of records in force before this import.
    pub fn records_before(&self) -> u64 {
        self.base.slots.len() as u64
    }

    /// Writes the next state, durably, without putting it in force; writes nothing where nothing changed.
    pub fn prepare(mut self) -> Result<Prepared> {
        self.counts.deleted += self.absent();
        let (archive, counts) = (self.archive.clone(), self.counts);
        let before = archive.in_force()?;
        if self.is_unchanged() && self.base.number > 0 {
            return Ok(Prepared { archive, before, state: self.base, counts });
        }
        self.packs.finish()?;
        let number = archive.next_number()?;
        let state = self.next_state(number);
        let states = archive.folder.join("states");
        archive.files.create_dir_all(&states).map_err(Error::writing(&states))?;
        state.write(archive.files.as_ref(), &archive.state_path(number))?;
        Ok(Prepared { archive, before, state, counts })
    }

    /// Whether the next state would have the records of the base, and no others.
    fn is_unchanged(&self) -> bool {
        self.fresh.iter().all(|slot| slot.slot == DEAD) && self.fates.iter().all(|fate| fate.stays(self.mode))
    }

    /// Prepares the next state and puts it in force; the day stays as it was.
    pub fn commit(self) -> Result<Counts> {
        let prepared = self.prepare()?;
        let counts = prepared.counts;
        if prepared.state.number != prepared.before.number {
            prepared.put_in_force(None, None)?;
        }
        Ok(counts)
    }

    fn next_state(self, number: u64) -> State {
        let kept = self.base.slots.iter().zip(&self.fates).filter(|(_, fate)| fate.stays(self.mode));
        let kept = kept.map(|(slot, _)| *slot);
        let mut fresh = self.fresh;
        fresh.retain(|slot| slot.slot != DEAD);
        let n_before = self.base.packs.len() as u32;
        for slot in &mut fresh {
            slot.set_pack_idx(n_before + slot.pack_idx() as u32);
            if slot.first_seen == NOW {
                // The highest value stands for `NOW`; so many imports would take a century of them a second.
                slot.first_seen = u32::try_from(number).unwrap_or(NOW).min(NOW - 1);
            }
        }
        let mut slots: Vec<Slot> = kept.collect();
        slots.append(&mut fresh);
        slots.sort_unstable_by_key(|slot| slot.key);
        let mut packs = self.base.packs;
        packs.extend(&self.packs.finished);
        drop_unused(&mut packs, &mut slots);
        State { number, previous: self.base.number, packs, slots }
    }

    // The content of the record that this run has already put under this key.
    fn seen(&self, key: RecordKey) -> Option<ContentHash> {
        if let Some(idx) = self.fresh_idx(key) {
            return Some(self.fresh[idx].content);
        }
        let idx = self.base.find(&key)?;
        (self.fates[idx] == Fate::Kept).then(|| self.base.slots[idx].content)
    }

    fn fresh_idx(&self, key: RecordKey) -> Option<usize> {
        let idx = *self.by_key.get(&key)? as usize;
        (self.fresh[idx].slot != DEAD).then_some(idx)
    }

    fn count(&mut self, added: Added) -> Added {
        match added {
            Added::New => self.counts.new += 1,
            Added::Changed => self.counts.changed += 1,
            Added::Same => self.counts.same += 1,
            Added::Duplicate => self.counts.duplicate += 1,
        }
        added
    }
}

// Leaves out packs that no record lies in any more, and packs that came twice.
fn drop_unused(packs: &mut Vec<PackName>, slots: &mut [Slot]) {
    let mut used = vec![false; packs.len()];
    slots.iter().for_each(|slot| used[slot.pack_idx()] = true);
    let mut moved = vec![0u32; packs.len()];
    let mut left: Vec<PackName> = Vec::new();
    for (idx, name) in packs.iter().enumerate().filter(|(idx, _)| used[*idx]) {
        let place = left.iter().position(|have| have == name).unwrap_or_else(|| {
            left.push(*name);
            left.len() - 1
        });
        moved[idx] = place as u32;
    }
    slots.iter_mut().for_each(|slot| slot.set_pack_idx(moved[slot.pack_idx()]));
    *packs = left;
}
