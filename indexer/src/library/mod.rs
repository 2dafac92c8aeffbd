//! The member libraries: table, overrides, pinyin filter.
//!
//! Answers who the members are and which of them a reader means. It knows no archive and no index: how many
//! records a library has is not its affair.

mod filter;
mod members;
mod readings;

pub use members::{Library, Members, Problem};
