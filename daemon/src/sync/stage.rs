//! A generation's folder beside those in service: filled file by file, each compared with its hash as it comes.
//!
//! `catalogue/pulling-<generation>` is never opened before it is whole, and never served before it has a name of a
//! generation. What is in it after a cut is taken up where it is right, and thrown away where it is not.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::archive::{Archive, Arrived, arrive};
use indexer::bib::LibraryCode;
use indexer::files::remove_tree;
use indexer::index::{self, Beside, Changes, FileHash, Generation};
use indexer::snapshot::{Fetch, Have, Manifest, Plan, Refusal, SnapshotFile};

use super::Site;
use super::blocks::{self, Blocks};
use super::neighbours::Neighbours;
use super::repository::put;
use crate::{Error, Result};

const PULLING: &str = "pulling-";
const BUFFER: usize = 256 << 10;

/// What is here of any generation.
pub(super) struct Inventory {
    pub(super) have: Have,
    // Where a file of a generation lies, by its hash.
    places: BTreeMap<String, Vec<PathBuf>>,
}

impl Inventory {
    pub(super) fn of(site: &Site, manifest: &Manifest) -> Self {
        let catalogue = site.catalogue();
        let have = Have { blocks: blocks::here(site), ..Have::default() };
        let mut inventory = Self { have, places: BTreeMap::new() };
        for generation in index::names_here(&catalogue) {
            let Some(own) = index::manifest_of(&catalogue, &generation) else { continue };
            inventory.add(&catalogue.join(&generation), own.files);
            // Of itself a manifest cannot say the hash.
            let path = catalogue.join(&generation).join(index::MANIFEST);
            if let Ok(bytes) = fs::read(&path) {
                let blake3 = blake3::hash(&bytes).to_hex().to_string();
                inventory.have.files.insert((blake3.clone(), bytes.len() as u64));
                inventory.places.entry(blake3).or_default().push(path);
            }
        }
        let named = manifest.files.iter().map(|file| FileHash {
            name: file.name.clone(),
            bytes: file.bytes,
            blake3: file.blake3.clone(),
        });
        inventory.add(&folder(site, &manifest.generation), named);
        for original in &manifest.originals {
            let path = original_path(site, &original.library, &original.file.name);
            if fs::metadata(path).is_ok_and(|found| found.len() == original.file.bytes) {
                inventory.have.originals.insert((original.library.clone(), original.file.name.clone()));
            }
        }
        inventory
    }

    // Files of a folder, as they are said to be; each is compared before it is used.
    fn add(&mut self, dir: &Path, files: impl IntoIterator<Item = FileHash>) {
        for FileHash { name, bytes, blake3 } in files {
            let path = dir.join(name);
            if fs::metadata(&path).is_ok_and(|found| found.len() == bytes) {
                self.have.files.insert((blake3.clone(), bytes));
                self.places.entry(blake3).or_default().push(path);
            }
        }
    }
}

/// Where a generation is put together.
pub(super) fn folder(site: &Site, generation: &str) -> PathBuf {
    site.catalogue().join(format!("{PULLING}{generation}"))
}

// What other programs call a library's folder is for the archive to say.
fn original_path(site: &Site, library: &LibraryCode, name: &str) -> PathBuf {
    site.data_dir.join("archive").join(library.as_str()).join("packs").join(name)
}

/// Removes what pulls of other generations left.
pub(super) fn clear_others(site: &Site, generation: Option<&str>) -> Result<()> {
    let own = generation.map(|generation| format!("{PULLING}{generation}"));
    let items = match fs::read_dir(site.catalogue()) {
        Ok(items) => items,
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(Error::reading(&site.catalogue())(cause)),
    };
    for item in items.flatten() {
        let name = item.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PULLING) && Some(&*name) != own.as_deref() {
            remove_tree(&*site.files, &item.path()).map_err(Error::writing(&item.path()))?;
        }
    }
    Ok(())
}

/// Removes pieces that nothing needs any more.
pub(super) fn clear_blocks(site: &Site) {
    // What stays is found by the next pull; it costs room, nothing else.
    let _ = remove_tree(&*site.files, &blocks::folder(site));
}

/// Brings what neighbours have of what is missing to where it belongs; whether anything came.
pub(super) fn ask_neighbours(
    site: &Site,
    manifest: &Manifest,
    plan: &Plan,
    neighbours: &mut Neighbours<'_>,
) -> Result<bool> {
    let dir = folder(site, &manifest.generation);
    for folder in [&dir, &blocks::folder(site)] {
        site.files.create_dir_all(folder).map_err(Error::writing(folder))?;
    }
    let mut is_any = false;
    // Of an empty file there is nothing to ask for.
    for fetch in plan.fetch.iter().filter(|fetch| fetch.file.bytes > 0) {
        if !neighbours.is_anybody() {
            break;
        }
        is_any |= neighbours.bring(&fetch.file, &target(site, &dir, fetch))?;
    }
    Ok(is_any)
}

