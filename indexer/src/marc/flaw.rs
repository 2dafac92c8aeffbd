//! What can be wrong with a record, as values.

/// How much a flaw hurts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Repaired without loss.
    Minor,
    /// Some text may be lost or wrong.
    Major,
    /// The record could not be read: a reject.
    Fatal,
}

/// A flaw and where it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Which one.
    pub code: FlawCode,
    /// Absolute byte offset in the decompressed file.
    pub at: u64,
}

/// Every flaw that the readers can raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlawCode {
    /// The length in the leader is not the record's length.
    WrongLength,
}
