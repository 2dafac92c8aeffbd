//! A build by hand: takes the lock, chooses threads and memory, hands over to the pipeline.

use std::path::Path;
use std::sync::Arc;

use indexer::archive::Archive;
use indexer::files::{Disk, FileLayer};
use indexer::pipeline::{self, BuildOptions, Built, DeltaLimits, Progress};
use jiff::Timestamp;

use crate::import::remove_unneeded;
use crate::{DataLock, Result};

// Terms that wait to be written; states and buffers come on top and stay below a gigabyte together.
const MEMORY_BYTES: usize = 400 << 20;

/// Makes a generation of what the archives hold; `full` builds even where nothing changed.
pub fn build(data_dir: &Path, full: bool, now: Timestamp, progress: &dyn Progress) -> Result<Built> {
    build_over(data_dir, full, now, Arc::new(Disk), progress)
}

/// The same over another file layer, so that tests can lose writes.
pub fn build_over(
    data_dir: &Path,
    full: bool,
    now: Timestamp,
    files: Arc<dyn FileLayer>,
    progress: &dyn Progress,
) -> Result<Built> {
    let _lock = DataLock::take(data_dir)?;
    let archive = Archive::open_with(data_dir, files)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let options = BuildOptions {
        full,
        limits: DeltaLimits::default(),
        threads,
        memory_bytes: MEMORY_BYTES,
        built_at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let built = pipeline::build_from(&archive, &data_dir.join("catalogue"), &options, progress)?;
    remove_unneeded(&archive, data_dir);
    Ok(built)
}
