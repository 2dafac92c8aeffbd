//! The outbox: which message is next, what is sent of it, what became of it. Decisions are those of `delivery::line`.
//!
//! A message is written down as it will leave before its first byte does, in the transaction that says it is on its
//! way; every later try sends the same bytes.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::blank::keep_anonymous;
use super::events::{history_of, learn, record};
use super::messages::{never_send, not_taken};
use super::pass_on::told_up_to;
use super::requests::{StoredRequest, one};
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;
use crate::delivery::{
    Head, LETTER_VERSION, Letter, MessageKey, Outcome, Parcel, Quotas, Receipt, Settlement,
};
use crate::requests::{Event, History, Open, Party, Recorded, RequestId, State};

/// The road to the centre; others are named after peers.
pub const CENTRE: &str = "centre";

// Withdrawals first, then what was never tried, in the order of their making. A message waits for those of its
// request before it, held ones too.
const HEADS: &str = "SELECT request, n, attempts, next_try FROM messages m WHERE road = ?1 AND delivery IN ('pending', \
    'unknown') AND NOT EXISTS (SELECT 1 FROM messages b WHERE b.request = m.request AND b.n < m.n AND b.road = m.road \
    AND b.delivery IN ('pending', 'in_flight', 'unknown', 'held')) AND (next_try IS NULL OR next_try <= ?2 OR \
    next_try > ?2 + 3600) ORDER BY kind <> 'cancel', created, request LIMIT ?3";
// Of those before it, what another carrier or a hub that forgot may have made wait since it was looked at.
const ONE_MESSAGE: &str = "SELECT kind, recipient, packet, attempts, may_have_arrived, delivery, road, EXISTS (SELECT 1 \
                           FROM messages b WHERE b.request = m.request AND b.n < m.n AND b.road = m.road AND \
                           b.delivery IN ('pending', 'unknown', 'held')) FROM messages m WHERE request = ?1 AND n = ?2";
// On a stick several of one request go together: those before it are on their way.
const PREVIOUS: &str = "SELECT coalesce(max(n), 0) FROM messages WHERE request = ?1 AND road = ?3 AND n < ?2 AND \
                        (delivery = 'delivered' OR packet IS NOT NULL AND delivery IN ('in_flight', 'unknown'))";
// Everything that waits for a road, in the order within each request, up to what is held or being sent.
const ALL_WAITING: &str = "SELECT request, n, attempts, next_try FROM messages m WHERE road = ?1 AND delivery IN \
    ('pending', 'unknown') AND NOT EXISTS (SELECT 1 FROM messages b WHERE b.request = m.request AND b.n < m.n AND \
    b.road = m.road AND b.delivery IN ('in_flight', 'held')) ORDER BY request, n LIMIT ?2";
const TAKE: &str = "UPDATE messages SET delivery = 'in_flight', attempts = attempts + 1, next_try = NULL, packet = ?3 \
                    WHERE request = ?1 AND n = ?2";
const DELIVERED: &str = "UPDATE messages SET delivery = 'delivered', next_try = NULL, last_error = NULL, settled = \
                         coalesce(settled, ?3), reading = (SELECT reading FROM machine) WHERE request = ?1 AND n = ?2";
const REJECTED: &str = "UPDATE messages SET delivery = 'rejected', next_try = NULL, last_error = ?4, settled = ?3 \
                        WHERE request = ?1 AND n = ?2 AND delivery = 'in_flight'";
const BACK: &str = "UPDATE messages SET delivery = iif(may_have_arrived OR ?3, 'unknown', 'pending'), \
                    may_have_arrived = may_have_arrived OR ?3, next_try = ?4, last_error = ?5 WHERE request = ?1 AND \
                    n = ?2 AND delivery = 'in_flight'";
// What was written behind one that was not taken names it as the one before, and so had no effect: it is written anew.
const WRITE_ANEW: &str = "UPDATE messages SET packet = NULL, may_have_arrived = 0 WHERE request = ?1 AND n > ?2 AND \
                          road = 'centre' AND delivery IN ('pending', 'unknown', 'held')";
// The other side forgot what it had: it was put back from an older copy.
const AGAIN: &str = "UPDATE messages SET delivery = 'unknown', may_have_arrived = 1 WHERE request = ?1 AND road = ?3 \
                     AND n > ?2 AND delivery = 'delivered'";
