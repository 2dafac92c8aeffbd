//! What can go wrong between an entry and an answer; every message names the path and what to do.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of the index or of a search in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("cannot {what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The search engine refused.
    #[error("the index in {path} does not work")]
    Engine {
        /// The generation's folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Box<tantivy::TantivyError>,
    },
    /// There is no generation yet.
    #[error("there is no catalogue in {path} yet: run `lianmu build`")]
    Absent {
        /// The catalogue's folder.
        path: PathBuf,
    },
    /// The generation was written by another version of this program.
    #[error(
        "the catalogue in {path} was written in {found}, this program reads {expected}: run `lianmu build`"
    )]
    OtherVersion {
        /// The generation's folder.
        path: PathBuf,
        /// What it says of itself.
        found: String,
        /// What this program writes.
        expected: String,
    },
    /// A file of the generation is damaged.
    #[error("{path} is damaged ({what}): run `lianmu build --full`")]
    Damaged {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// More than the format can hold.
    #[error("{bytes} bytes are more than {path} can hold")]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// How much it was.
        bytes: usize,
    },
    /// A thread of the build ended before its time.
    #[error("the build stopped: run it again")]
    Stopped,
    /// An entry's id is not one of ours.
    #[error("{id} is not the id of an entry")]
    BadId {
        /// The id.
        id: String,
    },
    /// `page × per_page` is beyond what can be reached.
    #[error("page {page} of {per_page} a page is beyond the first {limit} hits")]
    TooFar {
        /// The page asked for.
        page: u32,
        /// Hits a page.
        per_page: u32,
        /// The last hit that can be reached.
        limit: u32,
    },
}

impl Error {
    pub(crate) fn io(what: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { what, path, source }
    }

    pub(crate) fn engine<S: Into<tantivy::TantivyError>>(path: impl AsRef<Path>) -> impl FnOnce(S) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Engine { path, source: Box::new(source.into()) }
    }

    pub(crate) fn damaged(path: impl AsRef<Path>, what: &'static str) -> Self {
        Self::Damaged { path: path.as_ref().to_owned(), what }
    }

    /// Whether trying again may help: only the operating system's failures pass by themselves.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Io { .. })
    }
}
