//! From a 64-bit key to the entries that have it: five bytes a pair of key and entry.
//!
//! Only the upper 32 bits of a key are kept, the highest 8 or 16 of them as the bucket a pair stands in. So another
//! key may be met now and then (at ten million entries one look-up in seventy): who asks compares again.
//! It knows nothing of what a key is made from.

use tantivy::directory::OwnedBytes;

use crate::index::Error;
use crate::index::out_file::OutFile;

/// Up to this many pairs 256 buckets do.
const FEW: u64 = if cfg!(test) { 1 << 6 } else { 1 << 18 };

/// How many bytes the numbers below `n` need.
pub(crate) fn width(n: u32) -> usize {
    (4 - n.saturating_sub(1).leading_zeros() as usize / 8).max(1)
}

/// What is kept of a key.
pub(crate) fn kept(key: u64) -> [u8; 4] {
    ((key >> 32) as u32).to_be_bytes()
}

/// Writes pairs in the order of their keys.
pub(crate) struct KeyTableWriter {
    out: OutFile,
    bits: u32,
    width: usize,
    buckets: Vec<u32>,
    n: u32,
}

impl KeyTableWriter {
    /// For about `n` pairs with entries below `entries`.
    pub(crate) fn new(out: OutFile, n: u64, entries: u32) -> Self {
        let bits = if n <= FEW { 8 } else { 16 };
        Self { out, bits, width: width(entries), buckets: vec![0; (1 << bits) + 1], n: 0 }
    }

    /// Takes the next pair; of the key what is kept of it.
    pub(crate) fn push(&mut self, key: &[u8], entry: u32) -> Result<(), Error> {
        let key = key.first_chunk().map_or(0, |key| u32::from_be_bytes(*key));
        self.n = self
            .n
            .checked_add(1)
            .ok_or_else(|| Error::TooLarge { path: self.out.path().to_owned(), bytes: usize::MAX })?;
        self.buckets[(key >> (32 - self.bits)) as usize + 1] += 1;
        let rest = key.to_be_bytes();
        self.out.write(&rest[self.bits as usize / 8..])?;
        self.out.write(&entry.to_le_bytes()[..self.width])
    }

    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let mut end = 0;
        for bucket in &self.buckets {
            end += bucket;
            self.out.write(&end.to_le_bytes())?;
        }
        self.out.write(&self.n.to_le_bytes())?;
        self.out.write(&[self.bits as u8, self.width as u8])?;
        self.out.finish()
    }
}

/// Reads them.
pub(crate) struct KeyTable {
    bytes: OwnedBytes,
    n: usize,
    /// Bytes of the bucket's number that a pair does not repeat.
    head: usize,
    width: usize,
}

impl KeyTable {
    /// `None` where the bytes are no such file.
    pub(crate) fn open(bytes: OwnedBytes) -> Option<Self> {
        let (rest, [bits, width]) = bytes.split_last_chunk::<2>()?;
        let (rest, n) = rest.split_last_chunk::<4>()?;
        let n = u32::from_le_bytes(*n) as usize;
        let head = match bits {
            8 => 1,
            16 => 2,
            _ => return None,
        };
        let width = usize::from(*width);
        let pair = 4 - head + width;
        let buckets = 4 * ((1 << *bits) + 1);
        let fits = (1..=4).contains(&width) && n.checked_mul(pair)?.checked_add(buckets)? == rest.len();
        fits.then_some(Self { bytes, n, head, width })
    }

    fn pair(&self) -> usize {
        4 - self.head + self.width
    }

    /// Where the pairs of a bucket begin.
    fn bucket(&self, bucket: u32) -> Option<usize> {
        let at = self.n * self.pair() + 4 * bucket as usize;
        let start = u32::from_le_bytes(*self.bytes.get(at..)?.first_chunk::<4>()?) as usize;
        (start <= self.n).then_some(start)
    }

