//! Entries become a *generation*: an immutable folder that answers searches.
//!
//! Which fields there are and why is in `schema`, how an entry turns into terms in `document` and `terms`. A
//! generation is made of layers (`layer`, `lanes`); `build` writes one, `carry` takes the others over, `rewrite`
//! makes a base of them all, `finish` describes the folder and `switch` puts it in force; `changes` carries what a
//! build did to another machine, where `replay` does it again; `generation` reads it for the next build.
//! Nothing here knows what a query is; the reading side is `search`.

mod bits;
mod blob;
mod build;
mod carry;
mod changes;
mod document;
mod error;
mod finish;
pub(crate) mod folder;
mod frame;
pub(crate) mod generation;
mod keys;
pub(crate) mod lanes;
pub(crate) mod layer;
mod manifest;
mod mapped;
pub(crate) mod orders;
mod out_file;
pub(crate) mod pack;
pub(crate) mod reading;
mod redirects;
mod replay;
pub(crate) mod retired;
mod rewrite;
pub(crate) mod schema;
mod sorted;
pub(crate) mod switch;
pub(crate) mod symbols;
pub(crate) mod terms;
mod verify;

pub use build::{Builder, BuilderOptions, Prepared};
pub use changes::{Changes, LARGEST_CHANGES, changes_between};
pub(crate) use document::{class_form, number_form};
pub use error::Error;
pub use generation::Generation;
pub use lanes::Segment;
pub use manifest::{
    EntryOrder, FileHash, Layer, LibraryData, MANIFEST, Manifest, ManifestInput, Review, ReviewReason,
    UnionData, versions,
};
pub use redirects::Successor;
pub use replay::{Beside, replay};
pub use rewrite::{can_rewrite, rewrite};
pub use switch::{
    GenerationSummary, install, is_generation_name, manifest_in_force, manifest_of, name_in_force,
    names_here, put_back,
};
