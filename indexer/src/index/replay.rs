//! What a build did, done again out of what was changed (`changes`), by whoever has the generation below.
//!
//! What comes is bounded and looked at as it is read, and whatever does not fit together is damage. Whether what was
//! written is what the other machine wrote is for the caller to compare, file by file.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use zstd::bulk::Decompressor;
use zstd::zstd_safe::DParameter;

use crate::bib::{EditionId, Entry};
use crate::files::{FileLayer, remove_tree};
use crate::index::build::{Builder, BuilderOptions};
use crate::index::changes::{Body, Changes, Head, KEY_BITS, LARGEST_CHANGES, WINDOW_LOG, block_keys, forms};
use crate::index::generation::Generation;
use crate::index::manifest::{Layer, Manifest};
use crate::index::rewrite::rewrite_beside;
use crate::index::{Error, pack, switch};

/// Where a layer is written again, and how.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// Name of the generation that it shall become; the files are named after its number.
    pub generation: &'a str,
    /// A folder that is not there yet.
    pub dir: &'a Path,
    /// Memory for terms, as much as the other machine had: it decides where segments end.
    pub memory_bytes: usize,
}

/// Writes a layer again upon `parent`, with all files that both share; says which files those are. They are durable
/// then, and can be opened like any generation. The names of segments are drawn anew, so only contents compare.
pub fn replay(
    parent: &Arc<Generation>,
    changes: &Changes,
    beside: Beside<'_>,
    files: Arc<dyn FileLayer>,
) -> Result<Manifest, Error> {
    let damaged = |what| Error::damaged(beside.dir, what);
    let head = Head::read(&changes.bytes).ok_or_else(|| damaged("the head of what was changed"))?;
    let stored = parent.manifest.layers.last().map_or(0, Layer::end);
    if head.retired.last().is_some_and(|number| *number >= stored) {
        return Err(damaged("a number of what was changed"));
    }
    let body = unpacked(parent, &head, changes.plain)?;
    let body = body.ok_or_else(|| damaged("what was changed is not about what is here"))?;
    let number = switch::number_of(beside.generation).ok_or_else(|| damaged("the name of a generation"))?;
    if body.rewritten.is_none() {
        return layer(parent, &head, &body, beside, number, files)?.finish_beside();
    }
    let layered = Beside { dir: &beside.dir.with_added_extension("layer"), ..beside };
    remove_tree(&*files, layered.dir).map_err(Error::io("remove", layered.dir))?;
    layer(parent, &head, &body, layered, number, Arc::clone(&files))?.finish_beside()?;
    let below = Arc::new(Generation::open_folder(layered.dir)?);
    let made = rewrite_beside(&below, beside, number, Arc::clone(&files))?.finish_beside();
    remove_tree(&*files, layered.dir).map_err(Error::io("remove", layered.dir))?;
    made
}

/// The layer that was laid on `parent`, all of it pushed.
fn layer(
    parent: &Arc<Generation>,
    head: &Head<'_>,
    body: &Body,
    beside: Beside<'_>,
    number: u64,
    files: Arc<dyn FileLayer>,
) -> Result<Builder, Error> {
    let damaged = |what| Error::damaged(beside.dir, what);
    let options = BuilderOptions { threads: 1, memory_bytes: beside.memory_bytes };
    let mut builder = Builder::extend_beside(beside.dir, number, Arc::clone(parent), options, files)?;
    let mut reader = Reader::new(body, parent, &head.retired);
    for nth in 0..body.origins.len() {
        let (entry, keys) = reader.entry(nth).ok_or_else(|| damaged("an entry of what was changed"))?;
        builder.push(builder.prepare(&entry, &keys)?)?;
    }
    head.retired.iter().for_each(|number| builder.retire(*number));
    for (old, to) in &body.redirects {
        let id = |bytes: &[u8; 8]| EditionId::from_key(u64::from_le_bytes(*bytes));
        builder.redirect(&id(old), to.as_ref().map(id).as_ref());
    }
    Ok(builder)
}

fn unpacked(parent: &Generation, head: &Head<'_>, plain: u64) -> Result<Option<Body>, Error> {
    let plain = Some(plain).filter(|plain| *plain <= LARGEST_CHANGES).and_then(|n| usize::try_from(n).ok());
    let (Some(plain), Some(old)) = (plain, forms(parent, &head.retired)?) else { return Ok(None) };
    let decompressor = || -> std::io::Result<Decompressor<'_>> {
        let mut decompressor = Decompressor::with_dictionary(&old)?;
        decompressor.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(decompressor)
    };
    let mut decompressor = decompressor().map_err(Error::io("unpack for", parent.folder.path()))?;
    let bytes = decompressor.decompress(head.body, plain).ok();
    Ok(bytes.and_then(|bytes| postcard::from_bytes(&bytes).ok()))
}

/// Takes entries out of the columns, one after the other.
struct Reader<'a> {
    body: &'a Body,
    parent: &'a Generation,
    retired: &'a [u32],
    old_keys: BTreeMap<u32, (u32, Vec<u32>)>,
    new_ids: std::slice::Iter<'a, [u8; 8]>,
    low: &'a [u16],
    counts: std::slice::Iter<'a, u16>,
    keys: &'a [[u8; 4]],
    forms: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(body: &'a Body, parent: &'a Generation, retired: &'a [u32]) -> Self {
        Self {
            old_keys: block_keys(&parent.layers, retired),
            new_ids: body.new_ids.iter(),
            low: &body.low,
            counts: body.counts.iter(),
            keys: &body.keys,
            forms: &body.forms,
            body,
            parent,
            retired,
        }
    }

    /// The entry and its block keys; nothing where the columns do not fit together.
    fn entry(&mut self, nth: usize) -> Option<(Entry, Vec<u64>)> {
        let origin = match self.body.origins.get(nth)?.checked_sub(1) {
            Some(place) => Some(*self.retired.get(place as usize)?),
            None => None,
        };
        let id = match origin {
            Some(number) => self.parent.key(number)?,
            None => u64::from_le_bytes(*self.new_ids.next()?),
        };
        let keys: Vec<u32> = if *self.body.same_keys.get(nth)? {
            let (bits, old) = self.old_keys.get(&origin?)?;
            let low = self.low.split_off(..old.len())?;
            let spare = self.body.spare(*bits);
            old.iter().zip(low).map(|(old, low)| old >> spare << spare | u32::from(*low)).collect()
        } else {
            let n = usize::from(*self.counts.next()?);
            self.keys.split_off(..n)?.iter().map(|key| u32::from_le_bytes(*key)).collect()
        };
        let form = self.forms.split_off(..*self.body.lengths.get(nth)? as usize)?;
        let entry = pack::opened(EditionId::from_key(id), form, &self.parent.dictionary.packs).ok()?;
        Some((entry, keys.into_iter().map(|key| u64::from(key) << KEY_BITS).collect()))
    }
}
