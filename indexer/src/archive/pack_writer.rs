//! Writes records into packs: gathers blocks, compresses a few at a time on all cores, names the finished file.
//!
//! It knows the format of `pack` and nothing of keys and states. A pack that is not finished is a file with
//! the extension `new` that nobody names; the next import removes it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::error::{Error, Result};
use super::file_layer::{FileLayer, WriteFile};
use super::pack::{MAGIC, PackName, TAIL, VERSION, put_varint};
use crate::marc::RawRecord;

// Large enough that zstd finds the repetitions of neighbours, small enough that one record is cheap to fetch.
const BLOCK: usize = 128 << 10;
// Blocks compressed together.
const GROUP: usize = 8;
const LEVEL: i32 = 6;
// A pack is what a branch fetches at a time.
const MAX_PACK: u64 = 64 << 20;

pub(super) struct PackWriter {
    folder: PathBuf,
    files: Arc<dyn FileLayer>,
    open: Option<OpenPack>,
    sources: Vec<Arc<str>>,
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
    waiting: Vec<Gathered>,
}

#[derive(Default)]
struct Gathered {
    first_slot: u32,
    heads: Vec<u8>,
    bytes: Vec<u8>,
}

impl PackWriter {
    pub(super) fn new(folder: &Path, files: Arc<dyn FileLayer>) -> Self {
        Self { folder: folder.to_owned(), files, open: None, sources: Vec::new(), finished: Vec::new() }
    }

    /// The records that follow come from this file.
    pub(super) fn set_source(&mut self, name: &str) {
        if self.sources.last().is_none_or(|last| **last != *name) {
            self.sources.push(name.into());
        }
    }

    /// Adds a record: number of the pack among those of this writer, and its slot.
    pub(super) fn add(&mut self, raw: &RawRecord) -> Result<(u32, u32)> {
        if self.open.as_ref().is_some_and(|pack| pack.length > MAX_PACK || pack.n_slots == u32::MAX) {
            self.finish_pack()?;
        }
        let source = self.sources.len().saturating_sub(1) as u64;
        let pack = match &mut self.open {
            Some(pack) => pack,
            closed => {
                closed.insert(OpenPack::create(&self.folder, self.files.as_ref(), self.finished.len())?)
            }
        };
        let slot = pack.add(raw, source)?;
        Ok((self.finished.len() as u32, slot))
    }

    /// Everything added is durable when this returns.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.open.is_some() {
            self.finish_pack()?;
        }
        Ok(())
    }

    fn finish_pack(&mut self) -> Result<()> {
        let Some(pack) = self.open.take() else { return Ok(()) };
        let name = pack.finish(&self.folder, self.files.as_ref(), &self.sources)?;
        self.finished.push(name);
        Ok(())
    }
}

impl OpenPack {
    fn create(folder: &Path, files: &dyn FileLayer, number: usize) -> Result<Self> {
        let path = folder.join(format!("{number}.new"));
        files.create_dir_all(folder).map_err(Error::writing(folder))?;
        let file = files.create(&path).map_err(Error::writing(&path))?;
        let mut pack = Self {
            path,
            file,
            hasher: blake3::Hasher::new(),
            length: 0,
            index: Vec::new(),
            n_blocks: 0,
            n_slots: 0,
            waiting: vec![Gathered::default()],
        };
        pack.put(MAGIC)?;
        pack.put(&[VERSION])?;
        Ok(pack)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        self.file.write_all(bytes).map_err(Error::writing(&self.path))
    }

    fn add(&mut self, raw: &RawRecord, source: u64) -> Result<u32> {
        let slot = self.n_slots;
        if self.waiting.last().is_none_or(|block| block.bytes.len() >= BLOCK) {
            if self.waiting.len() >= GROUP {
                self.compress()?;
            }
            self.waiting.push(Gathered { first_slot: slot, ..Gathered::default() });
        }
        if let Some(block) = self.waiting.last_mut() {
            for number in [raw.carrier as u64, source, raw.offset, raw.bytes.len() as u64] {
                put_varint(&mut block.heads, number);
            }
            block.bytes.extend_from_slice(&raw.bytes);
        }
        self.n_slots += 1;
        Ok(slot)
    }

    fn compress(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let frames: Vec<std::io::Result<Vec<u8>>> = waiting.par_iter().map(Gathered::compressed).collect();
        for (block, frame) in waiting.iter().zip(frames) {
            let frame = frame.map_err(Error::writing(&self.path))?;
            self.index.extend_from_slice(&self.length.to_le_bytes());
            self.index.extend_from_slice(&(frame.len() as u32).to_le_bytes());
            self.index.extend_from_slice(&block.first_slot.to_le_bytes());
            self.n_blocks += 1;
            self.put(&frame)?;
        }
        Ok(())
    }

    fn finish(mut self, folder: &Path, files: &dyn FileLayer, sources: &[Arc<str>]) -> Result<PackName> {
        self.compress()?;
        let at = self.length;
        let index = std::mem::take(&mut self.index);
        self.put(&self.n_blocks.to_le_bytes())?;
        self.put(&index)?;
        self.put(&self.n_slots.to_le_bytes())?;
        self.put(&(sources.len() as u32).to_le_bytes())?;
        for source in sources {
            self.put(&(source.len() as u32).to_le_bytes())?;
            self.put(source.as_bytes())?;
        }
        self.put(&at.to_le_bytes())?;
        self.put(TAIL)?;
        let name = PackName(*self.hasher.finalize().as_bytes());
        let path = folder.join(format!("{name}.pack"));
        self.file.sync().map_err(Error::writing(&self.path))?;
        drop(self.file);
        files.rename(&self.path, &path).map_err(Error::writing(&path))?;
        files.sync_dir(folder).map_err(Error::writing(folder))?;
        Ok(name)
    }
}

impl Gathered {
    fn compressed(&self) -> std::io::Result<Vec<u8>> {
        let mut whole = Vec::with_capacity(4 + self.heads.len() + self.bytes.len());
        whole.extend_from_slice(&(self.heads.len() as u32).to_le_bytes());
        whole.extend_from_slice(&self.heads);
        whole.extend_from_slice(&self.bytes);
        zstd::bulk::compress(&whole, LEVEL)
    }
}
