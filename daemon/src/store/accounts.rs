//! Accounts: who may sign in, and what a library may do about its readers.
//!
//! What a password hash is made of is not known here: it comes as text.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::sources::instant;
use super::{Cached, Store};
use crate::Result;

/// Number of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(i64);

impl AccountId {
    /// Reads the number as it is shown.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

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

/// A person as the store knows him; the key is the library and the login code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Code of the library.
    pub library: String,
    /// Number of the reader's card; unique within the library.
    pub barcode: String,
    /// What may be typed instead of the barcode; unique within the library, and no other account's barcode.
    pub code: String,
    /// Name of the person.
    pub name: String,
    /// Address for messages.
    pub email: String,
    /// Telephone; may be empty.
    pub phone: String,
    /// Tag of the language in which the person is written to; empty where none was chosen.
    pub lang: String,
    /// What the person may do.
    pub role: AccountRole,
    /// The hash of the password; without one nobody can sign in.
    pub password: Option<String>,
    /// Last day on which it counts, `YYYY-MM-DD`.
    pub valid_until: Option<String>,
    /// Why it is blocked.
    pub blocked: Option<String>,
    /// Letters go out by mail too.
    pub by_mail: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Since when its owner wishes it erased, where something still stands against that.
    pub erase_wanted: Option<Timestamp>,
}

/// An account that is to be made.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in `Account`")]
pub struct NewAccount<'a> {
    pub library: &'a str,
    pub barcode: &'a str,
    pub code: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    pub phone: &'a str,
    pub lang: &'a str,
    pub role: AccountRole,
    pub password: Option<&'a str>,
}

/// What owners change of their accounts themselves.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "as in `Account`")]
pub struct Profile<'a> {
    pub code: &'a str,
    pub email: &'a str,
    pub phone: &'a str,
    pub lang: &'a str,
    pub by_mail: bool,
}

/// Accounts that one search shows at most.
pub const ACCOUNTS_SHOWN: u32 = 50;

const BY_LOGIN: &str = "SELECT * FROM accounts WHERE library = ?1 AND (code = ?2 OR barcode = ?2)";
const BY_ID: &str = "SELECT * FROM accounts WHERE id = ?1";
const ALL: &str = "SELECT * FROM accounts ORDER BY role, library, barcode LIMIT 1000";
// One text for both: without a library all accounts are searched.
const FOUND: &str = "SELECT * FROM accounts WHERE (?1 IS NULL OR library = ?1 AND role = 'reader') AND (?2 = '' OR instr(lower(name), \
                     lower(?2)) > 0 OR instr(barcode, ?2) = 1 OR instr(code, ?2) = 1 OR lower(email) = lower(?2) OR \
                     phone = ?2) ORDER BY library, name, barcode LIMIT ?3";
const IS_TAKEN: &str = "SELECT EXISTS (SELECT 1 FROM accounts WHERE library = ?1 AND (code IN (?2, ?3) OR barcode IN \
                        (?2, ?3)))";

impl Store {
    /// Makes an account; `None` where the library has one with this barcode or code.
    pub fn add_account(&self, new: &NewAccount<'_>, now: Timestamp) -> Result<Option<AccountId>> {
        self.write(|transaction| insert_account(transaction, new, now))
    }

    /// The account of a library with this barcode or login code.
    pub fn account(&self, library: &str, typed: &str) -> Result<Option<Account>> {
        self.read(|connection| connection.row(BY_LOGIN, [library, typed], account_of).optional())
    }

    /// The account with this number.
    pub fn account_by_id(&self, id: AccountId) -> Result<Option<Account>> {
        self.read(|connection| by_id(connection, id))
    }

    /// The first thousand accounts.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        self.read(|connection| connection.prepare_cached(ALL)?.query_map([], account_of)?.collect())
    }

    /// Readers of a library (or all accounts) by a piece of the name, the beginning of barcode or code, or the whole
    /// address or telephone number; all of them without words.
    pub fn find_accounts(&self, library: Option<&str>, words: &str) -> Result<Vec<Account>> {
        self.read(|connection| {
            connection
                .prepare_cached(FOUND)?
                .query_map(params![library, words, ACCOUNTS_SHOWN], account_of)?
                .collect()
        })
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
        self.write(|transaction| replace_password(transaction, id, password))
    }

    /// The same password hashed anew: sessions go on.
    pub fn rehash_password(&self, id: AccountId, password: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.run("UPDATE accounts SET password = ?2 WHERE id = ?1", params![id.0, password])?;
            Ok(())
        })
    }

    /// Changes what an owner may change; `false`, and nothing is changed, where the code is somebody else's.
    pub fn set_profile(&self, id: AccountId, profile: &Profile<'_>) -> Result<bool> {
        self.write(|transaction| {
            let n_rows = transaction.run(
                "UPDATE accounts SET code = ?2, email = ?3, phone = ?4, lang = ?5, by_mail = ?6 WHERE id = ?1 AND NOT EXISTS \
                 (SELECT 1 FROM accounts other WHERE other.library = accounts.library AND other.id <> ?1 AND (other.code = ?2 \
                 OR other.barcode = ?2))",
                params![id.0, profile.code, profile.email, profile.phone, profile.lang, profile.by_mail],
            )?;
            Ok(n_rows > 0)
        })
    }

    /// Blocks an account with a reason and ends its sessions, or opens it again.
    pub fn block_account(&self, id: AccountId, reason: Option<&str>) -> Result<()> {
        self.write(|transaction| {
            transaction.run("UPDATE accounts SET blocked = ?2 WHERE id = ?1", params![id.0, reason])?;
            transaction
                .run("DELETE FROM sessions WHERE account = ?1 AND ?2 IS NOT NULL", params![id.0, reason])?;
            Ok(())
        })
    }

    /// Sets the last day on which an account counts; `None` for no end.
    pub fn set_valid_until(&self, id: AccountId, day: Option<&str>) -> Result<()> {
        self.write(|transaction| {
            transaction.run("UPDATE accounts SET valid_until = ?2 WHERE id = ?1", params![id.0, day])?;
            Ok(())
        })
    }
}

