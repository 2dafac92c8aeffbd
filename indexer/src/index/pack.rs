//! The side files of a generation: packed entries, normal forms, ids; each found by an entry's number.
//!
//! `entries` holds one zstd frame an entry, with a dictionary trained on the first ones: a page of twenty costs
//! twenty small frames and no block. `texts` holds what ranking and verifying read, uncompressed.
//! Offsets are five bytes each. It knows neither terms nor queries.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use crate::bib::Entry;
use crate::index::Error;
use crate::index::document::Texts;

/// Version of the packed entry, its first byte.
const ENTRY_VERSION: u8 = 1;
/// Level of the frames: above it bytes hardly shrink and time doubles.
const LEVEL: i32 = 3;
/// Entries on which the dictionary is trained.
const SAMPLES: usize = 4_000;
const DICTIONARY_BYTES: usize = 64 << 10;
/// No packed entry is larger; a frame that claims more is damage.
pub(crate) const LARGEST_ENTRY: usize = 64 << 20;
/// Bytes of one offset.
pub(crate) const OFFSET: usize = 5;
/// Separates the access points of a text record.
pub(crate) const FIELD: u8 = 0x1e;

pub(crate) const ENTRIES: &str = "entries.blob";
pub(crate) const ENTRY_OFFSETS: &str = "entries.off";
pub(crate) const TEXTS: &str = "texts.blob";
pub(crate) const TEXT_OFFSETS: &str = "texts.off";
pub(crate) const IDS: &str = "ids.bin";
pub(crate) const DICTIONARY: &str = "entries.dict";

/// The stored form of an entry, not yet compressed.
pub(crate) fn packed(entry: &Entry) -> Vec<u8> {
    // Writing plain values into a growing vector cannot fail; an empty form reads as damage.
    postcard::to_extend(entry, vec![ENTRY_VERSION]).unwrap_or_default()
}

/// The entry of a stored form.
pub(crate) fn unpacked(bytes: &[u8]) -> Option<Entry> {
    match bytes.split_first()? {
        (&ENTRY_VERSION, rest) => postcard::from_bytes(rest).ok(),
        _ => None,
    }
}

