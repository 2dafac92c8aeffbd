//! Fines in integer fen, and what was paid or waived of them: who said so, when and why. Only ever added to.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::accounts::AccountId;
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;

/// What an entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FineKind {
    /// Something is owed.
    Fine,
    /// It was paid.
    Payment,
    /// It need not be paid.
    Waiver,
}

impl FineKind {
    /// Its word in the store and in forms.
    pub fn code(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Payment => "payment",
            Self::Waiver => "waiver",
        }
    }

    /// What may be said of a fine: the kind of this word.
    pub fn settling(word: &str) -> Option<Self> {
        [Self::Payment, Self::Waiver].into_iter().find(|kind| kind.code() == word)
    }

    fn of(word: &str) -> Self {
        Self::settling(word).unwrap_or(Self::Fine)
    }
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FineEntry {
    /// Its number.
    pub id: i64,
    /// Code of the library whose staff wrote it.
    pub library: String,
    /// Whom it is about: number, barcode and name; `None` once the reader is erased.
    pub reader: Option<(AccountId, String, String)>,
    /// What it says.
    pub kind: FineKind,
    /// Of which fine, for what was paid or waived.
    pub fine: Option<i64>,
    /// How much, in fen.
    pub fen: i64,
    /// What is still owed of a fine, in fen; 0 for others.
    pub open: i64,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Who wrote it; empty where that person is erased.
    pub staff: String,
}

/// What came of a payment or a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is written down.
    Done,
    /// So much is open, in fen, and more was said.
    TooMuch(i64),
    /// There is no such fine of this library.
    NoFine,
}

/// Entries that are shown at most.
const MOST_SHOWN: u32 = 500;

// One text for both: those of a reader, or those of a library.
const SHOWN: &str = "SELECT f.id, f.library, f.account, a.barcode, a.name, f.kind, f.fine, f.fen, f.reason, f.at, coalesce(s.name, ''), \
     CASE f.kind WHEN 'fine' THEN f.fen - (SELECT coalesce(sum(p.fen), 0) FROM fine_entries p WHERE p.fine = f.id) ELSE 0 \
     END FROM fine_entries f LEFT JOIN accounts a ON a.id = f.account LEFT JOIN accounts s ON s.id = f.staff WHERE (?1 IS \
     NULL OR f.account = ?1) AND (?2 IS NULL OR f.library = ?2) ORDER BY f.id DESC LIMIT ?3";
const OPEN_OF: &str = "SELECT coalesce(sum(CASE kind WHEN 'fine' THEN fen ELSE -fen END), 0) FROM fine_entries WHERE \
                       account = ?1";
const ONE_FINE: &str = "SELECT account, fen - (SELECT coalesce(sum(p.fen), 0) FROM fine_entries p WHERE p.fine = f.id) FROM \
                        fine_entries f WHERE id = ?1 AND kind = 'fine' AND (?2 IS NULL OR library = ?2)";

impl Store {
    /// Writes a fine down; `fen` is more than nothing.
    pub fn add_fine(
        &self,
        (library, account): (&str, AccountId),
        fen: i64,
        reason: &str,
        staff: AccountId,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            let entry = Entry { library, account: Some(account.number()), kind: FineKind::Fine, fine: None };
            put(transaction, &entry, fen, reason, staff, now)
        })
    }

    /// Writes down what was paid or waived of a fine; `of` is the library whose staff says so, none for all.
    pub fn settle_fine(
        &self,
        (fine, of): (i64, Option<&str>),
        (kind, fen): (FineKind, i64),
        reason: &str,
        (staff, library): (AccountId, &str),
        now: Timestamp,
    ) -> Result<Settled> {
        self.write(|transaction| {
            let found: Option<(Option<i64>, i64)> = transaction
                .row(ONE_FINE, params![fine, of], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((account, open)) = found else { return Ok(Settled::NoFine) };
            if fen > open {
                return Ok(Settled::TooMuch(open));
            }
            put(transaction, &Entry { library, account, kind, fine: Some(fine) }, fen, reason, staff, now)?;
            Ok(Settled::Done)
        })
    }

    /// The log of a reader, the newest first.
    pub fn fines_of(&self, account: AccountId) -> Result<Vec<FineEntry>> {
        self.shown_fines(Some(account.number()), None)
    }

    /// The log of a library (or of all), the newest first.
    pub fn fines(&self, library: Option<&str>) -> Result<Vec<FineEntry>> {
        self.shown_fines(None, library)
    }

    /// What a reader owes in all, in fen.
    pub fn owed_by(&self, account: AccountId) -> Result<i64> {
        self.read(|connection| connection.row(OPEN_OF, [account.number()], |row| row.get(0)))
    }

    fn shown_fines(&self, account: Option<i64>, library: Option<&str>) -> Result<Vec<FineEntry>> {
        self.read(|connection| {
            connection
                .prepare_cached(SHOWN)?
                .query_map(params![account, library, MOST_SHOWN], entry_of)?
                .collect()
        })
    }
}

