//! The records that an incremental build looks at: compared by number as in a full build.
//!
//! What they are compared by is in memory; what entries are made of lies there too up to a bound, and beyond it in a
//! work file until it is asked for, for most of them only stand near a change.

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

/// Bytes of packed records that are kept in memory.
const KEPT: usize = if cfg!(test) { 1 << 10 } else { 64 << 20 };

/// A record by its library's index among the sources and its place in that library's archive.
pub(super) type Place = (u32, RecordLocator);

/// Records by number.
#[derive(Default)]
pub(super) struct Touched {
    pub(super) pool: Pool,
    chunks: Vec<Chunk>,
    members: Option<Members>,
}

// Records of one library's archive that were read together.
struct Chunk {
    library_idx: u32,
    locators: Vec<RecordLocator>,
    // From where to where in `bytes` each record is packed.
    packed: Vec<Range<u32>>,
    bytes: Packed,
}

/// Packed records, one behind the other.
enum Packed {
    Here(Vec<u8>),
    /// In the work file from there.
    InFile(u64),
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

/// Records of one library, read and mapped.
#[derive(Default)]
pub(super) struct ReadRecords {
    matches: Vec<u8>,
    locators: Vec<RecordLocator>,
    packed: Vec<Range<u32>>,
    bytes: Vec<u8>,
}

impl ReadRecords {
    /// All of `records`.
    pub(super) fn of(records: &LibraryRecords<'_>, counters: &Counters) -> Result<Self> {
        Self::read(records, counters, true)
    }

    /// The same without what entries are made of.
    pub(super) fn compared(records: &LibraryRecords<'_>, counters: &Counters) -> Result<Self> {
        Self::read(records, counters, false)
    }

    fn read(records: &LibraryRecords<'_>, counters: &Counters, is_whole: bool) -> Result<Self> {
        let all = Mutex::new(Self::default());
        records.each_block(counters, &(), |members| {
            let mut here = Self::default();
            for member in &members {
                put_match(member, &mut here.matches);
                here.locators.push(member.locator);
                if is_whole {
                    here.pack(member)?;
                }
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).append(here)
        })?;
        Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn pack(&mut self, member: &MemberRecord) -> Result<()> {
        let start = place_in(&self.bytes)?;
        self.bytes = postcard::to_extend(member, std::mem::take(&mut self.bytes)).map_err(Error::packing)?;
        self.packed.push(start..place_in(&self.bytes)?);
        Ok(())
    }

    fn append(&mut self, other: Self) -> Result<()> {
        let start = place_in(&self.bytes)?;
        self.matches.extend_from_slice(&other.matches);
        self.locators.extend(other.locators);
        self.bytes.extend_from_slice(&other.bytes);
        place_in(&self.bytes)?;
        self.packed.extend(other.packed.into_iter().map(|place| start + place.start..start + place.end));
        Ok(())
    }
}

fn place_in(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len()).map_err(|_| Error::TooMany)
}

/// What entries are made of: in memory up to a bound, then in a file that goes with the value.
struct Members {
    path: PathBuf,
    file: Option<Mutex<File>>,
    n_here: usize,
    n_in_file: u64,
}

impl Touched {
    /// Records that can be asked for whole again; `path` is for a work file, should one be needed.
    pub(super) fn with_members(path: &Path) -> Self {
        let members = Members { path: path.to_owned(), file: None, n_here: 0, n_in_file: 0 };
        Self { members: Some(members), ..Self::default() }
    }

    /// Takes records of a library; their numbers follow those that are there.
    pub(super) fn add(&mut self, library_idx: u32, read: ReadRecords) -> Result<()> {
        let ReadRecords { matches, locators, packed, bytes } = read;
        if locators.is_empty() {
            return Ok(());
        }
        let bytes = match &mut self.members {
            Some(members) => members.keep(bytes)?,
            None => Packed::Here(Vec::new()),
        };
        self.pool.add(matches)?;
        self.chunks.push(Chunk { library_idx, locators, packed, bytes });
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
        let Range { start, end } = chunk.packed.get(place).cloned().ok_or(Error::BrokenWork)?;
        let member = match (&chunk.bytes, &self.members) {
            (Packed::Here(bytes), _) => unpack(&bytes[start as usize..end as usize])?,
            (Packed::InFile(at), Some(members)) => {
                unpack(&members.read(at + u64::from(start), end - start)?)?
            }
            (Packed::InFile(_), None) => return Err(Error::BrokenWork),
        };
        Ok((chunk.library_idx, member))
    }
}

impl Members {
    fn keep(&mut self, mut packed: Vec<u8>) -> Result<Packed> {
        if self.n_here + packed.len() <= KEPT {
            packed.shrink_to_fit();
            self.n_here += packed.len();
            return Ok(Packed::Here(packed));
        }
        let file = match self.file.take() {
            Some(file) => file,
            None => Mutex::new(self.create()?),
        };
        let file = self.file.insert(file).get_mut().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&packed).map_err(work_error(&self.path))?;
        let start = self.n_in_file;
        self.n_in_file += packed.len() as u64;
        Ok(Packed::InFile(start))
    }

    fn create(&self) -> Result<File> {
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(true).open(&self.path);
        file.map_err(work_error(&self.path))
    }

    fn read(&self, at: u64, length: u32) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length as usize];
        let mut file =
            self.file.as_ref().ok_or(Error::BrokenWork)?.lock().unwrap_or_else(PoisonError::into_inner);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::bib::{Bib, MaterialType};

    fn member(slot: u32) -> MemberRecord {
        let mut bib = Bib::empty(MaterialType::BookChi);
        bib.title = Some(format!("三国演义 {slot}"));
        let locator = RecordLocator { pack: 7, slot };
        MemberRecord { birth: u64::from(slot), first_seen: 1, locator, bib, holdings: Vec::new() }
    }

    fn read(slots: Range<u32>) -> ReadRecords {
        let mut all = ReadRecords::default();
        for slot in slots {
            let mut one = ReadRecords::default();
            put_match(&member(slot), &mut one.matches);
            one.locators.push(member(slot).locator);
            one.pack(&member(slot)).unwrap();
            all.append(one).unwrap();
        }
        all
    }

    #[test]
    fn records_come_back_from_memory_and_from_the_work_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("work/touched");
        fs::create_dir(folder.path().join("work")).unwrap();
        let mut touched = Touched::with_members(&path);
        touched.add(0, read(0..3)).unwrap();
        assert!(!path.exists(), "a few records are in memory");
        touched.add(1, read(3..90)).unwrap();
        touched.add(2, read(0..0)).unwrap();
        touched.add(3, read(90..200)).unwrap();
        assert!(path.exists());
        touched.keep(|number, place| number % 2 == 1 && place.1.slot == number);
        assert_eq!(touched.len(), 100);
        for number in 0..touched.len() {
            let slot = 2 * number + 1;
            let library_idx = if slot < 3 {
                0
            } else if slot < 90 {
                1
            } else {
                3
            };
            assert_eq!(touched.place(number), (library_idx, member(slot).locator));
            let (library, found) = touched.member(number).unwrap();
            assert_eq!((library, found.bib, found.birth), (library_idx, member(slot).bib, u64::from(slot)));
        }
        drop(touched);
        assert!(!folder.path().join("work").exists());
    }
}
