//! How far a long piece of work has come; who shows it, and how, is not known here.

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Files are read into the archive; the unit is bytes of the files.
    Import,
    /// Records are read from the archive and mapped; the unit is records.
    Map,
    /// Records are compared; the unit is block keys.
    Match,
    /// Entries are made and indexed; the unit is entries.
    Index,
    /// The generation is being merged and made durable; the unit is unknown.
    Finish,
    /// A generation is on its way here; the unit is bytes.
    Fetch,
}

/// Told of progress, from any thread.
pub trait Progress: Sync {
    /// A stage begins; `total` units are expected, if that is known.
    fn begin(&self, stage: Stage, total: Option<u64>);
    /// So many more units are done, with so many records in them.
    fn advance(&self, units: u64, records: u64);
    /// The stage is over.
    fn end(&self);
}

/// Nobody is told.
impl Progress for () {
    fn begin(&self, _stage: Stage, _total: Option<u64>) {}
    fn advance(&self, _units: u64, _records: u64) {}
    fn end(&self) {}
}
