//! What is told to a peer that asked by ISO 18626, and, where this machine is the hub of the lender, to the lender too.
//!
//! Each event of the lender is one message to the peer, numbered as it became known here. A hub takes in what its branch
//! did while it recorded something itself, so the order of the events may yet change; which event a message tells is
//! therefore written down with it.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::events::history_of;
use super::feed::{is_branch, tell};
use super::messages::put_message;
use super::requests::{StoredRequest, one};
use super::{Cached, Store};
use crate::Result;
use crate::central::Item;
use crate::delivery::{LETTER_VERSION, Letter};
use crate::requests::{Event, MessageKind, Party, Recorded, RequestForm, RequestId};

const PEER: &str = "SELECT peer FROM peer_requests WHERE request = ?1";
const LENDS: &str = "SELECT EXISTS (SELECT 1 FROM branches WHERE library = ?1) OR EXISTS (SELECT 1 FROM accounts WHERE \
                     library = ?1 AND role <> 'reader')";
const NAME: &str = "UPDATE messages SET body = ?2 WHERE request = ?1 AND n = (SELECT max(n) FROM messages WHERE request \
                    = ?1)";
const NAMED: &str = "SELECT n, body FROM messages WHERE request = ?1";
const ADOPT: &str = "UPDATE messages SET road = (SELECT peer FROM peer_requests p WHERE p.request = messages.request) \
                     WHERE road = 'centre' AND delivery IN ('pending', 'unknown', 'held') AND request IN \
                     (SELECT request FROM peer_requests)";
const GIVE_UP: &str = "UPDATE messages SET delivery = 'dead', last_error = ?2, next_try = NULL WHERE road = \
                       ?1 AND delivery IN ('pending', 'unknown')";
const TO_NOBODY: &str = "UPDATE messages SET last_error = 'no [[peer]] of this name is configured' WHERE road <> 'centre' \
                         AND delivery IN ('pending', 'unknown') AND last_error IS NULL AND road NOT IN (SELECT value \
                         FROM json_each(?1))";

impl Store {
    /// Whether a library lends by this machine: its branch reads our feed, or its desk is here.
    pub fn lends_here(&self, library: &LibraryCode) -> Result<bool> {
        self.read(|connection| connection.row(LENDS, [library.as_str()], |row| row.get(0)))
    }

    /// Puts what waits for peers on their roads: earlier versions left it to the centre.
    pub(crate) fn find_roads_to_peers(&self) -> Result<usize> {
        self.write(|transaction| transaction.run(ADOPT, []))
    }

    /// What waits for a road that leads nowhere is not sent, and says why.
    pub(crate) fn give_up_road(&self, road: &str, reason: &str) -> Result<usize> {
        self.write(|transaction| transaction.run(GIVE_UP, [road, reason]))
    }

    /// What is for a peer that is no longer configured waits, and says so.
    pub(crate) fn note_roads_to_nobody(&self, peers: &[&str]) -> Result<usize> {
        self.write(|transaction| transaction.run(TO_NOBODY, [serde_json::json!(peers).to_string()]))
    }
}

/// The peer that made a request, where one did.
pub(super) fn peer_of(connection: &Connection, id: RequestId) -> rusqlite::Result<Option<LibraryCode>> {
    let code = connection.row(PEER, [id.as_bytes()], |row| row.get::<_, String>(0)).optional()?;
    Ok(code.map(LibraryCode::new))
}

/// Has the peer that made a request told of events of its lender, of which nobody was told yet.
pub(super) fn report(
    transaction: &Transaction<'_>,
    request: &StoredRequest,
    new: &[Recorded],
    now: Timestamp,
) -> rusqlite::Result<()> {
    for recorded in new.iter().filter(|recorded| recorded.party == Party::Lender) {
        let kind = if recorded.event == Event::Lose { MessageKind::Lost } else { MessageKind::Report };
        put_message(transaction, request.id, kind, request.library.as_str(), now)?;
        transaction.run(NAME, params![request.id.as_bytes(), name_of(recorded)])?;
    }
    Ok(())
}