fn target(site: &Site, dir: &Path, fetch: &Fetch) -> PathBuf {
    match &fetch.library {
        Some(library) => original_path(site, library, &fetch.file.name),
        None => dir.join(&fetch.file.name),
    }
}

/// Puts everything in its place, by what is here and what comes. Each file is durable when this returns.
pub(super) fn fill(
    site: &Site,
    manifest: &Manifest,
    inventory: &Inventory,
    plan: &Plan,
    blocks: &mut Blocks<'_>,
) -> Result<PathBuf> {
    let dir = folder(site, &manifest.generation);
    for folder in [&dir, &blocks::folder(site)] {
        site.files.create_dir_all(folder).map_err(Error::writing(folder))?;
    }
    remove_strangers(site, &dir, manifest)?;
    let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
    let all_blocks = plan.fetch.iter().flat_map(|fetch| &fetch.file.blocks);
    all_blocks.for_each(|block| *needed.entry(&block.blake3).or_default() += 1);
    for file in &plan.reuse {
        let target = dir.join(&file.name);
        if !take_over(site, file, inventory, &target)? {
            tracing::warn!(file = file.name, "a file here is damaged and is fetched again");
            assemble(site, file, &target, blocks)?;
        }
    }
    for fetch in &plan.fetch {
        let target = target(site, &dir, fetch);
        if !is_right(&target, &fetch.file) {
            assemble(site, &fetch.file, &target, blocks)?;
        }
        for block in &fetch.file.blocks {
            let left = needed.get_mut(block.blake3.as_str());
            if left.is_some_and(|left| {
                *left -= 1;
                *left == 0
            }) {
                blocks.forget(block);
            }
        }
    }
    site.files.sync_dir(&dir).map_err(Error::writing(&dir))?;
    Ok(dir)
}

/// Writes the layers again that lie between what is in force and the generation, step by step, and adds what came of
/// it to what is here. Nothing is said of whether it is right: each file is compared as it is taken over. A pack that
/// is not to be had, or does not fit what is here, is no trouble: then files are fetched.
pub(super) fn replay(
    site: &Site,
    manifest: &Manifest,
    plan: &Plan,
    inventory: &mut Inventory,
    blocks: &mut Blocks<'_>,
) -> Result<()> {
    let pieces = blocks::folder(site);
    site.files.create_dir_all(&pieces).map_err(Error::writing(&pieces))?;
    match replayed(site, plan, inventory, blocks) {
        // A line that broke goes on with the packs the next time.
        Err(error @ (Error::Refused(_) | Error::Index(_))) => {
            let reason = crate::import::chain(&error);
            tracing::warn!(reason, "{} is fetched as files", manifest.generation);
            clear_others(site, Some(&manifest.generation))
        }
        outcome => outcome,
    }
}

fn replayed(site: &Site, plan: &Plan, inventory: &mut Inventory, blocks: &mut Blocks<'_>) -> Result<()> {
    let steps = &plan.steps;
    let Some(first) = steps.first() else { return Ok(()) };
    let records = steps.iter().filter_map(|step| step.records.as_ref()).filter(|_| plan.carries_records);
    // All packs come before the first is used: a line that breaks costs no work.
    let all = steps.iter().map(|step| &step.file).chain(records.clone().map(|records| &records.file));
    for block in all.flat_map(|file| &file.blocks) {
        blocks.open(block)?;
    }
    for records in records {
        take_in(site, &whole(&records.file, blocks)?, records.plain, inventory)?;
    }
    let mut below = site.catalogue().join(&first.from);
    for step in steps {
        let parent = Arc::new(Generation::open_folder(&below)?);
        let changes = Changes { bytes: whole(&step.file, blocks)?, plain: step.plain };
        let dir = site.catalogue().join(format!("{PULLING}step-{}", step.to));
        remove_tree(&*site.files, &dir).map_err(Error::writing(&dir))?;
        let beside = Beside { generation: &step.to, dir: &dir, memory_bytes: crate::build::MEMORY_BYTES };
        let made = index::replay(&parent, &changes, beside, Arc::clone(&site.files))?;
        if below != site.catalogue().join(&first.from) {
            remove_tree(&*site.files, &below).map_err(Error::writing(&below))?;
        }
        if step.to == steps[steps.len() - 1].to {
            inventory.add(&dir, made.files);
        }
        below = dir;
    }
    Ok(())
}

