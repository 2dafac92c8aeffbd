//! What a generation changed of the one it was laid on, small enough for a slow line.
//!
//! Writing a layer is a function of the generation below it, of the entries that are pushed in their order, and of the
//! numbers that retire: so these are carried, and no file. An entry that was rewritten costs what it differs by,
//! because the old forms stand in front of the new ones where zstd looks for likenesses. Layers that are folded cost
//! nothing: they are folded again, and so is a base that is rewritten. `replay` is the other side. It compares nothing: whoever replays compares hashes
//! and fetches what differs, so nothing here need be right for anything but the length of the way.

use std::collections::BTreeMap;
use std::ops::Range;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use crate::index::carry::{folded, kept_layers};
use crate::index::generation::Generation;
use crate::index::layer::LayerFiles;
use crate::index::manifest::Layer;
use crate::index::retired::Retired;
use crate::index::{Error, pack};

/// Forms that are carried together at most, in bytes; beyond, files are the shorter way.
pub(super) const MOST_FORMS: usize = 64 << 20;
/// Bytes that changes have at most, unpacked.
pub const LARGEST_CHANGES: u64 = 2 * MOST_FORMS as u64;
/// As far back as zstd looks: the old forms and the new ones.
pub(super) const WINDOW_LOG: u32 = 27;
const LEVEL: i32 = 19;
/// Bits of a key that are kept in a layer.
pub(super) const KEY_BITS: u32 = 32;

/// What was changed, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The packed bytes.
    pub bytes: Vec<u8>,
    /// How many they are unpacked.
    pub plain: u64,
}

/// As it is packed; the columns stand apart because like stands beside like then.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Body {
    /// For each entry one more than the place among the retired of the entry with its id; 0 for a new id.
    pub(super) origins: Vec<u32>,
    pub(super) new_ids: Vec<[u8; 8]>,
    /// For each entry whether its block keys are those of its origin, as far as these are known.
    pub(super) same_keys: Vec<bool>,
    /// The lower bits of such keys.
    pub(super) low: Vec<u16>,
    /// The number of keys of all others, and they.
    pub(super) counts: Vec<u16>,
    pub(super) keys: Vec<[u8; 4]>,
    /// Old ids and what they lead to, where the generation below says otherwise.
    pub(super) redirects: Vec<([u8; 8], Option<[u8; 8]>)>,
    pub(super) lengths: Vec<u32>,
    pub(super) forms: Vec<u8>,
    /// Bits of a key that the base keeps, where it was rewritten.
    pub(super) rewritten: Option<u32>,
}

/// Which entries of the child are new, and which of the parent are gone.
struct Moved {
    retired: Vec<u32>,
    new: Vec<u32>,
    rewritten: Option<u32>,
}

/// What `child` changed of `parent`; nothing where it does not stand upon it, or changed too much.
pub fn changes_between(parent: &Generation, child: &Generation) -> Result<Option<Changes>, Error> {
    if child.manifest.parent.as_ref() != Some(&parent.manifest.generation) {
        return Ok(None);
    }
    let Some(moved) = moved(parent, child)? else { return Ok(None) };
    let body = Body::of(parent, child, &moved)?;
    let old = forms(parent, &moved.retired)?.filter(|_| body.forms.len() <= MOST_FORMS);
    old.map(|old| body.packed(&moved.retired, &old).map_err(Error::io("pack", child.folder.path())))
        .transpose()
}

fn moved(parent: &Generation, child: &Generation) -> Result<Option<Moved>, Error> {
    let kept = kept_layers(&parent.manifest.layers);
    let layers = &child.manifest.layers;
    let is_laid_on = layers.get(..kept.len()) == Some(kept)
        && layers.len() <= kept.len() + 1
        && child.manifest.dictionary == parent.manifest.dictionary;
    if !is_laid_on {
        return rewritten(parent, child);
    }
    let start = kept.last().map_or(0, Layer::end);
    let end = layers.last().map_or(start, Layer::end).max(start);
    let (n_folded, mut retired) = unfolded(parent, child, kept, start..end)?;
    retired.extend(child.retired.within(0..start).filter(|number| !parent.retired.contains(*number)));
    retired.sort_unstable();
    Ok(Some(Moved { retired, new: (start..end - n_folded).collect(), rewritten: None }))
}

