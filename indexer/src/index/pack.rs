//! The stored form of an entry and the line of normal forms beside it.
//!
//! An entry is postcard behind a version byte, one zstd frame each with a dictionary trained on a sample. Its id
//! stands in another file. It knows neither terms nor files.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;
use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::{self, CParameter, DCtx};

use crate::bib::{
    Bib, BibField, EditionId, Entry, Holding, LibraryCode, LibraryHolding, Member, MemberLink, RecordLocator,
};
use crate::index::document::Texts;
use crate::index::symbols::Symbols;
use crate::index::{blob, frame};

/// Version of the packed entry, its first byte.
pub(crate) const ENTRY_VERSION: u8 = 5;
/// How hard frames are pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Of a layer: it is written in a night and folded or built anew before long.
    Layer = 1,
    /// Of a base; above it bytes hardly shrink.
    Base = 12,
}
/// Entries on which a dictionary is trained.
pub(crate) const SAMPLES: usize = 4_000;
/// Bytes of a dictionary: two and a half an entry, for a larger one saves more than it takes, between these.
const LEAST_DICTIONARY: usize = 112 << 10;
const MOST_DICTIONARY: usize = 700 << 10;
/// Separates the access points of a text record.
pub(crate) const FIELD: char = '\u{1e}';

/// An entry as postcard writes it: each library's code once, and of the archive's packs their place in the table.
#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    bib: Cow<'a, Bib>,
    libraries: Vec<Cow<'a, LibraryCode>>,
    holdings: Vec<(u32, Cow<'a, Holding>)>,
    /// Library and one more than the pack's place in the table; 0 for a pack that is not in it.
    members: Vec<(u32, u32)>,
    records: Vec<(u32, Cow<'a, Option<String>>)>,
    other_packs: Vec<[u8; 8]>,
    provenance: Cow<'a, [(BibField, u16)]>,
    links: Cow<'a, [MemberLink]>,
    siblings: Vec<[u8; 8]>,
}

/// The packed form of an entry, not yet compressed.
pub(crate) fn packed<'a>(entry: &'a Entry, packs: &[u64]) -> Vec<u8> {
    let Entry { id: _, bib, holdings, members, provenance, links, siblings } = entry;
    let mut libraries: Vec<Cow<'a, LibraryCode>> = Vec::new();
    let mut place_of = |code: &'a LibraryCode| match libraries.iter().position(|known| **known == *code) {
        Some(place) => place as u32,
        None => {
            libraries.push(Cow::Borrowed(code));
            libraries.len() as u32 - 1
        }
    };
    let holdings = holdings.iter().map(|h| (place_of(&h.library), Cow::Borrowed(&h.holding))).collect();
    let pack_of = |pack| packs.binary_search(&pack).map_or(0, |place| place as u32 + 1);
    let packed_members = members.iter().map(|m| (place_of(&m.library), pack_of(m.locator.pack))).collect();
    let other_packs = members.iter().map(|m| m.locator.pack).filter(|pack| pack_of(*pack) == 0);
    let other_packs = other_packs.map(u64::to_le_bytes).collect();
    let siblings = siblings.iter().filter_map(EditionId::key).map(u64::to_le_bytes).collect();
    let packed = Packed {
        bib: Cow::Borrowed(bib),
        holdings,
        members: packed_members,
        records: members.iter().map(|m| (m.locator.slot, Cow::Borrowed(&m.control_number))).collect(),
        other_packs,
        provenance: Cow::Borrowed(provenance),
        links: Cow::Borrowed(links),
        siblings,
        libraries,
    };
    // Writing plain values into a growing vector cannot fail; an empty form reads as damage.
    postcard::to_extend(&packed, vec![ENTRY_VERSION]).unwrap_or_default()
}

