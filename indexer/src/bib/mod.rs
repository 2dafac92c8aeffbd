//! The vocabulary: what a bibliographic record and a holding are once no MARC is left of them.
//!
//! Values only. How they are read is `mapping`'s affair, how they are stored `index`'s.

mod description;
mod entry;
mod grounds;
mod holding;
mod ids;
mod material_type;

pub use description::{Agent, AgentKind, Bib, Part, Series};
pub use entry::{BibField, Entry, LibraryHolding, Member, MemberLink, RecordLocator};
pub use grounds::Grounds;
pub use holding::{Holding, Lendable};
pub use ids::{EditionId, Isbn, Issn, LibraryCode};
pub use material_type::MaterialType;
