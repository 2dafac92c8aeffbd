//! A pack: records as received, in compressed blocks, with an index by which one is found in one seek.
//!
//! A pack never changes; its name is the BLAKE3 hash of its bytes. It knows bytes and positions, no keys.
//!
//! File `packs/<64 hex digits>.pack`, format version 2, numbers little endian:
//!
//! | part | bytes | meaning |
//! |---|---|---|
//! | head | 8 | `LMPACK`, 0x00, format version as one byte |
//! | blocks | | one zstd frame each, with its checksum |
//! | index | 4 | number of blocks |
//! | | 16 a block | 8 offset in the file, 4 compressed length, 4 number of its first slot |
//! | | 4 | number of slots |
//! | | 4 | number of words (names of source files, charsets, flaws), then for each 4 its length and itself in UTF-8 |
//! | tail | 20 | 8 first bytes of the BLAKE3 hash of the index, 8 offset of the index, 4 `LMPI` |
//!
//! A block decompresses to a column of heads and a column of bytes. First 4 bytes: length of the head column.
//! For each record, as LEB128 varints: carrier × 2, plus 1 where the bytes are the
//! short form of `directory`; word that names the source file; offset in that file; length
//! of the bytes as they lie here; 0 or 1 + the length in that file where it differs (a UTF-16 file); 0 or 1 + the word of the
//! charset that the file declares; number of flaws of its frame, and for each its word and its place after the
//! offset. A word that a later version added and this one does not know is passed over.
//!
//! Version 1 had no checksums, no short form, and the carrier as it is.

use std::cell::Cell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zstd::bulk::Decompressor;

use super::directory::restore;
use super::error::{Error, Result};
use super::repack::Unpacked;
use super::state::{u32_at, u64_at};
use crate::charset::Charset;
use crate::marc::{Carrier, Flaw, FlawCode, RawRecord};

pub(super) const MAGIC: &[u8; 7] = b"LMPACK\0";
pub(super) const VERSION: u8 = 2;
pub(super) const TAIL: &[u8; 4] = b"LMPI";
// Above this a block is no block of ours: a record is at most a few megabytes (DOMAIN §1.2 row 19).
const MAX_BLOCK: u64 = 256 << 20;
// Larger rooms are given back: a block is that large only for the sake of one huge record.
const KEPT_ROOM: usize = 4 << 20;

/// Name of a pack: the BLAKE3 hash of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackName(pub [u8; 32]);

impl PackName {
    /// The eight bytes that stand for it in a `RecordLocator`.
    pub fn prefix(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(first)
    }
}

impl std::fmt::Display for PackName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A record as it lies in a pack.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    /// Its bytes, carrier and offset.
    pub raw: RawRecord,
    /// The (contained) file in which it was received.
    pub source: Arc<str>,
}

/// An opened pack: its index in memory, its blocks on disk.
pub struct Pack {
    path: PathBuf,
    version: u8,
    blocks: Vec<Block>,
    n_slots: u32,
    words: Vec<Arc<str>>,
}

struct Block {
    offset: u64,
    length: u32,
    first_slot: u32,
}

