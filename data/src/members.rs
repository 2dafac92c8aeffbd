//! The member libraries that the program knows without being told.
//!
//! A data directory may override them by a file of the same columns. Origin: `tables/README.md`.

/// A header row, then one library a row.
pub const TABLE: &str = include_str!("../tables/members.tsv");
