//! Reference tables with their origin and licence, and the seeded sample consortium.
//!
//! The lowest crate: it knows no MARC parser, no index and no page.

pub mod fold;
pub mod marc8;
pub mod members;
pub mod pinyin;
pub mod sample;
