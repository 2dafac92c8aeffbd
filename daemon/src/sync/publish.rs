//! The generation in force goes into a repository: pieces first, what names them after, the timestamp last.
//!
//! It is published from a folder of its own with second names for all files, so that the writer of the catalogue may
//! go on, and even remove the generation, meanwhile. A cut before the last write leaves pieces that nobody names,
//! which the next publication finds and uses. At the end the repository is read back as a branch would read it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use indexer::archive::{Archive, Between, Carried, carry};
use indexer::bib::LibraryCode;
use indexer::files::remove_tree;
use indexer::index::{self, Changes, Generation, MANIFEST, changes_between};
use indexer::search::Catalogue;
use indexer::snapshot::tuf::{
    Client, Metadata, Role, SigningKey, Snapshot, TargetFile, Targets, Timestamp, sha256, signed, target_file,
};
use indexer::snapshot::{
    Block, CarriedRecords, ChangePack, MOST_PACKS, Manifest, Original, SnapshotFile, canaries, file_of,
    metadata_name, target_name,
};

use super::carrier::{Carrier, Folder};
use super::keys::{after, publisher_key};
use super::offer::{self, Custom, generations};
use super::repository::{Repository, put};
use super::{Site, moment_of, time_of};
use crate::{Error, Result};

const DAY: i64 = 86_400;
const TIMESTAMP_HOLDS: i64 = 14 * DAY;
const LISTS_HOLD: i64 = 365 * DAY;
/// A timestamp that holds no longer than this is signed anew though nothing changed.
const RENEWED_BEFORE: i64 = 10 * DAY;
/// Generations that stay in the list.
pub const KEPT: usize = 14;
/// Tries to take hold of a generation while others come in force.
const TRIES: usize = 5;

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The generation.
    pub generation: String,
    /// Whether it was in the repository already.
    pub is_there: bool,
    /// Bytes that were written.
    pub bytes_new: u64,
    /// Bytes of all its pieces.
    pub bytes: u64,
}

/// Publishes the generation in force.
pub fn publish(site: &Site, repository: &Path, tell: &dyn Fn(u64)) -> Result<Published> {
    let repository = Repository::lock(site, repository)?;
    let carrier = Folder::new(repository.root());
    let client = repository.opened(&carrier)?;
    let key = publisher_key(site)?;
    let known = known_manifests(&client, &carrier);
    let held = Held::of_generation_in_force(site)?;
    if let Some(newest) = known.last().filter(|newest| newest.generation == held.generation) {
        renew(site, &repository, &client, &key)?;
        let bytes = newest.all_files().map(SnapshotFile::stored).sum();
        return Ok(Published { generation: held.generation.clone(), is_there: true, bytes_new: 0, bytes });
    }
    let mut shelf = Shelf { repository: &repository, known: BTreeMap::new(), bytes_new: 0, tell };
    for file in known.iter().flat_map(Manifest::everything) {
        shelf.known.insert((file.blake3.clone(), file.bytes), file);
    }
    let manifest = shelf.describe(&held, known.last())?;
    let (bytes_new, bytes) = (shelf.bytes_new, manifest.all_files().map(SnapshotFile::stored).sum());
    let bytes_new = bytes_new + announce(site, &repository, &client, &key, &manifest)?;
    read_back(site, &repository, &manifest)?;
    Ok(Published { generation: manifest.generation, is_there: false, bytes_new, bytes })
}

/// Whether a folder is a repository that this data directory publishes into.
pub fn is_begun(site: &Site, repository: &Path) -> bool {
    repository.join(metadata_name(Role::Root, 1)).is_file()
        && super::keys::publisher_key_path(&site.data_dir).is_file()
}

// The manifests that the list names, oldest first; one that cannot be read is of no use for finding pieces again.
fn known_manifests(client: &Client, carrier: &Folder) -> Vec<Manifest> {
    let all = client.targets().map(generations).unwrap_or_default();
    all.into_iter().filter_map(|(_, name, target)| offer::manifest(carrier, name, target).ok()).collect()
}

/// A generation with second names for all its files.
struct Held<'a> {
    site: &'a Site,
    dir: PathBuf,
    generation: String,
    manifest: index::Manifest,
}

