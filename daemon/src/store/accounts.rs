//! Accounts, their sessions and their tokens.
//!
//! What a password hash or a session id is made of is not known here: they come as text and as 32 bytes.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

use super::Store;
use super::sources::instant;
use crate::Result;

/// Number of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(i64);

impl AccountId {
    pub(super) fn of(number: i64) -> Self {
        Self(number)
    }

    pub(super) fn number(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountRole {
    /// Asks for books.
    Reader,
    /// Works at the desk of a library.
    Staff,
    /// Runs the machine.
    Admin,
}

impl AccountRole {
    /// The word in the store, on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            AccountRole::Reader => "reader",
            AccountRole::Staff => "staff",
            AccountRole::Admin => "admin",
        }
    }

    /// The role of this word; an unknown one may do least.
    pub fn of(word: &str) -> Self {
        match word {
            "admin" => AccountRole::Admin,
            "staff" => AccountRole::Staff,
            _ => AccountRole::Reader,
        }
    }
}

/// A person as the store knows him; the key is the library and the barcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Code of the library.
    pub library: String,
    /// What is typed to sign in; unique within the library.
    pub barcode: String,
    /// Name of the person.
    pub name: String,
    /// Address for messages.
    pub email: String,
    /// What the person may do.
    pub role: AccountRole,
    /// The hash of the password; without one nobody can sign in.
    pub password: Option<String>,
    /// Last day on which it counts, `YYYY-MM-DD`.
    pub valid_until: Option<String>,
    /// Why it is blocked.
    pub blocked: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// An account that is to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in `Account`")]
pub struct NewAccount<'a> {
    pub library: &'a str,
    pub barcode: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    pub role: AccountRole,
    pub password: Option<&'a str>,
}

/// How long a session lasts.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Without being used.
    pub idle: SignedDuration,
    /// In all.
    pub whole: SignedDuration,
}

/// Somewhere somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Hash of its id.
    pub hash: [u8; 32],
    /// When it was begun.
    pub began: Timestamp,
    /// When it was used last, to a minute.
    pub seen: Timestamp,
    /// From where it was begun.
    pub place: String,
}

/// A session is noted as seen at most so often: reading pages should not write.
const SEEN_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Sessions of one account; the oldest go.
const MAX_SESSIONS: i64 = 20;

const BY_KEY: &str = "SELECT id, library, barcode, name, email, role, password, valid_until, blocked, created \
                      FROM accounts WHERE library = ?1 AND barcode = ?2";
const BY_ID: &str = "SELECT id, library, barcode, name, email, role, password, valid_until, blocked, created \
                     FROM accounts WHERE id = ?1";
const BY_TOKEN: &str = "SELECT id, library, barcode, name, email, role, password, valid_until, blocked, created \
                        FROM accounts JOIN tokens ON tokens.account = accounts.id WHERE tokens.hash = ?1";
const ALL: &str = "SELECT id, library, barcode, name, email, role, password, valid_until, blocked, created FROM \
                   accounts ORDER BY role, library, barcode LIMIT 1000";

