//! Requests with their events, and the messages that wait for the line.
//!
//! A request, its event and its message come into being in one transaction: what a reader was told is accepted is
//! on the disk with everything that shall be done about it.

use indexer::bib::{EditionId, LibraryCode};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::accounts::AccountId;
use super::events::{history_of, put_event, record, written};
use super::facts::count_request;
use super::messages::put_message;
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;
use crate::requests::{Bar, Event, History, MessageKind, Party, RequestForm, RequestId, Standing, State};

/// Requests on a page of a list.
pub const REQUESTS_A_PAGE: u32 = 20;

/// A request that is to be kept. The form has no faults.
#[derive(Clone, Debug)]
pub struct NewRequest<'a> {
    /// Its id.
    pub id: RequestId,
    /// The number that people use.
    pub number: &'a str,
    /// Whose it is.
    pub account: AccountId,
    /// Code of the reader's library.
    pub library: &'a LibraryCode,
    /// What was filled in.
    pub form: &'a RequestForm,
    /// Who pressed the button.
    pub party: Party,
    /// Hash of the idempotency key, and of what came with it.
    pub key: Option<([u8; 32], [u8; 32])>,
    /// A rule stands against it: only a key that came before is answered.
    pub is_barred: bool,
}

/// What became of a new request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is on the disk.
    New,
    /// The same key brought the same before: nothing was stored.
    Known(RequestId),
    /// The same key brought something else before: nothing was stored.
    OtherBody,
    /// It is barred: nothing was stored.
    Barred,
}

/// A request as it is kept.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "as in `NewRequest`")]
pub struct StoredRequest {
    pub id: RequestId,
    pub number: String,
    pub library: LibraryCode,
    /// `None` once its reader is erased.
    pub account: Option<AccountId>,
    pub form: RequestForm,
    pub state: State,
    pub due: Option<Date>,
    pub created: Timestamp,
    /// When something happened to it last.
    pub changed: Timestamp,
    /// The reader's barcode.
    pub patron: String,
    /// It was made on this machine, for a reader of a library that is served here.
    pub is_own: bool,
}

/// Which requests of a reader are asked for; what is `None` or empty does not matter.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    /// Made at this moment or later.
    pub from: Option<Timestamp>,
    /// Made before this moment.
    pub until: Option<Timestamp>,
    /// In this state.
    pub state: Option<State>,
    /// From this lender.
    pub supplier: String,
    /// Words of the title, or a piece of the number.
    pub words: String,
    /// From 1.
    pub page: u32,
}

const ONE: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own \
     FROM requests WHERE id = ?1";
const ALL: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own FROM \
                   requests ORDER BY created, id";
// One text for every filter: what is not asked for is NULL or empty.
const OF_ACCOUNT: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own, \
    count(*) OVER () \
    FROM requests WHERE account = ?1 AND (?2 IS NULL OR created >= ?2) AND (?3 IS NULL OR created < ?3) AND \
    (?4 IS NULL OR state = ?4) AND (?5 = '' OR supplier = ?5) AND (?6 = '' OR instr(lower(title), lower(?6)) > 0 \
    OR instr(number, upper(?6)) > 0) ORDER BY created DESC, id DESC LIMIT ?7 OFFSET ?8";
const OPEN_OF: &str = "SELECT count(*) FROM requests WHERE account = ?1 AND state NOT IN ('completed', 'unfilled', \
                       'rejected', 'expired', 'cancelled', 'retry_possible', 'lost')";
const SENT_SINCE: &str = "SELECT count(*) FROM requests WHERE library = ?1 AND supplier = ?2 AND created >= ?3 AND \
                          state <> 'cancelled'";

impl Store {
    /// Keeps a new request, with its first event and the message that it becomes; durable when it returns.
    pub fn submit_request(&self, new: &NewRequest<'_>, now: Timestamp) -> Result<Submitted> {
        self.write_step("submit", |transaction| submit_within(transaction, new, now))
    }

