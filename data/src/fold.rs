//! The table that makes characters one for searching: case, width, accents, traditional and variant Han.
//!
//! Text, so that a change shows in a diff; `indexer::analysis::fold` unpacks it. Origin: `tables/README.md`.

/// Rows `target TAB sources`; see the head of the file.
pub const TABLE: &str = include_str!("../tables/fold.tsv");
