//! Text → terms: folding, segmenting, pinyin, numbers; the same for index and query.
//!
//! Everything here is a pure function of text and of the embedded tables, so that the terms of a query and
//! those of a title agree on every machine. It knows no record and no index.

pub mod fold;
mod highlight;
pub mod numbers;
pub mod pinyin;
mod tokens;
mod words;

pub use highlight::{highlight, highlight_readings};
pub use tokens::{Mode, index_tokens, query_tokens, tokens};
pub use words::words;

/// Raised with every change of the terms that a text gives; part of the index format.
pub const ANALYSIS_VERSION: u32 = 1;

/// One line that differs whenever two programs would make different terms: kept in a generation's manifest.
pub fn fingerprint() -> String {
    format!(
        "analysis {ANALYSIS_VERSION}; fold {} {}; jieba 0.11; pinyin 0.11",
        fold::VERSION,
        fold::table_hash()
    )
}
