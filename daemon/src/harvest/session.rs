//! One run of one source: named, fetched, taken in, and remembered for the next one.
//!
//! The two halves are apart so that sources can be fetched at the same time, while the archives have one writer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indexer::archive::RecordKey;
use indexer::pipeline::{self, Progress};

use super::{
    Checkpoints, FetchContext, FetchProgress, Fetched, FetchedMode, Fetcher, Identifiers, LastGood, Stop,
};
use crate::import::{Begun, Imported, Incoming, begin, chain, finish, mode_name, take_in};
use crate::reason::said;
use crate::report::Report;
use crate::runs::{Run, RunState};
use crate::settings::Source;
use crate::store::{Ended, SourceCheckpoints, SourceFiles, SourceIdentifiers, Store};
use crate::undo::rounded;
use crate::writer::Writer;
use crate::{Error, Result};

/// A fetch that has ended, with all that is needed to take it in.
pub(crate) struct Brought {
    pub(crate) begun: Begun,
    pub(crate) fetched: Result<Fetched>,
}

impl Brought {
    /// Whether another set waits where this one was.
    pub(crate) fn has_more(&self) -> bool {
        matches!(&self.fetched, Ok(fetched) if fetched.more)
    }
}

/// How a run is made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// Files that could not be used before get another turn.
    pub(crate) refused_again: bool,
    /// If nothing came there was no run: somebody only looked.
    pub(crate) only_looks: bool,
}

/// Begins a run and fetches. An error means that not even a run could begin.
pub(crate) fn fetch(
    writer: &Writer,
    source: &Source,
    fetcher: &mut dyn Fetcher,
    stop: &Stop,
    manner: Manner,
) -> Result<Brought> {
    let begun = begin(writer, &source.library, source.mode, Some(&source.id), &source.shown())?;
    let fetched = fetch_into(writer, source, fetcher, stop, manner, &begun);
    if !manner.only_looks || !matches!(&fetched, Ok(fetched) if fetched.is_nothing()) {
        writer.store.source_tried(&source.id, &begun.run, begun.began)?;
    }
    Ok(Brought { begun, fetched })
}

fn fetch_into(
    writer: &Writer,
    source: &Source,
    fetcher: &mut dyn Fetcher,
    stop: &Stop,
    manner: Manner,
    begun: &Begun,
) -> Result<Fetched> {
    let inbox = writer.inbox_of(source);
    std::fs::create_dir_all(&inbox).map_err(Error::writing(&inbox))?;
    let (store, id) = (&writer.store, &source.id);
    let row = store.source_row(id)?;
    let last_good =
        row.and_then(|row| Some(LastGood { began: row.last_good?, fingerprint: row.fingerprint }));
    let progress = RunProgress::new(store.clone(), begun.run.clone());
    let context = FetchContext {
        inbox: &inbox,
        checkpoints: &SourceCheckpoints { store: store.clone(), source: id.clone() },
        known_files: &SourceFiles {
            store: store.clone(),
            source: id.clone(),
            refused_again: manner.refused_again,
        },
        identifiers: &SourceIdentifiers { store: store.clone(), source: id.clone() },
        last_good,
        clock: writer.clock.as_ref(),
        stop,
        progress: &progress,
    };
    fetcher.fetch(&context)
}

/// Takes in what a fetch brought, and remembers how it went. Nothing where somebody only looked and nothing came.
pub(crate) fn take(
    writer: &Writer,
    source: &Source,
    brought: Brought,
    manner: Manner,
    progress: &dyn Progress,
) -> Result<Option<Imported>> {
    let Brought { begun, fetched } = brought;
    if manner.only_looks && matches!(&fetched, Ok(fetched) if fetched.is_nothing()) {
        writer.store.forget_run(&begun.run)?;
        return Ok(None);
    }
    let (imported, fetched) = match fetched {
        Err(error) => (without_data(writer, source, &begun, RunState::Failed, Some(chain(&error)), 0)?, None),
        Ok(fetched) => {
            let imported = take_fetched(writer, source, &begun, &fetched, progress)?;
            (imported, Some(fetched))
        }
    };
    // A set that this machine could not take in is still there, to be taken in another time.
    let fetched = fetched.as_ref().filter(|_| !imported.trouble);
    use_configured_profile(writer, source)?;
    remember(writer, source, &begun, &imported.run, fetched)?;
    Ok(Some(imported))
}

// After the import, so that the records were seen and their charset is known; the next build reads by it. What the
// configuration names is in force even where nothing new came.
fn use_configured_profile(writer: &Writer, source: &Source) -> Result<()> {
    let Some(profile) = &source.profile else { return Ok(()) };
    let archive = writer.archive()?;
    if pipeline::use_profile(&archive.library(&source.library)?, profile)? {
        tracing::info!(
            library = source.library.as_str(),
            profile = profile.name,
            "a holdings profile is in force"
        );
    }
    Ok(())
}