impl Store {
    /// Makes an account; `None` where the library has one with this barcode.
    pub fn add_account(&self, new: &NewAccount<'_>, now: Timestamp) -> Result<Option<AccountId>> {
        self.write(|transaction| {
            let n_rows = transaction.execute(
                "INSERT INTO accounts (library, barcode, name, email, role, password, created) VALUES (?1, ?2, \
                 ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                params![
                    new.library,
                    new.barcode,
                    new.name,
                    new.email,
                    new.role.name(),
                    new.password,
                    now.as_second()
                ],
            )?;
            Ok((n_rows > 0).then(|| AccountId(transaction.last_insert_rowid())))
        })
    }

    /// The account of a library with this barcode.
    pub fn account(&self, library: &str, barcode: &str) -> Result<Option<Account>> {
        self.read(|connection| {
            connection.prepare_cached(BY_KEY)?.query_row([library, barcode], from_row).optional()
        })
    }

    /// The first thousand accounts.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        self.read(|connection| connection.prepare_cached(ALL)?.query_map([], from_row)?.collect())
    }

    /// Whether anybody may run the machine.
    pub fn has_admin(&self) -> Result<bool> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM accounts WHERE role = 'admin')")?
                .query_row([], |row| row.get(0))
        })
    }

    /// Changes the hash of a password, and ends all sessions of the account.
    pub fn set_password(&self, id: AccountId, password: &str) -> Result<()> {
        self.write(|transaction| {
            transaction
                .execute("UPDATE accounts SET password = ?2 WHERE id = ?1", params![id.0, password])?;
            transaction.execute("DELETE FROM sessions WHERE account = ?1", [id.0])?;
            Ok(())
        })
    }

    /// The same password hashed anew: sessions go on.
    pub fn rehash_password(&self, id: AccountId, password: &str) -> Result<()> {
        self.write(|transaction| {
            transaction
                .execute("UPDATE accounts SET password = ?2 WHERE id = ?1", params![id.0, password])?;
            Ok(())
        })
    }

    /// Begins a session, known by the hash of its id; `place` is where it was begun, as its owner knows it again.
    pub fn begin_session(
        &self,
        hash: [u8; 32],
        id: AccountId,
        place: &str,
        limits: SessionLimits,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM sessions WHERE seen < ?1 OR began < ?2",
                params![before(now, limits.idle), before(now, limits.whole)],
            )?;
            transaction.execute(
                "DELETE FROM sessions WHERE account = ?1 AND hash NOT IN (SELECT hash FROM sessions WHERE \
                 account = ?1 ORDER BY seen DESC LIMIT ?2)",
                params![id.0, MAX_SESSIONS - 1],
            )?;
            transaction.execute(
                "INSERT INTO sessions (hash, account, began, seen, place) VALUES (?1, ?2, ?3, ?3, ?4)",
                params![hash, id.0, now.as_second(), place],
            )?;
            Ok(())
        })
    }

    /// Whose session this is, where it still lasts.
    pub fn session(&self, hash: [u8; 32], limits: SessionLimits, now: Timestamp) -> Result<Option<Account>> {
        let found: Option<(i64, i64, i64)> = self.read(|connection| {
            connection
                .prepare_cached("SELECT account, began, seen FROM sessions WHERE hash = ?1")?
                .query_row([&hash[..]], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()
        })?;
        let Some((account, began, seen)) = found else { return Ok(None) };
        if seen < before(now, limits.idle) || began < before(now, limits.whole) {
            return Ok(None);
        }
        if seen < before(now, SEEN_EVERY) {
            self.write(|transaction| {
                transaction.execute(
                    "UPDATE sessions SET seen = ?2 WHERE hash = ?1",
                    params![hash, now.as_second()],
                )?;
                Ok(())
            })?;
        }
        self.read(|connection| connection.prepare_cached(BY_ID)?.query_row([account], from_row).optional())
    }

    /// Ends a session.
    pub fn end_session(&self, hash: [u8; 32]) -> Result<()> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE hash = ?1", [&hash[..]])?;
            Ok(())
        })
    }

    /// The sessions of an account that still last, the one used last first.
    pub fn sessions_of(&self, id: AccountId, limits: SessionLimits, now: Timestamp) -> Result<Vec<Session>> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT hash, began, seen, place FROM sessions WHERE account = ?1 AND seen >= ?2 AND began >= \
                     ?3 ORDER BY seen DESC",
                )?
                .query_map(params![id.0, before(now, limits.idle), before(now, limits.whole)], |row| {
                    Ok(Session {
                        hash: row.get(0)?,
                        began: instant(row.get(1)?),
                        seen: instant(row.get(2)?),
                        place: row.get(3)?,
                    })
                })?
                .collect()
        })
    }

    /// Ends all sessions of the account that a session belongs to.
    pub fn end_sessions_beside(&self, hash: [u8; 32]) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "DELETE FROM sessions WHERE account = (SELECT account FROM sessions WHERE hash = ?1)",
                [&hash[..]],
            )?;
            Ok(())
        })
    }

    /// Gives an account another token; known by its hash.
    pub fn add_token(&self, hash: [u8; 32], id: AccountId, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO tokens (hash, account, made) VALUES (?1, ?2, ?3)",
                params![hash, id.0, now.as_second()],
            )?;
            Ok(())
        })
    }

    /// Whose token this is.
    pub fn account_of_token(&self, hash: [u8; 32]) -> Result<Option<Account>> {
        self.read(|connection| {
            connection.prepare_cached(BY_TOKEN)?.query_row([&hash[..]], from_row).optional()
        })
    }
}

