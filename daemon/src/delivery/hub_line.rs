//! The line to our hub: letters go by POST, the feed comes by GET, every call and every answer is signed.
//!
//! An answer that the hub did not sign for this very call is nobody's: a portal, a proxy, another program. Nothing in
//! it is believed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use indexer::bib::LibraryCode;
use indexer::files::Disk;
use jiff::Timestamp;
use ureq::http::header::RETRY_AFTER;
use ureq::http::{HeaderMap, Response};
use ureq::tls::RootCerts;
use ureq::{Agent, Body};

use super::destination::{Destination, Outcome, Parcel, Trouble};
use crate::central::{
    AUTHOR, FEED_PATH, Fares, FeedAnswer, LETTERS_PATH, LettersAnswer, LettersCall, MOST_LETTERS, SIGNATURE,
    TIME, answer_text, call_text,
};
use crate::harvest::{Clock, agent_for, has_left, retry_after, sentence_of};
use crate::keys::{Identity, from_hex, is_signed, to_hex};
use crate::store::{Hub, Store};
use crate::sync::{Site, status};

const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);
const MOST_ANSWER: u64 = 16 << 20;
/// Bytes of letters in one call, so that a slow line gets it through in time.
const MOST_CALL: usize = 256 << 10;

/// A line to the hub, for one branch.
pub(crate) struct HubLine {
    agent: Agent,
    hub: Hub,
    identity: Identity,
    store: Store,
    data_dir: PathBuf,
    clock: Arc<dyn Clock>,
}

impl HubLine {
    pub(crate) fn new(
        hub: Hub,
        (identity, roots): (Identity, RootCerts),
        store: Store,
        data_dir: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let agent = agent_for(&hub.url, roots, CONNECT, ANSWER);
        Self { agent, hub, identity, store, data_dir, clock }
    }

    fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<T, Trouble> {
        let time = self.clock.now().to_string();
        let branch = self.hub.library.as_str();
        let signature = self.identity.sign(call_text(method, path, branch, &time, body).as_bytes());
        let url = format!("{}{path}", self.hub.url);
        let signed = [(AUTHOR, branch), (TIME, time.as_str()), (SIGNATURE, &to_hex(&signature))];
        let answer = if method == "GET" {
            signed.iter().fold(self.agent.get(&url), |call, (name, value)| call.header(*name, *value)).call()
        } else {
            let call = self.agent.post(&url).header("content-type", "application/json");
            signed.iter().fold(call, |call, (name, value)| call.header(*name, *value)).send(body)
        };
        let answer = answer.map_err(|cause| Trouble::Away {
            may_have_arrived: has_left(&cause),
            reason: sentence_of(cause),
            wish: None,
        })?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = read(answer)?;
        let is_from_hub = headers
            .get(SIGNATURE)
            .and_then(|value| value.to_str().ok())
            .and_then(from_hex::<64>)
            .is_some_and(|theirs| {
                let text = answer_text(&signature, status, &body);
                is_signed(&self.hub.keys.signing, text.as_bytes(), &theirs)
            });
        self.document(status, &headers, &body, is_from_hub)
    }

    fn document<T: serde::de::DeserializeOwned>(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        is_from_hub: bool,
    ) -> Result<T, Trouble> {
        let wish = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wish = wish.and_then(|value| retry_after(value, self.clock.now()));
        let reason = format!("the hub's address answered {status}");
        match status {
            401 | 403 => {
                Err(Trouble::Unwelcome { reason: format!("{reason}: it does not know this machine") })
            }
            408 | 425 | 429 | 502..=504 => Err(Trouble::Away { reason, wish, may_have_arrived: true }),
            200 | 409 | 413 | 422 if is_from_hub => serde_json::from_slice(body).map_err(|cause| {
                Trouble::Sick { reason: format!("the hub's answer cannot be read: {cause}") }
            }),
            200 => Err(Trouble::Sick { reason: "somebody answered who is not the hub".to_owned() }),
            _ => Err(Trouble::Sick { reason }),
        }
    }

