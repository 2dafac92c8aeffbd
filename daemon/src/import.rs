//! An import by hand: takes the lock, names the run, writes it down.
//!
//! What the run did to the records is the pipeline's affair. The clock comes in as a value.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use indexer::archive::{Archive, ImportMode};
use indexer::bib::LibraryCode;
use indexer::files::{Disk, FileLayer};
use indexer::pipeline::{self, ImportOutcome, ImportReport, ImportRequest, Progress};
use jiff::Timestamp;

use crate::runs::{self, Effect, Run, RunState, WrittenRun};
use crate::undo::rounded;
use crate::{DataLock, Result};

/// What to import and when that is.
#[derive(Clone, Debug)]
pub struct ImportJob {
    /// The data directory.
    pub data_dir: PathBuf,
    /// Whose records they are.
    pub library: LibraryCode,
    /// What the set says about records that it does not contain.
    pub mode: ImportMode,
    /// Files and folders: together one set.
    pub paths: Vec<PathBuf>,
    /// The time of the run.
    pub now: Timestamp,
    /// The day in the consortium's time zone as which the library's data will count.
    pub as_of: String,
}

/// What an import leaves to be told.
#[derive(Debug)]
pub struct Imported {
    /// The run as written down.
    pub run: Run,
    /// The pipeline's report with the first rejects.
    pub report: ImportReport,
    /// The folder of all rejects, if there were any.
    pub quarantine: Option<PathBuf>,
}

/// Takes a set of files into a library's archive and writes the run down.
pub fn import(job: &ImportJob, progress: &dyn Progress) -> Result<Imported> {
    import_over(job, Arc::new(Disk), progress)
}

/// The same over another file layer, so that tests can lose writes.
pub fn import_over(job: &ImportJob, files: Arc<dyn FileLayer>, progress: &dyn Progress) -> Result<Imported> {
    let _lock = DataLock::take(&job.data_dir)?;
    let archive = Archive::open_with(&job.data_dir, files)?;
    let library = archive.library(&job.library)?;
    let history = runs::settle(&library)?;
    let name = runs::new_name(&library, &history, job.now);
    let began = Instant::now();
    let request = ImportRequest {
        library: job.library.clone(),
        mode: job.mode,
        paths: job.paths.clone(),
        run: name.clone(),
    };
    let prepared = pipeline::prepare_import(&archive, &request, progress)?;
    let came_to_its_end = matches!(prepared.report.outcome, ImportOutcome::Ok | ImportOutcome::NothingNew);
    let as_of = came_to_its_end.then(|| job.as_of.clone());
    let before = prepared.before();
    let effect = Effect {
        before: before.number,
        after: prepared.number_after(),
        as_of_before: before.as_of.clone(),
        as_of: as_of.clone().or_else(|| before.as_of.clone()),
    };
    let run = run_of(name, job, &prepared.report, began.elapsed().as_secs_f64());
    let written = WrittenRun { run, effect: Some(effect) };
    let line = written.to_line()?;
    let report = prepared.put_in_force(as_of, Some(line.clone()))?;
    runs::append(&library, &line)?;
    remove_unneeded(&archive, &job.data_dir);
    let run = written.run;
    let quarantine = (report.rejected > 0).then(|| library.quarantine(&run.run).folder().to_owned());
    Ok(Imported { run, report, quarantine })
}

// What stays is only a waste of space: the run itself is done.
pub(crate) fn remove_unneeded(archive: &Archive, data_dir: &Path) {
    if let Err(error) = pipeline::remove_unneeded(archive, data_dir) {
        tracing::warn!(%error, "could not remove what the archive does not need any more");
    }
}

