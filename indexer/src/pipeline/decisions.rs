//! What librarians decided about records, as the archive keeps it, and what it means for a build.
//!
//! File `archive/decisions.jsonl`: one decision a line, oldest first; lines are only ever added, and taken back by
//! a later decision. It stands beside the libraries' folders and outlives every harvest and rebuild.
//!
//! A line ends in a `sum`, the hash of what stands before it, so that a flipped bit decides nothing. A line that a
//! person wrote, or an earlier version, has none and counts as it stands.

use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::error::{Error, Result};
use super::forest::Forest;
use super::library_records::birth_key;
use super::pool::Pool;
use crate::archive::{self, Archive, RecordKey};
use crate::bib::LibraryCode;
use crate::cluster::{Constraints, Decision, DecisionKind, constraints};
use crate::files::replace_file;

const FILE: &str = "decisions.jsonl";
const SUM: &str = ",\"sum\":\"";

/// All decisions so far, oldest first.
pub fn decisions(archive: &Archive) -> Result<Vec<Decision>> {
    let (path, text) = read(archive)?;
    parse(&path, &text)
}

/// Adds decisions for good; the next build follows them.
pub fn decide(archive: &Archive, more: &[Decision]) -> Result<()> {
    let (path, mut text) = read(archive)?;
    parse(&path, &text)?;
    // A person may have edited the file.
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for decision in more {
        let faulty = |source| Error::Decision { path: path.clone(), line: text.lines().count() + 1, source };
        text.push_str(&line_of(decision).map_err(faulty)?);
        text.push('\n');
    }
    let files = archive.files();
    files.create_dir_all(archive.root()).map_err(archive::Error::writing(archive.root()))?;
    replace_file(files.as_ref(), &path, text.as_bytes()).map_err(archive::Error::writing(&path))?;
    Ok(())
}

fn read(archive: &Archive) -> Result<(PathBuf, String)> {
    let path: PathBuf = Path::join(archive.root(), FILE);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes).map_err(|fault| no_text(&path, &fault))?;
            Ok((path, text))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok((path, String::new())),
        Err(e) => Err(archive::Error::reading(&path)(e).into()),
    }
}

fn no_text(path: &Path, fault: &FromUtf8Error) -> Error {
    let before = &fault.as_bytes()[..fault.utf8_error().valid_up_to()];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    Error::DecisionChanged { path: path.to_owned(), line }
}

fn parse(path: &Path, text: &str) -> Result<Vec<Decision>> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let decision = |(line, text)| {
        let faulty = |source| Error::Decision { path: path.to_owned(), line, source };
        let changed = || Error::DecisionChanged { path: path.to_owned(), line };
        decision_in(text).map_err(faulty)?.ok_or_else(changed)
    };
    lines.map(decision).collect()
}

/// A line. A name that is not known is refused: else a flipped bit in `sum` would make a line without one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: DecisionKind,
    records: Vec<(LibraryCode, String)>,
    note: Option<String>,
    sum: Option<String>,
}

/// The decision of a line; nothing where its sum does not match.
fn decision_in(line: &str) -> serde_json::Result<Option<Decision>> {
    let Line { kind, records, note, sum } = serde_json::from_str(line)?;
    let is_whole = || {
        let (open, sum) = line.rsplit_once(SUM)?;
        (sum.strip_suffix("\"}")? == sum_of(open)).then_some(())
    };
    let counts = sum.is_none() || is_whole().is_some();
    Ok(counts.then_some(Decision { kind, records, note }))
}

fn line_of(decision: &Decision) -> serde_json::Result<String> {
    let json = serde_json::to_string(decision)?;
    let open = json.strip_suffix('}').unwrap_or(&json);
    Ok(format!("{open}{SUM}{}\"}}", sum_of(open)))
}

fn sum_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
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
        let (path, text) = read(archive)?;
        let decisions = parse(&path, &text)?;
        let mut decided = Self::default();
        if decisions.is_empty() {
            return Ok(decided);
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn decision(kind: DecisionKind, note: Option<&str>) -> Decision {
        let records = ["J0001", "北林*2"].map(|number| (LibraryCode::new("BJFU"), number.to_owned()));
        Decision { kind, records: records.to_vec(), note: note.map(str::to_owned) }
    }

    fn kept() -> Vec<Decision> {
        vec![
            decision(DecisionKind::Join, Some("同一版，\"sum\":\"印次不同\"")),
            decision(DecisionKind::Split, None),
            decision(DecisionKind::Undo(1), Some("看错了\n")),
        ]
    }

    #[test]
    fn no_flipped_bit_decides() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        decide(&archive, &kept()[..1]).unwrap();
        decide(&archive, &kept()[1..]).unwrap();
        assert_eq!(decisions(&archive).unwrap(), kept());
        let path = archive.root().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &bytes).unwrap();
            let found = decisions(&archive);
            assert!(found.is_err(), "bit {bit}: {}", String::from_utf8_lossy(&bytes));
            let found = decide(&archive, &kept());
            assert!(found.is_err(), "nothing is added to it");
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn what_is_damaged_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        decide(&archive, &kept()).unwrap();
        let path = archive.root().join(FILE);
        let whole = std::fs::read_to_string(&path).unwrap();
        for (from, to) in
            [("split", "join"), ("\"kind\":\"split\"", "\"kind\": \"split\""), ("\"sum\":", "\"sum\": ")]
        {
            let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
            lines[1] = lines[1].replace(from, to);
            std::fs::write(&path, lines.join("\n")).unwrap();
            let fault = decisions(&archive).unwrap_err();
            assert!(matches!(fault, Error::DecisionChanged { line: 2, .. }), "{fault}");
        }
        std::fs::write(&path, [whole.as_bytes(), b"\xff\n"].concat()).unwrap();
        let fault = decisions(&archive).unwrap_err();
        assert!(matches!(fault, Error::DecisionChanged { line: 4, .. }), "{fault}");
    }

    #[test]
    fn a_line_by_hand_counts() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        decide(&archive, &kept()[..1]).unwrap();
        let path = archive.root().join(FILE);
        let by_hand = "{ \"kind\": \"split\", \"records\": [[\"BJFU\", \"J0001\"], [\"BJFU\", \"北林*2\"]] }";
        let text = format!("{}\r\n{by_hand}", std::fs::read_to_string(&path).unwrap());
        std::fs::write(&path, text).unwrap();
        decide(&archive, &kept()[2..]).unwrap();
        assert_eq!(decisions(&archive).unwrap(), kept());
    }
}
