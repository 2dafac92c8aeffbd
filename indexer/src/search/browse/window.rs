//! A window on several sorted lists as if they were one: found by halving, merged row by row.
//!
//! A list gives the key of a row; making a key may cost the reading of an entry, so as few as possible are made.
//! It does not know what the rows are.

use std::cmp::Ordering;

/// One list, sorted by its keys.
pub(super) trait Sorted {
    /// Rows, those that are not shown among them.
    fn len(&self) -> usize;
    /// The key of a row.
    fn key(&self, at: usize) -> Vec<u8>;
    /// Whether a row is to be shown.
    fn shown(&self, at: usize) -> bool;
}

/// A row: the list and the place in it.
pub(super) type Row = (usize, usize);

/// Where the first row stands whose key is not less.
pub(super) fn places<S: Sorted>(lists: &[S], key: &[u8]) -> Vec<usize> {
    let place = |list: &S| {
        let (mut low, mut high) = (0, list.len());
        while low < high {
            let middle = low.midpoint(high);
            if list.key(middle).as_slice() < key { low = middle + 1 } else { high = middle }
        }
        low
    };
    lists.iter().map(place).collect()
}

/// The next rows in order from these places on.
pub(super) fn forward<S: Sorted>(lists: &[S], from: &[usize], most: usize) -> Vec<(Row, Vec<u8>)> {
    let next = |n: usize, at: usize| (at..lists[n].len()).find(|&at| lists[n].shown(at));
    merged(lists, from.iter().enumerate().map(|(n, &at)| next(n, at)).collect(), most, next, Ordering::Less)
}

/// The rows in front of these places, at most so many, in order.
pub(super) fn backward<S: Sorted>(lists: &[S], from: &[usize], most: usize) -> Vec<(Row, Vec<u8>)> {
    let before = |n: usize, end: usize| (0..end).rev().find(|&at| lists[n].shown(at));
    let heads = from.iter().enumerate().map(|(n, &end)| before(n, end)).collect();
    let mut rows = merged(lists, heads, most, before, Ordering::Greater);
    rows.reverse();
    rows
}

fn merged<S: Sorted>(
    lists: &[S],
    heads: Vec<Option<usize>>,
    most: usize,
    next: impl Fn(usize, usize) -> Option<usize>,
    first: Ordering,
) -> Vec<(Row, Vec<u8>)> {
    let keyed = |n: usize, at: usize| ((n, at), lists[n].key(at));
    let mut heads: Vec<(Row, Vec<u8>)> =
        heads.into_iter().enumerate().filter_map(|(n, at)| Some(keyed(n, at?))).collect();
    let mut rows = Vec::with_capacity(most.min(1024));
    while rows.len() < most {
        let best =
            (0..heads.len()).reduce(|best, n| if heads[n].1.cmp(&heads[best].1) == first { n } else { best });
        let Some(best) = best else { break };
        let ((n, at), key) = heads.swap_remove(best);
        let going_on = if first == Ordering::Less { next(n, at + 1) } else { next(n, at) };
        heads.extend(going_on.map(|at| keyed(n, at)));
        rows.push(((n, at), key));
    }
    rows
}

/// A key with which equal ones stand in the order of ids.
pub(super) fn with_id(mut key: Vec<u8>, id: u64) -> Vec<u8> {
    key.push(0);
    key.extend_from_slice(&id.to_be_bytes());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Sorted for Vec<(u8, bool)> {
        fn len(&self) -> usize {
            self.as_slice().len()
        }

        fn key(&self, at: usize) -> Vec<u8> {
            vec![self[at].0]
        }

        fn shown(&self, at: usize) -> bool {
            self[at].1
        }
    }

    proptest::proptest! {
        #[test]
        fn a_window_is_one_of_the_whole(
            lists in proptest::collection::vec(proptest::collection::vec((0u8..40, proptest::bool::weighted(0.8)), 0..12), 0..4),
            key in 0u8..41, most in 0usize..9,
        ) {
            let mut lists = lists;
            lists.iter_mut().for_each(|list| list.sort());
            let mut all: Vec<u8> = lists.iter().flatten().filter(|(_, shown)| *shown).map(|(k, _)| *k).collect();
            all.sort();
            let keys = |rows: Vec<(Row, Vec<u8>)>| rows.into_iter().map(|(_, key)| key[0]).collect::<Vec<u8>>();
            let from = places(&lists, &[key]);
            let at = all.partition_point(|k| *k < key);
            let behind: Vec<u8> = all[at..].iter().copied().take(most).collect();
            let before: Vec<u8> = all[at.saturating_sub(most)..at].to_vec();
            proptest::prop_assert_eq!(keys(forward(&lists, &from, most)), behind);
            proptest::prop_assert_eq!(keys(backward(&lists, &from, most)), before);
        }
    }
}
