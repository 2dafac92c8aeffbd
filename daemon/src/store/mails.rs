//! Mails that wait for the daemon: pages leave them here and never wait for a server.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::accounts::AccountId;
use super::{Cached, Store};
use crate::Result;

/// Number of a mail that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailId(i64);

/// A mail that is to be sent to the owner of an account.
#[derive(Clone, Copy, Debug)]
pub struct NewMail<'a> {
    /// Its subject.
    pub subject: &'a str,
    /// Plain text.
    pub body: &'a str,
    /// What comes after that helps nobody.
    pub until: Timestamp,
}

/// A mail whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its number.
    pub id: MailId,
    /// The address that the account has now.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
}

// None waits for longer than an hour: one that would was put off by a clock that stood wrong.
const NEXT: &str = "SELECT m.id, a.email, m.subject, m.body, m.attempts FROM mails m JOIN accounts a ON a.id = m.account \
                    WHERE m.next_try <= ?1 OR m.next_try > ?1 + 3600 ORDER BY m.next_try, m.id LIMIT 1";

impl Store {
    /// The mail whose turn it is; those that nobody waits for any more are dropped, if it is sure what time it is.
    pub fn next_mail(&self, now: Timestamp) -> Result<Option<Mail>> {
        let has_old: bool = self.read(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM mails WHERE until <= ?1)")?
                .query_row([now.as_second()], |row| row.get(0))
        })?;
        if has_old && self.clock_doubt(now)?.is_none() {
            self.write(|transaction| {
                transaction.run("DELETE FROM mails WHERE until <= ?1", [now.as_second()])?;
                Ok(())
            })?;
        }
        self.read(|connection| {
            connection
                .row(NEXT, [now.as_second()], |row| {
                    Ok(Mail {
                        id: MailId(row.get(0)?),
                        to: row.get(1)?,
                        subject: row.get(2)?,
                        body: row.get(3)?,
                        attempts: row.get(4)?,
                    })
                })
                .optional()
        })
    }

    /// It was sent: nothing of it is kept.
    pub fn mail_sent(&self, id: MailId) -> Result<()> {
        self.write(|transaction| {
            transaction.run("DELETE FROM mails WHERE id = ?1", [id.0])?;
            Ok(())
        })
    }

    /// It could not be sent now; it is tried again.
    pub fn mail_failed(&self, id: MailId, error: &str, next_try: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE mails SET attempts = attempts + 1, last_error = ?2, next_try = ?3 WHERE id = ?1",
                params![id.0, error, next_try.as_second()],
            )?;
            Ok(())
        })
    }
}

pub(super) fn put_mail(
    transaction: &Transaction<'_>,
    id: AccountId,
    mail: &NewMail<'_>,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO mails (account, subject, body, until, next_try) VALUES (?1, ?2, ?3, ?4, 0)",
        params![id.number(), mail.subject, mail.body, mail.until.as_second()],
    )?;
    Ok(())
}
