//! Bytes of one subfield → clean text, in the charset that `detect` or the user named.
//!
//! Never fails: what cannot be read becomes U+FFFD and is counted.

use encoding_rs::{BIG5, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::clean::{clean_from, is_clean_record, push_clean};
use super::marc8::{self, Sets};
use super::{Charset, pairs};

/// What decoding could not keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Byte sequences that stand for no character: each became U+FFFD.
    pub replaced: u32,
    /// Control characters taken out.
    pub controls: u32,
}

/// Appends the text of `bytes`: NFC, without C0 and C1 controls.
pub fn decode(charset: Charset, bytes: &[u8], out: &mut String) -> Damage {
    FieldDecoder::new(charset).decode(bytes, out)
}

/// Decodes the subfields of one field in order.
///
/// Only MARC-8 and ISO 5426 remember anything: a G1 set that an escape sequence designated holds until the
/// end of the field, while G0 falls back to ASCII at each subfield code.
#[derive(Clone, Copy, Debug)]
pub struct FieldDecoder {
    charset: Charset,
    sets: Sets,
}

impl FieldDecoder {
    /// A decoder at the start of a field.
    pub fn new(charset: Charset) -> Self {
        let sets = if charset == Charset::Iso5426 { Sets::ISO_5426 } else { Sets::MARC8 };
        Self { charset, sets }
    }

    /// Appends the text of the next subfield.
    pub fn decode(&mut self, bytes: &[u8], out: &mut String) -> Damage {
        match self.charset {
            Charset::Ascii | Charset::Utf8 => utf8(bytes, out),
            Charset::Gb18030 if pairs::OF_GB18030.decode(bytes, out) => Damage::default(),
            Charset::Gb18030 => by_table(GB18030, bytes, out),
            Charset::Big5 if pairs::OF_BIG5.decode(bytes, out) => Damage::default(),
            Charset::Big5 => by_table(BIG5, bytes, out),
            Charset::Utf16Le => by_table(UTF_16LE, bytes, out),
            Charset::Utf16Be => by_table(UTF_16BE, bytes, out),
            Charset::Latin1 => by_table(WINDOWS_1252, bytes, out),
            Charset::CodePage(encoding) => by_table(encoding, bytes, out),
            Charset::Marc8 | Charset::Iso5426 => {
                self.sets.begin_subfield();
                marc8::decode(&mut self.sets, bytes, out)
            }
        }
    }
}

/// Appends the text of a whole record, whose field terminators and subfield delimiters stay where they are; false,
/// with `out` as it was, where it has to be decoded piece by piece.
pub(crate) fn decode_marked(charset: Charset, bytes: &[u8], out: &mut String) -> bool {
    match charset {
        Charset::Gb18030 => pairs::OF_GB18030.decode_marked(bytes, out),
        Charset::Big5 => pairs::OF_BIG5.decode_marked(bytes, out),
        _ => false,
    }
}

/// Appends text that is decoded already: NFC, without C0 and C1 controls.
pub(crate) fn clean(text: &str, out: &mut String) -> Damage {
    Damage { replaced: 0, controls: push_clean(text, out) }
}

/// Whether the text of a record is clean as it stands, its field terminators and subfield delimiters aside.
pub(crate) fn is_clean(text: &str) -> bool {
    is_clean_record(text.as_bytes())
}

fn utf8(bytes: &[u8], out: &mut String) -> Damage {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => clean(text, out),
        Err(_) => by_table(UTF_8, bytes, out),
    }
}

// In pieces through a small buffer: `decode_to_string` works on the whole spare capacity of its target, which
// is megabytes in a buffer that is used again and again.
fn by_table(encoding: &'static Encoding, bytes: &[u8], out: &mut String) -> Damage {
    let start = out.len();
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut buffer = [0u8; 512];
    let mut replaced = 0u32;
    let mut rest = bytes;
    loop {
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, &mut buffer, true);
        out.push_str(simdutf8::basic::from_utf8(&buffer[..written]).unwrap_or("\u{FFFD}"));
        rest = &rest[read..];
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => {
                out.push('\u{FFFD}');
                replaced = replaced.saturating_add(1);
            }
        }
    }
    Damage { replaced, controls: clean_from(start, out) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::charset::clean::is_control;

    fn check(label: &str, bytes: &[u8], expect: &str, replaced: u32) {
        let charset = Charset::from_label(label).expect(label);
        let mut out = String::from("《");
        let damage = decode(charset, bytes, &mut out);
        assert_eq!(out, format!("《{expect}"), "{label} {bytes:02X?}");
        assert_eq!(damage.replaced, replaced, "{label} {bytes:02X?}");
    }

    #[test]
    fn charsets_read() {
        check("utf-8", "红楼梦".as_bytes(), "红楼梦", 0);
        check("utf-8", b"Caf\xC3\xA9 \xFF!", "Café \u{FFFD}!", 1);
        check("gbk", b"\xBA\xEC\xC2\xA5\xC3\xCE", "红楼梦", 0);
        check("gb18030", b"\x95\x32\x82\x36", "\u{20000}", 0);
        check("gb18030", b"\x81\x39\xEE\x39", "㐀", 0);
        check("gb18030", b"\xBA\xEC\xC2", "红\u{FFFD}", 1);
        check("big5", b"\xAC\xF5\xBC\xD3\xB9\xDA", "紅樓夢", 0);
        check("big5-hkscs", b"\x87\x7A", "㡵", 0);
        check("utf-16le", b"\x1D\x4E", "丝", 0);
        check("utf-16be", b"\x4E\x1D", "丝", 0);
        check("latin1", b"na\xEFve \x93x\x94", "naïve “x”", 0);
        check("windows-1251", b"\xCC\xEE\xF1\xEA\xE2\xE0", "Москва", 0);
        check("marc-8", b"Qu\xE2ebec", "Québec", 0);
        check("iso-5426", b"Qu\xC2ebec", "Québec", 0);
    }

    #[test]
    fn gb18030_is_that_of_2022() {
        // ︐ was U+E78D until the edition of 2022.
        check("gb18030", b"\xA6\xD9", "︐", 0);
    }

    const LABELS: [&str; 15] = [
        "ascii",
        "utf-8",
        "gb18030",
        "big5",
        "marc-8",
        "iso-5426",
        "utf-16le",
        "utf-16be",
        "windows-1252",
        "windows-1251",
        "koi8-r",
        "euc-kr",
        "shift_jis",
        "euc-jp",
        "iso-2022-jp",
    ];

    proptest! {
        #[test]
        fn any_bytes_decode_to_clean_text(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for label in LABELS {
                let charset = Charset::from_label(label).expect(label);
                let mut out = String::new();
                let mut field = FieldDecoder::new(charset);
                field.decode(&bytes, &mut out);
                field.decode(&bytes, &mut out);
                prop_assert!(!out.chars().any(is_control), "{} {:02X?}", label, bytes);
            }
        }

        #[test]
        fn escapes_never_break_marc8(parts in proptest::collection::vec("\u{1B}|[$()\\-,!]|[1BNEPSgbps]|[!-~]{1,3}", 0..20)) {
            let mut out = String::new();
            decode(Charset::Marc8, parts.concat().as_bytes(), &mut out);
            prop_assert!(!out.chars().any(is_control));
        }

        #[test]
        fn gb18030_round_trips(text in "[一-龥㐀-䶵𠀀-𠀺a-z]{0,12}") {
            let (bytes, ..) = GB18030.encode(&text);
            let mut out = String::new();
            prop_assert_eq!(decode(Charset::Gb18030, &bytes, &mut out), Damage::default());
            prop_assert_eq!(out, text);
        }
    }
}
