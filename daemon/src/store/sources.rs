//! How each source fares: when it was tried, when that went well, whether it is paused, what was told of it.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::{Cached, Store};
use crate::Result;
use crate::settings::{Source, SourceId};

/// A source as the store knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRow {
    /// Which one.
    pub source: SourceId,
    /// Whose records it brings.
    pub library: String,
    /// When it was configured first.
    pub known_since: Timestamp,
    /// When its last run began.
    pub last_try: Option<Timestamp>,
    /// The name of that run.
    pub last_run: Option<String>,
    /// How that run ended.
    pub last_state: Option<String>,
    /// Why it did not end well.
    pub last_reason: Option<String>,
    /// Runs since the last good one.
    pub tries_in_vain: u32,
    /// When the last good run began.
    pub last_good: Option<Timestamp>,
    /// What identified its data.
    pub fingerprint: Option<String>,
    /// Whether a person has paused it.
    pub paused: bool,
    /// The state that the alert hook was told last.
    pub told: Option<String>,
}

/// How a run of a source ended.
#[derive(Clone, Debug)]
pub struct Ended<'a> {
    /// Name of the run.
    pub run: &'a str,
    /// When it began.
    pub began: Timestamp,
    /// The state of the run.
    pub state: &'a str,
    /// Why it did not end well.
    pub reason: Option<&'a str>,
    /// Whether it was good: its data is in force.
    pub good: bool,
    /// What identifies its data.
    pub fingerprint: Option<&'a str>,
}

const ALL: &str = "SELECT source, library, known_since, last_try, last_run, last_state, last_reason, \
                   tries_in_vain, last_good, fingerprint, paused, told FROM source_states ORDER BY source";
const ONE: &str = "SELECT source, library, known_since, last_try, last_run, last_state, last_reason, \
                   tries_in_vain, last_good, fingerprint, paused, told FROM source_states WHERE source = ?1";

impl Store {
    /// Notes the sources that are configured; what is known of them already stays.
    pub fn know_sources(&self, sources: &[Source], now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO source_states (source, library, known_since) VALUES (?1, ?2, ?3) ON CONFLICT DO \
                 NOTHING",
            )?;
            for source in sources {
                insert.execute(params![source.id.as_str(), source.library.as_str(), now.as_second()])?;
            }
            Ok(())
        })
    }

    /// Everything known of all sources, configured now or once.
    pub fn source_rows(&self) -> Result<Vec<SourceRow>> {
        self.read(|connection| connection.prepare_cached(ALL)?.query_map([], from_row)?.collect())
    }

    /// What is known of one source.
    pub fn source_row(&self, source: &SourceId) -> Result<Option<SourceRow>> {
        self.read(|connection| connection.row(ONE, [source.as_str()], from_row).optional())
    }

    /// Notes that a run of a source begins.
    pub fn source_tried(&self, source: &SourceId, run: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE source_states SET last_try = ?2, last_run = ?3 WHERE source = ?1",
                params![source.as_str(), now.as_second(), run],
            )?;
            Ok(())
        })
    }

    /// Notes how a run of a source ended.
    pub fn source_ended(&self, source: &SourceId, ended: &Ended<'_>) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE source_states SET last_run = ?2, last_state = ?3, last_reason = ?4, tries_in_vain = \
                 tries_in_vain + 1 WHERE source = ?1",
                params![source.as_str(), ended.run, ended.state, ended.reason],
            )?;
            if ended.good {
                transaction.run(
                    "UPDATE source_states SET last_good = ?2, tries_in_vain = 0, fingerprint = coalesce(?3, \
                     fingerprint) WHERE source = ?1",
                    params![source.as_str(), ended.began.as_second(), ended.fingerprint],
                )?;
            }
            Ok(())
        })
    }

    /// Pauses a source, or lets it go on.
    pub fn pause_source(&self, source: &SourceId, paused: bool) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE source_states SET paused = ?2 WHERE source = ?1",
                params![source.as_str(), paused],
            )?;
            Ok(())
        })
    }

    /// Notes what the alert hook was told of a source.
    pub fn source_told(&self, source: &SourceId, state: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE source_states SET told = ?2 WHERE source = ?1",
                params![source.as_str(), state],
            )?;
            Ok(())
        })
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SourceRow> {
    Ok(SourceRow {
        source: SourceId::from(row.get::<_, String>(0)?.as_str()),
        library: row.get(1)?,
        known_since: instant(row.get(2)?),
        last_try: option(row.get(3)?),
        last_run: row.get(4)?,
        last_state: row.get(5)?,
        last_reason: row.get(6)?,
        tries_in_vain: row.get(7)?,
        last_good: option(row.get(8)?),
        fingerprint: row.get(9)?,
        paused: row.get(10)?,
        told: row.get(11)?,
    })
}

/// A stored time; one beyond the calendar counts as its end.
pub(super) fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

pub(super) fn option(second: Option<i64>) -> Option<Timestamp> {
    second.map(instant)
}
