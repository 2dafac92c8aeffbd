//! An open generation answers queries.
//!
//! `Catalogue` is immutable: a new generation is a new `Catalogue`. The way of a query: `grammar` reads what was
//! typed, `find` and `readings` make sets of documents, `filter` and `counts` intersect them, `rank` and `order`
//! put them in order, `advise` says what may help. Nothing here writes.

mod advise;
mod answer;
mod answering;
mod browse;
mod catalogue;
mod counts;
mod docs;
mod filter;
mod find;
mod gathered;
mod grammar;
mod headings;
mod lately;
mod marks;
mod numbers;
mod order;
mod pairs;
mod query;
mod rank;
mod readings;
mod same_work;
mod segment;
mod suggest;
mod texts;
mod words;
mod years;

#[cfg(test)]
mod tests;

pub use answer::{Advice, AdviceKind, Answer, Facets, Hit};
pub use browse::{EntryPage, HeadingKind, HeadingPage, HeadingRow, ShelfStart, Start};
pub use catalogue::{Catalogue, REACH};
pub use marks::Marks;
pub use query::{Query, SearchField, Sort};
pub use suggest::{MOST_SUGGESTIONS, Suggestion, SuggestionKind};
