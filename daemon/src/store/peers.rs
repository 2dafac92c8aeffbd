//! Messages of ISO 18626 peers: their effect, the note that they had it and the answer, in one transaction. The same
//! message once more gets the same answer.

use indexer::bib::LibraryCode;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::events::{NewKnown, history_of, learn, put_known, record};
use super::pass_on::tell_lender;
use super::requests::{StoredRequest, one};
use super::{Cached, Store};
use crate::Result;
use crate::central::iso18626::{
    Asked, ErrorType, Message, Reason, Request, RequestType, Requesting, ServiceType, Supplying, answered,
    asked, of_form, reported, write,
};
use crate::delivery::{LETTER_VERSION, Letter};
use crate::requests::{Bar, Event, MessageKind, Party, Recorded, RequestId, State};

const ANSWER: &str = "SELECT answer FROM peer_inbox WHERE peer = ?1 AND digest = ?2";
const NOTE: &str = "INSERT INTO peer_inbox (peer, digest, answer, received) VALUES (?1, ?2, ?3, ?4)";
const OF_PEER: &str = "SELECT request FROM peer_requests WHERE peer = ?1 AND theirs = ?2";
const KNOW: &str = "INSERT INTO peer_requests (peer, theirs, request) VALUES (?1, ?2, ?3)";
const THEIRS: &str = "SELECT theirs FROM peer_requests WHERE request = ?1";
const OURS: &str = "SELECT id FROM requests WHERE number = ?1 AND supplier = ?2";

/// A request that was written further ahead is refused (DOMAIN §8.4 rule 6): its time would stay in its history.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(24);

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
        // Whoever does not know what day it is blames nobody else's clock.
        let is_early = is_ahead(message, now) && self.clock_doubt(now)?.is_none();
        let digest = *blake3::hash(write(&without_what_changes(message)).as_bytes()).as_bytes();
        self.write(|transaction| {
            let known = transaction
                .row(ANSWER, params![peer.as_str(), digest], |row| row.get::<_, String>(0))
                .optional()?;
            if let Some(answer) = known {
                return Ok(answer);
            }
            let error = match message {
                Message::Request(_) if is_early => {
                    wrong("timestamp: more than 24 hours ahead of the supplying agency's clock")
                }
                Message::Request(request) => request_of(transaction, peer, ours, request, now)?,
                Message::Supplying(message) => supplied(transaction, peer, message, now)?,
                Message::Requesting(message) => wanted(transaction, (peer, ours), message, now)?,
                Message::Confirmation(_) => None,
            };
            let had_effect = error.is_none();
            let Some(confirmation) = message.confirmed(error, now) else { return Ok(String::new()) };
            let answer = write(&Message::Confirmation(Box::new(confirmation)));
            if had_effect {
                transaction.run(NOTE, params![peer.as_str(), digest, answer, now.as_second()])?;
            }
            Ok(answer)
        })
    }

    /// What a peer calls a request that it made here.
    pub fn number_at_peer(&self, id: RequestId) -> Result<Option<String>> {
        self.read(|connection| connection.row(THEIRS, [id.as_bytes()], |row| row.get(0)).optional())
    }
}