const CUT_SHORT: &str = "UPDATE messages SET delivery = 'unknown', may_have_arrived = 1 WHERE road = ?1 AND delivery = \
                         'in_flight'";
const FREE: &str = "UPDATE messages SET next_try = NULL WHERE road = ?1 AND next_try IS NOT NULL AND delivery IN \
                    ('pending', 'unknown')";
const OLD: &str = "SELECT request FROM messages WHERE kind = 'request' AND packet IS NULL AND delivery IN ('pending', \
                   'held') AND born <= ?1";
const SLOW: &str = "UPDATE messages SET is_warned = 1 WHERE delivery IN ('pending', 'in_flight', 'unknown', 'held') \
                    AND is_warned = 0 AND born <= ?1";
const UNDER_WAY: &str = "SELECT EXISTS (SELECT 1 FROM requests WHERE state NOT IN ('draft', 'queued', 'completed', \
                         'unfilled', 'rejected', 'expired', 'cancelled', 'retry_possible', 'lost'))";

// No further than the limit: it is asked for each request that leaves.
const GONE_OF: &str = "SELECT count(*) FROM (SELECT 1 FROM requests WHERE account = ?1 AND state NOT IN ('draft', \
                       'queued', 'completed', 'unfilled', 'rejected', 'expired', 'cancelled', 'retry_possible', \
                       'lost') LIMIT ?2)";
// Nothing waits for longer than a month: what was made earlier is not looked at.
const GONE_TO: &str = "SELECT count(*) FROM requests r JOIN messages m ON m.request = r.id WHERE r.library = ?1 AND \
                       r.supplier = ?2 AND r.created >= ?3 - 2764800 AND r.state <> 'cancelled' AND m.kind = 'request' \
                       AND (m.settled >= ?3 OR m.delivery IN ('in_flight', 'unknown'))";
const WAIT: &str = "UPDATE messages SET next_try = ?3, last_error = ?4 WHERE request = ?1 AND n = ?2";
/// What lacks something before it is tried again after so many seconds, up to so many times as long.
const GAP_FOR: i64 = 5;
const MOST_GAPS: u32 = 120;
/// A request that a quota keeps back is looked at again after so many seconds.
const FULL_FOR: i64 = 600;

impl Store {
    /// The messages that may go now on a road, at most so many.
    pub fn heads(&self, road: &str, most: u32, now: Timestamp) -> Result<Vec<Head>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(HEADS)?;
            statement.query_map(params![road, now.as_second(), most], head_of)?.collect()
        })
    }

    /// Everything that waits for a road, for a carrier that takes whole requests at once; at most so many.
    pub fn all_waiting(&self, road: &str, most: u32) -> Result<Vec<Head>> {
        self.read(|connection| {
            connection.prepare_cached(ALL_WAITING)?.query_map(params![road, most], head_of)?.collect()
        })
    }

    /// Whether a request is on its way somewhere, so that news of it may come.
    pub fn is_expecting(&self) -> Result<bool> {
        self.read(|connection| connection.row(UNDER_WAY, [], |row| row.get(0)))
    }

    /// What a killed process had under way on a road may have arrived.
    pub fn own_up_to_what_was_cut_short(&self, road: &str) -> Result<usize> {
        self.write(|transaction| transaction.run(CUT_SHORT, [road]))
    }

    /// Marks messages as being sent and gives what is to be sent of each. One that was withdrawn or held since it was
    /// looked at stays, so does one before which another waits again because a hub forgot it; a request that leaves is
    /// `sent` with the same stroke.
    /// Where there are `quotas`, a request that they stand against waits, and says why.
    pub fn take_to_send(
        &self,
        heads: &[Head],
        quotas: Option<&Quotas>,
        now: Timestamp,
    ) -> Result<Vec<Parcel>> {
        self.write_step("mark", |transaction| {
            let mut parcels = Vec::new();
            for head in heads {
                parcels.extend(take(transaction, head.key, quotas, now)?);
            }
            Ok(parcels)
        })
    }

    /// Writes down what became of messages, with what it means for their requests.
    pub fn settle(&self, settlements: &[(MessageKey, Settlement)], now: Timestamp) -> Result<()> {
        self.write_step("settle", |transaction| {
            settlements.iter().try_for_each(|(key, settlement)| {
                settle(transaction, *key, settlement, now)?;
                keep_anonymous(transaction, key.0, now)
            })
        })
    }

    /// Messages of a road no longer wait by themselves.
    pub fn free_all(&self, road: &str) -> Result<()> {
        self.write(|transaction| transaction.run(FREE, [road]).map(drop))
    }

    /// Ends requests that have waited at home for more than so many seconds of this machine's life; says which.
    pub fn expire(&self, seconds: i64, now: Timestamp) -> Result<Vec<StoredRequest>> {
        self.write(|transaction| {
            let lived: i64 = transaction.row("SELECT lived FROM machine", [], |row| row.get(0))?;
            let ids: Vec<[u8; 16]> = transaction
                .prepare_cached(OLD)?
                .query_map([lived - seconds], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut expired = Vec::new();
            for id in ids.into_iter().map(RequestId::from_bytes) {
                let Some(request) = one(transaction, id)? else { continue };
                let by = (&request.library, Party::Branch);
                if record(transaction, &request, by, &Event::Expire, "", now)?.is_ok() {
                    never_send(transaction, id, "it waited too long to be sent")?;
                    expired.push(request);
                }
            }
            Ok(expired)
        })
    }

    /// Marks messages that have waited for more than so many seconds of this machine's life; how many are new.
    pub fn warn_of_slow(&self, seconds: i64) -> Result<usize> {
        self.write(|transaction| {
            let lived: i64 = transaction.row("SELECT lived FROM machine", [], |row| row.get(0))?;
            transaction.run(SLOW, [lived - seconds])
        })
    }
}