/// What does not say in a rewritten base what it said before; nothing where the child is none.
fn rewritten(parent: &Generation, child: &Generation) -> Result<Option<Moved>, Error> {
    let [base] = &child.layers[..] else { return Ok(None) };
    let (mut carried, mut retired) = (Retired::default(), Vec::new());
    for number in parent.live() {
        match parent.key(number).and_then(|key| child.number_of_key(key)) {
            Some(there) if child.entry(there)? == parent.entry(number)? => carried.insert(there),
            _ => retired.push(number),
        }
    }
    let mut new: Vec<u32> = child.live().filter(|number| !carried.contains(*number)).collect();
    // Where they stand in the base is found again there. In the order of the old forms they cost least.
    let origin = |number: u32| child.key(number).and_then(|key| parent.number_of_key(key));
    new.sort_by_cached_key(|number| (origin(*number).unwrap_or(u32::MAX), *number));
    Ok(Some(Moved { retired, new, rewritten: Some(base.keys.bits()) }))
}

/// How many entries at the end of a layer came from layers that it folded, and the numbers of those that did not come
/// along.
fn unfolded(
    parent: &Generation,
    child: &Generation,
    kept: &[Layer],
    numbers: Range<u32>,
) -> Result<(u32, Vec<u32>), Error> {
    let all = folded(parent, kept).iter().flat_map(|layer| layer.info.start..layer.info.end());
    let candidates: Vec<u32> = all.filter(|number| !parent.retired.contains(*number)).collect();
    let (mut at, mut retired) = (numbers.end, Vec::new());
    for candidate in candidates.into_iter().rev() {
        let is_it = at > numbers.start
            && child.key(at - 1) == parent.key(candidate)
            && child.entry(at - 1)? == parent.entry(candidate)?;
        if is_it { at -= 1 } else { retired.push(candidate) }
    }
    Ok((numbers.end - at, retired))
}

/// The packed forms of entries, one after the other; nothing where they are too many.
pub(super) fn forms(generation: &Generation, numbers: &[u32]) -> Result<Option<Vec<u8>>, Error> {
    let mut all = Vec::new();
    for &number in numbers {
        all.extend(pack::packed(&generation.entry(number)?, &generation.dictionary.packs));
        if all.len() > MOST_FORMS {
            return Ok(None);
        }
    }
    Ok(Some(all))
}

/// What is kept of the block keys of some entries, sorted, and how many bits of each are.
pub(super) fn block_keys(layers: &[LayerFiles], numbers: &[u32]) -> BTreeMap<u32, (u32, Vec<u32>)> {
    let mut wanted = Retired::default();
    numbers.iter().for_each(|number| wanted.insert(*number));
    let mut found: BTreeMap<u32, (u32, Vec<u32>)> = BTreeMap::new();
    for layer in layers {
        let bits = layer.keys.bits();
        for (key, own) in layer.keys.pairs() {
            let number = layer.info.start.saturating_add(own);
            if wanted.contains(number) {
                found.entry(number).or_insert_with(|| (bits, Vec::new())).1.push((key >> KEY_BITS) as u32);
            }
        }
    }
    found.values_mut().for_each(|(_, keys)| keys.sort_unstable());
    found
}

