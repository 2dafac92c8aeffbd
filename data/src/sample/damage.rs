//! The damage that real exports have (DOMAIN §1.2), done to a known share of the records.

use super::random::Random;

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
    /// No record any more: a fragment that must end in quarantine.
    Fragment,
}

impl Damage {
    /// All kinds.
    pub const ALL: [Damage; 8] = [
        Self::ShortLength,
        Self::LongLength,
        Self::LostTerminator,
        Self::WrongBase,
        Self::WrongDirectory,
        Self::Nul,
        Self::BadBytes,
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
            Self::Fragment => "fragment",
        }
    }

    /// Whether a good reader still gets the record.
    pub fn is_readable(self) -> bool {
        self != Self::Fragment
    }

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
