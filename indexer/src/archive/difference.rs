//! What became of a library's records between two of its states, by walking both in the order of their keys.
//!
//! It knows hashes and places; what a record says is not looked at. Two states of different libraries have
//! nothing to do with each other: nobody should compare them.

use super::state::{Slot, State};

/// A record that is not in both states as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference<'a> {
    /// Its key is only in the new state.
    Added(&'a Slot),
    /// Its content, kind, place or age is another one.
    Changed {
        /// As it was.
        old: &'a Slot,
        /// As it is.
        new: &'a Slot,
    },
    /// Its key is only in the old state.
    Removed(&'a Slot),
}

/// The differences between two states of a library, ascending by key.
pub fn differences<'a>(old: &'a State, new: &'a State) -> impl Iterator<Item = Difference<'a>> {
    let (mut olds, mut news) = (old.slots.iter().peekable(), new.slots.iter().peekable());
    std::iter::from_fn(move || {
        loop {
            return match (olds.peek(), news.peek()) {
                (None, None) => None,
                (Some(before), Some(after)) if before.key == after.key => {
                    let (before, after) = (olds.next()?, news.next()?);
                    if is_same(old, before, new, after) {
                        continue;
                    }
                    Some(Difference::Changed { old: before, new: after })
                }
                (Some(before), after) if after.is_none_or(|after| before.key < after.key) => {
                    olds.next().map(Difference::Removed)
                }
                _ => news.next().map(Difference::Added),
            };
        }
    })
}

// The place counts too: a record that went and came back lies in another pack, and the old one may go.
fn is_same(old: &State, before: &Slot, new: &State, after: &Slot) -> bool {
    before.content == after.content
        && before.slot == after.slot
        && before.first_seen == after.first_seen
        && before.is_auxiliary() == after.is_auxiliary()
        && old.packs.get(before.pack_idx()) == new.packs.get(after.pack_idx())
}
