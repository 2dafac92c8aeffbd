//! A window on several sorted lists as if they were one: found by halving, merged row by row.
//!
//! A list gives the key of a row; making a key may cost the reading of an entry, so as few as possible are made.
//! It does not know what the rows are.

/// One list, sorted by its keys.
pub(super) trait Sorted {
    /// What a row says beside its key.
    type Said;

    /// Rows, those that are not shown among them.
    fn len(&self) -> usize;
    /// The key of a row, and what it says.
    fn row(&self, at: usize) -> (Vec<u8>, Self::Said);
    /// Whether a row is to be shown.
    fn shown(&self, at: usize) -> bool;
}

/// A row that was read.
pub(super) struct Row<Said> {
    list: usize,
    at: usize,
    pub(super) key: Vec<u8>,
    pub(super) said: Said,
}

/// Where the first row stands whose key is not less.
pub(super) fn places<S: Sorted>(lists: &[S], key: &[u8]) -> Vec<usize> {
    let place = |list: &S| {
        // In front of everything there is nothing to compare.
        let (mut low, mut high) = (0, if key.is_empty() { 0 } else { list.len() });
        while low < high {
            let middle = low.midpoint(high);
            if list.row(middle).0.as_slice() < key { low = middle + 1 } else { high = middle }
        }
        low
    };
    lists.iter().map(place).collect()
}

/// The rows from these places on, in order.
pub(super) fn forward<'a, S: Sorted>(lists: &'a [S], from: &[usize]) -> Merged<'a, S> {
    Merged::new(lists, from, false)
}

/// The rows in front of these places, the nearest first.
pub(super) fn backward<'a, S: Sorted>(lists: &'a [S], from: &[usize]) -> Merged<'a, S> {
    Merged::new(lists, from, true)
}

/// Rows of all lists on the way in one direction.
pub(super) struct Merged<'a, S: Sorted> {
    lists: &'a [S],
    heads: Vec<Row<S::Said>>,
    is_backward: bool,
}

impl<'a, S: Sorted> Merged<'a, S> {
    fn new(lists: &'a [S], from: &[usize], is_backward: bool) -> Self {
        let mut merged = Self { lists, heads: Vec::with_capacity(lists.len()), is_backward };
        merged.heads = from.iter().enumerate().filter_map(|(list, &at)| merged.head(list, at)).collect();
        merged
    }

    // The first row to be shown of those from `at` on, or of those in front of it.
    fn head(&self, list: usize, at: usize) -> Option<Row<S::Said>> {
        let shown = |at: &usize| self.lists[list].shown(*at);
        let at = if self.is_backward {
            (0..at).rev().find(shown)?
        } else {
            (at..self.lists[list].len()).find(shown)?
        };
        let (key, said) = self.lists[list].row(at);
        Some(Row { list, at, key, said })
    }
}

impl<S: Sorted> Iterator for Merged<'_, S> {
    type Item = Row<S::Said>;

    fn next(&mut self) -> Option<Self::Item> {
        let heads = &self.heads;
        let is_better = |n: usize, best: usize| {
            if self.is_backward { heads[n].key > heads[best].key } else { heads[n].key < heads[best].key }
        };
        let best = (0..heads.len()).reduce(|best, n| if is_better(n, best) { n } else { best })?;
        let row = self.heads.swap_remove(best);
        let going_on = self.head(row.list, if self.is_backward { row.at } else { row.at + 1 });
        self.heads.extend(going_on);
        Some(row)
    }
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
        type Said = ();

        fn len(&self) -> usize {
            self.as_slice().len()
        }

        fn row(&self, at: usize) -> (Vec<u8>, ()) {
            (vec![self[at].0], ())
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
            let keys = |rows: Merged<'_, _>| rows.take(most).map(|row| row.key[0]).collect::<Vec<u8>>();
            let from = places(&lists, &[key]);
            let at = all.partition_point(|k| *k < key);
            let behind: Vec<u8> = all[at..].iter().copied().take(most).collect();
            let before: Vec<u8> = all[..at].iter().rev().copied().take(most).collect();
            proptest::prop_assert_eq!(keys(forward(&lists, &from)), behind);
            proptest::prop_assert_eq!(keys(backward(&lists, &from)), before);
        }
    }
}