    /// One answer of the feed, taken in; whether there is more. The hub may think about it for so long.
    pub(super) fn read_feed(&self, wait: Duration) -> Result<bool, Trouble> {
        let machine = self.store.machine().map_err(own)?;
        let (after, mark, heard) = (machine.cursor, machine.mark, self.store.heard().map_err(own)?);
        let heard = format!("&life={}&end={}", heard.life, heard.end);
        let own_key = self.store.own_card_key(&self.hub.library).map_err(own)?;
        let card = own_key.map(|key| format!("&card={}", to_hex(&key))).unwrap_or_default();
        let wait = if wait.is_zero() { String::new() } else { format!("&wait={}", wait.as_secs()) };
        let fares = status::of(&self.data_dir, self.clock.now()).map_err(own)?;
        let fares = fares.map_or_else(String::new, |status| format!("&{}", Fares::of(&status).to_query()));
        let is_new_here = !status::trusts_somebody(&self.data_dir);
        let root = if is_new_here { "&root=none" } else { "" };
        let path = format!("{FEED_PATH}?after={after}&mark={mark}{heard}{card}{fares}{wait}{root}");
        let answer: FeedAnswer = self.call("GET", &path, b"")?;
        if let Some(root) = answer.root.as_ref().filter(|_| is_new_here) {
            self.trust(root);
        }
        take_answer(&self.store, &self.hub.library, after, &answer, self.clock.now()).map_err(own)
    }
}

impl HubLine {
    // The hub signed the answer, so the root is its own. Requests do not wait for snapshots.
    fn trust(&self, root: &str) {
        let (files, clock) = (Arc::new(Disk), Arc::clone(&self.clock));
        let site = Site { data_dir: self.data_dir.clone(), files, clock };
        match status::pin_root(&site, root.as_bytes()) {
            Ok(_) => tracing::info!("the snapshots of the hub are trusted from now on"),
            Err(cause) => tracing::warn!(%cause, "the snapshots of the hub cannot be trusted yet"),
        }
    }
}

impl Destination for HubLine {
    fn most(&self) -> usize {
        MOST_LETTERS
    }

    fn probe(&mut self) -> Result<(), Trouble> {
        while self.read_feed(Duration::ZERO)? {}
        Ok(())
    }

    fn send(&mut self, parcels: &[Parcel]) -> Result<Vec<Outcome>, Trouble> {
        let mut outcomes = Vec::new();
        let mut rest = parcels;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|parcel| {
                bytes += parcel.body.len();
                bytes <= MOST_CALL
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            let call = LettersCall { letters: now.iter().map(|parcel| parcel.body.clone()).collect() };
            let body =
                serde_json::to_vec(&call).map_err(|cause| Trouble::Sick { reason: cause.to_string() })?;
            match self.call::<LettersAnswer>("POST", LETTERS_PATH, &body) {
                Ok(answer) if answer.replies.len() == now.len() => {
                    if !self.store.hear_aside(answer.stand).map_err(own)? {
                        return Err(started_again());
                    }
                    outcomes.extend(answer.replies.into_iter().map(Outcome::from));
                }
                Ok(_) => {
                    return Err(Trouble::Sick { reason: "the hub answered for other letters".to_owned() });
                }
                // Those before have their effect; sent again they get the same answer.
                Err(trouble) => return Err(trouble),
            }
            rest = later;
        }
        Ok(outcomes)
    }
}

/// Takes in an answer of the feed; whether there is more to ask for.
pub(super) fn take_answer(
    store: &Store,
    me: &LibraryCode,
    after: i64,
    answer: &FeedAnswer,
    now: Timestamp,
) -> crate::Result<bool> {
    store.note_contact(Some(skew(now, answer.time)), now)?;
    if answer.reset {
        tracing::error!(
            "the hub was put back from an older copy: its feed is read again, and what it forgot is sent again"
        );
        store.begin_feed_again(answer.stand)?;
        return Ok(true);
    }
    store.hear(answer.stand)?;
    store.take_in(me, after, &answer.items, now)?;
    if !answer.more {
        let at = answer.items.last().map_or(after, |told| told.seq);
        let n_again = store.send_again_what_was_forgotten(at)?;
        if n_again > 0 {
            tracing::warn!(n_again, "the hub had forgotten messages of this machine");
        }
    }
    Ok(answer.more)
}

