//! First step of a full build: each library's records mapped once, into a pair of work files.
//!
//! `<name>.match` holds what records are compared by, `<name>.members` all that entries are made of, in the
//! same order. The name says what they were made from, so a build that was killed takes up what is finished:
//! `<name>.done` has the hashes of both, the counts, and a hash of these words. What does not fit is mapped anew.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::build::Counters;
use super::error::{Error, Result};
use super::library_records::LibraryRecords;
use super::member_record::MemberRecord;
use super::progress::Progress;
use super::work::{take_bytes, take_u32, take_u64, work_error};
use crate::cluster::MatchRecord;

/// The finished work files of one library.
pub(super) struct Part {
    dir: PathBuf,
    name: String,
}

struct Writers {
    matches: Output,
    members: Output,
}

/// A file being written, and the hash of what went into it.
struct Output {
    file: BufWriter<File>,
    path: PathBuf,
    hasher: blake3::Hasher,
}

impl Output {
    fn create(path: PathBuf) -> Result<Self> {
        let file = File::create(&path).map_err(work_error(&path))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 20, file), path, hasher: blake3::Hasher::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.file.write_all(bytes).map_err(work_error(&self.path))
    }

    fn close(mut self) -> Result<blake3::Hash> {
        self.file.flush().map_err(work_error(&self.path))?;
        Ok(self.hasher.finalize())
    }
}

impl Part {
    /// The part of this name, mapped now unless an earlier build finished it.
    pub(super) fn make(
        dir: &Path,
        name: String,
        records: &LibraryRecords<'_>,
        counters: &Counters,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let part = Self { dir: dir.to_owned(), name };
        if let Some(counts) = part.finished() {
            counters.add(&counts);
            progress.advance(counts.iter().sum(), counts.iter().sum());
            return Ok(part);
        }
        let own = Counters::default();
        let writers = Mutex::new(Writers {
            matches: Output::create(part.path("match"))?,
            members: Output::create(part.path("members"))?,
        });
        records.each_block(&own, progress, |members| {
            let (matches, blobs) = packed(&members)?;
            let mut writers = writers.lock().unwrap_or_else(PoisonError::into_inner);
            writers.matches.write(&matches)?;
            writers.members.write(&blobs)
        })?;
        let Writers { matches, members } = writers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (matches, members) = (matches.close()?, members.close()?);
        let counts = own.all();
        part.note_finished([matches, members], counts)?;
        counters.add(&counts);
        Ok(part)
    }

    fn note_finished(&self, [matches, members]: [blake3::Hash; 2], counts: [u64; 4]) -> Result<()> {
        let [entries, holdings, authority, unreadable] = counts;
        let words = format!("{matches} {members} {entries} {holdings} {authority} {unreadable}");
        let done = self.path("done");
        fs::write(&done, format!("{words} {}\n", blake3::hash(words.as_bytes()))).map_err(work_error(&done))
    }

    /// The counts of an earlier build's part, if its files are whole.
    fn finished(&self) -> Option<[u64; 4]> {
        let text = fs::read_to_string(self.path("done")).ok()?;
        let (words, check) = text.strip_suffix('\n')?.rsplit_once(' ')?;
        (blake3::hash(words.as_bytes()).to_hex().as_str() == check).then_some(())?;
        let mut words = words.split_ascii_whitespace();
        for kind in ["match", "members"] {
            let mut hasher = blake3::Hasher::new();
            std::io::copy(&mut File::open(self.path(kind)).ok()?, &mut hasher).ok()?;
            (hasher.finalize().to_hex().as_str() == words.next()?).then_some(())?;
        }
        let mut number = || words.next()?.parse().ok();
        Some([number()?, number()?, number()?, number()?])
    }

    fn path(&self, kind: &str) -> PathBuf {
        self.dir.join(format!("{}.{kind}", self.name))
    }

    /// All that its records are compared by, to be taken apart by `take_match`.
    pub(super) fn matches(&self) -> Result<Vec<u8>> {
        let path = self.path("match");
        fs::read(&path).map_err(work_error(&path))
    }

