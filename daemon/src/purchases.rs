//! Suggestions for purchase (荐购): what readers looked for and did not find, kept for the library's staff.
//!
//! File `archive/purchases.jsonl`, beside the librarians' decisions: one suggestion a line, oldest first, only ever
//! added to. What `suggest` has returned is on the disk. Lines that a power cut tore are left out and counted. It
//! knows neither pages nor who may read it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use indexer::bib::LibraryCode;
use indexer::files::{Disk, FileLayer};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

const FILE: &str = "purchases.jsonl";
/// So much is kept; a desk that never reads them does not fill the disk.
const MOST_BYTES: u64 = 16 << 20;
/// The same words again within so many suggestions are a second click, not a second wish.
const RECENT: usize = 50;

/// Characters of a field.
pub const MOST_CHARS: usize = 300;
/// Characters of a note.
pub const MOST_NOTE: usize = 1_000;

/// What a reader wishes the library had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Whose staff is asked.
    pub library: Option<LibraryCode>,
    /// Title; the one thing that must be there.
    pub title: String,
    /// Author, as the reader knows it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Publisher and year.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub publisher: String,
    /// ISBN, as typed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub isbn: String,
    /// Why it is wanted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// How the reader wants to be told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contact: String,
}

/// A suggestion and when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggested {
    /// When, by RFC 3339.
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub purchase: Purchase,
}

/// Whether a suggestion was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is kept.
    New,
    /// The same was there.
    Known,
}

/// The suggestions of a data directory; one of them in a process.
pub struct Purchases {
    path: PathBuf,
    /// One line is written at a time.
    turn: Mutex<()>,
    files: Arc<dyn FileLayer>,
}

/// All that can be read, and how many lines cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurchaseList {
    /// Oldest first.
    pub suggestions: Vec<Suggested>,
    /// Lines that are no suggestion.
    pub n_damaged: usize,
}

impl Purchases {
    /// Those of a data directory, which need not exist yet.
    pub fn of(data_dir: &Path) -> Self {
        Self::on(data_dir, Arc::new(Disk))
    }

    fn on(data_dir: &Path, files: Arc<dyn FileLayer>) -> Self {
        Self { path: data_dir.join("archive").join(FILE), turn: Mutex::new(()), files }
    }

    /// Keeps a suggestion; durable when it returns.
    pub fn suggest(&self, purchase: &Purchase, now: Timestamp) -> Result<Taken> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let text = self.text()?;
        let known = read(&text).suggestions;
        if known.iter().rev().take(RECENT).any(|known| known.purchase == *purchase) {
            return Ok(Taken::Known);
        }
        let line = serde_json::to_string(&Suggested { at: format!("{now:.0}"), purchase: purchase.clone() });
        let line = line.map_err(|cause| Error::writing(&self.path)(std::io::Error::other(cause)))?;
        if text.len() as u64 + line.len() as u64 > MOST_BYTES {
            return Err(Error::writing(&self.path)(std::io::ErrorKind::FileTooLarge.into()));
        }
        self.append(&line, text.is_empty(), text.ends_with('\n')).map_err(Error::writing(&self.path))?;
        Ok(Taken::New)
    }

    /// A torn line is closed first, so that it spoils itself alone.
    fn append(&self, line: &str, first: bool, closed: bool) -> std::io::Result<()> {
        let dir = self.path.parent().unwrap_or(Path::new(""));
        self.files.create_dir_all(dir)?;
        let mut file = self.files.append(&self.path)?;
        let before = if first || closed { "" } else { "\n" };
        file.write_all(format!("{before}{line}\n").as_bytes())?;
        file.sync()?;
        drop(file);
        if first { self.files.sync_dir(dir) } else { Ok(()) }
    }

    /// All suggestions.
    pub fn list(&self) -> Result<PurchaseList> {
        Ok(read(&self.text()?))
    }

    fn text(&self) -> Result<String> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(cause) => Err(Error::reading(&self.path)(cause)),
        }
    }
}

fn read(text: &str) -> PurchaseList {
    let mut list = PurchaseList::default();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(suggested) => list.suggestions.push(suggested),
            Err(_) => list.n_damaged += 1,
        }
    }
    list
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::files::power_cut;

    use super::*;

    fn wish(title: &str) -> Purchase {
        let library = Some(LibraryCode::new("BJFU"));
        Purchase {
            library, title: title.to_owned(), note: "教学\n参考".to_owned(), ..Purchase::default()
        }
    }

    #[test]
    fn suggestions_are_kept_once_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let purchases = Purchases::of(dir.path());
        assert_eq!(purchases.list().unwrap(), PurchaseList::default());
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(purchases.suggest(&wish("三体"), now).unwrap(), Taken::New);
        assert_eq!(purchases.suggest(&wish("三体"), now).unwrap(), Taken::Known);
        assert_eq!(purchases.suggest(&wish("球状闪电"), now).unwrap(), Taken::New);
        let again = Purchases::of(dir.path()).list().unwrap();
        let titles: Vec<_> = again.suggestions.iter().map(|s| s.purchase.title.as_str()).collect();
        assert_eq!((titles, again.n_damaged), (vec!["三体", "球状闪电"], 0));
    }

    #[test]
    fn a_torn_line_spoils_itself_alone() {
        let dir = tempfile::tempdir().unwrap();
        let purchases = Purchases::of(dir.path());
        purchases.suggest(&wish("三体"), Timestamp::UNIX_EPOCH).unwrap();
        let path = dir.path().join("archive").join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(&"{\"at\":\"19".as_bytes()[..9]);
        bytes.push(0xe4);
        std::fs::write(&path, bytes).unwrap();
        purchases.suggest(&wish("球状闪电"), Timestamp::UNIX_EPOCH).unwrap();
        let list = purchases.list().unwrap();
        assert_eq!((list.suggestions.len(), list.n_damaged), (2, 1));
    }

    #[test]
    fn what_was_thanked_for_survives_a_power_cut() {
        let dir = tempfile::tempdir().unwrap();
        Purchases::of(dir.path()).suggest(&wish("三体"), Timestamp::UNIX_EPOCH).unwrap();
        let act = |files: Arc<power_cut::PowerCut>| {
            let purchases = Purchases::on(dir.path(), files);
            purchases.suggest(&wish("球状闪电"), Timestamp::UNIX_EPOCH).is_ok()
        };
        let check = |cut: power_cut::Cut| {
            let list = Purchases::of(dir.path()).list().unwrap();
            let n = list.suggestions.len();
            assert!(n == 2 || n == 1 && !cut.promised, "{cut:?}: {n}");
            assert_eq!(list.suggestions[0].purchase, wish("三体"));
        };
        let losses = [power_cut::Loss::Nothing, power_cut::Loss::All, power_cut::Loss::Seeded(7)];
        let n = power_cut::at_every_step(dir.path(), &losses, act, check).unwrap();
        assert!(n >= 2, "{n} steps");
    }

    #[test]
    fn a_full_file_takes_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let purchases = Purchases::of(dir.path());
        std::fs::create_dir_all(dir.path().join("archive")).unwrap();
        std::fs::write(dir.path().join("archive").join(FILE), vec![b'\n'; MOST_BYTES as usize]).unwrap();
        assert!(purchases.suggest(&wish("三体"), Timestamp::UNIX_EPOCH).is_err());
    }
}