    fn rest(&self, nth: usize) -> Option<&[u8]> {
        self.bytes.get(nth * self.pair()..)?.get(..4 - self.head)
    }

    fn entry(&self, nth: usize) -> Option<u32> {
        let mut entry = [0; 4];
        let at = nth * self.pair() + 4 - self.head;
        entry[..self.width].copy_from_slice(self.bytes.get(at..)?.get(..self.width)?);
        Some(u32::from_le_bytes(entry))
    }

    /// Calls `found` with each entry under `key`, and now and then with one under another key.
    pub(crate) fn each(&self, key: u64, mut found: impl FnMut(u32)) {
        let key = (key >> 32) as u32;
        let bucket = key >> (32 - 8 * self.head as u32);
        let (Some(mut low), Some(end)) = (self.bucket(bucket), self.bucket(bucket + 1)) else { return };
        let wanted = key.to_be_bytes();
        let wanted = &wanted[self.head..];
        let mut high = end.max(low);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.rest(middle).is_some_and(|rest| rest < wanted) { low = middle + 1 } else { high = middle }
        }
        while low < end && self.rest(low) == Some(wanted) {
            self.entry(low).into_iter().for_each(&mut found);
            low += 1;
        }
    }

    /// All pairs in order: what is kept of the key, and the entry.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (u64, u32)> {
        let buckets = 0u32..1 << (8 * self.head);
        buckets.flat_map(move |bucket| {
            let span = self.bucket(bucket).unwrap_or(0)..self.bucket(bucket + 1).unwrap_or(0);
            span.filter_map(move |nth| {
                let mut rest = [0; 4];
                rest[self.head..].copy_from_slice(self.rest(nth)?);
                let key = bucket << (32 - 8 * self.head as u32) | u32::from_be_bytes(rest);
                Some((u64::from(key) << 32, self.entry(nth)?))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::Disk;

    fn table(pairs: &[(u64, u32)], many: bool) -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("keys");
        let out = OutFile::create(&Disk, &path).expect("created");
        let mut writer = KeyTableWriter::new(out, if many { FEW + 1 } else { 9 }, 70_000);
        pairs.iter().for_each(|&(key, entry)| writer.push(&kept(key), entry).expect("written"));
        writer.finish().expect("finished");
        std::fs::read(path).expect("read")
    }

    #[test]
    fn widths() {
        for (n, expect) in [(0, 1), (1, 1), (256, 1), (257, 2), (65_536, 2), (65_537, 3), (u32::MAX, 4)] {
            assert_eq!(width(n), expect, "{n}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn keys_find_their_entries_and_damage_never_panics(
            mut pairs in prop::collection::vec((prop::sample::select(vec![0u64, 1 << 32, 1 << 50, 3 << 55, 7 << 61, u64::MAX << 32]), 0u32..70_000), 0..60),
            many: bool,
            flip in any::<(usize, u8)>(),
        ) {
            pairs.sort_unstable();
            let mut bytes = table(&pairs, many);
            let read = KeyTable::open(OwnedBytes::new(bytes.clone())).expect("a table");
            prop_assert_eq!(read.pairs().collect::<Vec<_>>(), pairs.clone());
            for key in [0u64, 5, 1 << 32, 1 << 50, 3 << 55, 7 << 61, u64::MAX] {
                let mut found = Vec::new();
                read.each(key, |entry| found.push(entry));
                let own = |&&(k, _): &&(u64, u32)| k >> 32 == key >> 32;
                prop_assert_eq!(found, pairs.iter().filter(own).map(|p| p.1).collect::<Vec<_>>());
            }
            let at = flip.0 % bytes.len();
            bytes[at] ^= flip.1;
            if let Some(read) = KeyTable::open(OwnedBytes::new(bytes)) {
                read.each(3 << 55, |_| {});
                read.pairs().take(100).for_each(drop);
            }
        }
    }
}
