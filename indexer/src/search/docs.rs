//! Sets of documents of one segment, as bits or as a sorted list, whichever is smaller.
//!
//! All answers are made of these: queries, filters, counts. It knows no index and no query.

use std::sync::{Arc, LazyLock};

use crate::search::words::Words;

/// A set of document numbers.
#[derive(Clone, Debug)]
pub(crate) enum Docs {
    /// Sorted, without repetition.
    List(Vec<u32>),
    /// One bit a document, and how many are set. Shared, since most sets are looked at far oftener than changed.
    Bits(Arc<Words>, u32),
}

/// A list with more than one document in this many becomes bits: a bit costs 1/32 of a number in a list,
/// and testing a listed document against bits costs about as much as a word of a popcount.
const SPARSE: usize = 64;
/// The same where one set is compared with many: whole vectors of bits are counted at a time.
const DENSE_TO_COUNT: usize = 512;

/// How many bits are set, by the widest instructions that the processor has.
fn ones(words: &[u64]) -> u32 {
    ARCH.dispatch(
        #[inline(always)]
        || words.iter().map(|w| w.count_ones()).sum(),
    )
}

/// How many bits are set in both.
fn ones_of_both(a: &[u64], b: &[u64]) -> u32 {
    ARCH.dispatch(
        #[inline(always)]
        || a.iter().zip(b).map(|(a, b)| (a & b).count_ones()).sum(),
    )
}

/// Adds the bits of `b`.
fn either(a: &mut [u64], b: &[u64]) {
    ARCH.dispatch(
        #[inline(always)]
        || a.iter_mut().zip(b).for_each(|(a, b)| *a |= b),
    );
}

static ARCH: LazyLock<pulp::Arch> = LazyLock::new(pulp::Arch::new);

impl Docs {
    /// Whether so many documents of `max` are better kept as bits.
    pub(crate) fn are_many(n: u64, max: u32) -> bool {
        n * SPARSE as u64 > u64::from(max)
    }

    pub(crate) fn none() -> Self {
        Self::List(Vec::new())
    }

    /// The union of many sets.
    pub(crate) fn union(sets: impl Iterator<Item = Self>, max: u32) -> Self {
        let mut list = Vec::new();
        let mut wide: Option<Arc<Words>> = None;
        for docs in sets {
            match (docs, &mut wide) {
                (Self::List(docs), _) => list.extend(docs),
                (Self::Bits(bits, _), None) => wide = Some(bits),
                (Self::Bits(bits, _), Some(wide)) => either(Arc::<Words>::make_mut(wide), &bits),
            }
        }
        // They are counted once, at the end.
        let counted = |bits: Arc<Words>| {
            let n = ones(&bits);
            Self::Bits(bits, n)
        };
        let wide = wide.map_or_else(Self::none, counted);
        if Self::are_many(list.len() as u64, max) {
            // Setting bits costs less than sorting.
            return Self::from_bits(set_bits(list, max)).or(wide);
        }
        list.sort_unstable();
        list.dedup();
        Self::List(list).or(wide)
    }

    /// All documents of a segment.
    pub(crate) fn all(max: u32) -> Self {
        let mut words = Words::all(u64::MAX, (max as usize).div_ceil(64));
        if let (Some(last), rest @ 1..) = (words.last_mut(), max % 64) {
            *last = (1 << rest) - 1;
        }
        Self::Bits(Arc::new(words), max)
    }

    pub(crate) fn from_bits(words: Words) -> Self {
        let n = ones(&words);
        Self::Bits(Arc::new(words), n).settled()
    }

    /// The same set in the shape that is quickest to compare with many others: bits pay off earlier there.
    pub(crate) fn for_counting(self, max: u32) -> Self {
        match self {
            Self::List(list) if list.len() * DENSE_TO_COUNT > max as usize => Self::List(list).into_bits(max),
            docs => docs,
        }
    }

    /// The same set as bits, where many documents are looked up.
    pub(crate) fn into_bits(self, max: u32) -> Self {
        match self {
            Self::List(list) => {
                let words = set_bits(list, max);
                let n = ones(&words);
                Self::Bits(Arc::new(words), n)
            }
            bits => bits,
        }
    }

    /// Calls `visit` with each document, in order.
    pub(crate) fn each(&self, visit: impl FnMut(u32)) {
        self.each_of_first(u32::MAX, visit);
    }

