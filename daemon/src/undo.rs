//! Undoing a run: what was in force before it comes back, records, day and guessed profile together.
//!
//! A library's runs are undone in order, latest first: a run on which a later one stands is refused, and so is
//! one whose earlier state is not kept any more. An undo is a run itself, and can be undone. `check` decides
//! from the history alone.

use std::path::Path;
use std::time::Instant;

use indexer::archive::{Archive, Difference, InForce, LibraryArchive, differences};
use indexer::bib::LibraryCode;
use indexer::pipeline;

use crate::runs::{self, Effect, History, Run, RunState, UNDO, WrittenRun};
use crate::writer::Writer;
use crate::{Error, Result};

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Undone {
    /// It is undone now, by this run.
    Now(Run),
    /// It was undone before, by this run; nothing was done.
    Before(Run),
}

/// Why a run cannot be undone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It put nothing in force.
    #[error("it changed nothing")]
    ChangedNothing,
    /// It is from a version that did not note what a run put in force.
    #[error("it was written by an earlier version, which did not note what was in force before")]
    NotNoted,
    /// Later runs stand on it.
    #[error("later runs stand on it; undo these first, in this order: {}", later.join(", "))]
    StoodOn {
        /// The latest first.
        later: Vec<String>,
    },
    /// What is in force is neither its work nor that of a run that is known.
    #[error("what is in force is not what it left")]
    NotInForce,
    /// The state before it is not kept any more.
    #[error("the records as they were before it are not kept any more")]
    TooLongAgo,
}

/// Undoes a run.
pub fn undo(writer: &Writer, name: &str) -> Result<Undone> {
    let began = Instant::now();
    let archive = writer.archive()?;
    let code = library_of(&writer.data_dir, name)?;
    let library = archive.library(&code)?;
    let history = runs::settle(&library)?;
    if let Some(by) = history.undone_by(name) {
        return Ok(Undone::Before(by.run.clone()));
    }
    let in_force = library.in_force()?;
    let refused = |why| Error::CannotUndo { run: name.to_owned(), source: why };
    let effect = check(&history, name, in_force.number).map_err(refused)?;
    if !library.keeps_state(effect.before) {
        return Err(refused(Refusal::TooLongAgo));
    }
    let mut run = counted(&library, effect)?;
    run.run = runs::new_name(&library, &history, writer.now());
    run.source = name.to_owned();
    run.seconds = rounded(began.elapsed().as_secs_f64());
    let written = WrittenRun {
        run,
        effect: Some(Effect {
            before: in_force.number,
            after: effect.before,
            as_of_before: in_force.as_of,
            as_of: effect.as_of_before.clone(),
        }),
    };
    let line = written.to_line()?;
    let as_of = effect.as_of_before.clone();
    library.put_in_force(&InForce { number: effect.before, as_of, run: Some(line.clone()) })?;
    runs::append(&library, &line)?;
    pipeline::ensure_profile(&archive, &code)?;
    Ok(Undone::Now(written.run))
}

pub(crate) fn library_of(data_dir: &Path, name: &str) -> Result<LibraryCode> {
    let archive = Archive::open(data_dir)?;
    for code in runs::libraries(data_dir)? {
        if History::of(&archive.library(&code)?)?.find(name).is_some() {
            return Ok(code);
        }
    }
    Err(Error::NoSuchRun { run: name.to_owned() })
}

/// Whether a run that is not undone can be: what it put in force, or why not.
fn check<'a>(history: &'a History, name: &str, in_force: u64) -> std::result::Result<&'a Effect, Refusal> {
    let at = history.runs.iter().position(|run| run.run.run == name).ok_or(Refusal::NotInForce)?;
    let written = &history.runs[at];
    let ended_well = !matches!(written.run.state, RunState::Failed | RunState::Held);
    let Some(effect) = &written.effect else {
        return Err(if ended_well { Refusal::NotNoted } else { Refusal::ChangedNothing });
    };
    let moves = |effect: &Effect| effect.before != effect.after;
    let later = &history.runs[at + 1..];
    let stands = |run: &&WrittenRun| {
        let counts = run
            .effect
            .as_ref()
            .is_some_and(|later| moves(later) || !moves(effect) && later.as_of != later.as_of_before);
        let undoes_later = run.run.mode == UNDO && later.iter().any(|other| other.run.run == run.run.source);
        counts && !undoes_later && history.undone_by(&run.run.run).is_none()
    };
    if !moves(effect) && effect.as_of == effect.as_of_before {
        return Err(Refusal::ChangedNothing);
    }
    let later: Vec<String> = later.iter().rev().filter(stands).map(|run| run.run.run.clone()).collect();
    if !later.is_empty() {
        return Err(Refusal::StoodOn { later });
    }
    if effect.after == in_force { Ok(effect) } else { Err(Refusal::NotInForce) }
}

