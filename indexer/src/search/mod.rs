//! An open generation answers queries.
//!
//! `Catalogue` is immutable: a new generation is a new `Catalogue`.

mod answer;
mod query;

pub use answer::{Advice, AdviceKind, Answer, Facets, Hit};
pub use query::{Query, SearchField, Sort};
