//! Writes a file of kept records.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use super::super::error::Result;
use super::super::parts::MatchBytes;
use super::super::source::Source;
use super::super::touched::Place;
use super::super::work::work_error;
use super::FOLDER;
use super::file::{BLOCK, KeptFile, MAGIC, name_of};
use super::index::IndexWriter;

/// How hard blocks are pressed: a million records take a second and a half of one core.
const LEVEL: i32 = 3;
/// Bytes of the dictionaries: with twice as many the file is hardly smaller.
const DICTIONARIES: [usize; 2] = [112 << 10, 256 << 10];

/// A file being written. What is dropped before its end is overwritten or removed by a later build.
pub(crate) struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    columns: [Pressing; 2],
    codes: Vec<String>,
    index: IndexWriter,
    n_in_block: usize,
    n_in_entry: u32,
    /// The heads of the block that is being filled, what its records are compared by, and their members.
    heads: Vec<u8>,
    compared: Vec<u8>,
    members: Vec<u8>,
    pressed: Vec<u8>,
}

/// What presses the frames of a column.
struct Pressing {
    dictionary: Vec<u8>,
    compressor: Compressor<'static>,
}

impl Pressing {
    fn with(dictionary: Vec<u8>) -> io::Result<Self> {
        let mut compressor = Compressor::with_dictionary(LEVEL, &dictionary)?;
        compressor.include_checksum(true)?;
        compressor.set_parameter(CParameter::DictIdFlag(false))?;
        Ok(Self { dictionary, compressor })
    }

    /// Presses `plain` into `pressed`; the length of it.
    fn press(&mut self, plain: &[u8], pressed: &mut Vec<u8>) -> io::Result<u32> {
        pressed.clear();
        pressed.reserve(zstd::zstd_safe::compress_bound(plain.len()));
        self.compressor.compress_to_buffer(plain, pressed)?;
        u32::try_from(pressed.len()).map_err(io::Error::other)
    }
}

impl Writer {
    /// Begins a file beside the generations, its blocks pressed without dictionaries.
    pub(in super::super) fn create(catalogue: &Path, sources: &[Source]) -> Result<Self> {
        let folder = catalogue.join(FOLDER);
        fs::create_dir_all(&folder).map_err(work_error(&folder))?;
        let path = folder.join("new");
        let begin = || {
            let file = BufWriter::with_capacity(1 << 18, File::create(&path)?);
            Ok((file, [Pressing::with(Vec::new())?, Pressing::with(Vec::new())?]))
        };
        let (file, columns) = begin().map_err(work_error(&path))?;
        Ok(Self {
            path,
            file,
            columns,
            codes: sources.iter().map(|source| source.code.to_string()).collect(),
            index: IndexWriter::default(),
            n_in_block: 0,
            n_in_entry: 0,
            heads: Vec::new(),
            compared: Vec::new(),
            members: Vec::new(),
            pressed: Vec::new(),
        })
    }

    /// Learns from a sample of records how to press them: by what they are compared, and descriptions and holdings.
    pub(in super::super) fn learn(&mut self, samples: [&[&[u8]]; 2]) -> Result<()> {
        let mut dictionaries = [Vec::new(), Vec::new()];
        for ((own, sample), n_bytes) in dictionaries.iter_mut().zip(samples).zip(DICTIONARIES) {
            // Too few records give no dictionary; plain frames do then.
            *own = zstd::dict::from_samples(sample, n_bytes).unwrap_or_default();
        }
        self.press_with(dictionaries)
    }

    fn press_with(&mut self, dictionaries: [Vec<u8>; 2]) -> Result<()> {
        for (column, dictionary) in self.columns.iter_mut().zip(dictionaries) {
            *column = Pressing::with(dictionary).map_err(work_error(&self.path))?;
        }
        Ok(())
    }

    /// Presses as another file was pressed.
    pub(super) fn press_like(&mut self, other: &KeptFile) -> Result<()> {
        self.press_with(other.index.dictionaries().map(<[u8]>::to_vec))
    }

    /// Begins with all that an older file holds, which was pressed in the same way and has no entries.
    pub(super) fn carry(&mut self, older: &KeptFile) -> Result<()> {
        older.copy_blocks(&mut self.file).map_err(work_error(&self.path))?;
        self.index = IndexWriter::after(&older.index);
        Ok(())
    }

    /// Takes a record: what it is compared by, and its packed description and holdings.
    pub(in super::super) fn add(&mut self, place: Place, compared: &MatchBytes<'_>, member: &[u8]) {
        self.index.add(place);
        self.heads.extend_from_slice(&compared.birth.to_le_bytes());
        self.heads.extend_from_slice(&compared.first_seen.to_le_bytes());
        for (plain, bytes) in [(&mut self.compared, compared.record), (&mut self.members, member)] {
            plain.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            plain.extend_from_slice(bytes);
        }
        self.n_in_block += 1;
        self.n_in_entry += 1;
    }

    /// Says that the records since the last entry are one too.
    pub(in super::super) fn end_entry(&mut self, siblings: &[u64]) -> Result<()> {
        self.index.add_entry(std::mem::take(&mut self.n_in_entry), siblings);
        self.end_full_block()
    }

    /// Says that a block may end here.
    pub(in super::super) fn end_full_block(&mut self) -> Result<()> {
        if self.n_in_block >= BLOCK { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<()> {
        let mut block = [self.index.n - self.n_in_block as u32, 0, 0];
        self.heads.append(&mut self.compared);
        let plain = [&mut self.heads, &mut self.members];
        for ((column, plain), length) in self.columns.iter_mut().zip(plain).zip(&mut block[1..]) {
            *length = column
                .press(plain, &mut self.pressed)
                .and_then(|length| self.file.write_all(&self.pressed).map(|()| length))
                .map_err(work_error(&self.path))?;
            plain.clear();
        }
        self.index.blocks.push(block);
        self.n_in_block = 0;
        Ok(())
    }

    /// Ends the file; its name.
    pub(in super::super) fn finish(mut self) -> Result<String> {
        if self.n_in_block > 0 {
            self.end_block()?;
        }
        let dictionaries = self.columns.each_ref().map(|column| column.dictionary.as_slice());
        let index = self.index.to_bytes(&self.codes, dictionaries);
        let mut written = || -> io::Result<String> {
            let length = Pressing::with(Vec::new())?.press(&index, &mut self.pressed)?;
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
