//! What the members allow borrowers, as far as notices of the consortium say; `daemon::requests` reads it.

/// A header row, the row `*` of whoever has none, then one library a row; yes and no, minutes, days, numbers.
pub const TABLE: &str = include_str!("../tables/lender_rules.tsv");
