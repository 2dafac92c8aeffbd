//! Suggestions for purchase (荐购): what readers looked for and did not find, kept for the library's staff.
//!
//! File `archive/purchases.jsonl`, beside the librarians' decisions: one suggestion a line, oldest first, only ever
//! added to, but for the traces of people who are erased; what the staff decided on one stands in later lines. What `suggest` and `decide` have returned is on the
//! disk. Lines that a power cut tore are left out and counted. It
//! knows neither pages nor who may read it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use indexer::bib::LibraryCode;
use indexer::files::{Disk, FileLayer, replace_file};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Account, AccountRole};
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

/// How far the staff is with a suggestion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PurchaseState {
    /// Nobody has decided yet.
    #[default]
    New,
    /// It is ordered.
    Ordered,
    /// It will not be bought.
    Declined,
    /// It is on the shelf.
    Done,
}

impl PurchaseState {
    /// All, in the order in which they follow each other.
    pub const ALL: [Self; 4] = [Self::New, Self::Ordered, Self::Declined, Self::Done];

    /// The word in the file, in JSON and in forms.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ordered => "ordered",
            Self::Declined => "declined",
            Self::Done => "done",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What was decided on a suggestion, as a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Decided {
    at: String,
    /// The key of the suggestion.
    on: String,
    state: PurchaseState,
    by: String,
}

/// A suggestion with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// What it is decided by: a hash of the suggestion and its time.
    pub key: String,
    /// How far the staff is.
    pub state: PurchaseState,
    /// Who said so last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The suggestion.
    #[serde(flatten)]
    pub suggested: Suggested,
}

/// Whether a suggestion was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is kept.
    New,
    /// The same was there.
    Known,
}

/// One line is written at a time, by whatever part of the process.
static TURN: Mutex<()> = Mutex::new(());

/// The suggestions of a data directory; they are written by one process.
pub struct Purchases {
    path: PathBuf,
    files: Arc<dyn FileLayer>,
}

/// All that can be read, and how many lines cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurchaseList {
    /// Oldest first.
    pub suggestions: Vec<Listed>,
    /// Lines that are neither suggestion nor decision.
    pub n_damaged: usize,
}

impl Purchases {
    /// Those of a data directory, which need not exist yet.
    pub fn of(data_dir: &Path) -> Self {
        Self::on(data_dir, Arc::new(Disk))
    }

    fn on(data_dir: &Path, files: Arc<dyn FileLayer>) -> Self {
        Self { path: data_dir.join("archive").join(FILE), files }
    }

    /// Keeps a suggestion; durable when it returns.
    pub fn suggest(&self, purchase: &Purchase, now: Timestamp) -> Result<Taken> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let text = self.text()?;
        let known = read(&text).suggestions;
        if known.iter().rev().take(RECENT).any(|known| known.suggested.purchase == *purchase) {
            return Ok(Taken::Known);
        }
        self.write(&Suggested { at: format!("{now:.0}"), purchase: purchase.clone() }, &text)?;
        Ok(Taken::New)
    }

    /// Keeps what somebody decided on a suggestion; whether there is such a one.
    pub fn decide(&self, key: &str, state: PurchaseState, by: &str, now: Timestamp) -> Result<bool> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let text = self.text()?;
        let Some(known) = read(&text).suggestions.into_iter().find(|listed| listed.key == key) else {
            return Ok(false);
        };
        if known.state != state {
            let decided = Decided { at: format!("{now:.0}"), on: known.key, state, by: by.to_owned() };
            self.write(&decided, &text)?;
        }
        Ok(true)
    }

    /// Takes a person out of all suggestions and decisions: the wishes stay, whose they were is not known any more.
    pub fn forget(&self, account: &Account) -> Result<()> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let text = self.text()?;
        let kept = forgotten(&text, account);
        if kept == text {
            return Ok(());
        }
        replace_file(&*self.files, &self.path, kept.as_bytes()).map_err(Error::writing(&self.path))
    }

    fn write(&self, what: &impl Serialize, text: &str) -> Result<()> {
        let line = serde_json::to_string(what);
        let line = line.map_err(|cause| Error::writing(&self.path)(std::io::Error::other(cause)))?;
        if text.len() as u64 + line.len() as u64 > MOST_BYTES {
            return Err(Error::writing(&self.path)(std::io::ErrorKind::FileTooLarge.into()));
        }
        self.append(&line, text.is_empty(), text.ends_with('\n')).map_err(Error::writing(&self.path))
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
    let mut places: HashMap<String, usize> = HashMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Ok(suggested) = serde_json::from_str::<Suggested>(line) {
            let listed = Listed { key: key_of(&suggested), state: PurchaseState::New, by: None, suggested };
            places.entry(listed.key.clone()).or_insert(list.suggestions.len());
            list.suggestions.push(listed);
        } else if let Ok(decided) = serde_json::from_str::<Decided>(line) {
            if let Some(listed) = places.get(&decided.on).and_then(|place| list.suggestions.get_mut(*place)) {
                (listed.state, listed.by) = (decided.state, Some(decided.by));
            }
        } else {
            list.n_damaged += 1;
        }
    }
    list
}

