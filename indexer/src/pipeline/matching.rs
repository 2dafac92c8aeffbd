//! Which records may be one edition: records meet under their block keys, are compared, and hang together.
//!
//! The result depends on the records and on the decisions of persons, never on an order. How two records
//! compare is `cluster`'s affair.

use std::collections::BTreeSet;
use std::sync::Mutex;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::error::Result;
use super::forest::Forest;
use super::pool::Pool;
use super::progress::Progress;
use super::work::{Buckets, take_u32, take_u64};
use crate::cluster::{BLOCK_CAP, Link, MatchRecord, Verdict, block_keys, compare};

/// Bytes of a key and a number in a bucket.
const PAIR: usize = 12;
/// A bucket should take no more memory than this when it is sorted.
const BUCKET_BYTES: u64 = 24 << 20;
/// Keys of a record, for the number of buckets.
const USUAL_KEYS: u64 = 8;

/// Keys that so many records share that they say nothing.
pub(super) type Crowded = BTreeSet<u64>;

/// Joins what matches; returns the keys that were passed over.
pub(super) fn join_matches(
    pool: &Pool,
    forest: &Forest,
    work: &std::path::Path,
    progress: &dyn Progress,
) -> Result<Crowded> {
    let keys = gather_keys(pool, work)?;
    let crowded = Mutex::new(Crowded::new());
    (0..keys.len()).into_par_iter().try_for_each(|bucket_idx| -> Result<()> {
        let mut pairs = pairs_of(&keys.take(bucket_idx)?);
        pairs.sort_unstable();
        for block in pairs.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1) {
            if block.len() > BLOCK_CAP {
                crowded.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(block[0].0);
            } else {
                join_block(pool, forest, block)?;
            }
        }
        progress.advance(pairs.len() as u64, 0);
        Ok(())
    })?;
    Ok(crowded.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// The same in memory, where it is known which keys are passed over.
pub(super) fn join_some(pool: &Pool, forest: &Forest, crowded: &Crowded) -> Result<()> {
    const STEP: u32 = 4096;
    let keyed = (0..pool.len().div_ceil(STEP)).into_par_iter().map(|step| -> Result<Vec<(u64, u32)>> {
        let (mut pairs, mut keys) = (Vec::new(), Vec::new());
        for number in step * STEP..pool.len().min((step + 1) * STEP) {
            keys.clear();
            pool.keys_into(number, &mut keys)?;
            pairs.extend(keys.iter().filter(|key| !crowded.contains(*key)).map(|key| (*key, number)));
        }
        Ok(pairs)
    });
    let mut pairs = keyed.collect::<Result<Vec<_>>>()?.concat();
    pairs.par_sort_unstable();
    let blocks: Vec<_> = pairs.chunk_by(|a, b| a.0 == b.0).filter(|block| block.len() > 1).collect();
    blocks.into_par_iter().try_for_each(|block| join_block(pool, forest, block))
}

fn gather_keys(pool: &Pool, work: &std::path::Path) -> Result<Buckets> {
    let wanted = (u64::from(pool.len()) * USUAL_KEYS * PAIR as u64).div_ceil(BUCKET_BYTES).clamp(4, 1024);
    let n_buckets = (wanted as usize).next_power_of_two();
    let shift = 64 - n_buckets.trailing_zeros();
    let buckets = Buckets::new(work, "keys", n_buckets);
    const STEP: u32 = 4096;
    (0..pool.len().div_ceil(STEP)).into_par_iter().try_for_each(|step| -> Result<()> {
        let mut sorted: Vec<Vec<u8>> = vec![Vec::new(); n_buckets];
        let mut keys = Vec::new();
        for number in step * STEP..pool.len().min((step + 1) * STEP) {
            keys.clear();
            block_keys(&pool.record(number)?, &mut keys);
            for key in &keys {
                let bucket = &mut sorted[(key >> shift) as usize];
                bucket.extend_from_slice(&key.to_le_bytes());
                bucket.extend_from_slice(&number.to_le_bytes());
            }
        }
        sorted.iter().enumerate().filter(|(_, b)| !b.is_empty()).try_for_each(|(i, b)| buckets.put(i, b))
    })?;
    Ok(buckets)
}

fn pairs_of(mut bytes: &[u8]) -> Vec<(u64, u32)> {
    let mut pairs = Vec::with_capacity(bytes.len() / PAIR);
    while let (Some(key), Some(number)) = (take_u64(&mut bytes), take_u32(&mut bytes)) {
        pairs.push((key, number));
    }
    pairs
}

fn join_block(pool: &Pool, forest: &Forest, block: &[(u64, u32)]) -> Result<()> {
    let numbers: Vec<u32> = block.iter().map(|(_, number)| *number).collect();
    let first = forest.root(numbers[0]);
    if numbers.iter().all(|number| forest.root(*number) == first) {
        return Ok(());
    }
    let distinct = Distinct::of(pool, &numbers)?;
    for (group, record) in distinct.groups.iter().zip(&distinct.records) {
        if group.len() > 1 && compare(record, record).verdict == Verdict::Same {
            group[1..].iter().for_each(|number| forest.join(group[0], *number));
        }
    }
    for (i, a) in distinct.records.iter().enumerate() {
        for (j, b) in distinct.records.iter().enumerate().skip(i + 1) {
            let (here, there) = (distinct.groups[i][0], distinct.groups[j][0]);
            if !forest.together(here, there) && compare(a, b).verdict == Verdict::Same {
                forest.join(here, there);
            }
        }
    }
    Ok(())
}

/// Records that say the same to the last byte are compared once. The eldest name stands for its group.
struct Distinct {
    groups: Vec<Vec<u32>>,
    records: Vec<MatchRecord>,
}

impl Distinct {
    fn of(pool: &Pool, numbers: &[u32]) -> Result<Self> {
        let mut by_bytes: Vec<(&[u8], u64, u32)> = numbers
            .iter()
            .map(|number| {
                let bytes = pool.get(*number);
                (bytes.record, bytes.birth, *number)
            })
            .collect();
        by_bytes.sort_unstable();
        let mut distinct = Self { groups: Vec::new(), records: Vec::new() };
        for group in by_bytes.chunk_by(|a, b| a.0 == b.0) {
            distinct.groups.push(group.iter().map(|(_, _, number)| *number).collect());
            distinct.records.push(pool.record(group[0].2)?);
        }
        Ok(distinct)
    }
}

/// A component with everything that `cluster::resolve` asks for; places count from 0 in `numbers`.
pub(super) struct Component {
    pub(super) numbers: Vec<u32>,
    pub(super) records: Vec<MatchRecord>,
    pub(super) births: Vec<u64>,
    pub(super) links: Vec<Link>,
}

impl Component {
    /// Every matching pair among the records, found as in `join_matches`. Of records that say the same one stands for
    /// the others, but for those that decisions name: such a one may be taken out, and must not take their links along.
    pub(super) fn of(
        pool: &Pool,
        numbers: &[u32],
        is_crowded: impl Fn(u64) -> bool,
        is_named: impl Fn(u64) -> bool,
    ) -> Result<Self> {
        let distinct = Distinct::of(pool, numbers)?;
        let place_of: FxHashMap<u32, usize> = numbers.iter().enumerate().map(|(i, n)| (*n, i)).collect();
        let mut links = Vec::new();
        let mut pushed = |a: u32, b: u32, comparison: crate::cluster::Comparison| {
            if comparison.verdict == Verdict::Same {
                let (a, b) = (place_of[&a], place_of[&b]);
                links.push(Link { a, b, weight: comparison.weight, grounds: comparison.grounds });
            }
        };
        let stand = |group: &Vec<u32>| standing(group, |number| is_named(pool.get(number).birth));
        let standing: Vec<Vec<u32>> = distinct.groups.iter().map(stand).collect();
        for (i, record) in distinct.records.iter().enumerate().filter(|(i, _)| distinct.groups[*i].len() > 1)
        {
            let (own, first) = (compare(record, record), standing[i][0]);
            let others = distinct.groups[i].iter().filter(|number| !standing[i].contains(number));
            others.for_each(|number| pushed(first, *number, own));
            for (n, here) in standing[i].iter().enumerate() {
                standing[i][n + 1..].iter().for_each(|there| pushed(*here, *there, own));
            }
        }
        let keys_of = |i: usize, keys: &mut Vec<u64>| match pool.keys(distinct.groups[i][0]) {
            Some(known) => keys.extend_from_slice(known),
            None => block_keys(&distinct.records[i], keys),
        };
        for (i, j) in meetings(distinct.records.len(), keys_of, is_crowded) {
            let found = compare(&distinct.records[i], &distinct.records[j]);
            for here in &standing[i] {
                standing[j].iter().for_each(|there| pushed(*here, *there, found));
            }
        }
        Ok(Self {
            numbers: numbers.to_vec(),
            records: numbers.iter().map(|number| pool.record(*number)).collect::<Result<_>>()?,
            births: numbers.iter().map(|number| pool.get(*number).birth).collect(),
            links,
        })
    }
}

/// Those of a group of equal records that are linked to others: one for all, first, and each that a decision names.
fn standing(group: &[u32], is_named: impl Fn(u32) -> bool) -> Vec<u32> {
    let (named, others): (Vec<u32>, Vec<u32>) = group.iter().partition(|number| is_named(**number));
    others.into_iter().take(1).chain(named).collect()
}

/// Pairs of records that share a key, each once.
fn meetings(
    n_records: usize,
    keys_of: impl Fn(usize, &mut Vec<u64>),
    is_crowded: impl Fn(u64) -> bool,
) -> Vec<(usize, usize)> {
    let mut keyed = Vec::new();
    let mut keys = Vec::new();
    for i in 0..n_records {
        keys.clear();
        keys_of(i, &mut keys);
        keyed.extend(keys.iter().filter(|key| !is_crowded(**key)).map(|key| (*key, i)));
    }
    keyed.sort_unstable();
    let mut met = FxHashSet::default();
    for block in keyed.chunk_by(|a, b| a.0 == b.0) {
        for (n, (_, i)) in block.iter().enumerate() {
            met.extend(block[n + 1..].iter().map(|(_, j)| (*i, *j)));
        }
    }
    let mut met: Vec<_> = met.into_iter().collect();
    met.sort_unstable();
    met
}