fn head_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head {
        key: (RequestId::from_bytes(row.get(0)?), row.get(1)?),
        attempts: row.get(2)?,
        next_try: row.get::<_, Option<i64>>(3)?.map(instant),
    })
}

fn take(
    transaction: &Transaction<'_>,
    key: MessageKey,
    quotas: Option<&Quotas>,
    now: Timestamp,
) -> rusqlite::Result<Option<Parcel>> {
    let Some(message) = message(transaction, key)? else { return Ok(None) };
    let Some(request) = one(transaction, key.0)?.filter(|_| message.may_be_sent()) else { return Ok(None) };
    if message.kind == "request" && request.state == State::Queued {
        if let Some(quotas) = quotas
            && let Some(reason) = too_much(transaction, &request, quotas)?
        {
            transaction.run(WAIT, params![key.0.as_bytes(), key.1, now.as_second() + FULL_FOR, reason])?;
            return Ok(None);
        }
        let by = (&request.library, Party::Branch);
        if record(transaction, &request, by, &Event::Transmit, "", now)?.is_err() {
            return Ok(None);
        }
    }
    let body = match message.packet {
        Some(packet) => packet,
        None => letter(transaction, &request, key.1, &message)?,
    };
    transaction.run(TAKE, params![key.0.as_bytes(), key.1, body])?;
    Ok(Some(Parcel {
        request: key.0,
        n: key.1,
        kind: message.kind,
        recipient: message.recipient,
        body,
        attempts: message.attempts,
        may_have_arrived: message.may_have_arrived,
    }))
}

// Why a request has to wait although it was accepted.
fn too_much(
    connection: &Connection,
    request: &StoredRequest,
    quotas: &Quotas,
) -> rusqlite::Result<Option<String>> {
    let of_reader = match request.account {
        Some(account) => {
            let most = quotas.most_of_reader();
            connection.row(GONE_OF, params![account.number(), most], |row| row.get(0))?
        }
        None => 0,
    };
    let lender = request.form.supplier.as_str();
    let this_month = if quotas.has_quota(lender) {
        let (library, since) = (request.library.as_str(), quotas.month_began().as_second());
        connection.row(GONE_TO, params![library, lender, since], |row| row.get(0))?
    } else {
        0
    };
    Ok(quotas.stands_against(lender, Open { of_reader, most_of_reader: 0, this_month }))
}

struct Message {
    kind: String,
    recipient: String,
    packet: Option<String>,
    attempts: u32,
    may_have_arrived: bool,
    delivery: String,
    road: String,
    is_behind_another: bool,
}

impl Message {
    // It names the one before it, so it is not written while that waits itself.
    fn may_be_sent(&self) -> bool {
        matches!(self.delivery.as_str(), "pending" | "unknown") && !self.is_behind_another
    }
}

