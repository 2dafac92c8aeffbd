//! Pages of a list as files, and what they tell: which identifiers came, which are gone, which keys they have.
//!
//! A page is written as it came; `NAME.xml` holds records, `NAME.headers` only headers. A record that nobody
//! can read becomes a file of its own, so that the import rejects it and counts it. After a restart everything
//! is found out again from the files: only their number stands in the checkpoint.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use indexer::archive::RecordKey;
use indexer::files::{Disk, replace_file};
use indexer::pipeline::{MetRecord, record_keys};
use quick_xml::escape::escape;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::{DeletedHeader, Identifiers};
use super::reply::{self, Header, Reply};
use crate::{Error, Result};

pub(super) struct Pages<'a> {
    folder: &'a Path,
    identifiers: &'a dyn Identifiers,
    n_pages: u32,
    // Hashes of the identifiers that came.
    seen: FxHashSet<u64>,
    // Identifiers whose last word was that they are gone.
    deleted: BTreeSet<String>,
    // Which identifier a key belongs to in this harvest.
    owners: FxHashMap<RecordKey, u64>,
    superseded: FxHashSet<RecordKey>,
}

/// What a page brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Brought {
    /// Identifiers that had not come before.
    pub(super) n_new: usize,
    /// Records that cannot be read.
    pub(super) n_lost: usize,
}

impl<'a> Pages<'a> {
    /// The first `n_pages` pages that an earlier run left in this folder; others are removed.
    pub(super) fn open(folder: &'a Path, identifiers: &'a dyn Identifiers, n_pages: u32) -> Result<Self> {
        let mut pages = Self {
            folder,
            identifiers,
            n_pages: 0,
            seen: FxHashSet::default(),
            deleted: BTreeSet::new(),
            owners: FxHashMap::default(),
            superseded: FxHashSet::default(),
        };
        pages.cut_back(n_pages)?;
        Ok(pages)
    }

    pub(super) fn len(&self) -> u32 {
        self.n_pages
    }

    pub(super) fn n_seen(&self) -> u64 {
        self.seen.len() as u64
    }

    /// Removes the pages from the one with this number on, counted from 0, and forgets what they told.
    pub(super) fn cut_back(&mut self, n_pages: u32) -> Result<()> {
        let mut left = Vec::new();
        for (number, path) in self.files_of_pages()? {
            if number > n_pages {
                fs::remove_file(&path).map_err(Error::writing(&path))?;
            } else if !is_lost(&path) {
                left.push(path);
            }
        }
        self.seen.clear();
        self.deleted.clear();
        self.owners.clear();
        self.superseded.clear();
        self.n_pages = n_pages;
        for path in left {
            let bytes = fs::read(&path).map_err(Error::reading(&path))?;
            self.note(&reply::read(&bytes), &met_in(&bytes))?;
        }
        Ok(())
    }

    /// Keeps a page. It is on the disk when this returns.
    pub(super) fn add(&mut self, bytes: &[u8], reply: &Reply) -> Result<Brought> {
        let met = met_in(bytes);
        let n_new = self.note(reply, &met)?;
        let number = self.n_pages + 1;
        let lost = lost_records(bytes, &reply.headers, &met);
        for (n, fragment) in lost.iter().enumerate() {
            self.write(&format!("page-{number:06}.lost-{n:04}.xml"), fragment)?;
        }
        let ending = if met.is_empty() { "headers" } else { "xml" };
        self.write(&format!("page-{number:06}.{ending}"), bytes)?;
        self.n_pages = number;
        Ok(Brought { n_new, n_lost: lost.len() })
    }

    /// Keeps a place for a record that did not come, so that it is counted as one that cannot be read.
    pub(super) fn add_lost(&mut self, identifier: &str, reason: &str) -> Result<()> {
        let text = format!("<header><identifier>{}</identifier></header>", escape(identifier));
        let text = format!("{text}<!-- {} -->", reason.replace("--", "- "));
        self.write(&format!("page-{:06}.lost-0000.xml", self.n_pages + 1), text.as_bytes())?;
        self.n_pages += 1;
        Ok(())
    }

