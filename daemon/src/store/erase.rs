//! How personal data leaves: requests made anonymous, accounts erased, and no byte of either left in the files.
//!
//! Which columns hold something personal is said here and in `blank`; a test fills all of them and reads the files.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::accounts::{Account, AccountId, account_of, by_id};
use super::blank::make_anonymous;
use super::{Cached, Store};
use crate::requests::RequestId;
use crate::{Error, Result};

/// What stands against erasing an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Requests that have not ended.
    pub requests: u32,
    /// Fines that are open, in fen.
    pub fen: i64,
}

impl Pending {
    /// Whether nothing does.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// Requests made anonymous in one transaction.
const AT_ONCE: u32 = 200;

// A request is open as long as it is not known whether something said of it has arrived.
const PENDING: &str = "SELECT (SELECT count(*) FROM requests r WHERE account = ?1 AND (state NOT IN ('completed', 'unfilled', \
                       'rejected', 'expired', 'cancelled', 'retry_possible', 'lost') OR EXISTS (SELECT 1 FROM messages \
                       m WHERE m.request = r.id AND m.packet IS NOT NULL AND m.delivery IN ('pending', \
                       'in_flight', 'unknown', 'held')))), (SELECT coalesce(sum(CASE kind WHEN 'fine' THEN fen ELSE -fen END), 0) FROM fine_entries WHERE \
                       account = ?1)";
const WANTED: &str = "SELECT * FROM accounts WHERE erase_wanted IS NOT NULL ORDER BY erase_wanted LIMIT 100";
const OLD: &str = "SELECT id FROM requests r WHERE anonymous = 0 AND moved <= (SELECT lived FROM machine) - ?1 AND state IN ('completed', 'unfilled', \
                   'rejected', 'expired', 'cancelled', 'retry_possible', 'lost') AND NOT EXISTS (SELECT 1 FROM messages \
                   m WHERE m.request = r.id AND m.packet IS NOT NULL AND m.delivery IN ('pending', 'in_flight', \
                   'unknown', 'held')) LIMIT ?2";
const HAS_UNCONFIRMED: &str =
    "SELECT EXISTS (SELECT 1 FROM registrations WHERE born <= (SELECT lived FROM machine) - ?1)";
const DROP_UNCONFIRMED: &str = "DELETE FROM registrations WHERE born <= (SELECT lived FROM machine) - ?1";

impl Store {
    /// Notes that the owner wishes an account erased, or does not any more.
    pub fn want_erase(&self, id: AccountId, since: Option<Timestamp>) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE accounts SET erase_wanted = ?2 WHERE id = ?1",
                params![id.number(), since.map(Timestamp::as_second)],
            )?;
            Ok(())
        })
    }

    /// What stands against erasing an account now.
    pub fn pending_of(&self, id: AccountId) -> Result<Pending> {
        self.read(|connection| pending(connection, id))
    }

    /// Accounts whose owners wish them erased.
    pub fn erasures_wanted(&self) -> Result<Vec<Account>> {
        self.read(|connection| connection.prepare_cached(WANTED)?.query_map([], account_of)?.collect())
    }

    /// Erases an account that nothing stands against, and all that is personal in what it leaves; whether it did.
    /// Its bytes are gone after the next `scrub`.
    pub fn erase_account(&self, id: AccountId, now: Timestamp) -> Result<bool> {
        self.write(|transaction| {
            let Some(account) = by_id(transaction, id)? else { return Ok(false) };
            if !pending(transaction, id)?.is_none() {
                return Ok(false);
            }
            let mut statement = transaction.prepare("SELECT id FROM requests WHERE account = ?1")?;
            let requests: Vec<[u8; 16]> =
                statement.query_map([id.number()], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            for request in requests {
                make_anonymous(transaction, RequestId::from_bytes(request), now)?;
            }
            transaction.run("UPDATE fine_entries SET reason = '' WHERE account = ?1", [id.number()])?;
            transaction.run(
                "DELETE FROM registrations WHERE library = ?1 AND (barcode = ?2 OR name = ?3 OR email = ?4)",
                [&account.library, &account.barcode, &account.name, &account.email],
            )?;
            // What hangs on it goes with it: sessions, tokens, codes, mails, letters, keys of requests.
            transaction.run("DELETE FROM accounts WHERE id = ?1", [id.number()])?;
            want_scrub(transaction, now)?;
            Ok(true)
        })
    }

    /// Makes requests anonymous that ended so many seconds ago, some at once; how many. The seconds are those that the
    /// machine has lived since: what is gone is gone, and no wall clock is sure enough for that.
    pub fn anonymise_requests(&self, age: i64, now: Timestamp) -> Result<usize> {
        let old: Vec<[u8; 16]> = self.read(|connection| {
            connection.prepare_cached(OLD)?.query_map(params![age, AT_ONCE], |row| row.get(0))?.collect()
        })?;
        if old.is_empty() {
            return Ok(0);
        }
        self.write(|transaction| {
            for request in &old {
                make_anonymous(transaction, RequestId::from_bytes(*request), now)?;
            }
            want_scrub(transaction, now)
        })?;
        Ok(old.len())
    }

    /// Drops registrations that nobody confirmed for so many seconds of the machine's life.
    pub fn drop_registrations(&self, age: i64, now: Timestamp) -> Result<()> {
        let has_old: bool =
            self.read(|connection| connection.row(HAS_UNCONFIRMED, [age], |row| row.get(0)))?;
        if !has_old {
            return Ok(());
        }
        self.write(|transaction| {
            transaction.run(DROP_UNCONFIRMED, [age])?;
            want_scrub(transaction, now)
        })
    }

    /// Leaves no byte of what was erased, where anything was: in free places of the database, in its log, or in the
    /// copies that were kept before migrations. Whether all is clean; where another process is reading, the next
    /// call goes on.
    pub fn scrub(&self, data_dir: &Path) -> Result<bool> {
        let is_wanted: bool = self.read(|connection| {
            connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM scrubs)")?.query_row([], |row| row.get(0))
        })?;
        if !is_wanted {
            return Ok(true);
        }
        // Whoever goes back to such a copy would bring the erased back.
        for item in std::fs::read_dir(data_dir).map_err(Error::reading(data_dir))? {
            let path = item.map_err(Error::reading(data_dir))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("state.db.version-") {
                std::fs::remove_file(&path).map_err(Error::writing(&path))?;
            }
        }
        self.read(|connection| connection.run("VACUUM", []).map(drop))?;
        if !self.read(empty_log)? {
            return Ok(false);
        }
        self.write(|transaction| transaction.run("DELETE FROM scrubs", []).map(drop))?;
        Ok(true)
    }
}

