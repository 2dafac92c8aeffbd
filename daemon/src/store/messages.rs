//! Messages that requests have become: what waits for the line, what became of it, and what a person decides about it.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::events::{history_of, record};
use super::requests::{StoredRequest, one, unknown};
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;
use crate::delivery::MessageKey;
use crate::reason::said;
use crate::requests::{DeliveryState, Event, MessageKind, Party, RequestId, Standing, State};

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
    /// Of what was sent of it the end is not known.
    pub may_have_arrived: bool,
    /// How its request stands.
    pub request_state: State,
}

impl QueuedMessage {
    /// Whether a person may decide so now.
    pub fn may(&self, decision: QueueDecision) -> bool {
        let place = Place {
            delivery: self.delivery,
            is_request: self.kind == MessageKind::Request.code(),
            may_have_arrived: self.may_have_arrived,
            request: self.request_state,
        };
        place.after(decision).is_ok()
    }
}

// What a decision about a message depends on.
struct Place {
    delivery: DeliveryState,
    is_request: bool,
    may_have_arrived: bool,
    request: State,
}

impl Place {
    fn after(&self, decision: QueueDecision) -> std::result::Result<DeliveryState, QueueRefusal> {
        use DeliveryState::{Dead, Delivered, Held, InFlight, Pending, Rejected, Unknown};
        match (decision, self.delivery) {
            (_, InFlight) => Err(QueueRefusal::OnItsWay),
            (QueueDecision::Hold, Pending | Unknown) => Ok(Held),
            (QueueDecision::Release, Held) | (QueueDecision::Retry, Pending | Unknown | Held) => Ok(Pending),
            (QueueDecision::Retry, Rejected | Dead) if self.request.is_final() => {
                Err(QueueRefusal::RequestEnded(self.request))
            }
            (QueueDecision::Retry, Rejected | Dead) => Ok(Pending),
            (QueueDecision::Cancel, Rejected) => Ok(Dead),
            (QueueDecision::Cancel, Pending | Unknown | Held) if !self.is_request => {
                Err(QueueRefusal::MustBeTold)
            }
            (QueueDecision::Cancel, Pending | Unknown | Held)
                if self.may_have_arrived || !self.request.is_at_home() =>
            {
                Err(QueueRefusal::MayHaveArrived)
            }
            (QueueDecision::Cancel, Pending | Unknown | Held) => Ok(Dead),
            (_, Pending | Unknown | Held | Rejected | Dead | Delivered) => {
                Err(QueueRefusal::Stands(self.delivery))
            }
        }
    }
}

/// Why something cannot be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueRefusal {
    /// There is none of this name.
    NotThere,
    /// It is being sent this moment.
    OnItsWay,
    /// It may have arrived: only a message behind it can take it back.
    MayHaveArrived,
    /// It tells what has happened here: the others have to know.
    MustBeTold,
    /// It stands so, and needs nothing of the kind.
    Stands(DeliveryState),
    /// Its request has ended.
    RequestEnded(State),
}

/// What a person decides about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueDecision {
    /// Keep it back, and with it those behind it.
    Hold,
    /// Let a held one go.
    Release,
    /// Try it now, or once more.
    Retry,
    /// Never send it. A request that has not left is withdrawn with it.
    Cancel,
}

/// How many messages are in a state, and since when the eldest of them waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depth {
    /// The state.
    pub delivery: DeliveryState,
    /// So many.
    pub n: u32,
    /// When the eldest was made.
    pub oldest: Timestamp,
}

const DEPTHS: &str =
    "SELECT delivery, count(*), min(created) FROM messages GROUP BY delivery ORDER BY delivery";
const STANDING: &str = "SELECT delivery, kind, may_have_arrived FROM messages WHERE request = ?1 AND n = ?2";
const SET: &str = "UPDATE messages SET delivery = iif(?3 = 'pending' AND may_have_arrived, 'unknown', ?3), next_try = \
                   NULL, last_error = ?4, settled = NULL WHERE request = ?1 AND n = ?2";
