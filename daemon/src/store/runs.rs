//! Runs on their way: which began, how far they are, and the report of those that ended.
//!
//! The line of an ended run stands in the archive's `runs.jsonl`; here it is a copy beside its report.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::sources::{instant, option};
use super::{Cached, Store};
use crate::Result;
use crate::settings::SourceId;

/// A run as the store knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenRun {
    /// Its name.
    pub run: String,
    /// Whose records it brings.
    pub library: String,
    /// The source; `None` for files that a person named.
    pub source: Option<SourceId>,
    /// What reports call the source.
    pub shown: String,
    /// `full`, `delta` or `delete`.
    pub mode: String,
    /// How far it is.
    pub phase: Phase,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Bytes fetched so far.
    pub bytes: u64,
    /// Items fetched so far, where the source counts any.
    pub items: u64,
    /// Its line, once it ended.
    pub line: Option<String>,
    /// Its report as JSON, once it ended.
    pub report: Option<String>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Files are being fetched.
    Fetching,
    /// Files are being read.
    Importing,
    /// It has ended.
    Ended,
}

impl Phase {
    /// The word in the store.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Fetching => "fetching",
            Phase::Importing => "importing",
            Phase::Ended => "ended",
        }
    }

    fn of(text: &str) -> Self {
        match text {
            "fetching" => Phase::Fetching,
            "importing" => Phase::Importing,
            _ => Phase::Ended,
        }
    }
}

const ALL_BUT_WHERE: &str = "SELECT run, library, source, shown, mode, phase, began, ended, bytes, items, line, \
                             report FROM runs WHERE run = ?1";
const ON_THEIR_WAY: &str = "SELECT run, library, source, shown, mode, phase, began, ended, bytes, items, line, \
                            report FROM runs WHERE phase <> 'ended' ORDER BY began, run";

const LAST_OF_LIBRARY: &str = "SELECT run, library, source, shown, mode, phase, began, ended, bytes, items, line, \
                               report FROM runs WHERE library = ?1 ORDER BY began DESC, run DESC LIMIT 1";

impl Store {
    /// Notes that a run begins; false where the name is taken.
    pub fn begin_run(&self, run: &OpenRun) -> Result<bool> {
        self.write(|transaction| {
            let n_rows = transaction.run(
                "INSERT INTO runs (run, library, source, shown, mode, phase, began) VALUES (?1, ?2, ?3, ?4, ?5, \
                 ?6, ?7) ON CONFLICT DO NOTHING",
                params![
                    run.run,
                    run.library,
                    run.source.as_ref().map(SourceId::as_str),
                    run.shown,
                    run.mode,
                    run.phase.name(),
                    run.began.as_second(),
                ],
            )?;
            Ok(n_rows > 0)
        })
    }

    /// Notes how far a run is.
    pub fn set_phase(&self, run: &str, phase: Phase) -> Result<()> {
        self.write(|transaction| {
            transaction.run("UPDATE runs SET phase = ?2 WHERE run = ?1", params![run, phase.name()])?;
            Ok(())
        })
    }

    /// Notes how much a run has fetched.
    pub fn set_fetched(&self, run: &str, bytes: u64, items: u64) -> Result<()> {
        let (bytes, items) =
            (i64::try_from(bytes).unwrap_or(i64::MAX), i64::try_from(items).unwrap_or(i64::MAX));
        self.write(|transaction| {
            transaction
                .run("UPDATE runs SET bytes = ?2, items = ?3 WHERE run = ?1", params![run, bytes, items])?;
            Ok(())
        })
    }

    /// Notes that a run has ended, with its line and its report.
    pub fn end_run(&self, run: &str, line: &str, report: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE runs SET phase = 'ended', line = ?2, report = ?3, ended = ?4 WHERE run = ?1",
                params![run, line, report, now.as_second()],
            )?;
            Ok(())
        })
    }

    /// Forgets a run in which nothing happened.
    pub fn forget_run(&self, run: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.run("DELETE FROM runs WHERE run = ?1 AND phase <> 'ended'", [run])?;
            Ok(())
        })
    }

    /// The run of this name.
    pub fn run(&self, run: &str) -> Result<Option<OpenRun>> {
        self.read(|connection| connection.row(ALL_BUT_WHERE, [run], from_row).optional())
    }

    /// The run of a library that began last, ended or not.
    pub fn last_run_of(&self, library: &str) -> Result<Option<OpenRun>> {
        self.read(|connection| connection.row(LAST_OF_LIBRARY, [library], from_row).optional())
    }

    /// Runs that have begun and not ended.
    pub fn runs_on_their_way(&self) -> Result<Vec<OpenRun>> {
        self.read(|connection| connection.prepare_cached(ON_THEIR_WAY)?.query_map([], from_row)?.collect())
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<OpenRun> {
    let (phase, bytes, items): (String, i64, i64) = (row.get(5)?, row.get(8)?, row.get(9)?);
    Ok(OpenRun {
        run: row.get(0)?,
        library: row.get(1)?,
        source: row.get::<_, Option<String>>(2)?.as_deref().map(SourceId::from),
        shown: row.get(3)?,
        mode: row.get(4)?,
        phase: Phase::of(&phase),
        began: instant(row.get(6)?),
        ended: option(row.get(7)?),
        bytes: u64::try_from(bytes).unwrap_or(0),
        items: u64::try_from(items).unwrap_or(0),
        line: row.get(10)?,
        report: row.get(11)?,
    })
}
