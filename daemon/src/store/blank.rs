//! What is taken out of a request that has ended: everything personal, wherever a copy of it lies. Ids, hashes, states
//! and times stay, so that whatever comes late or twice is known for what it is.
//!
//! Who made the request tells the others to do the same, by a message behind all others of the request.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::erase::want_scrub;
use super::messages::put_message;
use super::requests::{StoredRequest, json, one, parsed};
use super::{Cached, Store};
use crate::Result;
use crate::central::{Item, Reply, mark_of};
use crate::delivery::{Letter, hash_of};
use crate::keys::to_hex;
use crate::requests::{MessageKind, Recorded, RequestForm, RequestId};

const IS_ANONYMOUS: &str = "SELECT EXISTS (SELECT 1 FROM requests WHERE id = ?1 AND anonymous = 1)";
const WAS_TOLD: &str = "SELECT EXISTS (SELECT 1 FROM messages WHERE request = ?1 AND delivery = 'delivered' AND packet \
                        IS NOT NULL)";
const REQUEST: &str =
    "UPDATE requests SET account = NULL, patron = '', form = ?2, anonymous = 1 WHERE id = ?1";
const EVENTS: &str = "SELECT clock, library, life, seq, event FROM request_events WHERE request = ?1";
const EVENT: &str = "UPDATE request_events SET event = ?6 WHERE request = ?1 AND clock = ?2 AND library = ?3 AND life = \
                     ?4 AND seq = ?5";
// The body of a report is the name of an event. What may have arrived is sent again as it is; it is taken out once that has ended.
const MESSAGES: &str = "UPDATE messages SET body = CASE kind WHEN 'request' THEN ?2 ELSE body END, packet = iif(delivery \
                        IN ('in_flight', 'unknown', 'held', 'pending'), packet, NULL), last_error = NULL WHERE request \
                        = ?1";
const OWE: &str = "INSERT OR IGNORE INTO to_forget SELECT id FROM requests WHERE id = ?1 AND is_own = 1 AND anonymous = 1 \
                   AND NOT EXISTS (SELECT 1 FROM messages WHERE request = ?1 AND kind = 'forget')";
const OWED: &str = "SELECT id FROM requests r JOIN to_forget ON request = id WHERE state IN ('completed', 'unfilled', \
                    'rejected', 'expired', 'cancelled', 'retry_possible', 'lost') AND NOT EXISTS (SELECT 1 FROM \
                    messages m WHERE m.request = r.id AND m.delivery IN ('pending', 'in_flight', 'unknown', 'held'))";
const PAID: &str = "DELETE FROM to_forget WHERE request = ?1";
const AUDIT: &str = "UPDATE audit SET note = '' WHERE subject = ?1";
const ANSWERS: &str = "SELECT branch, n, answer FROM inbox WHERE branch IN (?1, ?2) AND request = ?3";
const ANSWER: &str = "UPDATE inbox SET answer = ?4 WHERE branch = ?1 AND request = ?2 AND n = ?3";
const ITEMS: &str = "SELECT seq, body FROM feed WHERE request = ?1";
const ITEM: &str = "UPDATE feed SET body = ?2, mark = coalesce(mark, ?3) WHERE seq = ?1";

impl Store {
    /// Whether nothing personal is left in a request.
    pub fn is_anonymous(&self, id: RequestId) -> Result<bool> {
        self.read(|connection| is_anonymous(connection, id))
    }

    /// Has the others forget whose requests were that lost their reader here while this machine, put back from an
    /// older copy, did not know that it had told of them. What has not ended waits until it has.
    pub fn have_others_forget(&self, now: Timestamp) -> Result<()> {
        let owed: Vec<[u8; 16]> = self
            .read(|connection| connection.prepare_cached(OWED)?.query_map([], |row| row.get(0))?.collect())?;
        if owed.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            for id in owed {
                if let Some(request) = one(transaction, RequestId::from_bytes(id))? {
                    put_message(transaction, request.id, MessageKind::Forget, &request.form.supplier, now)?;
                }
                transaction.run(PAID, [id])?;
            }
            Ok(())
        })
    }
}

