//! The one sentence: read → decode → map → archive → cluster → index; all rayon is here.
//!
//! `import` takes files into a library's archive, `build` makes a generation of what all archives hold.
//! Neither knows a clock, a lock or a terminal: time comes in as text, progress goes out through a trait.
//!
//! ```
//! use indexer::archive::{Archive, ImportMode};
//! use indexer::bib::LibraryCode;
//! use indexer::pipeline::{self, BuildOptions, DeltaLimits, Built, ImportRequest};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let data_dir = tempfile::tempdir()?;
//! let export = data_dir.path().join("北林.mrk");
//! std::fs::write(&export, "=LDR  00000nam0 2200000   450 \n=001  012005000123\n=200  1\\$a红楼梦\n")?;
//!
//! let archive = Archive::open(data_dir.path())?;
//! let request = ImportRequest {
//!     library: LibraryCode::new("BJFU"),
//!     mode: ImportMode::Full,
//!     paths: vec![export],
//!     run: "first".to_owned(),
//! };
//! assert_eq!(pipeline::import(&archive, &request, &())?.new, 1);
//!
//! let options = BuildOptions { full: false, limits: DeltaLimits::default(), threads: 1, memory_bytes: 32 << 20, built_at: String::new() };
//! assert!(matches!(pipeline::build(data_dir.path(), &options, &())?, Built::New { .. }));
//! # Ok(())
//! # }
//! ```

mod build;
mod changes;
mod decisions;
mod delta;
mod entries;
mod error;
mod examine;
mod file_end;
mod file_set;
mod forest;
mod framing;
mod import;
mod import_report;
mod joined_holdings;
mod kept;
mod library_records;
mod matching;
mod member_record;
mod members;
mod members_before;
mod parts;
mod plan;
mod pool;
mod profile;
mod profile_preview;
mod progress;
mod quality;
mod record_keys;
mod redirects;
mod removal_list;
mod retention;
mod sketch;
mod source;
#[cfg(test)]
mod tests;
mod touched;
mod work;

pub use build::{BuildCounts, BuildOptions, Built, DeltaLimits, Way, build, build_from};
pub use decisions::{decide, decisions};
pub use error::{Error, Result};
pub use file_set::{SetFile, files_of};
pub use import::{ImportRequest, Impression, PreparedImport, import, prepare_import, prepare_import_with};
pub use import_report::{FileReport, ImportOutcome, ImportReport, MAX_NAMED_REJECTS};
pub use members::{MemberError, member_bibs};
pub use profile::{StoredProfile, ensure_profile, sample_of, stored_profile, use_profile};
pub use profile_preview::{Preview, confirm_profile, guess_again, preview_profile};
pub use progress::{Progress, Stage};
pub use quality::{FaultKind, Finding, QualityCounts, quality};
pub use record_keys::{MetRecord, record_keys};
pub use retention::remove_unneeded;
pub use sketch::{Sketch, sketch_of};

/// Starts the threads that all work here is done on; they take over the priority of whoever calls this first.
pub fn start_threads() {
    rayon::spawn(|| ());
}
