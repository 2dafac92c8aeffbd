//! Identifiers as newtypes, so that a barcode is never passed where a library code is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Code of a member library as the consortium writes it: `BJFU`, `BUU-CAS` (DOMAIN §7).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LibraryCode(Box<str>);

impl LibraryCode {
    /// Takes the code as it stands; whether a member has it is for `library::Members` to say.
    pub fn new(code: impl Into<Box<str>>) -> Self {
        Self(code.into())
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LibraryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Id of an entry of the union catalogue: 13 characters of Crockford base 32, stable from build to build.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EditionId(Box<str>);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl EditionId {
    /// The id that belongs to a 64-bit key.
    pub fn from_key(key: u64) -> Self {
        let mut text = [0u8; 13];
        for (i, slot) in text.iter_mut().enumerate() {
            *slot = ALPHABET[(key >> (60 - 5 * i).min(63) & 31) as usize];
        }
        Self(String::from_utf8_lossy(&text).into())
    }

    /// The key of a well-formed id; `None` for any other text.
    pub fn key(&self) -> Option<u64> {
        if self.0.len() != 13 {
            return None;
        }
        let mut key = 0u64;
        for byte in self.0.bytes() {
            let digit = ALPHABET.iter().position(|&a| a == byte.to_ascii_lowercase())?;
            key = key.checked_mul(32)?.checked_add(digit as u64)?;
        }
        Some(key)
    }

    /// Takes the text of a URL as it stands.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An ISBN with a valid check digit, kept as the number of its 13-digit form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Isbn(pub u64);

impl fmt::Display for Isbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}", self.0)
    }
}

/// An ISSN with a valid check digit: eight characters without the hyphen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Issn(pub [u8; 8]);

impl fmt::Display for Issn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::str::from_utf8(&self.0).map_err(|_| fmt::Error)?;
        write!(f, "{}-{}", &text[..4], &text[4..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edition_ids_round_trip() {
        for key in [0, 1, 31, 32, u64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(EditionId::from_key(key).key(), Some(key), "{key:x}");
        }
        assert_eq!(EditionId::new("zzzzzzzzzzzzz").key(), None);
        assert_eq!(EditionId::new("三国").key(), None);
    }
}
