//! Bytes in, catalogue out: the way of a record from an export file to a search hit.
//!
//! Pure but for the files of the archive and the catalogue: no network, no clock, no SQL, no async.
//! The modules stand in the order in which a record passes them; each may use only those above it.
#![warn(missing_docs)]

pub mod bib;

pub mod analysis;
pub mod library;

pub mod charset;
pub mod marc;

pub mod mapping;

pub mod files;

pub mod archive;

pub mod cluster;

pub mod index;
pub mod search;
pub mod snapshot;

pub mod export;
pub mod pipeline;