const BY_NUMBER: &str = "SELECT id FROM requests WHERE number = upper(?1)";
const PACKET: &str = "SELECT packet FROM messages WHERE request = ?1 AND n = ?2";
const MESSAGES: &str = "SELECT m.request, r.number, m.n, m.kind, m.recipient, m.delivery, m.attempts, m.next_try, \
                        m.last_error, m.created, m.may_have_arrived, r.state FROM messages m JOIN requests r ON r.id = m.request ORDER BY \
                        m.created, m.request, m.n";

const TROUBLED: &str = "SELECT count(*) FILTER (WHERE delivery <> 'rejected' AND (is_warned OR created <= ?1)), count(*) \
                        FILTER (WHERE delivery = 'rejected') FROM messages WHERE delivery IN ('pending', 'in_flight', \
                        'unknown', 'held', 'rejected')";

/// Messages on a page of the queue.
pub const MESSAGES_A_PAGE: u32 = 50;

// What needs somebody stands first: rejected, held, waiting; then what is over.
const PAGE: &str = "SELECT m.request, r.number, m.n, m.kind, m.recipient, m.delivery, m.attempts, m.next_try, \
                    m.last_error, m.created, m.may_have_arrived, r.state FROM messages m JOIN requests r ON r.id = m.request WHERE ?1 IS NULL OR \
                    m.delivery = ?1 ORDER BY CASE m.delivery WHEN 'rejected' THEN 0 WHEN 'held' THEN 1 WHEN 'unknown' \
                    THEN 2 WHEN 'in_flight' THEN 2 WHEN 'pending' THEN 2 ELSE 3 END, m.created DESC, m.request, m.n \
                    LIMIT ?2 OFFSET ?3";

impl Store {
    /// A page of the messages in a state, or of all; what needs a person first, then the newest.
    pub fn messages_page(&self, delivery: Option<DeliveryState>, page: u32) -> Result<Vec<QueuedMessage>> {
        let offset = MESSAGES_A_PAGE.saturating_mul(page.saturating_sub(1));
        self.read(|connection| {
            connection
                .prepare_cached(PAGE)?
                .query_map(params![delivery.map(DeliveryState::code), MESSAGES_A_PAGE, offset], message_of)?
                .collect()
        })
    }

    /// All messages, the eldest first.
    pub fn messages(&self) -> Result<Vec<QueuedMessage>> {
        self.read(|connection| connection.prepare_cached(MESSAGES)?.query_map([], message_of)?.collect())
    }
}

impl Store {
    /// The request that people call by this number.
    pub fn request_of_number(&self, number: &str) -> Result<Option<RequestId>> {
        self.read(|connection| {
            let id = connection.row(BY_NUMBER, [number], |row| row.get(0)).optional();
            Ok(id?.map(RequestId::from_bytes))
        })
    }

    /// What was sent, or is being sent, as a message; `None` where nothing has been written down yet.
    pub fn packet(&self, (request, n): MessageKey) -> Result<Option<String>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(PACKET)?;
            let packet = statement.query_row(params![request.as_bytes(), n], |row| row.get(0)).optional();
            Ok(packet?.flatten())
        })
    }

    /// How full the queue is.
    pub fn depths(&self) -> Result<Vec<Depth>> {
        self.read(|connection| {
            let depth = |row: &Row<'_>| {
                let delivery = DeliveryState::from_code(&row.get::<_, String>(0)?);
                Ok(Depth {
                    delivery: delivery.ok_or_else(|| unknown(0))?,
                    n: row.get(1)?,
                    oldest: instant(row.get(2)?),
                })
            };
            connection.prepare_cached(DEPTHS)?.query_map([], depth)?.collect()
        })
    }

    /// How many messages have waited since a moment, or for long by the steady clock, and how many were not taken.
    pub fn troubled_messages(&self, since: Timestamp) -> Result<(u32, u32)> {
        self.read(|connection| {
            connection.row(TROUBLED, [since.as_second()], |row| Ok((row.get(0)?, row.get(1)?)))
        })
    }

    /// Does what a person decided about a message; how it stands then.
    pub fn decide_message(
        &self,
        key: MessageKey,
        decision: QueueDecision,
        now: Timestamp,
    ) -> Result<std::result::Result<DeliveryState, QueueRefusal>> {
        self.write(|transaction| decide(transaction, key, decision, now))
    }
}

