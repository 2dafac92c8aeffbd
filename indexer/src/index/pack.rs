//! The stored form of an entry and the line of normal forms beside it.
//!
//! An entry is postcard behind a version byte, one zstd frame each with a dictionary trained on a sample. Its id
//! stands in another file. It knows neither terms nor files.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::{self, CParameter};

use crate::bib::{EditionId, Entry};
use crate::index::document::Texts;
use crate::index::symbols::Symbols;
use crate::index::{Error, blob};

/// Version of the packed entry, its first byte.
pub(crate) const ENTRY_VERSION: u8 = 2;
/// Level of the frames: above it bytes hardly shrink and time doubles.
const LEVEL: i32 = 3;
/// Entries on which a dictionary is trained.
pub(crate) const SAMPLES: usize = 4_000;
const DICTIONARY_BYTES: usize = 64 << 10;
/// How every frame begins; not stored.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Separates the access points of a text record.
pub(crate) const FIELD: char = '\u{1e}';

/// The packed form of an entry, not yet compressed.
pub(crate) fn packed(entry: &Entry) -> Vec<u8> {
    let Entry { id: _, bib, holdings, members, provenance, links, siblings, work } = entry;
    let siblings: Vec<[u8; 8]> = siblings.iter().filter_map(EditionId::key).map(u64::to_le_bytes).collect();
    let parts = (bib, holdings, members, provenance, links, siblings, work);
    // Writing plain values into a growing vector cannot fail; an empty form reads as damage.
    postcard::to_extend(&parts, vec![ENTRY_VERSION]).unwrap_or_default()
}

/// The entry of a stored form, or what is wrong with it.
pub(crate) fn unpacked(
    id: EditionId,
    stored: &[u8],
    unpacker: &mut Decompressor<'_>,
) -> Result<Entry, &'static str> {
    let frame = [&MAGIC[..], stored].concat();
    let length = zstd_safe::get_frame_content_size(&frame).ok().flatten();
    let length = length.and_then(|n| usize::try_from(n).ok()).filter(|&n| n <= blob::LARGEST);
    let packed = unpacker.decompress(&frame, length.ok_or("a length")?).map_err(|_| "a frame")?;
    match packed.split_first() {
        Some((&ENTRY_VERSION, rest)) => {
            let parts = postcard::from_bytes(rest).map_err(|_| "an entry")?;
            let (bib, holdings, members, provenance, links, siblings, work) = parts;
            let siblings: Vec<[u8; 8]> = siblings;
            let siblings =
                siblings.into_iter().map(|key| EditionId::from_key(u64::from_le_bytes(key))).collect();
            Ok(Entry { id, bib, holdings, members, provenance, links, siblings, work })
        }
        _ => Err("an entry's version"),
    }
}

/// What unpacks entries: made once for a page, since making it costs more than an entry.
pub(crate) fn unpacker<'a>(
    dictionary: &'a DecoderDictionary<'static>,
    dir: &Path,
) -> Result<Decompressor<'a>, Error> {
    Decompressor::with_prepared_dictionary(dictionary)
        .map_err(|_| Error::damaged(dir, "the dictionary of entries"))
}

/// The normal forms of an entry by access point.
pub(crate) fn text_of(texts: &Texts) -> String {
    let mut out = String::with_capacity(128);
    for values in [&texts.titles, &texts.authors, &texts.subjects, &texts.publishers, &texts.series] {
        out.push_str(values.as_str());
        out.push(FIELD);
    }
    out.pop();
    out
}

/// `libraries:u16 year:i16`: what ranking reads in front of the normal forms.
pub(crate) fn text_head(entry: &Entry) -> [u8; 4] {
    let mut codes: Vec<_> = entry.holdings.iter().map(|h| &h.library).collect();
    codes.dedup();
    let [a, b] = u16::try_from(codes.len()).unwrap_or(u16::MAX).to_le_bytes();
    let [c, d] = entry.bib.year.unwrap_or(i16::MIN).to_le_bytes();
    [a, b, c, d]
}

/// The stored form of a packed entry.
///
/// Each thread keeps one compressor with the dictionary digested, since making one costs more than a frame.
pub(crate) fn stored(dictionary: &Dictionary, packed: &[u8]) -> io::Result<Vec<u8>> {
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
        let mut frame = compressor.compress(packed)?;
        frame.drain(..MAGIC.len().min(frame.len()));
        Ok(frame)
    })
}

/// What a generation's entries and texts are written with, learnt from a sample, and which one it is in this process.
pub(crate) struct Dictionary {
    id: u64,
    bytes: Vec<u8>,
    pub(crate) symbols: Symbols,
}

impl Dictionary {
    pub(crate) fn new(bytes: Vec<u8>, symbols: Symbols) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), bytes, symbols }
    }

    /// Too few samples give no dictionary of entries; plain frames do then.
    pub(crate) fn learnt(packed: &[Vec<u8>], texts: &[String]) -> Self {
        let bytes = zstd::dict::from_samples(packed, DICTIONARY_BYTES).unwrap_or_default();
        Self::new(bytes, Symbols::learnt(texts))
    }

    /// The content of its file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(&(self.symbols.texts(), &self.bytes)).unwrap_or_default()
    }

    /// `None` where the bytes are no such file.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (symbols, bytes): (Vec<Box<str>>, Vec<u8>) = postcard::from_bytes(bytes).ok()?;
        Some(Self::new(bytes, Symbols::new(symbols)))
    }

    /// What reading entries needs of it.
    pub(crate) fn decoder(&self) -> DecoderDictionary<'static> {
        DecoderDictionary::copy(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::{Bib, MaterialType};

    #[test]
    fn packed_entries_round_trip_and_damage_is_seen() {
        let mut bib = Bib::empty(MaterialType::BookChi);
        bib.title = Some("三国演义".to_owned());
        let id = EditionId::from_key(7);
        let entry = Entry {
            siblings: vec![EditionId::from_key(u64::MAX)],
            work: Some(9),
            provenance: vec![(crate::bib::BibField::Main, 0)],
            ..Entry::new(id.clone(), bib, Vec::new(), Vec::new())
        };
        let mut bytes = packed(&entry);
        let none = Dictionary::new(Vec::new(), Symbols::default());
        let mut unpacker = Decompressor::new().expect("made");
        let frame = stored(&none, &bytes).expect("compressed");
        assert_eq!(unpacked(id.clone(), &frame, &mut unpacker), Ok(entry));
        bytes[0] = 99;
        let frame = stored(&none, &bytes).expect("compressed");
        assert!(unpacked(id.clone(), &frame, &mut unpacker).is_err());
        assert!(unpacked(id, &[], &mut unpacker).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let mut unpacker = Decompressor::new().expect("made");
            let id = EditionId::from_key(7);
            let _ = unpacked(id.clone(), &bytes, &mut unpacker);
            let packed = [&[ENTRY_VERSION][..], &bytes].concat();
            let frame = stored(&Dictionary::new(Vec::new(), Symbols::default()), &packed).expect("compressed");
            let _ = unpacked(id, &frame, &mut unpacker);
        }
    }
}
