//! The packs that a night brought, small enough for a slow line.
//!
//! A record that changed is much like what it was. So the new packs go with their blocks unpacked, compressed
//! together with the old records in front, where zstd looks for likenesses; whoever has the old records writes the
//! same packs. A pack that does not come out byte for byte the same is not carried, and whoever receives compares.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{CParameter, DParameter};

use super::difference::{Difference, differences};
use super::error::{Error, Result};
use super::pack::PackName;
use super::repack::Unpacked;
use super::{Archive, is_library_folder};
use crate::bib::LibraryCode;

/// Bytes of old records, and of new packs, that are carried together at most; beyond, files are the shorter way.
const MOST: usize = 64 << 20;
/// Bytes that carried packs have at most, unpacked.
pub const LARGEST_CARRIED: u64 = 2 * MOST as u64;
// As far back as zstd looks: the old records and the new packs.
const WINDOW_LOG: u32 = 27;
const LEVEL: i32 = 19;

/// Two states of a library's archive, by their numbers.
#[derive(Clone, Debug)]
pub struct Between {
    /// Whose.
    pub library: LibraryCode,
    /// The state before.
    pub then: u64,
    /// The state now.
    pub now: u64,
}

/// Packs on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How many they are unpacked.
    pub plain: u64,
    /// How many packs come of them.
    pub n_packs: u32,
}

/// A pack that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Whose records it holds.
    pub library: LibraryCode,
    /// Where it belongs; not there yet.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Old records of a library: packs, and for each of them the slots as distances.
type Places = Vec<(LibraryCode, Vec<([u8; 32], Vec<u32>)>)>;

/// A new pack with its library and name.
type New = (LibraryCode, [u8; 32], Unpacked);

#[derive(Default, Serialize, Deserialize)]
struct Head {
    old: Places,
    body: Vec<u8>,
}

/// What the second states brought; nothing where there is nothing new, or too much.
///
/// Fails where a state or a pack cannot be read.
pub fn carry(archive: &Archive, between: &[Between]) -> Result<Option<Carried>> {
    let (mut places, mut new, mut n_new) = (Places::new(), Vec::<New>::new(), 0);
    for Between { library, then, now } in between.iter().filter(|between| between.then != between.now) {
        let archive = archive.library(library)?;
        let (then, now) = (archive.state_numbered(*then)?, archive.state_numbered(*now)?);
        for name in now.packs.iter().filter(|name| !then.packs.contains(name)) {
            let pack = archive.pack(name)?;
            let unpacked = pack.unpacked()?;
            n_new += unpacked.len();
            if n_new > MOST {
                return Ok(None);
            }
            let again = unpacked.packed().map_err(Error::reading(archive.folder()))?;
            if blake3::hash(&again).as_bytes() == &name.0 {
                new.push((library.clone(), name.0, unpacked));
            }
        }
        let mut old: BTreeMap<[u8; 32], Vec<u32>> = BTreeMap::new();
        for difference in differences(&then, &now) {
            if let Difference::Changed { old: slot, .. } = difference {
                old.entry(then.packs[slot.pack_idx()].0).or_default().push(slot.slot);
            }
        }
        places
            .push((library.clone(), old.into_iter().map(|(name, slots)| (name, distances(slots))).collect()));
    }
    if new.is_empty() {
        return Ok(None);
    }
    let Some(old) = old_records(archive, &places)? else { return Ok(None) };
    let packing = || Error::reading(archive.root());
    let plain = postcard::to_allocvec(&new).map_err(|cause| packing()(std::io::Error::other(cause)))?;
    let body = compressed(&plain, &old).map_err(packing())?;
    let head = postcard::to_allocvec(&Head { old: places, body });
    let bytes = head.map_err(|cause| packing()(std::io::Error::other(cause)))?;
    Ok(Some(Carried { bytes, plain: plain.len() as u64, n_packs: new.len() as u32 }))
}

/// The packs that come of carried bytes, for whoever has the old records; `plain` is how many bytes they are unpacked.
///
/// Fails where they do not belong to what is here, or are damaged.
pub fn arrive(archive: &Archive, bytes: &[u8], plain: u64) -> Result<Vec<Arrived>> {
    let damaged = |what| Error::damaged(archive.root(), what);
    let head: Head = postcard::from_bytes(bytes).map_err(|_| damaged("what was carried has no head"))?;
    let plain = usize::try_from(plain).ok().filter(|plain| *plain as u64 <= LARGEST_CARRIED);
    let plain = plain.ok_or_else(|| damaged("what was carried is too long"))?;
    let old = old_records(archive, &head.old)?.ok_or_else(|| damaged("what was carried names too much"))?;
    let plain = decompressed(&head.body, &old, plain).map_err(Error::reading(archive.root()))?;
    let new: Vec<New> = postcard::from_bytes(&plain).map_err(|_| damaged("what was carried is no pack"))?;
    let mut arrived = Vec::new();
    for (library, name, unpacked) in new {
        let bytes = unpacked.packed().map_err(Error::reading(archive.root()))?;
        // Another compressor writes other bytes: such a pack is fetched as a file.
        if blake3::hash(&bytes).as_bytes() == &name && is_library_folder(library.as_str()) {
            let packs = archive.library(&library)?.folder().join("packs");
            arrived.push(Arrived { path: packs.join(format!("{}.pack", PackName(name))), library, bytes });
        }
    }
    Ok(arrived)
}

