//! Writes records into packs: gathers blocks, has a few at a time compressed, names the finished file.
//!
//! It knows the format of `pack` and nothing of keys, states and threads: whoever has several cores passes a
//! function that compresses blocks side by side. A pack that is not finished is a file with
//! the extension `new` that nobody names; the next import removes it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::directory::shorten;
use super::error::{Error, Result};
use super::pack::{MAGIC, PackName, TAIL, VERSION, index_check, put_varint};
use crate::files::{FileLayer, WriteFile};
use crate::marc::{Carrier, RawRecord};

// Large enough that zstd finds the repetitions of neighbours, small enough that one record is cheap to fetch.
const BLOCK: usize = 128 << 10;
// Blocks compressed together.
const GROUP: usize = 8;
// Directories go before compression, which makes more of a difference than the levels above do (benches/RESULTS.md).
const LEVEL: i32 = 3;
// What a night changes in a library is small and goes to every branch: a tenth smaller for three milliseconds.
const LEVEL_OF_FEW: i32 = 12;
const FEW_BLOCKS: usize = 2;
// A pack is what a branch fetches at a time.
const MAX_PACK: u64 = 64 << 20;

/// Compresses some blocks, in their order.
pub type CompressAll = fn(&[PendingBlock]) -> Vec<std::io::Result<Vec<u8>>>;

pub(super) fn one_by_one(blocks: &[PendingBlock]) -> Vec<std::io::Result<Vec<u8>>> {
    blocks.iter().map(PendingBlock::compressed).collect()
}

/// A block that is full but not compressed yet.
#[derive(Default)]
pub struct PendingBlock {
    first_slot: u32,
    heads: Vec<u8>,
    bytes: Vec<u8>,
    // Length of its records as they were received.
    n_received: usize,
    // Blocks of its pack, where they are all there.
    n_beside: usize,
}

pub(super) struct PackWriter {
    folder: PathBuf,
    compress_all: CompressAll,
    files: Arc<dyn FileLayer>,
    open: Option<OpenPack>,
    // Names of files, charsets and flaws that the heads of records point to; a pack has all of its writer's.
    words: Words,
    source: u64,
    /// The finished packs, in order.
    pub(super) finished: Vec<PackName>,
}

struct OpenPack {
    path: PathBuf,
    file: Box<dyn WriteFile>,
    hasher: blake3::Hasher,
    length: u64,
    index: Vec<u8>,
    n_blocks: u32,
    n_slots: u32,
    // Blocks that wait to be compressed; the last one is being filled.
    waiting: Vec<PendingBlock>,
    compress_all: CompressAll,
    // To see whether a record comes back as it was.
    restored: Vec<u8>,
}

impl PackWriter {
    pub(super) fn new(folder: &Path, files: Arc<dyn FileLayer>, compress_all: CompressAll) -> Self {
        Self {
            folder: folder.to_owned(),
            compress_all,
            files,
            open: None,
            words: Words::default(),
            source: 0,
            finished: Vec::new(),
        }
    }

    /// The records that follow come from this file.
    pub(super) fn set_source(&mut self, name: &str) {
        self.source = self.words.number(name);
    }

    /// Adds a record: number of the pack among those of this writer, and its slot.
    pub(super) fn add(&mut self, raw: &RawRecord) -> Result<(u32, u32)> {
        if self.open.as_ref().is_some_and(|pack| pack.length > MAX_PACK || pack.n_slots == u32::MAX) {
            self.finish_pack()?;
        }
        if self.words.list.is_empty() {
            self.set_source("");
        }
        let pack = match self.open.take() {
            Some(pack) => pack,
            None => self.create_pack()?,
        };
        let pack = self.open.insert(pack);
        let slot = pack.add(raw, self.source, &mut self.words)?;
        Ok((self.finished.len() as u32, slot))
    }

    /// Everything added is durable when this returns.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.finish_pack()
    }

    fn create_pack(&self) -> Result<OpenPack> {
        let path = self.folder.join(format!("{}.new", self.finished.len()));
        self.files.create_dir_all(&self.folder).map_err(Error::writing(&self.folder))?;
        let file = self.files.create(&path).map_err(Error::writing(&path))?;
        let mut pack = OpenPack {
            path,
            file,
            hasher: blake3::Hasher::new(),
            length: 0,
            index: Vec::new(),
            n_blocks: 0,
            n_slots: 0,
            waiting: Vec::new(),
            compress_all: self.compress_all,
            restored: Vec::new(),
        };
        pack.put(MAGIC)?;
        pack.put(&[VERSION])?;
        Ok(pack)
    }

    fn finish_pack(&mut self) -> Result<()> {
        let Some(pack) = self.open.take() else { return Ok(()) };
        let name = pack.finish(&self.folder, self.files.as_ref(), &self.words.list)?;
        self.finished.push(name);
        Ok(())
    }
}

