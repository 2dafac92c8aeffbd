//! The records that an incremental build looks at: compared by number as in a full build.
//!
//! What they are compared by is in memory. What entries are made of stays where an earlier build kept it until it is
//! asked for, since most records only stand near a change; of the others it lies in memory up to a bound, and beyond it
//! in a work file.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::build::Counters;
use super::error::{Error, Result};
use super::kept::{At, Kept};
use super::library_records::LibraryRecords;
use super::member_record::{MemberRecord, joined};
use super::parts::{MatchBytes, put_match, put_taken, unpack};
use super::pool::{BlockKeys, Pool};
use super::work::work_error;
use crate::bib::RecordLocator;

/// Bytes of packed records that are kept in memory.
const KEPT: usize = if cfg!(test) { 1 << 10 } else { 64 << 20 };

/// Bytes that a record is compared by, somewhat above what is usual: room that is too small is taken twice.
const USUAL_COMPARED: usize = 144;

/// A record by its library's index among the sources and its place in that library's archive.
pub(super) type Place = (u32, RecordLocator);

/// Records by number.
#[derive(Default)]
pub(super) struct Touched {
    pub(super) pool: Pool,
    chunks: Vec<Chunk>,
    members: Option<Members>,
}

// Records that were read together.
struct Chunk {
    places: Vec<Place>,
    // From where to where in `bytes` each record is packed.
    packed: Vec<Range<u32>>,
    bytes: Packed,
}

/// Packed records, one behind the other.
enum Packed {
    Here(Vec<u8>),
    /// In the work file from there.
    InFile(u64),
    /// Where an earlier build kept each of them.
    Kept(Vec<At>),
}

impl Chunk {
    fn keep(&mut self, stay: &[bool]) {
        keep_some(&mut self.places, stay);
        keep_some(&mut self.packed, stay);
        if let Packed::Kept(ats) = &mut self.bytes {
            keep_some(ats, stay);
        }
    }
}

fn keep_some<T>(items: &mut Vec<T>, stay: &[bool]) {
    let mut stay = stay.iter();
    items.retain(|_| stay.next() == Some(&true));
    items.shrink_to_fit();
}

/// Records, read and mapped.
#[derive(Default)]
pub(super) struct ReadRecords {
    matches: Vec<u8>,
    places: Vec<Place>,
    packed: Vec<Range<u32>>,
    bytes: Vec<u8>,
    kept: Vec<At>,
    keys: BlockKeys,
}

impl ReadRecords {
    /// All of `records`, which are of the library with this index.
    pub(super) fn of(library_idx: u32, records: &LibraryRecords<'_>, counters: &Counters) -> Result<Self> {
        Self::read(library_idx, records, counters, true)
    }

    /// The same without what entries are made of.
    pub(super) fn compared(
        library_idx: u32,
        records: &LibraryRecords<'_>,
        counters: &Counters,
    ) -> Result<Self> {
        Self::read(library_idx, records, counters, false)
    }

    /// Records that an earlier build kept, in ascending order of where; what entries are made of stays there.
    pub(super) fn kept(kept: &Kept, records: &[(At, Place)]) -> Result<Self> {
        let mut read = Self::default();
        (read.kept, read.places) = records.iter().copied().unzip();
        read.matches.reserve(records.len() * USUAL_COMPARED);
        kept.each_compared(&read.kept, |compared| put_taken(&compared, &mut read.matches))?;
        read.with_keys()
    }

    fn read(
        library_idx: u32,
        records: &LibraryRecords<'_>,
        counters: &Counters,
        is_whole: bool,
    ) -> Result<Self> {
        let all = Mutex::new(Self::default());
        records.each_block(counters, &(), |members| {
            let mut here = Self::default();
            for member in &members {
                put_match(member, &mut here.matches);
                here.places.push((library_idx, member.locator));
                if is_whole {
                    here.pack(member)?;
                }
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).append(here)
        })?;
        all.into_inner().unwrap_or_else(PoisonError::into_inner).with_keys()
    }