fn forgotten(text: &str, account: &Account) -> String {
    // A name alone may be another reader's; at the own library it is taken for this one.
    let is_own = |library: Option<&LibraryCode>| library.is_some_and(|code| code.as_str() == account.library);
    let names_him = |text: &str, library: Option<&LibraryCode>| {
        let marks = [&account.email, &account.phone, &account.barcode];
        marks.into_iter().any(|mark| mark.chars().count() > 4 && text.contains(mark.as_str()))
            || is_own(library) && text.contains(&account.name)
    };
    let (mut kept, mut keys) = (String::new(), HashMap::new());
    for line in text.lines() {
        let line = if let Ok(mut suggested) = serde_json::from_str::<Suggested>(line) {
            let old = key_of(&suggested);
            let library = suggested.purchase.library.clone();
            let purchase = &mut suggested.purchase;
            for text in
                [&mut purchase.contact, &mut purchase.note, &mut purchase.author, &mut purchase.publisher]
            {
                if names_him(text, library.as_ref()) {
                    text.clear();
                }
            }
            keys.insert(old, key_of(&suggested));
            serde_json::to_string(&suggested)
        } else if let Ok(mut decided) = serde_json::from_str::<Decided>(line) {
            decided.on = keys.get(&decided.on).cloned().unwrap_or(decided.on);
            if decided.by == account.name && account.role > AccountRole::Reader {
                decided.by.clear();
            }
            serde_json::to_string(&decided)
        } else if names_him(line, None) || line.contains(&account.name) {
            continue;
        } else {
            Ok(line.to_owned())
        };
        kept += &line.unwrap_or_default();
        kept.push('\n');
    }
    kept
}

// The same words within a second are one wish.
fn key_of(suggested: &Suggested) -> String {
    let text = serde_json::to_string(suggested).unwrap_or_default();
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
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
        let titles: Vec<_> = again.suggestions.iter().map(|s| s.suggested.purchase.title.as_str()).collect();
        assert_eq!((titles, again.n_damaged), (vec!["三体", "球状闪电"], 0));
    }

    #[test]
    fn what_was_decided_last_counts() {
        let dir = tempfile::tempdir().unwrap();
        let purchases = Purchases::of(dir.path());
        let now = Timestamp::UNIX_EPOCH;
        for title in ["三体", "球状闪电"] {
            purchases.suggest(&wish(title), now).unwrap();
        }
        let key = purchases.list().unwrap().suggestions[1].key.clone();
        assert!(
            !purchases.decide("0000", PurchaseState::Done, "王芳", now).unwrap(),
            "there is no such wish"
        );
        for state in [PurchaseState::Ordered, PurchaseState::Ordered, PurchaseState::Done] {
            assert!(purchases.decide(&key, state, "王芳", now).unwrap());
        }
        let list = Purchases::of(dir.path()).list().unwrap();
        let states: Vec<_> = list.suggestions.iter().map(|s| (s.state, s.by.as_deref())).collect();
        assert_eq!(states, [(PurchaseState::New, None), (PurchaseState::Done, Some("王芳"))]);
        assert_eq!(list.n_damaged, 0);
        let lines = std::fs::read_to_string(dir.path().join("archive").join(FILE)).unwrap().lines().count();
        assert_eq!(lines, 4, "nothing is written where nothing changed");
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
            assert_eq!(list.suggestions[0].suggested.purchase, wish("三体"));
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
