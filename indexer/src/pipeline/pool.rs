//! The records that are compared in a build, by number.
//!
//! A number is a place in the pool and means nothing beyond the build.

use super::error::{Error, Result};
use super::parts::{MatchBytes, take_match};
use crate::cluster::MatchRecord;

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
}

impl Pool {
    /// Adds records as `parts::put_match` wrote them.
    pub(super) fn add(&mut self, mut bytes: Vec<u8>) -> Result<()> {
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
        self.chunks.push(Chunk { first, bytes, starts });
        Ok(())
    }

    /// Forgets the records for which `stay` does not say so, and chunks of which nothing stays; the others are
    /// numbered anew, in the same order.
    pub(super) fn keep(&mut self, stay: &[bool]) {
        let mut stay = stay.iter();
        let mut first = 0;
        for chunk in &mut self.chunks {
            let (mut bytes, mut starts) = (Vec::new(), Vec::new());
            for (place, start) in chunk.starts.iter().enumerate() {
                let end = chunk.starts.get(place + 1).map_or(chunk.bytes.len(), |end| *end as usize);
                if stay.next() == Some(&true) {
                    starts.push(bytes.len() as u32);
                    bytes.extend_from_slice(&chunk.bytes[*start as usize..end]);
                }
            }
            bytes.shrink_to_fit();
            starts.shrink_to_fit();
            *chunk = Chunk { first, bytes, starts };
            first += chunk.starts.len() as u32;
        }
        self.chunks.retain(|chunk| !chunk.starts.is_empty());
        self.len = first;
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
}
