//! Bytes of a field's text → text, in the charset of the record, with a second try for the field alone.

use crate::charset::{Charset, Damage, FieldDecoder, Hint, clean, decode, detect, is_clean};

use super::super::{Flaw, FlawCode, RawRecord, Record};
use super::ParseOptions;
use super::sound::Whole;

/// Decodes the texts of one record.
pub(super) struct TextDecoder<'a> {
    charset: Charset,
    forced: bool,
    // All text of the record, where it is UTF-8 without a flaw: checked once, not piece by piece.
    whole: Option<&'a str>,
    // Nor does any piece of it need cleaning.
    is_clean: bool,
    // Remembers the sets that a MARC-8 field has switched on.
    field: FieldDecoder,
    // First offset at which each kind of damage was seen.
    controls: Option<u64>,
    mixed: Option<u64>,
    undecodable: Option<u64>,
}

impl<'a> TextDecoder<'a> {
    /// Chooses the charset of the whole record from all its text; what the record declares is asked only where
    /// the text leaves it open.
    pub(super) fn new(
        raw: &RawRecord,
        text: &'a [u8],
        declared: impl FnOnce() -> Option<Charset>,
        options: &ParseOptions,
    ) -> Self {
        let plain = || simdutf8::basic::from_utf8(text).ok();
        let (charset, whole) = match options.charset {
            Some(charset @ (Charset::Ascii | Charset::Utf8)) => (charset, plain()),
            Some(charset) => (charset, None),
            None if text.is_ascii() && memchr::memchr(0x1B, text).is_none() => (Charset::Ascii, plain()),
            None => match plain() {
                // A sequence of three bytes is UTF-8 beyond doubt.
                Some(whole) if text.iter().any(|&b| b >= 0xE0) => (Charset::Utf8, Some(whole)),
                whole => {
                    let hint = Hint { declared: declared().or(raw.declared), prior: options.prior };
                    let charset = detect(&[text], hint);
                    let is_utf8 = matches!(charset, Charset::Ascii | Charset::Utf8);
                    (charset, whole.filter(|_| is_utf8))
                }
            },
        };
        Self {
            charset,
            forced: options.charset.is_some(),
            whole,
            is_clean: whole.is_some_and(is_clean),
            field: FieldDecoder::new(charset),
            controls: None,
            mixed: None,
            undecodable: None,
        }
    }

    /// What is known of all text together.
    pub(super) fn whole(&self, text: &'a [u8]) -> Whole<'a> {
        Whole { bytes: text, charset: self.charset, clean: self.whole.filter(|_| self.is_clean) }
    }

    pub(super) fn charset(&self) -> Charset {
        self.charset
    }

    /// Forgets what the last field switched on.
    pub(super) fn begin_field(&mut self) {
        self.field = FieldDecoder::new(self.charset);
    }

    /// Appends the text of `bytes`, which stand at `at`.
    pub(super) fn append(&mut self, bytes: &[u8], at: u64, out: &mut String) {
        let start = out.len();
        let damage = match self.known(bytes) {
            Some(text) if self.is_clean && !has_delimiter(bytes) => {
                out.push_str(text);
                return;
            }
            Some(text) => clean(text, out),
            None if is_plain(bytes) => {
                // Printable ASCII is the same in every charset here.
                out.push_str(std::str::from_utf8(bytes).unwrap_or_default());
                return;
            }
            None => self.field.decode(bytes, out),
        };
        if damage.controls > 0 {
            self.controls.get_or_insert(at);
        }
        if damage.replaced == 0 {
            return;
        }
        if !self.forced && self.decode_alone(bytes, damage, start, out) {
            self.mixed.get_or_insert(at);
        } else {
            self.undecodable.get_or_insert(at);
        }
    }

    /// The piece as text that has been checked already.
    fn known(&self, piece: &[u8]) -> Option<&'a str> {
        let whole = self.whole?;
        let start = piece.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
        whole.get(start..start.checked_add(piece.len())?)
    }

    /// A field in another charset than its record (DOMAIN §1.2 row 14).
    fn decode_alone(&self, bytes: &[u8], damage: Damage, start: usize, out: &mut String) -> bool {
        let alone = detect(&[bytes], Hint::default());
        // A set in which every byte means something explains nothing where other characters are right.
        let catch_all = !matches!(alone, Charset::Utf8 | Charset::Gb18030 | Charset::Big5);
        let any_right = out[start..].chars().any(|c| !c.is_ascii() && c != char::REPLACEMENT_CHARACTER);
        if alone == self.charset || (catch_all && any_right) {
            return false;
        }
        let mut text = String::new();
        if decode(alone, bytes, &mut text).replaced >= damage.replaced {
            return false;
        }
        out.truncate(start);
        out.push_str(&text);
        true
    }

    /// Notes what was damaged with the record.
    pub(super) fn finish(self, record: &mut Record) {
        record.charset = self.charset;
        let found = [
            (FlawCode::ControlCharacters, self.controls),
            (FlawCode::MixedCharsets, self.mixed),
            (FlawCode::UndecodableText, self.undecodable),
        ];
        record.flaws.extend(found.into_iter().filter_map(|(code, at)| Some(Flaw { code, at: at? })));
    }
}

// A control field may hold what delimits elsewhere.
fn has_delimiter(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |any, &b| any | matches!(b, 0x1E | 0x1F))
}

/// Printable ASCII only.
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|&b| (0x20..0x7F).contains(&b))
}
