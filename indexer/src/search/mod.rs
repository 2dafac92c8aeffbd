//! An open generation answers queries.
//!
//! `Catalogue` is immutable: a new generation is a new `Catalogue`.

mod answer;
mod answering;
mod catalogue;
mod directory;
mod docs;
mod query;
mod segment;
mod sides;

pub use answer::{Advice, AdviceKind, Answer, Facets, Hit};
pub use catalogue::{Catalogue, REACH};
pub use query::{Query, SearchField, Sort};
