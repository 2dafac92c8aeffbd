//! What makes two records of a library the same record, and what makes them equal.
//!
//! A key is the trimmed control number (001); a record without one, or whose number was met before in the
//! same run, is known by its content. Holdings and authority records are numbered by themselves in many systems, so
//! theirs are other keys than those of bibliographic records with the same number. All are hashes of 128 bits, so that
//! a million of them stay small.

use crate::marc::{Carrier, RawRecord};

/// Identity of a record within its library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey([u8; 16]);

/// Hash of a record's bytes and carrier; its position does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; 16]);

impl RecordKey {
    /// The key of a control number; `None` where nothing is left of it when trimmed.
    pub fn of_control_number(control_number: &str) -> Option<Self> {
        let trimmed = control_number.trim();
        (!trimmed.is_empty()).then(|| Self(hash(b"001\0", trimmed.as_bytes())))
    }

    /// The key of a holdings or authority record with the control number of this key.
    pub fn auxiliary(self) -> Self {
        Self(hash(b"auxiliary\0", &self.0))
    }

    /// The key of a record that has no control number of its own.
    pub fn of_content(content: ContentHash) -> Self {
        Self(hash(b"content\0", &content.0))
    }

    /// The key that `bytes` of a state stand for.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// As stored in a state.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl ContentHash {
    /// The hash of a record.
    pub fn of(raw: &RawRecord) -> Self {
        Self::of_parts(raw.carrier, &raw.bytes)
    }

    /// The hash of a record's parts.
    pub fn of_parts(carrier: Carrier, bytes: &[u8]) -> Self {
        Self(hash(&[carrier as u8], bytes))
    }

    /// The hash that `bytes` of a state stand for.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// As stored in a state.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

fn hash(domain: &[u8], bytes: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(domain);
    hasher.update(bytes);
    let mut out = [0; 16];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_numbers_are_trimmed() {
        let key = RecordKey::of_control_number("012005000123");
        assert!(key.is_some());
        assert_eq!(RecordKey::of_control_number("  012005000123 \u{3000}"), key);
        assert_ne!(RecordKey::of_control_number("012005000124"), key);
        assert_eq!(RecordKey::of_control_number(" "), None);
    }

    #[test]
    fn the_carrier_is_part_of_the_content() {
        let iso = ContentHash::of_parts(Carrier::Iso2709, "红楼梦".as_bytes());
        assert_ne!(iso, ContentHash::of_parts(Carrier::Xml, "红楼梦".as_bytes()));
        assert_ne!(RecordKey::of_content(iso).0, iso.0);
    }
}