fn read(answer: Response<Body>) -> Result<Vec<u8>, Trouble> {
    answer.into_body().into_with_config().limit(MOST_ANSWER).read_to_vec().map_err(|cause| Trouble::Away {
        reason: format!("the answer broke off: {cause}"),
        wish: None,
        may_have_arrived: true,
    })
}

/// What a hub says that was started again is not believed before its feed has said what it remembers. Letters that it
/// took get the same answer then.
pub(super) fn started_again() -> Trouble {
    Trouble::Away {
        reason: "the hub was started again: it is asked first what it remembers".to_owned(),
        wish: None,
        may_have_arrived: true,
    }
}

// Our own store, not the line: nothing is sent either way.
fn own(cause: crate::Error) -> Trouble {
    Trouble::Away {
        reason: format!("this machine's own state.db: {cause}"),
        wish: None,
        may_have_arrived: true,
    }
}

// By how many seconds this machine's clock is ahead.
fn skew(now: Timestamp, theirs: Timestamp) -> i64 {
    now.as_second() - theirs.as_second()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::central::{Reply, Stand};
    use crate::delivery::Settlement;
    use crate::keys::PublicKeys;
    use crate::requests::{DeliveryState, Event, Party, RequestForm, RequestId, State};
    use crate::store::{CENTRE, NewRequest};
    use crate::trial::{self, code};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minute * 60).unwrap()
    }

    /// A hub with a library that asks and one that lends.
    struct Three {
        hub: Store,
        asks: Store,
        lends: Store,
        folder: tempfile::TempDir,
    }

    impl Three {
        fn new() -> Self {
            let [hub, asks, lends] = [0, 1, 2].map(|life| {
                let store = Store::in_memory();
                store.begin_life(7 + life, at(0)).unwrap();
                store
            });
            for (n, (store, library)) in [(&asks, "BJFU"), (&lends, "PKU")].into_iter().enumerate() {
                let keys = PublicKeys { signing: [n as u8; 32], sealing: [n as u8; 32] };
                hub.add_enrol_code([n as u8; 32], &code(library), at(0)).unwrap();
                hub.enrol([n as u8; 32], None, keys, at(0)).unwrap().unwrap();
                store.set_hub(&Hub { library: code(library), url: String::new(), keys }).unwrap();
            }
            Self { hub, asks, lends, folder: tempfile::tempdir().unwrap() }
        }

        /// Whether the hub turned out to have been put back.
        fn read(&self, store: &Store, library: &str) -> bool {
            let mut was_put_back = false;
            loop {
                let machine = store.machine().unwrap();
                let place = (machine.cursor, machine.mark.as_str(), store.heard().unwrap());
                self.hub.note_branch(&code(library), machine.cursor, 0, at(1)).unwrap();
                let answer = self.hub.feed_since(&code(library), place, at(1)).unwrap();
                was_put_back |= answer.reset;
                if !take_answer(store, &code(library), machine.cursor, &answer, at(1)).unwrap() {
                    return was_put_back;
                }
            }
        }

        /// What waits goes to the hub; what the hub says of each.
        fn send(&self, store: &Store, library: &str, minute: i64) -> Vec<Reply> {
            let heads = store.heads(CENTRE, 9, at(minute)).unwrap();
            let parcels = store.take_to_send(&heads, None, at(minute)).unwrap();
            let letters: Vec<String> = parcels.iter().map(|parcel| parcel.body.clone()).collect();
            let replies = self.hub.take_letters(&code(library), &letters, &code("HUB"), at(minute)).unwrap();
            let is_believed = store.hear_aside(self.hub.stand().unwrap()).unwrap();
            for (parcel, reply) in parcels.iter().zip(&replies) {
                let settlement = match is_believed {
                    true => Settlement::Ended(Outcome::from(reply.clone())),
                    false => Settlement::Waits { is_unknown: true, next_try: None, error: String::new() },
                };
                store.settle(&[((parcel.request, parcel.n), settlement)], at(minute)).unwrap();
            }
            replies
        }

        fn exchange(&self) {
            for minute in [10, 20, 30, 40] {
                for (store, library) in [(&self.lends, "PKU"), (&self.asks, "BJFU")] {
                    self.read(store, library);
                    while !self.send(store, library, minute).is_empty() {}
                    self.read(store, library);
                }
            }
        }

        fn ask(&self, store: &Store, (library, supplier): (&str, &str), n: u8) -> RequestId {
            let barcode = format!("X{n}");
            let account = store.add_account(&trial::new_account(library, &barcode), at(0)).unwrap().unwrap();
            let form = RequestForm { supplier: supplier.into(), ..trial::request_form() };
            let id = RequestId::new(at(0), [n; 10]);
            let new = NewRequest {
                id,
                number: &format!("{library}-{n}"),
                account,
                library: &code(library),
                form: &form,
                party: Party::Reader,
                key: None,
                is_barred: false,
            };
            store.submit_request(&new, at(5)).unwrap();
            id
        }

        fn borrow(&self, n: u8) -> RequestId {
            self.ask(&self.asks, ("BJFU", "PKU"), n)
        }

        /// A request that went its whole way.
        fn gone_by(&self) -> RequestId {
            let id = self.borrow(1);
            let lends = |event| (&self.lends, "PKU", Party::Lender, event);
            let asks = |event| (&self.asks, "BJFU", Party::Requester, event);
            for (store, library, party, event) in [
                lends(Event::Accept),
                lends(Event::Ship { due: None }),
                asks(Event::Receive),
                asks(Event::Return),
                lends(Event::CheckIn),
            ] {
                self.exchange();
                let by = (&code(library), party);
                store.record_event(id, by, &event, "", at(2)).unwrap().unwrap().unwrap();
            }
            self.exchange();
            id
        }

        fn copy(&self) -> std::path::PathBuf {
            let path = self.folder.path().join(format!("{}.db", self.hub.stand().unwrap().end));
            self.hub.copy_to(&path);
            path
        }

        fn put_back(&mut self, copy: &std::path::Path) {
            let life = 77 + self.hub.stand().unwrap().life;
            self.hub = Store::of_copy(copy);
            self.hub.begin_life(life, at(3)).unwrap();
        }

        fn state_at_hub(&self, id: RequestId) -> Option<State> {
            self.hub.request(id).unwrap().map(|request| request.state)
        }
    }

    #[test]
    fn what_ended_while_the_hub_forgot_is_ended_there_again() {
        let mut three = Three::new();
        let copy = three.copy();
        let id = three.gone_by();
        assert_eq!(three.state_at_hub(id), Some(State::Completed));
        let events = |store: &Store| store.history(id).unwrap().events().count();
        let (n_asks, n_messages) = (events(&three.asks), three.asks.messages().unwrap().len());
        // Its reader is forgotten at home; that this was told is forgotten at the hub.
        assert_eq!(three.asks.anonymise_requests(0, at(50)).unwrap(), 1);
        three.exchange();
        three.put_back(&copy);
        assert_eq!(three.state_at_hub(id), None);
        // The lender comes first, with reports on what the hub does not know: they wait, and are not refused.
        assert!(three.read(&three.lends, "PKU"));
        assert!(matches!(three.send(&three.lends, "PKU", 4)[..], [Reply::Gap { last: 0 }]));
        three.exchange();
        assert_eq!(three.state_at_hub(id), Some(State::Completed));
        for store in [&three.hub, &three.asks, &three.lends] {
            assert!(store.is_anonymous(id).unwrap());
            assert!(store.depths().unwrap().iter().all(|depth| !depth.delivery.is_waiting()));
        }
        // One receipt more, for it was taken twice; else each event once.
        assert_eq!(events(&three.asks), n_asks + 1);
        assert_eq!(events(&three.hub), n_asks);
        assert_eq!(three.asks.messages().unwrap().len(), n_messages + 1, "and that it is to be forgotten");
        // What the hub knew all along is not told again.
        let copy = three.copy();
        let stand = three.hub.stand().unwrap();
        let open = three.borrow(9);
        three.exchange();
        three.put_back(&copy);
        assert_eq!(three.hub.stand().unwrap().end, stand.end);
        three.exchange();
        assert_eq!(three.state_at_hub(open), Some(State::AtCentre));
        assert_eq!(three.hub.stand().unwrap().end, stand.end + 2, "one letter, told to two");
    }

    #[test]
    fn a_branch_that_has_read_nothing_since_the_copy_sees_it_all_the_same() {
        let mut three = Three::new();
        three.gone_by();
        let copy = three.copy();
        let id = three.borrow(9);
        assert!(matches!(three.send(&three.asks, "BJFU", 5)[..], [Reply::Delivered { .. }]));
        let cursor = three.asks.machine().unwrap().cursor;
        three.put_back(&copy);
        // Another library's news takes the numbers that were used.
        three.ask(&three.lends, ("PKU", "BJFU"), 8);
        three.send(&three.lends, "PKU", 5);
        let machine = three.asks.machine().unwrap();
        assert!(
            !three.hub.feed(&code("BJFU"), cursor, &machine.mark, at(6)).unwrap().reset,
            "the item is known"
        );
        assert!(three.read(&three.asks, "BJFU"), "the moment is not");
        three.exchange();
        assert_eq!(three.state_at_hub(id), Some(State::AtCentre));
        assert_eq!(three.lends.request(id).unwrap().map(|request| request.state), Some(State::AtCentre));
    }

    #[test]
    fn a_branch_that_sends_before_it_reads_sees_it_too() {
        let mut three = Three::new();
        three.gone_by();
        let copy = three.copy();
        let forgotten = three.borrow(9);
        three.send(&three.asks, "BJFU", 5);
        three.put_back(&copy);
        let later = three.borrow(10);
        assert!(matches!(three.send(&three.asks, "BJFU", 6)[..], [Reply::Delivered { .. }]));
        let waits = |store: &Store| store.depths().unwrap().iter().any(|depth| depth.delivery.is_waiting());
        assert!(waits(&three.asks), "it is taken, and that is not believed yet");
        three.exchange();
        for id in [forgotten, later] {
            assert_eq!(three.state_at_hub(id), Some(State::AtCentre));
            assert!(three.lends.request(id).unwrap().is_some());
        }
        assert!(!waits(&three.asks));
    }

    #[test]
    fn a_letter_of_a_lost_disk_and_the_one_that_took_its_number_have_one_effect_whichever_comes_first() {
        for is_first in [true, false] {
            let mut three = Three::new();
            let id = three.borrow(9);
            let copy = three.folder.path().join("asks.db");
            three.asks.copy_to(&copy);
            let heads = three.asks.heads(CENTRE, 9, at(6)).unwrap();
            let parcels = three.asks.take_to_send(&heads, None, at(6)).unwrap();
            let late: Vec<String> = parcels.into_iter().map(|parcel| parcel.body).collect();
            let arrives = |hub: &Store| hub.take_letters(&code("BJFU"), &late, &code("HUB"), at(8)).unwrap();
            three.asks = Store::of_copy(&copy);
            three.asks.begin_life(70, at(7)).unwrap();
            three.read(&three.asks, "BJFU");
            if is_first {
                // Between the look and the sending.
                assert!(matches!(arrives(&three.hub)[..], [Reply::Delivered { .. }]));
                assert_eq!(three.send(&three.asks, "BJFU", 8), [Reply::Gap { last: 1 }]);
                three.exchange();
            } else {
                three.exchange();
                assert!(matches!(arrives(&three.hub)[..], [Reply::Rejected { status: 422, .. }]));
                three.exchange();
            }
            for store in [&three.hub, &three.asks, &three.lends] {
                assert_eq!(store.request(id).unwrap().unwrap().state, State::AtCentre, "{is_first}");
            }
            let depths = three.asks.depths().unwrap();
            assert!(depths.iter().all(|depth| depth.delivery == DeliveryState::Delivered), "{depths:?}");
        }
    }

    #[test]
    fn a_hub_remembers_its_own_moments_over_any_number_of_starts() {
        let three = Three::new();
        let mut moments = vec![Stand::default()];
        for life in [11, 12, 13] {
            three.hub.begin_life(life, at(4)).unwrap();
            moments.push(three.hub.stand().unwrap());
            three.borrow(life as u8);
            three.exchange();
            moments.push(three.hub.stand().unwrap());
        }
        let has_been_at = |stand| three.hub.has_been_at(stand).unwrap();
        assert!(moments.iter().all(|moment| has_been_at(*moment)));
        for (life, end) in [(99, 0), (13, moments[6].end + 1), (12, moments[4].end + 1)] {
            assert!(!has_been_at(Stand { life, end }), "{life} {end}");
        }
    }
}
