//! The records that an incremental build looks at: compared by number as in a full build.
//!
//! What they are compared by is in memory; what entries are made of lies in a work file until it is asked for,
//! for most of them only stand near a change.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::build::Counters;
use super::error::{Error, Result};
use super::library_records::LibraryRecords;
use super::member_record::MemberRecord;
use super::parts::put_match;
use super::parts::unpack;
use super::pool::Pool;
use super::work::work_error;
use crate::bib::RecordLocator;

/// A record by its library's index among the sources and its place in that library's archive.
pub(super) type Place = (u32, RecordLocator);

/// Records by number.
#[derive(Default)]
pub(super) struct Touched {
    pub(super) pool: Pool,
    chunks: Vec<Chunk>,
    members: Option<Members>,
}

// Records of one block of one library's archive.
struct Chunk {
    library_idx: u32,
    locators: Vec<RecordLocator>,
    // Where the packed records lie in the work file, and from where to where behind that each one.
    start: u64,
    packed: Vec<Range<u32>>,
}

impl Chunk {
    fn keep(&mut self, stay: &[bool]) {
        let (mut locators, mut packed) = (stay.iter(), stay.iter());
        self.locators.retain(|_| locators.next() == Some(&true));
        self.packed.retain(|_| packed.next() == Some(&true));
        self.locators.shrink_to_fit();
        self.packed.shrink_to_fit();
    }
}

/// The packed records one behind the other; the file goes with the value.
struct Members {
    path: PathBuf,
    file: Mutex<File>,
    length: u64,
}

impl Touched {
    /// Records that can be asked for whole again: they are kept in a work file.
    pub(super) fn with_members(path: &Path) -> Result<Self> {
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(true).open(path);
        let file = Mutex::new(file.map_err(work_error(path))?);
        let members = Some(Members { path: path.to_owned(), file, length: 0 });
        Ok(Self { members, ..Self::default() })
    }

    /// Reads and maps all of `records`; their numbers follow those that are there.
    pub(super) fn add(
        &mut self,
        library_idx: u32,
        records: &LibraryRecords<'_>,
        counters: &Counters,
    ) -> Result<()> {
        let read = Mutex::new((&mut self.pool, &mut self.chunks, &mut self.members));
        records.each_block(counters, &(), |members| {
            if members.is_empty() {
                return Ok(());
            }
            let mut matches = Vec::new();
            members.iter().for_each(|member| put_match(member, &mut matches));
            let (bytes, packed) = packed(&members)?;
            let locators = members.iter().map(|member| member.locator).collect();
            let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
            let (pool, chunks, kept) = &mut *read;
            let start = kept.as_mut().map_or(Ok(0), |kept| kept.append(&bytes))?;
            pool.add(matches)?;
            chunks.push(Chunk { library_idx, locators, start, packed });
            Ok(())
        })
    }

    pub(super) fn len(&self) -> u32 {
        self.pool.len()
    }

    /// Where a record lies.
    pub(super) fn place(&self, number: u32) -> Place {
        let (chunk_idx, place) = self.pool.place(number);
        (self.chunks[chunk_idx].library_idx, self.chunks[chunk_idx].locators[place])
    }

    /// Forgets the others; those that stay are numbered anew, in the same order.
    pub(super) fn keep(&mut self, stays: impl Fn(u32, Place) -> bool) {
        let mut stay = Vec::with_capacity(self.len() as usize);
        for chunk in &mut self.chunks {
            let first = stay.len();
            let own = (first as u32..).zip(&chunk.locators).map(|(n, at)| stays(n, (chunk.library_idx, *at)));
            stay.extend(own);
            chunk.keep(&stay[first..]);
        }
        self.pool.keep(&stay);
        self.chunks.retain(|chunk| !chunk.locators.is_empty());
    }

    /// A record as entries are made of it, and its library's index.
    pub(super) fn member(&self, number: u32) -> Result<(u32, MemberRecord)> {
        let (chunk_idx, place) = self.pool.place(number);
        let chunk = &self.chunks[chunk_idx];
        let Range { start, end } = chunk.packed[place];
        let members = self.members.as_ref().ok_or(Error::BrokenWork)?;
        let packed = members.read(chunk.start + u64::from(start), end - start)?;
        Ok((chunk.library_idx, unpack(&packed)?))
    }
}

fn packed(members: &[MemberRecord]) -> Result<(Vec<u8>, Vec<Range<u32>>)> {
    let (mut bytes, mut places, mut start) = (Vec::new(), Vec::with_capacity(members.len()), 0);
    for member in members {
        bytes = postcard::to_extend(member, bytes).map_err(Error::packing)?;
        let end = u32::try_from(bytes.len()).map_err(|_| Error::TooMany)?;
        places.push(start..end);
        start = end;
    }
    Ok((bytes, places))
}

impl Members {
    // Where the bytes begin.
    fn append(&mut self, packed: &[u8]) -> Result<u64> {
        let start = self.length;
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.write_all(packed).map_err(work_error(&self.path))?;
        self.length += packed.len() as u64;
        Ok(start)
    }

    fn read(&self, at: u64, length: u32) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length as usize];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let found = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut bytes));
        found.map_err(work_error(&self.path))?;
        Ok(bytes)
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        // What stays, the next build writes over. A folder with parts of a full build stays too.
        let _ = fs::remove_file(&self.path);
        let _ = self.path.parent().map(fs::remove_dir);
    }
}
