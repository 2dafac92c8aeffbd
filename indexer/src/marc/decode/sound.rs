//! The short way for a sound ISO 2709 record: its text is decoded once as a whole, then cut at its delimiters.
//!
//! Nearly all records are sound: every field stands where the directory says, in its order, and no text has a
//! flaw. Whatever is not so makes this way give up with nothing done, and the record is read piece by piece.

use crate::charset::{Charset, decode_marked};

use super::super::record::{Record, Spans, Tag};

const FT: u8 = 0x1E;
const SF: u8 = 0x1F;

/// The text of a sound record as far as it is known.
pub(super) struct Whole<'a> {
    /// All data of the record, terminators included.
    pub(super) bytes: &'a [u8],
    /// What it is written in.
    pub(super) charset: Charset,
    /// The same where it is UTF-8 without a control or a mark to compose.
    pub(super) clean: Option<&'a str>,
}

/// Reads the fields, whose tags are given in their order; false, with `record` as it was, where it is not sound.
pub(super) fn push_fields(whole: &Whole<'_>, tags: impl Iterator<Item = Tag>, record: &mut Record) -> bool {
    let (text, mut spans) = record.parts_mut();
    let decoded = match whole.clean {
        Some(clean) => {
            text.push_str(clean);
            true
        }
        None => decode_marked(whole.charset, whole.bytes, text),
    };
    let sound = decoded && cut(text.as_bytes(), tags, &mut spans);
    if !sound {
        record.forget_fields();
    }
    sound
}

fn cut(marked: &[u8], tags: impl Iterator<Item = Tag>, spans: &mut Spans<'_>) -> bool {
    let mut cuts = Cuts::new(marked);
    let mut start = 0;
    for tag in tags {
        let Some(first) = cuts.next() else { return false };
        let end = match (marked[first], &marked[start..first]) {
            (FT, _) => {
                spans.push_control(tag, start..first);
                first
            }
            (SF, &[a, b]) if !tag.starts_with(b"00") && is_indicator(a) && is_indicator(b) => {
                spans.push_data(tag, [a, b]);
                match cut_subfields(marked, first, &mut cuts, spans) {
                    Some(end) => end,
                    None => return false,
                }
            }
            _ => return false,
        };
        start = end + 1;
    }
    start == marked.len()
}

/// Cuts up the data field whose first delimiter stands at `at`; answers where it ends.
fn cut_subfields(marked: &[u8], mut at: usize, cuts: &mut Cuts<'_>, spans: &mut Spans<'_>) -> Option<usize> {
    loop {
        let next = cuts.next()?;
        let code = *marked.get(at + 1)?;
        if next < at + 3 || !(b'!'..0x7F).contains(&code) {
            return None;
        }
        spans.push_subfield(code as char, at + 2..next);
        if marked[next] == FT {
            return Some(next);
        }
        at = next;
    }
}

fn is_indicator(b: u8) -> bool {
    (b' '..0x7F).contains(&b)
}

/// Places of bytes below 0x20, which in a clean text are its delimiters. Eight bytes at a time: they stand too
/// close together for a search that starts anew at each.
struct Cuts<'a> {
    bytes: &'a [u8],
    // Where the word under inspection begins, and a bit at the top of each of its bytes that is a delimiter.
    at: usize,
    found: u64,
}

const STEP: usize = 8;

impl<'a> Cuts<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, found: marks(bytes, 0) }
    }

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.at += STEP;
            if self.at >= self.bytes.len() {
                return None;
            }
            self.found = marks(self.bytes, self.at);
        }
        let place = self.at + self.found.trailing_zeros() as usize / 8;
        self.found &= self.found - 1;
        Some(place)
    }
}

#[inline]
fn marks(bytes: &[u8], at: usize) -> u64 {
    const TOPS: u64 = 0x8080_8080_8080_8080;
    let rest = bytes.get(at..).unwrap_or_default();
    let word = match rest.first_chunk::<STEP>() {
        Some(chunk) => *chunk,
        None => {
            let mut last = [b' '; STEP];
            last[..rest.len()].copy_from_slice(rest);
            last
        }
    };
    // Below 0x20 the three upper bits are off; adding 0x7F to what is left of a byte carries none over.
    let upper = u64::from_le_bytes(word) & 0xE0E0_E0E0_E0E0_E0E0;
    !(((upper & !TOPS) + !TOPS) | upper) & TOPS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_delimiter_is_found(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0x1Eu8..=0x20], 0..60)) {
            let mut cuts = Cuts::new(&bytes);
            let found: Vec<usize> = std::iter::from_fn(|| cuts.next()).collect();
            let expect: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i] < 0x20).collect();
            prop_assert_eq!(found, expect);
        }
    }
}
