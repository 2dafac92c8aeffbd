//! The one sentence: read → decode → map → archive → cluster → index; all rayon is here.
//!
//! `import` takes files into a library's archive, `build` makes a generation of what all archives hold.
//! Neither knows a clock, a lock or a terminal: time comes in as text, progress goes out through a trait.

mod error;
mod examine;
mod file_set;
mod framing;
mod import;
mod import_report;
mod progress;
mod removal_list;
#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use file_set::{SetFile, files_of};
pub use import::{ImportRequest, import};
pub use import_report::{FileReport, ImportOutcome, ImportReport, MAX_NAMED_REJECTS};
pub use progress::{Progress, Stage};