impl<'a> Held<'a> {
    fn of_generation_in_force(site: &'a Site) -> Result<Self> {
        let catalogue = site.catalogue();
        let mut last = None;
        for _ in 0..TRIES {
            let absent = || Error::Index(index::Error::Absent { path: catalogue.clone() });
            let generation = index::name_in_force(&catalogue).ok_or_else(absent)?;
            match Self::of(site, &generation) {
                Ok(held) => return Ok(held),
                // It was removed under our hands; another one is in force by now.
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or(Error::Stopped))
    }

    fn of(site: &'a Site, generation: &str) -> Result<Self> {
        let catalogue = site.catalogue();
        let (from, dir) = (catalogue.join(generation), catalogue.join("publishing"));
        remove_tree(&*site.files, &dir).map_err(Error::writing(&dir))?;
        site.files.create_dir_all(&dir).map_err(Error::writing(&dir))?;
        let manifest = index::manifest_of(&catalogue, generation);
        let damaged = || Error::Index(index::Error::Damaged { path: from.clone(), what: "its manifest" });
        let manifest = manifest.ok_or_else(damaged)?;
        let held = Self { site, dir, generation: generation.to_owned(), manifest };
        for name in held.names() {
            let (from, to) = (from.join(&name), held.dir.join(&name));
            if site.files.hard_link(&from, &to).is_err() {
                fs::copy(&from, &to).map_err(Error::writing(&to))?;
            }
        }
        Ok(held)
    }

    fn names(&self) -> Vec<String> {
        let files = self.manifest.files.iter().map(|file| file.name.clone());
        files.chain([MANIFEST.to_owned()]).collect()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // What cannot be removed now the next publication removes.
        let _ = remove_tree(&*self.site.files, &self.dir);
    }
}

/// Puts pieces on the shelf, those that are not there.
struct Shelf<'a> {
    repository: &'a Repository<'a>,
    known: BTreeMap<(String, u64), &'a SnapshotFile>,
    bytes_new: u64,
    tell: &'a dyn Fn(u64),
}

