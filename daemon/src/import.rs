//! A set of files into a library's archive: named as a run, prepared, looked at by the gate, put in force or held,
//! written down.
//!
//! What the run did to the records is the pipeline's affair, and what to think of it the gate's.

use std::path::{Path, PathBuf};
use std::time::Instant;

use indexer::archive::{Archive, ImportMode, InForce, LibraryArchive, RecordKey};
use indexer::bib::LibraryCode;
use indexer::pipeline::{self, ImportOutcome, ImportReport, ImportRequest, PreparedImport, Progress};
use jiff::Timestamp;

use crate::evidence::evidence;
use crate::harvest::gate::{Verdict, judge};
use crate::report::Report;
use crate::runs::{self, Effect, Run, RunState, WrittenRun};
use crate::settings::SourceId;
use crate::store::{Hold, OpenRun, Phase};
use crate::undo::rounded;
use crate::writer::Writer;
use crate::{Error, Result, holds};

/// What a person wants to be imported.
#[derive(Clone, Debug)]
pub struct ImportSet {
    /// Whose records they are.
    pub library: LibraryCode,
    /// What the set says about records that it does not contain.
    pub mode: ImportMode,
    /// Files and folders: together one set.
    pub paths: Vec<PathBuf>,
}

/// What an import leaves to be told.
#[derive(Debug)]
pub struct Imported {
    /// The run as written down.
    pub run: Run,
    /// Its first rejects and files.
    pub report: Report,
    /// Whether this machine failed and not the data: the same set deserves another turn.
    pub(crate) trouble: bool,
}

/// A run that has a name and has begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) run: String,
    pub(crate) shown: String,
    pub(crate) began: Timestamp,
    pub(crate) since: Instant,
}

/// A set on its way into the archive.
pub(crate) struct Incoming<'a> {
    pub(crate) begun: &'a Begun,
    pub(crate) library: &'a LibraryCode,
    pub(crate) mode: ImportMode,
    pub(crate) paths: &'a [PathBuf],
    /// Records that the source says are gone, besides its files.
    pub(crate) removals: &'a [RecordKey],
    /// Why the source broke off, if it did.
    pub(crate) broke_off: Option<String>,
    pub(crate) fingerprint: Option<&'a str>,
    /// Bytes that came over the line; otherwise those of the files count.
    pub(crate) bytes: Option<u64>,
    pub(crate) is_gated: bool,
    /// Whether the data counts as of today where it comes in force.
    pub(crate) renews_day: bool,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(begun: &'a Begun, library: &'a LibraryCode, mode: ImportMode) -> Self {
        Self {
            begun,
            library,
            mode,
            paths: &[],
            removals: &[],
            broke_off: None,
            fingerprint: None,
            bytes: None,
            is_gated: true,
            renews_day: true,
        }
    }
}

/// Takes files that a person named into a library's archive.
pub fn import(writer: &Writer, set: &ImportSet, progress: &dyn Progress) -> Result<Imported> {
    // A wrong name is told at once and makes no run.
    pipeline::files_of(&set.paths)?;
    let begun = begin(writer, &set.library, set.mode, None, &source_of(&set.paths))?;
    let incoming = Incoming { paths: &set.paths, ..Incoming::new(&begun, &set.library, set.mode) };
    take_in(writer, &incoming, progress)
}

/// Names a run and notes that it has begun.
pub(crate) fn begin(
    writer: &Writer,
    library: &LibraryCode,
    mode: ImportMode,
    source: Option<&SourceId>,
    shown: &str,
) -> Result<Begun> {
    let archive = writer.archive()?;
    let library = archive.library(library)?;
    let history = runs::settle(&library)?;
    let now = writer.now();
    let mut open = OpenRun {
        run: runs::new_name(&library, &history, now),
        library: library.code().to_string(),
        source: source.cloned(),
        shown: shown.to_owned(),
        mode: mode_name(mode).to_owned(),
        phase: if source.is_some() { Phase::Fetching } else { Phase::Importing },
        began: now,
        ended: None,
        bytes: 0,
        items: 0,
        line: None,
        report: None,
    };
    let name = open.run.clone();
    let mut number = 1;
    // Runs of another source of the library may be on their way.
    while !writer.store.begin_run(&open)? {
        number += 1;
        open.run = format!("{name}-{number}");
    }
    Ok(Begun { run: open.run, shown: open.shown, began: now, since: Instant::now() })
}