fn before(now: Timestamp, how_long: SignedDuration) -> i64 {
    now.as_second().saturating_sub(how_long.as_secs())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(row.get(0)?),
        library: row.get(1)?,
        barcode: row.get(2)?,
        name: row.get(3)?,
        email: row.get(4)?,
        role: AccountRole::of(&row.get::<_, String>(5)?),
        password: row.get(6)?,
        valid_until: row.get(7)?,
        blocked: row.get(8)?,
        created: instant(row.get(9)?),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    const LIMITS: SessionLimits =
        SessionLimits { idle: SignedDuration::from_mins(30), whole: SignedDuration::from_hours(12) };

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minutes * 60).unwrap()
    }

    fn new<'a>(library: &'a str, barcode: &'a str) -> NewAccount<'a> {
        let role = AccountRole::Admin;
        NewAccount {
            library,
            barcode,
            name: "王芳",
            email: "wf@example.cn",
            role,
            password: Some("$argon2id$"),
        }
    }

    #[test]
    fn a_barcode_is_unique_within_its_library() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(!store.has_admin().unwrap());
        assert!(store.add_account(&new("BJFU", "001"), at(0)).unwrap().is_some());
        assert!(store.add_account(&new("BJFU", "001"), at(0)).unwrap().is_none());
        assert!(store.add_account(&new("BUPT", "001"), at(0)).unwrap().is_some());
        assert!(store.has_admin().unwrap());
        let account = store.account("BJFU", "001").unwrap().unwrap();
        assert_eq!((account.name.as_str(), account.role), ("王芳", AccountRole::Admin));
        assert_eq!(store.account("BJFU", "002").unwrap(), None);
    }

    #[test]
    fn a_session_ends_when_unused_when_old_and_with_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.add_account(&new("BJFU", "001"), at(0)).unwrap().unwrap();
        let is_in = |hash: [u8; 32], minutes| store.session(hash, LIMITS, at(minutes)).unwrap().is_some();
        store.begin_session([1; 32], id, "10.0.0.1", LIMITS, at(0)).unwrap();
        assert!(is_in([1; 32], 29));
        assert!(!is_in([2; 32], 29), "no such session");
        assert!(is_in([1; 32], 58), "used at 29");
        assert!(!is_in([1; 32], 89), "unused for 31 minutes");
        store.begin_session([3; 32], id, "10.0.0.1", LIMITS, at(100)).unwrap();
        for minutes in (120..=820).step_by(20) {
            assert!(is_in([3; 32], minutes), "{minutes}");
        }
        assert!(!is_in([3; 32], 821), "older than twelve hours");
        store.begin_session([4; 32], id, "10.0.0.1", LIMITS, at(900)).unwrap();
        store.begin_session([5; 32], id, "10.0.0.1", LIMITS, at(900)).unwrap();
        store.end_session([4; 32]).unwrap();
        assert!(!is_in([4; 32], 901) && is_in([5; 32], 901));
        store.begin_session([6; 32], id, "10.0.0.2", LIMITS, at(901)).unwrap();
        let places = |minutes| {
            let all = store.sessions_of(id, LIMITS, at(minutes)).unwrap();
            all.into_iter().map(|session| session.place).collect::<Vec<_>>()
        };
        assert_eq!(places(901).len(), 2);
        assert!(places(940).is_empty(), "what has run out is not shown");
        store.end_sessions_beside([6; 32]).unwrap();
        assert!(places(901).is_empty() && !is_in([5; 32], 901), "signed out everywhere");
        store.begin_session([5; 32], id, "", LIMITS, at(901)).unwrap();
        store.set_password(id, "$argon2id$new").unwrap();
        assert!(!is_in([5; 32], 901));
    }

    #[test]
    fn an_account_has_twenty_sessions_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.add_account(&new("BJFU", "001"), at(0)).unwrap().unwrap();
        for n in 0..30u8 {
            store
                .begin_session(
                    [n; 32],
                    id,
                    "",
                    LIMITS,
                    Timestamp::from_second(at(0).as_second() + i64::from(n)).unwrap(),
                )
                .unwrap();
        }
        let n_alive = (0..30u8).filter(|n| store.session([*n; 32], LIMITS, at(1)).unwrap().is_some()).count();
        assert_eq!(n_alive, 20);
        assert!(store.session([29; 32], LIMITS, at(1)).unwrap().is_some());
    }

    #[test]
    fn a_token_leads_to_its_account() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.add_account(&new("BJFU", "001"), at(0)).unwrap().unwrap();
        store.add_token([7; 32], id, at(0)).unwrap();
        assert_eq!(store.account_of_token([7; 32]).unwrap().unwrap().id, id);
        assert_eq!(store.account_of_token([8; 32]).unwrap(), None);
    }
}
