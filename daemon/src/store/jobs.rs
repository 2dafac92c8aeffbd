//! Jobs: what a command beside the daemon asks of it, and the answer that the command waits for.
//!
//! Requests and answers are JSON; what they mean is not known here.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::{Cached, Store};
use crate::Result;

/// Number of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(i64);

impl JobId {
    /// The job of this number, as an address names it.
    pub fn numbered(number: i64) -> Self {
        Self(number)
    }

    /// Its number.
    pub fn number(self) -> i64 {
        self.0
    }
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// The daemon has not seen it yet.
    Asked,
    /// The daemon is at it.
    Taken,
    /// This is the answer.
    Done(String),
}

/// Answers that nobody fetched are kept so many jobs long.
const KEPT: i64 = 1000;

impl Store {
    /// Asks for a job.
    pub fn ask(&self, request: &str, now: Timestamp) -> Result<JobId> {
        self.write(|transaction| {
            transaction.run(
                "INSERT INTO jobs (request, state, asked) VALUES (?1, 'asked', ?2)",
                params![request, now.as_second()],
            )?;
            let id = transaction.last_insert_rowid();
            transaction.run("DELETE FROM jobs WHERE state = 'done' AND id < ?1", [id - KEPT])?;
            Ok(JobId(id))
        })
    }

    /// Takes the job that was asked for first.
    pub fn take_job(&self) -> Result<Option<(JobId, String)>> {
        const NEXT: &str = "SELECT id, request FROM jobs WHERE state = 'asked' ORDER BY id LIMIT 1";
        let waiting =
            self.read(|connection| connection.row(NEXT, [], |row| row.get::<_, i64>(0)).optional())?;
        if waiting.is_none() {
            return Ok(None);
        }
        self.write(|transaction| {
            let next: Option<(i64, String)> =
                transaction.row(NEXT, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let Some((id, request)) = next else { return Ok(None) };
            transaction.run("UPDATE jobs SET state = 'taken' WHERE id = ?1", [id])?;
            Ok(Some((JobId(id), request)))
        })
    }

    /// Answers a job.
    pub fn answer(&self, id: JobId, answer: &str) -> Result<()> {
        self.write(|transaction| {
            transaction
                .run("UPDATE jobs SET state = 'done', answer = ?2 WHERE id = ?1", params![id.0, answer])?;
            Ok(())
        })
    }

    /// How far a job is; one that is not there any more was never asked for.
    pub fn job(&self, id: JobId) -> Result<Option<JobState>> {
        self.read(|connection| {
            connection
                .row("SELECT state, answer FROM jobs WHERE id = ?1", [id.0], |row| {
                    let state: String = row.get(0)?;
                    Ok(match state.as_str() {
                        "asked" => JobState::Asked,
                        "taken" => JobState::Taken,
                        _ => JobState::Done(row.get::<_, Option<String>>(1)?.unwrap_or_default()),
                    })
                })
                .optional()
        })
    }

    /// Takes a request back that nobody began; whether it could be.
    pub fn withdraw(&self, id: JobId) -> Result<bool> {
        self.write(|transaction| {
            Ok(transaction.run("DELETE FROM jobs WHERE id = ?1 AND state = 'asked'", [id.0])? > 0)
        })
    }

    /// Answers all jobs that a daemon which is gone had taken.
    pub fn answer_abandoned_jobs(&self, answer: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.run("UPDATE jobs SET state = 'done', answer = ?1 WHERE state = 'taken'", [answer])?;
            Ok(())
        })
    }
}
