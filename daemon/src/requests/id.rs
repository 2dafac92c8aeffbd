//! Names of a request, made where it is made: nobody has to be asked, so it works with the cable out.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Letters and digits that nobody mistakes for one another, read out or written down (Crockford's base 32).
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const NUMBER_SYMBOLS: usize = 6;

/// The id of a request: a version-7 UUID, so that ids sort by the time of their making. Nothing trusts that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(Uuid);

impl RequestId {
    /// Out of the time and bytes from the system's source of randomness.
    pub fn new(now: Timestamp, random: [u8; 10]) -> Self {
        let millis = now.as_millisecond().max(0).unsigned_abs();
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The id that this text stands for, with or without hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// As stored.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// As stored.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The number that people use (申请单号): `BJFU-261129-7K3QM2`. It counts nothing, so that a machine that was put
/// back from an older copy does not give one out a second time.
pub fn number_of(library: &str, day: Date, random: [u8; NUMBER_SYMBOLS]) -> String {
    let symbols = random.iter().map(|byte| char::from(SYMBOLS[usize::from(byte & 31)]));
    format!("{library}-{}-{}", day.strftime("%y%m%d"), symbols.collect::<String>())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::civil::date;

    use super::*;

    #[test]
    fn ids_sort_by_time_and_come_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (first, second) =
            (RequestId::new(at(1_800_000_000), [255; 10]), RequestId::new(at(1_800_000_001), [0; 10]));
        assert!(first < second && first.to_string() < second.to_string());
        assert_eq!(RequestId::parse(&first.to_string()), Some(first));
        assert_eq!(RequestId::from_bytes(*second.as_bytes()), second);
        assert_eq!((first.to_string().as_bytes()[14], RequestId::parse("…")), (b'7', None));
        // A clock before 1970 makes an id all the same.
        assert_ne!(RequestId::new(at(-5), [1; 10]), RequestId::new(at(-5), [2; 10]));
    }

    #[test]
    fn numbers_can_be_read_out() {
        assert_eq!(number_of("BJFU", date(2026, 11, 29), [0, 31, 32, 18, 255, 10]), "BJFU-261129-0Z0JZA");
    }
}
