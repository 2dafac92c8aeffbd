//! What changed in the archives since a generation was built.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::error::Result;
use super::source::Source;
use crate::archive::{Difference, PackName, RecordKey, Slot, State, differences};
use crate::bib::RecordLocator;
use crate::index::Manifest;

/// One library's current state and how it differs from the one that a generation was built from.
pub(super) struct LibraryChanges {
    pub(super) state: State,
    /// The state that the generation was built from; `None` where it is the current one.
    older: Option<State>,
    /// Records of `state` that are new, or came with other content.
    pub(super) fresh: Vec<Slot>,
    /// Records of the older state that are no more, or are not as they were.
    pub(super) gone: Vec<Slot>,
    touched: FxHashSet<RecordKey>,
}

impl LibraryChanges {
    pub(super) fn older(&self) -> &State {
        self.older.as_ref().unwrap_or(&self.state)
    }

    /// The current slots of these places; `None` where one of them is no current record.
    pub(super) fn slots_at(&self, places: &[RecordLocator]) -> Option<Vec<Slot>> {
        let wanted: FxHashSet<RecordLocator> = places.iter().copied().collect();
        if wanted.is_empty() {
            return Some(Vec::new());
        }
        let prefixes: Vec<u64> = self.state.packs.iter().map(PackName::prefix).collect();
        let place = |slot: &Slot| RecordLocator { pack: prefixes[slot.pack_idx()], slot: slot.slot };
        let found: Vec<Slot> =
            self.state.slots.iter().filter(|slot| wanted.contains(&place(slot))).copied().collect();
        (found.len() == wanted.len()).then_some(found)
    }

    /// The holdings and authority records that are not among `slots`: a record's holdings may stand in them.
    pub(super) fn auxiliary_besides(&self, slots: &[Slot]) -> Vec<Slot> {
        let known: FxHashSet<RecordKey> =
            slots.iter().filter(|slot| slot.is_auxiliary()).map(|slot| slot.key).collect();
        let besides = |slot: &&Slot| slot.is_auxiliary() && !known.contains(&slot.key);
        self.state.slots.iter().filter(besides).copied().collect()
    }

    /// Treats a record as one that changed although its own bytes did not.
    pub(super) fn touch(&mut self, key: &RecordKey) {
        if self.touched.is_empty() {
            self.touched.extend(self.fresh.iter().map(|slot| slot.key));
        }
        let (Some(now), Some(then)) = (self.state.find(key), self.older().find(key)) else { return };
        if self.touched.insert(*key) {
            let then = self.older().slots[then];
            self.fresh.push(self.state.slots[now]);
            self.gone.push(then);
        }
    }
}

/// One item a source, in order; `None` where so little can be said that everything must be built anew: a state
/// is no longer there, or a library is read in another way.
pub(super) fn changes_since(sources: &[Source], before: &Manifest) -> Result<Option<Vec<LibraryChanges>>> {
    let known: FxHashSet<_> = sources.iter().map(|source| &source.code).collect();
    if before.libraries.iter().any(|library| !known.contains(&library.code)) {
        return Ok(None);
    }
    let changes = sources.par_iter().map(|source| changes_of(source, before));
    Ok(changes.collect::<Result<Vec<_>>>()?.into_iter().collect())
}

fn changes_of(source: &Source, before: &Manifest) -> Result<Option<LibraryChanges>> {
    let state = source.library.state()?;
    let was = before.libraries.iter().find(|library| library.code == source.code);
    let (mut older, mut fresh, mut gone) = (None, Vec::new(), Vec::new());
    match was {
        None => {
            fresh = state.slots.clone();
            older = Some(State::default());
        }
        Some(was) if was.reading != source.reading => return Ok(None),
        Some(was) if was.state == state.number => {}
        Some(was) => {
            let Ok(then) = source.library.state_numbered(was.state) else { return Ok(None) };
            for difference in differences(&then, &state) {
                match difference {
                    Difference::Added(new) => fresh.push(*new),
                    Difference::Removed(old) => gone.push(*old),
                    Difference::Changed { old, new } => {
                        gone.push(*old);
                        fresh.push(*new);
                    }
                }
            }
            older = Some(then);
        }
    }
    Ok(Some(LibraryChanges { state, older, fresh, gone, touched: FxHashSet::default() }))
}
