//! The damage that real exports have (DOMAIN §1.2), done to a known share of the records.

use encoding_rs::{GB18030, WINDOWS_1252};

use super::catalogue::MarcRecord;
use super::random::Random;

/// Imprint, subjects and abstract of both dialects: what no one looks a record up by first.
const SPOILT: [&str; 6] = ["210", "260", "330", "520", "606", "650"];

/// What was done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Damage {
    /// The length in the leader is too small.
    ShortLength,
    /// The length in the leader is too large.
    LongLength,
    /// The record terminator is lost.
    LostTerminator,
    /// The base address is wrong.
    WrongBase,
    /// Directory lengths are counted in characters, as by a program that had UTF-16.
    WrongDirectory,
    /// A NUL inside a text.
    Nul,
    /// Text of one byte that belongs to no charset in a field of its own.
    BadBytes,
    /// A byte order mark in front of the record, as where files were joined.
    ByteOrderMark,
    /// A record terminator inside a text.
    TerminatorInside,
    /// Subjects, abstract and imprint were GBK that someone read as Latin.
    Mojibake,
    /// The same texts as `&#x4E2D;`.
    Entities,
    /// The last record of a file, cut off in the middle.
    CutOff,
    /// No record any more: a fragment that must end in quarantine.
    Fragment,
}

impl Damage {
    /// All kinds that any record may suffer: `CutOff` is for the last one of a file alone.
    pub const ALL: [Damage; 12] = [
        Self::ShortLength,
        Self::LongLength,
        Self::LostTerminator,
        Self::WrongBase,
        Self::WrongDirectory,
        Self::Nul,
        Self::BadBytes,
        Self::ByteOrderMark,
        Self::TerminatorInside,
        Self::Mojibake,
        Self::Entities,
        Self::Fragment,
    ];

    /// Its name in the table of truth.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShortLength => "short-length",
            Self::LongLength => "long-length",
            Self::LostTerminator => "lost-terminator",
            Self::WrongBase => "wrong-base",
            Self::WrongDirectory => "wrong-directory",
            Self::Nul => "nul",
            Self::BadBytes => "bad-bytes",
            Self::ByteOrderMark => "byte-order-mark",
            Self::TerminatorInside => "terminator-inside",
            Self::Mojibake => "mojibake",
            Self::Entities => "entities",
            Self::CutOff => "cut-off",
            Self::Fragment => "fragment",
        }
    }

    /// Whether a good reader still gets the record; of one that is cut off it may.
    pub fn is_readable(self) -> bool {
        !matches!(self, Self::Fragment | Self::CutOff)
    }

    /// What is done to the texts, before they are written.
    pub(super) fn spoil(self, record: &mut MarcRecord) {
        let spoilt: fn(&str) -> String = match self {
            Self::Mojibake => |text| WINDOWS_1252.decode(&GB18030.encode(text).0).0.into_owned(),
            Self::Entities => |text| text.chars().map(entity).collect(),
            _ => return,
        };
        let fields = record.fields.iter_mut().filter(|field| SPOILT.contains(&field.tag));
        for (_, text) in fields.flat_map(|field| field.subfields.iter_mut()) {
            *text = spoilt(text);
        }
    }

    /// What is done to the bytes.
    pub(super) fn inflict(self, bytes: &mut Vec<u8>, random: &mut Random) {
        match self {
            Self::ShortLength => bytes[..5].copy_from_slice(b"00050"),
            Self::LongLength => {
                let length = bytes.len() + 40 + random.below(300);
                bytes[..5].copy_from_slice(format!("{length:05}").as_bytes());
            }
            Self::LostTerminator => {
                bytes.pop();
            }
            Self::WrongBase => bytes[12..17].copy_from_slice(b"00099"),
            Self::WrongDirectory => count_in_characters(bytes),
            Self::Nul => {
                let at = bytes.len() - 3;
                bytes.insert(at, 0);
            }
            Self::BadBytes => {
                let at = bytes.len() - 2;
                bytes.splice(at..at, [0x1E, b' ', b' ', 0x1F, b'x', 0xFF, 0xFF]);
            }
            Self::ByteOrderMark => {
                bytes.splice(..0, *b"\xEF\xBB\xBF");
            }
            Self::TerminatorInside => {
                let at = bytes.len() - 3;
                bytes.insert(at, 0x1D);
            }
            Self::Mojibake | Self::Entities => {}
            Self::CutOff => bytes.truncate(bytes.len() * 3 / 4),
            Self::Fragment => bytes.truncate(20),
        }
    }
}

/// Makes every length in the directory two thirds, and the starts to match.
fn count_in_characters(bytes: &mut [u8]) {
    let Some(end) = bytes.iter().position(|b| *b == 0x1E) else { return };
    let mut start = 0usize;
    for entry in bytes[24..end].chunks_exact_mut(12) {
        let length: usize = std::str::from_utf8(&entry[3..7]).ok().and_then(|t| t.parse().ok()).unwrap_or(9);
        let counted = (length * 2 / 3).max(2);
        entry[3..7].copy_from_slice(format!("{counted:04}").as_bytes());
        entry[7..12].copy_from_slice(format!("{start:05}").as_bytes());
        start += counted;
    }
}

fn entity(c: char) -> String {
    if c.is_ascii() { c.to_string() } else { format!("&#x{:X};", u32::from(c)) }
}
