//! What librarians decided about records, as the archive keeps it, and what it means for a build.
//!
//! File `archive/decisions.jsonl`: one decision a line, oldest first; lines are only ever added, and taken back by
//! a later decision. It stands beside the libraries' folders and outlives every harvest and rebuild.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::error::{Error, Result};
use super::forest::Forest;
use super::library_records::birth_key;
use super::pool::Pool;
use crate::archive::{self, Archive, RecordKey};
use crate::bib::LibraryCode;
use crate::cluster::{Constraints, Decision, constraints};
use crate::files::replace_file;

const FILE: &str = "decisions.jsonl";

/// All decisions so far, oldest first.
pub fn decisions(archive: &Archive) -> Result<Vec<Decision>> {
    let (path, text) = read(archive)?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(idx, line)| {
            let faulty = |source| Error::Decision { path: path.clone(), line: idx + 1, source };
            serde_json::from_str(line).map_err(faulty)
        })
        .collect()
}

/// Adds decisions for good; the next build follows them.
pub fn decide(archive: &Archive, more: &[Decision]) -> Result<()> {
    let (path, mut text) = read(archive)?;
    // A person may have edited the file.
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for decision in more {
        let faulty = |source| Error::Decision { path: path.clone(), line: text.lines().count() + 1, source };
        text.push_str(&serde_json::to_string(decision).map_err(faulty)?);
        text.push('\n');
    }
    let files = archive.files();
    files.create_dir_all(archive.root()).map_err(archive::Error::writing(archive.root()))?;
    replace_file(files.as_ref(), &path, text.as_bytes()).map_err(archive::Error::writing(&path))?;
    Ok(())
}

fn read(archive: &Archive) -> Result<(PathBuf, String)> {
    let path: PathBuf = Path::join(archive.root(), FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok((path, String::new())),
        Err(e) => Err(archive::Error::reading(&path)(e).into()),
    }
}

/// The decisions that bind a build.
#[derive(Default)]
pub(super) struct Decided {
    version: String,
    constraints: Constraints,
    named: Vec<(LibraryCode, RecordKey)>,
    births: FxHashSet<u64>,
}

impl Decided {
    pub(super) fn load(archive: &Archive) -> Result<Self> {
        let decisions = decisions(archive)?;
        let mut decided = Self::default();
        if decisions.is_empty() {
            return Ok(decided);
        }
        let (_, text) = read(archive)?;
        decided.version = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
        let mut present: FxHashMap<(&LibraryCode, &str), u64> = FxHashMap::default();
        let mut states = FxHashMap::default();
        for (code, number) in decisions.iter().flat_map(|decision| &decision.records) {
            let Some(key) = RecordKey::of_control_number(number) else { continue };
            if !states.contains_key(code) {
                states.insert(code, archive.library(code)?.state()?);
            }
            let birth = birth_key(code, &key);
            decided.named.push((code.clone(), key));
            decided.births.insert(birth);
            if states[code].find(&key).is_some() {
                present.insert((code, number), birth);
            }
        }
        decided.constraints = constraints(&decisions, |code, number| present.get(&(code, number)).copied());
        Ok(decided)
    }

    /// Another text whenever the decisions are others; empty where there are none.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// The records that decisions name, whether they are there or not.
    pub(super) fn named(&self) -> &[(LibraryCode, RecordKey)] {
        &self.named
    }

    /// Whether a decision names the record with this birth key.
    pub(super) fn names(&self, birth: u64) -> bool {
        self.births.contains(&birth)
    }

    /// Joins what must be together.
    pub(super) fn join(&self, pool: &Pool, forest: &Forest) {
        if self.constraints.must.is_empty() {
            return;
        }
        let mut numbers: FxHashMap<u64, u32> = FxHashMap::default();
        for number in 0..pool.len() {
            let birth = pool.get(number).birth;
            if self.births.contains(&birth) {
                numbers.insert(birth, number);
            }
        }
        for (a, b) in &self.constraints.must {
            if let (Some(a), Some(b)) = (numbers.get(a), numbers.get(b)) {
                forest.join(*a, *b);
            }
        }
    }

    /// The constraints among some records, as pairs of places: those to be together, and those not to.
    #[expect(clippy::type_complexity, reason = "two lists of pairs")]
    pub(super) fn among(&self, births: &[u64]) -> (Vec<(usize, usize)>, Vec<(usize, usize)>) {
        if !births.iter().any(|birth| self.births.contains(birth)) {
            return (Vec::new(), Vec::new());
        }
        let places: FxHashMap<u64, usize> = births.iter().enumerate().map(|(i, b)| (*b, i)).collect();
        let pairs = |of: &[(u64, u64)]| {
            of.iter().filter_map(|(a, b)| Some((*places.get(a)?, *places.get(b)?))).collect()
        };
        (pairs(&self.constraints.must), pairs(&self.constraints.cannot))
    }
}
