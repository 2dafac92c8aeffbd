//! An open generation, as pages ask it: entries by id, those beside one, what it holds of each library.

use std::collections::HashMap;
use std::sync::Arc;

use indexer::bib::{EditionId, Entry, LibraryCode};
use indexer::index::Successor;
use indexer::search::Catalogue;

use crate::error::WebError;
use crate::fresh::Freshnesses;

/// An open generation and what its manifest says of each library.
pub(crate) struct Open {
    /// The catalogue.
    pub(crate) catalogue: Arc<Catalogue>,
    libraries: HashMap<LibraryCode, LibraryState>,
}

/// The entries beside one.
pub(crate) struct Beside {
    /// Compared with it and kept apart.
    pub(crate) siblings: Vec<Entry>,
    /// Of the same work.
    pub(crate) same_work: Vec<Entry>,
}

/// So many entries beside one are looked at: of some works there are hundreds.
const MAX_BESIDE: usize = 100;

/// What a generation holds of one library.
#[derive(Clone, Debug, Default)]
pub(crate) struct LibraryState {
    /// Date of its data.
    pub(crate) as_of: Option<String>,
    /// Its records.
    pub(crate) records: u64,
}

impl Open {
    // A run that found nothing new makes no generation, and yet the data counts as of its day.
    pub(crate) fn new(catalogue: Arc<Catalogue>, fresh: &Freshnesses) -> Self {
        let states = catalogue.manifest().libraries.iter().map(|data| {
            let newer = fresh.get(&data.code).filter(|fresh| fresh.archive_state == data.state);
            let as_of = newer.map_or(&data.as_of, |fresh| &fresh.as_of).clone();
            (data.code.clone(), LibraryState { as_of, records: data.records })
        });
        let libraries = states.collect();
        Self { catalogue, libraries }
    }

    /// The entry with this id, or why there is none: an old id names its successor.
    pub(crate) fn find(&self, id: &str) -> Result<Entry, WebError> {
        let asked = EditionId::new(id);
        match self.catalogue.entry(&asked).map_err(WebError::internal)? {
            Some(entry) => Ok(entry),
            None => Err(match self.catalogue.successor(&asked) {
                Some(Successor::Entry(new)) => WebError::Merged { old: id.to_owned(), new },
                Some(Successor::Gone) => WebError::Gone(id.to_owned()),
                None => WebError::UnknownRecord(id.to_owned()),
            }),
        }
    }

    /// The entry that has this id now: an old id leads to its successor.
    pub(crate) fn find_now(&self, id: &str) -> Result<Entry, WebError> {
        match self.find(id) {
            Err(WebError::Merged { new, .. }) => self.find(new.as_str()),
            found => found,
        }
    }

    /// Other editions of an entry's work, and the entries that it was compared with and kept apart from.
    pub(crate) fn beside(&self, entry: &Entry) -> Result<Beside, WebError> {
        let sibling = |id| self.catalogue.entry(id).map_err(WebError::internal).transpose();
        let siblings = entry.siblings.iter().take(MAX_BESIDE).filter_map(sibling);
        Ok(Beside {
            siblings: siblings.collect::<Result<_, _>>()?,
            same_work: self.catalogue.same_work(entry, MAX_BESIDE).map_err(WebError::internal)?,
        })
    }

    /// What it holds of a library.
    pub(crate) fn library(&self, code: &LibraryCode) -> Option<&LibraryState> {
        self.libraries.get(code)
    }

    /// All libraries with data.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = (&LibraryCode, &LibraryState)> {
        self.libraries.iter()
    }
}
