//! Messages of ISO 18626 peers: their effect, the note that they had it and the answer, in one transaction. The same
//! message once more gets the same answer.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::Store;
use super::events::{NewKnown, history_of, learn, put_known, record};
use super::requests::{StoredRequest, one};
use crate::Result;
use crate::central::iso18626::{
    Asked, ErrorType, Message, Request, RequestType, Requesting, Supplying, asked, of_form, reported, write,
};
use crate::delivery::{LETTER_VERSION, Letter};
use crate::requests::{Bar, Event, Party, Recorded, RequestId, State};

const ANSWER: &str = "SELECT answer FROM peer_inbox WHERE peer = ?1 AND digest = ?2";
const NOTE: &str = "INSERT INTO peer_inbox (peer, digest, answer, received) VALUES (?1, ?2, ?3, ?4)";
const OF_PEER: &str = "SELECT request FROM peer_requests WHERE peer = ?1 AND theirs = ?2";
const KNOW: &str = "INSERT INTO peer_requests (peer, theirs, request) VALUES (?1, ?2, ?3)";
const THEIRS: &str = "SELECT theirs FROM peer_requests WHERE request = ?1";
const OURS: &str = "SELECT id FROM requests WHERE number = ?1 AND supplier = ?2";

type Fault = (ErrorType, String);

impl Store {
    /// Takes a message of a peer that was known for what it is, for one of our libraries; gives the confirmation as it
    /// goes over the line. Durable when it returns.
    pub fn take_from_peer(
        &self,
        peer: &LibraryCode,
        ours: &LibraryCode,
        message: &Message,
        now: Timestamp,
    ) -> Result<String> {
        let digest = *blake3::hash(write(&without_what_changes(message)).as_bytes()).as_bytes();
        self.write(|transaction| {
            let known = transaction
                .prepare_cached(ANSWER)?
                .query_row(params![peer.as_str(), digest], |row| row.get::<_, String>(0))
                .optional()?;
            if let Some(answer) = known {
                return Ok(answer);
            }
            let error = match message {
                Message::Request(request) => request_of(transaction, peer, ours, request, now)?,
                Message::Supplying(message) => supplied(transaction, peer, message, now)?,
                Message::Requesting(message) => wanted(transaction, peer, message, now)?,
                Message::Confirmation(_) => None,
            };
            let had_effect = error.is_none();
            let Some(confirmation) = message.confirmed(error, now) else { return Ok(String::new()) };
            let answer = write(&Message::Confirmation(Box::new(confirmation)));
            if had_effect {
                transaction.prepare_cached(NOTE)?.execute(params![
                    peer.as_str(),
                    digest,
                    answer,
                    now.as_second()
                ])?;
            }
            Ok(answer)
        })
    }

    /// What a peer calls a request that it made here.
    pub fn number_at_peer(&self, id: RequestId) -> Result<Option<String>> {
        self.read(|connection| {
            connection.prepare_cached(THEIRS)?.query_row([id.as_bytes()], |row| row.get(0)).optional()
        })
    }
}

// What a supplier calls a request is learnt by the requester in between, and changes no message.
fn without_what_changes(message: &Message) -> Message {
    let mut message = message.clone();
    match &mut message {
        Message::Request(one) => one.header.supplier_request = None,
        Message::Supplying(one) => one.header.supplier_request = None,
        Message::Requesting(one) => one.header.supplier_request = None,
        Message::Confirmation(_) => {}
    }
    message
}

fn wrong(value: &str) -> Option<Fault> {
    Some((ErrorType::UnrecognisedDataValue, value.to_owned()))
}

fn of_peer(
    connection: &Connection,
    peer: &LibraryCode,
    theirs: &str,
) -> rusqlite::Result<Option<StoredRequest>> {
    let id = connection
        .prepare_cached(OF_PEER)?
        .query_row(params![peer.as_str(), theirs], |row| row.get(0))
        .optional()?;
    id.map(RequestId::from_bytes).map_or(Ok(None), |id| one(connection, id))
}