    /// Keeps the headers of records that are gone, out of a list that has nothing else.
    pub(super) fn add_deleted(&mut self, headers: &[Header]) -> Result<()> {
        let header = |header: &Header| {
            let identifier = escape(&header.identifier);
            format!("<header status=\"deleted\"><identifier>{identifier}</identifier></header>")
        };
        let text: String = headers.iter().filter(|header| header.deleted).map(header).collect();
        if !text.is_empty() {
            self.add(text.as_bytes(), &reply::read(text.as_bytes()))?;
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        replace_file(&Disk, &path, bytes).map_err(Error::writing(&path))
    }

    fn note(&mut self, reply: &Reply, met: &[MetRecord]) -> Result<usize> {
        let mut n_new = 0;
        for header in reply.headers.iter().filter(|header| !header.identifier.is_empty()) {
            n_new += usize::from(self.seen.insert(hash(&header.identifier)));
            if header.deleted {
                self.deleted.insert(header.identifier.clone());
            } else {
                self.deleted.remove(&header.identifier);
            }
        }
        self.learn(&reply.headers, met)?;
        Ok(n_new)
    }

    fn learn(&mut self, headers: &[Header], met: &[MetRecord]) -> Result<()> {
        let mut pairs: Vec<(String, RecordKey)> = Vec::new();
        for record in met {
            let (Some(key), Some(header)) = (record.key, header_of(headers, record.offset)) else { continue };
            if header.identifier.is_empty() || header.deleted {
                continue;
            }
            let identifier = hash(&header.identifier);
            // A second record with the same number in one run is known by its content (CONTRACT §7).
            let is_its_own = *self.owners.entry(key).or_insert(identifier) == identifier;
            let key = if is_its_own { Some(key) } else { record.content_key };
            if let Some(key) = key {
                self.owners.insert(key, identifier);
                pairs.push((header.identifier.clone(), key));
            }
        }
        let mut last: Option<&str> = None;
        for (identifier, _) in &pairs {
            if last.replace(identifier) != Some(identifier) {
                self.superseded.extend(self.identifiers.keys_of(identifier)?);
            }
        }
        self.identifiers.learn(&pairs)
    }

    /// The files that hold records, in the order in which they came.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let files = self.files_of_pages()?.into_iter().map(|(_, path)| path);
        Ok(files.filter(|path| path.extension().is_some_and(|ending| ending == "xml")).collect())
    }

    pub(super) fn deleted(&self) -> Vec<DeletedHeader> {
        self.deleted.iter().map(|identifier| DeletedHeader { identifier: identifier.clone() }).collect()
    }

    /// Keys that records of this harvest had before and have no more.
    pub(super) fn superseded(&self) -> Vec<RecordKey> {
        let mut keys: Vec<RecordKey> =
            self.superseded.iter().filter(|key| !self.owners.contains_key(key)).copied().collect();
        keys.sort_unstable();
        keys
    }

    fn files_of_pages(&self) -> Result<Vec<(u32, PathBuf)>> {
        let mut files = Vec::new();
        for item in fs::read_dir(self.folder).map_err(Error::reading(self.folder))? {
            let path = item.map_err(Error::reading(self.folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let number = name.strip_prefix("page-").and_then(|rest| rest.get(..6)?.parse().ok());
            if let Some(number) = number {
                files.push((number, path));
            }
        }
        files.sort();
        Ok(files)
    }
}

fn is_lost(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().contains(".lost-"))
}

// Reading from memory does not fail.
fn met_in(bytes: &[u8]) -> Vec<MetRecord> {
    let mut met = record_keys(bytes).unwrap_or_default();
    // A page without any record is one reject as a whole.
    if let [only] = met.as_slice()
        && only.key.is_none()
        && only.offset == 0
    {
        met.clear();
    }
    met
}

fn header_of(headers: &[Header], offset: u64) -> Option<&Header> {
    let n = headers.partition_point(|header| (header.at as u64) <= offset);
    headers.get(n.checked_sub(1)?)
}

/// Pieces of a page that a header announces as a record and no import would find.
fn lost_records<'a>(bytes: &'a [u8], headers: &[Header], met: &[MetRecord]) -> Vec<&'a [u8]> {
    let mut lost = Vec::new();
    for (n, header) in headers.iter().enumerate().filter(|(_, header)| !header.deleted) {
        let end = headers.get(n + 1).map_or(bytes.len(), |next| next.at);
        let has_one = met.iter().any(|m| (header.at as u64..end as u64).contains(&m.offset));
        if !has_one {
            lost.push(&bytes[header.at..end]);
        }
    }
    lost
}

fn hash(identifier: &str) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&blake3::hash(identifier.as_bytes()).as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}
