//! Messages that requests have become: what waits for the line, and what became of it.

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::Store;
use super::requests::unknown;
use super::sources::instant;
use crate::Result;
use crate::requests::{DeliveryState, MessageKind, RequestId};

/// A message and how far its delivery has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMessage {
    /// Which request it belongs to.
    pub request: RequestId,
    /// The number of that, for people.
    pub number: String,
    /// From 1, without gaps, in the order in which they are sent.
    pub n: u32,
    /// What it says.
    pub kind: String,
    /// Code of the library that it is for in the end.
    pub recipient: String,
    /// How far it has come.
    pub delivery: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Not before that.
    pub next_try: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Since when it waits.
    pub created: Timestamp,
}

const MESSAGES: &str = "SELECT m.request, r.number, m.n, m.kind, m.recipient, m.delivery, m.attempts, m.next_try, \
                        m.last_error, m.created FROM messages m JOIN requests r ON r.id = m.request ORDER BY \
                        m.created, m.request, m.n";

impl Store {
    /// All messages, the eldest first.
    pub fn messages(&self) -> Result<Vec<QueuedMessage>> {
        self.read(|connection| connection.prepare_cached(MESSAGES)?.query_map([], message_of)?.collect())
    }
}

/// Puts a message behind those of its request.
pub(super) fn put_message(
    transaction: &Transaction<'_>,
    id: RequestId,
    kind: MessageKind,
    recipient: &str,
    body: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO messages (request, n, kind, recipient, body, delivery, created) SELECT ?1, 1 + count(*), ?2, ?3, \
         ?4, 'pending', ?5 FROM messages WHERE request = ?1",
        params![id.as_bytes(), kind.code(), recipient, body, now.as_second()],
    )?;
    Ok(())
}

/// What has not left never will.
pub(super) fn never_send(transaction: &Transaction<'_>, id: RequestId) -> rusqlite::Result<()> {
    transaction.execute(
        "UPDATE messages SET delivery = 'dead', last_error = 'withdrawn before it was sent' WHERE request = ?1",
        [id.as_bytes()],
    )?;
    Ok(())
}

fn message_of(row: &Row<'_>) -> rusqlite::Result<QueuedMessage> {
    Ok(QueuedMessage {
        request: RequestId::from_bytes(row.get(0)?),
        number: row.get(1)?,
        n: row.get(2)?,
        kind: row.get(3)?,
        recipient: row.get(4)?,
        delivery: DeliveryState::from_code(&row.get::<_, String>(5)?).ok_or_else(|| unknown(5))?,
        attempts: row.get(6)?,
        next_try: row.get::<_, Option<i64>>(7)?.map(instant),
        last_error: row.get(8)?,
        created: instant(row.get(9)?),
    })
}