/// A letter of this machine about a request has had its effect: where its reader is forgotten here, those who got the
/// letter have to forget him too.
pub(super) fn owe_forgetting(transaction: &Transaction<'_>, letter: &Letter) -> rusqlite::Result<()> {
    let mut statement = if letter.is_forget() {
        transaction.prepare_cached(PAID)?
    } else {
        transaction.prepare_cached(OWE)?
    };
    statement.execute([letter.request.as_bytes()]).map(drop)
}

/// Takes everything personal out of a request of this machine, and tells whoever was told of it.
pub(super) fn make_anonymous(
    transaction: &Transaction<'_>,
    id: RequestId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Some(request) = one(transaction, id)? else { return Ok(()) };
    let was_told: bool = transaction.row(WAS_TOLD, [id.as_bytes()], |row| row.get(0))?;
    if request.is_own && was_told && !is_anonymous(transaction, id)? {
        put_message(transaction, id, MessageKind::Forget, &request.form.supplier, now)?;
    }
    blank(transaction, &request, now)
}

/// Takes out once more what came with something late.
pub(super) fn keep_anonymous(
    transaction: &Transaction<'_>,
    id: RequestId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    match one(transaction, id)? {
        Some(request) if is_anonymous(transaction, id)? => blank(transaction, &request, now),
        _ => Ok(()),
    }
}

pub(super) fn is_anonymous(connection: &Connection, id: RequestId) -> rusqlite::Result<bool> {
    connection.row(IS_ANONYMOUS, [id.as_bytes()], |row| row.get(0))
}

/// Takes everything personal out of a request: whose it is, how to reach him, and whatever people wrote about it.
pub(super) fn blank(
    transaction: &Transaction<'_>,
    request: &StoredRequest,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let id = request.id.as_bytes();
    let form = json(&impersonal(request.form.clone()))?;
    transaction.run(REQUEST, params![id, form])?;
    let events: Vec<(i64, String, i64, i64, String)> = transaction
        .prepare_cached(EVENTS)?
        .query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (clock, library, life, seq, text) in events {
        let event = json(&silent(parsed(4, &text)?))?;
        transaction.run(EVENT, params![id, clock, library, life, seq, event])?;
    }
    transaction.run(MESSAGES, params![id, form])?;
    transaction.run("UPDATE letters SET text = '' WHERE request = ?1", [id])?;
    transaction.run(AUDIT, [&request.number])?;
    answers(transaction, request)?;
    items(transaction, request.id)?;
    want_scrub(transaction, now)
}

