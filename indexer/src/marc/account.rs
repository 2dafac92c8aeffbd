//! Where every byte of a file went: into a record, between records, or into quarantine.

use super::{Flaw, RawRecord, Record};

/// The totals of one contained file; the three byte counts add up to `bytes` (CONTRACT §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Bytes of the decompressed file.
    pub bytes: u64,
    /// Records and quarantined fragments.
    pub records: u64,
    /// Records that were read in spite of a flaw.
    pub repaired: u64,
    /// Fragments and records that could not be read.
    pub rejected: u64,
    /// Bytes of the records that were read.
    pub bytes_in_records: u64,
    /// Bytes between records that mean nothing: line ends, padding, XML around `<record>`.
    pub bytes_filler: u64,
    /// Bytes of rejects.
    pub bytes_quarantined: u64,
}

impl Account {
    pub(crate) fn framed(&mut self, length: u64) {
        self.bytes += length;
        self.records += 1;
        self.bytes_in_records += length;
    }

    pub(crate) fn quarantined(&mut self, length: u64) {
        self.bytes += length;
        self.records += 1;
        self.rejected += 1;
        self.bytes_quarantined += length;
    }

    pub(crate) fn filler(&mut self, length: u64) {
        self.bytes += length;
        self.bytes_filler += length;
    }

    /// Books what `parse` made of a framed record; call it once for each `Framed::Record`.
    pub fn settle(&mut self, raw: &RawRecord, outcome: &Result<(), Flaw>, record: &Record) {
        match outcome {
            Ok(()) if record.flaws.is_empty() => {}
            Ok(()) => self.repaired += 1,
            Err(_) => {
                self.rejected += 1;
                self.bytes_in_records -= raw.length.min(self.bytes_in_records);
                self.bytes_quarantined += raw.length;
            }
        }
    }

    /// Closes the account: a file in which no record was read is quarantined whole.
    pub fn close(&mut self) {
        if self.records == self.rejected {
            self.bytes_quarantined += self.bytes_filler;
            self.bytes_filler = 0;
        }
    }

    /// Whether every byte is accounted for.
    pub fn adds_up(&self) -> bool {
        self.bytes_in_records + self.bytes_filler + self.bytes_quarantined == self.bytes
    }
}