/// Takes a set in, or holds it; whatever happens, the run ends and is written down.
pub(crate) fn take_in(writer: &Writer, incoming: &Incoming<'_>, progress: &dyn Progress) -> Result<Imported> {
    match try_to_take_in(writer, incoming, progress) {
        Ok(imported) => Ok(imported),
        Err(error) => fail(writer, incoming, &error),
    }
}

// What stopped the run may have come after it was in force: then it is that which is told.
fn fail(writer: &Writer, incoming: &Incoming<'_>, error: &Error) -> Result<Imported> {
    let archive = writer.archive()?;
    let library = archive.library(incoming.library)?;
    let name = &incoming.begun.run;
    if let Some(written) = runs::settle(&library)?.find(name) {
        tracing::warn!(run = name, error = chain(error), "a run is in force, but was not ended well");
        let report = Report::default();
        end(writer, &written.run, &written.to_line()?, &report)?;
        return Ok(Imported { run: written.run.clone(), report, trouble: false });
    }
    let run = Run {
        bytes: incoming.bytes.unwrap_or(0),
        seconds: rounded(incoming.begun.since.elapsed().as_secs_f64()),
        reason: Some(chain(error)),
        ..empty_run(incoming, RunState::Failed)
    };
    Ok(Imported { trouble: true, ..finish(writer, &library, run, Report::default())? })
}

fn try_to_take_in(writer: &Writer, incoming: &Incoming<'_>, progress: &dyn Progress) -> Result<Imported> {
    let archive = writer.archive()?;
    let library = archive.library(incoming.library)?;
    writer.store.set_phase(&incoming.begun.run, Phase::Importing)?;
    let request = ImportRequest {
        library: incoming.library.clone(),
        mode: incoming.mode,
        paths: incoming.paths.to_vec(),
        run: incoming.begun.run.clone(),
    };
    let prepared = pipeline::prepare_import_with(&archive, &request, incoming.removals, progress)?;
    let report = Report::of(&writer.data_dir, &library, &incoming.begun.run, &prepared.report);
    if incoming.broke_off.is_some() && incoming.mode == ImportMode::Full {
        let run = Run { deleted: 0, ..run_of(incoming, &prepared.report, RunState::Partial) };
        return finish(writer, &library, run, report);
    }
    if incoming.is_gated
        && let Verdict::Held { reason } = judge(&evidence(&archive, incoming, &prepared)?, &writer.gate)
    {
        return hold(writer, &library, incoming, &prepared, reason, report);
    }
    let imported = put_in_force(writer, &library, incoming, prepared, report)?;
    remove_unneeded(&archive, &writer.data_dir);
    Ok(imported)
}

fn put_in_force(
    writer: &Writer,
    library: &LibraryArchive,
    incoming: &Incoming<'_>,
    prepared: PreparedImport,
    report: Report,
) -> Result<Imported> {
    let state = if incoming.broke_off.is_some() { RunState::Partial } else { state_of(&prepared.report) };
    let as_of = (state.is_good() && incoming.renews_day).then(|| writer.today());
    let before = prepared.before();
    let effect = Effect {
        before: before.number,
        after: prepared.number_after(),
        as_of_before: before.as_of.clone(),
        as_of: as_of.clone().or_else(|| before.as_of.clone()),
    };
    let run = run_of(incoming, &prepared.report, state);
    let written = WrittenRun { run, effect: Some(effect) };
    let line = written.to_line()?;
    prepared.put_in_force(as_of, Some(line.clone()))?;
    runs::append(library, &line)?;
    end(writer, &written.run, &line, &report)?;
    Ok(Imported { run: written.run, report, trouble: false })
}

