//! Reads a file of kept records.
//!
//! `<hash of the index>.records`: blocks of `BLOCK` records, each as two zstd frames with checksums. In the first
//! stand birth key and age of each record, twelve bytes, and behind them what each is compared by; in the second
//! description and holdings, packed. Both are behind their lengths in four bytes. Then the index, a frame too: number
//! of records, number of blocks, for each block its first record and the lengths of its frames; then to the end for
//! each library and pack its code behind the length, the pack's prefix, the number of slots, and for each slot the
//! record's number or `NOWHERE`. Then the length of that frame and `MAGIC`. All numbers are of four bytes, little
//! endian, but for prefixes and birth keys of eight.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;
use zstd::bulk::Decompressor;

use super::super::error::{Error, Result};
use super::super::parts::MatchBytes;
use super::super::source::Source;
use super::super::touched::Place;
use super::super::work::{take_bytes, take_u32, take_u64};

pub(super) const MAGIC: &[u8; 4] = b"LMK1";
/// Records of a block: the more the smaller the file, and a night of one record in a hundred reads nearly all anyway.
pub(super) const BLOCK: usize = 512;
/// Bytes of birth key and age.
pub(super) const HEAD: usize = 12;
/// Number of a record that is not here.
pub(super) const NOWHERE: u32 = u32::MAX;
/// What is longer when unpressed is none of ours.
const MOST: usize = 1 << 30;

/// The frames of a block.
#[derive(Clone, Copy)]
enum Column {
    Compared,
    Members,
}

/// A file whose index is in memory.
pub(super) struct KeptFile {
    path: PathBuf,
    n: u32,
    blocks: Vec<[u32; 3]>,
    /// Where each block begins.
    offsets: Vec<u64>,
    /// By library's index among the sources and pack.
    tables: FxHashMap<(u32, u64), Vec<u32>>,
}

impl KeptFile {
    /// `None` where it is not there or not whole.
    pub(super) fn open(path: &Path, sources: &[Source]) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let length = file.metadata().ok()?.len();
        let mut tail = [0; 8];
        file.seek(SeekFrom::Start(length.checked_sub(8)?)).ok()?;
        file.read_exact(&mut tail).ok()?;
        let n_index = take_u32(&mut tail.as_slice())?;
        (tail[4..] == *MAGIC).then_some(())?;
        let at = (length - 8).checked_sub(n_index.into())?;
        file.seek(SeekFrom::Start(at)).ok()?;
        let mut pressed = vec![0; n_index as usize];
        file.read_exact(&mut pressed).ok()?;
        (path.file_name()? == name_of(&pressed).as_str()).then_some(())?;
        let mut index = Vec::new();
        unpress(&mut Decompressor::new().ok()?, &pressed, &mut index)?;
        Self::from_index(path, &index, at, sources)
    }

    fn from_index(path: &Path, mut rest: &[u8], end: u64, sources: &[Source]) -> Option<Self> {
        let (n, n_blocks) = (take_u32(&mut rest)?, take_u32(&mut rest)?);
        let (mut blocks, mut offsets, mut offset) = (Vec::new(), Vec::new(), 0u64);
        for _ in 0..n_blocks {
            let block = [take_u32(&mut rest)?, take_u32(&mut rest)?, take_u32(&mut rest)?];
            offsets.push(offset);
            offset += u64::from(block[1]) + u64::from(block[2]);
            blocks.push(block);
        }
        let mut tables = FxHashMap::default();
        while !rest.is_empty() {
            let length = take_u32(&mut rest)? as usize;
            let code = take_bytes(&mut rest, length)?;
            let pack = take_u64(&mut rest)?;
            let n_slots = take_u32(&mut rest)? as usize;
            let numbers = take_bytes(&mut rest, n_slots.checked_mul(4)?)?;
            let numbers = numbers.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
            if let Some(idx) = sources.iter().position(|source| source.code.as_str().as_bytes() == code) {
                tables.insert((idx as u32, pack), numbers);
            }
        }
        (offset == end).then(|| Self { path: path.to_owned(), n, blocks, offsets, tables })
    }

    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub(super) fn len(&self) -> u32 {
        self.n
    }

    pub(super) fn blocks(&self) -> &[[u32; 3]] {
        &self.blocks
    }

    pub(super) fn tables(&self) -> impl Iterator<Item = ((u32, u64), &[u32])> {
        self.tables.iter().map(|(key, numbers)| (*key, numbers.as_slice()))
    }

    /// Writes all blocks as they are.
    pub(super) fn copy_blocks(&self, out: &mut impl Write) -> io::Result<()> {
        let lengths = self.blocks.iter().map(|block| u64::from(block[1]) + u64::from(block[2]));
        let length: u64 = lengths.sum();
        let n = io::copy(&mut File::open(&self.path)?.take(length), out)?;
        if n == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// The number of the record at a place.
    pub(super) fn find(&self, (library_idx, locator): Place) -> Option<u32> {
        let numbers = self.tables.get(&(library_idx, locator.pack))?;
        numbers.get(locator.slot as usize).copied().filter(|number| *number != NOWHERE)
    }

    /// Hands over what the records of these numbers, which ascend, are compared by.
    pub(super) fn each_compared(
        &self,
        numbers: impl Iterator<Item = u32>,
        take: &mut impl FnMut(MatchBytes<'_>),
    ) -> Result<()> {
        let mut reader = BlockReader::new(self, Column::Compared).ok_or(Error::BrokenWork)?;
        for number in numbers {
            take(reader.compared(number).ok_or(Error::BrokenWork)?);
        }
        Ok(())
    }

    /// Hands over their packed descriptions and holdings.
    pub(super) fn each_member(
        &self,
        numbers: impl Iterator<Item = u32>,
        take: &mut impl FnMut(&[u8]),
    ) -> Result<()> {
        let mut reader = BlockReader::new(self, Column::Members).ok_or(Error::BrokenWork)?;
        for number in numbers {
            take(reader.record(number).ok_or(Error::BrokenWork)?);
        }
        Ok(())
    }
}

/// A file and the block of it that was read last.
struct BlockReader<'a> {
    of: &'a KeptFile,
    column: Column,
    file: File,
    decompressor: Decompressor<'static>,
    block_idx: usize,
    pressed: Vec<u8>,
    plain: Vec<u8>,
    /// The next record of the block, and where its bytes begin in `plain`.
    next: (u32, usize),
}

