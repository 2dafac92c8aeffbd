//! Moves files and messages on plain threads; knows clocks and locks, but neither tantivy nor HTTP pages.

pub mod settings;
