//! What can be asked of the one writer, by a command that holds the lock or through the daemon that does.
//!
//! A command takes the lock where it is free and does the work itself; where a daemon has it, the same request goes
//! through `state.db` and the command waits for the same answer. Requests and answers are JSON on that way.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indexer::archive::ImportMode;
use indexer::bib::LibraryCode;
use indexer::cluster::Decision;
use indexer::mapping::HoldingsProfile;
use indexer::pipeline::{self, Built, Progress, Way};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::harvest::Clock;
use crate::import::{ImportSet, Imported, chain, import};
use crate::lock::Holder;
use crate::report::Report;
use crate::retry::retry;
use crate::runs::Run;
use crate::settings::Settings;
use crate::store::{JobId, JobState, Store};
use crate::sync::asked::Pull;
use crate::undo::{Undone, undo};
use crate::writer::Writer;
use crate::{Error, Result, build, harvest, holds, sync, uploads};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Request {
    /// Files into a library's archive.
    Import {
        /// Code of the library.
        library: String,
        /// `full`, `delta` or `delete`.
        mode: Mode,
        /// Files and folders.
        paths: Vec<PathBuf>,
    },
    /// A generation of what the archives hold.
    Build {
        /// Even where nothing changed.
        full: bool,
    },
    /// A run of the configured sources.
    Harvest {
        /// Codes of the libraries whose sources run; all where neither library nor source is named.
        libraries: Vec<String>,
        /// Names of single sources.
        #[serde(default)]
        sources: Vec<String>,
    },
    /// What is held, into the archive.
    Release {
        /// Name of the run.
        run: String,
    },
    /// What a run rejected, once more.
    Retry {
        /// Name of the run.
        run: String,
    },
    /// What is held, away.
    Discard {
        /// Name of the run.
        run: String,
    },
    /// What was in force before a run.
    Undo {
        /// Name of the run.
        run: String,
    },
    /// A person's word on which records are one entry.
    Decide {
        /// The decisions, to be kept in this order.
        decisions: Vec<Decision>,
    },
    /// A person's word on where a library writes its holdings.
    ConfirmProfile {
        /// Code of the library.
        library: String,
        /// What is right.
        profile: HoldingsProfile,
    },
    /// The newest generation of a repository, in force here.
    Pull(Pull),
    /// A generation that is here, in force until it is said otherwise; the newest one where none is named.
    Switch {
        /// Its name.
        generation: Option<String>,
    },
}

/// `ImportMode` as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum Mode {
    Full,
    Delta,
    Delete,
}

impl From<ImportMode> for Mode {
    fn from(mode: ImportMode) -> Self {
        match mode {
            ImportMode::Full => Mode::Full,
            ImportMode::Delta => Mode::Delta,
            ImportMode::Delete => Mode::Delete,
        }
    }
}

impl From<Mode> for ImportMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Full => ImportMode::Full,
            Mode::Delta => ImportMode::Delta,
            Mode::Delete => ImportMode::Delete,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Answer {
    /// A run has ended.
    Ran {
        /// The run.
        run: Run,
        /// Its report.
        report: Report,
    },
    /// A build has ended.
    Built {
        /// What `lianmu build --json` prints, but for the seconds.
        document: serde_json::Value,
    },
    /// The sources have run.
    Harvested {
        /// One run a source.
        runs: Vec<Run>,
    },
    /// A held run was thrown away.
    Discarded,
    /// A run is undone.
    Undone {
        /// Whether it was before.
        before: bool,
        /// The run that did it.
        run: Run,
    },
    /// Decisions are kept.
    Decided {
        /// Number of the first.
        first: usize,
        /// Number of the last.
        last: usize,
    },
    /// A holdings profile is confirmed.
    Confirmed {
        /// Whether it is another one than was in force: then a full build makes it seen.
        changed: bool,
    },
    /// A pull has ended.
    Pulled {
        /// What `lianmu snapshot pull --json` prints.
        document: serde_json::Value,
        /// What is to be said besides.
        remarks: Vec<String>,
    },
    /// A generation is in force.
    Switched {
        /// Its name.
        generation: Option<String>,
    },
    /// It could not be done.
    Failed {
        /// Why, as a sentence.
        message: String,
    },
}

impl Answer {
    pub(crate) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|source| Error::Run { source })
    }
}

impl From<Imported> for Answer {
    fn from(imported: Imported) -> Self {
        Answer::Ran { run: imported.run, report: imported.report }
    }
}

impl From<Result<Answer>> for Answer {
    fn from(done: Result<Answer>) -> Self {
        done.unwrap_or_else(|error| Answer::Failed { message: chain(&error) })
    }
}

/// How often a waiting command looks whether its job is done.
const GLANCE: Duration = Duration::from_millis(100);

/// Has a request carried out: here where the lock is free, by the daemon where one runs.
pub fn submit(
    data_dir: &Path,
    settings: &Settings,
    request: Request,
    clock: Arc<dyn Clock>,
    progress: &dyn Progress,
) -> Result<Answer> {
    match Writer::open(data_dir, settings, Holder::Command, Arc::clone(&clock)) {
        Ok(writer) => match request {
            Request::Harvest { libraries, sources } => {
                let wanted = harvest::chosen(&settings.sources, &libraries, &sources);
                harvest::all_by_hand(&writer, settings, wanted, progress)
            }
            other => carry_out(&writer, &other, progress),
        },
        Err(Error::DaemonRuns { .. }) => hand_over(data_dir, &request, clock.as_ref()),
        Err(error) => Err(error),
    }
}