impl<'a> BlockReader<'a> {
    fn new(of: &'a KeptFile, column: Column) -> Option<Self> {
        Some(Self {
            of,
            column,
            file: File::open(&of.path).ok()?,
            decompressor: Decompressor::new().ok()?,
            block_idx: usize::MAX,
            pressed: Vec::new(),
            plain: Vec::new(),
            next: (0, 0),
        })
    }

    /// What a record is compared by.
    fn compared(&mut self, number: u32) -> Option<MatchBytes<'_>> {
        self.record(number)?;
        let at = (number - self.of.blocks[self.block_idx][0]) as usize * HEAD;
        let mut head = self.plain.get(at..at + HEAD)?;
        let (birth, first_seen) = (take_u64(&mut head)?, take_u32(&mut head)?);
        Some(MatchBytes { birth, first_seen, record: self.record(number)? })
    }

    /// What stands behind a record's length; numbers are asked for in ascending order.
    fn record(&mut self, number: u32) -> Option<&[u8]> {
        let block_idx = self.of.blocks.partition_point(|block| block[0] <= number).checked_sub(1)?;
        if block_idx != self.block_idx {
            self.read(block_idx)?;
        }
        let (here, start) = &mut self.next;
        loop {
            let mut rest = self.plain.get(*start..)?;
            let length = take_u32(&mut rest)? as usize;
            let bytes = take_bytes(&mut rest, length)?;
            if *here == number {
                return Some(bytes);
            }
            *here += 1;
            *start = self.plain.len() - rest.len();
        }
    }

    fn read(&mut self, block_idx: usize) -> Option<()> {
        let block = &self.of.blocks[block_idx];
        let (skipped, length) = match self.column {
            Column::Compared => (0, block[1]),
            Column::Members => (block[1], block[2]),
        };
        self.file.seek(SeekFrom::Start(self.of.offsets[block_idx] + u64::from(skipped))).ok()?;
        self.pressed.resize(length as usize, 0);
        self.file.read_exact(&mut self.pressed).ok()?;
        unpress(&mut self.decompressor, &self.pressed, &mut self.plain)?;
        let end = self.of.blocks.get(block_idx + 1).map_or(self.of.n, |next| next[0]);
        let n = end.checked_sub(block[0])? as usize;
        let heads = match self.column {
            Column::Compared => n * HEAD,
            Column::Members => 0,
        };
        (self.block_idx, self.next) = (block_idx, (block[0], heads));
        Some(())
    }
}

/// The name of the file with this index: what is said of a file is said of these records and no others.
pub(super) fn name_of(index: &[u8]) -> String {
    format!("{}.records", &blake3::hash(index).to_hex()[..16])
}

/// What was pressed into one frame; `None` where its checksum does not match.
fn unpress(decompressor: &mut Decompressor<'_>, pressed: &[u8], plain: &mut Vec<u8>) -> Option<()> {
    let length = zstd::zstd_safe::get_frame_content_size(pressed).ok().flatten()?;
    let length = usize::try_from(length).ok().filter(|length| *length <= MOST)?;
    plain.clear();
    plain.reserve(length);
    decompressor.decompress_to_buffer(pressed, plain).ok().map(drop)
}
