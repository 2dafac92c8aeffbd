//! Runs: what was done to a library's archive, one line of JSON each (CONTRACT §7), oldest first.
//!
//! File `archive/<CODE>/runs.jsonl`. A run that changes what is in force is written twice: with the switch itself
//! (the archive's `current` carries it), so that no records come without their account, and then into this file;
//! whoever is stopped between the two leaves it to the next writer. A line holds the contract's fields and
//! `effect`, by which the run can be undone, and ends in a `check`, the hash of what stands before it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use indexer::archive::{Archive, LibraryArchive};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

const FILE: &str = "runs.jsonl";
const CHECK: &str = ",\"check\":\"";

/// A run as one line of JSON (CONTRACT §7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Run {
    pub run: String,
    pub library: String,
    pub source: String,
    pub mode: String,
    pub state: RunState,
    pub seen: u64,
    pub new: u64,
    pub changed: u64,
    pub same: u64,
    pub deleted: u64,
    pub repaired: u64,
    pub rejected: u64,
    pub duplicate: u64,
    pub bytes: u64,
    pub seconds: f64,
    pub reason: Option<String>,
}

impl Run {
    /// A run that has counted nothing yet.
    pub(crate) fn of_nothing(
        run: &str,
        library: &LibraryCode,
        source: &str,
        mode: &str,
        state: RunState,
    ) -> Self {
        Self {
            run: run.to_owned(),
            library: library.to_string(),
            source: source.to_owned(),
            mode: mode.to_owned(),
            state,
            seen: 0,
            new: 0,
            changed: 0,
            same: 0,
            deleted: 0,
            repaired: 0,
            rejected: 0,
            duplicate: 0,
            bytes: 0,
            seconds: 0.0,
            reason: None,
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Its changes are in force.
    Ok,
    /// Everything was there as it is.
    OkNothingNew,
    /// The source broke off.
    Partial,
    /// Nothing usable came.
    Failed,
    /// The gate holds it back.
    Held,
}

impl RunState {
    /// The word in a line.
    pub fn name(self) -> &'static str {
        match self {
            RunState::Ok => "ok",
            RunState::OkNothingNew => "ok-nothing-new",
            RunState::Partial => "partial",
            RunState::Failed => "failed",
            RunState::Held => "held",
        }
    }

    /// Whether the library's data is what the source has.
    pub fn is_good(self) -> bool {
        matches!(self, RunState::Ok | RunState::OkNothingNew)
    }

    /// Whether another try may bring what this one did not.
    pub(crate) fn is_in_vain(self) -> bool {
        matches!(self, RunState::Failed | RunState::Partial)
    }
}

/// `mode` of a run that undid another one, which is its `source`.
pub const UNDO: &str = "undo";

/// A run with what it put in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WrittenRun {
    /// The contract's fields.
    #[serde(flatten)]
    pub run: Run,
    /// What it put in force; unknown of runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
}

/// What was in force before a run and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Number of the archive's state before it.
    pub before: u64,
    /// Number of the archive's state after it.
    pub after: u64,
    /// The day as which the data counted before it.
    pub as_of_before: Option<String>,
    /// The day as which the data counts after it.
    pub as_of: Option<String>,
}

impl WrittenRun {
    /// As it stands in its file, without the end of the line.
    pub(crate) fn to_line(&self) -> Result<String> {
        let json = serde_json::to_string(self).map_err(|source| Error::Run { source })?;
        let open = json.strip_suffix('}').unwrap_or(&json);
        Ok(format!("{open}{CHECK}{}\"}}", check_of(open)))
    }

    pub(crate) fn from_line(line: &str) -> Option<Self> {
        match line.rsplit_once(CHECK) {
            Some((open, check)) if check.strip_suffix("\"}") != Some(&check_of(open)) => None,
            _ => serde_json::from_str(line).ok(),
        }
    }
}

fn check_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

/// The runs of one library or of all.
#[derive(Debug, Default)]
pub struct History {
    /// Oldest first.
    pub runs: Vec<WrittenRun>,
    /// Lines that cannot be read: torn by a power cut, or damaged.
    pub n_damaged: usize,
    // A run that is in force but not in the file yet.
    unwritten: Option<String>,
}