pub(super) fn insert_account(
    transaction: &Transaction<'_>,
    new: &NewAccount<'_>,
    now: Timestamp,
) -> rusqlite::Result<Option<AccountId>> {
    let is_taken: bool = transaction.row(IS_TAKEN, [new.library, new.barcode, new.code], |row| row.get(0))?;
    if is_taken {
        return Ok(None);
    }
    transaction.run(
        "INSERT INTO accounts (library, barcode, code, name, email, phone, lang, role, password, created) VALUES (?1, \
         ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            new.library,
            new.barcode,
            new.code,
            new.name,
            new.email,
            new.phone,
            new.lang,
            new.role.name(),
            new.password,
            now.as_second()
        ],
    )?;
    Ok(Some(AccountId(transaction.last_insert_rowid())))
}

pub(super) fn replace_password(
    transaction: &Transaction<'_>,
    id: AccountId,
    password: &str,
) -> rusqlite::Result<()> {
    transaction.run("UPDATE accounts SET password = ?2 WHERE id = ?1", params![id.0, password])?;
    transaction.run("DELETE FROM sessions WHERE account = ?1", [id.0])?;
    Ok(())
}

pub(super) fn by_id(connection: &Connection, id: AccountId) -> rusqlite::Result<Option<Account>> {
    connection.row(BY_ID, [id.0], account_of).optional()
}

pub(super) fn account_of(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: AccountId(row.get("id")?),
        library: row.get("library")?,
        barcode: row.get("barcode")?,
        code: row.get("code")?,
        name: row.get("name")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        lang: row.get("lang")?,
        role: AccountRole::of(&row.get::<_, String>("role")?),
        password: row.get("password")?,
        valid_until: row.get("valid_until")?,
        blocked: row.get("blocked")?,
        by_mail: row.get("by_mail")?,
        created: instant(row.get("created")?),
        erase_wanted: row.get::<_, Option<i64>>("erase_wanted")?.map(instant),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::trial::new_account;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn barcode_and_code_are_unique_within_their_library() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(!store.has_admin().unwrap());
        let add = |new: NewAccount<'_>| store.add_account(&new, at(0)).unwrap();
        let first = add(NewAccount { code: "fang", role: AccountRole::Admin, ..new_account("BJFU", "001") });
        assert!(first.is_some() && store.has_admin().unwrap());
        for (barcode, code) in [("001", "x"), ("002", "fang"), ("fang", "fang2"), ("003", "001")] {
            assert!(add(NewAccount { code, ..new_account("BJFU", barcode) }).is_none(), "{barcode} {code}");
        }
        assert!(add(new_account("BUPT", "001")).is_some());
        for typed in ["001", "fang"] {
            let account = store.account("BJFU", typed).unwrap().unwrap();
            assert_eq!((account.name.as_str(), account.role), ("王芳", AccountRole::Admin));
        }
        assert_eq!(store.account("BJFU", "002").unwrap(), None);
        let second = add(new_account("BJFU", "002")).unwrap();
        let profile = |code| Profile { code, email: "a@example.cn", phone: "", lang: "en", by_mail: true };
        assert!(!store.set_profile(second, &profile("001")).unwrap());
        assert!(!store.set_profile(second, &profile("fang")).unwrap());
        assert!(store.set_profile(second, &profile("002")).unwrap());
        assert!(store.set_profile(second, &profile("qiang")).unwrap());
        assert_eq!(store.account("BJFU", "qiang").unwrap().unwrap().lang, "en");
    }

    #[test]
    fn a_library_finds_its_own_readers() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let phone = "010-6233";
        for (library, barcode, name) in
            [("BJFU", "2026001", "王芳"), ("BJFU", "2026002", "Wang Fang"), ("BUPT", "2026001", "王芳")]
        {
            let new = NewAccount { name, phone, ..new_account(library, barcode) };
            store.add_account(&new, at(0)).unwrap().unwrap();
        }
        let found = |library, words| store.find_accounts(library, words).unwrap().len();
        assert_eq!((found(Some("BJFU"), "芳"), found(None, "芳")), (1, 2));
        assert_eq!((found(Some("BJFU"), "wang"), found(Some("BJFU"), "2026")), (1, 2));
        assert_eq!(
            (found(Some("BJFU"), "6001"), found(Some("BJFU"), phone), found(Some("PKU"), "")),
            (0, 2, 0)
        );
    }
}
