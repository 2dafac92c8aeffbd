//! Pieces that no generation in the list needs any more are removed, in two steps with days in between.
//!
//! First they are marked with the day; only what was marked for the time of grace and is still not needed goes. So a
//! branch that began with an older list finishes, and what is published again meanwhile loses its mark.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use indexer::snapshot::tuf::Role;
use indexer::snapshot::{metadata_name, object_name, target_name};
use jiff::Timestamp;

use super::carrier::Folder;
use super::offer::{self, generations};
use super::repository::{Repository, put};
use super::{Site, moment_of, time_of};
use crate::{Error, Result};

/// How long what is marked stays.
pub const GRACE: Duration = Duration::from_secs(7 * 86_400);
/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Files that are marked now.
    pub marked: usize,
    /// Files that were removed.
    pub removed: usize,
    /// Bytes of those.
    pub bytes: u64,
}

impl std::ops::AddAssign for Pruned {
    fn add_assign(&mut self, other: Self) {
        self.marked += other.marked;
        self.removed += other.removed;
        self.bytes += other.bytes;
    }
}

/// Marks what is not needed and removes what was marked long enough ago.
pub fn prune(site: &Site, repository: &Path, grace: Duration) -> Result<Pruned> {
    let repository = Repository::lock(site, repository)?;
    let needed = needed(&repository)?;
    let path = repository.path(Marks::NAME);
    let before = Marks::read(fs::read(&path).ok());
    let (marks, gone) = weigh(files(&repository)?, &needed, &before, site.clock.now(), grace);
    let mut pruned = Pruned { marked: marks.len(), ..Pruned::default() };
    put(&*site.files, &path, &marks.to_bytes())?;
    for name in gone {
        let path = repository.path(&name);
        pruned.bytes += fs::metadata(&path).map_or(0, |found| found.len());
        site.files.remove(&path).map_err(Error::writing(&path))?;
        pruned.removed += 1;
    }
    Ok(pruned)
}

/// Since when which files are marked.
#[derive(Default)]
pub(super) struct Marks(BTreeMap<String, String>);

impl Marks {
    /// The file that holds them, in the repository.
    pub(super) const NAME: &str = "publisher.json";

    /// Marks that cannot be read are begun anew: then everything waits once more.
    pub(super) fn read(bytes: Option<Vec<u8>>) -> Self {
        Self(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Which of `files` are marked now, and which go.
pub(super) fn weigh(
    files: Vec<String>,
    needed: &BTreeSet<String>,
    before: &Marks,
    now: Timestamp,
    grace: Duration,
) -> (Marks, Vec<String>) {
    let grace = jiff::SignedDuration::try_from(grace).unwrap_or(jiff::SignedDuration::MAX);
    let (mut marks, mut gone) = (BTreeMap::new(), Vec::new());
    for name in files.into_iter().filter(|name| !needed.contains(name)) {
        let since = before.0.get(&name).cloned().unwrap_or_else(|| time_of(now).to_string());
        let age = moment_of(&since).map(|since| now.duration_since(since));
        // A mark from the future is a clock that stood wrong: it begins anew.
        let since = if age.is_some_and(|age| !age.is_negative()) { since } else { time_of(now).to_string() };
        if before.0.contains_key(&name) && age.is_some_and(|age| age >= grace) {
            gone.push(name);
        } else {
            marks.insert(name, since);
        }
    }
    (Marks(marks), gone)
}

// Everything that a branch may ask for which reads the list of today.
pub(super) fn needed(repository: &Repository<'_>) -> Result<BTreeSet<String>> {
    let carrier = Folder::new(repository.root());
    let client = repository.opened(&carrier)?;
    let mut needed = BTreeSet::from([metadata_name(Role::Timestamp, 0)]);
    needed.extend((1..=client.root().version).map(|version| metadata_name(Role::Root, version)));
    let Some(targets) = client.targets() else { return Ok(needed) };
    for role in [Role::Snapshot, Role::Targets] {
        needed.insert(metadata_name(role, targets.version));
    }
    for (_, name, target) in generations(targets) {
        // A manifest that cannot be read would make its pieces look useless: then nothing is removed.
        let manifest = offer::manifest(&carrier, name, target)?;
        needed.extend(target.sha256().map(|sha256| target_name(name, sha256)));
        let blocks = manifest.everything().flat_map(|file| &file.blocks);
        needed.extend(blocks.map(|block| object_name(&block.blake3)));
    }
    Ok(needed)
}

// All files that a repository consists of, by their names in it.
fn files(repository: &Repository<'_>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in ["metadata", "targets", "objects"] {
        collect(repository, folder, &mut names)?;
    }
    Ok(names)
}

fn collect(repository: &Repository<'_>, folder: &str, names: &mut Vec<String>) -> Result<()> {
    let path = repository.path(folder);
    let items = match fs::read_dir(&path) {
        Ok(items) => items,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(Error::reading(&path)(cause)),
    };
    for item in items {
        let item = item.map_err(Error::reading(&path))?;
        let Ok(name) = item.file_name().into_string() else { continue };
        let name = format!("{folder}/{name}");
        if item.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(repository, &name, names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