// What the hub answered.
fn answers(transaction: &Transaction<'_>, request: &StoredRequest) -> rusqlite::Result<()> {
    let (id, branches) = (request.id.as_bytes(), (request.library.as_str(), &request.form.supplier));
    let answers: Vec<(String, u32, String)> = transaction
        .prepare_cached(ANSWERS)?
        .query_map(params![branches.0, branches.1, id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (branch, n, answer) in answers {
        if let Reply::Delivered { events } = parsed(2, &answer)? {
            let answer = json(&Reply::Delivered { events: events.into_iter().map(silent).collect() })?;
            transaction.run(ANSWER, params![branch, id, n, answer])?;
        }
    }
    Ok(())
}

// What the hub told its branches.
fn items(transaction: &Transaction<'_>, request: RequestId) -> rusqlite::Result<()> {
    let items: Vec<(i64, String)> = transaction
        .prepare_cached(ITEMS)?
        .query_map([request.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (seq, body) in items {
        let Item::Letter { from, letter, events, was } = parsed(1, &body)? else { continue };
        let Ok(read) = Letter::parse(&letter) else { continue };
        let was = was.or_else(|| Some(to_hex(&hash_of(&letter))));
        let read = Letter {
            patron: String::new(),
            form: read.form.map(impersonal),
            events: read.events.into_iter().map(silent).collect(),
            ..read
        };
        let events = events.into_iter().map(silent).collect();
        let item = json(&Item::Letter { from, letter: json(&read)?, events, was })?;
        transaction.run(ITEM, params![seq, item, mark_of(&body)])?;
    }
    Ok(())
}

fn silent(recorded: Recorded) -> Recorded {
    Recorded { note: String::new(), ..recorded }
}

fn impersonal(form: RequestForm) -> RequestForm {
    let [recipient, phone, email, note] = std::array::from_fn(|_| String::new());
    RequestForm { recipient, phone, email, note, ..form }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::bib::LibraryCode;

    use super::*;
    use crate::central::Stand;
    use crate::central::iso18626::{About, Agency, requesting};
    use crate::delivery::{Outcome, Settlement};
    use crate::keys::PublicKeys;
    use crate::requests::{Event, Party, State};
    use crate::store::{CENTRE, NewAccount, NewRequest};
    use crate::trial::{code, new_account, request_form};

    const PERSONAL: [&str; 6] =
        ["欧阳秋水", "ouyang@example.org", "138-0013-8000", "B20269999", "放在门房", "寄到三号门"];

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + hours * 3600).unwrap()
    }

    struct Machine {
        store: Store,
        folder: tempfile::TempDir,
        library: LibraryCode,
    }

    impl Machine {
        fn new(library: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            store.begin_life(library.len() as u32, at(0)).unwrap();
            Self { store, folder, library: code(library) }
        }

        /// A machine as a copy of its disk has it.
        fn put_back(copy: &std::path::Path, library: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            Self { store: Store::of_copy(copy), folder, library: code(library) }
        }

        /// What waits goes to the hub, what the hub has for this machine comes.
        fn exchange(&self, hub: &Self) {
            loop {
                let heads = self.store.heads(CENTRE, 9, at(1)).unwrap();
                let parcels = self.store.take_to_send(&heads, None, at(1)).unwrap();
                if parcels.is_empty() {
                    break;
                }
                for parcel in parcels {
                    let letters = [parcel.body];
                    let replies =
                        hub.store.take_letters(&self.library, &letters, &hub.library, at(1)).unwrap();
                    assert!(matches!(replies[0], Reply::Delivered { .. }), "{replies:?}");
                    let outcome = Outcome::from(replies[0].clone());
                    let key = (parcel.request, parcel.n);
                    self.store.settle(&[(key, Settlement::Ended(outcome))], at(1)).unwrap();
                }
            }
            self.hear(hub);
        }

        /// What the hub has for this machine comes.
        fn hear(&self, hub: &Self) {
            let machine = self.store.machine().unwrap();
            let answer = hub.store.feed(&self.library, machine.cursor, &machine.mark, at(1)).unwrap();
            assert!(!answer.reset, "a mark is good although names were taken out");
            assert!(self.store.take_in(&self.library, machine.cursor, &answer.items, at(1)).unwrap());
        }

        fn act(&self, id: RequestId, party: Party, event: &Event, note: &str) {
            let by = (&self.library, party);
            self.store.record_event(id, by, event, note, at(1)).unwrap().unwrap().unwrap();
        }

        /// A request with everything personal in it.
        fn ask(&self, account: crate::store::AccountId) -> RequestId {
            let [recipient, email, phone, _, note, _] = PERSONAL.map(str::to_owned);
            let form = RequestForm { recipient, email, phone, note, ..request_form() };
            let n_known = self.store.messages().unwrap().len();
            let id = RequestId::new(at(0), [3 + n_known as u8; 10]);
            let new = NewRequest {
                id,
                number: &format!("{}-{n_known}", self.library),
                account,
                library: &self.library,
                form: &form,
                party: Party::Reader,
                key: None,
                is_barred: false,
            };
            self.store.submit_request(&new, at(0)).unwrap();
            id
        }

        /// Words that stand in any file.
        fn found(&self) -> Vec<String> {
            self.store.scrub(self.folder.path()).unwrap();
            let mut found = Vec::new();
            for item in std::fs::read_dir(self.folder.path()).unwrap() {
                let path = item.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                let has = |word: &&&str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
                found.extend(PERSONAL.iter().filter(has).map(|word| format!("{word} in {}", path.display())));
            }
            found
        }
    }

    struct Three {
        hub: Machine,
        asks: Machine,
        lends: Machine,
        id: RequestId,
    }

    /// A request that went its whole way, with words of both sides, to its end.
    fn gone_by() -> Three {
        let (hub, asks, lends) = (Machine::new("HUB"), Machine::new("BJFU"), Machine::new("PKU"));
        for machine in [&asks, &lends] {
            let (hash, keys) = (
                [machine.library.as_str().len() as u8; 32],
                PublicKeys { signing: [1; 32], sealing: [2; 32] },
            );
            hub.store.add_enrol_code(hash, &machine.library, at(9)).unwrap();
            hub.store.enrol(hash, None, keys, at(0)).unwrap().unwrap();
        }
        let [name, email, phone, barcode, ..] = PERSONAL;
        let new = NewAccount { name, email, phone, ..new_account("BJFU", barcode) };
        let account = asks.store.add_account(&new, at(0)).unwrap().unwrap();
        let id = asks.ask(account);
        asks.exchange(&hub);
        lends.exchange(&hub);
        lends.act(id, Party::Lender, &Event::Accept, PERSONAL[0]);
        lends.act(id, Party::Lender, &Event::Ship { due: None }, PERSONAL[5]);
        lends.exchange(&hub);
        asks.exchange(&hub);
        asks.act(id, Party::Requester, &Event::Receive, PERSONAL[0]);
        asks.act(id, Party::Requester, &Event::CheckOut, "");
        asks.act(id, Party::Requester, &Event::Return, PERSONAL[5]);
        asks.exchange(&hub);
        lends.exchange(&hub);
        lends.act(id, Party::Lender, &Event::CheckIn, PERSONAL[4]);
        lends.exchange(&hub);
        asks.exchange(&hub);
        Three { hub, asks, lends, id }
    }

    fn account_of(three: &Three) -> crate::store::AccountId {
        three.asks.store.request(three.id).unwrap().unwrap().account.unwrap()
    }

    #[test]
    fn who_is_erased_at_a_branch_is_nowhere_any_more() {
        let three = gone_by();
        let Three { hub, asks, lends, id } = &three;
        for machine in [hub, asks, lends] {
            assert!(machine.found().len() >= 4, "{:?}", machine.found());
        }
        let events = |machine: &Machine| machine.store.history(*id).unwrap().events().count();
        let n_before = events(hub);
        let account = account_of(&three);
        assert!(asks.store.erase_account(account, at(2)).unwrap());
        assert_eq!(asks.found(), Vec::<String>::new());
        assert!(!hub.found().is_empty(), "it has not been told yet");
        asks.exchange(hub);
        assert_eq!(hub.found(), Vec::<String>::new());
        lends.exchange(hub);
        assert_eq!(lends.found(), Vec::<String>::new());
        for machine in [hub, asks, lends] {
            let request = machine.store.request(*id).unwrap().unwrap();
            assert_eq!((request.state, request.form.title.as_str()), (State::Completed, "森林培育学"));
            assert_eq!(events(machine), n_before, "what happened stays");
            assert!(machine.store.is_anonymous(*id).unwrap());
        }
        asks.exchange(hub);
        assert!(asks.store.depths().unwrap().iter().all(|depth| !depth.delivery.is_waiting()));
    }

    #[test]
    fn what_comes_late_or_twice_brings_no_name_back() {
        let three = gone_by();
        let Three { hub, asks, lends, id } = &three;
        let packet = asks.store.packet((*id, 1)).unwrap().unwrap();
        let old = asks.folder.path().join("old");
        asks.store.copy_to(&old);
        assert_eq!(asks.store.anonymise_requests(0, at(2)).unwrap(), 1);
        asks.exchange(hub);
        lends.exchange(hub);
        // The first letter once more: it is known by its hash, and gets its answer.
        let replies = hub.store.take_letters(&asks.library, &[packet], &hub.library, at(3)).unwrap();
        assert!(matches!(replies[..], [Reply::Delivered { .. }]), "{replies:?}");
        // The hub was put back, so its feed is read again from the beginning; the lender likewise.
        for machine in [asks, lends] {
            machine.store.begin_feed_again(Stand::default()).unwrap();
            machine.exchange(hub);
        }
        // The machine itself is put back from a copy in which the reader has a name.
        let again = Machine::put_back(&old, "BJFU");
        again.exchange(hub);
        again.exchange(hub);
        assert!(again.store.is_anonymous(*id).unwrap());
        assert_eq!(again.store.messages().unwrap().len(), asks.store.messages().unwrap().len());
        std::fs::remove_file(&old).unwrap();
        // A person has his account as long as he wishes; the request does not lead to it.
        assert!(
            asks.store
                .erase_account(asks.store.account("BJFU", PERSONAL[3]).unwrap().unwrap().id, at(4))
                .unwrap()
        );
        for machine in [hub, asks, lends] {
            assert_eq!(machine.found(), Vec::<String>::new());
        }
    }

    #[test]
    fn who_is_forgotten_by_a_machine_that_does_not_know_it_has_told_of_him_is_forgotten_by_all() {
        let Three { hub, asks, lends, .. } = gone_by();
        let new = NewAccount { barcode: "B20261111", ..new_account("BJFU", "B20261111") };
        let account = asks.store.add_account(&new, at(0)).unwrap().unwrap();
        let id = asks.ask(account);
        let old = asks.folder.path().join("old");
        asks.store.copy_to(&old);
        asks.exchange(&hub);
        lends.exchange(&hub);
        // As the copy knows it, the request never left.
        let again = Machine::put_back(&old, "BJFU");
        again.store.begin_life(77, at(1)).unwrap();
        again.act(id, Party::Reader, &Event::AskCancel, PERSONAL[4]);
        assert_eq!(again.store.request(id).unwrap().unwrap().state, State::Cancelled);
        assert_eq!(again.store.anonymise_requests(0, at(2)).unwrap(), 2);
        again.exchange(&hub);
        again.store.have_others_forget(at(2)).unwrap();
        again.exchange(&hub);
        again.exchange(&hub);
        // It had left: whoever lends says first whether it is withdrawn.
        assert!(!hub.store.is_anonymous(id).unwrap());
        lends.exchange(&hub);
        lends.act(id, Party::Lender, &Event::AnswerCancel { granted: true }, PERSONAL[0]);
        lends.exchange(&hub);
        for _ in 0..2 {
            again.exchange(&hub);
            again.store.have_others_forget(at(3)).unwrap();
        }
        again.exchange(&hub);
        lends.exchange(&hub);
        for machine in [&hub, &lends, &again] {
            assert!(machine.store.is_anonymous(id).unwrap(), "{}", machine.library);
        }
        let n_told = again.store.messages().unwrap().iter().filter(|message| message.request == id).count();
        assert_eq!(n_told, 3, "the request, its withdrawal, and once that it is to be forgotten");
    }

    #[test]
    fn nobody_else_has_a_request_forgotten() {
        let three = gone_by();
        let Three { hub, asks, lends, id } = &three;
        let forged = |by: &Machine, n: u32, prev: u32| {
            let request = by.store.request(*id).unwrap().unwrap();
            let letter = Letter {
                v: 1,
                request: *id,
                n,
                prev,
                kind: "forget".into(),
                number: request.number,
                library: code("BJFU"),
                supplier: code("PKU"),
                created: request.created,
                patron: String::new(),
                form: None,
                events: Vec::new(),
            };
            hub.store.take_letters(&by.library, &[letter.to_json().unwrap()], &hub.library, at(3)).unwrap()
        };
        let last = |machine: &Machine| {
            machine.store.messages().unwrap().iter().map(|message| message.n).max().unwrap()
        };
        let replies = forged(lends, last(lends) + 1, last(lends));
        assert!(matches!(replies[..], [Reply::Rejected { status: 422, .. }]), "{replies:?}");
        assert!(!hub.store.is_anonymous(*id).unwrap());
        let replies = forged(asks, last(asks) + 1, last(asks));
        assert!(matches!(replies[..], [Reply::Delivered { .. }]), "{replies:?}");
    }

    #[test]
    fn who_is_forgotten_stays_so_where_the_lender_has_decided_anew() {
        let Three { hub, asks, lends, .. } = gone_by();
        let account = asks.store.add_account(&new_account("BJFU", "B20261111"), at(0)).unwrap().unwrap();
        let id = asks.ask(account);
        asks.exchange(&hub);
        lends.exchange(&hub);
        let old = lends.folder.path().join("old");
        lends.store.copy_to(&old);
        lends.act(id, Party::Lender, &Event::Accept, "");
        lends.act(id, Party::Lender, &Event::Unfill, PERSONAL[0]);
        lends.exchange(&hub);
        asks.exchange(&hub);
        assert_eq!(asks.store.anonymise_requests(0, at(2)).unwrap(), 2);
        // As the lender's copy knows it, nothing is decided.
        let again = Machine::put_back(&old, "PKU");
        // Of two decisions at one moment that of the lower life counts, here the later one.
        again.store.begin_life(1, at(1)).unwrap();
        again.act(id, Party::Lender, &Event::Accept, PERSONAL[0]);
        again.act(id, Party::Lender, &Event::Ship { due: None }, "");
        again.hear(&hub);
        again.exchange(&hub);
        assert_eq!(hub.store.request(id).unwrap().unwrap().state, State::Shipped);
        asks.exchange(&hub);
        again.exchange(&hub);
        for machine in [&hub, &asks, &again] {
            assert!(machine.store.is_anonymous(id).unwrap(), "{}", machine.library);
        }
    }

    #[test]
    fn a_peers_reader_is_forgotten_too() {
        let machine = Machine::new("PKU");
        let [recipient, email, phone, patron, note, _] = PERSONAL;
        let [recipient, email, phone, note] = [recipient, email, phone, note].map(str::to_owned);
        let form = crate::requests::RequestForm { recipient, email, phone, note, ..request_form() };
        let agency = |value: &str| Agency { scheme: "LIANMU".into(), value: value.into() };
        let about = About {
            supplier: agency("PKU"),
            requester: agency("BJFU"),
            request: "theirs-1",
            authentication: None,
            form: Some(&form),
            patron,
            previous: None,
        };
        let submit = Recorded {
            clock: 1,
            library: code("BJFU"),
            seq: 1,
            life: 0,
            at: at(0),
            party: Party::Reader,
            event: Event::Submit,
            note: String::new(),
        };
        let message = requesting(&about, &submit, false).unwrap();
        let answer = machine.store.take_from_peer(&code("BJFU"), &code("PKU"), &message, at(0)).unwrap();
        let mut ids = Vec::new();
        machine.store.each_request(|request, _| ids.push(request.id)).unwrap();
        machine.act(ids[0], Party::Lender, &Event::Unfill, PERSONAL[0]);
        assert!(!machine.found().is_empty());
        assert_eq!(machine.store.anonymise_requests(0, at(2)).unwrap(), 1);
        assert_eq!(machine.found(), Vec::<String>::new());
        // The same message once more is still known.
        let again = machine.store.take_from_peer(&code("BJFU"), &code("PKU"), &message, at(5)).unwrap();
        assert_eq!(answer, again);
    }
}
