//! Reads a file of kept records.
//!
//! `<hash of the index>.records`: blocks of whole entries, `BLOCK` records or a few more, each as two zstd frames with
//! checksums and a dictionary. In the first stand birth key and age of each record, twelve bytes, and behind them what
//! each is compared by; in the second description and holdings, packed. Both are behind their lengths in four bytes.
//! Then the index, a frame too, the length of it and `MAGIC`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use zstd::bulk::Decompressor;
use zstd::dict::DecoderDictionary;

use super::super::error::{Error, Result};
use super::super::parts::MatchBytes;
use super::super::source::Source;
use super::super::work::{take_bytes, take_u32, take_u64};
use super::index::Index;

pub(super) const MAGIC: &[u8; 4] = b"LMK2";
/// Records of a block at least. A night looks at few entries, and with a dictionary small blocks are hardly larger.
pub(super) const BLOCK: usize = 32;
/// Bytes of birth key and age.
pub(super) const HEAD: usize = 12;
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
    pub(super) index: Index,
    dictionaries: [DecoderDictionary<'static>; 2],
    /// Where each block begins.
    offsets: Vec<u64>,
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
        let end = (length - 8).checked_sub(n_index.into())?;
        file.seek(SeekFrom::Start(end)).ok()?;
        let mut pressed = vec![0; n_index as usize];
        file.read_exact(&mut pressed).ok()?;
        (path.file_name()? == name_of(&pressed).as_str()).then_some(())?;
        let mut plain = Vec::new();
        unpress(&mut Decompressor::new().ok()?, &pressed, &mut plain)?;
        let source_idx = |code: &[u8]| {
            let place = sources.iter().position(|source| source.code.as_str().as_bytes() == code);
            place.map(|idx| idx as u32)
        };
        let index = Index::of(plain, source_idx)?;
        let (mut offsets, mut offset) = (Vec::with_capacity(index.blocks.len()), 0);
        for [_, compared, members] in &index.blocks {
            offsets.push(offset);
            offset += u64::from(*compared) + u64::from(*members);
        }
        let dictionaries = index.dictionaries().map(DecoderDictionary::copy);
        (offset == end).then(|| Self { path: path.to_owned(), index, dictionaries, offsets })
    }

    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Writes all blocks as they are.
    pub(super) fn copy_blocks(&self, out: &mut impl Write) -> io::Result<()> {
        let lengths = self.index.blocks.iter().map(|block| u64::from(block[1]) + u64::from(block[2]));
        let length: u64 = lengths.sum();
        let n = io::copy(&mut File::open(&self.path)?.take(length), out)?;
        if n == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
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
    decompressor: Decompressor<'a>,
    /// The numbers of its records.
    block: Range<u32>,
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
            decompressor: Decompressor::with_prepared_dictionary(&of.dictionaries[column as usize]).ok()?,
            block: 0..0,
            pressed: Vec::new(),
            plain: Vec::new(),
            next: (0, 0),
        })
    }

    /// What a record is compared by.
    fn compared(&mut self, number: u32) -> Option<MatchBytes<'_>> {
        self.record(number)?;
        let at = (number - self.block.start) as usize * HEAD;
        let mut head = self.plain.get(at..at + HEAD)?;
        let (birth, first_seen) = (take_u64(&mut head)?, take_u32(&mut head)?);
        Some(MatchBytes { birth, first_seen, record: self.record(number)? })
    }

    /// What stands behind a record's length; numbers are asked for in ascending order.
    fn record(&mut self, number: u32) -> Option<&[u8]> {
        if !self.block.contains(&number) {
            let blocks = &self.of.index.blocks;
            self.read(blocks.partition_point(|block| block[0] <= number).checked_sub(1)?)?;
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
        let Index { blocks, n, .. } = &self.of.index;
        let block = &blocks[block_idx];
        let (skipped, length) = match self.column {
            Column::Compared => (0, block[1]),
            Column::Members => (block[1], block[2]),
        };
        self.file.seek(SeekFrom::Start(self.of.offsets[block_idx] + u64::from(skipped))).ok()?;
        self.pressed.resize(length as usize, 0);
        self.file.read_exact(&mut self.pressed).ok()?;
        unpress(&mut self.decompressor, &self.pressed, &mut self.plain)?;
        self.block = block[0]..blocks.get(block_idx + 1).map_or(*n, |next| next[0]);
        let heads = match self.column {
            Column::Compared => self.block.len() * HEAD,
            Column::Members => 0,
        };
        self.next = (block[0], heads);
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