struct Entry<'a> {
    library: &'a str,
    account: Option<i64>,
    kind: FineKind,
    fine: Option<i64>,
}

fn put(
    transaction: &Transaction<'_>,
    entry: &Entry<'_>,
    fen: i64,
    reason: &str,
    staff: AccountId,
    now: Timestamp,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO fine_entries (library, account, kind, fine, fen, reason, at, staff) VALUES (?1, ?2, ?3, ?4, ?5, ?6, \
         ?7, ?8)",
        params![
            entry.library,
            entry.account,
            entry.kind.code(),
            entry.fine,
            fen,
            reason,
            now.as_second(),
            staff.number()
        ],
    )?;
    Ok(())
}

fn entry_of(row: &Row<'_>) -> rusqlite::Result<FineEntry> {
    let account: Option<i64> = row.get(2)?;
    let reader = |number| Ok::<_, rusqlite::Error>((AccountId::of(number), row.get(3)?, row.get(4)?));
    Ok(FineEntry {
        id: row.get(0)?,
        library: row.get(1)?,
        reader: account.map(reader).transpose()?,
        kind: FineKind::of(&row.get::<_, String>(5)?),
        fine: row.get(6)?,
        fen: row.get(7)?,
        reason: row.get(8)?,
        at: instant(row.get(9)?),
        staff: row.get(10)?,
        open: row.get(11)?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::trial::{new_account, reader};

    #[test]
    fn what_is_owed_is_what_was_fined_less_what_was_paid_or_waived() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let account = reader(&store, now).id;
        let staff = store.add_account(&new_account("BJFU", "0007"), now).unwrap().unwrap();
        store.add_fine(("BJFU", account), 1_250, "逾期 5 天", staff, now).unwrap();
        store.add_fine(("BJFU", account), 300, "书脊破损", staff, now).unwrap();
        assert_eq!(store.owed_by(account).unwrap(), 1_550);
        let fine = store.fines_of(account).unwrap()[1].id;
        let settle =
            |of, kind, fen| store.settle_fine((fine, of), (kind, fen), "柜台", (staff, "BJFU"), now).unwrap();
        assert_eq!(settle(Some("BUPT"), FineKind::Payment, 1), Settled::NoFine);
        assert_eq!(settle(Some("BJFU"), FineKind::Payment, 1_000), Settled::Done);
        assert_eq!(settle(None, FineKind::Waiver, 251), Settled::TooMuch(250));
        assert_eq!(settle(None, FineKind::Waiver, 250), Settled::Done);
        assert_eq!(settle(None, FineKind::Waiver, 1), Settled::TooMuch(0));
        assert_eq!(store.owed_by(account).unwrap(), 300);
        let log = store.fines(Some("BJFU")).unwrap();
        let said: Vec<_> = log.iter().map(|entry| (entry.kind.code(), entry.fen, entry.open)).collect();
        let expect = [("waiver", 250, 0), ("payment", 1_000, 0), ("fine", 300, 300), ("fine", 1_250, 0)];
        assert_eq!(said, expect);
        assert_eq!((log[0].staff.as_str(), log[0].reader.as_ref().unwrap().2.as_str()), ("王芳", "林巧"));
        assert!(store.fines(Some("BUPT")).unwrap().is_empty());
    }
}