impl Packed<'_> {
    fn into_entry(self, id: EditionId, packs: &[u64]) -> Option<Entry> {
        let library = |place: u32| self.libraries.get(place as usize).map(|code| code.clone().into_owned());
        let mut others = self.other_packs.iter();
        let mut pack = |place: u32| match place.checked_sub(1) {
            Some(place) => packs.get(place as usize).copied(),
            None => others.next().map(|bytes| u64::from_le_bytes(*bytes)),
        };
        let holding = |(place, holding): (u32, Cow<'_, Holding>)| {
            Some(LibraryHolding { library: library(place)?, holding: holding.into_owned() })
        };
        let holdings = self.holdings.into_iter().map(holding).collect::<Option<_>>()?;
        let mut members = Vec::with_capacity(self.members.len());
        for (&(place, of_pack), (slot, number)) in self.members.iter().zip(self.records) {
            members.push(Member {
                library: library(place)?,
                control_number: number.into_owned(),
                locator: RecordLocator { pack: pack(of_pack)?, slot },
            });
        }
        let siblings = self.siblings.into_iter().map(|key| EditionId::from_key(u64::from_le_bytes(key)));
        Some(Entry {
            id,
            bib: self.bib.into_owned(),
            holdings,
            members,
            provenance: self.provenance.into_owned(),
            links: self.links.into_owned(),
            siblings: siblings.collect(),
        })
    }
}

/// The entry of a stored form, or what is wrong with it.
pub(crate) fn unpacked(
    id: EditionId,
    stored: &[u8],
    packs: &[u64],
    unpacker: &mut Unpacker<'_>,
) -> Result<Entry, &'static str> {
    let frame = frame::whole(stored).ok_or("a frame's head")?;
    let length = zstd_safe::get_frame_content_size(&frame).ok().flatten();
    let length = length.and_then(|n| usize::try_from(n).ok()).filter(|&n| n <= blob::LARGEST);
    opened(id, &unpacker.unpack(&frame, length.ok_or("a length")?).ok_or("a frame")?, packs)
}

/// The entry of a packed form, not compressed.
pub(crate) fn opened(id: EditionId, packed: &[u8], packs: &[u64]) -> Result<Entry, &'static str> {
    match packed.split_first() {
        Some((&ENTRY_VERSION, rest)) => {
            let packed: Packed<'_> = postcard::from_bytes(rest).map_err(|_| "an entry")?;
            packed.into_entry(id, packs).ok_or("an entry's parts")
        }
        _ => Err("an entry's version"),
    }
}

/// What unpacks entries. Its context is lent by the thread, since making one costs more than an entry.
pub(crate) struct Unpacker<'a> {
    dictionary: &'a DecoderDictionary<'static>,
    context: Option<DCtx<'static>>,
}

thread_local! {
    static CONTEXT: Cell<Option<DCtx<'static>>> = const { Cell::new(None) };
}

/// What unpacks the entries that were packed with a dictionary.
pub(crate) fn unpacker<'a>(dictionary: &'a DecoderDictionary<'static>) -> Unpacker<'a> {
    Unpacker { dictionary, context: CONTEXT.take() }
}

impl Unpacker<'_> {
    /// The bytes of a frame; `length` is how many there are at most.
    fn unpack(&mut self, frame: &[u8], length: usize) -> Option<Vec<u8>> {
        let context = self.context.get_or_insert_with(DCtx::create);
        let mut bytes = Vec::with_capacity(length);
        context.decompress_using_ddict(&mut bytes, frame, self.dictionary.as_ddict()).ok()?;
        Some(bytes)
    }
}

