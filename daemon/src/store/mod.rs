//! `state.db`: everything that must outlive the process and is neither a record nor a catalogue.
//!
//! All SQL of the house stands here, one file a group of tables, as constant text. SQLite in WAL mode with full
//! synchronisation: what a method has returned survives a power cut. A store may be opened beside a daemon; each
//! write is one immediate transaction.

mod accounts;
mod astray;
mod audit;
mod blank;
mod branches;
mod cached;
mod calendars;
mod cards;
mod checkpoints;
mod contents;
mod counter;
mod erase;
mod events;
mod facts;
mod feed;
mod fines;
mod holds;
mod inbox;
mod jobs;
mod learn;
mod lent;
mod letters;
mod machine;
mod mails;
mod messages;
mod migrations;
mod news;
mod outbox;
mod parcels;
mod pass_on;
mod peers;
mod place;
mod policy;
mod quality;
mod recovery;
mod registrations;
mod remembered;
mod reminders;
mod requests;
mod runs;
mod sessions;
mod sources;
mod statistics;
mod step;
mod tries;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use accounts::{ACCOUNTS_SHOWN, Account, AccountId, AccountRole, NewAccount, Profile};
pub use audit::{AuditLine, NewAuditLine};
pub use branches::{Branch, Hub};
pub use calendars::{CalendarEntry, DayKind};
pub use cards::Card;
pub use checkpoints::{SourceCheckpoints, SourceFiles, SourceIdentifiers};
pub use contents::Notice;
pub use counter::{Deed, Link, LinkReason, Load, WorkFilter, WorkItem};
pub use erase::Pending;
pub use facts::Uses;
pub use fines::{FineEntry, FineKind, Settled};
pub use holds::{Decision, Hold};
pub use jobs::{JobId, JobState};
pub use letters::{Answer, LETTERS_A_PAGE, Letter};
pub(crate) use machine::CLOCK_TOLERANCE;
pub use machine::{ClockFault, Machine};
pub use mails::{Mail, MailId, NewMail};
pub use messages::{Depth, MESSAGES_A_PAGE, QueueDecision, QueueRefusal, QueuedMessage};
pub use news::{News, NewsLine};
pub use outbox::CENTRE;
pub use parcels::{Direction, NewParcel, Parcel, ParcelItem};
pub use quality::QualityRow;
pub use registrations::{Confirmed, NewRegistration, Registration};
pub use reminders::LoanRow;
pub use requests::{NewRequest, REQUESTS_A_PAGE, RequestFilter, StoredRequest, Submitted};
pub use runs::{OpenRun, Phase};
pub use sessions::{Session, SessionLimits};
pub use sources::{Ended, SourceRow};
pub use tries::WrongTries;

use crate::{Error, Result};
use cached::Cached;

/// How long a write waits for that of another process.
const BUSY: Duration = Duration::from_secs(5);
/// Statements that are kept prepared, more than there are.
const STATEMENTS: usize = 512;

// A statement is read once: not again when there are many others, nor whenever another value is bound.
fn settled(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// An open `state.db`; clones share the connection.
#[derive(Clone)]
pub struct Store(Arc<Mutex<Connection>>);

impl Store {
    /// Opens the store of a data directory, makes it where it is missing, brings it up to date.
    pub fn open(data_dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(data_dir).map_err(Error::writing(data_dir))?;
        place::refuse_network(data_dir)?;
        let path = data_dir.join("state.db");
        let mut connection = Connection::open_with_flags(
            &path,
            OpenFlags::SQLITE_OPEN_READ_WRITE
                | OpenFlags::SQLITE_OPEN_CREATE
                | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // What is deleted is overwritten: no page keeps a name that was erased.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
        settled(&connection)?;
        migrations::bring_up_to_date(&mut connection, data_dir, migrations::ALL)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// A store that is nowhere else, for tests.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        static EMPTY: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || Connection::open_in_memory_with_flags(flags).expect("SQLite has memory");
        // Made once: the simulation needs thousands.
        let empty = EMPTY.get_or_init(|| {
            let mut connection = open();
            let made = migrations::bring_up_to_date(&mut connection, Path::new("nowhere"), migrations::ALL);
            made.expect("the steps make a store");
            connection.serialize("main").expect("a copy").to_vec()
        });
        let mut connection = open();
        let copied = connection.deserialize_read_exact("main", &empty[..], empty.len(), false);
        copied.expect("the copy opens");
        settled(&connection).expect("settings");
        Self(Arc::new(Mutex::new(connection)))
    }

    /// Writes the store as it is to a new file, as a backup would.
    #[cfg(test)]
    pub(crate) fn copy_to(&self, path: &Path) {
        self.read(|connection| connection.execute("VACUUM INTO ?1", [path.to_string_lossy()]))
            .expect("a copy");
    }

    /// Opens such a file as it is, for this process alone.
    #[cfg(test)]
    pub(crate) fn of_copy(path: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).expect("the copy opens");
        settled(&connection).expect("settings");
        connection.pragma_update(None, "synchronous", "OFF").expect("a pragma");
        connection.pragma_update(None, "journal_mode", "MEMORY").expect("a pragma");
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").expect("a pragma");
        Self(Arc::new(Mutex::new(connection)))
    }

    /// From now on no write succeeds, as if the process were killed; or writes succeed again.
    #[cfg(test)]
    pub(crate) fn be_dead(&self, is_dead: bool) {
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.pragma_update(None, "query_only", is_dead).expect("a pragma");
    }

    fn read<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        Ok(act(&self.0.lock().unwrap_or_else(PoisonError::into_inner))?)
    }

    fn write<T>(&self, act: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = act(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    // The same as a named step of a message's way.
    fn write_step<T>(
        &self,
        name: &str,
        act: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        step::reached(name, "before");
        let written = self.write(|transaction| {
            let value = act(transaction)?;
            step::reached(name, "inside");
            Ok(value)
        });
        step::reached(name, "after");
        written
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

#[cfg(test)]
#[path = "planted/tests.rs"]
pub(crate) mod planted;
#[cfg(test)]
mod tests;
