//! What changed in the archives since a generation was built.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::error::Result;
use super::source::Source;
use crate::archive::{Difference, PackName, RecordKey, Slot, State, differences};
use crate::bib::RecordLocator;
use crate::index::Manifest;

/// How one library's current state differs from the one that a generation was built from. The states themselves are
/// not kept: forty-four bytes for each record of every library would be most of what a night needs.
#[derive(Default)]
pub(super) struct LibraryChanges {
    /// Packs of the current state.
    pub(super) packs: Vec<PackName>,
    /// Packs of the state that the generation was built from.
    pub(super) older_packs: Vec<PackName>,
    /// Number of that state; `None` where it is the current one, or there was none.
    older: Option<u64>,
    /// Records of the current state that are new, or came with other content.
    pub(super) fresh: Vec<Slot>,
    /// Records of the older state that are no more, or are not as they were.
    pub(super) gone: Vec<Slot>,
    // Holdings and authority records of the current state.
    auxiliary: Vec<Slot>,
}

impl LibraryChanges {
    /// The current slots of these places; `None` where one of them is no current record.
    pub(super) fn slots_at(&self, source: &Source, places: &[RecordLocator]) -> Result<Option<Vec<Slot>>> {
        let wanted: FxHashSet<RecordLocator> = places.iter().copied().collect();
        if wanted.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let State { packs, mut slots, .. } = source.library.state()?;
        let prefixes: Vec<u64> = packs.iter().map(PackName::prefix).collect();
        let place = |slot: &Slot| RecordLocator { pack: prefixes[slot.pack_idx()], slot: slot.slot };
        slots.retain(|slot| wanted.contains(&place(slot)));
        Ok((slots.len() == wanted.len()).then_some(slots))
    }

    /// The holdings and authority records that are not among `slots`: a record's holdings may stand in them.
    pub(super) fn auxiliary_besides(&self, slots: &[Slot]) -> Vec<Slot> {
        let known: FxHashSet<RecordKey> =
            slots.iter().filter(|slot| slot.is_auxiliary()).map(|slot| slot.key).collect();
        self.auxiliary.iter().filter(|slot| !known.contains(&slot.key)).copied().collect()
    }

    /// Treats records as ones that changed although their own bytes did not.
    pub(super) fn touch(&mut self, source: &Source, keys: &[RecordKey]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let now = source.library.state()?;
        let earlier = self.older.map(|number| source.library.state_numbered(number)).transpose()?;
        let then = earlier.as_ref().unwrap_or(&now);
        let mut touched: FxHashSet<RecordKey> = self.fresh.iter().map(|slot| slot.key).collect();
        for key in keys {
            if let (Some(now_at), Some(then_at)) = (now.find(key), then.find(key))
                && touched.insert(*key)
            {
                self.fresh.push(now.slots[now_at]);
                self.gone.push(then.slots[then_at]);
            }
        }
        Ok(())
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
    let was = before.libraries.iter().find(|library| library.code == source.code);
    if was.is_some_and(|was| was.reading != source.reading) {
        return Ok(None);
    }
    let now = source.library.state()?;
    let mut changes = LibraryChanges { packs: now.packs.clone(), ..LibraryChanges::default() };
    changes.auxiliary.extend(now.slots.iter().filter(|slot| slot.is_auxiliary()));
    match was {
        None => changes.fresh = now.slots,
        Some(was) if was.state == now.number => changes.older_packs = now.packs,
        Some(was) => {
            let Ok(then) = source.library.state_numbered(was.state) else { return Ok(None) };
            for difference in differences(&then, &now) {
                match difference {
                    Difference::Added(new) => changes.fresh.push(*new),
                    Difference::Removed(old) => changes.gone.push(*old),
                    Difference::Changed { old, new } => {
                        changes.gone.push(*old);
                        changes.fresh.push(*new);
                    }
                }
            }
            changes.older = Some(was.state);
            changes.older_packs = then.packs;
        }
    }
    Ok(Some(changes))
}
