//! Everything that crosses several stations of the indexer, or reads real files: one binary, one module a matter.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod analysis;
mod charsets;
mod consortium;
mod corpus;
mod flaws;
mod increments;
mod leavings;
mod marc_laws;
mod mutations;
mod nights;
mod reading;
mod reviews;
mod round_trip;
mod union;
