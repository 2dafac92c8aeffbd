//! A state: which records a library has now, and in which packs they lie.
//!
//! A state never changes once written; an import that changes anything writes the next number. It knows
//! hashes and places, no bytes of records. 44 bytes a record on disk and in memory.
//!
//! States are numbered across all libraries of a data directory, in the order of their imports: the number of
//! the state in which a key came first says which of two records of different libraries is the elder.
//!
//! File `states/<number, ten digits>.state`, format version 2, numbers little endian:
//!
//! | bytes | meaning |
//! |---|---|
//! | 8 | `LMSTATE` and 0x00 |
//! | 4 | format version |
//! | 8 | number of this state |
//! | 8 | number of the state before it, 0 if none |
//! | 4 | number of packs |
//! | 8 | number of records |
//! | 32 a pack | its BLAKE3 name |
//! | 44 a record, ascending by key | 16 key, 16 content hash, 4 index of the pack with bit 31 set for a holdings or authority record, 4 slot in the pack, 4 number of the state in which the key first came |
//! | 32 | BLAKE3 of all bytes before |
//!
//! Version 1 numbered each library by itself and had 40 bytes a record: its records count as there from the
//! beginning (`first_seen` 0).

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::error::{Error, Result};
use super::key::{ContentHash, RecordKey};
use super::pack::PackName;
use crate::files::FileLayer;

const MAGIC: &[u8; 8] = b"LMSTATE\0";
const VERSION: u32 = 2;
const HEADER: usize = 40;
const SLOT: usize = 44;
// Length of a record in version 1, which is how version 2 begins.
const SLOT_1: usize = 40;
const AUXILIARY: u32 = 1 << 31;
// Records read or written at a time: the hash likes long pieces.
const PIECE: usize = 4096;

/// A library's current records.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Its number among those of all libraries; 0 for the state before the first import.
    pub number: u64,
    /// The state it followed.
    pub previous: u64,
    /// The packs that its records lie in.
    pub packs: Vec<PackName>,
    /// Its records, ascending by key.
    pub slots: Vec<Slot>,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Identity within the library.
    pub key: RecordKey,
    /// Hash of what it says.
    pub content: ContentHash,
    pack: u32,
    /// Number of the record in its pack.
    pub slot: u32,
    /// Number of the state in which its key came to this library; a change does not renew it, a return does.
    pub first_seen: u32,
}

impl Slot {
    pub(super) fn new(key: RecordKey, content: ContentHash, auxiliary: bool) -> Self {
        Self { key, content, pack: if auxiliary { AUXILIARY } else { 0 }, slot: 0, first_seen: 0 }
    }

    /// Index of the pack in `State::packs`.
    pub fn pack_idx(&self) -> usize {
        (self.pack & !AUXILIARY) as usize
    }

    /// Whether the leader says holdings or authority: read before the bibliographic records.
    pub fn is_auxiliary(&self) -> bool {
        self.pack & AUXILIARY != 0
    }

    pub(super) fn set_pack_idx(&mut self, pack_idx: u32) {
        self.pack = self.pack & AUXILIARY | pack_idx & !AUXILIARY;
    }
}

/// What identifies a state without reading it whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Its number.
    pub number: u64,
    /// The state it followed.
    pub previous: u64,
    /// Number of its records.
    pub n_records: u64,
    /// First bytes of its checksum.
    pub checksum: u64,
}

impl Stamp {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::reading(path))?;
        let (mut header, mut checksum) = ([0; HEADER], [0; 32]);
        let mut read = || -> std::io::Result<()> {
            file.read_exact(&mut header)?;
            file.seek(SeekFrom::End(-32))?;
            file.read_exact(&mut checksum)
        };
        read().map_err(Error::reading(path))?;
        if header[..8] != MAGIC[..] {
            return Err(Error::damaged(path, "it is not a state"));
        }
        Ok(Self {
            number: u64_at(&header, 12),
            previous: u64_at(&header, 20),
            n_records: u64_at(&header, 32),
            checksum: u64_at(&checksum, 0),
        })
    }
}

impl State {
    /// The record with this key.
    pub fn find(&self, key: &RecordKey) -> Option<usize> {
        self.slots.binary_search_by(|slot| slot.key.cmp(key)).ok()
    }

