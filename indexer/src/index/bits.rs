//! Numbers of as many bits as they need, one behind the other: three bytes that are not full become nineteen bits.
//!
//! It knows nothing of what the numbers mean.

use crate::index::Error;
use crate::index::out_file::OutFile;

/// Bytes behind the last number, so that each can be read as one word.
const SPARE: usize = 8;

/// How many bits the numbers below `n` need; one at least.
pub(crate) fn bits_below(n: u32) -> u32 {
    (u32::BITS - n.saturating_sub(1).leading_zeros()).max(1)
}

/// Bytes of `n` items of `bits` bits as `BitWriter` writes them; `None` where that is too many.
pub(crate) fn bytes_of(n: usize, bits: u32) -> Option<usize> {
    n.checked_mul(bits as usize)?.div_ceil(8).checked_add(SPARE)
}

/// Packs numbers into a file.
#[derive(Default)]
pub(crate) struct BitWriter {
    pending: u64,
    n_pending: u32,
}

impl BitWriter {
    /// Appends the lowest `bits` bits, at most 32.
    pub(crate) fn put(&mut self, value: u32, bits: u32, out: &mut OutFile) -> Result<(), Error> {
        self.pending |= u64::from(value) << self.n_pending;
        self.n_pending += bits;
        let n_whole = self.n_pending as usize / 8;
        out.write(&self.pending.to_le_bytes()[..n_whole])?;
        self.pending >>= n_whole * 8;
        self.n_pending %= 8;
        Ok(())
    }

    /// Fills up the last byte; what follows begins on a byte of its own.
    pub(crate) fn end(self, out: &mut OutFile) -> Result<(), Error> {
        let n_left = usize::from(self.n_pending > 0);
        out.write(&self.pending.to_le_bytes()[..n_left])?;
        out.write(&[0; SPARE])
    }
}

/// The number of `bits` bits, at most 32, that begins at bit `at`; `None` beyond the end.
pub(crate) fn read(bytes: &[u8], at: usize, bits: u32) -> Option<u32> {
    let word = u64::from_le_bytes(*bytes.get(at / 8..)?.first_chunk::<8>()?);
    Some((word >> (at % 8) & ((1 << bits) - 1)) as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::Disk;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn numbers_come_back(bits in 1u32..=32, numbers in prop::collection::vec(any::<u32>(), 0..40)) {
            let cut = |number: u32| (u64::from(number) & ((1 << bits) - 1)) as u32;
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("bits");
            let mut out = OutFile::create(&Disk, &path).expect("created");
            let mut writer = BitWriter::default();
            for number in &numbers {
                writer.put(cut(*number), bits, &mut out).expect("written");
            }
            writer.end(&mut out).expect("written");
            out.finish().expect("finished");
            let bytes = std::fs::read(path).expect("read");
            prop_assert_eq!(Some(bytes.len()), bytes_of(numbers.len(), bits));
            for (nth, number) in numbers.iter().enumerate() {
                prop_assert_eq!(read(&bytes, nth * bits as usize, bits), Some(cut(*number)));
            }
            prop_assert_eq!(read(&bytes, bytes.len() * 8, bits), None);
        }
    }

    #[test]
    fn bits_that_numbers_need() {
        for (n, expect) in [(0, 1), (1, 1), (2, 1), (3, 2), (256, 8), (257, 9), (u32::MAX, 32)] {
            assert_eq!(bits_below(n), expect, "{n}");
        }
    }
}