    fn with_keys(mut self) -> Result<Self> {
        self.keys = BlockKeys::of(&self.matches)?;
        Ok(self)
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
        self.places.extend(other.places);
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

    /// Takes records; their numbers follow those that are there.
    pub(super) fn add(&mut self, read: ReadRecords) -> Result<()> {
        let ReadRecords { matches, places, packed, bytes, kept, keys } = read;
        if places.is_empty() {
            return Ok(());
        }
        let bytes = match &mut self.members {
            Some(_) if !kept.is_empty() => Packed::Kept(kept),
            Some(members) => members.keep(bytes)?,
            None => Packed::Here(Vec::new()),
        };
        self.pool.add_with(matches, keys)?;
        self.chunks.push(Chunk { places, packed, bytes });
        Ok(())
    }

    pub(super) fn len(&self) -> u32 {
        self.pool.len()
    }

    /// Where a record lies.
    pub(super) fn place(&self, number: u32) -> Place {
        let (chunk_idx, place) = self.pool.place(number);
        self.chunks[chunk_idx].places[place]
    }

    /// Forgets the others; those that stay are numbered anew, in the same order.
    pub(super) fn keep(&mut self, stays: impl Fn(u32, Place) -> bool + Sync) {
        let firsts = self.pool.firsts();
        let stay = self.chunks.par_iter_mut().zip(firsts).map(|(chunk, first)| {
            let stay: Vec<bool> = (first..).zip(&chunk.places).map(|(n, place)| stays(n, *place)).collect();
            chunk.keep(&stay);
            stay
        });
        let stay: Vec<Vec<bool>> = stay.collect();
        self.pool.keep(&stay);
        self.chunks.retain(|chunk| !chunk.places.is_empty());
    }

    /// Records as entries are made of them, by number. Those that an earlier build kept are read there; the nearer
    /// they lie together the less is read.
    pub(super) fn members(
        &self,
        numbers: impl Iterator<Item = u32>,
        kept: &Kept,
    ) -> Result<FxHashMap<u32, MemberRecord>> {
        let (here, mut elsewhere): (Vec<_>, Vec<_>) =
            numbers.map(|number| (self.at(number), number)).partition(|(at, _)| at.is_none());
        let mut members = FxHashMap::default();
        members.reserve(here.len() + elsewhere.len());
        for (_, number) in here {
            members.insert(number, self.packed(number, unpack)??);
        }
        elsewhere.sort_unstable();
        let (ats, numbers): (Vec<At>, Vec<u32>) =
            elsewhere.into_iter().filter_map(|(at, number)| Some((at?, number))).unzip();
        let mut next = numbers.iter();
        let mut outcome = Ok(());
        kept.each_member(&ats, |rest| {
            let mut join = || {
                let number = next.next().copied().ok_or(Error::BrokenWork)?;
                let MatchBytes { birth, first_seen, .. } = self.pool.get(number);
                members.insert(number, joined((birth, first_seen, self.place(number).1), rest)?);
                Ok(())
            };
            if outcome.is_ok() {
                outcome = join();
            }
        })?;
        outcome.map(|()| members)
    }

    /// Where an earlier build kept a record, if it is read from there.
    fn at(&self, number: u32) -> Option<At> {
        let (chunk_idx, place) = self.pool.place(number);
        match &self.chunks[chunk_idx].bytes {
            Packed::Kept(ats) => ats.get(place).copied(),
            _ => None,
        }
    }

    /// What `of` makes of a record's packed form.
    pub(super) fn packed<T>(&self, number: u32, of: impl FnOnce(&[u8]) -> T) -> Result<T> {
        let (chunk_idx, place) = self.pool.place(number);
        let chunk = &self.chunks[chunk_idx];
        let Range { start, end } = chunk.packed.get(place).cloned().ok_or(Error::BrokenWork)?;
        match (&chunk.bytes, &self.members) {
            (Packed::Here(bytes), _) => Ok(of(&bytes[start as usize..end as usize])),
            (Packed::InFile(at), Some(members)) => Ok(of(&members.read(at + u64::from(start), end - start)?)),
            (Packed::InFile(_), None) | (Packed::Kept(_), _) => Err(Error::BrokenWork),
        }
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

    fn read(library_idx: u32, slots: Range<u32>) -> ReadRecords {
        let mut all = ReadRecords::default();
        for slot in slots {
            let mut one = ReadRecords::default();
            put_match(&member(slot), &mut one.matches);
            one.places.push((library_idx, member(slot).locator));
            one.pack(&member(slot)).unwrap();
            all.append(one).unwrap();
        }
        all.with_keys().unwrap()
    }

    #[test]
    fn records_come_back_from_memory_and_from_the_work_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("work/touched");
        fs::create_dir(folder.path().join("work")).unwrap();
        let mut touched = Touched::with_members(&path);
        touched.add(read(0, 0..3)).unwrap();
        assert!(!path.exists(), "a few records are in memory");
        touched.add(read(1, 3..90)).unwrap();
        touched.add(read(2, 0..0)).unwrap();
        touched.add(read(3, 90..200)).unwrap();
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
            let kept = Kept::default();
            let found = touched.members(std::iter::once(number), &kept).unwrap().remove(&number).unwrap();
            assert_eq!((found.bib, found.birth), (member(slot).bib, u64::from(slot)));
        }
        drop(touched);
        assert!(!folder.path().join("work").exists());
    }
}