// Of other messages only what they say is kept, under our own time.
fn is_ahead(message: &Message, now: Timestamp) -> bool {
    matches!(message, Message::Request(request) if request.header.at.duration_since(now) > MOST_AHEAD)
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
    let id = connection.row(OF_PEER, params![peer.as_str(), theirs], |row| row.get(0)).optional()?;
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
    // What is lent comes back; copies are nothing that this machine keeps account of.
    if service.is_some_and(|service| service.service == ServiceType::Copy) {
        return Ok(wrong("serviceType: Copy is not supplied, only Loan"));
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
    let is_ahead = request.header.at.duration_since(now) > MOST_AHEAD;
    let at = if is_ahead { now } else { request.header.at };
    let event = |clock, seq, party, event| Recorded {
        clock,
        library: peer.clone(),
        seq,
        life: 0,
        at,
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
    transaction.run(KNOW, params![peer.as_str(), theirs, id.as_bytes()])?;
    if let Some(request) = one(transaction, id)? {
        let _ = record(transaction, &request, (ours, Party::Centre), &Event::CentreReceipt, "", now)?;
    }
    tell_lender(transaction, id, MessageKind::Request, Some(&form))?;
    Ok(None)
}

// A message of the lender about a request of ours.
fn supplied(
    transaction: &Transaction<'_>,
    peer: &LibraryCode,
    message: &Supplying,
    now: Timestamp,
) -> rusqlite::Result<Option<Fault>> {
    let id =
        transaction.row(OURS, params![message.header.request, peer.as_str()], |row| row.get(0)).optional()?;
    let Some(request) = id.map(RequestId::from_bytes).map_or(Ok(None), |id| one(transaction, id))? else {
        return Ok(wrong("requestingAgencyRequestId: request not found"));
    };
    let said = if message.reason == Reason::StatusRequestResponse {
        Some(answered(message, history_of(transaction, request.id)?.standing().0))
    } else {
        reported(message)
    };
    let Some((event, note)) = said else { return Ok(None) };
    // A status that goes back is kept and moves nothing; what cannot be kept is confirmed and passed over.
    if let Err(bar) = record(transaction, &request, (peer, Party::Lender), &event, &note, now)? {
        tracing::info!(%peer, request = %request.id, ?event, ?bar, "a peer's report has no place here");
    }
    Ok(None)
}

// A message of the library that asked us.
fn wanted(
    transaction: &Transaction<'_>,
    (peer, ours): (&LibraryCode, &LibraryCode),
    message: &Requesting,
    now: Timestamp,
) -> rusqlite::Result<Option<Fault>> {
    let Some(request) = of_peer(transaction, peer, &message.header.request)? else {
        return Ok(wrong("requestingAgencyRequestId: request not found"));
    };
    let (by, event, note) = match asked(message) {
        Asked::Event(event, note) => ((peer, Party::Requester), event, note),
        // The answer is a report of ours like any other, and goes its way.
        Asked::Status => ((ours, Party::Lender), Event::TellStatus, String::new()),
        Asked::Words(note) => {
            tracing::info!(%peer, request = %request.id, note, "a peer's notification");
            return Ok(None);
        }
    };
    match record(transaction, &request, by, &event, &note, now)? {
        Ok(_) => {
            // A question for the status is answered here.
            if let Some(kind) = MessageKind::of(&event, Party::Requester, request.state, true)
                .filter(|_| by.1 == Party::Requester)
            {
                tell_lender(transaction, request.id, kind, None)?;
            }
            Ok(None)
        }
        Err(Bar::RenewalAsked) => Ok(None),
        Err(Bar::Ended(state) | Bar::NotIn(state)) => {
            let standing = history_of(transaction, request.id)?.standing().0.state;
            tracing::info!(%peer, request = %request.id, %state, "a peer asked for what cannot be");
            Ok(wrong(&format!("action: not possible while the request is {standing}")))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::civil::date;

    use super::*;
    use crate::central::iso18626::{About, Agency, Status, requesting, supplying};
    use crate::store::CENTRE;
    use crate::trial::{code, request_form};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minute * 60).unwrap()
    }

    fn about<'a>(request: &'a str, form: Option<&'a crate::requests::RequestForm>) -> About<'a> {
        let agency = |value: &str| Agency { scheme: "LIANMU".into(), value: value.into() };
        About {
            supplier: agency("PKU"),
            requester: agency("BJFU"),
            request,
            authentication: None,
            form,
            patron: "",
            previous: None,
        }
    }

    fn event(minute: i64, party: Party, event: Event) -> Recorded {
        let (library, at, note) = (code("BJFU"), at(minute), String::new());
        Recorded { clock: 1, library, seq: 1, life: 0, at, party, event, note }
    }

    /// A lender whom a peer has asked for a book.
    struct Lender(Store);

    impl Lender {
        fn new() -> Self {
            let lender = Self(Store::in_memory());
            let asks = requesting(
                &about("r1", Some(&request_form())),
                &event(0, Party::Reader, Event::Submit),
                false,
            );
            assert!(lender.take(&asks.unwrap(), 0).contains("<messageStatus>OK"));
            lender
        }

        fn take(&self, message: &Message, minute: i64) -> String {
            self.0.take_from_peer(&code("BJFU"), &code("PKU"), message, at(minute)).unwrap()
        }

        fn ask_status(&self, request: &str, written: i64, comes: i64) -> String {
            let asks = event(written, Party::Requester, Event::AskStatus);
            self.take(&requesting(&about(request, None), &asks, false).unwrap(), comes)
        }

        fn request(&self) -> StoredRequest {
            let mut all = Vec::new();
            self.0.each_request(|request, _| all.push(request)).unwrap();
            all.remove(0)
        }

        /// What waits to go to the peer, as it would be written.
        fn reports(&self) -> Vec<Supplying> {
            let history = self.0.history(self.request().id).unwrap();
            let ours: Vec<&Recorded> = history.events().filter(|one| one.party == Party::Lender).collect();
            let n_waiting = self.0.all_waiting("BJFU", 99).unwrap().len();
            assert_eq!(n_waiting, ours.len(), "each event of ours is one message");
            let written =
                (0..ours.len()).map(|n| supplying(&about("r1", None), ours[n], ours[..n].iter().copied()));
            written
                .map(|message| match message {
                    Some(Message::Supplying(message)) => *message,
                    other => panic!("{other:?}"),
                })
                .collect()
        }
    }

    #[test]
    fn who_asks_how_it_stands_is_told_once_a_question() {
        let lender = Lender::new();
        let ship = Event::Ship { due: Some(date(2026, 12, 29)) };
        let (id, by) = (lender.request().id, (&code("PKU"), Party::Lender));
        lender.0.record_event(id, by, &ship, "", at(1)).unwrap().unwrap().unwrap();
        let before = lender.request();
        let answer = lender.ask_status("r1", 5, 6);
        assert!(answer.contains("<messageStatus>OK") && answer.contains("<action>StatusRequest"), "{answer}");
        assert_eq!(lender.ask_status("r1", 5, 7), answer, "the same once more: the same confirmation");
        let reports = lender.reports();
        assert_eq!(reports.len(), 2, "the loan, and one answer");
        let told = &reports[1];
        assert_eq!((told.reason, told.status), (Reason::StatusRequestResponse, Some(Status::Loaned)));
        assert_eq!((told.due, told.since, told.header.at), (Some(date(2026, 12, 29)), at(1), at(6)));
        assert_eq!(lender.request(), before, "a question changes nothing");
        // Another question has an answer of its own, also when all is over.
        lender.0.record_event(id, by, &Event::CheckIn, "", at(8)).unwrap().unwrap().unwrap();
        assert!(lender.ask_status("r1", 9, 9).contains("<messageStatus>OK"));
        let reports = lender.reports();
        assert_eq!((reports.len(), reports[3].status), (4, Some(Status::LoanCompleted)));
        assert!(lender.ask_status("r2", 10, 10).contains("request not found"));
        assert_eq!(lender.reports().len(), 4);
    }

    #[test]
    fn a_request_from_the_future_is_refused_unless_our_own_clock_is_in_doubt() {
        let day = 24 * 60;
        let asks = |request: &str, written| {
            let submit = event(written, Party::Reader, Event::Submit);
            requesting(&about(request, Some(&request_form())), &submit, false).unwrap()
        };
        let lender = Lender::new();
        let refused = lender.take(&asks("r2", 3650 * day), 1);
        assert!(refused.contains("<messageStatus>ERROR"), "{refused}");
        assert!(refused.contains("UnrecognisedDataValue") && refused.contains("timestamp"), "{refused}");
        let submitted = |theirs: &str| {
            let known = |connection: &Connection| of_peer(connection, &code("BJFU"), theirs);
            let request = lender.0.read(known).unwrap()?;
            lender.0.history(request.id).unwrap().first(|event| *event == Event::Submit)
        };
        assert_eq!(submitted("r2"), None);
        assert!(lender.take(&asks("r2", day), 1).contains("<messageStatus>OK"), "put right and sent again");
        assert_eq!(submitted("r2"), Some(at(day)));
        // A machine whose own clock was set back takes its own time for it.
        lender.0.begin_life(1, at(3650 * day)).unwrap();
        lender.0.begin_life(2, at(0)).unwrap();
        assert!(lender.take(&asks("r3", 3650 * day), 1).contains("<messageStatus>OK"));
        assert_eq!(submitted("r3"), Some(at(1)));
    }

    #[test]
    fn what_a_lender_answers_moves_a_request_forward_only() {
        let store = Store::in_memory();
        let id = crate::trial::submitted(&store, at(0));
        let heads = store.heads(CENTRE, 9, at(1)).unwrap();
        store.take_to_send(&heads, None, at(1)).unwrap();
        let number = store.request(id).unwrap().unwrap().number;
        let ask = || {
            let by = (&code("BJFU"), Party::Requester);
            store.record_event(id, by, &Event::AskStatus, "", at(2)).unwrap().unwrap().unwrap();
            store.messages().unwrap().iter().filter(|message| message.kind == "status").count()
        };
        assert_eq!(ask(), 1);
        let answer = |minute, before: Option<Event>| {
            let known: Vec<_> = before.into_iter().map(|does| event(minute, Party::Lender, does)).collect();
            let told = event(minute, Party::Lender, Event::TellStatus);
            let message = supplying(&about(&number, None), &told, &known).unwrap();
            let taken = |at| store.take_from_peer(&code("PKU"), &code("BJFU"), &message, at).unwrap();
            let confirmed = taken(at(minute));
            assert!(confirmed.contains("<messageStatus>OK") && confirmed.contains("StatusRequestResponse"));
            assert_eq!(taken(at(minute + 1)), confirmed);
            let request = store.request(id).unwrap().unwrap();
            (request.state, request.due, store.history(id).unwrap().events().count())
        };
        let ship = Event::Ship { due: Some(date(2026, 12, 29)) };
        assert_eq!(answer(3, None), (State::Acknowledged, None, 4));
        assert_eq!(answer(4, Some(ship)), (State::Shipped, Some(date(2026, 12, 29)), 5));
        // What is said late is kept, and moves nothing.
        assert_eq!(answer(5, Some(Event::Accept)), (State::Shipped, Some(date(2026, 12, 29)), 6));
    }

    #[test]
    fn a_copy_is_refused_and_what_may_be_either_is_lent() {
        let store = Store::in_memory();
        let submit = event(0, Party::Reader, Event::Submit);
        let ask = |number: &str, service| {
            let written = requesting(&about(number, Some(&request_form())), &submit, false);
            let Some(Message::Request(mut request)) = written else { panic!() };
            request.service.as_mut().unwrap().service = service;
            store.take_from_peer(&code("BJFU"), &code("PKU"), &Message::Request(request), at(0)).unwrap()
        };
        let answer = ask("r1", ServiceType::Copy);
        assert!(answer.contains("ERROR") && answer.contains("UnrecognisedDataValue"), "{answer}");
        assert!(answer.contains("serviceType: Copy"), "{answer}");
        assert!(ask("r2", ServiceType::CopyOrLoan).contains("<messageStatus>OK"));
        let mut n_kept = 0;
        store.each_request(|_, _| n_kept += 1).unwrap();
        assert_eq!(n_kept, 1);
    }

    #[test]
    fn a_peer_renews_what_it_has_received() {
        let lender = Lender::new();
        let (id, by) = (lender.request().id, (&code("PKU"), Party::Lender));
        let does = |event: Event, minute| {
            lender.0.record_event(id, by, &event, "", at(minute)).unwrap().unwrap().unwrap();
        };
        let asks = |asked: Event, minute| {
            let asked = event(minute, Party::Requester, asked);
            lender.take(&requesting(&about("r1", None), &asked, true).unwrap(), minute)
        };
        does(Event::Ship { due: Some(date(2026, 12, 29)) }, 1);
        assert!(asks(Event::Receive, 2).contains("<messageStatus>OK"));
        let answer = asks(Event::AskRenew, 3);
        assert!(answer.contains("<messageStatus>OK") && answer.contains("<action>Renew"), "{answer}");
        let later = Some(date(2027, 1, 29));
        does(Event::AnswerRenew { granted: true, due: later }, 4);
        assert_eq!((lender.request().state, lender.request().due), (State::Received, later));
        let told = lender.reports().pop().unwrap();
        assert_eq!((told.reason, told.answer), (Reason::RenewResponse, Some(true)));
        assert_eq!((told.status, told.due), (Some(Status::Loaned), later));
    }
}