impl Pack {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::reading(path))?;
        let length = file.metadata().map_err(Error::reading(path))?.len();
        let mut head = [0; 8];
        file.read_exact(&mut head).map_err(Error::reading(path))?;
        if head[..7] != MAGIC[..] || head[7] == 0 || length < 28 {
            return Err(Error::damaged(path, "it is not a pack"));
        }
        if head[7] > VERSION {
            return Err(Error::TooNew {
                path: path.to_owned(),
                found: head[7].into(),
                known: VERSION.into(),
            });
        }
        let version = head[7];
        let mut tail = [0; 20];
        file.seek(SeekFrom::Start(length - 20)).map_err(Error::reading(path))?;
        file.read_exact(&mut tail).map_err(Error::reading(path))?;
        let at = u64_at(&tail, 8);
        let end = length - if version < 2 { 12 } else { 20 };
        if tail[16..] != TAIL[..] || at < 8 || at > end {
            return Err(Error::damaged(path, "it has no index"));
        }
        let mut index = vec![0; (end - at) as usize];
        file.seek(SeekFrom::Start(at)).map_err(Error::reading(path))?;
        file.read_exact(&mut index).map_err(Error::reading(path))?;
        if version >= 2 && index_check(&index) != tail[..8] {
            return Err(Error::damaged(path, "the checksum of its index does not match"));
        }
        Self::from_index(path, version, &index, at)
            .ok_or_else(|| Error::damaged(path, "its index does not add up"))
    }

    fn from_index(path: &Path, version: u8, index: &[u8], end_of_blocks: u64) -> Option<Self> {
        let mut rest = index;
        let n_blocks = take_u32(&mut rest)?;
        let mut blocks: Vec<Block> = Vec::new();
        for _ in 0..n_blocks {
            let bytes = rest.split_off(..16)?;
            let block =
                Block { offset: u64_at(bytes, 0), length: u32_at(bytes, 8), first_slot: u32_at(bytes, 12) };
            let follows = match blocks.last() {
                None => block.first_slot == 0,
                Some(last) => block.first_slot > last.first_slot,
            };
            if !follows || block.offset.checked_add(block.length.into())? > end_of_blocks {
                return None;
            }
            blocks.push(block);
        }
        let n_slots = take_u32(&mut rest)?;
        if blocks.last().is_some_and(|last| last.first_slot >= n_slots) {
            return None;
        }
        let mut words = Vec::new();
        for _ in 0..take_u32(&mut rest)? {
            let length = take_u32(&mut rest)? as usize;
            words.push(std::str::from_utf8(rest.split_off(..length)?).ok()?.into());
        }
        Some(Self { path: path.to_owned(), version, blocks, n_slots, words })
    }

    pub(super) fn damaged(&self, what: &'static str) -> Error {
        Error::damaged(&self.path, what)
    }

    /// Number of blocks; each can be read by itself.
    pub fn n_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The block that holds a slot.
    pub fn block_of(&self, slot: u32) -> Option<usize> {
        (slot < self.n_slots).then(|| self.blocks.partition_point(|b| b.first_slot <= slot) - 1)
    }

    /// The slots of a block.
    pub fn slots_of(&self, block_idx: usize) -> std::ops::Range<u32> {
        let first = self.blocks[block_idx].first_slot;
        first..self.blocks.get(block_idx + 1).map_or(self.n_slots, |next| next.first_slot)
    }

    /// One record.
    pub(crate) fn record(&self, slot: u32) -> Result<StoredRecord> {
        let block_idx =
            self.block_of(slot).ok_or_else(|| Error::damaged(&self.path, "a slot is out of range"))?;
        let mut found = None;
        let wanted = |here| here == slot;
        self.for_each_in(block_idx, wanted, |_, raw, source| {
            found = Some(StoredRecord { raw: raw.clone(), source: Arc::clone(source) });
        })?;
        found.ok_or_else(|| Error::damaged(&self.path, "a block holds fewer records than the index says"))
    }

    /// Reads a block and calls for each of its records that is wanted, in order; what is not is passed over, which
    /// costs next to nothing.
    pub(crate) fn for_each_in(
        &self,
        block_idx: usize,
        wanted: impl FnMut(u32) -> bool,
        each: impl FnMut(u32, &RawRecord, &Arc<str>),
    ) -> Result<()> {
        thread_local! {
            static ROOM: Cell<BlockRoom> = Cell::default();
        }
        let mut room = ROOM.take();
        let outcome = self.read_block(block_idx, &mut room, wanted, each);
        if room.plain.capacity() <= KEPT_ROOM {
            ROOM.set(room);
        }
        outcome
    }

    fn read_block(
        &self,
        block_idx: usize,
        room: &mut BlockRoom,
        mut wanted: impl FnMut(u32) -> bool,
        mut each: impl FnMut(u32, &RawRecord, &Arc<str>),
    ) -> Result<()> {
        self.decompress(block_idx, room)?;
        let damaged = || Error::damaged(&self.path, "a block does not add up");
        let mut rest = room.plain.as_slice();
        let n_heads = take_u32(&mut rest).ok_or_else(damaged)? as usize;
        let mut heads = rest.split_off(..n_heads).ok_or_else(damaged)?;
        for slot in self.slots_of(block_idx) {
            let raw = &mut room.raw;
            raw.clear();
            let head = self.take_head(&mut heads, raw).ok_or_else(damaged)?;
            let stored = rest.split_off(..head.length).ok_or_else(damaged)?;
            if wanted(slot) {
                head.fill(stored, raw).ok_or_else(damaged)?;
                each(slot, raw, head.source);
            }
        }
        if heads.is_empty() && rest.is_empty() { Ok(()) } else { Err(damaged()) }
    }

    /// The blocks as they are before they are compressed, and what stands beside them.
    pub(super) fn unpacked(&self) -> Result<Unpacked> {
        let mut room = BlockRoom::default();
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for (block_idx, block) in self.blocks.iter().enumerate() {
            self.decompress(block_idx, &mut room)?;
            blocks.push((block.first_slot, room.plain.clone()));
        }
        let words = self.words.iter().map(|word| Box::from(&**word)).collect();
        Ok(Unpacked { blocks, n_slots: self.n_slots, words })
    }

    fn decompress(&self, block_idx: usize, room: &mut BlockRoom) -> Result<()> {
        let block = &self.blocks[block_idx];
        room.compressed.resize(block.length as usize, 0);
        // Opened for each block: cheap beside the block, and no position is shared between threads.
        let read = |bytes: &mut [u8]| -> std::io::Result<()> {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(block.offset))?;
            file.read_exact(bytes)
        };
        read(&mut room.compressed).map_err(Error::reading(&self.path))?;
        let length = zstd::zstd_safe::get_frame_content_size(&room.compressed).ok().flatten();
        let length = length.ok_or_else(|| self.damaged("a block does not say how long it is"))?;
        if length >= MAX_BLOCK {
            return Err(self.damaged("a block is too long"));
        }
        room.plain.clear();
        room.plain.reserve(length as usize);
        room.decompress().map_err(Error::reading(&self.path))
    }

    fn take_head(&self, heads: &mut &[u8], raw: &mut RawRecord) -> Option<Head<'_>> {
        let mut carrier = take_varint(heads)?;
        let is_short = self.version >= 2 && carrier & 1 == 1;
        if self.version >= 2 {
            carrier >>= 1;
        }
        raw.carrier = Carrier::from_number(u8::try_from(carrier).ok()?)?;
        let source = self.word(take_varint(heads)?)?;
        raw.offset = take_varint(heads)?;
        let length = usize::try_from(take_varint(heads)?).ok()?;
        let length_in_file = take_varint(heads)?.checked_sub(1);
        if let Some(word) = take_varint(heads)?.checked_sub(1) {
            raw.declared = Charset::from_label(self.word(word)?);
        }
        for _ in 0..take_varint(heads)? {
            let code = FlawCode::from_code(self.word(take_varint(heads)?)?);
            let at = raw.offset.wrapping_add(take_varint(heads)?);
            raw.flaws.extend(code.map(|code| Flaw { code, at }));
        }
        Some(Head { source, length, length_in_file, is_short })
    }

    fn word(&self, number: u64) -> Option<&Arc<str>> {
        self.words.get(usize::try_from(number).ok()?)
    }
}

