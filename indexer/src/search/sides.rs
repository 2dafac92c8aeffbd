//! Reads the side files of a generation: an entry, its normal forms, its number, by position.
//!
//! Mapped files may be damaged: every look-up checks its bounds and answers `None` or an error, never panics.

use std::path::{Path, PathBuf};

use tantivy::Directory;
use tantivy::directory::OwnedBytes;
use zstd::bulk::Decompressor;
use zstd::dict::DecoderDictionary;

use crate::bib::Entry;
use crate::index::{Error, pack};

const ID: usize = 12;

pub(crate) struct Sides {
    dir: PathBuf,
    entries: OwnedBytes,
    entry_offsets: OwnedBytes,
    texts: OwnedBytes,
    text_offsets: OwnedBytes,
    ids: OwnedBytes,
    dictionary: DecoderDictionary<'static>,
}

impl Sides {
    pub(crate) fn open(dir: &Path, files: &dyn Directory) -> Result<Self, Error> {
        let read = |name: &str| -> Result<OwnedBytes, Error> {
            let path = dir.join(name);
            let slice =
                files.open_read(Path::new(name)).map_err(|e| Error::io("open", &path)(io_error(e)))?;
            slice.read_bytes().map_err(Error::io("read", &path))
        };
        let dictionary = read(pack::DICTIONARY)?;
        Ok(Self {
            dir: dir.to_owned(),
            entries: read(pack::ENTRIES)?,
            entry_offsets: read(pack::ENTRY_OFFSETS)?,
            texts: read(pack::TEXTS)?,
            text_offsets: read(pack::TEXT_OFFSETS)?,
            ids: read(pack::IDS)?,
            dictionary: DecoderDictionary::copy(&dictionary),
        })
    }

    /// What ranking and verifying read of entry `number`.
    pub(crate) fn text(&self, number: u32) -> Option<TextRecord<'_>> {
        let bytes = span(&self.texts, &self.text_offsets, number)?;
        let (libraries, rest) = bytes.split_first_chunk::<2>()?;
        let (year, rest) = rest.split_first_chunk::<2>()?;
        Some(TextRecord {
            libraries: u16::from_le_bytes(*libraries),
            year: i16::from_le_bytes(*year),
            text: std::str::from_utf8(rest).ok()?,
        })
    }

    /// What unpacks entries: made once for a page, since making it costs more than an entry.
    pub(crate) fn unpacker(&self) -> Result<Decompressor<'_>, Error> {
        let damaged = |_| Error::Damaged { path: self.dir.join(pack::DICTIONARY), what: "the dictionary" };
        Decompressor::with_prepared_dictionary(&self.dictionary).map_err(damaged)
    }

    /// Entry `number`.
    pub(crate) fn entry(&self, number: u32, unpacker: &mut Decompressor<'_>) -> Result<Entry, Error> {
        let damaged = |what| Error::Damaged { path: self.dir.join(pack::ENTRIES), what };
        let bytes = span(&self.entries, &self.entry_offsets, number).ok_or_else(|| damaged("an offset"))?;
        let (length, frame) = bytes.split_first_chunk::<4>().ok_or_else(|| damaged("a length"))?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > pack::LARGEST_ENTRY {
            return Err(damaged("a length"));
        }
        let packed = unpacker.decompress(frame, length).map_err(|_| damaged("a frame"))?;
        pack::unpacked(&packed).ok_or_else(|| damaged("an entry"))
    }

    /// The number of the entry with this key.
    pub(crate) fn number(&self, key: u64) -> Option<u32> {
        let (mut low, mut high) = (0, self.ids.len() / ID);
        while low < high {
            let middle = low + (high - low) / 2;
            let (here, number) = self.ids.get(middle * ID..(middle + 1) * ID)?.split_first_chunk::<8>()?;
            match u64::from_be_bytes(*here).cmp(&key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(u32::from_be_bytes(number.try_into().ok()?)),
            }
        }
        None
    }
}

fn io_error(error: tantivy::directory::error::OpenReadError) -> std::io::Error {
    std::io::Error::other(error)
}

fn span<'a>(bytes: &'a [u8], offsets: &[u8], number: u32) -> Option<&'a [u8]> {
    let at = (number as usize).checked_mul(pack::OFFSET)?;
    let offset = |at: usize| -> Option<usize> {
        let mut wide = [0; 8];
        wide[..pack::OFFSET].copy_from_slice(offsets.get(at..at + pack::OFFSET)?);
        usize::try_from(u64::from_le_bytes(wide)).ok()
    };
    bytes.get(offset(at)?..offset(at + pack::OFFSET)?)
}

/// The normal forms of an entry.
#[derive(Clone, Copy)]
pub(crate) struct TextRecord<'a> {
    /// How many libraries hold it.
    pub(crate) libraries: u16,
    /// Year; `i16::MIN` where there is none.
    pub(crate) year: i16,
    text: &'a str,
}

/// Access points in the order in which a text record has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Titles,
    Authors,
    Subjects,
    Publishers,
    Series,
}

impl<'a> TextRecord<'a> {
    /// All values of an access point, joined by `terms::VALUE`.
    pub(crate) fn part(&self, part: Part) -> &'a str {
        self.text.split(char::from(pack::FIELD)).nth(part as usize).unwrap_or_default()
    }
}