    /// The same with so many of them at most.
    pub(crate) fn each_of_first(&self, n: u32, mut visit: impl FnMut(u32)) {
        match self {
            Self::List(list) => list.iter().take(n as usize).for_each(|&doc| visit(doc)),
            Self::Bits(words, _) => {
                let mut room = n;
                for (i, &word) in (0u32..).zip(words.iter()) {
                    let mut rest = word;
                    while rest != 0 && room > 0 {
                        visit(i * 64 + rest.trailing_zeros());
                        rest &= rest - 1;
                        room -= 1;
                    }
                    if room == 0 {
                        return;
                    }
                }
            }
        }
    }

    /// A sorted list; one that is long enough to become bits need be neither sorted nor without repetition.
    pub(crate) fn from_list(list: Vec<u32>, max: u32) -> Self {
        if Self::are_many(list.len() as u64, max) {
            return Self::List(list).into_bits(max).settled();
        }
        Self::List(list)
    }

    /// Turns thinly set bits into a list.
    fn settled(self) -> Self {
        match &self {
            Self::Bits(words, n) if *n as usize * SPARSE <= words.len() * 64 => {
                Self::List(self.iter().collect())
            }
            _ => self,
        }
    }

    pub(crate) fn len(&self) -> u32 {
        match self {
            Self::List(list) => list.len() as u32,
            Self::Bits(_, n) => *n,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn contains(&self, doc: u32) -> bool {
        match self {
            Self::List(list) => list.binary_search(&doc).is_ok(),
            Self::Bits(words, _) => bit(words, doc),
        }
    }

    /// In ascending order.
    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::List(list) => Box::new(list.iter().copied()),
            Self::Bits(words, _) => Box::new(words.iter().enumerate().flat_map(|(i, &word)| {
                std::iter::successors((word != 0).then_some(word), |w| {
                    let rest = w & (w - 1);
                    (rest != 0).then_some(rest)
                })
                .map(move |w| i as u32 * 64 + w.trailing_zeros())
            })),
        }
    }

    pub(crate) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Bits(a, _), Self::Bits(b, _)) => Self::from_bits(Words::of_both(a, b, |a, b| a & b)),
            (Self::List(list), bits @ Self::Bits(..)) | (bits @ Self::Bits(..), Self::List(list)) => {
                Self::List(list.iter().copied().filter(|&d| bits.contains(d)).collect())
            }
            (Self::List(a), Self::List(b)) => {
                let mut both = Vec::with_capacity(a.len().min(b.len()));
                each_common(a, b, |doc| both.push(doc));
                Self::List(both)
            }
        }
    }

    /// How many the two have in common.
    pub(crate) fn and_count(&self, other: &Self) -> u64 {
        match (self, other) {
            (Self::Bits(a, _), Self::Bits(b, _)) => u64::from(ones_of_both(a, b)),
            (Self::List(list), Self::Bits(words, _)) | (Self::Bits(words, _), Self::List(list)) => {
                list.iter().filter(|&&d| bit(words, d)).count() as u64
            }
            (Self::List(a), Self::List(b)) => {
                let mut n = 0;
                each_common(a, b, |_| n += 1);
                n
            }
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        if other.is_empty() {
            return self;
        }
        if self.is_empty() {
            return other;
        }
        match (self, other) {
            (Self::Bits(mut a, _), Self::Bits(b, _)) => {
                either(Arc::<Words>::make_mut(&mut a), &b);
                let n = ones(&a);
                Self::Bits(a, n)
            }
            (Self::Bits(mut words, mut n), Self::List(list))
            | (Self::List(list), Self::Bits(mut words, mut n)) => {
                let own = Arc::make_mut(&mut words);
                for doc in list {
                    if let Some(word) = own.get_mut(doc as usize / 64) {
                        n += u32::from(*word >> (doc % 64) & 1 == 0);
                        *word |= 1 << (doc % 64);
                    }
                }
                Self::Bits(words, n)
            }
            (Self::List(a), Self::List(b)) => Self::List(merged(&a, &b)),
        }
    }

    pub(crate) fn minus(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        match (self, other) {
            (Self::Bits(a, _), Self::Bits(b, _)) => Self::from_bits(Words::of_both(a, b, |a, b| a & !b)),
            (Self::Bits(words, n), Self::List(list)) => {
                let (mut words, mut n) = (Words::clone(words), *n);
                for &doc in list {
                    if let Some(word) = words.get_mut(doc as usize / 64) {
                        n -= (*word >> (doc % 64) & 1) as u32;
                        *word &= !(1 << (doc % 64));
                    }
                }
                Self::Bits(Arc::new(words), n).settled()
            }
            (Self::List(list), _) => {
                Self::List(list.iter().copied().filter(|&d| !other.contains(d)).collect())
            }
        }
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        match self {
            Self::List(list) => list.retain(|&d| keep(d)),
            Self::Bits(..) => *self = Self::List(self.iter().filter(|&d| keep(d)).collect()),
        }
    }
}

