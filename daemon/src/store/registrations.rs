//! Who wants an account and waits for the word of the library.
//!
//! Several may claim one barcode: nobody learns whether it is taken, and nobody can take another's place. Whose it
//! is, the desk sees by the card.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::accounts::{AccountId, AccountRole, NewAccount, insert_account};
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;

/// Somebody who wants an account. The values have no faults.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "as in `Account`")]
pub struct NewRegistration<'a> {
    pub library: &'a str,
    pub barcode: &'a str,
    pub code: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    pub phone: &'a str,
    pub lang: &'a str,
    pub password: &'a str,
}

/// A registration that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Account`")]
pub struct Registration {
    pub id: i64,
    pub library: String,
    pub barcode: String,
    pub code: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub lang: String,
    pub password: String,
    pub made: Timestamp,
}

/// What came of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// The account is made; who else claimed the barcode is dropped.
    Account(AccountId),
    /// The library has an account with this barcode or code.
    Taken,
    /// It is not there, or another library's.
    Gone,
}

/// So many wait at a library at most: a desk that never looks does not fill the disk.
const MOST_WAITING: u32 = 500;

const WAITING: &str =
    "SELECT * FROM registrations WHERE (?1 IS NULL OR library = ?1) ORDER BY made, id LIMIT 500";
const ONE: &str = "SELECT * FROM registrations WHERE id = ?1 AND (?2 IS NULL OR library = ?2)";
const LATEST: &str = "SELECT * FROM registrations WHERE library = ?1 AND (barcode = ?2 OR code = ?2) ORDER BY id DESC \
                      LIMIT 1";

impl Store {
    /// Keeps a registration; `false`, and nothing is kept, where too many wait at the library.
    pub fn add_registration(&self, new: &NewRegistration<'_>, now: Timestamp) -> Result<bool> {
        self.write(|transaction| {
            let n_rows = transaction.run(
                "INSERT INTO registrations (library, barcode, code, name, email, phone, lang, password, made, born) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (SELECT lived FROM machine) WHERE (SELECT count(*) FROM registrations WHERE library = ?1) < ?10",
                params![
                    new.library,
                    new.barcode,
                    new.code,
                    new.name,
                    new.email,
                    new.phone,
                    new.lang,
                    new.password,
                    now.as_second(),
                    MOST_WAITING
                ],
            )?;
            Ok(n_rows > 0)
        })
    }

    /// Who waits at a library (or at all), the longest first.
    pub fn registrations(&self, library: Option<&str>) -> Result<Vec<Registration>> {
        self.read(|connection| {
            connection.prepare_cached(WAITING)?.query_map([library], registration_of)?.collect()
        })
    }

    /// The latest registration with this barcode or code.
    pub fn latest_registration(&self, library: &str, typed: &str) -> Result<Option<Registration>> {
        self.read(|connection| connection.row(LATEST, [library, typed], registration_of).optional())
    }

    /// Makes a reader's account of a registration; `of` is the library whose staff asks, none for all.
    pub fn confirm_registration(&self, id: i64, of: Option<&str>, now: Timestamp) -> Result<Confirmed> {
        self.write(|transaction| {
            let found = transaction.row(ONE, params![id, of], registration_of).optional()?;
            let Some(found) = found else { return Ok(Confirmed::Gone) };
            let new = NewAccount {
                library: &found.library,
                barcode: &found.barcode,
                code: &found.code,
                name: &found.name,
                email: &found.email,
                phone: &found.phone,
                lang: &found.lang,
                role: AccountRole::Reader,
                password: Some(&found.password),
            };
            let Some(account) = insert_account(transaction, &new, now)? else { return Ok(Confirmed::Taken) };
            transaction.run(
                "DELETE FROM registrations WHERE library = ?1 AND barcode = ?2",
                [&found.library, &found.barcode],
            )?;
            Ok(Confirmed::Account(account))
        })
    }

    /// Drops a registration; whether there was one that `of` may drop.
    pub fn drop_registration(&self, id: i64, of: Option<&str>) -> Result<bool> {
        self.write(|transaction| {
            let n_rows = transaction.run(
                "DELETE FROM registrations WHERE id = ?1 AND (?2 IS NULL OR library = ?2)",
                params![id, of],
            )?;
            Ok(n_rows > 0)
        })
    }
}

fn registration_of(row: &Row<'_>) -> rusqlite::Result<Registration> {
    Ok(Registration {
        id: row.get("id")?,
        library: row.get("library")?,
        barcode: row.get("barcode")?,
        code: row.get("code")?,
        name: row.get("name")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        lang: row.get("lang")?,
        password: row.get("password")?,
        made: instant(row.get("made")?),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::trial::new_account;

    fn new<'a>(barcode: &'a str, name: &'a str) -> NewRegistration<'a> {
        let (library, email) = ("BJFU", "a@example.cn");
        NewRegistration {
            library,
            barcode,
            code: barcode,
            name,
            email,
            phone: "",
            lang: "",
            password: "$argon2id$",
        }
    }

    #[test]
    fn of_all_who_claim_a_barcode_one_is_confirmed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        for name in ["贾某", "王芳"] {
            assert!(store.add_registration(&new("001", name), now).unwrap());
        }
        assert!(store.add_registration(&new("002", "李强"), now).unwrap());
        assert_eq!(store.latest_registration("BJFU", "001").unwrap().unwrap().name, "王芳");
        let waiting = store.registrations(Some("BJFU")).unwrap();
        assert_eq!((waiting.len(), store.registrations(Some("BUPT")).unwrap().len()), (3, 0));
        let right = waiting[1].id;
        assert_eq!(store.confirm_registration(right, Some("BUPT"), now).unwrap(), Confirmed::Gone);
        assert!(matches!(
            store.confirm_registration(right, Some("BJFU"), now).unwrap(),
            Confirmed::Account(_)
        ));
        assert_eq!(store.account("BJFU", "001").unwrap().unwrap().name, "王芳");
        assert_eq!(store.registrations(None).unwrap().len(), 1, "who else claimed it is dropped");
        store.add_account(&new_account("BJFU", "002"), now).unwrap().unwrap();
        let taken = store.registrations(None).unwrap()[0].id;
        assert_eq!(store.confirm_registration(taken, None, now).unwrap(), Confirmed::Taken);
        assert!(!store.drop_registration(taken, Some("BUPT")).unwrap());
        assert!(store.drop_registration(taken, Some("BJFU")).unwrap());
    }

    #[test]
    fn a_desk_that_never_looks_does_not_fill_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let kept = (0..510).filter(|n| {
            let barcode = n.to_string();
            store.add_registration(&new(&barcode, "某人"), Timestamp::UNIX_EPOCH).unwrap()
        });
        assert_eq!(kept.count(), 500);
    }
}
