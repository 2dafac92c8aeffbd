//! Who at a desk did or tried what.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::accounts::AccountId;
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;

/// A line that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewAuditLine<'a> {
    /// Who.
    pub account: AccountId,
    /// Of which library.
    pub library: &'a str,
    /// What: the word of an act, `refused`, `rules`.
    pub what: &'a str,
    /// To what: the number of a request or parcel, the code of a library.
    pub subject: &'a str,
    /// With which words.
    pub note: &'a str,
}

/// A line as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// Name of the person; `None` once the account is erased.
    pub who: Option<String>,
    /// As in `NewAuditLine`.
    pub library: String,
    /// As in `NewAuditLine`.
    pub what: String,
    /// As in `NewAuditLine`.
    pub subject: String,
    /// As in `NewAuditLine`.
    pub note: String,
}

const OF_LIBRARY: &str = "SELECT a.at, p.name, a.library, a.what, a.subject, a.note FROM audit a LEFT JOIN accounts p \
                          ON p.id = a.account WHERE a.library = ?1 ORDER BY a.id DESC LIMIT ?2 OFFSET ?3";
const OF_SUBJECT: &str = "SELECT a.at, p.name, a.library, a.what, a.subject, a.note FROM audit a LEFT JOIN accounts p \
                          ON p.id = a.account WHERE a.library = ?1 AND a.subject = ?2 ORDER BY a.id LIMIT 500";

impl Store {
    /// Writes a line; durable when it returns.
    pub fn note_audit(&self, line: &NewAuditLine<'_>, now: Timestamp) -> Result<()> {
        self.write(|transaction| put_audit(transaction, line, now))
    }

    /// The lines of a library, the newest first.
    pub fn audit_of(&self, library: &str, most: u32, skip: u32) -> Result<Vec<AuditLine>> {
        self.read(|connection| {
            connection
                .prepare_cached(OF_LIBRARY)?
                .query_map(params![library, most, skip], from_row)?
                .collect()
        })
    }

    /// What a library did to one thing, the eldest first.
    pub fn audit_about(&self, library: &str, subject: &str) -> Result<Vec<AuditLine>> {
        self.read(|connection| {
            connection.prepare_cached(OF_SUBJECT)?.query_map([library, subject], from_row)?.collect()
        })
    }
}

/// Writes a line within a transaction.
pub(super) fn put_audit(
    transaction: &Transaction<'_>,
    line: &NewAuditLine<'_>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO audit (at, account, library, what, subject, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![now.as_second(), line.account.number(), line.library, line.what, line.subject, line.note],
    )?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<AuditLine> {
    Ok(AuditLine {
        at: instant(row.get(0)?),
        who: row.get(1)?,
        library: row.get(2)?,
        what: row.get(3)?,
        subject: row.get(4)?,
        note: row.get(5)?,
    })
}