impl History {
    /// The runs of a library.
    pub fn of(library: &LibraryArchive) -> Result<Self> {
        let mut history = Self::default();
        let path = library.folder().join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::reading(&path)(error)),
        };
        let text = String::from_utf8_lossy(&bytes);
        for line in text.lines().map(|line| line.trim_matches('\0')).filter(|line| !line.trim().is_empty()) {
            match WrittenRun::from_line(line) {
                Some(run) => history.runs.push(run),
                None => history.n_damaged += 1,
            }
        }
        if let Some(line) = library.in_force()?.run
            && let Some(run) = WrittenRun::from_line(&line)
            && history.find(&run.run.run).is_none()
        {
            history.runs.push(run);
            history.unwritten = Some(line);
        }
        Ok(history)
    }

    /// The runs of all libraries of a data directory.
    pub fn of_all(data_dir: &Path) -> Result<Self> {
        let archive = Archive::open(data_dir)?;
        let mut all = Self::default();
        let mut timed: Vec<(String, WrittenRun)> = Vec::new();
        for code in libraries(data_dir)? {
            let history = Self::of(&archive.library(&code)?)?;
            all.n_damaged += history.n_damaged;
            let mut latest = String::new();
            for run in history.runs {
                // A clock that was set back does not put a library's runs out of order.
                latest = latest.max(run.run.run.split('-').next().unwrap_or_default().to_owned());
                timed.push((latest.clone(), run));
            }
        }
        timed.sort_by(|a, b| a.0.cmp(&b.0));
        all.runs = timed.into_iter().map(|(_, run)| run).collect();
        Ok(all)
    }

    /// The run of this name.
    pub fn find(&self, name: &str) -> Option<&WrittenRun> {
        self.runs.iter().find(|run| run.run.run == name)
    }

    /// The undo by which a run is not in force any more: one that comes later and is not undone itself.
    pub fn undone_by(&self, name: &str) -> Option<&WrittenRun> {
        let mut undoes: BTreeMap<&str, &WrittenRun> = BTreeMap::new();
        for run in self.runs.iter().rev() {
            let undone_by = undoes.get(run.run.run.as_str()).copied();
            if run.run.run == name {
                return undone_by;
            }
            if run.run.mode == UNDO && undone_by.is_none() {
                undoes.insert(&run.run.source, run);
            }
        }
        None
    }
}

/// The states of all libraries that runs put in force or found there.
pub(crate) fn once_in_force(archive: &Archive) -> Result<BTreeSet<(LibraryCode, u64)>> {
    let mut states = BTreeSet::new();
    for code in archive.libraries()? {
        let history = History::of(&archive.library(&code)?)?;
        let effects = history.runs.iter().filter_map(|run| run.effect.as_ref());
        states.extend(effects.flat_map(|effect| [effect.before, effect.after]).map(|n| (code.clone(), n)));
    }
    Ok(states)
}

/// Writes down what the last writer left to the next; the history as it then is.
pub(crate) fn settle(library: &LibraryArchive) -> Result<History> {
    let mut history = History::of(library)?;
    if let Some(line) = history.unwritten.take() {
        library.append_line(FILE, &line)?;
    }
    Ok(history)
}

/// Writes a run down.
pub(crate) fn append(library: &LibraryArchive, line: &str) -> Result<()> {
    Ok(library.append_line(FILE, line)?)
}

/// A name that sorts by time: `20261125T013000Z-BJFU`, with a number from the second one in the same second on.
pub(crate) fn new_name(library: &LibraryArchive, history: &History, now: Timestamp) -> String {
    let stem = format!("{}-{}", now.strftime("%Y%m%dT%H%M%SZ"), library.code());
    let quarantine = library.folder().join("quarantine");
    let taken = |name: &String| history.find(name).is_some() || quarantine.join(name).exists();
    let numbered = (2..).map(|n| format!("{stem}-{n}"));
    std::iter::once(stem.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(stem)
}

/// The libraries that ever had a run, whether anything of it came in force or not.
pub(crate) fn libraries(data_dir: &Path) -> Result<Vec<LibraryCode>> {
    let root = data_dir.join("archive");
    let items = match std::fs::read_dir(&root) {
        Ok(items) => items,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::reading(&root)(error)),
    };
    let mut codes = Vec::new();
    for item in items {
        let path = item.map_err(Error::reading(&root))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.'));
        let has_runs = path.join(FILE).is_file() || path.join("current").is_file();
        codes.extend(name.filter(|_| has_runs).map(LibraryCode::new));
    }
    codes.sort();
    Ok(codes)
}
