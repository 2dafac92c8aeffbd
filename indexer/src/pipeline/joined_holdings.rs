//! Holdings that came in records of their own (MARC21), waiting for the record that they belong to.
//!
//! Kept packed: a library may send millions of them.

use crate::archive::RecordKey;
use crate::bib::Holding;

#[derive(Default)]
pub(super) struct JoinedHoldings {
    packed: Vec<u8>,
    // Key of the bibliographic record's control number, where in `packed` they begin.
    places: Vec<(RecordKey, u64)>,
}

impl JoinedHoldings {
    /// Adds holdings of the record with this control number (004).
    pub(super) fn add(&mut self, control_number: &str, holdings: &[Holding]) {
        let Some(key) = RecordKey::of_control_number(control_number) else { return };
        if let Ok(bytes) = postcard::to_allocvec(holdings) {
            self.places.push((key, self.packed.len() as u64));
            self.packed.extend_from_slice(&bytes);
        }
    }

    /// To be called once, after the last `add`.
    pub(super) fn sort(&mut self) {
        self.places.sort_unstable();
    }

    /// The holdings of the record with this key, in the order in which they came. A record that is known by its content,
    /// because another one has its number, has none: whose they are nobody can tell.
    pub(super) fn of(&self, key: &RecordKey) -> Vec<Holding> {
        let first = self.places.partition_point(|(have, _)| have < key);
        let places = self.places[first..].iter().take_while(|(have, _)| have == key);
        places
            .filter_map(|(_, at)| postcard::from_bytes::<Vec<Holding>>(&self.packed[*at as usize..]).ok())
            .flatten()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::Lendable;

    #[test]
    fn holdings_find_their_record() {
        let holding = |location: &str| Holding {
            location: Some(location.to_owned()),
            call_number: Some("TP312JA/8.5C".to_owned()),
            copies: 2,
            barcodes: Vec::new(),
            coverage: None,
            lendable: Lendable::Unknown,
        };
        let mut joined = JoinedHoldings::default();
        joined.add("002", &[holding("阅览室")]);
        joined.add(" 001", &[holding("一层"), holding("二层")]);
        joined.add("001", &[holding("三层")]);
        joined.add("", &[holding("无主")]);
        joined.sort();
        let of = |number| RecordKey::of_control_number(number).map(|key| joined.of(&key)).unwrap_or_default();
        assert_eq!(of("001"), [holding("一层"), holding("二层"), holding("三层")]);
        assert_eq!(of("002 "), [holding("阅览室")]);
        assert!(of("003").is_empty());
    }
}
