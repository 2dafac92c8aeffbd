//! A repository in a folder goes to where only whole files can be put: pieces first, what names them after, the
//! timestamp last.
//!
//! The folder stays the original. A copy that is cut holds pieces that nobody names, which the next one finds. Nothing
//! rests on a condition at a write: there is one original, and whoever finds another one's list in its place stops.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use indexer::snapshot::metadata_name;
use indexer::snapshot::tuf::{Metadata, Role, Timestamp};

use super::Site;
use super::carrier::{Carrier, Folder};
use super::prune::{Marks, Pruned, needed, weigh};
use super::repository::{Repository, first_root};
use crate::harvest::Stop;
use crate::{Error, Result};

/// Tries of one step before a copy gives up; what is there stays.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// No list of marks is longer.
const MOST_MARKS: u64 = 64 << 20;
const MOST_TIMESTAMP: u64 = 16 << 10;

/// A place that takes whole files under their names, and tells which it has.
pub trait Depot: Carrier {
    /// Names and lengths of all files.
    fn names(&self) -> Result<BTreeMap<String, u64>>;

    /// Puts a file: whoever reads finds the old one or the new one.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<()>;

    /// Removes a file; one that is not there is removed.
    fn remove(&self, name: &str) -> Result<()>;
}

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mirrored {
    /// Files that were put.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Copies what the list of today needs of a repository. `tell` hears the bytes of each file as it is there.
pub fn mirror(site: &Site, repository: &Path, depot: &dyn Depot, tell: &dyn Fn(u64)) -> Result<Mirrored> {
    let repository = Repository::lock(site, repository)?;
    let carrier = Folder::new(repository.root());
    let own = own_timestamp(&carrier)?;
    let there = again(site, &|| timestamp_of(depot))?;
    is_ours(&carrier, depot, &own, there.as_deref())?;
    let is_new = there.as_ref() != Some(&own);
    let lying = again(site, &|| depot.names())?;
    let mut mirrored = Mirrored::default();
    for name in in_order(needed(&repository)?) {
        let path = repository.path(&name);
        let length = std::fs::metadata(&path).map_err(Error::reading(&path))?.len();
        // Lists of a new timestamp are put in any case: a copy that was cut may have left others of their length.
        let is_there = lying.get(&name) == Some(&length);
        let is_list = name.starts_with("metadata/") && !name.ends_with(".root.json");
        if is_there && !(is_list && is_new) {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(Error::reading(&path))?;
        again(site, &|| depot.put(&name, &bytes))?;
        mirrored.files += 1;
        mirrored.bytes += length;
        tell(length);
    }
    if again(site, &|| timestamp_of(depot))?.as_ref() != Some(&own) {
        return Err(Error::source(depot.place(), "what was put cannot be read back"));
    }
    Ok(mirrored)
}

/// Marks what a copy no longer needs and removes what was marked long enough ago, as `prune` does in the folder.
pub fn prune(site: &Site, repository: &Path, depot: &dyn Depot, grace: Duration) -> Result<Pruned> {
    let repository = Repository::lock(site, repository)?;
    let carrier = Folder::new(repository.root());
    if again(site, &|| timestamp_of(depot))? != Some(own_timestamp(&carrier)?) {
        let reason =
            "it does not hold the list of this hub: `lianmu snapshot publish` brings it up to date first";
        return Err(Error::source(depot.place(), reason));
    }
    let needed = needed(&repository)?;
    let lying = again(site, &|| depot.names())?;
    let is_file =
        |name: &&String| ["metadata/", "targets/", "objects/"].iter().any(|of| name.starts_with(of));
    let files = lying.keys().filter(is_file).cloned().collect();
    let before = again(site, &|| depot.read(Marks::NAME, MOST_MARKS))?;
    let (marks, gone) = weigh(files, &needed, &Marks::read(before), site.clock.now(), grace);
    again(site, &|| depot.put(Marks::NAME, &marks.to_bytes()))?;
    let mut pruned = Pruned { marked: marks.len(), ..Pruned::default() };
    for name in gone {
        again(site, &|| depot.remove(&name))?;
        pruned.removed += 1;
        pruned.bytes += lying.get(&name).copied().unwrap_or(0);
    }
    Ok(pruned)
}

// What may be read at any moment names only what is there: pieces, their manifests, roots, lists, the timestamp.
fn in_order(names: BTreeSet<String>) -> Vec<String> {
    let rank = |name: &String| match name.split('/').next() {
        Some("objects") => 0,
        Some("targets") => 1,
        _ if name.ends_with(".root.json") => 2,
        _ if name.ends_with(".targets.json") => 3,
        _ if name.ends_with(".snapshot.json") => 4,
        _ => 5,
    };
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_key(rank);
    names
}

fn timestamp_of(depot: &dyn Depot) -> Result<Option<Vec<u8>>> {
    depot.read(&metadata_name(Role::Timestamp, 0), MOST_TIMESTAMP)
}

fn own_timestamp(carrier: &Folder) -> Result<Vec<u8>> {
    let none = || Error::NotBegun { repository: carrier.place().into() };
    carrier.read(&metadata_name(Role::Timestamp, 0), MOST_TIMESTAMP)?.ok_or_else(none)
}

// A place that another hub fills, or that is ahead of a hub put back from a copy, is left as it is.
fn is_ours(carrier: &Folder, depot: &dyn Depot, own: &[u8], there: Option<&[u8]>) -> Result<()> {
    let root = first_root(depot)?;
    if root.is_some() && root != first_root(carrier)? {
        let reason = "another repository lies there: name another prefix, or empty this one first";
        return Err(Error::source(depot.place(), reason));
    }
    let Some(there) = there.filter(|there| *there != own) else { return Ok(()) };
    // The folder's own was judged when it was published; what cannot be read in the other place is written over.
    let (Some(own), Some(there)) = (versions(own), versions(there)) else { return Ok(()) };
    if own.0 > there.0 && own.1 > there.1 {
        return Ok(());
    }
    let reason = "it holds a newer list than this hub: the hub was put back from a copy, or another one publishes \
                  there; name another prefix";
    Err(Error::source(depot.place(), reason))
}

// Of a timestamp and of the lists that it names.
fn versions(timestamp: &[u8]) -> Option<(u64, u64)> {
    let document: serde_json::Value = serde_json::from_slice(timestamp).ok()?;
    let timestamp = Timestamp::of_json(document.get("signed")?).ok()?;
    Some((timestamp.version, timestamp.snapshot.version))
}

fn again<T>(site: &Site, step: &dyn Fn() -> Result<T>) -> Result<T> {
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        match step() {
            Err(error) if error.is_retryable() => {}
            outcome => return outcome,
        }
        site.clock.sleep(wait, &Stop::default());
        wait *= 2;
    }
    step()
}
