//! The centre's inbox: a letter's effect, the note that it had it, and what others are told of it, in one transaction.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::blank::{blank, keep_anonymous};
use super::events::{NewKnown, history_of, learn, put_known, record};
use super::feed::{is_branch, tell};
use super::pass_on::{peer_of, report};
use super::requests::{json, one, parsed};
use super::{Cached, Store};
use crate::Result;
use crate::central::{Item, Judgement, MOST_LETTER_BYTES, Reply, judge};
use crate::delivery::{Letter, hash_of};
use crate::requests::{Event, FaultCode, History, Party, Recorded};

const KNOWN: &str = "SELECT hash, answer FROM inbox WHERE branch = ?1 AND request = ?2 AND n = ?3";
const LAST: &str = "SELECT coalesce(max(n), 0) FROM inbox WHERE branch = ?1 AND request = ?2";
const IS_UNREAD: &str = "SELECT EXISTS (SELECT 1 FROM feed WHERE branch = ?1 AND request = ?2 AND seq > (SELECT acked \
                         FROM branches WHERE library = ?1))";
const TAKEN: &str = "SELECT EXISTS (SELECT 1 FROM requests WHERE number = ?1)";
const NOTE: &str =
    "INSERT INTO inbox (branch, request, n, hash, answer, received) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

impl Store {
    /// Takes letters of a branch, each once; durable when it returns. `hub` is the name under which the hub records.
    pub fn take_letters(
        &self,
        branch: &LibraryCode,
        letters: &[String],
        hub: &LibraryCode,
        now: Timestamp,
    ) -> Result<Vec<Reply>> {
        self.write_step("letters", |transaction| {
            letters.iter().map(|text| take_letter(transaction, branch, text, hub, now)).collect()
        })
    }
}