// Packs of original records that are made here. Those that are not are missing still, and are fetched.
fn take_in(site: &Site, carried: &[u8], plain: u64, inventory: &mut Inventory) -> Result<()> {
    let archive = Archive::open_with(&site.data_dir, Arc::clone(&site.files));
    let arrived = match archive.and_then(|archive| arrive(&archive, carried, plain)) {
        Ok(arrived) => arrived,
        Err(error) => {
            let reason = crate::import::chain(&error);
            tracing::warn!(reason, "original records are fetched as files");
            return Ok(());
        }
    };
    for Arrived { library, path, bytes } in arrived {
        if fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            continue;
        }
        put(&*site.files, &path, &bytes)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        inventory.have.originals.insert((library, name));
    }
    Ok(())
}

fn whole(file: &SnapshotFile, blocks: &mut Blocks<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for block in &file.blocks {
        bytes.extend(blocks.open(block)?);
    }
    if blake3::hash(&bytes).to_hex().as_str() != file.blake3 {
        return Err(Refusal::Altered { name: file.name.clone(), what: "hash" }.into());
    }
    Ok(bytes)
}

// Files that an earlier try left and that do not belong to it.
fn remove_strangers(site: &Site, dir: &Path, manifest: &Manifest) -> Result<()> {
    for item in fs::read_dir(dir).map_err(Error::reading(dir))?.flatten() {
        let name = item.file_name();
        if manifest.files.iter().all(|file| *file.name != *name) {
            site.files.remove(&item.path()).map_err(Error::writing(&item.path()))?;
        }
    }
    Ok(())
}

// By a second name where the file system knows such, else by a copy; whether there was one that is right.
fn take_over(site: &Site, file: &SnapshotFile, inventory: &Inventory, target: &Path) -> Result<bool> {
    if is_right(target, file) {
        return Ok(true);
    }
    remove_if_there(site, target)?;
    let places = inventory.places.get(&file.blake3).into_iter().flatten();
    let Some(place) = places.filter(|place| *place != target).find(|place| is_right(place, file)) else {
        return Ok(false);
    };
    if site.files.hard_link(place, target).is_err() {
        copy(site, place, target).map_err(Error::writing(target))?;
        return Ok(is_right(target, file));
    }
    Ok(true)
}

fn copy(site: &Site, from: &Path, to: &Path) -> std::io::Result<()> {
    let (mut from, mut to) = (File::open(from)?, site.files.create(to)?);
    let mut buffer = vec![0; BUFFER];
    loop {
        match from.read(&mut buffer)? {
            0 => return to.sync(),
            n => to.write_all(&buffer[..n])?,
        }
    }
}

fn remove_if_there(site: &Site, path: &Path) -> Result<()> {
    match site.files.remove(path) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(Error::writing(path)(cause)),
        _ => Ok(()),
    }
}

// A file out of its pieces. It gets its name when it is whole, right and durable.
fn assemble(site: &Site, file: &SnapshotFile, target: &Path, blocks: &mut Blocks<'_>) -> Result<()> {
    let above = target.parent().unwrap_or(Path::new(""));
    site.files.create_dir_all(above).map_err(Error::writing(above))?;
    let unfinished = target.with_added_extension("new");
    let writing = || Error::writing(&unfinished);
    let mut out = site.files.create(&unfinished).map_err(writing())?;
    let mut hasher = blake3::Hasher::new();
    for block in &file.blocks {
        let bytes = blocks.open(block)?;
        hasher.update(&bytes);
        out.write_all(&bytes).map_err(writing())?;
    }
    if hasher.finalize().to_hex().as_str() != file.blake3 {
        return Err(Refusal::Altered { name: file.name.clone(), what: "hash" }.into());
    }
    out.sync().map_err(writing())?;
    drop(out);
    site.files.rename(&unfinished, target).map_err(Error::writing(target))?;
    site.files.sync_dir(above).map_err(Error::writing(above))
}

/// Whether a file is there and is the one that is meant.
pub(super) fn is_right(path: &Path, file: &SnapshotFile) -> bool {
    let hashed = || -> std::io::Result<String> {
        let mut read = File::open(path)?;
        if read.metadata()?.len() != file.bytes {
            return Ok(String::new());
        }
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; BUFFER];
        loop {
            match read.read(&mut buffer)? {
                0 => return Ok(hasher.finalize().to_hex().to_string()),
                n => hasher.update(&buffer[..n]),
            };
        }
    };
    hashed().is_ok_and(|hash| hash == file.blake3)
}

/// Room on the disk of the data directory; nothing where the system does not say.
#[cfg(unix)]
pub(super) fn room(site: &Site) -> Option<u64> {
    let found = rustix::fs::statvfs(&site.data_dir).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
pub(super) fn room(_site: &Site) -> Option<u64> {
    None
}