impl Shelf<'_> {
    fn describe(&mut self, held: &Held<'_>, newest: Option<&Manifest>) -> Result<Manifest> {
        // Opening compares every file with its hash: a damaged generation is not given on.
        let catalogue = Catalogue::open_folder(&held.dir).map_err(Error::Index)?;
        let questions = canaries(&catalogue).map_err(Error::Index)?;
        drop(catalogue);
        let mut files = Vec::new();
        for name in held.names() {
            let known = held.manifest.files.iter().find(|file| file.name == name);
            let known = known.and_then(|file| self.again(&name, &file.blake3, file.bytes));
            files.push(match known {
                Some(file) => file,
                None => self.file(&name, &held.dir.join(&name), false)?,
            });
        }
        let originals = self.originals(held)?;
        let packs = self.packs(held, newest)?;
        let published_at = time_of(held.site.clock.now()).to_string();
        Ok(Manifest::describe(&held.manifest, published_at, files, originals, packs, questions))
    }

    // Steps that lead to the generation before are good for this one where a step leads on from there.
    fn packs(&mut self, held: &Held<'_>, newest: Option<&Manifest>) -> Result<Vec<ChangePack>> {
        let newest = newest.filter(|newest| held.manifest.parent.as_ref() == Some(&newest.generation));
        let Some(newest) = newest else { return Ok(Vec::new()) };
        // The generation before may be gone from the disk; then this night is fetched as files.
        let Ok(parent) = Generation::open_folder(&held.site.catalogue().join(&newest.generation)) else {
            return Ok(Vec::new());
        };
        let child = Generation::open_folder(&held.dir)?;
        let Some(Changes { bytes, plain }) = changes_between(&parent, &child)? else { return Ok(Vec::new()) };
        let file = self.made("changes", &bytes)?;
        let records = self.records(held, parent.manifest())?;
        let mut packs = newest.packs.clone();
        let (from, to) = (newest.generation.clone(), held.generation.clone());
        packs.push(ChangePack { from, to, plain, records, file });
        let too_many = packs.len().saturating_sub(MOST_PACKS);
        packs.drain(..too_many);
        Ok(packs)
    }

    // A state that is gone, or a pack that cannot be read, costs bytes and nothing else: then the packs are fetched.
    fn records(&mut self, held: &Held<'_>, parent: &index::Manifest) -> Result<Option<CarriedRecords>> {
        let before = |code: &LibraryCode| parent.libraries.iter().find(|library| library.code == *code);
        let between: Vec<Between> = held
            .manifest
            .libraries
            .iter()
            .filter_map(|now| {
                let then = before(&now.code)?.state;
                Some(Between { library: now.code.clone(), then, now: now.state })
            })
            .collect();
        let carried = Archive::open(&held.site.data_dir).and_then(|archive| carry(&archive, &between));
        let carried = carried.unwrap_or_else(|error| {
            let reason = crate::import::chain(&error);
            tracing::warn!(reason, "the original records of {} go as files", held.generation);
            None
        });
        let Some(Carried { bytes, plain, n_packs }) = carried else { return Ok(None) };
        Ok(Some(CarriedRecords { plain, n_packs, file: self.made("records", &bytes)? }))
    }

    fn made(&mut self, name: &str, mut bytes: &[u8]) -> Result<SnapshotFile> {
        file_of(name, &mut bytes, true, &mut |block, bytes| {
            if self.repository.put_object(&block.blake3, bytes)? {
                self.bytes_new += block.stored;
            }
            Ok(())
        })
    }

    // Packs are removed when no generation on the disk needs them; ours is on the disk while it is held.
    fn originals(&mut self, held: &Held<'_>) -> Result<Vec<Original>> {
        let archive = held.site.data_dir.join("archive");
        let mut originals = Vec::new();
        for library in &held.manifest.libraries {
            let folder = archive.join(library.code.as_str()).join("packs");
            for pack in &held.manifest.packs {
                let name = format!("{pack}.pack");
                let path = folder.join(&name);
                let Ok(found) = fs::metadata(&path) else { continue };
                let file = match self.again(&name, pack, found.len()) {
                    Some(file) => file,
                    None => self.file(&name, &path, true)?,
                };
                originals.push(Original { library: library.code.clone(), file });
            }
        }
        Ok(originals)
    }

    // A file whose pieces are all on the shelf.
    fn again(&self, name: &str, blake3: &str, bytes: u64) -> Option<SnapshotFile> {
        let known = self.known.get(&(blake3.to_owned(), bytes))?;
        let is_there = |block: &Block| self.repository.has_object(&block.blake3, block.stored);
        known.blocks.iter().all(is_there).then(|| SnapshotFile { name: name.to_owned(), ..(*known).clone() })
    }

    fn file(&mut self, name: &str, path: &Path, is_packed_already: bool) -> Result<SnapshotFile> {
        let mut content = File::open(path).map_err(Error::reading(path))?;
        file_of(name, &mut content, is_packed_already, &mut |block, bytes| {
            if self.repository.put_object(&block.blake3, bytes)? {
                self.bytes_new += block.stored;
            }
            (self.tell)(block.bytes);
            Ok::<(), Error>(())
        })
    }
}

// What names the pieces, in the order in which it may be cut. The bytes that were written.
fn announce(
    site: &Site,
    repository: &Repository<'_>,
    client: &Client,
    key: &SigningKey,
    manifest: &Manifest,
) -> Result<u64> {
    let generation = manifest.generation.clone();
    let bytes = manifest.to_bytes().map_err(Error::writing(repository.root()))?;
    let name = format!("{generation}.json.zst");
    let plain = serde_json::to_vec(manifest).map_or(0, |text| text.len() as u64);
    let before = client.targets();
    let version = before.map_or(0, |targets| targets.version) + 1;
    let custom = serde_json::to_value(Custom { order: version, generation, plain }).unwrap_or_default();
    put(&*site.files, &repository.path(&target_name(&name, &sha256(&bytes))), &bytes)?;
    let mut targets: BTreeMap<String, TargetFile> =
        before.map(|targets| targets.targets.clone()).unwrap_or_default();
    targets.insert(name, TargetFile { custom, ..target_file(&bytes) });
    while targets.len() > KEPT {
        let oldest =
            targets.iter().min_by_key(|(_, target)| offer::custom(target).map_or(0, |custom| custom.order));
        let Some(oldest) = oldest.map(|(name, _)| name.clone()) else { break };
        targets.remove(&oldest);
    }
    let targets = Targets::new(version, after(site, LISTS_HOLD), targets);
    Ok(bytes.len() as u64 + sign_lists(site, repository, client.timestamp_version(), key, &targets)?)
}

