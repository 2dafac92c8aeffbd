//! The report of a run beyond its line: files, first rejects, where all rejects are kept.

use std::path::{Path, PathBuf};

use indexer::archive::{LibraryArchive, Reject};
use indexer::pipeline::ImportReport;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What a person may want to see of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The files that were read.
    pub files: Vec<ReadFile>,
    /// The first rejects.
    pub rejects: Vec<Reject>,
    /// The folder of all rejects inside the data directory, if there are any.
    pub quarantine: Option<PathBuf>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadFile {
    /// Its name in the set: `a.zip!b.mrc`.
    pub name: String,
    /// Its bytes, decompressed.
    pub bytes: u64,
    /// Records in it, rejected ones too.
    pub records: u64,
    /// Those that could not be read.
    pub rejected: u64,
}

/// Files that a stored report names.
const MAX_FILES: usize = 1000;

impl Report {
    pub(crate) fn of(data_dir: &Path, library: &LibraryArchive, run: &str, report: &ImportReport) -> Self {
        let files = report.files.iter().take(MAX_FILES).map(|file| ReadFile {
            name: file.name.clone(),
            bytes: file.account.bytes,
            records: file.account.records,
            rejected: file.account.rejected,
        });
        let quarantine = library.quarantine(run).folder().strip_prefix(data_dir).ok().map(Path::to_owned);
        Self {
            files: files.collect(),
            rejects: report.rejects.clone(),
            quarantine: quarantine.filter(|_| report.rejected > 0),
        }
    }

    pub(crate) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|source| Error::Run { source })
    }
}