fn decide(
    transaction: &Transaction<'_>,
    key: MessageKey,
    decision: QueueDecision,
    now: Timestamp,
) -> rusqlite::Result<std::result::Result<DeliveryState, QueueRefusal>> {
    use DeliveryState::{Dead, Pending, Rejected, Unknown};
    let standing = transaction
        .row(STANDING, params![key.0.as_bytes(), key.1], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
        })
        .optional()?;
    let (Some((delivery, kind, may_have_arrived)), Some(request)) = (standing, one(transaction, key.0)?)
    else {
        return Ok(Err(QueueRefusal::NotThere));
    };
    let delivery = DeliveryState::from_code(&delivery).ok_or_else(|| unknown(0))?;
    // It was answered by a no since: whoever still wants it asks anew.
    let is_question = matches!(kind.as_str(), "cancel" | "renew") && !request.state.is_final();
    if (decision, delivery) == (QueueDecision::Retry, Rejected) && is_question {
        let standing = history_of(transaction, key.0)?.standing().0;
        if refusal_of(&kind, standing).is_none() {
            return Ok(Err(QueueRefusal::Stands(delivery)));
        }
    }
    let is_request = kind == MessageKind::Request.code();
    let place = Place { delivery, is_request, may_have_arrived, request: request.state };
    let next = match place.after(decision) {
        Ok(next) => next,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if decision == QueueDecision::Cancel && is_request && request.state.is_at_home() {
        let by = (&request.library, Party::Requester);
        let note = said("withdrawn-queue", &[]);
        if record(transaction, &request, by, &Event::AskCancel, &note, now)?.is_ok() {
            return Ok(Ok(Dead));
        }
    }
    let reason = (next == Dead).then_some("taken out of the queue by a librarian");
    transaction.run(SET, params![key.0.as_bytes(), key.1, next.code(), reason])?;
    Ok(Ok(if next == Pending && may_have_arrived { Unknown } else { next }))
}

/// Puts a message behind those of its request. Whoever asked by ISO 18626 is told by a road of its own.
pub(super) fn put_message(
    transaction: &Transaction<'_>,
    id: RequestId,
    kind: MessageKind,
    recipient: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO messages (request, n, kind, recipient, body, delivery, created, born, road) SELECT ?1, 1 + \
         coalesce(max(n), 0), ?2, ?3, '', 'pending', ?4, (SELECT lived FROM machine), coalesce((SELECT peer FROM \
         peer_requests WHERE request = ?1), 'centre') FROM messages WHERE request = ?1",
        params![id.as_bytes(), kind.code(), recipient, now.as_second()],
    )?;
    Ok(())
}

/// What has not left never will, and says why.
pub(super) fn never_send(transaction: &Transaction<'_>, id: RequestId, reason: &str) -> rusqlite::Result<()> {
    transaction.run(
        "UPDATE messages SET delivery = 'dead', last_error = ?2, next_try = NULL WHERE request = ?1 AND delivery IN \
         ('pending', 'unknown', 'held')",
        params![id.as_bytes(), reason],
    )?;
    Ok(())
}

/// What was asked for by a message that the other side would not take is not granted.
pub(super) fn not_taken(
    transaction: &Transaction<'_>,
    request: &StoredRequest,
    kind: &str,
    reason: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if kind == "request" {
        let by = (&request.library, Party::Centre);
        // A request that has ended otherwise stays as it is.
        let _ = record(transaction, request, by, &Event::Reject, reason, now)?;
        return never_send(transaction, request.id, "the request was not taken");
    }
    let standing = history_of(transaction, request.id)?.standing().0;
    if let Some(no) = refusal_of(kind, standing).filter(|_| request.is_own) {
        let by = (&request.library, Party::Branch);
        let _ = record(transaction, request, by, &no, reason, now)?;
    }
    Ok(())
}

