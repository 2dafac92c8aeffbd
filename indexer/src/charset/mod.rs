//! Character sets of library exports: bytes → text, and which set it is (DOMAIN §3).
//!
//! `detect` names the set of one record from all its bytes, `decode` turns one subfield into clean text,
//! `repair_mojibake` and `decode_entities` offer a better reading of text that was damaged before it came.
//! Knows nothing of MARC: callers split bytes at delimiters before they come here, where the form allows it.

mod clean;
mod decode;
mod detect;
mod entities;
mod label;
mod marc8;
mod mojibake;
mod pairs;
mod plausible;

pub use decode::{Damage, FieldDecoder, decode};
pub(crate) use decode::{clean, decode_marked, is_clean};
pub use detect::{Hint, detect};
pub use entities::decode_entities;
pub use mojibake::repair_mojibake;

/// A character set that exports come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Charset {
    /// No byte above 0x7F.
    #[default]
    Ascii,
    /// UTF-8.
    Utf8,
    /// GB 18030, a superset of GBK and GB 2312.
    Gb18030,
    /// Big5 with HKSCS.
    Big5,
    /// MARC-8 with ANSEL and EACC.
    Marc8,
    /// ISO 5426 and the sets of UNIMARC 100/26–29 beside it.
    Iso5426,
    /// UTF-16, little endian.
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
    /// Windows-1252 / Latin-1.
    Latin1,
    /// An 8-bit or other code page named by its label.
    CodePage(&'static encoding_rs::Encoding),
}
