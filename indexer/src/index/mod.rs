//! Entries become a *generation*: an immutable folder that answers searches.
//!
//! Which fields there are and why is in `schema`, how an entry turns into terms in `document` and `terms`,
//! how a folder is written and put in force in `build` and `generation`.
//! Nothing here knows what a query is; the reading side is `search`.

mod build;
mod document;
mod error;
pub(crate) mod generation;
pub(crate) mod pack;
pub(crate) mod reading;
pub(crate) mod schema;
pub(crate) mod terms;

pub use build::{Builder, BuilderOptions};
pub(crate) use document::{class_form, number_form};
pub use error::Error;
pub use generation::{FileHash, GenerationSummary, LibraryData, Manifest, ManifestInput, manifest_in_force};