impl OpenPack {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        self.file.write_all(bytes).map_err(Error::writing(&self.path))
    }

    fn add(&mut self, raw: &RawRecord, source: u64, words: &mut Words) -> Result<u32> {
        let slot = self.n_slots;
        if self.waiting.last().is_none_or(|block| block.n_received >= BLOCK) {
            if self.waiting.len() >= GROUP {
                self.compress()?;
            }
            self.waiting.push(PendingBlock { first_slot: slot, ..PendingBlock::default() });
        }
        if let Some(block) = self.waiting.last_mut() {
            let before = block.bytes.len();
            let is_short =
                raw.carrier == Carrier::Iso2709 && shorten(&raw.bytes, &mut block.bytes, &mut self.restored);
            if !is_short {
                block.bytes.extend_from_slice(&raw.bytes);
            }
            let stored = Stored { is_short, length: (block.bytes.len() - before) as u64 };
            block.n_received += raw.bytes.len();
            put_head(&mut block.heads, raw, stored, source, words);
        }
        self.n_slots += 1;
        Ok(slot)
    }

    fn compress(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let frames = (self.compress_all)(&waiting);
        for (block, frame) in waiting.iter().zip(frames) {
            let frame = frame.map_err(Error::writing(&self.path))?;
            self.index.extend_from_slice(&index_line(self.length, frame.len(), block.first_slot));
            self.n_blocks += 1;
            self.put(&frame)?;
        }
        Ok(())
    }

    fn finish(mut self, folder: &Path, files: &dyn FileLayer, words: &[Box<str>]) -> Result<PackName> {
        let n_blocks = self.n_blocks as usize + self.waiting.len();
        self.waiting.iter_mut().for_each(|block| block.n_beside = n_blocks);
        self.compress()?;
        let index = std::mem::take(&mut self.index);
        self.put(&foot(self.length, self.n_blocks, &index, self.n_slots, words))?;
        let name = PackName(*self.hasher.finalize().as_bytes());
        let path = folder.join(format!("{name}.pack"));
        self.file.sync().map_err(Error::writing(&self.path))?;
        drop(self.file);
        files.rename(&self.path, &path).map_err(Error::writing(&path))?;
        files.sync_dir(folder).map_err(Error::writing(folder))?;
        Ok(name)
    }
}

/// What follows the blocks of a pack, which end at `at`.
pub(super) fn foot(at: u64, n_blocks: u32, index: &[u8], n_slots: u32, words: &[Box<str>]) -> Vec<u8> {
    let mut foot = n_blocks.to_le_bytes().to_vec();
    foot.extend_from_slice(index);
    foot.extend_from_slice(&n_slots.to_le_bytes());
    foot.extend_from_slice(&(words.len() as u32).to_le_bytes());
    for word in words {
        foot.extend_from_slice(&(word.len() as u32).to_le_bytes());
        foot.extend_from_slice(word.as_bytes());
    }
    let check = index_check(&foot);
    foot.extend_from_slice(&check);
    foot.extend_from_slice(&at.to_le_bytes());
    foot.extend_from_slice(TAIL);
    foot
}

/// The line of a block in the index.
pub(super) fn index_line(at: u64, length: usize, first_slot: u32) -> [u8; 16] {
    let mut line = [0; 16];
    line[..8].copy_from_slice(&at.to_le_bytes());
    line[8..12].copy_from_slice(&(length as u32).to_le_bytes());
    line[12..].copy_from_slice(&first_slot.to_le_bytes());
    line
}

/// A block, compressed as a pack of so many blocks has it.
pub(super) fn frame(plain: &[u8], n_blocks: usize) -> std::io::Result<Vec<u8>> {
    let level = if n_blocks <= FEW_BLOCKS { LEVEL_OF_FEW } else { LEVEL };
    let mut compressor = zstd::bulk::Compressor::new(level)?;
    compressor.include_checksum(true)?;
    compressor.compress(plain)
}

/// Each word once.
#[derive(Default)]
struct Words {
    list: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, u64>,
}

impl Words {
    fn number(&mut self, word: &str) -> u64 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.list.len() as u64;
        self.list.push(word.into());
        self.numbers.insert(word.into(), number);
        number
    }
}

/// How the bytes of a record lie in a block.
struct Stored {
    is_short: bool,
    length: u64,
}

fn put_head(heads: &mut Vec<u8>, raw: &RawRecord, stored: Stored, source: u64, words: &mut Words) {
    let length = raw.bytes.len() as u64;
    let carrier = (raw.carrier as u64) << 1 | u64::from(stored.is_short);
    for number in [carrier, source, raw.offset, stored.length] {
        put_varint(heads, number);
    }
    put_varint(heads, if raw.length == length { 0 } else { raw.length.saturating_add(1) });
    put_varint(heads, raw.declared.map_or(0, |charset| 1 + words.number(charset.label())));
    put_varint(heads, raw.flaws.len() as u64);
    for flaw in &raw.flaws {
        put_varint(heads, words.number(flaw.code.code()));
        put_varint(heads, flaw.at.wrapping_sub(raw.offset));
    }
}

impl PendingBlock {
    /// Its compressed form.
    pub fn compressed(&self) -> std::io::Result<Vec<u8>> {
        let mut whole = Vec::with_capacity(4 + self.heads.len() + self.bytes.len());
        whole.extend_from_slice(&(self.heads.len() as u32).to_le_bytes());
        whole.extend_from_slice(&self.heads);
        whole.extend_from_slice(&self.bytes);
        frame(&whole, if self.n_beside == 0 { usize::MAX } else { self.n_beside })
    }
}
