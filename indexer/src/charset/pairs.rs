//! Two-byte sets by table: nearly all text of GB 18030 and Big5 is ASCII and pairs that stand for one character
//! that needs no cleaning. Anything else is left to the full decoder.

use std::sync::LazyLock;

use encoding_rs::{BIG5, Encoding, GB18030};

use super::clean;

const FIRST_LEAD: u8 = 0x81;
const FIRST_TRAIL: u8 = 0x40;
const N_LEADS: usize = 126;
const N_TRAILS: usize = 192;

/// One character for each pair, or NUL where the full decoder must look.
pub(super) struct Pairs(Box<[char]>);

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
                .map(|pair| meaning(encoding, &pair).unwrap_or('\0'))
                .collect(),
        )
    }

    /// Appends the text of `bytes`; false, with `out` as it was, where a pair is not in the table.
    pub(super) fn decode(&self, bytes: &[u8], out: &mut String) -> bool {
        let start = out.len();
        out.reserve(bytes.len() + bytes.len() / 2);
        let mut rest = bytes;
        loop {
            let c = match *rest {
                [] => return true,
                [byte @ 0x20..=0x7E, ..] => {
                    rest = &rest[1..];
                    char::from(byte)
                }
                [lead, trail, ..] => {
                    rest = &rest[2..];
                    self.get(lead, trail)
                }
                _ => '\0',
            };
            if c == '\0' {
                out.truncate(start);
                return false;
            }
            out.push(c);
        }
    }

    fn get(&self, lead: u8, trail: u8) -> char {
        let row = usize::from(lead.wrapping_sub(FIRST_LEAD));
        let column = usize::from(trail.wrapping_sub(FIRST_TRAIL));
        if column >= N_TRAILS {
            return '\0';
        }
        self.0.get(row * N_TRAILS + column).copied().unwrap_or('\0')
    }
}

fn meaning(encoding: &'static Encoding, pair: &[u8]) -> Option<char> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(pair)?;
    let mut chars = text.chars();
    let c = chars.next().filter(|_| chars.next().is_none())?;
    clean::is_clean_utf8(text.as_bytes()).then_some(c)
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
