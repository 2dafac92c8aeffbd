//! Who vouches for a repository: the client side and the writing side of TUF 1.0 (The Update Framework), without
//! delegations, with Ed25519 alone.
//!
//! `client` follows the specification's workflow step by step over values; what it trusts it gives out to be
//! kept (`Trusted`). It reads no file, no clock and no network. `metadata` knows the four roles, `key` signatures,
//! `targets` the list of files, `envelope` a
//! file as it came, `canonical` the form over which signatures are made.

mod canonical;
mod client;
mod envelope;
mod key;
mod metadata;
mod targets;

pub use client::{Ask, Client, Expiry, Failure, Refreshed, Trusted};
pub use envelope::{signed, signed_by};
pub use key::{PublicKey, SigningKey, sha256};
pub use metadata::{Metadata, Role, RoleKeys, Root, Snapshot, Time, Timestamp};
pub use targets::{TargetFile, Targets, target_file};