fn take_letter(
    transaction: &Transaction<'_>,
    branch: &LibraryCode,
    text: &str,
    hub: &LibraryCode,
    now: Timestamp,
) -> rusqlite::Result<Reply> {
    let rejected = |status, reason: String| Ok(Reply::Rejected { status, reason });
    if text.len() > MOST_LETTER_BYTES {
        return rejected(
            413,
            format!("a letter has at most {MOST_LETTER_BYTES} bytes, this one has {}", text.len()),
        );
    }
    let letter = match Letter::parse(text) {
        Ok(letter) => letter,
        Err(cause) => return rejected(422, format!("the letter cannot be read: {cause}")),
    };
    if *branch != letter.library && *branch != letter.supplier {
        return rejected(422, format!("{branch} neither asks nor lends in this request"));
    }
    let hash = hash_of(text);
    let known = transaction
        .row(KNOWN, params![branch.as_str(), letter.request.as_bytes(), letter.n], |row| {
            Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let last = last_of(transaction, branch, &letter)?;
    match judge(known.as_ref().map(|(hash, _)| *hash), last, letter.n, letter.prev, hash) {
        Judgement::Repeat => {
            let answer = known.map(|(_, answer)| answer).unwrap_or_default();
            parsed(1, &answer)
        }
        // A machine that was put back from an older copy gives numbers again until it has read which of them were used:
        // the letter that it forgot came after it looked. It reads that one first, and gives its own another number.
        Judgement::OtherBody if has_yet_to_read(transaction, branch, &letter)? => Ok(Reply::Gap { last }),
        Judgement::OtherBody => {
            tracing::error!(%branch, request = %letter.request, n = letter.n, "another letter came under a number that had its effect");
            rejected(422, format!("another letter had its effect as number {} of this request", letter.n))
        }
        Judgement::Gap { last } => Ok(Reply::Gap { last }),
        // Who asked has yet to tell this hub of it once more: it was put back from an older copy.
        Judgement::New if is_ahead_of_its_request(transaction, branch, &letter)? => Ok(Reply::Gap { last }),
        Judgement::New => match effect(transaction, branch, &letter, hub, now)? {
            Err(reason) => rejected(422, reason),
            Ok(events) => {
                let reply = Reply::Delivered { events: events.clone() };
                let answer = json(&reply)?;
                transaction.run(
                    NOTE,
                    params![
                        branch.as_str(),
                        letter.request.as_bytes(),
                        letter.n,
                        hash,
                        answer,
                        now.as_second()
                    ],
                )?;
                let item =
                    Item::Letter { from: branch.to_string(), letter: text.to_owned(), events, was: None };
                let other = if *branch == letter.library { &letter.supplier } else { &letter.library };
                let readers = if other == branch { vec![branch] } else { vec![branch, other] };
                for reader in readers {
                    if is_branch(transaction, reader)? {
                        tell(transaction, reader.as_str(), &item, Some(letter.request))?;
                    }
                }
                match one(transaction, letter.request)? {
                    Some(request) if letter.is_forget() => blank(transaction, &request, now)?,
                    _ => keep_anonymous(transaction, letter.request, now)?,
                }
                Ok(reply)
            }
        },
    }
}

// Whether a branch was told something of a request that it has not read.
fn has_yet_to_read(connection: &Connection, branch: &LibraryCode, letter: &Letter) -> rusqlite::Result<bool> {
    connection.row(IS_UNREAD, params![branch.as_str(), letter.request.as_bytes()], |row| row.get(0))
}

// A lender hears of a request from this hub alone.
fn is_ahead_of_its_request(
    connection: &Connection,
    branch: &LibraryCode,
    letter: &Letter,
) -> rusqlite::Result<bool> {
    Ok(*branch != letter.library && one(connection, letter.request)?.is_none())
}

fn last_of(connection: &Connection, branch: &LibraryCode, letter: &Letter) -> rusqlite::Result<u32> {
    connection.row(LAST, params![branch.as_str(), letter.request.as_bytes()], |row| row.get(0))
}

// What the hub recorded of the request, or why the letter can have no effect.
fn effect(
    transaction: &Transaction<'_>,
    branch: &LibraryCode,
    letter: &Letter,
    hub: &LibraryCode,
    now: Timestamp,
) -> rusqlite::Result<std::result::Result<Vec<Recorded>, String>> {
    match (one(transaction, letter.request)?, &letter.form) {
        (Some(known), _)
            if known.library != letter.library || known.form.supplier != letter.supplier.as_str() =>
        {
            return Ok(Err("the request is known, between other libraries".to_owned()));
        }
        // To who asked it had ended; here it may be open again, because a lender that was put back from an older copy
        // decided anew. Whose it was is known nowhere else any more, so it is of no use here either.
        (Some(known), _) if letter.is_forget() && *branch != known.library => {
            return Ok(Err("only who asked may have a request forgotten".to_owned()));
        }
        (Some(_), _) => {}
        (None, _) if is_number_taken(transaction, &letter.number)? => {
            return Ok(Err(format!("another request has the number {}", letter.number)));
        }
        (None, Some(form)) if form.faults(false).iter().any(|fault| fault.code != FaultCode::Missing) => {
            return Ok(Err("the form holds values that no form takes".to_owned()));
        }
        (None, Some(form)) if *branch == letter.library && form.supplier == letter.supplier.as_str() => {
            put_known(transaction, &NewKnown { letter, form, account: None, is_own: false }, now)?;
        }
        (None, _) => {
            return Ok(Err("the request is not known here, and this letter does not make it".to_owned()));
        }
    }
    let (theirs, others): (Vec<Recorded>, Vec<Recorded>) =
        letter.events.iter().cloned().partition(|recorded| may_say(branch, letter, recorded));
    if !others.is_empty() {
        tracing::warn!(%branch, request = %letter.request, n = others.len(), "a branch spoke for others");
    }
    let before = history_of(transaction, letter.request)?;
    learn(transaction, letter.request, &theirs, now)?;
    report_to_peer(transaction, letter, &before, &theirs, now)?;
    if letter.kind == "request"
        && let Some(request) = one(transaction, letter.request)?
    {
        // One that was withdrawn before it came needs no receipt to stand as it stands.
        let _ = record(transaction, &request, (hub, Party::Centre), &Event::CentreReceipt, "", now)?;
    }
    let history = history_of(transaction, letter.request)?;
    Ok(Ok(history.events().filter(|recorded| recorded.party == Party::Centre).cloned().collect()))
}

// A peer that asked by ISO 18626 reads no feed.
fn report_to_peer(
    transaction: &Transaction<'_>,
    letter: &Letter,
    before: &History,
    theirs: &[Recorded],
    now: Timestamp,
) -> rusqlite::Result<()> {
    if peer_of(transaction, letter.request)?.is_none() {
        return Ok(());
    }
    let Some(request) = one(transaction, letter.request)? else { return Ok(()) };
    let new: Vec<Recorded> = theirs.iter().filter(|recorded| !before.has(recorded)).cloned().collect();
    report(transaction, &request, &new, now)
}

fn is_number_taken(connection: &Connection, number: &str) -> rusqlite::Result<bool> {
    connection.row(TAKEN, [number], |row| row.get(0))
}

// Whoever asks speaks for the asking side, whoever lends for the lending one, and nobody for another library.
fn may_say(branch: &LibraryCode, letter: &Letter, recorded: &Recorded) -> bool {
    let side = match recorded.party {
        Party::Reader | Party::Requester | Party::Branch => &letter.library,
        Party::Lender => &letter.supplier,
        Party::Centre => return false,
    };
    side == branch && recorded.event.may_come_from(recorded.party)
}
