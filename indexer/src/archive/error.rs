//! What can go wrong with the files of an archive; faulty records are values elsewhere.

use std::path::{Path, PathBuf};

/// Result of an archive operation.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the archive, with the file concerned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A stored file does not hold what its format says.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not hold.
        what: &'static str,
    },
    /// A stored file was written by a newer version.
    #[error("{path} has format version {found}, this program knows versions up to {known}")]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: u32,
        /// Highest version known here.
        known: u32,
    },
    /// A code that cannot name a folder.
    #[error("library code {code:?} cannot be the name of a folder")]
    BadCode {
        /// The code.
        code: String,
    },
    /// No pack has this name.
    #[error("{library} has no pack {pack:016x}")]
    NoSuchPack {
        /// Library asked for.
        library: String,
        /// First bytes of the pack's name.
        pack: u64,
    },
}

impl Error {
    pub(crate) fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    }

    pub(crate) fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    }

    pub(crate) fn damaged(path: &Path, what: &'static str) -> Self {
        Error::Damaged { path: path.to_owned(), what }
    }
}