// The account of an undo: what comes back is new or changed, what goes is deleted.
fn counted(library: &LibraryArchive, effect: &Effect) -> Result<Run> {
    let mut run = Run::of_nothing("", library.code(), "", UNDO, RunState::Ok);
    if effect.before == effect.after {
        return Ok(run);
    }
    let (now, then) = (library.state_numbered(effect.after)?, library.state_numbered(effect.before)?);
    for difference in differences(&now, &then) {
        match difference {
            Difference::Added(_) => run.new += 1,
            Difference::Changed { old, new } if old.content != new.content => run.changed += 1,
            Difference::Changed { .. } => run.same += 1,
            Difference::Removed(_) => run.deleted += 1,
        }
    }
    run.seen = run.new + run.changed + run.same;
    Ok(run)
}

pub(crate) fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    // Name, what it undoes, states before and after, days before and after.
    type Told<'a> = (&'a str, &'a str, u64, u64, &'a str, &'a str);

    fn history(runs: &[Told]) -> History {
        let day = |day: &str| Some(day.to_owned()).filter(|day| !day.is_empty());
        let run = |&(name, undoes, before, after, as_of_before, as_of): &Told| WrittenRun {
            run: Run::of_nothing(
                name,
                &LibraryCode::new("BJFU"),
                undoes,
                if undoes.is_empty() { "full" } else { UNDO },
                if before == after && as_of_before == as_of { RunState::Failed } else { RunState::Ok },
            ),
            effect: Some(Effect { before, after, as_of_before: day(as_of_before), as_of: day(as_of) }),
        };
        let mut history = History::default();
        history.runs = runs.iter().map(run).collect();
        history
    }

    #[test]
    fn the_latest_goes_first() {
        let one = ("一", "", 0, 1, "", "1");
        let two = ("二", "", 1, 2, "1", "2");
        let same = ("同", "", 2, 2, "2", "3");
        let failed = ("败", "", 2, 2, "3", "3");
        let undo_two = ("退二", "二", 2, 1, "3", "1");
        let redo_two = ("复二", "退二", 1, 2, "1", "3");
        let stood = |later: &[&str]| {
            Err(Refusal::StoodOn { later: later.iter().map(|&name| name.to_owned()).collect() })
        };
        type Case<'a> = (&'a [Told<'a>], &'a str, u64, std::result::Result<u64, Refusal>);
        let table: [Case; 12] = [
            (&[one], "一", 1, Ok(0)),
            (&[one, two], "二", 2, Ok(1)),
            (&[one, two], "一", 2, stood(&["二"])),
            (&[one, two, same, failed], "二", 2, Ok(1)),
            (&[one, two, same, failed], "同", 2, Ok(2)),
            (&[one, two, same, failed], "败", 2, Err(Refusal::ChangedNothing)),
            (&[one, two, same, undo_two], "一", 1, Ok(0)),
            (&[one, two, same, undo_two], "退二", 1, Ok(2)),
            (&[one, two, same, undo_two, redo_two], "二", 2, Ok(1)),
            (&[one, two, same, undo_two, redo_two], "一", 2, stood(&["二"])),
            (&[one, two, undo_two, ("三", "", 1, 4, "1", "4")], "一", 4, stood(&["三"])),
            (&[one, two], "二", 9, Err(Refusal::NotInForce)),
        ];
        for (runs, name, in_force, expect) in table {
            let history = history(runs);
            let got = check(&history, name, in_force).map(|effect| effect.before);
            assert_eq!(got, expect, "{name} of {runs:?}");
        }
    }

    #[test]
    fn an_undo_that_is_undone_undoes_nothing() {
        let history = history(&[
            ("一", "", 0, 1, "", "1"),
            ("退一", "一", 1, 0, "1", ""),
            ("复一", "退一", 0, 1, "", "1"),
            ("自", "自", 1, 1, "", ""),
        ]);
        let by = |name| history.undone_by(name).map(|undo| undo.run.run.as_str());
        assert_eq!(["一", "退一", "复一", "自", "无"].map(by), [None, Some("复一"), None, None, None]);
    }
}
