//! Moves files and messages on plain threads; knows clocks and locks, but neither tantivy nor HTTP pages.

pub mod alert;
pub mod build;
pub mod central;
pub mod clock;
pub mod counter;
pub mod delivery;
pub mod desk;
pub mod directory;
pub mod doctor;
mod error;
mod evidence;
pub mod freshness;
pub mod harvest;
pub mod health;
pub mod holds;
pub mod import;
pub mod jobs;
pub mod keys;
mod leftovers;
pub mod lock;
mod mail;
pub mod policy;
mod priority;
pub mod purchases;
pub mod quality;
pub mod reason;
pub mod registration;
pub mod report;
pub mod requests;
pub mod retry;
pub mod run;
pub mod runs;
pub mod settings;
pub mod sources;
pub mod statistics;
pub mod store;
pub mod sync;
pub mod systemd;
#[cfg(test)]
mod trial;
pub mod undo;
pub mod uploads;
mod writer;

pub use error::{Error, Result};
pub use lock::DataLock;
pub use writer::Writer;
