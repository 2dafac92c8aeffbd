//! A build: chooses threads and memory, hands over to the pipeline.

use indexer::pipeline::{self, BuildOptions, Built, DeltaLimits, Progress};

use crate::Result;
use crate::import::remove_unneeded;
use crate::writer::Writer;

// Terms that wait to be written; states and buffers come on top and stay below a gigabyte together.
pub(crate) const MEMORY_BYTES: usize = 400 << 20;

/// Makes a generation of what the archives hold; `full` builds even where nothing changed.
pub fn build(writer: &Writer, full: bool, progress: &dyn Progress) -> Result<Built> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let options = BuildOptions {
        full,
        limits: DeltaLimits::default(),
        threads,
        memory_bytes: MEMORY_BYTES,
        built_at: writer.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let archive = writer.archive()?;
    let built = pipeline::build_from(&archive, &writer.data_dir.join("catalogue"), &options, progress)?;
    remove_unneeded(&archive, &writer.data_dir);
    Ok(built)
}