    /// Bytes of all that `each_record` hands over.
    pub(super) fn n_bytes(&self) -> u64 {
        ["match", "members"]
            .map(|kind| fs::metadata(self.path(kind)).map_or(0, |file| file.len()))
            .iter()
            .sum()
    }

    /// Hands over the records in order: what each is compared by, as `put_match` wrote it, and its packed form.
    pub(super) fn each_record(&self, mut take: impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
        let matches = self.matches()?;
        let mut rest = matches.as_slice();
        let path = self.path("members");
        let mut file = BufReader::with_capacity(1 << 20, File::open(&path).map_err(work_error(&path))?);
        let (mut length, mut bytes) = ([0; 4], Vec::new());
        loop {
            match file.read_exact(&mut length) {
                Ok(()) => {}
                Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(e) => return Err(work_error(&path)(e)),
            }
            bytes.resize(u32::from_le_bytes(length) as usize, 0);
            file.read_exact(&mut bytes).map_err(work_error(&path))?;
            let compared = rest;
            take_match(&mut rest).ok_or(Error::BrokenWork)?;
            take(&compared[..compared.len() - rest.len()], &bytes)?;
        }
    }
}

/// A member of its packed form.
pub(super) fn unpack(bytes: &[u8]) -> Result<MemberRecord> {
    postcard::from_bytes(bytes).map_err(Error::packing)
}

fn packed(members: &[MemberRecord]) -> Result<(Vec<u8>, Vec<u8>)> {
    let (mut matches, mut blobs) = (Vec::new(), Vec::new());
    for member in members {
        put_match(member, &mut matches);
        let start = blobs.len();
        blobs.extend_from_slice(&[0; 4]);
        blobs = postcard::to_extend(member, blobs).map_err(Error::packing)?;
        put_length(&mut blobs, start);
    }
    Ok((matches, blobs))
}

/// Appends what a record is compared by, behind its birth key and age.
pub(super) fn put_match(member: &MemberRecord, out: &mut Vec<u8>) {
    let mut record = Vec::with_capacity(128);
    MatchRecord::of(&member.bib).encode(&mut record);
    put_taken(&MatchBytes { birth: member.birth, first_seen: member.first_seen, record: &record }, out);
}

/// The same of bytes that were taken before.
pub(super) fn put_taken(taken: &MatchBytes<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&taken.birth.to_le_bytes());
    out.extend_from_slice(&taken.first_seen.to_le_bytes());
    out.extend_from_slice(&(taken.record.len() as u32).to_le_bytes());
    out.extend_from_slice(taken.record);
}

// Fills in the length of what was appended behind the four bytes at `start`.
fn put_length(out: &mut [u8], start: usize) {
    let length = (out.len() - start - 4) as u32;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// What stands in a `.match` file for one record.
pub(super) struct MatchBytes<'a> {
    pub(super) birth: u64,
    pub(super) first_seen: u32,
    pub(super) record: &'a [u8],
}

/// Takes the next one off the front; `None` at the end.
pub(super) fn take_match<'a>(rest: &mut &'a [u8]) -> Option<MatchBytes<'a>> {
    let birth = take_u64(rest)?;
    let first_seen = take_u32(rest)?;
    let length = take_u32(rest)? as usize;
    Some(MatchBytes { birth, first_seen, record: take_bytes(rest, length)? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_part_with_a_flipped_bit_is_not_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let part = Part { dir: dir.path().to_owned(), name: "BJFU".to_owned() };
        let data = [("match", "三国演义"), ("members", "罗贯中著")];
        data.iter().for_each(|(kind, bytes)| fs::write(part.path(kind), bytes).unwrap());
        let counts = [40, 2, 1, 0];
        part.note_finished(data.map(|(_, bytes)| blake3::hash(bytes.as_bytes())), counts).unwrap();
        assert_eq!(part.finished(), Some(counts));
        for kind in ["done", "match", "members"] {
            let whole = fs::read(part.path(kind)).unwrap();
            for bit in 0..whole.len() * 8 {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                fs::write(part.path(kind), &bytes).unwrap();
                assert_eq!(part.finished(), None, "bit {bit} of {kind}");
            }
            fs::write(part.path(kind), &whole).unwrap();
        }
        assert_eq!(part.finished(), Some(counts));
    }
}