    /// The number of the state in the file of this name.
    pub(super) fn number_in(path: &Path) -> Option<u64> {
        path.file_name()?.to_str()?.strip_suffix(".state")?.parse().ok()
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::reading(path))?;
        let length = file.metadata().map_err(Error::reading(path))?.len();
        let mut input = HashingReader { inner: BufReader::new(file), hasher: blake3::Hasher::new() };
        let mut header = [0; HEADER];
        input.read_exact(&mut header).map_err(Error::reading(path))?;
        if header[..8] != MAGIC[..] {
            return Err(Error::damaged(path, "it is not a state"));
        }
        let version = u32_at(&header, 8);
        if version > VERSION {
            return Err(Error::TooNew { path: path.to_owned(), found: version, known: VERSION });
        }
        let slot_length = if version < 2 { SLOT_1 } else { SLOT };
        let (n_packs, n_slots) = (u32_at(&header, 28) as u64, u64_at(&header, 32));
        let stated = n_slots
            .checked_mul(slot_length as u64)
            .map(|slots| slots.saturating_add(n_packs * 32 + HEADER as u64 + 32));
        if stated != Some(length) {
            return Err(Error::damaged(path, "its length is not what its header says"));
        }
        let mut state = Self {
            number: u64_at(&header, 12),
            previous: u64_at(&header, 20),
            packs: Vec::with_capacity(n_packs as usize),
            slots: Vec::with_capacity(n_slots as usize),
        };
        for _ in 0..n_packs {
            let mut name = [0; 32];
            input.read_exact(&mut name).map_err(Error::reading(path))?;
            state.packs.push(PackName(name));
        }
        let mut piece = vec![0; slot_length * PIECE];
        for first in (0..n_slots).step_by(PIECE) {
            let n_here = (n_slots - first).min(PIECE as u64) as usize;
            let piece = &mut piece[..n_here * slot_length];
            input.read_exact(piece).map_err(Error::reading(path))?;
            state.slots.extend(piece.chunks_exact(slot_length).map(decode));
        }
        let computed = *input.hasher.finalize().as_bytes();
        let mut stored = [0; 32];
        input.inner.read_exact(&mut stored).map_err(Error::reading(path))?;
        if computed != stored {
            return Err(Error::damaged(path, "its checksum does not match"));
        }
        let ascending = state.slots.windows(2).all(|pair| pair[0].key < pair[1].key);
        if !ascending || state.slots.iter().any(|slot| slot.pack_idx() >= state.packs.len()) {
            return Err(Error::damaged(path, "its records are out of order or out of range"));
        }
        Ok(state)
    }

    // Durable when this returns, but not yet in force.
    pub(super) fn write(&self, files: &dyn FileLayer, path: &Path) -> Result<()> {
        let temporary = path.with_added_extension("new");
        let write = || -> std::io::Result<()> {
            let mut file = files.create(&temporary)?;
            let mut hasher = blake3::Hasher::new();
            let mut put = |bytes: &[u8]| {
                hasher.update(bytes);
                file.write_all(bytes)
            };
            let mut header = Vec::with_capacity(HEADER);
            header.extend_from_slice(MAGIC);
            header.extend_from_slice(&VERSION.to_le_bytes());
            header.extend_from_slice(&self.number.to_le_bytes());
            header.extend_from_slice(&self.previous.to_le_bytes());
            header.extend_from_slice(&(self.packs.len() as u32).to_le_bytes());
            header.extend_from_slice(&(self.slots.len() as u64).to_le_bytes());
            put(&header)?;
            for name in &self.packs {
                put(&name.0)?;
            }
            let mut piece = Vec::with_capacity(SLOT * PIECE);
            for slots in self.slots.chunks(PIECE) {
                piece.clear();
                slots.iter().for_each(|slot| encode(slot, &mut piece));
                put(&piece)?;
            }
            let checksum = *hasher.finalize().as_bytes();
            file.write_all(&checksum)?;
            file.sync()?;
            drop(file);
            files.rename(&temporary, path)?;
            files.sync_dir(path.parent().unwrap_or(Path::new("")))
        };
        write().map_err(Error::writing(path))
    }
}

fn encode(slot: &Slot, out: &mut Vec<u8>) {
    out.extend_from_slice(slot.key.as_bytes());
    out.extend_from_slice(slot.content.as_bytes());
    out.extend_from_slice(&slot.pack.to_le_bytes());
    out.extend_from_slice(&slot.slot.to_le_bytes());
    out.extend_from_slice(&slot.first_seen.to_le_bytes());
}

// A record of version 1 ends before the last number.
fn decode(bytes: &[u8]) -> Slot {
    let mut key = [0; 16];
    let mut content = [0; 16];
    key.copy_from_slice(&bytes[..16]);
    content.copy_from_slice(&bytes[16..32]);
    Slot {
        key: RecordKey::from_bytes(key),
        content: ContentHash::from_bytes(content),
        pack: u32_at(bytes, 32),
        slot: u32_at(bytes, 36),
        first_seen: if bytes.len() < SLOT { 0 } else { u32_at(bytes, 40) },
    }
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

struct HashingReader<R> {
    inner: R,
    hasher: blake3::Hasher,
}

impl<R: Read> HashingReader<R> {
    fn read_exact(&mut self, out: &mut [u8]) -> std::io::Result<()> {
        self.inner.read_exact(out)?;
        self.hasher.update(out);
        Ok(())
    }
}
