//! From a 64-bit key to the entries that have it: about four bytes a pair of key and entry.
//!
//! Only the upper bits of a key are kept, the highest 8 or 16 of them as the bucket a pair stands in; 32 in all, in a
//! base no more than make one look-up in sixty meet another key. So who asks compares again. The pairs of a
//! layer are pushed again when it is folded, and so keep what any table may ask for.
//! It knows nothing of what a key is made from.

use tantivy::directory::OwnedBytes;

use crate::index::Error;
use crate::index::bits::{BitWriter, bits_below, bytes_of, read};
use crate::index::out_file::OutFile;

/// Up to this many pairs 256 buckets do.
const FEW: u64 = if cfg!(test) { 1 << 6 } else { 1 << 18 };
/// Bits of a key that are ever kept.
const MOST_BITS: u32 = 32;
/// Bits beyond those that tell the pairs of a table apart: how seldom another key is met.
const SPARE_BITS: u32 = 6;

/// What is kept of a key.
pub(crate) fn kept(key: u64) -> [u8; 4] {
    ((key >> 32) as u32).to_be_bytes()
}

/// How much of a key a table keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// All that `kept` gives.
    All,
    /// What tells its keys apart.
    Enough,
    /// This many bits: no more of its keys are known.
    Known(u32),
}

/// How many bits tell `n` keys apart.
pub(crate) fn enough(n: u64) -> u32 {
    (n.max(1).ilog2() + 1 + SPARE_BITS).min(MOST_BITS)
}

/// Writes pairs in the order of their keys.
pub(crate) struct KeyTableWriter {
    out: OutFile,
    shape: Shape,
    buckets: Vec<u32>,
    n: u32,
    pairs: BitWriter,
}

/// How a pair is laid out: the bits of its key behind those of its bucket, then its entry.
#[derive(Clone, Copy)]
struct Shape {
    /// Bits of the key that choose the bucket.
    bucket: u32,
    rest: u32,
    entry: u32,
}

impl Shape {
    fn of(n: u64, entries: u32, keeps: Keeps) -> Self {
        // Of keys that are known by halves only some may be one: so their number says nothing.
        let (few, known) = match keeps {
            Keeps::All => (n <= FEW, MOST_BITS),
            Keeps::Enough => (n <= FEW, enough(n)),
            Keeps::Known(bits) => (bits < 16 || u64::from(entries) <= FEW / 4, bits),
        };
        let bucket = if few { 8 } else { 16 };
        let kept = known.clamp(bucket, MOST_BITS);
        Self { bucket, rest: kept - bucket, entry: bits_below(entries) }
    }

    /// `None` where no writer writes such a one.
    fn read(bytes: [u8; 3]) -> Option<Self> {
        let [bucket, rest, entry] = bytes.map(u32::from);
        let fits = matches!(bucket, 8 | 16) && bucket + rest <= MOST_BITS && (1..=32).contains(&entry);
        fits.then_some(Self { bucket, rest, entry })
    }

    fn pair(self) -> u32 {
        self.rest + self.entry
    }
}

/// The bits of a key behind those of its bucket, as far as they are kept.
fn rest_of(key: u32, shape: Shape) -> u32 {
    (u64::from(key << shape.bucket) >> (MOST_BITS - shape.rest)) as u32
}

impl KeyTableWriter {
    /// For about `n` pairs with entries below `entries`.
    pub(crate) fn new(out: OutFile, n: u64, entries: u32, keeps: Keeps) -> Self {
        let shape = Shape::of(n, entries, keeps);
        Self { out, shape, buckets: vec![0; (1 << shape.bucket) + 1], n: 0, pairs: BitWriter::default() }
    }

    /// Takes the next pair; of the key what is kept of it.
    pub(crate) fn push(&mut self, key: &[u8], entry: u32) -> Result<(), Error> {
        let key = key.first_chunk().map_or(0, |key| u32::from_be_bytes(*key));
        self.n = self
            .n
            .checked_add(1)
            .ok_or_else(|| Error::TooLarge { path: self.out.path().to_owned(), bytes: usize::MAX })?;
        let Shape { bucket, rest, entry: entry_bits } = self.shape;
        self.buckets[(key >> (MOST_BITS - bucket)) as usize + 1] += 1;
        self.pairs.put(rest_of(key, self.shape), rest, &mut self.out)?;
        self.pairs.put(entry, entry_bits, &mut self.out)
    }

    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.pairs.end(&mut self.out)?;
        let mut end = 0;
        for bucket in &self.buckets {
            end += bucket;
            self.out.write(&end.to_le_bytes())?;
        }
        self.out.write(&self.n.to_le_bytes())?;
        let Shape { bucket, rest, entry } = self.shape;
        self.out.write(&[bucket as u8, rest as u8, entry as u8])?;
        self.out.finish()
    }
}

