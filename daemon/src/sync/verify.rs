//! What a repository holds, and whether all of it is what was signed.

use indexer::snapshot::tuf::{Client, Expiry};
use indexer::snapshot::{Manifest, SnapshotFile, object_name};

use super::carrier::Carrier;
use super::offer::{self, generations};
use super::{Site, state, time_of};
use crate::{Error, Result};

/// A generation in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub generation: String,
    /// When it was published.
    pub published_at: String,
    /// Its entries.
    pub entries: u64,
    /// Bytes of its pieces.
    pub bytes: u64,
    /// Bytes of those that the one before it in the list has not.
    pub bytes_new: u64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Generations.
    pub generations: usize,
    /// Pieces that were read and compared.
    pub pieces: usize,
    /// Bytes of those.
    pub bytes: u64,
    /// Names of those that are missing or wrong.
    pub faults: Vec<String>,
}

/// The generations of a repository, oldest first.
pub fn list(site: &Site, carrier: &dyn Carrier) -> Result<Vec<Listed>> {
    let mut before = std::collections::BTreeSet::new();
    let mut listed = Vec::new();
    for manifest in manifests(site, carrier)? {
        let blocks: std::collections::BTreeMap<String, u64> = manifest
            .all_files()
            .flat_map(|file| &file.blocks)
            .map(|b| (b.blake3.clone(), b.stored))
            .collect();
        let new = blocks.iter().filter(|(name, _)| !before.contains(*name)).map(|(_, stored)| stored).sum();
        listed.push(Listed {
            bytes: manifest.all_files().map(SnapshotFile::stored).sum(),
            bytes_new: new,
            generation: manifest.generation,
            published_at: manifest.published_at,
            entries: manifest.entries,
        });
        before = blocks.into_keys().collect();
    }
    Ok(listed)
}

/// Reads everything that a repository holds and compares it.
pub fn verify(site: &Site, carrier: &dyn Carrier) -> Result<Verified> {
    let manifests = manifests(site, carrier)?;
    let mut verified = Verified { generations: manifests.len(), ..Verified::default() };
    let mut seen = std::collections::BTreeSet::new();
    for block in manifests.iter().flat_map(Manifest::everything).flat_map(|file| &file.blocks) {
        if !seen.insert(&block.blake3) {
            continue;
        }
        let name = object_name(&block.blake3);
        match carrier.read(&name, block.stored)? {
            Some(bytes) if block.is(&bytes) => {
                verified.pieces += 1;
                verified.bytes += block.stored;
            }
            _ => verified.faults.push(name),
        }
    }
    Ok(verified)
}

fn manifests(site: &Site, carrier: &dyn Carrier) -> Result<Vec<Manifest>> {
    let client = opened(site, carrier)?;
    let all = client.targets().map(generations).unwrap_or_default();
    all.into_iter().map(|(_, name, target)| offer::manifest(carrier, name, target)).collect()
}

// By whom this machine trusts, else by the first root of the repository itself. Nothing is kept.
fn opened(site: &Site, carrier: &dyn Carrier) -> Result<Client> {
    let own = |bytes: Vec<u8>| -> Result<Client> { Ok(Client::pinned(&bytes)?) };
    let none = || Error::NotBegun { repository: carrier.place().into() };
    let first = super::repository::first_root(carrier)?.map(own).transpose()?;
    let mut client = match state::trusted(site)? {
        Some(client) => client,
        None => first.ok_or_else(none)?,
    };
    offer::refresh(&mut client, &time_of(site.clock.now()), Expiry::Told, carrier)?;
    Ok(client)
}
