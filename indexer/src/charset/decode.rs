//! Bytes of one subfield → clean text, in the charset that `detect` or the user named.
//!
//! Never fails: what cannot be read becomes U+FFFD and is counted.

use encoding_rs::{BIG5, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{Charset, clean};

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
}

impl FieldDecoder {
    /// A decoder at the start of a field.
    pub fn new(charset: Charset) -> Self {
        Self { charset }
    }

    /// Appends the text of the next subfield.
    pub fn decode(&mut self, bytes: &[u8], out: &mut String) -> Damage {
        match self.charset {
            Charset::Ascii | Charset::Utf8 => utf8(bytes, out),
            Charset::Gb18030 => by_table(GB18030, bytes, out),
            Charset::Big5 => by_table(BIG5, bytes, out),
            Charset::Utf16Le => by_table(UTF_16LE, bytes, out),
            Charset::Utf16Be => by_table(UTF_16BE, bytes, out),
            Charset::Latin1 | Charset::Marc8 | Charset::Iso5426 => by_table(WINDOWS_1252, bytes, out),
            Charset::CodePage(encoding) => by_table(encoding, bytes, out),
        }
    }
}

fn utf8(bytes: &[u8], out: &mut String) -> Damage {
    if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
        return Damage { replaced: 0, controls: clean::push_clean(text, out) };
    }
    by_table(UTF_8, bytes, out)
}

fn by_table(encoding: &'static Encoding, bytes: &[u8], out: &mut String) -> Damage {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let capacity = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len());
    let mut text = String::with_capacity(capacity.max(8));
    let mut replaced = 0u32;
    let mut rest = bytes;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = &rest[read..];
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => text.reserve(rest.len().saturating_mul(3).max(16)),
            DecoderResult::Malformed(..) => {
                text.push('\u{FFFD}');
                replaced = replaced.saturating_add(1);
            }
        }
    }
    Damage { replaced, controls: clean::push_clean(&text, out) }
}
