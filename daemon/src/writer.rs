//! The one writer of a data directory: its lock, its store, and what an import must know.
//!
//! Whoever has a `Writer` may change archives and catalogue; there is one at a time. Opening it puts in order what
//! a killed process left behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::archive::Archive;
use indexer::files::{Disk, FileLayer};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::harvest::Clock;
use crate::lock::{DataLock, Holder};
use crate::settings::{self, Settings, Source};
use crate::store::Store;
use crate::sync::Site;
use crate::{Result, leftovers};

/// The right to write in a data directory.
pub struct Writer {
    pub(crate) data_dir: PathBuf,
    pub(crate) store: Store,
    pub(crate) gate: settings::Gate,
    pub(crate) zone: TimeZone,
    /// By what a bucket is reached.
    pub(crate) access: settings::BucketAccess,
    /// Machines that are asked for files before a repository is.
    pub(crate) neighbours: Vec<String>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) files: Arc<dyn FileLayer>,
    /// Whether this process serves what comes in force.
    pub(crate) serves: bool,
    _lock: DataLock,
}

impl Writer {
    /// Takes the lock, or fails at once where another process has it.
    pub fn open(data_dir: &Path, settings: &Settings, holder: Holder, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::open_over(data_dir, settings, holder, clock, Arc::new(Disk))
    }

    /// The same over another file layer, so that tests can lose writes.
    pub fn open_over(
        data_dir: &Path,
        settings: &Settings,
        holder: Holder,
        clock: Arc<dyn Clock>,
        files: Arc<dyn FileLayer>,
    ) -> Result<Self> {
        let lock = DataLock::take_as(data_dir, holder)?;
        let writer = Self {
            data_dir: data_dir.to_owned(),
            store: Store::open(data_dir)?,
            gate: settings.gate,
            zone: TimeZone::get(&settings.timezone).unwrap_or(TimeZone::UTC),
            access: settings.snapshot.access.clone(),
            neighbours: settings.snapshot.neighbours.clone(),
            clock,
            files,
            serves: holder == Holder::Daemon,
            _lock: lock,
        };
        leftovers::put_in_order(&writer)?;
        Ok(writer)
    }

    /// The state beside archives and catalogue.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    pub(crate) fn archive(&self) -> Result<Archive> {
        Ok(Archive::open_with(&self.data_dir, Arc::clone(&self.files))?)
    }

    /// The data directory as repositories see it.
    pub fn site(&self) -> Site {
        Site {
            data_dir: self.data_dir.clone(),
            files: Arc::clone(&self.files),
            clock: Arc::clone(&self.clock),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The folder of a source's files on their way.
    pub(crate) fn inbox_of(&self, source: &Source) -> PathBuf {
        self.data_dir.join("inbox").join(source.library.as_str()).join(source.id.as_str())
    }

    /// The day as which data that came now counts.
    pub(crate) fn today(&self) -> String {
        self.now().to_zoned_datetime(self.zone.clone()).date().to_string()
    }
}