impl Body {
    fn of(parent: &Generation, child: &Generation, moved: &Moved) -> Result<Self, Error> {
        let Moved { retired, new, rewritten } = moved;
        let mut body = Self { rewritten: *rewritten, ..Self::default() };
        let places = retired.iter().enumerate();
        let origin: FxHashMap<u64, usize> =
            places.filter_map(|(place, number)| Some((parent.key(*number)?, place))).collect();
        let old_keys = block_keys(&parent.layers, retired);
        let new_keys = block_keys(child.layers.last().map_or(&[], std::slice::from_ref), new);
        for &number in new {
            let id = child.key(number).unwrap_or_default();
            let place = origin.get(&id).copied();
            body.origins.push(place.map_or(0, |place| place as u32 + 1));
            if place.is_none() {
                body.new_ids.push(id.to_le_bytes());
            }
            let keys = new_keys.get(&number).map_or(&[][..], |(_, keys)| keys);
            body.add_keys(keys, place.and_then(|place| old_keys.get(&retired[place])));
            let form = pack::packed(&child.entry(number)?, &parent.dictionary.packs);
            body.lengths.push(form.len() as u32);
            body.forms.extend(form);
        }
        let before: BTreeMap<u64, Option<u64>> = parent.redirects.pairs().collect();
        let news = child.redirects.pairs().filter(|(old, to)| before.get(old) != Some(to));
        body.redirects = news.map(|(old, to)| (old.to_le_bytes(), to.map(u64::to_le_bytes))).collect();
        Ok(body)
    }

    /// How many of the lower bits of a key are not known by an old one of which so many are kept.
    pub(super) fn spare(&self, bits: u32) -> u32 {
        KEY_BITS - self.rewritten.map_or(bits, |kept| kept.min(bits))
    }

    fn add_keys(&mut self, keys: &[u32], old: Option<&(u32, Vec<u32>)>) {
        // A base keeps less of a key than a layer.
        let spare = old.map_or(KEY_BITS, |(bits, _)| self.spare(*bits));
        let same = spare < 16
            && old.is_some_and(|(_, old)| {
                keys.len() == old.len() && keys.iter().zip(old).all(|(new, old)| new >> spare == old >> spare)
            });
        self.same_keys.push(same);
        if same {
            self.low.extend(keys.iter().map(|key| (key & ((1 << spare) - 1)) as u16));
        } else {
            self.counts.push(keys.len() as u16);
            self.keys.extend(keys.iter().map(|key| key.to_le_bytes()));
        }
    }

    fn packed(&self, retired: &[u32], old: &[u8]) -> std::io::Result<Changes> {
        let plain = postcard::to_allocvec(self).map_err(std::io::Error::other)?;
        let mut compressor = Compressor::with_dictionary(LEVEL, old)?;
        compressor.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
        compressor.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
        let bytes = [Head::to_bytes(retired)?, compressor.compress(&plain)?].concat();
        Ok(Changes { bytes, plain: plain.len() as u64 })
    }
}

/// What must be known before the rest can be read: which old forms stand in front of the new ones.
pub(super) struct Head<'a> {
    pub(super) retired: Vec<u32>,
    pub(super) body: &'a [u8],
}

impl<'a> Head<'a> {
    // Length of the packed numbers, length of the numbers, the packed numbers as distances.
    fn to_bytes(retired: &[u32]) -> std::io::Result<Vec<u8>> {
        let before = std::iter::once(0).chain(retired.iter().copied());
        let distances: Vec<u32> =
            retired.iter().zip(before).map(|(number, before)| number - before).collect();
        let numbers = postcard::to_allocvec(&distances).map_err(std::io::Error::other)?;
        let packed = zstd::bulk::compress(&numbers, LEVEL)?;
        let lengths = [packed.len() as u32, numbers.len() as u32].map(u32::to_le_bytes);
        Ok([&lengths.concat()[..], &packed].concat())
    }

    /// `None` where the bytes are no such head.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (plain, rest) = rest.split_first_chunk()?;
        let (packed, body) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let plain = u32::from_le_bytes(*plain) as usize;
        let numbers = zstd::bulk::decompress(packed, plain.min(MOST_FORMS)).ok()?;
        let distances: Vec<u32> = postcard::from_bytes(&numbers).ok()?;
        let mut retired: Vec<u32> = Vec::with_capacity(distances.len());
        for distance in distances {
            let number = retired.last().map_or(Some(distance), |last| last.checked_add(distance))?;
            // They ascend: none is there twice.
            if retired.last() == Some(&number) {
                return None;
            }
            retired.push(number);
        }
        Some(Self { retired, body })
    }
}
