//! The records that are compared in a build, by number.
//!
//! A number is a place in the pool and means nothing beyond the build.

use rayon::prelude::*;

use super::error::{Error, Result};
use super::parts::{MatchBytes, take_match};
use crate::cluster::{MatchRecord, block_keys};

#[derive(Default)]
pub(super) struct Pool {
    chunks: Vec<Chunk>,
    len: u32,
}

// One library's records, or what was touched.
struct Chunk {
    first: u32,
    bytes: Vec<u8>,
    // Where each record begins, in units of a byte: a library's comparisons stay below 4 GB.
    starts: Vec<u32>,
    keys: BlockKeys,
}

/// The block keys of some records; of none where they are made when they are asked for.
#[derive(Default)]
pub(super) struct BlockKeys {
    keys: Vec<u64>,
    ends: Vec<u32>,
}

impl BlockKeys {
    /// Of records as `parts::put_match` wrote them.
    pub(super) fn of(mut matches: &[u8]) -> Result<Self> {
        let mut all = Self::default();
        while !matches.is_empty() {
            let compared = take_match(&mut matches).ok_or(Error::BrokenWork)?;
            let record = MatchRecord::decode(compared.record).ok_or(Error::BrokenWork)?;
            block_keys(&record, &mut all.keys);
            all.ends.push(u32::try_from(all.keys.len()).map_err(|_| Error::TooMany)?);
        }
        Ok(all)
    }

    fn get(&self, place: usize) -> Option<&[u64]> {
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.keys[start as usize..end as usize])
    }

    fn keep(&mut self, stay: &[bool]) {
        let mut kept = Self::default();
        for place in (0..self.ends.len()).filter(|place| stay[*place]) {
            kept.keys.extend_from_slice(self.get(place).unwrap_or_default());
            kept.ends.push(kept.keys.len() as u32);
        }
        *self = kept;
    }
}

impl Chunk {
    fn keep(&mut self, stay: &[bool]) {
        if stay.iter().all(|stays| *stays) {
            return;
        }
        let n_bytes = (0..stay.len()).filter(|place| stay[*place]).map(|place| self.range(place).len()).sum();
        let (mut bytes, mut starts) = (Vec::with_capacity(n_bytes), Vec::new());
        for place in (0..stay.len()).filter(|place| stay[*place]) {
            starts.push(bytes.len() as u32);
            bytes.extend_from_slice(&self.bytes[self.range(place)]);
        }
        (self.bytes, self.starts) = (bytes, starts);
        self.keys.keep(stay);
    }

    fn range(&self, place: usize) -> std::ops::Range<usize> {
        let end = self.starts.get(place + 1).map_or(self.bytes.len(), |end| *end as usize);
        self.starts[place] as usize..end
    }
}

impl Pool {
    /// Adds records as `parts::put_match` wrote them.
    pub(super) fn add(&mut self, bytes: Vec<u8>) -> Result<()> {
        self.add_with(bytes, BlockKeys::default())
    }

    /// Adds records with their keys.
    pub(super) fn add_with(&mut self, mut bytes: Vec<u8>, keys: BlockKeys) -> Result<()> {
        bytes.shrink_to_fit();
        let mut rest = bytes.as_slice();
        let mut starts = Vec::new();
        while !rest.is_empty() {
            let start = u32::try_from(bytes.len() - rest.len()).map_err(|_| Error::TooMany)?;
            take_match(&mut rest).ok_or(Error::BrokenWork)?;
            starts.push(start);
        }
        starts.shrink_to_fit();
        let first = self.len;
        self.len =
            u32::try_from(starts.len()).ok().and_then(|n| self.len.checked_add(n)).ok_or(Error::TooMany)?;
        self.chunks.push(Chunk { first, bytes, starts, keys });
        Ok(())
    }

    /// Forgets the records for which `stay`, a list a chunk, does not say so, and chunks of which nothing stays; the
    /// others are numbered anew, in the same order.
    pub(super) fn keep(&mut self, stay: &[Vec<bool>]) {
        self.chunks.par_iter_mut().zip(stay).for_each(|(chunk, stay)| chunk.keep(stay));
        self.chunks.retain(|chunk| !chunk.starts.is_empty());
        self.len = 0;
        for chunk in &mut self.chunks {
            chunk.first = self.len;
            self.len += chunk.starts.len() as u32;
        }
    }

    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Number of the first record of each chunk, in the order in which they were added.
    pub(super) fn firsts(&self) -> Vec<u32> {
        self.chunks.iter().map(|chunk| chunk.first).collect()
    }

    /// Index of the chunk that holds a record, and its place there.
    pub(super) fn place(&self, number: u32) -> (usize, usize) {
        let chunk_idx = self.chunks.partition_point(|chunk| chunk.first <= number) - 1;
        (chunk_idx, (number - self.chunks[chunk_idx].first) as usize)
    }

    /// What a record is compared by.
    pub(super) fn get(&self, number: u32) -> MatchBytes<'_> {
        let (chunk_idx, place) = self.place(number);
        let chunk = &self.chunks[chunk_idx];
        let mut rest = &chunk.bytes[chunk.starts[place] as usize..];
        take_match(&mut rest).unwrap_or(MatchBytes { birth: 0, first_seen: 0, record: &[] })
    }

    /// The same, ready to compare.
    pub(super) fn record(&self, number: u32) -> Result<MatchRecord> {
        MatchRecord::decode(self.get(number).record).ok_or(Error::BrokenWork)
    }

    /// Appends the block keys of a record.
    pub(super) fn keys_into(&self, number: u32, out: &mut Vec<u64>) -> Result<()> {
        match self.keys(number) {
            Some(keys) => out.extend_from_slice(keys),
            None => block_keys(&self.record(number)?, out),
        }
        Ok(())
    }

    /// The block keys of a record where they were made already.
    pub(super) fn keys(&self, number: u32) -> Option<&[u64]> {
        let (chunk_idx, place) = self.place(number);
        self.chunks[chunk_idx].keys.get(place)
    }
}
