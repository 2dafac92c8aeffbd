//! Where an entry stands in a base: neighbours in the index share terms and forms, and so take fewer bytes.

use super::record::MatchRecord;
use crate::bib::Bib;

/// Beginning of publisher, year and beginning of title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderKey([u8; 32]);

impl OrderKey {
    /// By what a record is compared by.
    pub fn of(record: &MatchRecord) -> Self {
        let mut key = [0; 32];
        let (publisher, year, title) = record.order();
        fill(&mut key[..12], publisher);
        key[12..14].copy_from_slice(&(year as u16 ^ 0x8000).to_be_bytes());
        fill(&mut key[14..], title);
        Self(key)
    }

    /// By a description.
    pub fn of_bib(bib: &Bib) -> Self {
        Self::of(&MatchRecord::of(bib))
    }
}

fn fill(slot: &mut [u8], text: &str) {
    let n = slot.len().min(text.len());
    slot[..n].copy_from_slice(&text.as_bytes()[..n]);
}
