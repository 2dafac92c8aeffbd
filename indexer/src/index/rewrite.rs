//! A base written again out of a generation's entries in force: in good order, without those that retired.
//!
//! It reads no archive and judges no record, and what it writes depends on the generation alone; so another machine
//! that has the generation writes the same files, and none of them need be sent. The caller's thread prepares what the
//! lanes write, so that a branch has a core left for its readers.

use std::path::Path;
use std::sync::Arc;

use crate::bib::Entry;
use crate::cluster::OrderKey;
use crate::files::FileLayer;
use crate::index::build::Builder;
use crate::index::generation::Generation;
use crate::index::keys::{self, Keeps};
use crate::index::{Beside, Error, pack, switch};

/// What a table may keep less of a key than it should: one look-up in eight meets another key then.
const MOST_BITS_SHORT: u32 = 3;

/// Whether a generation's base can be written again: every time the keys may lose a bit, as they are known by what
/// the tables keep of them. Records must be read for more.
pub fn can_rewrite(generation: &Generation) -> bool {
    let n = generation.layers.iter().map(|layer| layer.keys.n() as u64).sum();
    known_bits(generation).is_none_or(|bits| bits + MOST_BITS_SHORT >= keys::enough(n))
}

fn known_bits(generation: &Generation) -> Option<u32> {
    generation.layers.iter().map(|layer| layer.keys.bits()).min()
}

/// Begins the generation after the one in force in `catalogue`: a base that says what `below` says, all entries
/// written. `below` is a layer laid on the one in force, in a folder of its own.
pub fn rewrite(
    catalogue: &Path,
    below: &Arc<Generation>,
    memory_bytes: usize,
    files: Arc<dyn FileLayer>,
) -> Result<Builder, Error> {
    let place = switch::begin(&*files, catalogue)?;
    written(Builder::rewriting(place, Arc::clone(below), memory_bytes, keeps(below), files)?, below)
}

/// The same in a folder of its own.
pub(crate) fn rewrite_beside(
    below: &Arc<Generation>,
    beside: Beside<'_>,
    number: u64,
    files: Arc<dyn FileLayer>,
) -> Result<Builder, Error> {
    files.create_dir_all(beside.dir).map_err(Error::io("create", beside.dir))?;
    let place = (beside.dir.to_owned(), number);
    written(Builder::rewriting(place, Arc::clone(below), beside.memory_bytes, keeps(below), files)?, below)
}

fn keeps(generation: &Generation) -> Keeps {
    known_bits(generation).map_or(Keeps::Enough, Keeps::Known)
}

fn written(mut builder: Builder, below: &Generation) -> Result<Builder, Error> {
    let numbers = in_order(below)?;
    train(&builder, below, &numbers)?;
    for number in &numbers {
        builder.push(builder.prepared(&below.entry(*number)?, Vec::new())?)?;
    }
    push_keys(&mut builder, below, &numbers)?;
    Ok(builder)
}

/// The numbers of all entries in force, like beside like; the id decides where all else is equal.
fn in_order(below: &Generation) -> Result<Vec<u32>, Error> {
    let key = |number: u32| -> Result<(OrderKey, u64, u32), Error> {
        let order = OrderKey::of_bib(&below.entry(number)?.bib);
        Ok((order, below.key(number).unwrap_or_default(), number))
    };
    let mut sorted: Vec<(OrderKey, u64, u32)> = below.live().map(key).collect::<Result<_, _>>()?;
    sorted.sort_unstable();
    Ok(sorted.into_iter().map(|(_, _, number)| number).collect())
}

fn train(builder: &Builder, below: &Generation, numbers: &[u32]) -> Result<(), Error> {
    let step = numbers.len().div_ceil(pack::SAMPLES).max(1);
    let sample = numbers.iter().step_by(step).map(|number| below.entry(*number));
    let sample: Vec<Entry> = sample.collect::<Result<_, _>>()?;
    builder.train(sample.iter(), numbers.len() as u32);
    Ok(())
}

/// The keys of entries, from the old numbers to the new ones.
fn push_keys(builder: &mut Builder, below: &Generation, numbers: &[u32]) -> Result<(), Error> {
    let end = below.layers.last().map_or(0, |layer| layer.info.end());
    let mut new_numbers = vec![u32::MAX; end as usize];
    (0u32..).zip(numbers).for_each(|(new, old)| new_numbers[*old as usize] = new);
    let bits = known_bits(below).unwrap_or(0);
    for layer in &below.layers {
        for (key, own) in layer.keys.pairs() {
            let new = new_numbers.get((layer.info.start.saturating_add(own)) as usize).copied();
            if let Some(new) = new.filter(|new| *new != u32::MAX) {
                builder.push_key(key >> (u64::BITS - bits) << (u64::BITS - bits), new)?;
            }
        }
    }
    Ok(())
}
