//! Where an id that is no longer an entry's leads.
//!
//! Pure: values in, answers out.

use rustc_hash::FxHashMap;

/// The id that follows: the entry that has most of the old one's members; the smallest id where that is equal.
/// `None` where none of them is left.
pub(super) fn successor(new_homes: impl IntoIterator<Item = u64>) -> Option<u64> {
    let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
    new_homes.into_iter().for_each(|id| *counts.entry(id).or_default() += 1);
    counts.into_iter().max_by_key(|(id, n)| (*n, std::cmp::Reverse(*id))).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greater_part_decides() {
        for (homes, expected) in [
            (vec![], None),
            (vec![7], Some(7)),
            (vec![9, 7, 7], Some(7)),
            (vec![9, 7, 9, 7], Some(7)),
            (vec![9, 9, 7], Some(9)),
        ] {
            assert_eq!(successor(homes.clone()), expected, "{homes:?}");
        }
    }
}