// In this order: files, hold and line are durable before the run counts as ended.
fn hold(
    writer: &Writer,
    library: &LibraryArchive,
    incoming: &Incoming<'_>,
    prepared: &PreparedImport,
    reason: String,
    report: Report,
) -> Result<Imported> {
    let name = &incoming.begun.run;
    holds::put_aside(writer, incoming.library, name, incoming.paths)?;
    let run = Run { reason: Some(reason.clone()), ..run_of(incoming, &prepared.report, RunState::Held) };
    let line = WrittenRun { run: run.clone(), effect: None }.to_line()?;
    let hold = Hold {
        run: name.clone(),
        library: incoming.library.to_string(),
        mode: mode_name(incoming.mode).to_owned(),
        reason,
        removals: incoming.removals.iter().map(holds::text_of).collect(),
        fingerprint: incoming.fingerprint.map(str::to_owned),
        held: writer.now(),
        decided: None,
    };
    writer.store.hold(&hold, &line)?;
    runs::append(library, &line)?;
    end(writer, &run, &line, &report)?;
    Ok(Imported { run, report, trouble: false })
}

/// Ends a run that brings no records. One that found nothing new renews the day as which the data counts.
pub(crate) fn finish(
    writer: &Writer,
    library: &LibraryArchive,
    run: Run,
    report: Report,
) -> Result<Imported> {
    let before = library.in_force()?;
    let mut written = WrittenRun { run, effect: None };
    // What is held may well be new.
    let is_current = written.run.state.is_good() && before.number > 0 && !has_holds(writer, library)?;
    if is_current {
        let today = Some(writer.today());
        let effect = Effect {
            before: before.number,
            after: before.number,
            as_of_before: before.as_of,
            as_of: today.clone(),
        };
        written.effect = Some(effect);
        let line = written.to_line()?;
        library.put_in_force(&InForce { number: before.number, as_of: today, run: Some(line) })?;
    }
    let line = written.to_line()?;
    runs::append(library, &line)?;
    end(writer, &written.run, &line, &report)?;
    Ok(Imported { run: written.run, report, trouble: false })
}

fn has_holds(writer: &Writer, library: &LibraryArchive) -> Result<bool> {
    Ok(writer.store.open_holds()?.iter().any(|hold| hold.library == library.code().as_str()))
}

fn end(writer: &Writer, run: &Run, line: &str, report: &Report) -> Result<()> {
    writer.store.end_run(&run.run, line, &report.to_json()?, writer.now())
}

// What stays is only a waste of space: the run itself is done.
pub(crate) fn remove_unneeded(archive: &Archive, data_dir: &Path) {
    let removed = runs::once_in_force(archive)
        .and_then(|states| Ok(pipeline::remove_unneeded(archive, data_dir, states)?));
    if let Err(error) = removed {
        tracing::warn!(%error, "could not remove what the archive does not need any more");
    }
}

fn empty_run(incoming: &Incoming<'_>, state: RunState) -> Run {
    let Begun { run, shown, .. } = incoming.begun;
    Run::of_nothing(run, incoming.library, shown, mode_name(incoming.mode), state)
}

fn run_of(incoming: &Incoming<'_>, report: &ImportReport, state: RunState) -> Run {
    Run {
        seen: report.seen(),
        new: report.new,
        changed: report.changed,
        same: report.same,
        deleted: report.deleted,
        repaired: report.repaired,
        rejected: report.rejected,
        duplicate: report.duplicate,
        bytes: incoming.bytes.unwrap_or(report.bytes),
        seconds: rounded(incoming.begun.since.elapsed().as_secs_f64()),
        reason: incoming.broke_off.clone().or_else(|| report.reason()),
        ..empty_run(incoming, state)
    }
}

fn state_of(report: &ImportReport) -> RunState {
    match report.outcome {
        ImportOutcome::Ok => RunState::Ok,
        ImportOutcome::NothingNew => RunState::OkNothingNew,
        ImportOutcome::Partial => RunState::Partial,
        ImportOutcome::Failed => RunState::Failed,
    }
}

/// `full`, `delta` or `delete`.
pub fn mode_name(mode: ImportMode) -> &'static str {
    match mode {
        ImportMode::Full => "full",
        ImportMode::Delta => "delta",
        ImportMode::Delete => "delete",
    }
}

// Names only: no path of this machine is stored.
fn source_of(paths: &[PathBuf]) -> String {
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
    match paths {
        [] => String::new(),
        [one] => name(one).unwrap_or_default(),
        [first, rest @ ..] => format!("{} +{}", name(first).unwrap_or_default(), rest.len()),
    }
}

/// An error with its causes, as one sentence.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod tests;
