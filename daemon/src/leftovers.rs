//! What a killed process left: runs that never ended are told truthfully, jobs are answered, scraps removed.
//!
//! Works under the lock, so that whatever is on its way in the store belongs to a process that is gone.

use std::path::Path;

use indexer::bib::LibraryCode;
use indexer::files::remove_tree;

use crate::harvest::Checkpoints;
use crate::jobs::Answer;
use crate::reason::said;
use crate::runs::{self, Run, RunState, WrittenRun};
use crate::store::{Ended, OpenRun, Phase, SourceCheckpoints};
use crate::writer::Writer;
use crate::{Result, holds, uploads};

/// Puts a data directory in order.
pub(crate) fn put_in_order(writer: &Writer) -> Result<()> {
    for open in writer.store.runs_on_their_way()? {
        let written = settle(writer, &open)?;
        tracing::warn!(run = open.run, state = ?written.run.state, "a run was cut short");
    }
    let gone = Answer::Failed { message: "lianmu was stopped before it had done this".to_owned() };
    writer.store.answer_abandoned_jobs(&gone.to_json()?)?;
    remove_scraps(writer)
}

// What became of the run stands in the archive, or in the store, or nowhere: then it changed nothing.
fn settle(writer: &Writer, open: &OpenRun) -> Result<WrittenRun> {
    let archive = writer.archive()?;
    let library = archive.library(&LibraryCode::new(open.library.as_str()))?;
    let history = runs::settle(&library)?;
    let noted = open.line.as_deref().and_then(WrittenRun::from_line);
    let (written, is_new) = match history.find(&open.run) {
        Some(written) => (written.clone(), false),
        None => match noted {
            Some(written) => (written, true),
            None => (WrittenRun { run: cut_short(writer, open)?, effect: None }, true),
        },
    };
    let line = written.to_line()?;
    if is_new {
        runs::append(&library, &line)?;
    }
    writer.store.end_run(&open.run, &line, "{}", writer.now())?;
    if let Some(source) = &open.source {
        let state = written.run.state;
        let ended = Ended {
            run: &open.run,
            began: open.began,
            state: state.name(),
            reason: written.run.reason.as_deref(),
            good: state.is_good(),
            fingerprint: None,
        };
        writer.store.source_ended(source, &ended)?;
    }
    Ok(written)
}

fn cut_short(writer: &Writer, open: &OpenRun) -> Result<Run> {
    let goes_on = match &open.source {
        Some(source) if open.phase == Phase::Fetching => {
            SourceCheckpoints { store: writer.store.clone(), source: source.clone() }.load()?.is_some()
        }
        _ => false,
    };
    let (state, reason) =
        if goes_on { (RunState::Partial, "stopped-fetching") } else { (RunState::Failed, "stopped") };
    Ok(Run {
        bytes: open.bytes,
        reason: Some(said(reason, &[])),
        ..Run::of_nothing(&open.run, &LibraryCode::new(open.library.as_str()), &open.shown, &open.mode, state)
    })
}

// Files of holds that never were, or were decided.
fn remove_scraps(writer: &Writer) -> Result<()> {
    for library in subfolders(&writer.data_dir.join("inbox")) {
        uploads::remove_stale(&library);
        for held in subfolders(&library.join(holds::FOLDER)) {
            let run = held.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let waits = writer.store.held_run(&run)?.is_some_and(|hold| hold.decided.is_none());
            if !waits && let Err(error) = remove_tree(writer.files.as_ref(), &held) {
                tracing::warn!(%error, folder = %held.display(), "could not remove what is no longer held");
            }
        }
    }
    Ok(())
}

fn subfolders(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(items) = std::fs::read_dir(folder) else { return Vec::new() };
    items.flatten().map(|item| item.path()).filter(|path| path.is_dir()).collect()
}