fn take_fetched(
    writer: &Writer,
    source: &Source,
    begun: &Begun,
    fetched: &Fetched,
    progress: &dyn Progress,
) -> Result<Imported> {
    let reason = || fetched.reason.clone();
    if fetched.files.is_empty() && fetched.deleted.is_empty() {
        let state = match (fetched.complete, fetched.bytes) {
            (true, _) => RunState::OkNothingNew,
            (false, 0) => RunState::Failed,
            (false, _) => RunState::Partial,
        };
        return without_data(writer, source, begun, state, reason(), fetched.bytes);
    }
    let mode = match fetched.mode {
        FetchedMode::Configured => source.mode,
        FetchedMode::Other(mode) => mode,
    };
    let removals = keys_of(writer, source, fetched)?;
    let broke_off = (!fetched.complete).then(|| reason().unwrap_or_else(|| said("broke-off", &[])));
    let incoming = Incoming {
        paths: &fetched.files,
        removals: &removals,
        broke_off,
        fingerprint: fetched.fingerprint.as_deref(),
        bytes: Some(fetched.bytes),
        ..Incoming::new(begun, &source.library, mode)
    };
    take_in(writer, &incoming, progress)
}

// Headers of records that this source never gave say nothing about any other. What was renumbered is gone under
// its old key; in a full set it is absent anyway.
fn keys_of(writer: &Writer, source: &Source, fetched: &Fetched) -> Result<Vec<RecordKey>> {
    let identifiers = SourceIdentifiers { store: writer.store.clone(), source: source.id.clone() };
    let mut keys = Vec::new();
    for header in &fetched.deleted {
        keys.extend(identifiers.keys_of(&header.identifier)?);
    }
    keys.extend(&fetched.superseded);
    Ok(keys)
}

fn without_data(
    writer: &Writer,
    source: &Source,
    begun: &Begun,
    state: RunState,
    reason: Option<String>,
    bytes: u64,
) -> Result<Imported> {
    let archive = writer.archive()?;
    let library = archive.library(&source.library)?;
    let mode = mode_name(source.mode);
    let run = Run {
        bytes,
        seconds: rounded(begun.since.elapsed().as_secs_f64()),
        reason,
        ..Run::of_nothing(&begun.run, &source.library, &begun.shown, mode, state)
    };
    finish(writer, &library, run, Report::default())
}

// After a run that came to its end the checkpoint and the fetched files have done their duty; in this order, a
// process that is killed in between fetches or takes in once too often, never too seldom.
fn remember(
    writer: &Writer,
    source: &Source,
    begun: &Begun,
    run: &Run,
    fetched: Option<&Fetched>,
) -> Result<()> {
    let came_to_its_end = fetched.is_some_and(|fetched| fetched.complete);
    if let Some(fetched) = fetched.filter(|_| came_to_its_end) {
        let taken = !matches!(run.state, RunState::Failed | RunState::Partial);
        writer.store.know_files(&source.id, &fetched.file_hashes, taken, &run.run)?;
    }
    let ended = Ended {
        run: &run.run,
        began: begun.began,
        state: run.state.name(),
        reason: run.reason.as_deref(),
        good: run.state.is_good(),
        fingerprint: fetched.and_then(|fetched| fetched.fingerprint.as_deref()),
    };
    writer.store.source_ended(&source.id, &ended)?;
    if let Some(fetched) = fetched.filter(|_| came_to_its_end) {
        let inbox = writer.data_dir.join("inbox");
        for file in fetched.files.iter().filter(|file| file.starts_with(&inbox)) {
            // What was held has been moved away.
            if let Err(error) = std::fs::remove_file(file)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, file = %file.display(), "could not remove a fetched file");
            }
        }
        SourceCheckpoints { store: writer.store.clone(), source: source.id.clone() }.clear()?;
    }
    Ok(())
}

impl Fetched {
    /// Whether there is nothing to take in and nothing to tell.
    fn is_nothing(&self) -> bool {
        self.files.is_empty() && self.deleted.is_empty() && self.complete && self.reason.is_none()
    }
}

/// Notes a run's progress in the store, at most once a second.
struct RunProgress {
    store: Store,
    run: String,
    began: std::time::Instant,
    last: Mutex<Duration>,
}

impl RunProgress {
    fn new(store: Store, run: String) -> Self {
        Self { store, run, began: std::time::Instant::now(), last: Mutex::default() }
    }
}

impl FetchProgress for RunProgress {
    fn came(&self, bytes: u64, items: u64) {
        let since = self.began.elapsed();
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if since < *last + Duration::from_secs(1) {
                return;
            }
            *last = since;
        }
        // A figure for whoever looks; the run does not depend on it.
        if let Err(error) = self.store.set_fetched(&self.run, bytes, items) {
            tracing::debug!(%error, "could not note the progress of a run");
        }
    }
}

#[cfg(test)]
mod tests;