/// Leaves a request to the daemon and does not wait: for pages, which look later what came of it. A sentence where
/// no daemon runs, since nobody would ever do it.
pub fn ask(data_dir: &Path, request: &Request, now: Timestamp) -> Result<JobId> {
    if !crate::lock::daemon_runs(data_dir)? {
        return Err(Error::NoDaemon);
    }
    let text = serde_json::to_string(request).map_err(|source| Error::Run { source })?;
    Store::open(data_dir)?.ask(&text, now)
}

/// What came of a request that was left to the daemon; nothing while it waits or is under way.
pub fn answer(data_dir: &Path, job: JobId) -> Result<Option<Answer>> {
    answer_to(&Store::open(data_dir)?, job)
}

/// Does what is asked for, all but harvests, which have a rhythm of their own.
pub(crate) fn carry_out(writer: &Writer, request: &Request, progress: &dyn Progress) -> Result<Answer> {
    match request {
        Request::Import { library, mode, paths } => {
            let set = ImportSet {
                library: LibraryCode::new(library.as_str()),
                mode: ImportMode::from(*mode),
                paths: paths.clone(),
            };
            let imported = import(writer, &set, progress);
            uploads::remove(writer, paths);
            Ok(imported?.into())
        }
        Request::Build { full } => {
            Ok(Answer::Built { document: document(&build::build(writer, *full, progress)?) })
        }
        Request::Release { run } => Ok(holds::release(writer, run, progress)?.into()),
        Request::Retry { run } => Ok(retry(writer, run, progress)?.into()),
        Request::Discard { run } => {
            holds::discard(writer, run)?;
            Ok(Answer::Discarded)
        }
        Request::Undo { run } => Ok(match undo(writer, run)? {
            Undone::Now(run) => Answer::Undone { before: false, run },
            Undone::Before(run) => Answer::Undone { before: true, run },
        }),
        Request::Decide { decisions } => {
            let archive = writer.archive()?;
            let n_before = pipeline::decisions(&archive)?.len();
            pipeline::decide(&archive, decisions)?;
            Ok(Answer::Decided { first: n_before + 1, last: n_before + decisions.len() })
        }
        Request::ConfirmProfile { library, profile } => {
            let library = writer.archive()?.library(&LibraryCode::new(library.as_str()))?;
            Ok(Answer::Confirmed { changed: pipeline::confirm_profile(&library, profile.clone())? })
        }
        Request::Pull(pull) => sync::asked::pull(writer, pull, progress),
        Request::Switch { generation } => sync::asked::switch(writer, generation.as_deref()),
        Request::Harvest { .. } => Ok(Answer::Harvested { runs: Vec::new() }),
    }
}

fn hand_over(data_dir: &Path, request: &Request, clock: &dyn Clock) -> Result<Answer> {
    let store = Store::open(data_dir)?;
    let text = serde_json::to_string(request).map_err(|source| Error::Run { source })?;
    let job = store.ask(&text, clock.now())?;
    loop {
        std::thread::sleep(GLANCE);
        if let Some(answer) = answer_to(&store, job)? {
            return Ok(answer);
        }
        if crate::lock::is_free(data_dir)? {
            // The daemon is gone. What it had begun, the next writer tells; what it had not, nobody will do.
            let withdrawn = store.withdraw(job)?;
            if !withdrawn && let Some(answer) = answer_to(&store, job)? {
                return Ok(answer);
            }
            return Err(Error::DaemonGone { begun: !withdrawn });
        }
    }
}

fn answer_to(store: &Store, job: JobId) -> Result<Option<Answer>> {
    match store.job(job)? {
        Some(JobState::Done(text)) => {
            serde_json::from_str(&text).map(Some).map_err(|source| Error::Run { source })
        }
        Some(JobState::Asked | JobState::Taken) => Ok(None),
        None => Err(Error::DaemonGone { begun: false }),
    }
}

/// What `lianmu build --json` says of a build.
pub fn document(built: &Built) -> serde_json::Value {
    match built {
        Built::NothingToDo { generation } => {
            serde_json::json!({"state": "nothing-to-do", "generation": generation})
        }
        Built::New { summary, counts, way } => serde_json::json!({
            "state": "ok",
            "way": match way { Way::Full => "full", Way::Delta { .. } => "incremental" },
            "entries_written": match way { Way::Full => counts.entries, Way::Delta { written, .. } => *written },
            "entries_retired": match way { Way::Full => 0, Way::Delta { retired, .. } => *retired },
            "generation": summary.generation,
            "entries": summary.entries,
            "bytes": summary.bytes,
            "records": counts.records,
            "holdings_records": counts.holdings_records,
            "authority_records": counts.authority_records,
            "unreadable": counts.unreadable,
            "reviews": counts.reviews,
        }),
    }
}