// The no that a message of this kind still waits for.
fn refusal_of(kind: &str, standing: Standing) -> Option<Event> {
    match kind {
        "cancel" if standing.state == State::CancelPending => Some(Event::AnswerCancel { granted: false }),
        "renew" if standing.renewal_asked => Some(Event::AnswerRenew { granted: false, due: None }),
        _ => None,
    }
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
        may_have_arrived: row.get(10)?,
        request_state: State::from_code(&row.get::<_, String>(11)?).ok_or_else(|| unknown(11))?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::central::Stand;
    use crate::delivery::{Outcome, Receipt, Settlement};
    use crate::requests::Side;
    use crate::store::{Answer, CENTRE};
    use crate::trial;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    struct Queue {
        store: Store,
        id: RequestId,
    }

    impl Queue {
        fn new() -> Self {
            let store = Store::in_memory();
            let id = trial::submitted(&store, at(0));
            Self { store, id }
        }

        fn decide(&self, decision: QueueDecision) -> std::result::Result<DeliveryState, QueueRefusal> {
            self.store.decide_message((self.id, 1), decision, at(5)).unwrap()
        }

        fn heads(&self) -> usize {
            self.store.heads(CENTRE, 9, at(5)).unwrap().len()
        }

        fn send(&self) {
            let heads = self.store.heads(CENTRE, 9, at(5)).unwrap();
            assert_eq!(self.store.take_to_send(&heads, None, at(5)).unwrap().len(), 1);
        }

        fn settle(&self, settlement: Settlement) {
            self.store.settle(&[((self.id, 1), settlement)], at(6)).unwrap();
        }
    }

    #[test]
    fn what_is_held_does_not_go_until_it_is_released() {
        let queue = Queue::new();
        assert_eq!(queue.decide(QueueDecision::Release), Err(QueueRefusal::Stands(DeliveryState::Pending)));
        assert_eq!((queue.decide(QueueDecision::Hold), queue.heads()), (Ok(DeliveryState::Held), 0));
        assert_eq!((queue.decide(QueueDecision::Release), queue.heads()), (Ok(DeliveryState::Pending), 1));
        // Held in the moment between the look and the sending: it stays.
        let heads = queue.store.heads(CENTRE, 9, at(5)).unwrap();
        queue.decide(QueueDecision::Hold).unwrap();
        assert!(queue.store.take_to_send(&heads, None, at(5)).unwrap().is_empty());
        assert_eq!(queue.store.request(queue.id).unwrap().unwrap().state, State::Queued);
    }

    #[test]
    fn what_may_have_arrived_is_not_taken_out_of_the_queue() {
        let queue = Queue::new();
        queue.send();
        assert_eq!(queue.decide(QueueDecision::Hold), Err(QueueRefusal::OnItsWay));
        queue.settle(Settlement::Waits { is_unknown: true, next_try: None, error: "cut".into() });
        assert_eq!(queue.decide(QueueDecision::Cancel), Err(QueueRefusal::MayHaveArrived));
        assert_eq!(queue.decide(QueueDecision::Hold), Ok(DeliveryState::Held));
        assert_eq!(queue.decide(QueueDecision::Release), Ok(DeliveryState::Unknown), "it is not forgotten");
        queue.send();
        queue.settle(Settlement::Ended(Outcome::Delivered(Receipt::Ok)));
        assert_eq!(queue.decide(QueueDecision::Retry), Err(QueueRefusal::Stands(DeliveryState::Delivered)));
        assert_eq!(queue.store.request(queue.id).unwrap().unwrap().state, State::AtCentre);
    }

    #[test]
    fn a_request_taken_out_of_the_queue_is_withdrawn_and_one_not_taken_is_rejected() {
        let queue = Queue::new();
        assert_eq!(queue.decide(QueueDecision::Cancel), Ok(DeliveryState::Dead));
        let request = queue.store.request(queue.id).unwrap().unwrap();
        assert_eq!((request.state, queue.heads()), (State::Cancelled, 0));
        assert_eq!(queue.decide(QueueDecision::Retry), Err(QueueRefusal::RequestEnded(State::Cancelled)));
        let may = |queue: &Queue| {
            use QueueDecision::{Cancel, Hold, Release, Retry};
            let message = queue.store.messages().unwrap().remove(0);
            [Hold, Release, Retry, Cancel].map(|decision| message.may(decision))
        };
        assert_eq!(may(&queue), [false; 4], "what was withdrawn is not offered to be tried");
        let queue = Queue::new();
        queue.send();
        queue.settle(Settlement::Ended(Outcome::Rejected { reason: "not ours".into() }));
        assert_eq!(may(&queue), [false, false, false, true]);
        assert_eq!(queue.store.troubled_messages(at(0)).unwrap(), (0, 1));
        let message = &queue.store.messages().unwrap()[0];
        assert_eq!(
            (message.delivery, message.last_error.as_deref()),
            (DeliveryState::Rejected, Some("not ours"))
        );
        assert_eq!(queue.store.request(queue.id).unwrap().unwrap().state, State::Rejected);
        assert_eq!(queue.decide(QueueDecision::Retry), Err(QueueRefusal::RequestEnded(State::Rejected)));
    }

    #[test]
    fn what_happened_here_must_be_told() {
        let queue = Queue::new();
        queue.send();
        queue.settle(Settlement::Ended(Outcome::Delivered(Receipt::Ok)));
        let by = (&indexer::bib::LibraryCode::new("BJFU"), Party::Reader);
        queue.store.record_event(queue.id, by, &Event::AskCancel, "", at(9)).unwrap().unwrap().unwrap();
        let decided = queue.store.decide_message((queue.id, 2), QueueDecision::Cancel, at(9)).unwrap();
        assert_eq!(decided, Err(QueueRefusal::MustBeTold));
        assert_eq!(
            queue.store.decide_message((queue.id, 3), QueueDecision::Hold, at(9)).unwrap(),
            Err(QueueRefusal::NotThere)
        );
    }

    #[test]
    fn what_names_the_one_before_it_waits_while_that_is_told_again() {
        let queue = Queue::new();
        queue.send();
        queue.settle(Settlement::Ended(Outcome::Delivered(Receipt::Ok)));
        let by = (&indexer::bib::LibraryCode::new("BJFU"), Party::Reader);
        queue.store.record_event(queue.id, by, &Event::AskCancel, "", at(9)).unwrap().unwrap().unwrap();
        let heads = queue.store.heads(CENTRE, 9, at(9)).unwrap();
        assert_eq!(heads.iter().map(|head| head.key.1).collect::<Vec<_>>(), [2]);
        // Between the look and the sending the hub says that it forgot the first one.
        queue.store.begin_feed_again(Stand { life: 2, end: 0 }).unwrap();
        assert_eq!(queue.store.send_again_what_was_forgotten(0).unwrap(), 1);
        assert!(queue.store.take_to_send(&heads, None, at(9)).unwrap().is_empty());
        for n in [1, 2] {
            let heads = queue.store.heads(CENTRE, 9, at(9)).unwrap();
            let parcels = queue.store.take_to_send(&heads, None, at(9)).unwrap();
            assert_eq!(parcels.iter().map(|parcel| parcel.n).collect::<Vec<_>>(), [n]);
            let settlement = Settlement::Ended(Outcome::Delivered(Receipt::Ok));
            queue.store.settle(&[((queue.id, n), settlement)], at(9)).unwrap();
        }
    }

    #[test]
    fn what_the_other_side_does_not_take_is_not_granted_and_the_reader_is_told() {
        let queue = Queue::new();
        let home = indexer::bib::LibraryCode::new("BJFU");
        let lender = indexer::bib::LibraryCode::new("PKU");
        let does = |library, party, event: Event| {
            queue
                .store
                .record_event(queue.id, (library, party), &event, "", at(9))
                .unwrap()
                .unwrap()
                .unwrap();
        };
        let end = |n: u32, outcome: Outcome| {
            let heads = queue.store.heads(CENTRE, 9, at(9)).unwrap();
            let parcels = queue.store.take_to_send(&heads, None, at(9)).unwrap();
            assert_eq!(parcels.iter().map(|parcel| parcel.n).collect::<Vec<_>>(), [n]);
            queue.store.settle(&[((queue.id, n), Settlement::Ended(outcome))], at(10)).unwrap();
        };
        let request = || queue.store.request(queue.id).unwrap().unwrap();
        let no = |reason: &str| Outcome::Rejected { reason: reason.to_owned() };
        let last_letter = || queue.store.letters(request().account.unwrap(), 1).unwrap().remove(0);
        end(1, Outcome::Delivered(Receipt::Ok));
        does(&home, Party::Reader, Event::AskCancel);
        assert!(!queue.store.is_untold(&request(), Side::Borrowing).unwrap());
        end(2, no("UnsupportedActionType: Cancel"));
        assert_eq!(request().state, State::AtCentre);
        let told = last_letter();
        assert_eq!(told.answer, Some(Answer::NotWithdrawn));
        assert_eq!(told.text, "UnsupportedActionType: Cancel");
        assert!(queue.store.is_untold(&request(), Side::Borrowing).unwrap());
        assert!(!queue.store.is_untold(&request(), Side::Lending).unwrap());
        let retried = queue.store.decide_message((queue.id, 2), QueueDecision::Retry, at(9)).unwrap();
        assert_eq!(retried, Err(QueueRefusal::Stands(DeliveryState::Rejected)), "asked anew, not sent anew");
        does(&lender, Party::Lender, Event::Ship { due: None });
        does(&home, Party::Requester, Event::Receive);
        end(3, Outcome::Delivered(Receipt::Ok));
        assert!(!queue.store.is_untold(&request(), Side::Borrowing).unwrap(), "there was more to tell since");
        does(&home, Party::Requester, Event::CheckOut);
        for n in [4, 5] {
            does(&home, Party::Reader, Event::AskRenew);
            end(n, no("not on loan"));
            assert!(!queue.store.history(queue.id).unwrap().standing().0.renewal_asked);
            assert_eq!(last_letter().answer, Some(Answer::NotRenewed));
        }
        let (home, library) = (Side::Borrowing, indexer::bib::LibraryCode::new("BJFU"));
        let work = queue.store.work(home, &library, &crate::store::WorkFilter::default()).unwrap();
        assert!(work[0].is_untold);
    }

    #[test]
    fn ages_are_counted_by_the_steady_clock() {
        let queue = Queue::new();
        let day = std::time::Duration::from_secs(86_400);
        queue.store.begin_life(1, at(0)).unwrap();
        // A wall clock that runs ten years ahead makes nothing old, nor does one that stands.
        queue.store.live_on(day, at(10 * 365 * 86_400)).unwrap();
        assert!(queue.store.expire(30 * 86_400, at(0)).unwrap().is_empty());
        assert_eq!(queue.store.warn_of_slow(86_400).unwrap(), 1);
        assert_eq!(queue.store.warn_of_slow(86_400).unwrap(), 0, "said once");
        assert_eq!(queue.store.troubled_messages(at(-86_400)).unwrap(), (1, 0));
        for _ in 0..30 {
            queue.store.live_on(day, at(10 * 365 * 86_400)).unwrap();
        }
        let expired = queue.store.expire(30 * 86_400, at(7)).unwrap();
        assert_eq!((expired.len(), queue.heads()), (1, 0));
        assert_eq!(queue.store.request(queue.id).unwrap().unwrap().state, State::Expired);
    }
}