fn set_bits(list: Vec<u32>, max: u32) -> Words {
    let mut words = Words::all(0, (max as usize).div_ceil(64));
    list.into_iter().for_each(|doc| words.set(doc));
    words
}

/// Whether a document's bit is set.
pub(crate) fn bit(words: &[u64], doc: u32) -> bool {
    words.get(doc as usize / 64).is_some_and(|w| w >> (doc % 64) & 1 == 1)
}

fn merged(mut a: &[u32], mut b: &[u32]) -> Vec<u32> {
    let mut out = Vec::with_capacity(a.len() + b.len());
    while let (Some((&x, rest_a)), Some((&y, rest_b))) = (a.split_first(), b.split_first()) {
        out.push(x.min(y));
        if x <= y {
            a = rest_a;
        }
        if y <= x {
            b = rest_b;
        }
    }
    out.extend_from_slice(a);
    out.extend_from_slice(b);
    out
}

/// Walks the shorter list and leaps through the longer one.
fn each_common(a: &[u32], b: &[u32], mut found: impl FnMut(u32)) {
    let (short, mut long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    for &doc in short {
        let mut reach = 1;
        while reach < long.len() && long[reach] < doc {
            reach *= 2;
        }
        let skip = long[..reach.min(long.len())].partition_point(|&d| d < doc);
        let skip = if skip == reach.min(long.len()) { long.partition_point(|&d| d < doc) } else { skip };
        long = &long[skip..];
        match long.first() {
            None => return,
            Some(&d) if d == doc => found(doc),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn set(list: &BTreeSet<u32>, bits: bool, max: u32) -> Docs {
        let list: Vec<u32> = list.iter().copied().filter(|&d| d < max).collect();
        if !bits {
            return Docs::List(list);
        }
        let n = list.len() as u32;
        let mut words = Words::all(0, (max as usize).div_ceil(64));
        list.iter().for_each(|&d| words[d as usize / 64] |= 1 << (d % 64));
        Docs::Bits(Arc::new(words), n)
    }

    #[test]
    fn all_of_a_segment() {
        for max in [0, 1, 63, 64, 65, 1000] {
            assert_eq!(Docs::all(max).iter().collect::<Vec<_>>(), (0..max).collect::<Vec<_>>(), "{max}");
        }
    }

    proptest::proptest! {
        #[test]
        fn set_algebra(a: BTreeSet<u8>, b: BTreeSet<u8>, shapes in 0u8..4) {
            let wide = |s: &BTreeSet<u8>| s.iter().map(|&d| u32::from(d)).collect::<BTreeSet<u32>>();
            let (a, b) = (wide(&a), wide(&b));
            let (x, y) = (set(&a, shapes & 1 == 1, 256), set(&b, shapes & 2 == 2, 256));
            let list = |docs: &Docs| docs.iter().collect::<BTreeSet<u32>>();
            proptest::prop_assert_eq!(list(&x.and(&y)), &a & &b);
            proptest::prop_assert_eq!(x.and_count(&y), (&a & &b).len() as u64);
            proptest::prop_assert_eq!(list(&x.minus(&y)), &a - &b);
            proptest::prop_assert_eq!(x.minus(&y).len() as usize, (&a - &b).len());
            let both = x.clone().or(y);
            proptest::prop_assert_eq!(list(&both), &a | &b);
            proptest::prop_assert_eq!(both.len() as usize, (&a | &b).len());
            proptest::prop_assert!((0..256).all(|d| x.contains(d) == a.contains(&d)));
            let mut first = Vec::new();
            x.each_of_first(5, |doc| first.push(doc));
            proptest::prop_assert!(first.iter().eq(a.iter().take(5)));
        }
    }
}