/// Room for a block at a time; each thread uses its own again and again.
#[derive(Default)]
struct BlockRoom {
    decompressor: Option<Decompressor<'static>>,
    compressed: Vec<u8>,
    plain: Vec<u8>,
    raw: RawRecord,
}

impl BlockRoom {
    fn decompress(&mut self) -> std::io::Result<()> {
        let decompressor = match &mut self.decompressor {
            Some(decompressor) => decompressor,
            none => none.insert(Decompressor::new()?),
        };
        decompressor.decompress_to_buffer(&self.compressed, &mut self.plain).map(drop)
    }
}

/// What the head column says of a record besides what is in the record itself.
struct Head<'a> {
    source: &'a Arc<str>,
    /// Bytes in the column of bytes.
    length: usize,
    length_in_file: Option<u64>,
    is_short: bool,
}

impl Head<'_> {
    fn fill(&self, stored: &[u8], raw: &mut RawRecord) -> Option<()> {
        raw.bytes.clear();
        if self.is_short {
            restore(stored, &mut raw.bytes)?;
        } else {
            raw.bytes.extend_from_slice(stored);
        }
        raw.length = self.length_in_file.unwrap_or(raw.bytes.len() as u64);
        Some(())
    }
}

/// What a pack says of its index, so that a flipped bit is found.
pub(super) fn index_check(index: &[u8]) -> [u8; 8] {
    let mut first = [0; 8];
    first.copy_from_slice(&blake3::hash(index).as_bytes()[..8]);
    first
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    rest.split_off(..4).map(|bytes| u32_at(bytes, 0))
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