/// `libraries:u16 year:i16` and the normal forms by access point: what ranking and verifying need.
pub(crate) fn text_record(entry: &Entry, texts: &Texts) -> Vec<u8> {
    let mut codes: Vec<_> = entry.holdings.iter().map(|h| &h.library).collect();
    codes.dedup();
    let mut out = Vec::with_capacity(128);
    out.extend(u16::try_from(codes.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(entry.bib.year.unwrap_or(i16::MIN).to_le_bytes());
    for values in [&texts.titles, &texts.authors, &texts.subjects, &texts.publishers, &texts.series] {
        out.extend(values.as_str().as_bytes());
        out.push(FIELD);
    }
    out.pop();
    out
}

struct Stream {
    path: PathBuf,
    file: BufWriter<File>,
    at: u64,
    offsets_path: PathBuf,
    offsets: BufWriter<File>,
}

impl Stream {
    fn create(dir: &Path, name: &str, offsets: &str) -> Result<Self, Error> {
        let (path, offsets_path) = (dir.join(name), dir.join(offsets));
        let open = |path: &Path| File::create(path).map(|f| BufWriter::with_capacity(1 << 18, f));
        let file = open(&path).map_err(Error::io("create", &path))?;
        let offsets = open(&offsets_path).map_err(Error::io("create", &offsets_path))?;
        Ok(Self { path, file, at: 0, offsets_path, offsets })
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.offset()?;
        self.file.write_all(bytes).map_err(Error::io("write", &self.path))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn offset(&mut self) -> Result<(), Error> {
        let bytes = self.at.to_le_bytes();
        self.offsets.write_all(&bytes[..OFFSET]).map_err(Error::io("write", &self.offsets_path))
    }

    fn finish(mut self) -> Result<(), Error> {
        self.offset()?;
        self.file.flush().map_err(Error::io("write", &self.path))?;
        self.offsets.flush().map_err(Error::io("write", &self.offsets_path))
    }
}

/// Writes the side files; gives entries their numbers.
pub(crate) struct Writer {
    dir: PathBuf,
    entries: Stream,
    texts: Stream,
    ids: Vec<(u64, u32)>,
    waiting: Vec<Vec<u8>>,
    dictionary: Option<Arc<Dictionary>>,
}

impl Writer {
    pub(crate) fn create(dir: &Path) -> Result<Self, Error> {
        Ok(Self {
            dir: dir.to_owned(),
            entries: Stream::create(dir, ENTRIES, ENTRY_OFFSETS)?,
            texts: Stream::create(dir, TEXTS, TEXT_OFFSETS)?,
            ids: Vec::new(),
            waiting: Vec::new(),
            dictionary: None,
        })
    }

    /// The dictionary, once there is one: with it callers compress outside the lock.
    pub(crate) fn dictionary(&self) -> Option<Arc<Dictionary>> {
        self.dictionary.clone()
    }

    /// Takes an entry; `stored` is a frame where `compressed`, else a packed form. Returns its number.
    pub(crate) fn push(
        &mut self,
        key: u64,
        stored: Vec<u8>,
        compressed: bool,
        text: &[u8],
    ) -> Result<u32, Error> {
        let number = self.ids.len() as u32;
        self.ids.push((key, number));
        self.texts.push(text)?;
        match (&self.dictionary, compressed) {
            (Some(_), true) => self.entries.push(&stored)?,
            (Some(dictionary), false) => {
                let frame =
                    compress(dictionary, &stored).map_err(Error::io("compress for", &self.entries.path))?;
                self.entries.push(&frame)?;
            }
            (None, _) => {
                self.waiting.push(stored);
                if self.waiting.len() >= SAMPLES {
                    self.train()?;
                }
            }
        }
        Ok(number)
    }

    fn train(&mut self) -> Result<(), Error> {
        // Too few samples give no dictionary; plain frames do then.
        let trained = zstd::dict::from_samples(&self.waiting, DICTIONARY_BYTES).unwrap_or_default();
        let path = self.dir.join(DICTIONARY);
        std::fs::write(&path, &trained).map_err(Error::io("write", &path))?;
        let dictionary = Arc::new(Dictionary::new(trained));
        for packed in std::mem::take(&mut self.waiting) {
            let frame =
                compress(&dictionary, &packed).map_err(Error::io("compress for", &self.entries.path))?;
            self.entries.push(&frame)?;
        }
        self.dictionary = Some(dictionary);
        Ok(())
    }

    /// Writes what is left and the table of ids; returns the number of entries.
    pub(crate) fn finish(mut self) -> Result<u64, Error> {
        if self.dictionary.is_none() {
            self.train()?;
        }
        self.entries.finish()?;
        self.texts.finish()?;
        self.ids.sort_unstable();
        let path = self.dir.join(IDS);
        let write = || -> io::Result<()> {
            let mut file = BufWriter::new(File::create(&path)?);
            for (key, number) in &self.ids {
                file.write_all(&key.to_be_bytes())?;
                file.write_all(&number.to_be_bytes())?;
            }
            file.flush()
        };
        write().map_err(Error::io("write", &path))?;
        Ok(self.ids.len() as u64)
    }
}

/// One stored entry: the length of its packed form, then its frame.
///
/// Each thread keeps one compressor with the dictionary digested, since making one costs more than a frame.
pub(crate) fn compress(dictionary: &Dictionary, packed: &[u8]) -> io::Result<Vec<u8>> {
    thread_local! {
        static KEPT: RefCell<Option<(u64, Compressor<'static>)>> = const { RefCell::new(None) };
    }
    KEPT.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some((id, compressor)) if *id == dictionary.id => compressor,
            _ => {
                let mut compressor = Compressor::with_dictionary(LEVEL, &dictionary.bytes)?;
                compressor.set_parameter(CParameter::ChecksumFlag(false))?;
                compressor.set_parameter(CParameter::DictIdFlag(false))?;
                &mut kept.insert((dictionary.id, compressor)).1
            }
        };
        let frame = compressor.compress(packed)?;
        let mut stored = Vec::with_capacity(frame.len() + 4);
        stored.extend((packed.len() as u32).to_le_bytes());
        stored.extend(frame);
        Ok(stored)
    })
}

/// A trained dictionary and which one it is in this process.
pub(crate) struct Dictionary {
    id: u64,
    bytes: Vec<u8>,
}

impl Dictionary {
    fn new(bytes: Vec<u8>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::{Bib, EditionId, MaterialType};

    #[test]
    fn packed_entries_round_trip_and_damage_is_seen() {
        let mut bib = Bib::empty(MaterialType::BookChi);
        bib.title = Some("三国演义".to_owned());
        let entry = Entry::new(EditionId::from_key(7), bib, Vec::new(), Vec::new());
        let mut bytes = packed(&entry);
        assert_eq!(unpacked(&bytes), Some(entry));
        bytes[0] = 99;
        assert_eq!(unpacked(&bytes), None);
        assert_eq!(unpacked(&[]), None);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let _ = unpacked(&[&[ENTRY_VERSION][..], &bytes].concat());
        }
    }
}
