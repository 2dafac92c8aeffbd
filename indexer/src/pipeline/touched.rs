//! The records that an incremental build looks at, in memory: compared by number as in a full build.

use std::sync::{Mutex, PoisonError};

use super::build::Counters;
use super::error::{Error, Result};
use super::library_records::LibraryRecords;
use super::member_record::MemberRecord;
use super::parts::put_match;
use super::parts::unpack;
use super::pool::Pool;
use crate::bib::RecordLocator;

/// A record by its library's index among the sources and its place in that library's archive.
pub(super) type Place = (u32, RecordLocator);

/// Records by number.
#[derive(Default)]
pub(super) struct Touched {
    pub(super) pool: Pool,
    chunks: Vec<Chunk>,
}

// Records of one block of one library's archive.
struct Chunk {
    library_idx: u32,
    packed: Vec<u8>,
    ends: Vec<usize>,
    locators: Vec<RecordLocator>,
}

impl Touched {
    /// Reads and maps all of `records`; their numbers follow those that are there.
    pub(super) fn add(
        &mut self,
        library_idx: u32,
        records: &LibraryRecords<'_>,
        counters: &Counters,
    ) -> Result<()> {
        let read = Mutex::new(Vec::new());
        records.each_block(counters, &(), |members| {
            if !members.is_empty() {
                let piece = Chunk::of(library_idx, &members)?;
                read.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
            }
            Ok(())
        })?;
        for (matches, chunk) in read.into_inner().unwrap_or_else(PoisonError::into_inner) {
            self.pool.add(matches)?;
            self.chunks.push(chunk);
        }
        Ok(())
    }

    pub(super) fn len(&self) -> u32 {
        self.pool.len()
    }

    /// Where a record lies.
    pub(super) fn place(&self, number: u32) -> Place {
        let (chunk_idx, place) = self.pool.place(number);
        (self.chunks[chunk_idx].library_idx, self.chunks[chunk_idx].locators[place])
    }

    /// A record as entries are made of it, and its library's index.
    pub(super) fn member(&self, number: u32) -> Result<(u32, MemberRecord)> {
        let (chunk_idx, place) = self.pool.place(number);
        let chunk = &self.chunks[chunk_idx];
        let start = place.checked_sub(1).map_or(0, |before| chunk.ends[before]);
        Ok((chunk.library_idx, unpack(&chunk.packed[start..chunk.ends[place]])?))
    }
}

impl Chunk {
    // With what the members are compared by.
    fn of(library_idx: u32, members: &[MemberRecord]) -> Result<(Vec<u8>, Self)> {
        let (mut matches, mut packed, mut ends) = (Vec::new(), Vec::new(), Vec::with_capacity(members.len()));
        for member in members {
            put_match(member, &mut matches);
            packed = postcard::to_extend(member, packed).map_err(Error::packing)?;
            ends.push(packed.len());
        }
        let locators = members.iter().map(|member| member.locator).collect();
        Ok((matches, Self { library_idx, packed, ends, locators }))
    }
}