    /// Records what happened to a request here, with the message that others must have; durable when it returns.
    /// `None` where there is no such request; what cannot happen is not recorded.
    pub fn record_event(
        &self,
        id: RequestId,
        (library, party): (&LibraryCode, Party),
        event: &Event,
        note: &str,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Standing, Bar>>> {
        self.write(|transaction| {
            let Some(request) = one(transaction, id)? else { return Ok(None) };
            record(transaction, &request, (library, party), event, note, now).map(Some)
        })
    }

    /// One request.
    pub fn request(&self, id: RequestId) -> Result<Option<StoredRequest>> {
        self.read(|connection| one(connection, id))
    }

    /// Everything that happened to a request.
    pub fn history(&self, id: RequestId) -> Result<History> {
        self.read(|connection| history_of(connection, id))
    }

    /// A page of a reader's requests, the newest first, and how many there are in all.
    pub fn requests_of(
        &self,
        account: AccountId,
        filter: &RequestFilter,
    ) -> Result<(u32, Vec<StoredRequest>)> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(OF_ACCOUNT)?;
            let mut total = 0;
            let rows = statement.query_map(
                params![
                    account.number(),
                    filter.from.map(Timestamp::as_second),
                    filter.until.map(Timestamp::as_second),
                    filter.state.map(State::code),
                    filter.supplier,
                    filter.words.trim(),
                    REQUESTS_A_PAGE,
                    REQUESTS_A_PAGE.saturating_mul(filter.page.saturating_sub(1)),
                ],
                |row| Ok((row.get::<_, u32>(11)?, from_row(row)?)),
            )?;
            let mut requests = Vec::new();
            for row in rows {
                let (all, request) = row?;
                total = all;
                requests.push(request);
            }
            Ok((total, requests))
        })
    }

    /// All requests, the eldest first.
    pub fn each_request(&self, mut each: impl FnMut(StoredRequest, History)) -> Result<()> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(ALL)?;
            for request in statement.query_map([], from_row)? {
                let request = request?;
                let history = history_of(connection, request.id)?;
                each(request, history);
            }
            Ok(())
        })
    }

    /// How many requests of a reader have not ended.
    pub fn open_requests(&self, account: AccountId) -> Result<u32> {
        self.read(|connection| connection.row(OPEN_OF, [account.number()], |row| row.get(0)))
    }

    /// How many requests a library has made to a lender since a moment, those withdrawn aside.
    pub fn requests_since(&self, library: &LibraryCode, supplier: &str, since: Timestamp) -> Result<u32> {
        self.read(|connection| {
            connection
                .row(SENT_SINCE, params![library.as_str(), supplier, since.as_second()], |row| row.get(0))
        })
    }
}

/// The same within a transaction.
pub(super) fn submit_within(
    transaction: &Transaction<'_>,
    new: &NewRequest<'_>,
    now: Timestamp,
) -> rusqlite::Result<Submitted> {
    if let Some((hash, body)) = new.key
        && let Some(known) = known_key(transaction, new.account, hash)?
    {
        return Ok(if known.1 == body { Submitted::Known(known.0) } else { Submitted::OtherBody });
    }
    if new.is_barred {
        return Ok(Submitted::Barred);
    }
    transaction.run(
        "INSERT INTO requests (id, number, library, account, supplier, title, form, state, created, changed, \
         patron, born, moved) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8, ?8, coalesce((SELECT barcode FROM \
         accounts WHERE id = ?4), ''), lived, lived FROM machine",
        params![
            new.id.as_bytes(),
            new.number,
            new.library.as_str(),
            new.account.number(),
            new.form.supplier,
            new.form.title,
            json(new.form)?,
            now.as_second()
        ],
    )?;
    let history = History::default();
    let submitted = written(transaction, &history, (new.library, new.party), &Event::Submit, "", now)?;
    put_event(transaction, new.id, &submitted)?;
    put_message(transaction, new.id, MessageKind::Request, &new.form.supplier, now)?;
    if let Some(entry) = EditionId::new(new.form.record_id.as_str()).key() {
        count_request(transaction, entry)?;
    }
    if let Some((hash, body)) = new.key {
        transaction.run(
            "INSERT INTO request_keys (account, hash, body, request) VALUES (?1, ?2, ?3, ?4)",
            params![new.account.number(), hash, body, new.id.as_bytes()],
        )?;
    }
    Ok(Submitted::New)
}

fn known_key(
    connection: &Connection,
    account: AccountId,
    hash: [u8; 32],
) -> rusqlite::Result<Option<(RequestId, [u8; 32])>> {
    connection
        .row(
            "SELECT request, body FROM request_keys WHERE account = ?1 AND hash = ?2",
            params![account.number(), hash],
            |row| Ok((RequestId::from_bytes(row.get(0)?), row.get(1)?)),
        )
        .optional()
}

/// A request as it is kept.
pub(super) fn one(connection: &Connection, id: RequestId) -> rusqlite::Result<Option<StoredRequest>> {
    connection.row(ONE, [id.as_bytes()], from_row).optional()
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<StoredRequest> {
    let due: Option<String> = row.get(6)?;
    Ok(StoredRequest {
        id: RequestId::from_bytes(row.get(0)?),
        number: row.get(1)?,
        library: LibraryCode::new(row.get::<_, String>(2)?),
        account: row.get::<_, Option<i64>>(3)?.map(AccountId::of),
        form: parsed(4, &row.get::<_, String>(4)?)?,
        state: State::from_code(&row.get::<_, String>(5)?).ok_or_else(|| unknown(5))?,
        due: due.and_then(|day| day.parse().ok()),
        created: instant(row.get(7)?),
        changed: instant(row.get(8)?),
        patron: row.get(9)?,
        is_own: row.get(10)?,
    })
}

pub(super) fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|cause| rusqlite::Error::ToSqlConversionFailure(cause.into()))
}

pub(super) fn parsed<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|cause| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, cause.into())
    })
}

pub(super) fn unknown(column: usize) -> rusqlite::Error {
    let cause = "a word that this version does not know";
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, cause.into())
}

#[cfg(test)]
mod tests;