fn run_of(name: String, job: &ImportJob, report: &ImportReport, seconds: f64) -> Run {
    Run {
        run: name,
        library: job.library.to_string(),
        source: source_of(&job.paths),
        mode: mode_name(job.mode).to_owned(),
        state: match report.outcome {
            ImportOutcome::Ok => RunState::Ok,
            ImportOutcome::NothingNew => RunState::OkNothingNew,
            ImportOutcome::Partial => RunState::Partial,
            ImportOutcome::Failed => RunState::Failed,
        },
        seen: report.seen(),
        new: report.new,
        changed: report.changed,
        same: report.same,
        deleted: report.deleted,
        repaired: report.repaired,
        rejected: report.rejected,
        duplicate: report.duplicate,
        bytes: report.bytes,
        seconds: rounded(seconds),
        reason: report.reason(),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use crate::Error;
    use crate::runs::History;

    fn runs(job: &ImportJob) -> Vec<Run> {
        let archive = Archive::open(&job.data_dir).unwrap();
        let history = History::of(&archive.library(&job.library).unwrap()).unwrap();
        history.runs.into_iter().map(|run| run.run).collect()
    }

    fn marcxml(titles: &[(&str, &str)]) -> String {
        let record = |(number, title): &(&str, &str)| {
            format!(
                "<record><leader>00000nam0 2200000   450 </leader><controlfield tag=\"001\">{number}</controlfield>\
                 <datafield tag=\"200\" ind1=\"1\" ind2=\" \"><subfield code=\"a\">{title}</subfield></datafield>\
                 </record>"
            )
        };
        format!("<collection>{}</collection>", titles.iter().map(record).collect::<String>())
    }

    fn job(folder: &Path, text: &str) -> ImportJob {
        let file = folder.join("林大.xml");
        std::fs::write(&file, text).unwrap();
        ImportJob {
            data_dir: folder.join("data"),
            library: LibraryCode::new("BJFU"),
            mode: ImportMode::Full,
            paths: vec![file],
            now: "2026-11-25T01:30:00Z".parse().unwrap(),
            as_of: "2026-11-25".to_owned(),
        }
    }

    #[test]
    fn every_run_is_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path(), &marcxml(&[("1", "三国演义"), ("2", "红楼梦")]));
        let first = import(&job, &()).unwrap().run;
        assert_eq!((first.run.as_str(), first.state), ("20261125T013000Z-BJFU", RunState::Ok));
        assert_eq!((first.source.as_str(), first.mode.as_str()), ("林大.xml", "full"));
        assert_eq!((first.seen, first.new, first.rejected), (2, 2, 0));
        let second = import(&job, &()).unwrap().run;
        assert_eq!((second.run.as_str(), second.state), ("20261125T013000Z-BJFU-2", RunState::OkNothingNew));
        assert_eq!((second.seen, second.same), (2, 2));
        std::fs::write(&job.paths[0], "这里什么也没有").unwrap();
        let third = import(&job, &()).unwrap();
        assert_eq!((third.run.state, third.run.rejected), (RunState::Failed, 1));
        assert!(third.run.reason.is_some() && third.quarantine.unwrap().join("rejects.raw").is_file());
        assert_eq!(runs(&job), [first, second, third.run]);
    }

    #[test]
    fn a_torn_line_costs_nothing_but_itself() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path(), &marcxml(&[("1", "三国演义")]));
        import(&job, &()).unwrap();
        let path = job.data_dir.join("archive/BJFU/runs.jsonl");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], &whole[..20]].concat()).unwrap();
        import(&job, &()).unwrap();
        let states: Vec<RunState> = runs(&job).iter().map(|run| run.state).collect();
        assert_eq!(states, [RunState::Ok, RunState::OkNothingNew]);
    }

    #[test]
    fn the_line_has_the_fields_of_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let run = import(&job(folder.path(), &marcxml(&[("1", "三国演义")])), &()).unwrap().run;
        let line = serde_json::to_string(&run).unwrap();
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
        let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
        let mut expect = [
            "run",
            "library",
            "source",
            "mode",
            "state",
            "seen",
            "new",
            "changed",
            "same",
            "deleted",
            "repaired",
            "rejected",
            "duplicate",
            "bytes",
            "seconds",
            "reason",
        ];
        names.sort_unstable();
        expect.sort_unstable();
        assert_eq!(names, expect);
        assert_eq!(object["state"], "ok");
    }

    #[test]
    fn a_busy_data_directory_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let job = job(folder.path(), &marcxml(&[("1", "三国演义")]));
        let held = DataLock::take(&job.data_dir).unwrap();
        assert!(matches!(import(&job, &()), Err(Error::Locked { .. })));
        drop(held);
        assert_eq!(import(&job, &()).unwrap().run.new, 1);
    }
}
