//! Other editions of the work that an entry belongs to; for display only, nothing is decided by it.

use crate::bib::Entry;
use crate::cluster::work_key;
use crate::index::Error;
use crate::search::Catalogue;

/// Entries looked at: of a work with more editions, some are not found.
const MAX_LOOKED_AT: usize = 400;

/// The entries of the same work, newest edition first.
pub(super) fn same_work(catalogue: &Catalogue, entry: &Entry, limit: usize) -> Result<Vec<Entry>, Error> {
    let Some(work) = work_key(&entry.bib) else { return Ok(Vec::new()) };
    let mut numbers = Vec::new();
    catalogue.generation.entries_with_key(work, &mut numbers);
    let mut found = Vec::new();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.truncate(MAX_LOOKED_AT);
    catalogue.generation.each_entry(&numbers, |other| {
        // The table of keys holds half of each key.
        if work_key(&other.bib) == Some(work) && other.id != entry.id {
            found.push(other);
        }
        Ok::<(), Error>(())
    })?;
    found.sort_by_key(|other| (std::cmp::Reverse(other.bib.year), other.id.clone()));
    found.truncate(limit);
    Ok(found)
}
