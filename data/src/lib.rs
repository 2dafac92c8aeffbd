//! Reference tables with their origin and licence, and the seeded sample consortium.
//!
//! The lowest crate: it knows no MARC parser, no index and no page.

pub mod marc8;
pub mod sample;
