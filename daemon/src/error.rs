//! What can go wrong in moving files and messages.

use std::path::{Path, PathBuf};

use indexer::{archive, pipeline};

use crate::undo::Refusal;

/// Result of a daemon operation.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the daemon.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process writes in the data directory.
    #[error("another lianmu is writing in {data_dir}; wait until it has finished, or stop it")]
    Locked {
        /// The data directory.
        data_dir: PathBuf,
    },
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No run has this name.
    #[error("no run is named {run}; `lianmu runs list` shows them all")]
    NoSuchRun {
        /// The name.
        run: String,
    },
    /// A run cannot be undone.
    #[error("cannot undo {run}")]
    CannotUndo {
        /// Its name.
        run: String,
        /// Why.
        #[source]
        source: Refusal,
    },
    /// A run cannot be written down.
    #[error("cannot write a run as a line of JSON")]
    Run {
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// An import or a build failed.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
}

impl Error {
    /// Whether the same may well succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Locked { .. })
    }

    pub(crate) fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    }

    pub(crate) fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    }
}