/// Reads them.
pub(crate) struct KeyTable {
    bytes: OwnedBytes,
    n: usize,
    shape: Shape,
    /// Bytes of the pairs.
    pairs: usize,
}

impl KeyTable {
    /// `None` where the bytes are no such file.
    pub(crate) fn open(bytes: OwnedBytes) -> Option<Self> {
        let (rest, shape) = bytes.split_last_chunk::<3>()?;
        let (rest, n) = rest.split_last_chunk::<4>()?;
        let n = u32::from_le_bytes(*n) as usize;
        let shape = Shape::read(*shape)?;
        let pairs = bytes_of(n, shape.pair())?;
        let buckets = 4 * ((1 << shape.bucket) + 1);
        let fits = pairs.checked_add(buckets)? == rest.len();
        fits.then_some(Self { bytes, n, shape, pairs })
    }

    /// How many bits of a key are kept.
    pub(crate) fn bits(&self) -> u32 {
        self.shape.bucket + self.shape.rest
    }

    /// How many pairs there are.
    pub(crate) fn n(&self) -> usize {
        self.n
    }

    /// Where the pairs of a bucket begin.
    fn bucket(&self, bucket: u32) -> Option<usize> {
        let at = self.pairs + 4 * bucket as usize;
        let start = u32::from_le_bytes(*self.bytes.get(at..)?.first_chunk::<4>()?) as usize;
        (start <= self.n).then_some(start)
    }

    fn bits_at(&self, nth: usize, from: u32, bits: u32) -> Option<u32> {
        let at = nth.checked_mul(self.shape.pair() as usize)? + from as usize;
        read(self.bytes.get(..self.pairs)?, at, bits)
    }

    fn rest(&self, nth: usize) -> Option<u32> {
        self.bits_at(nth, 0, self.shape.rest)
    }

    fn entry(&self, nth: usize) -> Option<u32> {
        self.bits_at(nth, self.shape.rest, self.shape.entry)
    }

    /// Calls `found` with each entry under `key`, and now and then with one under another key.
    pub(crate) fn each(&self, key: u64, mut found: impl FnMut(u32)) {
        let key = (key >> 32) as u32;
        let bucket = key >> (MOST_BITS - self.shape.bucket);
        let (Some(mut low), Some(end)) = (self.bucket(bucket), self.bucket(bucket + 1)) else { return };
        let wanted = rest_of(key, self.shape);
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
        let Shape { bucket: bits, rest, .. } = self.shape;
        let buckets = 0u32..1 << bits;
        buckets.flat_map(move |bucket| {
            let span = self.bucket(bucket).unwrap_or(0)..self.bucket(bucket + 1).unwrap_or(0);
            span.filter_map(move |nth| {
                let key = u64::from(bucket) << rest | u64::from(self.rest(nth)?);
                Some((key << (u64::BITS - bits - rest), self.entry(nth)?))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::Disk;

    fn table(pairs: &[(u64, u32)], many: bool, keeps: Keeps) -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("keys");
        let out = OutFile::create(&Disk, &path).expect("created");
        let mut writer = KeyTableWriter::new(out, if many { FEW + 1 } else { 9 }, 70_000, keeps);
        pairs.iter().for_each(|&(key, entry)| writer.push(&kept(key), entry).expect("written"));
        writer.finish().expect("finished");
        std::fs::read(path).expect("read")
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn keys_find_their_entries_and_damage_never_panics(
            mut pairs in prop::collection::vec((prop::sample::select(vec![0u64, 1 << 32, 1 << 50, 3 << 55, 7 << 61, u64::MAX << 32]), 0u32..70_000), 0..60),
            many: bool,
            keeps in prop::sample::select(vec![Keeps::All, Keeps::Enough, Keeps::Known(8), Keeps::Known(20)]),
            flip in any::<(usize, u8)>(),
        ) {
            pairs.sort_unstable();
            // 9 pairs and 65 tell their keys apart by 4 and 7 bits.
            let bits = match (keeps, many) {
                (Keeps::All, _) => 32,
                (Keeps::Enough, false) => 4 + SPARE_BITS,
                (Keeps::Enough, true) => 16,
                (Keeps::Known(bits), _) => bits,
            };
            let cut = |key: u64| key >> (64 - bits) << (64 - bits);
            let mut bytes = table(&pairs, many, keeps);
            let read = KeyTable::open(OwnedBytes::new(bytes.clone())).expect("a table");
            prop_assert_eq!(read.pairs().collect::<Vec<_>>(), pairs.iter().map(|&(k, e)| (cut(k), e)).collect::<Vec<_>>());
            for key in [0u64, 5, 1 << 32, 1 << 50, 3 << 55, 7 << 61, u64::MAX] {
                let mut found = Vec::new();
                read.each(key, |entry| found.push(entry));
                let own = |&&(k, _): &&(u64, u32)| cut(k) == cut(key);
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