// Everything in the log goes into the database, and the log is cut to nothing.
fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    let is_busy: i64 =
        connection.prepare("PRAGMA wal_checkpoint(TRUNCATE)")?.query_row([], |row| row.get(0))?;
    Ok(is_busy == 0)
}

fn pending(connection: &Connection, id: AccountId) -> rusqlite::Result<Pending> {
    let row = |row: &rusqlite::Row<'_>| Ok(Pending { requests: row.get(0)?, fen: row.get(1)? });
    connection.row(PENDING, [id.number()], row)
}

pub(super) fn want_scrub(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    transaction.run("INSERT INTO scrubs (since) VALUES (?1)", [now.as_second()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::time::Duration;

    use indexer::bib::LibraryCode;
    use jiff::SignedDuration;
    use jiff::civil::date;

    use super::*;
    use crate::requests::{Event, Party, RequestForm, State};
    use crate::store::{
        FineKind, NewAccount, NewAuditLine, NewMail, NewRegistration, NewRequest, SessionLimits,
    };
    use crate::trial::{new_account, request_form};

    const DAY: Duration = Duration::from_secs(86_400);
    /// What must not be found anywhere, and a file that must be left alone.
    const PERSONAL: [&str; 5] =
        ["欧阳秋水", "ouyang@example.org", "138-0013-8000", "B20269999", "放在门房欧阳秋水收"];

    fn at(days: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + days * 86_400).unwrap()
    }

    fn ouyang<'a>() -> NewAccount<'a> {
        let [name, email, phone, barcode, _] = PERSONAL;
        NewAccount { name, email, phone, code: "qiushui", ..new_account("BJFU", barcode) }
    }

    fn asked(store: &Store, account: AccountId, n: u8) -> RequestId {
        let [recipient, email, phone, _, note] = PERSONAL.map(str::to_owned);
        let form = RequestForm { recipient, email, phone, note, ..request_form() };
        let id = RequestId::new(at(0), [n; 10]);
        let new = NewRequest {
            id,
            number: &format!("BJFU-{n}"),
            account,
            library: &LibraryCode::new("BJFU"),
            form: &form,
            party: Party::Reader,
            key: Some(([n; 32], [n; 32])),
            is_barred: false,
        };
        store.submit_request(&new, at(0)).unwrap();
        id
    }

    fn withdraw(store: &Store, id: RequestId, when: Timestamp) {
        let by = (&LibraryCode::new("BJFU"), Party::Requester);
        let said = format!("{}来电话撤销", PERSONAL[0]);
        store.record_event(id, by, &Event::AskCancel, &said, when).unwrap().unwrap().unwrap();
    }

    /// Files of a data directory that hold any of the words.
    fn found(data: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for item in std::fs::read_dir(data).unwrap() {
            let path = item.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            for word in PERSONAL {
                if bytes.windows(word.len()).any(|window| window == word.as_bytes()) {
                    found.push(format!("{} in {}", word, path.display()));
                }
            }
        }
        found
    }

    #[test]
    fn after_an_erase_no_byte_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.add_account(&ouyang(), at(0)).unwrap().unwrap();
        let staff = store.add_account(&new_account("BJFU", "0007"), at(0)).unwrap().unwrap();
        // Pages are written, freed and written again, so that traces stand in many places.
        for n in 0..40u8 {
            withdraw(&store, asked(&store, id, n), at(1));
        }
        for n in 0..200 {
            store.write_letter(id, staff, &format!("{}：第{n}封", PERSONAL[4]), at(1)).unwrap();
        }
        let limits =
            SessionLimits { idle: SignedDuration::from_mins(30), whole: SignedDuration::from_hours(12) };
        store.begin_session([1; 32], id, "10.0.0.1", limits, at(1)).unwrap();
        store.add_token([2; 32], id, at(1)).unwrap();
        let mail = NewMail { subject: PERSONAL[0], body: PERSONAL[1], until: at(9) };
        store.add_recovery_code(id, [3; 32], at(9), Some(&mail)).unwrap();
        store.add_fine(("BJFU", id), 500, PERSONAL[0], staff, at(1)).unwrap();
        store.issue_card(id, "BJFU-0000000001", (date(2026, 11, 29), date(2027, 11, 28)), at(1)).unwrap();
        let [name, email, phone, barcode, _] = PERSONAL;
        let new = NewRegistration {
            library: "BJFU",
            barcode,
            code: barcode,
            name,
            email,
            phone,
            lang: "",
            password: "$argon2id$",
        };
        store.add_registration(&new, at(1)).unwrap();
        let line = NewAuditLine {
            account: staff,
            library: "BJFU",
            what: "close",
            subject: "BJFU-3",
            note: PERSONAL[0],
        };
        store.note_audit(&line, at(1)).unwrap();
        // A copy as it is kept before a migration.
        std::fs::copy(folder.path().join("state.db"), folder.path().join("state.db.version-6")).unwrap();
        std::fs::copy(folder.path().join("state.db-wal"), folder.path().join("state.db.version-5")).unwrap();
        assert!(found(folder.path()).len() > 5, "{:?}", found(folder.path()));
        assert_eq!(store.pending_of(id).unwrap(), Pending { requests: 0, fen: 500 });
        assert!(!store.erase_account(id, at(2)).unwrap(), "what is owed is owed");
        let fine = store.fines_of(id).unwrap()[0].id;
        let by = (staff, "BJFU");
        store.settle_fine((fine, None), (FineKind::Payment, 500), PERSONAL[0], by, at(2)).unwrap();
        assert!(store.erase_account(id, at(2)).unwrap());
        assert!(!store.erase_account(id, at(2)).unwrap(), "it is not there any more");
        drop(store);
        // Killed before the bytes were gone: the next process knows what is still to do.
        let store = Store::open(folder.path()).unwrap();
        assert!(store.scrub(folder.path()).unwrap());
        assert_eq!(found(folder.path()), Vec::<String>::new());
        let mut n_requests = 0;
        store
            .each_request(|request, history| {
                n_requests += 1;
                assert_eq!((request.account, request.state), (None, State::Cancelled));
                assert_eq!(history.events().count(), 2, "what happened stays");
                assert_eq!(request.form.title, "森林培育学");
            })
            .unwrap();
        assert_eq!((n_requests, store.fines(None).unwrap().len()), (40, 2), "counts stay");
        assert!(store.card("BJFU-0000000001").unwrap().unwrap().account.is_none());
        assert!(store.registrations(None).unwrap().is_empty());
    }

    #[test]
    fn erasing_waits_while_a_request_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.add_account(&ouyang(), at(0)).unwrap().unwrap();
        let request = asked(&store, id, 1);
        store.want_erase(id, Some(at(1))).unwrap();
        assert!(!store.erase_account(id, at(1)).unwrap());
        assert_eq!(store.erasures_wanted().unwrap()[0].erase_wanted, Some(at(1)));
        store.want_erase(id, None).unwrap();
        assert!(store.erasures_wanted().unwrap().is_empty(), "taken back");
        withdraw(&store, request, at(2));
        assert!(store.erase_account(id, at(2)).unwrap());
    }

    #[test]
    fn what_ended_long_ago_is_made_anonymous_and_what_is_open_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.add_account(&ouyang(), at(0)).unwrap().unwrap();
        let [old, new, open] = [1, 2, 3].map(|n| asked(&store, id, n));
        store.begin_life(1, at(0)).unwrap();
        withdraw(&store, old, at(0));
        store.live_on(90 * DAY, at(90)).unwrap();
        // Whatever the wall clock said when it ended, or says now.
        withdraw(&store, new, at(-3650));
        store.live_on(DAY, at(3650)).unwrap();
        let older_than_fifty_days = || store.anonymise_requests(50 * 86_400, at(3650)).unwrap();
        assert_eq!((older_than_fifty_days(), older_than_fifty_days()), (1, 0), "once");
        let recipient = |id| {
            let request = store.request(id).unwrap().unwrap();
            (request.account, request.form.recipient)
        };
        assert_eq!(recipient(old), (None, String::new()));
        for kept in [new, open] {
            assert_eq!(recipient(kept), (Some(id), PERSONAL[0].to_owned()));
        }
        assert!(store.scrub(folder.path()).unwrap());
        let notes: Vec<String> =
            store.history(old).unwrap().events().map(|event| event.note.clone()).collect();
        assert_eq!(notes, ["", ""]);
    }

    #[test]
    fn registrations_that_nobody_confirms_go() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let [name, email, phone, barcode, _] = PERSONAL;
        let (library, code, lang, password) = ("BJFU", barcode, "", "$argon2id$");
        let new = NewRegistration { library, barcode, code, name, email, phone, lang, password };
        store.begin_life(1, at(0)).unwrap();
        for day in [0, 50] {
            store.add_registration(&new, at(day)).unwrap();
            store.live_on(50 * DAY, at(day + 50)).unwrap();
        }
        let after = |days: i64| {
            store.drop_registrations(days * 86_400, at(100)).unwrap();
            store.registrations(None).unwrap().len()
        };
        assert_eq!((after(101), after(60), after(50)), (2, 1, 0));
    }
}
