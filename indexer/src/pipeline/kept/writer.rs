//! Writes a file of kept records.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use zstd::bulk::Compressor;

use super::super::error::Result;
use super::super::parts::MatchBytes;
use super::super::source::Source;
use super::super::touched::Place;
use super::super::work::work_error;
use super::FOLDER;
use super::file::{BLOCK, KeptFile, MAGIC, NOWHERE, name_of};

/// How hard blocks are pressed: a million records take a second of one core. Higher levels take twice as long.
const LEVEL: i32 = 3;

/// A file being written. What is dropped before its end is overwritten or removed by a later build.
pub(crate) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    compressor: Compressor<'static>,
    codes: Vec<String>,
    n: u32,
    n_in_block: usize,
    /// The heads of the block that is being filled, what its records are compared by, and their members.
    heads: Vec<u8>,
    compared: Vec<u8>,
    members: Vec<u8>,
    pressed: Vec<u8>,
    /// First record of each block and the lengths of its frames.
    blocks: Vec<[u32; 3]>,
    /// By library and pack the numbers of its records.
    tables: FxHashMap<(u32, u64), Vec<u32>>,
}

impl Writer {
    /// Begins a file beside the generations.
    pub(in super::super) fn create(catalogue: &Path, sources: &[Source]) -> Result<Self> {
        let folder = catalogue.join(FOLDER);
        fs::create_dir_all(&folder).map_err(work_error(&folder))?;
        let path = folder.join("new");
        let file = File::create(&path).map_err(work_error(&path))?;
        let mut compressor = Compressor::new(LEVEL).map_err(work_error(&path))?;
        compressor.include_checksum(true).map_err(work_error(&path))?;
        Ok(Self {
            file: BufWriter::with_capacity(1 << 18, file),
            path,
            compressor,
            codes: sources.iter().map(|source| source.code.to_string()).collect(),
            n: 0,
            n_in_block: 0,
            heads: Vec::new(),
            compared: Vec::new(),
            members: Vec::new(),
            pressed: Vec::new(),
            blocks: Vec::new(),
            tables: FxHashMap::default(),
        })
    }

    /// Begins with all that an older file holds.
    pub(super) fn carry(&mut self, older: &KeptFile) -> Result<()> {
        older.copy_blocks(&mut self.file).map_err(work_error(&self.path))?;
        self.blocks = older.blocks().to_vec();
        self.n = older.len();
        self.tables = older.tables().map(|(key, numbers)| (key, numbers.to_vec())).collect();
        Ok(())
    }

    /// Takes a record: what it is compared by, and its packed description and holdings.
    pub(in super::super) fn add(
        &mut self,
        place: Place,
        compared: &MatchBytes<'_>,
        member: &[u8],
    ) -> Result<()> {
        let (library_idx, locator) = place;
        let numbers = self.tables.entry((library_idx, locator.pack)).or_default();
        let slot = locator.slot as usize;
        if numbers.len() <= slot {
            numbers.resize(slot + 1, NOWHERE);
        }
        numbers[slot] = self.n;
        self.heads.extend_from_slice(&compared.birth.to_le_bytes());
        self.heads.extend_from_slice(&compared.first_seen.to_le_bytes());
        for (plain, bytes) in [(&mut self.compared, compared.record), (&mut self.members, member)] {
            plain.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            plain.extend_from_slice(bytes);
        }
        self.n += 1;
        self.n_in_block += 1;
        if self.n_in_block == BLOCK { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<()> {
        let mut block = [self.n - self.n_in_block as u32, 0, 0];
        self.heads.append(&mut self.compared);
        for (plain, length) in [&mut self.heads, &mut self.members].into_iter().zip(&mut block[1..]) {
            *length = press(&mut self.compressor, plain, &mut self.pressed)
                .and_then(|length| self.file.write_all(&self.pressed).map(|()| length))
                .map_err(work_error(&self.path))?;
            plain.clear();
        }
        self.blocks.push(block);
        self.n_in_block = 0;
        Ok(())
    }

    /// Ends the file; its name.
    pub(in super::super) fn finish(mut self) -> Result<String> {
        if self.n_in_block > 0 {
            self.end_block()?;
        }
        let mut index = Vec::new();
        let put = |index: &mut Vec<u8>, value: u32| index.extend_from_slice(&value.to_le_bytes());
        put(&mut index, self.n);
        put(&mut index, self.blocks.len() as u32);
        self.blocks.iter().flatten().for_each(|value| put(&mut index, *value));
        for ((library_idx, pack), numbers) in &self.tables {
            let code = &self.codes[*library_idx as usize];
            put(&mut index, code.len() as u32);
            index.extend_from_slice(code.as_bytes());
            index.extend_from_slice(&pack.to_le_bytes());
            put(&mut index, numbers.len() as u32);
            numbers.iter().for_each(|number| put(&mut index, *number));
        }
        let mut written = || -> std::io::Result<String> {
            let length = press(&mut self.compressor, &index, &mut self.pressed)?;
            self.file.write_all(&self.pressed)?;
            self.file.write_all(&length.to_le_bytes())?;
            self.file.write_all(MAGIC)?;
            self.file.flush()?;
            let name = name_of(&self.pressed);
            fs::rename(&self.path, self.path.with_file_name(&name))?;
            Ok(name)
        };
        written().map_err(work_error(&self.path))
    }
}

/// Presses `plain` into `pressed`; the length of it.
fn press(compressor: &mut Compressor<'_>, plain: &[u8], pressed: &mut Vec<u8>) -> std::io::Result<u32> {
    pressed.clear();
    pressed.reserve(zstd::zstd_safe::compress_bound(plain.len()));
    compressor.compress_to_buffer(plain, pressed)?;
    u32::try_from(pressed.len()).map_err(std::io::Error::other)
}
