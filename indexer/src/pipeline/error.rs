//! What stops an import or a build; faulty records never do.

use std::path::PathBuf;

use crate::{archive, index, marc};

/// Result of a pipeline operation.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the pipeline.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder of the set is not there or cannot be listed.
    #[error("cannot open {path}")]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The set contains no file at all.
    #[error("{path} contains no file to read")]
    EmptySet {
        /// The folder.
        path: PathBuf,
    },
    /// A file of the set could not be read.
    #[error("cannot read {file}")]
    Read {
        /// Its name in the set.
        file: String,
        /// Why.
        #[source]
        source: marc::Error,
    },
    /// A stored holdings profile cannot be read.
    #[error("cannot read the holdings profile {path}")]
    Profile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
    /// A stored holdings profile is not what was written.
    #[error(
        "{path} is damaged or was changed by hand; where it is right as it is, remove its last line and import or \
         build again"
    )]
    ProfileChanged {
        /// The file.
        path: PathBuf,
    },
    /// A holdings profile cannot be written as text.
    #[error("cannot write a holdings profile")]
    ProfileText {
        /// Why.
        #[source]
        source: toml::ser::Error,
    },
    /// A work file of a build cannot be written or read.
    #[error("cannot use the work file {path}; is the disk full?")]
    Work {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A work file of a build does not hold what was written to it.
    #[error("the work files of the build do not add up; build again")]
    BrokenWork,
    /// A member record cannot be packed for a work file, or unpacked from it.
    #[error("cannot pack a record for the work files of the build")]
    Packing {
        /// Why.
        #[source]
        source: postcard::Error,
    },
    /// There are more records than a catalogue can number.
    #[error("the archives hold more records than one catalogue can number (4,294,967,295)")]
    TooMany,
    /// The file of decisions cannot be read.
    #[error(
        "line {line} of {path} is not a decision; correct or remove it, or put the file back from a backup"
    )]
    Decision {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A line of the file of decisions is not what was written.
    #[error(
        "line {line} of {path} is damaged or was changed by hand: its sum does not match; put the file back from a \
         backup, or remove `sum` from the line if it was changed on purpose"
    )]
    DecisionChanged {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
    },
    /// The index failed.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] archive::Error),
}

impl Error {
    pub(super) fn packing(source: postcard::Error) -> Self {
        Error::Packing { source }
    }
}
