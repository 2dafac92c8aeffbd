//! From a configured source to files that an import can read, and when that happens.
//!
//! A `Fetcher` turns one source into local files and says what it knows of them; everything else (when, gate,
//! import, report) is the same for every kind of source. A fetcher knows no archive, no SQL and no schedule:
//! what it must remember from one run to the next goes through the traits of its context.

mod address;
mod calendar;
pub(crate) mod client;
mod file_hash;
mod folder;
pub mod gate;
mod http;
mod location;
mod oai;
#[cfg(test)]
mod peers;
mod retry;
pub mod schedule;
pub(crate) mod session;
#[cfg(test)]
mod trial;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use indexer::archive::{ImportMode, RecordKey};
use indexer::pipeline::Progress;
use jiff::Timestamp;

pub(crate) use self::client::{agent_for, has_left, sentence_of};
use self::folder::FolderFetcher;
use self::http::HttpFetcher;
use self::oai::OaiFetcher;
pub(crate) use self::retry::retry_after;
use self::session::Manner;
use crate::jobs::Answer;
use crate::settings::{Settings, Source, SourceKind};
use crate::writer::Writer;
use crate::{Error, Result, alert};

/// Brings what a source has to say into local files; the fake one of the tests is the second kind.
pub trait Fetcher: Send {
    /// Fetches once. An error means that nothing is to be said about the source's data at all (no such folder,
    /// refused address, disk full); whatever broke off midway is a `Fetched` that is not complete.
    fn fetch(&mut self, context: &FetchContext<'_>) -> Result<Fetched>;

    /// Whether something lies ready that this fetcher has not told of yet: a folder says yes once when files that
    /// it does not remember are still. Called about once a second from one thread, on a fetcher that fetches
    /// nothing else; it must be cheap and read no file. Whoever has no folder has no arrivals.
    fn has_arrivals(&mut self, context: &FetchContext<'_>) -> Result<bool> {
        let _ = context;
        Ok(false)
    }
}

/// What a fetcher may look at and use.
pub struct FetchContext<'a> {
    /// Folder of this source alone, inside `inbox/<CODE>/`; it exists. What a broken run left here is still there
    /// at the next one; after a run that came to its end the files named in `Fetched` are removed from it.
    pub inbox: &'a Path,
    /// Text that survives the process: where a run that broke off goes on.
    pub checkpoints: &'a dyn Checkpoints,
    /// Which files had their turn already.
    pub known_files: &'a dyn KnownFiles,
    /// Which record an OAI identifier stands for.
    pub identifiers: &'a dyn Identifiers,
    /// What the last good run left.
    pub last_good: Option<LastGood>,
    /// The time, and waiting.
    pub clock: &'a dyn Clock,
    /// Whether the daemon wants to stop: look at it between any two pieces of work.
    pub stop: &'a Stop,
    /// Told how far the fetch has come.
    pub progress: &'a dyn FetchProgress,
}

/// What a fetch brought.
#[derive(Debug, Default)]
pub struct Fetched {
    /// The files of the set in order; outside of the inbox they are read where they are and stay.
    pub files: Vec<PathBuf>,
    /// What the set says about the records that it does not contain.
    pub mode: FetchedMode,
    /// False where the source broke off: a delta keeps what came, a full set changes nothing.
    pub complete: bool,
    /// OAI identifiers whose last word was that they are deleted.
    pub deleted: Vec<DeletedHeader>,
    /// Keys that a record of this set had before and has no more, as the provider renumbered it: they go, too.
    pub superseded: Vec<RecordKey>,
    /// Bytes that came over the line or out of the folder.
    pub bytes: u64,
    /// Why it broke off, or what a person should know; a sentence without full stop.
    pub reason: Option<String>,
    /// What identifies the data as a whole (ETag, hash of the set, datestamp): where it is that of the last good
    /// run and `files` is empty, the run is `ok-nothing-new`. It comes back as `LastGood::fingerprint`.
    pub fingerprint: Option<String>,
    /// Hashes under which the files are known from now on, whatever the gate says of them.
    pub file_hashes: Vec<String>,
    /// Another set is waiting: fetch again once this one is settled.
    pub more: bool,
}

/// `ImportMode` with a default, so that a `Fetched` can be begun empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FetchedMode {
    /// As the source is configured.
    #[default]
    Configured,
    /// Another one: an OAI source that has to begin anew brings the whole list.
    Other(ImportMode),
}

/// An OAI header that says no more than that its record is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedHeader {
    /// The OAI identifier.
    pub identifier: String,
}

/// The last run of a source that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastGood {
    /// When it began.
    pub began: Timestamp,
    /// What its fetcher called its data.
    pub fingerprint: Option<String>,
}

/// Durable text of one source. What is saved is on disk when `save` returns.
pub trait Checkpoints: Send + Sync {
    /// What was saved last.
    fn load(&self) -> Result<Option<String>>;
    /// Replaces it.
    fn save(&self, text: &str) -> Result<()>;
    /// Forgets it: the set is whole. The runner does it too once the run's changes are in force, so that a
    /// process killed between the two loses nothing; a fetcher calls it only to begin anew.
    fn clear(&self) -> Result<()>;
}