impl Drop for Unpacker<'_> {
    fn drop(&mut self) {
        CONTEXT.set(self.context.take());
    }
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
pub(crate) fn stored(dictionary: &Dictionary, packed: &[u8], level: Level) -> io::Result<Vec<u8>> {
    thread_local! {
        static KEPT: RefCell<Option<((u64, Level), Compressor<'static>)>> = const { RefCell::new(None) };
    }
    KEPT.with_borrow_mut(|kept| {
        let compressor = match kept {
            Some((kept_for, compressor)) if *kept_for == (dictionary.id, level) => compressor,
            _ => {
                let mut compressor = Compressor::with_dictionary(level as i32, &dictionary.bytes)?;
                compressor.set_parameter(CParameter::ChecksumFlag(false))?;
                compressor.set_parameter(CParameter::DictIdFlag(false))?;
                &mut kept.insert(((dictionary.id, level), compressor)).1
            }
        };
        Ok(frame::short(&compressor.compress(packed)?))
    })
}

/// What a generation's entries and texts are written with, learnt from a sample, and which one it is in this process.
pub(crate) struct Dictionary {
    id: u64,
    bytes: Vec<u8>,
    pub(crate) symbols: Symbols,
    /// The archive's packs in which most members stand, sorted.
    pub(crate) packs: Vec<u64>,
}

impl Dictionary {
    pub(crate) fn new(bytes: Vec<u8>, symbols: Symbols, packs: Vec<u64>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), bytes, symbols, packs }
    }

    /// For a generation without entries.
    pub(crate) fn empty() -> Self {
        Self::new(Vec::new(), Symbols::default(), Vec::new())
    }

    /// For about `n_entries` entries. Too few samples give no dictionary of entries; plain frames do then.
    pub(crate) fn learnt(packed: &[Vec<u8>], texts: &[String], packs: Vec<u64>, n_entries: u32) -> Self {
        let n_bytes = (n_entries as usize * 5 / 2).clamp(LEAST_DICTIONARY, MOST_DICTIONARY);
        let bytes = zstd::dict::from_samples(packed, n_bytes).unwrap_or_default();
        Self::new(bytes, Symbols::learnt(texts), packs)
    }

    /// The content of its file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(&(self.symbols.texts(), &self.packs, &self.bytes)).unwrap_or_default()
    }

    /// `None` where the bytes are no such file.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (symbols, packs, bytes): (Vec<Box<str>>, Vec<u64>, Vec<u8>) = postcard::from_bytes(bytes).ok()?;
        Some(Self::new(bytes, Symbols::new(symbols), packs))
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
            provenance: vec![(crate::bib::BibField::Main, 0)],
            ..Entry::new(id.clone(), bib, Vec::new(), Vec::new())
        };
        let member = |pack| Member {
            library: LibraryCode::new("BJFU"),
            control_number: Some("0012".to_owned()),
            locator: RecordLocator { pack, slot: 3 },
        };
        let entry = Entry { members: vec![member(5), member(u64::MAX), member(9)], ..entry };
        let packs = [5, 9];
        let mut bytes = packed(&entry, &packs);
        let none = Dictionary::empty();
        let no_dictionary = DecoderDictionary::copy(&[]);
        let mut unpacker = unpacker(&no_dictionary);
        let frame = stored(&none, &bytes, Level::Base).expect("compressed");
        assert_eq!(unpacked(id.clone(), &frame, &packs, &mut unpacker), Ok(entry));
        bytes[0] = 99;
        let frame = stored(&none, &bytes, Level::Base).expect("compressed");
        assert!(unpacked(id.clone(), &frame, &packs, &mut unpacker).is_err());
        assert!(unpacked(id.clone(), &[], &packs, &mut unpacker).is_err());
        let frame = stored(
            &none,
            &packed(
                &Entry::new(id.clone(), Bib::empty(MaterialType::Map), Vec::new(), vec![member(9)]),
                &packs,
            ),
            Level::Base,
        )
        .expect("compressed");
        assert!(unpacked(id, &frame, &[], &mut unpacker).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(0u8.., 0..200)) {
            let no_dictionary = DecoderDictionary::copy(&[]);
        let mut unpacker = unpacker(&no_dictionary);
            let id = EditionId::from_key(7);
            let _ = unpacked(id.clone(), &bytes, &[7], &mut unpacker);
            let packed = [&[ENTRY_VERSION][..], &bytes].concat();
            let frame = stored(&Dictionary::empty(), &packed, Level::Layer).expect("compressed");
            let _ = unpacked(id, &frame, &[7], &mut unpacker);
        }
    }
}
