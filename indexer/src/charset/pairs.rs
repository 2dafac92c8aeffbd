//! Two-byte sets by table: nearly all text of GB 18030 and Big5 is ASCII and pairs that stand for one character
//! that needs no cleaning. Anything else is left to the full decoder.

use std::sync::LazyLock;

use encoding_rs::{BIG5, Encoding, GB18030};

use super::clean;

const FIRST_LEAD: u8 = 0x81;
const FIRST_TRAIL: u8 = 0x40;
const N_LEADS: usize = 126;
const N_TRAILS: usize = 192;
const BUFFER: usize = 1024;
const STEP: usize = 8;
/// The upper bit of each of eight bytes.
const TOPS: u64 = 0x8080_8080_8080_8080;

/// One character in UTF-8 for each pair. Where it has less than four bytes the last tells how many; none where the
/// full decoder must look.
pub(super) struct Pairs(Box<[[u8; 4]]>);

/// The pairs of GB 18030.
pub(super) static OF_GB18030: LazyLock<Pairs> = LazyLock::new(|| Pairs::of(GB18030));
/// The pairs of Big5 with HKSCS.
pub(super) static OF_BIG5: LazyLock<Pairs> = LazyLock::new(|| Pairs::of(BIG5));

impl Pairs {
    fn of(encoding: &'static Encoding) -> Self {
        let pairs = (0..N_LEADS).flat_map(|lead| (0..N_TRAILS).map(move |trail| (lead, trail)));
        Self(
            pairs
                .map(|(lead, trail)| [FIRST_LEAD + lead as u8, FIRST_TRAIL + trail as u8])
                .map(|pair| meaning(encoding, &pair).unwrap_or_default())
                .collect(),
        )
    }

    /// Appends the text of `bytes`; false, with `out` as it was, where a pair is not in the table.
    pub(super) fn decode(&self, bytes: &[u8], out: &mut String) -> bool {
        self.decode_beside(bytes, out, |_| false)
    }

    /// The same, with the field terminators and subfield delimiters of a whole record kept.
    pub(super) fn decode_marked(&self, bytes: &[u8], out: &mut String) -> bool {
        self.decode_beside(bytes, out, |b| matches!(b, 0x1E | 0x1F))
    }

    #[inline]
    fn decode_beside(&self, bytes: &[u8], out: &mut String, is_kept: impl Fn(u8) -> bool) -> bool {
        let start = out.len();
        let mut buffer = [0u8; BUFFER];
        let mut rest = bytes;
        while !rest.is_empty() {
            let n = self.fill(&mut buffer, &mut rest);
            // One flat pass over what came out: a control has no business in it.
            let is_sound = |b: &u8| (*b >= 0x20 && *b != 0x7F) || is_kept(*b);
            let sound = buffer[..n].iter().fold(true, |sound, b| sound & is_sound(b));
            match simdutf8::basic::from_utf8(&buffer[..n]) {
                Ok(text) if n > 0 && sound => out.push_str(text),
                _ => {
                    out.truncate(start);
                    return false;
                }
            }
        }
        true
    }

    /// Decodes until the buffer is full or a pair is unknown, which moves `rest` on no further; how much it wrote.
    #[inline]
    fn fill(&self, buffer: &mut [u8; BUFFER], rest: &mut &[u8]) -> usize {
        let mut n = 0;
        while n + STEP <= BUFFER && !rest.is_empty() {
            let word = match rest.first_chunk::<STEP>() {
                Some(word) => *word,
                None => {
                    let mut last = [0xFF; STEP];
                    last[..rest.len()].copy_from_slice(rest);
                    last
                }
            };
            // All eight are written and as many kept as are ASCII.
            let n_ascii = (u64::from_le_bytes(word) & TOPS).trailing_zeros() as usize / 8;
            buffer[n..n + STEP].copy_from_slice(&word);
            n += n_ascii;
            *rest = &rest[n_ascii..];
            while let [lead @ 0x80..=0xFF, trail, ..] = **rest
                && n + STEP <= BUFFER
            {
                let meaning = self.get(lead, trail);
                if meaning[3] == 0 {
                    return n;
                }
                buffer[n..n + 4].copy_from_slice(&meaning);
                n += if meaning[3] < 0x80 { usize::from(meaning[3]) } else { 4 };
                *rest = &rest[2..];
            }
            if let [0x80..=0xFF] = **rest {
                return n;
            }
        }
        n
    }

    fn get(&self, lead: u8, trail: u8) -> [u8; 4] {
        let row = usize::from(lead.wrapping_sub(FIRST_LEAD));
        let column = usize::from(trail.wrapping_sub(FIRST_TRAIL));
        if column >= N_TRAILS {
            return [0; 4];
        }
        self.0.get(row * N_TRAILS + column).copied().unwrap_or_default()
    }
}

fn meaning(encoding: &'static Encoding, pair: &[u8]) -> Option<[u8; 4]> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(pair)?;
    if text.chars().count() != 1 || !clean::is_clean_utf8(text.as_bytes()) {
        return None;
    }
    match *text.as_bytes() {
        [a, b] => Some([a, b, 0, 2]),
        [a, b, c] => Some([a, b, c, 3]),
        [a, b, c, d] => Some([a, b, c, d]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_text_needs_no_other_decoder() {
        for (pairs, bytes, text) in [
            (&OF_GB18030, &b"Java\xBD\xCC\xB3\xCC\xA3\xA8\xB5\xDA5\xB0\xE6\xA3\xA9"[..], "Java教程（第5版）"),
            (&OF_BIG5, b"\xAC\xF5\xBC\xD3\xB9\xDA", "紅樓夢"),
        ] {
            let mut out = String::from("《");
            assert!(pairs.decode(bytes, &mut out), "{text}");
            assert_eq!(out, format!("《{text}"));
        }
        for odd in
            [&b"\xBA\xEC\xC2"[..], b"\x95\x32\x82\x36", b"a\x1Fb", b"\xFF\xFE", b"\x80\x80", b"\xBA\x7F"]
        {
            let mut out = String::from("《");
            assert!(!OF_GB18030.decode(odd, &mut out), "{odd:02X?}");
            assert_eq!(out, "《");
        }
    }

    proptest! {
        #[test]
        fn what_the_table_reads_the_decoder_reads_alike(bytes in proptest::collection::vec(0x20u8..=0xFF, 0..24)) {
            for (pairs, encoding) in [(&OF_GB18030, GB18030), (&OF_BIG5, BIG5)] {
                let mut out = String::new();
                if pairs.decode(&bytes, &mut out) {
                    let full = encoding.decode_without_bom_handling_and_without_replacement(&bytes);
                    prop_assert_eq!(full.as_deref(), Some(out.as_str()));
                }
            }
        }
    }
}
