//! What can go wrong in moving files and messages.

use std::path::{Path, PathBuf};

use indexer::{archive, pipeline, snapshot};

use crate::store::Decision;
use crate::undo::Refusal;

/// Result of a daemon operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of the daemon.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process writes in the data directory.
    #[error("another lianmu is writing in {data_dir}; wait until it has finished, or stop it")]
    Locked {
        /// The data directory.
        data_dir: PathBuf,
    },
    /// A daemon runs on the data directory.
    #[error("a lianmu serve already runs on {data_dir}; stop it, or use the one that runs")]
    DaemonRuns {
        /// The data directory.
        data_dir: PathBuf,
    },
    /// The daemon that a job was handed to ended before it answered.
    #[error("the daemon ended before it answered; {}", if *begun { "`lianmu runs list` tells what it had done" } else { "nothing was done" })]
    DaemonGone {
        /// Whether it had begun with it.
        begun: bool,
    },
    /// A request was left to a daemon, and none runs.
    #[error("no daemon runs on this data directory: start `lianmu serve`")]
    NoDaemon,
    /// Nothing that a run rejected can be read now.
    #[error("nothing that {run} rejected can be read now, or all of it came since")]
    NothingToRetry {
        /// The name.
        run: String,
    },
    /// No source with this name is configured.
    #[error("no source with the name {name} is configured; `lianmu sources list` shows them all")]
    NoSuchSource {
        /// The name.
        name: String,
    },
    /// Nothing is held under this name.
    #[error("{run} is not held; `lianmu status` shows what is")]
    NotHeld {
        /// The name.
        run: String,
    },
    /// A held run was decided before.
    #[error("{run} {}", match decision { Decision::Released { became } => format!("was released as {became}"), Decision::Discarded => "was discarded".to_owned() })]
    Decided {
        /// The name.
        run: String,
        /// What was decided.
        decision: Decision,
    },
    /// Mail cannot be sent as it is configured.
    #[error("[mail] of the configuration cannot be used: {why}")]
    MailSettings {
        /// What is wrong.
        why: String,
    },
    /// This version knows no way to a kind of source.
    #[error("this version cannot fetch from a source of the kind {kind}")]
    NoFetcher {
        /// The word in the configuration.
        kind: &'static str,
    },
    /// A file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No run has this name.
    #[error("no run is named {run}; `lianmu runs list` shows them all")]
    NoSuchRun {
        /// The name.
        run: String,
    },
    /// A run cannot be undone.
    #[error("cannot undo {run}")]
    CannotUndo {
        /// Its name.
        run: String,
        /// Why.
        #[source]
        source: Refusal,
    },
    /// A run cannot be written down.
    #[error("cannot write a run as a line of JSON")]
    Run {
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// `state.db` failed.
    #[error("state.db failed")]
    State(#[from] rusqlite::Error),
    /// `state.db` was written by a newer version.
    #[error(
        "{path} has version {found}, this program knows versions up to {known}: install the newer program again"
    )]
    StateTooNew {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: usize,
        /// Highest version known here.
        known: usize,
    },
    /// The data directory is shared over a network.
    #[error(
        "{data_dir} lies on {kind}, a network file system, where state.db cannot be kept safe: use a disk of this machine"
    )]
    NetworkFileSystem {
        /// The data directory.
        data_dir: PathBuf,
        /// Which file system.
        kind: &'static str,
    },
    /// A source refused, or may not be asked.
    #[error("{place}: {reason}")]
    Source {
        /// The source as reports show it, without credentials.
        place: String,
        /// A sentence for a person.
        reason: String,
    },
    /// The keys of this machine cannot be read.
    #[error(
        "{path} holds no keys that this program knows: put it back from a copy, or remove it and enrol anew"
    )]
    Identity {
        /// The file.
        path: PathBuf,
    },
    /// A machine could not become a branch.
    #[error("cannot enrol at {url}: {reason}")]
    Enrolment {
        /// The hub's address.
        url: String,
        /// A sentence.
        reason: String,
    },
    /// A stick cannot be read or written.
    #[error("the stick cannot be used: {reason}")]
    Stick {
        /// A sentence.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// A repository could not be reached, or the line broke; it may well be there later.
    #[error("{place}: {reason}")]
    Line {
        /// The repository, without credentials.
        place: String,
        /// A sentence for a person.
        reason: String,
    },
    /// The word of a repository is not taken.
    #[error("the repository is refused: {0}")]
    Refused(#[from] snapshot::Refusal),
    /// This machine trusts no repository yet.
    #[error(
        "this machine trusts no repository yet: enrol it at its hub, or give the hub's 1.root.json with --root FILE"
    )]
    NoRoot,
    /// What this machine trusts cannot be read.
    #[error("{path} is damaged ({what}): remove it and give the hub's 1.root.json with --root FILE")]
    Trust {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A stop was asked for.
    #[error("it was stopped; what is here stays, and the next time goes on from there")]
    Stopped,
    /// The bytes that may come are used up.
    #[error("the bytes of today are used up; what is here stays, and the next time goes on from there")]
    Budget,
    /// There is too little room.
    #[error(
        "the disk has {there} MiB left and {needed} MiB are needed: make room; the catalogue in service stays in service"
    )]
    NoRoom {
        /// Mebibytes that it takes.
        needed: u64,
        /// Mebibytes that there are.
        there: u64,
    },
    /// A person chose a generation.
    #[error("generation {generation} is pinned: `lianmu snapshot switch newest` lets newer ones in again")]
    Pinned {
        /// The generation.
        generation: String,
    },
    /// A generation failed here before.
    #[error(
        "generation {generation} failed on this machine before and waits for a newer one; `lianmu snapshot switch \
         {generation}` tries it again if it is here"
    )]
    BadGeneration {
        /// The generation.
        generation: String,
    },
    /// A generation is not on this machine.
    #[error("generation {generation} is not on this machine; `lianmu snapshot list` shows what is")]
    NotHere {
        /// The generation.
        generation: String,
    },
    /// A new generation failed and the one before was put back.
    #[error("generation {from} failed after it was put in force; {to} is in force again")]
    RolledBack {
        /// The one that failed.
        from: String,
        /// The one before.
        to: String,
    },
    /// A key is missing.
    #[error("{path} holds no key of ours: `lianmu snapshot init` makes one")]
    NoKey {
        /// Where it should be.
        path: PathBuf,
    },
    /// A root cannot be followed by another without the root keys.
    #[error(
        "{folder} holds no root key: bring the root keys that signed root {version}, or nobody will follow a new one"
    )]
    NoRootKeys {
        /// Where they should be.
        folder: PathBuf,
        /// The root in force.
        version: u64,
    },
    /// A repository was never begun.
    #[error("there is no repository in {repository}: `lianmu snapshot init` begins one")]
    NotBegun {
        /// Its place.
        repository: PathBuf,
    },
    /// Another process writes in a repository.
    #[error("another lianmu is writing in {repository}; wait until it has finished")]
    Publishing {
        /// Its folder.
        repository: PathBuf,
    },
    /// A generation could not be read or put in force.
    #[error(transparent)]
    Index(#[from] indexer::index::Error),
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// An import or a build failed.
    #[error(transparent)]
    Pipeline(#[from] pipeline::Error),
}

impl Error {
    /// Whether the same may well succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Locked { .. } | Error::DaemonRuns { .. } | Error::Line { .. })
    }

    pub(crate) fn stick(reason: impl Into<String>) -> Self {
        Self::Stick { reason: reason.into() }
    }

    pub(crate) fn source(place: &str, reason: &str) -> Self {
        Self::Source { place: place.to_owned(), reason: reason.to_owned() }
    }

    pub(crate) fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    }

    pub(crate) fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Error::Write { path, source }
    }
}

// What a reader of pieces cannot name: the caller's file is in the message of the caller.
impl From<std::io::Error> for Error {
    fn from(source: std::io::Error) -> Self {
        Error::Read { path: PathBuf::from("a file of the generation"), source }
    }
}
