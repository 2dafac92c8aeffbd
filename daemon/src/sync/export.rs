//! The stick: a repository in a folder that holds no more than one branch lacks, and the branch's list of what it has.
//!
//! `want/<CODE>.json` on the stick says which generation the branch had when the stick was last there; the hub leaves
//! out the pieces of that. Without it, or where that generation is long gone, everything is written. What is written
//! is read back from the stick before it is said to be done.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use indexer::bib::LibraryCode;
use indexer::index;
use indexer::snapshot::tuf::Role;
use indexer::snapshot::{Manifest, metadata_name, object_name, target_name};
use serde::{Deserialize, Serialize};

use super::carrier::{Carrier, Folder};
use super::offer::{self, generations};
use super::repository::{Repository, put};
use super::{Site, blocks};
use crate::{Error, Result};

/// What a branch says of itself on a stick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Want {
    /// The generation that it has.
    generation: Option<String>,
    /// Pieces that it has besides.
    #[serde(default)]
    pieces: BTreeSet<String>,
    /// Whether it wants the members' original records.
    originals: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The newest generation on the stick.
    pub generation: String,
    /// The one that the branch has, as far as is known.
    pub since: Option<String>,
    /// Bytes written now.
    pub bytes: u64,
    /// Bytes that were on the stick already.
    pub bytes_there: u64,
}

/// Writes onto a stick what a branch lacks of the newest generation of a repository.
pub fn export(
    site: &Site,
    from: &Path,
    stick: &Path,
    branch: Option<&LibraryCode>,
    tell: &dyn Fn(u64),
) -> Result<Exported> {
    let source = Repository::lock(site, from)?;
    let carrier = Folder::new(source.root());
    let client = source.opened(&carrier)?;
    let nothing = || Error::Index(index::Error::Absent { path: site.catalogue() });
    let targets = client.targets().ok_or_else(nothing)?;
    let all = generations(targets);
    let (_, name, target) = all.last().ok_or_else(nothing)?;
    let manifest = offer::manifest(&carrier, name, target)?;
    let want = branch.and_then(|code| read_want(stick, code));
    let has = want.as_ref().and_then(|want| want.generation.clone());
    let known = all.iter().find(|(custom, ..)| Some(&custom.generation) == has.as_ref());
    let known = known.map(|(_, name, target)| offer::manifest(&carrier, name, target)).transpose()?;
    let mut spared = want.as_ref().map(|want| want.pieces.clone()).unwrap_or_default();
    spared
        .extend(known.iter().flat_map(Manifest::all_files).flat_map(|f| &f.blocks).map(|b| b.blake3.clone()));
    let wants_originals = want.as_ref().is_none_or(|want| want.originals);

    let target_stick = Repository::lock(site, stick)?;
    let mut exported = Exported {
        generation: manifest.generation.clone(),
        since: known.map(|m| m.generation),
        bytes: 0,
        bytes_there: 0,
    };
    let originals = manifest.originals.iter().map(|original| &original.file).filter(|_| wants_originals);
    let blocks = manifest.files.iter().chain(originals).flat_map(|file| &file.blocks);
    for block in blocks.filter(|block| !spared.contains(&block.blake3)) {
        let piece = object_name(&block.blake3);
        if fs::read(target_stick.path(&piece)).is_ok_and(|bytes| block.is(&bytes)) {
            exported.bytes_there += block.stored;
            continue;
        }
        let bytes = read_piece(&carrier, &piece, block.stored)?;
        put(&*site.files, &target_stick.path(&piece), &bytes)?;
        let back = fs::read(target_stick.path(&piece)).map_err(Error::reading(&target_stick.path(&piece)))?;
        if !block.is(&back) {
            let reason = format!("{piece} reads otherwise than it was written: the stick is damaged");
            return Err(Error::Source { place: stick.display().to_string(), reason });
        }
        exported.bytes += block.stored;
        tell(block.stored);
    }
    let sha256 = target.sha256().unwrap_or_default();
    let lists = [
        target_name(name, sha256),
        metadata_name(Role::Targets, targets.version),
        metadata_name(Role::Snapshot, targets.version),
    ];
    let roots = (1..=client.root().version).map(|version| metadata_name(Role::Root, version));
    for list in roots.chain(lists).chain([metadata_name(Role::Timestamp, 0)]) {
        let bytes = fs::read(source.path(&list)).map_err(Error::reading(&source.path(&list)))?;
        put(&*site.files, &target_stick.path(&list), &bytes)?;
        exported.bytes += bytes.len() as u64;
    }
    Ok(exported)
}

fn read_piece(carrier: &dyn Carrier, name: &str, stored: u64) -> Result<Vec<u8>> {
    let missing = || indexer::snapshot::Refusal::Missing { name: name.to_owned() };
    Ok(carrier.read(name, stored)?.ok_or_else(missing)?)
}

/// Writes onto a stick what this branch has, so that the next export can leave it out.
pub fn leave_want(site: &Site, stick: &Path, branch: &LibraryCode, originals: bool) -> Result<()> {
    let want =
        Want { generation: index::name_in_force(&site.catalogue()), pieces: blocks::here(site), originals };
    let path = stick.join("want").join(format!("{branch}.json"));
    put(&*site.files, &path, &serde_json::to_vec(&want).unwrap_or_default())
}

// A stick goes through many hands: what cannot be read as a list is none.
fn read_want(stick: &Path, branch: &LibraryCode) -> Option<Want> {
    let path = stick.join("want").join(format!("{branch}.json"));
    let is_small = fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() < 4 << 20);
    is_small.then(|| serde_json::from_slice(&fs::read(path).ok()?).ok()).flatten()
}