/// Files that had their turn, by the hash of their content.
pub trait KnownFiles: Send + Sync {
    /// Whether a file with this hash need not be looked at again.
    fn is_known(&self, hash: &str) -> Result<bool>;
}

/// The way from an OAI identifier to the key of its record. It may be learned before the import: it stays true.
pub trait Identifiers: Send + Sync {
    /// Notes which key each identifier's record has.
    fn learn(&self, pairs: &[(String, RecordKey)]) -> Result<()>;
    /// The keys of an identifier's records. Mostly one: a record may come with its holdings, and whoever renumbers
    /// a record leaves its old key here until its record is gone. A key belongs to the identifier that had it last.
    fn keys_of(&self, identifier: &str) -> Result<Vec<RecordKey>>;
}

/// Time as a value from outside, so that tests can turn it.
pub trait Clock: Send + Sync {
    /// The wall clock; it may jump.
    fn now(&self) -> Timestamp;
    /// Time since some fixed moment; it never goes back.
    fn monotonic(&self) -> Duration;
    /// Waits so long, or until a stop is asked for; whether one was.
    fn sleep(&self, how_long: Duration, stop: &Stop) -> bool;
}

/// Told of a fetch's progress.
pub trait FetchProgress: Send + Sync {
    /// So much has come in this run altogether.
    fn came(&self, bytes: u64, items: u64);
}

impl FetchProgress for () {
    fn came(&self, _bytes: u64, _items: u64) {}
}

/// The wish that everything comes to an end; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Asks for the end and wakes whoever waits.
    pub fn ask(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether the end was asked for.
    pub fn is_asked(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long on the real clock, or until the end is asked for; whether it was.
    pub fn wait(&self, how_long: Duration) -> bool {
        let asked = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) = self
            .0
            .1
            .wait_timeout_while(asked, how_long, |asked| !*asked)
            .unwrap_or_else(PoisonError::into_inner);
        *asked
    }
}

/// The fetcher of a source, by its kind.
pub fn fetcher_for(source: &Source) -> Box<dyn Fetcher> {
    match source.kind {
        SourceKind::Folder => Box::new(FolderFetcher::new(source)),
        SourceKind::Http => Box::new(HttpFetcher::new(source)),
        SourceKind::Oai => Box::new(OaiFetcher::new(source)),
        SourceKind::Sftp => Box::new(Unable { kind: source.kind.name() }),
    }
}

/// Says that this version knows no way to a source.
struct Unable {
    kind: &'static str,
}

impl Fetcher for Unable {
    fn fetch(&mut self, _context: &FetchContext<'_>) -> Result<Fetched> {
        Err(Error::NoFetcher { kind: self.kind })
    }
}

/// Numbers of the sources of some libraries and of single ones, of all where none is named; a sentence where there
/// is none such.
pub(crate) fn chosen(
    sources: &[Source],
    libraries: &[String],
    names: &[String],
) -> std::result::Result<Vec<usize>, String> {
    if sources.is_empty() {
        return Err("no source is configured: write [[source]] in lianmu.toml".to_owned());
    }
    if let Some(code) = libraries.iter().find(|code| sources.iter().all(|s| s.library.as_str() != **code)) {
        return Err(format!("no source of {code} is configured"));
    }
    if let Some(name) = names.iter().find(|name| sources.iter().all(|s| s.id.as_str() != **name)) {
        return Err(format!("no source with the name {name} is configured"));
    }
    let is_chosen = |source: &Source| {
        libraries.is_empty() && names.is_empty()
            || libraries.iter().any(|code| source.library.as_str() == code)
            || names.iter().any(|name| source.id.as_str() == name)
    };
    Ok(sources.iter().enumerate().filter(|(_, source)| is_chosen(source)).map(|(place, _)| place).collect())
}

/// Runs sources one after the other, for a command that has the lock itself.
pub(crate) fn all_by_hand(
    writer: &Writer,
    settings: &Settings,
    wanted: std::result::Result<Vec<usize>, String>,
    progress: &dyn Progress,
) -> Result<Answer> {
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(message) => return Ok(Answer::Failed { message }),
    };
    writer.store.know_sources(&settings.sources, writer.now())?;
    let manner = Manner { refused_again: true, only_looks: false };
    let mut runs = Vec::new();
    for source in wanted.into_iter().map(|place| &settings.sources[place]) {
        let mut fetcher = fetcher_for(source);
        loop {
            let brought = session::fetch(writer, source, fetcher.as_mut(), &Stop::default(), manner)?;
            let more = brought.has_more();
            let run = session::take(writer, source, brought, manner, progress)?.map(|imported| imported.run);
            let in_vain = run.as_ref().is_none_or(|run| run.state.is_in_vain());
            runs.extend(run);
            if !more || in_vain {
                break;
            }
        }
    }
    for change in alert::changes(&writer.store, &settings.sources, writer.now())? {
        alert::tell(&settings.alert_command, &change);
    }
    Ok(Answer::Harvested { runs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_wakes_whoever_waits() {
        let stop = Stop::default();
        assert!(!stop.wait(Duration::from_millis(1)));
        let other = stop.clone();
        let waiting = std::thread::spawn(move || other.wait(Duration::from_secs(60)));
        stop.ask();
        assert!(waiting.join().expect("the waiting thread ends"));
        assert!(stop.is_asked());
    }
}
