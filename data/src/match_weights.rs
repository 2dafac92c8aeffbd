//! What each comparison between two member records is worth; `indexer::cluster` adds the weights up.
//!
//! Text, so that a change shows in a diff. `cargo run --release -p benches --example learn_weights` writes it.

/// Rows `comparison TAB level TAB han TAB letters`.
pub const TABLE: &str = include_str!("../tables/match_weights.tsv");