fn distances(mut slots: Vec<u32>) -> Vec<u32> {
    slots.sort_unstable();
    let before = std::iter::once(0).chain(slots.iter().copied());
    slots.iter().zip(before).map(|(slot, before)| slot - before).collect()
}

/// The bytes of old records, one after the other; nothing where they are too many.
fn old_records(archive: &Archive, places: &Places) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    for (library, packs) in places.iter().filter(|(library, _)| is_library_folder(library.as_str())) {
        for (name, distances) in packs {
            let pack = archive.library(library)?.pack(&PackName(*name))?;
            let add = |at: &mut u32, distance: &u32| {
                *at = at.saturating_add(*distance);
                Some(*at)
            };
            let slots: Vec<u32> = distances.iter().scan(0, add).collect();
            for block in slots.chunk_by(|a, b| pack.block_of(*a) == pack.block_of(*b)) {
                let nowhere = || pack.damaged("a slot is out of range");
                let block_idx = block.first().and_then(|slot| pack.block_of(*slot)).ok_or_else(nowhere)?;
                let wanted = |slot| block.binary_search(&slot).is_ok();
                pack.for_each_in(block_idx, wanted, |_, raw, _| bytes.extend_from_slice(&raw.bytes))?;
                if bytes.len() > MOST {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some(bytes))
}

fn compressed(plain: &[u8], old: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = Compressor::with_dictionary(LEVEL, old)?;
    compressor.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
    compressor.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
    compressor.compress(plain)
}

fn decompressed(body: &[u8], old: &[u8], plain: usize) -> std::io::Result<Vec<u8>> {
    let mut decompressor = Decompressor::with_dictionary(old)?;
    decompressor.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
    decompressor.decompress(body, plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use std::fs;

    use super::*;
    use crate::archive::{ContentHash, ImportMode, RecordKey};
    use crate::marc::{Carrier, RawRecord};

    fn import(archive: &Archive, library: &str, mode: ImportMode, set: impl Iterator<Item = (u32, u32)>) {
        let library = archive.library(&LibraryCode::new(library)).unwrap();
        let mut changes = library.begin(mode).unwrap();
        changes.set_source("北林.mrc");
        for (number, year) in set {
            let said = blake3::hash(&number.to_le_bytes()).to_hex();
            let text = format!("={number:06}\n=200  1\\$a植物学{said}$f罗贯中著\n=210  $d{year}\n");
            let raw = RawRecord::new(text.into_bytes(), u64::from(number) * 100, Carrier::Mrk);
            let key = RecordKey::of_control_number(&number.to_string());
            changes.add(&raw, key, ContentHash::of(&raw), false).unwrap();
        }
        changes.commit().unwrap();
    }

    fn packs_of(archive: &Archive) -> Vec<PathBuf> {
        let folders = ["BJFU", "THU"].map(|code| archive.library(&LibraryCode::new(code)).unwrap());
        let folders = folders.map(|library| library.folder().join("packs"));
        let items = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let mut all: Vec<PathBuf> = items.map(|item| item.unwrap().path()).collect();
        all.sort();
        all
    }

    #[test]
    fn packs_arrive_byte_for_byte_and_damage_is_refused_or_seen() {
        let [hub, branch] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [hub, branch] = [&hub, &branch].map(|folder| Archive::open(folder.path()).unwrap());
        for archive in [&hub, &branch] {
            import(archive, "BJFU", ImportMode::Full, (0..4_000).map(|n| (n, 1999)));
            import(archive, "THU", ImportMode::Full, (0..9).map(|n| (n, 1999)));
        }
        assert_eq!(packs_of(&hub).len(), 2);
        import(&hub, "BJFU", ImportMode::Delta, (0..5_000).step_by(40).map(|n| (n, 2001)));
        import(&hub, "THU", ImportMode::Full, (3..12).map(|n| (n, 1999)));
        let numbers = |code: &str| {
            let now = hub.library(&LibraryCode::new(code)).unwrap().state().unwrap();
            Between { library: LibraryCode::new(code), then: now.previous, now: now.number }
        };
        let carried = carry(&hub, &[numbers("BJFU"), numbers("THU")]).unwrap().unwrap();
        assert_eq!(carried.n_packs, 2);
        let arrived = arrive(&branch, &carried.bytes, carried.plain).unwrap();
        let as_files: usize = arrived.iter().map(|pack| pack.bytes.len()).sum();
        assert!(2 * carried.bytes.len() < as_files, "{} of {as_files}", carried.bytes.len());
        for Arrived { path, bytes, .. } in arrived {
            fs::write(path, bytes).unwrap();
        }
        let [here, there] = [&branch, &hub].map(|archive| {
            packs_of(archive).into_iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
        });
        assert!(here == there && here.len() == 4);
        let nothing = tempfile::tempdir().unwrap();
        assert!(arrive(&Archive::open(nothing.path()).unwrap(), &carried.bytes, carried.plain).is_err());
        assert_eq!(carry(&hub, &[Between { then: numbers("THU").now, ..numbers("THU") }]).unwrap(), None);
        for at in (0..carried.bytes.len()).step_by(7) {
            let mut bytes = carried.bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            // What comes of it, if anything, is a pack that is named after what is in it.
            for Arrived { path, bytes, .. } in arrive(&branch, &bytes, carried.plain).unwrap_or_default() {
                let name = format!("{}.pack", blake3::hash(&bytes).to_hex());
                assert_eq!(path.file_name().unwrap().to_str(), Some(&*name));
            }
        }
    }
}