/// The events that a peer was told up to a message, the one that this tells last; none where that is not known by name.
pub(super) fn told_up_to(connection: &Connection, id: RequestId, n: u32) -> rusqlite::Result<Vec<Recorded>> {
    let mut statement = connection.prepare_cached(NAMED)?;
    let names: Vec<(u32, String)> = statement
        .query_map([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let (mut known, mut told) = (Vec::new(), Vec::new());
    for recorded in history_of(connection, id)?.events().filter(|recorded| recorded.party == Party::Lender) {
        let name = name_of(recorded);
        match names.iter().find(|(_, of)| *of == name) {
            Some((at, _)) if *at <= n => told.push((*at, recorded.clone())),
            Some(_) => {}
            // Told by an earlier version, which named none.
            None => known.push(recorded.clone()),
        }
    }
    told.sort_by_key(|(at, _)| *at);
    if told.last().is_none_or(|(at, _)| *at != n) {
        return Ok(Vec::new());
    }
    Ok(known.into_iter().chain(told.into_iter().map(|(_, recorded)| recorded)).collect())
}

fn name_of(recorded: &Recorded) -> String {
    format!("{} {} {} {}", recorded.clock, recorded.library, recorded.life, recorded.seq)
}

/// Tells the branch of the lender what the peer asked for or did, if it has one.
pub(super) fn tell_lender(
    transaction: &Transaction<'_>,
    id: RequestId,
    kind: MessageKind,
    form: Option<&RequestForm>,
) -> rusqlite::Result<()> {
    let Some(request) = one(transaction, id)? else { return Ok(()) };
    let lender = LibraryCode::new(request.form.supplier.as_str());
    if !is_branch(transaction, &lender)? {
        return Ok(());
    }
    let history = history_of(transaction, id)?;
    let (receipts, theirs): (Vec<Recorded>, Vec<Recorded>) = history
        .events()
        .filter(|recorded| recorded.party != Party::Lender)
        .cloned()
        .partition(|recorded| recorded.party == Party::Centre);
    let letter = text_of(&letter(&request, kind, form, theirs))?;
    let item = Item::Letter { from: request.library.to_string(), letter, events: receipts, was: None };
    tell(transaction, lender.as_str(), &item, Some(id))
}

// The number is that of the last event: it is what the letter says.
fn letter(
    request: &StoredRequest,
    kind: MessageKind,
    form: Option<&RequestForm>,
    events: Vec<Recorded>,
) -> Letter {
    let n = u32::try_from(events.len()).unwrap_or(u32::MAX);
    Letter {
        v: LETTER_VERSION,
        request: request.id,
        n,
        prev: n.saturating_sub(1),
        kind: kind.code().to_owned(),
        number: request.number.clone(),
        library: request.library.clone(),
        supplier: LibraryCode::new(request.form.supplier.as_str()),
        created: request.created,
        patron: request.patron.clone(),
        form: form.cloned(),
        events,
    }
}

fn text_of(letter: &Letter) -> rusqlite::Result<String> {
    letter.to_json().map_err(|cause| rusqlite::Error::ToSqlConversionFailure(cause.into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::central::Reply;
    use crate::central::iso18626::{About, Agency, Message, requesting};
    use crate::delivery::{Outcome, Receipt, Settlement};
    use crate::keys::PublicKeys;
    use crate::requests::State;
    use crate::store::CENTRE;
    use crate::trial::{code, request_form};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minute * 60).unwrap()
    }

    fn message(minute: i64, event: Event) -> Message {
        let agency = |value: &str| Agency { scheme: "LIANMU".into(), value: value.into() };
        let form = request_form();
        let about = About {
            supplier: agency("PKU"),
            requester: agency("THU"),
            request: "r1",
            authentication: None,
            form: Some(&form),
            patron: "",
            previous: None,
        };
        let (library, at, party, note) = (code("THU"), at(minute), Party::Requester, String::new());
        let recorded = Recorded { clock: 1, library, seq: 1, life: 0, at, party, event, note };
        requesting(&about, &recorded, true).unwrap()
    }

    /// A hub that a peer asks for a book of one of its branches.
    struct Between {
        hub: Store,
        lends: Store,
        id: RequestId,
    }

    impl Between {
        fn new() -> Self {
            let [hub, lends] = [7, 8].map(|life| {
                let store = Store::in_memory();
                store.begin_life(life, at(0)).unwrap();
                store
            });
            let keys = PublicKeys { signing: [1; 32], sealing: [2; 32] };
            hub.add_enrol_code([1; 32], &code("PKU"), at(9)).unwrap();
            hub.enrol([1; 32], None, keys, at(0)).unwrap().unwrap();
            let mut between = Self { hub, lends, id: RequestId::new(at(0), [0; 10]) };
            between.ask(0, Event::Submit);
            between.hub.each_request(|request, _| between.id = request.id).unwrap();
            between.hear();
            between
        }

        fn ask(&self, minute: i64, event: Event) {
            let taken =
                self.hub.take_from_peer(&code("THU"), &code("PKU"), &message(minute, event), at(minute));
            assert!(taken.unwrap().contains("<messageStatus>OK"));
        }

        /// What the hub has for its branch comes.
        fn hear(&self) {
            let machine = self.lends.machine().unwrap();
            let answer = self.hub.feed(&code("PKU"), machine.cursor, &machine.mark, at(1)).unwrap();
            assert!(self.lends.take_in(&code("PKU"), machine.cursor, &answer.items, at(1)).unwrap());
        }

        fn act(&self, minute: i64, event: &Event) {
            let by = (&code("PKU"), Party::Lender);
            self.lends.record_event(self.id, by, event, "", at(minute)).unwrap().unwrap().unwrap();
        }

        /// What the branch has to tell goes to the hub.
        fn tell(&self) {
            while let Some(head) = self.lends.heads(CENTRE, 1, at(9)).unwrap().first() {
                let parcel = self.lends.take_to_send(&[*head], None, at(9)).unwrap().remove(0);
                let reply = self.hub.take_letters(&code("PKU"), &[parcel.body], &code("HUB"), at(9));
                let reply = reply.unwrap().remove(0);
                assert!(matches!(reply, Reply::Delivered { .. }), "{reply:?}");
                self.lends.settle(&[(head.key, Settlement::Ended(reply.into()))], at(9)).unwrap();
            }
            self.hear();
        }

        /// What the peer is told, in this order; it takes all of it.
        fn told(&self) -> Vec<Event> {
            assert!(self.hub.heads(CENTRE, 9, at(9)).unwrap().is_empty(), "nothing is told to nobody");
            let mut told = Vec::new();
            while let Some(head) = self.hub.heads("THU", 1, at(9)).unwrap().first() {
                let parcel = self.hub.take_to_send(&[*head], None, at(9)).unwrap().remove(0);
                let letter = Letter::parse(&parcel.body).unwrap();
                assert_eq!(letter.n as usize, letter.events.len());
                told.push(letter.events.last().unwrap().event.clone());
                let ended = Settlement::Ended(Outcome::Delivered(Receipt::Ok));
                self.hub.settle(&[(head.key, ended)], at(9)).unwrap();
            }
            told
        }

        fn states(&self) -> [State; 2] {
            [&self.hub, &self.lends].map(|store| store.request(self.id).unwrap().unwrap().state)
        }
    }

    #[test]
    fn a_hub_passes_on_what_a_peer_and_a_branch_tell_each_other() {
        let between = Between::new();
        assert_eq!(between.states(), [State::AtCentre; 2]);
        let request = between.lends.request(between.id).unwrap().unwrap();
        assert_eq!((request.library, request.form.title), (code("THU"), request_form().title));
        let ship = Event::Ship { due: None };
        between.act(1, &Event::Accept);
        between.act(1, &ship);
        between.tell();
        assert_eq!(between.states(), [State::Shipped; 2]);
        assert_eq!(between.told(), [Event::Accept, ship]);
        between.ask(2, Event::Receive);
        between.ask(3, Event::AskRenew);
        between.hear();
        assert_eq!(between.states(), [State::Received; 2]);
        assert!(between.lends.history(between.id).unwrap().standing().0.renewal_asked);
        let no = Event::AnswerRenew { granted: false, due: None };
        between.act(4, &no);
        between.tell();
        between.ask(5, Event::Return);
        between.hear();
        between.act(6, &Event::CheckIn);
        between.tell();
        assert_eq!(between.states(), [State::Completed; 2]);
        assert_eq!(between.told(), [no, Event::CheckIn]);
    }

    #[test]
    fn an_answer_of_the_hub_hides_nothing_that_the_branch_did_meanwhile() {
        let between = Between::new();
        // Neither knows yet what the other does; by their numbers the branch's acts come first.
        between.act(1, &Event::Acknowledge);
        between.act(1, &Event::Accept);
        between.ask(2, Event::AskStatus);
        assert_eq!(between.told(), [Event::TellStatus]);
        between.tell();
        assert_eq!(between.told(), [Event::Acknowledge, Event::Accept]);
    }

    #[test]
    fn what_waited_for_the_centre_finds_its_road_and_one_to_nobody_says_so() {
        let between = Between::new();
        between.act(1, &Event::Accept);
        between.tell();
        let to_centre = "UPDATE messages SET road = 'centre'";
        between.hub.write(|transaction| transaction.execute(to_centre, [])).unwrap();
        assert_eq!(between.hub.find_roads_to_peers().unwrap(), 1);
        assert_eq!(between.hub.heads("THU", 9, at(9)).unwrap().len(), 1);
        assert_eq!(between.hub.note_roads_to_nobody(&["THU"]).unwrap(), 0);
        assert_eq!(between.hub.note_roads_to_nobody(&["RUC"]).unwrap(), 1);
        assert!(between.hub.messages().unwrap()[0].last_error.as_ref().unwrap().contains("[[peer]]"));
        assert_eq!(between.hub.give_up_road("THU", "it only asks").unwrap(), 1);
        let message = between.hub.messages().unwrap().remove(0);
        assert_eq!((message.delivery.code(), message.last_error.as_deref()), ("dead", Some("it only asks")));
        assert!(between.hub.lends_here(&code("PKU")).unwrap());
        assert!(!between.hub.lends_here(&code("RUC")).unwrap());
    }
}