fn sign_lists(
    site: &Site,
    repository: &Repository<'_>,
    timestamp_before: Option<u64>,
    key: &SigningKey,
    targets: &Targets,
) -> Result<u64> {
    let targets_bytes = signed(targets, &[key]);
    let path = |role, version| repository.path(&metadata_name(role, version));
    put(&*site.files, &path(Role::Targets, targets.version), &targets_bytes)?;
    // The snapshot names one list alone, so it has the list's version.
    let version = targets.version;
    let snapshot = Snapshot::new(version, after(site, LISTS_HOLD), version, &targets_bytes);
    let snapshot_bytes = signed(&snapshot, &[key]);
    put(&*site.files, &path(Role::Snapshot, version), &snapshot_bytes)?;
    let next = timestamp_before.unwrap_or(0) + 1;
    let timestamp = Timestamp::new(next, after(site, TIMESTAMP_HOLDS), version, &snapshot_bytes);
    let bytes = signed(&timestamp, &[key]);
    put(&*site.files, &path(Role::Timestamp, next), &bytes)?;
    Ok((targets_bytes.len() + snapshot_bytes.len() + bytes.len()) as u64)
}

// Nothing changed: the timestamp says so again before it holds no longer, and the lists long before they do.
fn renew(site: &Site, repository: &Repository<'_>, client: &Client, key: &SigningKey) -> Result<()> {
    let soon = after(site, RENEWED_BEFORE);
    if client.holds_until().is_some_and(|until| *until > soon) {
        return Ok(());
    }
    if let Some(targets) = client.targets() {
        let targets = Targets::new(targets.version + 1, after(site, LISTS_HOLD), targets.targets.clone());
        sign_lists(site, repository, client.timestamp_version(), key, &targets)?;
    }
    Ok(())
}

/// Signs all lists with a new key: what the old one signed is taken over as it lies there.
pub(super) fn sign_anew(site: &Site, repository: &Repository<'_>, key: &SigningKey) -> Result<()> {
    let lying = lying(repository);
    let version = lying.version + 1;
    let targets = Targets::new(version, after(site, LISTS_HOLD), lying.targets);
    sign_lists(site, repository, Some(lying.timestamp), key, &targets).map(drop)
}

struct Lying {
    version: u64,
    timestamp: u64,
    targets: BTreeMap<String, TargetFile>,
}

// The publisher's own folder, whose lists a changed key no longer vouches for: what they say of pieces is compared
// with these when it is read.
fn lying(repository: &Repository<'_>) -> Lying {
    let read = |name: &str| -> Option<serde_json::Value> {
        let text = fs::read(repository.path(name)).ok()?;
        serde_json::from_slice::<serde_json::Value>(&text).ok()?.get("signed").cloned()
    };
    let timestamp =
        read(&metadata_name(Role::Timestamp, 0)).and_then(|signed| Timestamp::of_json(&signed).ok());
    let version = timestamp.as_ref().map_or(0, |timestamp| timestamp.snapshot.version);
    let targets =
        read(&metadata_name(Role::Targets, version)).and_then(|signed| Targets::of_json(&signed).ok());
    Lying {
        version,
        timestamp: timestamp.map_or(0, |timestamp| timestamp.version),
        targets: targets.map(|targets| targets.targets).unwrap_or_default(),
    }
}

// As a branch would see it: the newest generation is ours, and every piece is there.
fn read_back(site: &Site, repository: &Repository<'_>, manifest: &Manifest) -> Result<()> {
    let carrier = Folder::new(repository.root());
    let client = repository.opened(&carrier)?;
    let found =
        client.targets().and_then(|targets| generations(targets).pop().map(|(custom, ..)| custom.generation));
    let until = client.holds_until().and_then(|time| moment_of(time.as_str()));
    let holds = until.is_some_and(|until| until > site.clock.now());
    let pieces = || manifest.everything().flat_map(|file| &file.blocks);
    let missing = pieces().find(|block| !repository.has_object(&block.blake3, block.stored));
    if found.as_ref() == Some(&manifest.generation) && holds && missing.is_none() {
        return Ok(());
    }
    let reason = match missing {
        Some(block) => format!("piece {} is not there after publishing", block.blake3),
        None => "what was published cannot be read back".to_owned(),
    };
    Err(Error::Source { place: carrier.place().to_owned(), reason })
}
