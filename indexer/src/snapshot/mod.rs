//! A generation on its way to the branches: what is said of it, who vouches for that, and what a branch lacks of it.
//!
//! Pure: bytes in, values and plans out. `tuf` decides whether a repository's word is taken; `manifest` says which
//! files a generation is made of and in which blocks they lie; `block` cuts and packs them; `plan` finds what is
//! missing and the cheaper way to it; `canary` asks a generation questions whose answers are known. Moving
//! bytes, clocks and locks are the daemon's affair.

pub mod block;
mod canary;
mod layout;
mod manifest;
mod plan;
mod refusal;
pub mod tuf;

pub use canary::{Canary, canaries, check_canaries};
pub use layout::{metadata_name, object_name, target_name};
pub use manifest::{
    Block, CarriedRecords, ChangePack, Keep, LibraryDay, MOST_PACKS, Manifest, Original, SnapshotFile,
    file_of,
};
pub use plan::{Fetch, Have, Plan, Wanted, plan};
pub use refusal::Refusal;
