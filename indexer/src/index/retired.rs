//! Which entry numbers are no longer in force: one bit each.

use tantivy::directory::OwnedBytes;

/// A set of entry numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retired(Vec<u64>);

impl Retired {
    /// `None` where the bytes are no such file.
    pub(crate) fn open(bytes: &OwnedBytes) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        rest.is_empty().then(|| Self(words.iter().map(|w| u64::from_le_bytes(*w)).collect()))
    }

    pub(crate) fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|w| w >> (number % 64) & 1 == 1)
    }

    pub(crate) fn insert(&mut self, number: u32) {
        let at = number as usize / 64;
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        self.0[at] |= 1 << (number % 64);
    }

    /// The numbers of the set within a range.
    pub(crate) fn within(&self, range: std::ops::Range<u32>) -> impl Iterator<Item = u32> {
        let words = self.0.iter().enumerate().filter(|(_, word)| **word != 0);
        let numbers = words.flat_map(|(n, word)| {
            (0..64)
                .filter(move |bit| word >> bit & 1 == 1)
                .filter_map(move |bit| u32::try_from(n * 64 + bit).ok())
        });
        numbers.filter(move |number| range.contains(number))
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|w| u64::from(w.count_ones())).sum()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|w| w.to_le_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_numbers() {
        let mut set = Retired::default();
        [0, 63, 64, 700].into_iter().for_each(|n| set.insert(n));
        let read = Retired::open(&OwnedBytes::new(set.to_bytes())).expect("whole words");
        assert!(read.contains(63) && !read.contains(62) && !read.contains(9_999));
        assert_eq!(read.len(), 4);
        assert_eq!(read.within(0..u32::MAX).collect::<Vec<_>>(), [0, 63, 64, 700]);
        assert_eq!(read.within(63..700).collect::<Vec<_>>(), [63, 64]);
    }
}
