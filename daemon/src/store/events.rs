//! What happens to a request, written down: events made here, events learnt of others, and what both come to.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::Cached;
use super::letters::put_letter;
use super::messages::{never_send, put_message};
use super::parcels::learn_parcel;
use super::pass_on::{peer_of, report};
use super::requests::{StoredRequest, json, parsed};
use crate::delivery::Letter;
use crate::requests::{
    Bar, Event, History, MessageKind, Party, Recorded, RequestForm, RequestId, Standing, State, Step,
};

const EVENTS: &str = "SELECT event FROM request_events WHERE request = ?1 ORDER BY clock, library, life, seq";

/// A request that another machine made, or that this one made and does not know any more.
pub(super) struct NewKnown<'a> {
    pub(super) letter: &'a Letter,
    pub(super) form: &'a RequestForm,
    pub(super) account: Option<i64>,
    pub(super) is_own: bool,
}

/// Keeps such a request, without its events.
pub(super) fn put_known(
    transaction: &Transaction<'_>,
    new: &NewKnown<'_>,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let NewKnown { letter, form, account, is_own } = new;
    transaction.run(
        "INSERT INTO requests (id, number, library, account, supplier, title, form, state, created, changed, patron, \
         is_own, born, moved) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, 'draft', ?8, ?9, ?10, ?11, lived, lived FROM machine",
        params![
            letter.request.as_bytes(),
            letter.number,
            letter.library.as_str(),
            account,
            form.supplier,
            form.title,
            json(form)?,
            letter.created.as_second(),
            now.as_second(),
            letter.patron,
            is_own
        ],
    )?;
    Ok(())
}

/// Records what happened here: event, standing, message.
pub(super) fn record(
    transaction: &Transaction<'_>,
    request: &StoredRequest,
    by: (&LibraryCode, Party),
    event: &Event,
    note: &str,
    now: Timestamp,
) -> rusqlite::Result<std::result::Result<Standing, Bar>> {
    let id = request.id;
    let mut history = history_of(transaction, id)?;
    let (before, _) = history.standing();
    let standing = match before.after(event) {
        Ok(Step::To(standing)) => standing,
        Ok(Step::Late) => before,
        Err(bar) => return Ok(Err(bar)),
    };
    let recorded = written(transaction, &history, by, event, note, now)?;
    put_event(transaction, id, &recorded)?;
    put_letter(transaction, id, &recorded, (before.state, standing.state), now)?;
    learn_parcel(transaction, id, &recorded)?;
    history.add(recorded.clone());
    // Somebody who only asks how it stands does not change since when.
    if *event != Event::TellStatus {
        put_standing(transaction, id, &standing, now)?;
    }
    let recipient = if by.1 == Party::Lender { request.library.as_str() } else { &request.form.supplier };
    match MessageKind::of(event, by.1, before.state, request.is_own) {
        Some(_) if peer_of(transaction, id)?.is_some() => {
            report(transaction, request, std::slice::from_ref(&recorded), now)?;
        }
        Some(kind) => put_message(transaction, id, kind, recipient, now)?,
        None if standing.state == State::Cancelled && before.state.is_at_home() => {
            never_send(transaction, id, "withdrawn before it was sent")?;
        }
        None => {}
    }
    Ok(Ok(standing))
}

/// Takes over what others recorded; whether anything of it was new. What is known already changes nothing.
pub(super) fn learn(
    transaction: &Transaction<'_>,
    id: RequestId,
    events: &[Recorded],
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let mut history = history_of(transaction, id)?;
    let (mut is_news, mut state) = (false, history.standing().0.state);
    for recorded in events {
        if !history.has(recorded) {
            put_event(transaction, id, recorded)?;
            history.add(recorded.clone());
            let before = std::mem::replace(&mut state, history.standing().0.state);
            put_letter(transaction, id, recorded, (before, state), now)?;
            learn_parcel(transaction, id, recorded)?;
            is_news = true;
        }
    }
    if is_news {
        put_standing(transaction, id, &history.standing().0, now)?;
    }
    Ok(is_news)
}

/// An event with the numbers that it takes here.
pub(super) fn written(
    transaction: &Transaction<'_>,
    history: &History,
    (library, party): (&LibraryCode, Party),
    event: &Event,
    note: &str,
    now: Timestamp,
) -> rusqlite::Result<Recorded> {
    Ok(Recorded {
        clock: history.next_clock(),
        library: library.clone(),
        seq: history.next_seq(library),
        life: transaction.row("SELECT life FROM machine", [], |row| row.get(0))?,
        at: now,
        party,
        event: event.clone(),
        note: note.to_owned(),
    })
}

pub(super) fn history_of(connection: &Connection, id: RequestId) -> rusqlite::Result<History> {
    let mut statement = connection.prepare_cached(EVENTS)?;
    let mut history = History::default();
    for text in statement.query_map([id.as_bytes()], |row| row.get::<_, String>(0))? {
        history.add(parsed(0, &text?)?);
    }
    Ok(history)
}

pub(super) fn put_event(
    transaction: &Transaction<'_>,
    id: RequestId,
    recorded: &Recorded,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO request_events (request, clock, library, life, seq, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id.as_bytes(),
            i64::try_from(recorded.clock).unwrap_or(i64::MAX),
            recorded.library.as_str(),
            recorded.life,
            recorded.seq,
            json(recorded)?
        ],
    )?;
    Ok(())
}

fn put_standing(
    transaction: &Transaction<'_>,
    id: RequestId,
    standing: &Standing,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let due = standing.due.map(|day| day.to_string());
    transaction.run(
        "UPDATE requests SET state = ?2, due = ?3, changed = ?4, moved = (SELECT lived FROM machine) WHERE id = ?1",
        params![id.as_bytes(), standing.state.code(), due, now.as_second()],
    )?;
    Ok(())
}
