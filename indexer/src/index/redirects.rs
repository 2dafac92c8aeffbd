//! Old ids and what they lead to: another entry, or nothing that is left.
//!
//! The file holds pairs of eight-byte ids sorted by the old one; a pair of the same id twice says that nothing is
//! left. Chains are collapsed before it is written, so one look-up is the answer.

use std::collections::BTreeMap;

use tantivy::directory::OwnedBytes;

use crate::bib::EditionId;
use crate::index::Error;
use crate::index::out_file::OutFile;

const PAIR: usize = 16;
/// Longer chains are circles.
const LONGEST: usize = 1_000;

/// Where an id that is none of an entry's leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Successor {
    /// The entry has become part of this one.
    Entry(EditionId),
    /// Nothing is left of it.
    Gone,
}

/// Old id → successor, `None` where nothing is left.
pub(crate) type Pairs = BTreeMap<u64, Option<u64>>;

/// What is said of ids that are no longer in force, once all of it is known.
pub(crate) fn collapsed(pairs: &Pairs, is_live: impl Fn(u64) -> bool) -> Pairs {
    let end = |mut to: Option<u64>| {
        for _ in 0..LONGEST {
            match to {
                Some(id) if is_live(id) => return Some(id),
                Some(id) => to = pairs.get(&id).copied().flatten(),
                None => return None,
            }
        }
        None
    };
    pairs.iter().filter(|(old, _)| !is_live(**old)).map(|(&old, &to)| (old, end(to))).collect()
}

pub(crate) fn write(pairs: &Pairs, mut out: OutFile) -> Result<(), Error> {
    for (old, to) in pairs {
        out.write(&old.to_be_bytes())?;
        out.write(&to.unwrap_or(*old).to_be_bytes())?;
    }
    out.finish()
}

/// Reads them.
pub(crate) struct Redirects(OwnedBytes);

impl Redirects {
    /// `None` where the bytes are no such file.
    pub(crate) fn open(bytes: OwnedBytes) -> Option<Self> {
        bytes.len().is_multiple_of(PAIR).then_some(Self(bytes))
    }

    fn pair(&self, nth: usize) -> Option<(u64, Option<u64>)> {
        let (old, rest) = self.0.get(nth * PAIR..)?.split_first_chunk()?;
        let (old, to) = (u64::from_be_bytes(*old), u64::from_be_bytes(*rest.first_chunk()?));
        Some((old, Some(to).filter(|to| *to != old)))
    }

    /// Where the old id leads; `None` where it is no old id.
    pub(crate) fn get(&self, id: u64) -> Option<Successor> {
        let (mut low, mut high) = (0, self.0.len() / PAIR);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.pair(middle)?.0 < id { low = middle + 1 } else { high = middle }
        }
        let (old, to) = self.pair(low)?;
        (old == id).then(|| to.map_or(Successor::Gone, |to| Successor::Entry(EditionId::from_key(to))))
    }

    /// All of them.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (u64, Option<u64>)> {
        (0..self.0.len() / PAIR).filter_map(|nth| self.pair(nth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_end_at_an_entry_or_at_nothing() {
        let live = |id| matches!(id, 1 | 2);
        for (pairs, expect) in [
            (vec![(9, Some(1))], vec![(9, Some(1))]),
            (vec![(9, Some(8)), (8, Some(2))], vec![(8, Some(2)), (9, Some(2))]),
            (vec![(9, Some(8)), (8, None)], vec![(8, None), (9, None)]),
            (vec![(9, Some(8))], vec![(9, None)]),
            (vec![(9, Some(8)), (8, Some(9))], vec![(8, None), (9, None)]),
            (vec![(1, Some(2)), (9, Some(1))], vec![(9, Some(1))]),
        ] {
            let pairs: Pairs = pairs.into_iter().collect();
            assert_eq!(collapsed(&pairs, live).into_iter().collect::<Vec<_>>(), expect);
        }
    }
}
