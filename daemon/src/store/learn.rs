//! What a branch takes in of its feed: news of its requests, and what it does not know any more.
//!
//! A machine that was put back from an older copy reads, from where that copy stood, its own letters once more. It
//! takes back what it lost, and gives another number to what it wrote meanwhile under one that was used.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::blank::{blank, keep_anonymous, owe_forgetting};
use super::events::{NewKnown, history_of, learn, put_known};
use super::messages::put_message;
use super::outbox::{arrived, of_this_side};
use super::policy::put_policy;
use super::requests::{StoredRequest, one, parsed};
use super::{Cached, Store};
use crate::Result;
use crate::central::{Item, Told, mark_of};
use crate::delivery::{Letter, Receipt, hash_of};
use crate::keys::to_hex;
use crate::requests::{History, MessageKind, Party, Recorded, RequestId, State};

const CURSOR: &str = "SELECT cursor FROM machine";
const MOVE: &str = "UPDATE machine SET cursor = ?1, mark = ?2";
const LOCAL: &str = "SELECT kind, packet, delivery FROM messages WHERE request = ?1 AND n = ?2";
const RENUMBER: &str = "UPDATE messages SET n = (SELECT 1 + max(m.n) FROM messages m WHERE m.request = ?1), packet = \
                        NULL, delivery = iif(delivery IN ('dead', 'held'), delivery, 'pending'), may_have_arrived = 0, \
                        next_try = NULL WHERE request = ?1 AND n = ?2";
const WROTE: &str = "UPDATE messages SET packet = ?3 WHERE request = ?1 AND n = ?2";
const KNOWN_MESSAGE: &str = "INSERT INTO messages (request, n, kind, recipient, body, delivery, created, packet, \
                             attempts, settled) VALUES (?1, ?2, ?3, ?4, '', 'delivered', ?5, ?6, 1, ?5)";
const WAITS: &str = "SELECT EXISTS (SELECT 1 FROM messages WHERE request = ?1 AND delivery IN ('pending', 'in_flight', \
                     'unknown', 'held'))";
const ACCOUNT: &str = "SELECT id FROM accounts WHERE library = ?1 AND barcode = ?2";

impl Store {
    /// Takes in what comes after `after`, with the cursor, in one transaction. `false`: somebody else did meanwhile.
    pub fn take_in(&self, me: &LibraryCode, after: i64, items: &[Told], now: Timestamp) -> Result<bool> {
        self.write_step("learn", |transaction| {
            if transaction.row(CURSOR, [], |row| row.get::<_, i64>(0))? != after {
                return Ok(false);
            }
            for told in items {
                match parsed::<Item>(0, &told.body) {
                    Ok(item) => take_item(transaction, me, &item, now)?,
                    // Of a newer hub; what it is about comes again with the next item of the same request.
                    Err(cause) => {
                        tracing::warn!(seq = told.seq, %cause, "an item of the feed is not understood")
                    }
                }
            }
            if let Some(last) = items.last() {
                transaction.run(MOVE, params![last.seq, mark_of(&last.body)])?;
            }
            Ok(true)
        })
    }
}

fn take_item(
    transaction: &Transaction<'_>,
    me: &LibraryCode,
    item: &Item,
    now: Timestamp,
) -> rusqlite::Result<()> {
    match item {
        Item::Policy { kind, name, version, body } => {
            put_policy(transaction, kind, name, *version, &body.to_string()).map(drop)
        }
        Item::Letter { from, letter, events, was } => {
            let Ok(parsed) = Letter::parse(letter) else {
                tracing::warn!(from, "a letter of another version came");
                return Ok(());
            };
            let events: Vec<Recorded> = parsed.events.iter().chain(events).cloned().collect();
            if from == me.as_str() {
                own_letter(transaction, &parsed, (letter.as_str(), was.as_deref()), &events, now)?;
                owe_forgetting(transaction, &parsed)?;
            } else {
                if known(transaction, me, &parsed, now)?.is_some() {
                    learn(transaction, parsed.request, &events, now)?;
                }
            }
            match one(transaction, parsed.request)? {
                Some(request) if parsed.is_forget() => blank(transaction, &request, now),
                _ => keep_anonymous(transaction, parsed.request, now),
            }
        }
    }
}

// The request that a letter is about, made where it is not known and the letter says what it is.
fn known(
    transaction: &Transaction<'_>,
    me: &LibraryCode,
    letter: &Letter,
    now: Timestamp,
) -> rusqlite::Result<Option<StoredRequest>> {
    if let Some(request) = one(transaction, letter.request)? {
        return Ok(Some(request));
    }
    let Some(form) = &letter.form else { return Ok(None) };
    let is_own = letter.library == *me;
    let account = transaction
        .row(ACCOUNT, params![letter.library.as_str(), letter.patron], |row| row.get::<_, i64>(0))
        .optional()?
        .filter(|_| is_own);
    put_known(transaction, &NewKnown { letter, form, account, is_own }, now)?;
    one(transaction, letter.request)
}

