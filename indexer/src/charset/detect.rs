//! Which charset one record is in, judged by its bytes (DOMAIN §3). Total: any bytes get an answer.

use super::Charset;

/// What is known besides the bytes; it only ever tips a balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// What the record says of itself: leader/09, 100/26–29. Often wrong.
    pub declared: Option<Charset>,
    /// What nearly all records of the same file are in.
    pub prior: Option<Charset>,
}

/// The charset of a record whose subfields are `parts`.
pub fn detect(parts: &[&[u8]], hint: Hint) -> Charset {
    if parts.iter().all(|p| p.is_ascii()) {
        return Charset::Ascii;
    }
    if parts.iter().all(|p| simdutf8::basic::from_utf8(p).is_ok()) {
        return Charset::Utf8;
    }
    hint.declared.or(hint.prior).unwrap_or(Charset::Gb18030)
}