// A request: a new one is kept for our desk of lending.
fn request_of(
    transaction: &Transaction<'_>,
    peer: &LibraryCode,
    ours: &LibraryCode,
    request: &Request,
    now: Timestamp,
) -> rusqlite::Result<Option<Fault>> {
    let theirs = &request.header.request;
    let service = request.service.as_ref();
    let previous = service.and_then(|service| service.previous.as_deref());
    let known = match previous {
        Some(previous) => of_peer(transaction, peer, previous)?,
        None => None,
    };
    match service.map(|service| service.request_type) {
        Some(RequestType::Reminder) => {
            let is_known = known.is_some() || of_peer(transaction, peer, theirs)?.is_some();
            return Ok(if is_known { None } else { wrong("requestingAgencyPreviousRequestId: not found") });
        }
        Some(RequestType::Retry) if known.is_none_or(|known| known.state != State::RetryPossible) => {
            return Ok(wrong("Retry not possible"));
        }
        _ => {}
    }
    if of_peer(transaction, peer, theirs)?.is_some() {
        return Ok(wrong("requestingAgencyRequestId: request with a given ID already exists"));
    }
    if request.book.title.is_empty()
        && request.book.title_of_component.is_empty()
        && request.book.ids.is_empty()
    {
        return Ok(Some((
            ErrorType::BadlyFormedMessage,
            "bibliographicInfo: no title and no number".to_owned(),
        )));
    }
    let hash = blake3::hash(format!("{peer}\n{theirs}").as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&hash.as_bytes()[..10]);
    let id = RequestId::new(now, random);
    let form = of_form(request, ours.as_str());
    let event = |clock, seq, party, event| Recorded {
        clock,
        library: peer.clone(),
        seq,
        life: 0,
        at: request.header.at,
        party,
        event,
        note: String::new(),
    };
    let shown: String = theirs.chars().filter(|c| !c.is_control()).take(60).collect();
    let letter = Letter {
        v: LETTER_VERSION,
        request: id,
        n: 1,
        prev: 0,
        kind: "request".to_owned(),
        // What the peer calls it may be what another peer calls another.
        number: format!("{peer}:{shown}"),
        library: peer.clone(),
        supplier: ours.clone(),
        created: now,
        patron: String::new(),
        form: Some(form.clone()),
        events: vec![event(1, 1, Party::Reader, Event::Submit), event(2, 2, Party::Branch, Event::Transmit)],
    };
    put_known(transaction, &NewKnown { letter: &letter, form: &form, account: None, is_own: false }, now)?;
    learn(transaction, id, &letter.events, now)?;
    transaction.prepare_cached(KNOW)?.execute(params![peer.as_str(), theirs, id.as_bytes()])?;
    if let Some(request) = one(transaction, id)? {
        let _ = record(transaction, &request, (ours, Party::Centre), &Event::CentreReceipt, "", now)?;
    }
    Ok(None)
}

// A message of the lender about a request of ours.
fn supplied(
    transaction: &Transaction<'_>,
    peer: &LibraryCode,
    message: &Supplying,
    now: Timestamp,
) -> rusqlite::Result<Option<Fault>> {
    let id = transaction
        .prepare_cached(OURS)?
        .query_row(params![message.header.request, peer.as_str()], |row| row.get(0))
        .optional()?;
    let Some(request) = id.map(RequestId::from_bytes).map_or(Ok(None), |id| one(transaction, id))? else {
        return Ok(wrong("requestingAgencyRequestId: request not found"));
    };
    let Some((event, note)) = reported(message) else { return Ok(None) };
    // A status that goes back is kept and moves nothing; what cannot be kept is confirmed and passed over.
    if let Err(bar) = record(transaction, &request, (peer, Party::Lender), &event, &note, now)? {
        tracing::info!(%peer, request = %request.id, ?event, ?bar, "a peer's report has no place here");
    }
    Ok(None)
}

// A message of the library that asked us.
fn wanted(
    transaction: &Transaction<'_>,
    peer: &LibraryCode,
    message: &Requesting,
    now: Timestamp,
) -> rusqlite::Result<Option<Fault>> {
    let Some(request) = of_peer(transaction, peer, &message.header.request)? else {
        return Ok(wrong("requestingAgencyRequestId: request not found"));
    };
    let (event, note) = match asked(message) {
        Asked::Event(event, note) => (event, note),
        Asked::Status => {
            let said =
                (ErrorType::UnsupportedActionType, "StatusRequest: each change is told at once".to_owned());
            return Ok(Some(said));
        }
        Asked::Words(note) => {
            tracing::info!(%peer, request = %request.id, note, "a peer's notification");
            return Ok(None);
        }
    };
    match record(transaction, &request, (peer, Party::Requester), &event, &note, now)? {
        Ok(_) => Ok(None),
        Err(Bar::RenewalAsked) => Ok(None),
        Err(Bar::Ended(state) | Bar::NotIn(state)) => {
            let standing = history_of(transaction, request.id)?.standing().0.state;
            tracing::info!(%peer, request = %request.id, %state, "a peer asked for what cannot be");
            Ok(wrong(&format!("action: not possible while the request is {standing}")))
        }
    }
}