// A letter of this machine that had its effect: it is delivered, whether or not this machine knows it.
fn own_letter(
    transaction: &Transaction<'_>,
    letter: &Letter,
    (text, was): (&str, Option<&str>),
    events: &[Recorded],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let me = if letter.kind == "report" { &letter.supplier } else { &letter.library };
    let Some(request) = known(transaction, me, letter, now)? else { return Ok(()) };
    let (id, n) = (letter.request, letter.n);
    let local = transaction
        .row(LOCAL, params![id.as_bytes(), n], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let receipt = Receipt::Events(events.to_vec());
    match local {
        Some((_, Some(packet), _)) if is_same_text(&packet, text, was) => {
            return arrived(transaction, (id, n), &receipt, now);
        }
        Some((kind, packet, delivery)) => {
            if kind == letter.kind && packet.is_none() && delivery == "delivered" {
                // It was told, and what it said has been taken out here since.
                return arrived(transaction, (id, n), &receipt, now);
            }
            let is_same = kind == letter.kind && is_written_in(transaction, &request, letter, &kind)?;
            if is_same && packet.is_none() {
                transaction.run(WROTE, params![id.as_bytes(), n, text])?;
            } else if delivery == "delivered" {
                tracing::error!(request = %id, n, "the hub has another letter than this machine under a number");
                return Ok(());
            } else {
                transaction.run(RENUMBER, params![id.as_bytes(), n])?;
                put_delivered(transaction, letter, text, now)?;
            }
        }
        None => put_delivered(transaction, letter, text, now)?,
    }
    arrived(transaction, (id, n), &receipt, now)?;
    tell_what_is_not_known(transaction, id, letter, now)
}

// Its personal values may have been taken out at the hub since.
fn is_same_text(packet: &str, text: &str, was: Option<&str>) -> bool {
    packet == text || was == Some(to_hex(&hash_of(packet)).as_str())
}

fn put_delivered(
    transaction: &Transaction<'_>,
    letter: &Letter,
    text: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let recipient = if letter.kind == "report" { &letter.library } else { &letter.supplier };
    let id = letter.request.as_bytes();
    let values = params![id, letter.n, letter.kind, recipient.as_str(), now.as_second(), text];
    transaction.run(KNOWN_MESSAGE, values).map(drop)
}

// Whether everything that this machine would say with a message of this kind stands in the letter already.
fn is_written_in(
    transaction: &Transaction<'_>,
    request: &StoredRequest,
    letter: &Letter,
    kind: &str,
) -> rusqlite::Result<bool> {
    let (history, told) = (history_of(transaction, request.id)?, told(letter));
    Ok(of_this_side(&history, request)
        .iter()
        .filter(|recorded| kind_of(recorded, request) == Some(kind))
        .all(|recorded| told.has(recorded)))
}

fn told(letter: &Letter) -> History {
    let mut told = History::default();
    letter.events.iter().cloned().for_each(|recorded| told.add(recorded));
    told
}

fn kind_of(recorded: &Recorded, request: &StoredRequest) -> Option<&'static str> {
    MessageKind::of(&recorded.event, recorded.party, State::Sent, request.is_own).map(MessageKind::code)
}

// What was decided here while it was forgotten that the request had left: the others must know.
fn tell_what_is_not_known(
    transaction: &Transaction<'_>,
    id: RequestId,
    letter: &Letter,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Some(request) = one(transaction, id)? else { return Ok(()) };
    let (history, told) = (history_of(transaction, id)?, told(letter));
    let waits: bool = transaction.row(WAITS, [id.as_bytes()], |row| row.get(0))?;
    let unsaid = of_this_side(&history, &request).into_iter().rfind(|recorded| {
        !told.has(recorded)
            && recorded.party != Party::Branch
            && MessageKind::of(&recorded.event, recorded.party, State::Sent, request.is_own).is_some()
    });
    match unsaid {
        Some(recorded) if !waits => {
            let kind = MessageKind::of(&recorded.event, recorded.party, State::Sent, request.is_own);
            let recipient = if recorded.party == Party::Lender {
                request.library.as_str()
            } else {
                &request.form.supplier
            };
            kind.map_or(Ok(()), |kind| put_message(transaction, id, kind, recipient, now))
        }
        _ => Ok(()),
    }
}