fn message(connection: &Connection, (request, n): MessageKey) -> rusqlite::Result<Option<Message>> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Message {
            kind: row.get(0)?,
            recipient: row.get(1)?,
            packet: row.get(2)?,
            attempts: row.get(3)?,
            may_have_arrived: row.get(4)?,
            delivery: row.get(5)?,
            road: row.get(6)?,
            is_behind_another: row.get(7)?,
        })
    };
    connection.row(ONE_MESSAGE, params![request.as_bytes(), n], read).optional()
}

fn letter(
    connection: &Connection,
    request: &StoredRequest,
    n: u32,
    message: &Message,
) -> rusqlite::Result<String> {
    let prev = connection.row(PREVIOUS, params![request.id.as_bytes(), n, message.road], |row| row.get(0))?;
    let told = if message.road == CENTRE { Vec::new() } else { told_up_to(connection, request.id, n)? };
    let (n, events) = if told.is_empty() {
        (n, of_this_side(&history_of(connection, request.id)?, request))
    } else {
        // What it tells is the last of them.
        (u32::try_from(told.len()).unwrap_or(n), told)
    };
    let letter = Letter {
        v: LETTER_VERSION,
        request: request.id,
        n,
        prev,
        kind: message.kind.clone(),
        number: request.number.clone(),
        library: request.library.clone(),
        supplier: indexer::bib::LibraryCode::new(request.form.supplier.as_str()),
        created: request.created,
        patron: request.patron.clone(),
        form: (message.kind == "request").then(|| request.form.clone()),
        events,
    };
    letter.to_json().map_err(|cause| rusqlite::Error::ToSqlConversionFailure(cause.into()))
}

// What this side of the request recorded.
pub(super) fn of_this_side(history: &History, request: &StoredRequest) -> Vec<Recorded> {
    let is_ours = |party| match party {
        Party::Reader | Party::Requester | Party::Branch => request.is_own,
        Party::Lender => !request.is_own,
        Party::Centre => false,
    };
    history.events().filter(|recorded| is_ours(recorded.party)).cloned().collect()
}

fn settle(
    transaction: &Transaction<'_>,
    key: MessageKey,
    settlement: &Settlement,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (id, n) = (key.0.as_bytes(), key.1);
    match settlement {
        Settlement::Waits { is_unknown, next_try, error } => {
            let next_try = next_try.map(Timestamp::as_second);
            transaction.run(BACK, params![id, n, is_unknown, next_try, error])?;
        }
        Settlement::Ended(Outcome::Delivered(receipt)) => arrived(transaction, key, receipt, now)?,
        Settlement::Ended(Outcome::Rejected { reason }) => {
            let was_sent = transaction.run(REJECTED, params![id, n, now.as_second(), reason])? > 0;
            if was_sent {
                transaction.run(WRITE_ANEW, params![id, n])?;
            }
            let kind = message(transaction, key)?.map(|message| message.kind).unwrap_or_default();
            if let Some(request) = one(transaction, key.0)?.filter(|_| was_sent) {
                not_taken(transaction, &request, &kind, reason, now)?;
            }
        }
        Settlement::Ended(Outcome::Gap { last }) => {
            if let Some(message) = message(transaction, key)? {
                transaction.run(AGAIN, params![id, last, message.road])?;
            }
            let error = format!("the other side knows message {last} as the last one of this request");
            let attempts = message(transaction, key)?.map_or(1, |message| message.attempts);
            let next_try = now.as_second() + GAP_FOR * i64::from(attempts.clamp(1, MOST_GAPS));
            transaction.run(BACK, params![id, n, false, next_try, error])?;
        }
        Settlement::Ended(Outcome::Later { reason, .. }) => {
            transaction.run(BACK, params![id, n, false, None::<i64>, reason])?;
        }
    }
    Ok(())
}

/// A message is there, as the other side says.
pub(super) fn arrived(
    transaction: &Transaction<'_>,
    key: MessageKey,
    receipt: &Receipt,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.run(DELIVERED, params![key.0.as_bytes(), key.1, now.as_second()])?;
    match receipt {
        Receipt::Events(events) => learn(transaction, key.0, events, now).map(drop),
        Receipt::Ok => {
            let kind = message(transaction, key)?.map(|message| message.kind);
            if let Some(request) = one(transaction, key.0)?.filter(|_| kind.as_deref() == Some("request")) {
                let by = (&request.library, Party::Centre);
                let _ = record(transaction, &request, by, &Event::CentreReceipt, "", now)?;
            }
            Ok(())
        }
    }
}
