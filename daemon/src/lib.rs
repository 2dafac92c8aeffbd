//! Moves files and messages on plain threads; knows clocks and locks, but neither tantivy nor HTTP pages.

pub mod build;
mod error;
pub mod harvest;
pub mod import;
pub mod lock;
pub mod runs;
pub mod settings;
pub mod undo;

pub use error::{Error, Result};
pub use lock::DataLock;
