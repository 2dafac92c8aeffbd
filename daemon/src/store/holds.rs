//! Holds: runs that the gate keeps back until a person decides, and what was decided.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::sources::instant;
use super::{Cached, Store};
use crate::Result;

/// A run that is held.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    /// Its name.
    pub run: String,
    /// Whose records they are.
    pub library: String,
    /// `full`, `delta` or `delete`.
    pub mode: String,
    /// Why the gate holds it.
    pub reason: String,
    /// Keys of the records that the source says are gone, as hexadecimal text.
    pub removals: Vec<String>,
    /// What identifies its data.
    pub fingerprint: Option<String>,
    /// Since when.
    pub held: Timestamp,
    /// What was decided, if anything was.
    pub decided: Option<Decision>,
}

/// What a person made of a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It was taken in by this run.
    Released {
        /// The run that took it in.
        became: String,
    },
    /// It was thrown away.
    Discarded,
}

const ONE: &str = "SELECT run, library, mode, reason, removals, fingerprint, held, decided, became FROM holds \
                   WHERE run = ?1";
const OPEN: &str = "SELECT run, library, mode, reason, removals, fingerprint, held, decided, became FROM holds \
                    WHERE decided IS NULL ORDER BY held, run";

impl Store {
    /// Notes that a run is held, and the line that is to be written of it.
    pub fn hold(&self, hold: &Hold, line: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.run("UPDATE runs SET line = ?2 WHERE run = ?1", params![hold.run, line])?;
            transaction.run(
                "INSERT INTO holds (run, library, mode, reason, removals, fingerprint, held) VALUES (?1, ?2, ?3, \
                 ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                params![
                    hold.run,
                    hold.library,
                    hold.mode,
                    hold.reason,
                    hold.removals.join(" "),
                    hold.fingerprint,
                    hold.held.as_second(),
                ],
            )?;
            Ok(())
        })
    }

    /// The hold of this run.
    pub fn held_run(&self, run: &str) -> Result<Option<Hold>> {
        self.read(|connection| connection.row(ONE, [run], from_row).optional())
    }

    /// Holds that wait for a decision.
    pub fn open_holds(&self) -> Result<Vec<Hold>> {
        self.read(|connection| connection.prepare_cached(OPEN)?.query_map([], from_row)?.collect())
    }

    /// Notes what was decided.
    pub fn decide(&self, run: &str, decision: &Decision, now: Timestamp) -> Result<()> {
        let (word, became) = match decision {
            Decision::Released { became } => ("released", Some(became)),
            Decision::Discarded => ("discarded", None),
        };
        self.write(|transaction| {
            transaction.run(
                "UPDATE holds SET decided = ?2, decided_at = ?3, became = ?4 WHERE run = ?1",
                params![run, word, now.as_second(), became],
            )?;
            Ok(())
        })
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Hold> {
    let (removals, decided): (String, Option<String>) = (row.get(4)?, row.get(7)?);
    Ok(Hold {
        run: row.get(0)?,
        library: row.get(1)?,
        mode: row.get(2)?,
        reason: row.get(3)?,
        removals: removals.split_whitespace().map(str::to_owned).collect(),
        fingerprint: row.get(5)?,
        held: instant(row.get(6)?),
        decided: match decided.as_deref() {
            Some("released") => {
                Some(Decision::Released { became: row.get::<_, Option<String>>(8)?.unwrap_or_default() })
            }
            Some(_) => Some(Decision::Discarded),
            None => None,
        },
    })
}
