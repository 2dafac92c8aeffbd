//! Consortium cards (联盟自取借书证), and the keys by which those of other libraries are checked.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::accounts::AccountId;
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;
use crate::keys::from_hex;
use crate::policy::CardKeys;

/// A card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What stands below the bars.
    pub number: String,
    /// Whose it is; `None` once the reader is erased.
    pub account: Option<AccountId>,
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
    /// When it was issued.
    pub issued: Timestamp,
    /// Since when it counts no more.
    pub withdrawn: Option<Timestamp>,
}

const IN_FORCE: &str = "SELECT * FROM cards WHERE account = ?1 AND withdrawn IS NULL";
const ONE: &str = "SELECT * FROM cards WHERE number = ?1";
const KNOW: &str =
    "INSERT INTO card_keys (library, key, since, is_told) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

impl Store {
    /// Issues a card in place of the one before; durable when it returns.
    pub fn issue_card(
        &self,
        account: AccountId,
        number: &str,
        (first, last): (Date, Date),
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE cards SET withdrawn = ?2 WHERE account = ?1 AND withdrawn IS NULL",
                params![account.number(), now.as_second()],
            )?;
            transaction.run(
                "INSERT INTO cards (number, account, first, last, issued) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![number, account.number(), first.to_string(), last.to_string(), now.as_second()],
            )?;
            Ok(())
        })
    }

    /// Withdraws the card of an account, if it has one.
    pub fn withdraw_card(&self, account: AccountId, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "UPDATE cards SET withdrawn = ?2 WHERE account = ?1 AND withdrawn IS NULL",
                params![account.number(), now.as_second()],
            )?;
            Ok(())
        })
    }

    /// The card of an account that was not withdrawn.
    pub fn card_of(&self, account: AccountId) -> Result<Option<Card>> {
        self.read(|connection| connection.row(IN_FORCE, [account.number()], card_of).optional())
    }

    /// The card with this number, issued here.
    pub fn card(&self, number: &str) -> Result<Option<Card>> {
        self.read(|connection| connection.row(ONE, [number], card_of).optional())
    }

    /// Remembers a key by which a library signs its cards.
    pub fn know_card_key(&self, library: &str, key: [u8; 32], now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(KNOW, params![library, key, now.as_second(), false]).map(drop)
        })
    }

    /// Takes a key back: what it signed is believed no more.
    pub fn forget_card_key(&self, library: &str, key: [u8; 32]) -> Result<()> {
        self.write(|transaction| {
            transaction
                .run("DELETE FROM card_keys WHERE library = ?1 AND key = ?2", params![library, key])?;
            Ok(())
        })
    }

    /// At a hub: a branch says by which key it signs. A key that was taken back stays so while the branch says the same.
    pub fn note_card_key(&self, library: &LibraryCode, key: [u8; 32], now: Timestamp) -> Result<()> {
        let is_known: bool = self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM branches WHERE library = ?1 AND card_key = ?2)",
                )?
                .query_row(params![library.as_str(), key], |row| row.get(0))
        })?;
        if is_known {
            return Ok(());
        }
        self.write(|transaction| {
            transaction.run(
                "UPDATE branches SET card_key = ?2 WHERE library = ?1",
                params![library.as_str(), key],
            )?;
            transaction.run(KNOW, params![library.as_str(), key, now.as_second(), false]).map(drop)
        })
    }

    /// By which key this machine signs the cards of its library, once it has signed one.
    pub fn own_card_key(&self, library: &LibraryCode) -> Result<Option<[u8; 32]>> {
        self.read(|connection| {
            connection
                .row(
                    "SELECT key FROM card_keys WHERE library = ?1 AND NOT is_told ORDER BY since DESC LIMIT 1",
 [library.as_str()], |row| row.get(0))
                .optional()
        })
    }

    /// All keys, with their libraries: those that people entered, those that the hub told of, and one's own.
    pub fn card_keys(&self) -> Result<Vec<(String, [u8; 32])>> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT library, key FROM card_keys ORDER BY library, is_told, since")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }
}

// The keys of a library are those of the newest item, and whatever people entered here.
pub(super) fn put_card_keys(
    transaction: &Transaction<'_>,
    library: &str,
    body: &str,
) -> rusqlite::Result<()> {
    let Ok(told) = serde_json::from_str::<CardKeys>(body) else {
        tracing::warn!(library, "the keys of a library's cards are not understood; those from before stay");
        return Ok(());
    };
    transaction.run("DELETE FROM card_keys WHERE library = ?1 AND is_told", [library])?;
    for key in told.keys.iter().filter_map(|key| from_hex::<32>(key)) {
        transaction.run(KNOW, params![library, key, 0, true])?;
    }
    Ok(())
}

fn card_of(row: &Row<'_>) -> rusqlite::Result<Card> {
    let day = |name: &str| row.get::<_, String>(name).map(|text| text.parse().unwrap_or_default());
    Ok(Card {
        number: row.get("number")?,
        account: row.get::<_, Option<i64>>("account")?.map(AccountId::of),
        first: day("first")?,
        last: day("last")?,
        issued: instant(row.get("issued")?),
        withdrawn: row.get::<_, Option<i64>>("withdrawn")?.map(instant),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::civil::date;

    use super::*;
    use crate::trial::reader;

    #[test]
    fn a_reader_has_one_card_and_the_old_number_is_known_as_withdrawn() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let account = reader(&store, now).id;
        let days = (date(2026, 11, 29), date(2027, 11, 28));
        store.issue_card(account, "BJFU-1", days, now).unwrap();
        store.issue_card(account, "BJFU-2", days, now).unwrap();
        let card = store.card_of(account).unwrap().unwrap();
        assert_eq!((card.number.as_str(), card.first, card.last), ("BJFU-2", days.0, days.1));
        assert_eq!(store.card("BJFU-1").unwrap().unwrap().withdrawn, Some(now));
        store.withdraw_card(account, now).unwrap();
        assert_eq!(store.card_of(account).unwrap(), None);
        store.know_card_key("PKU", [7; 32], now).unwrap();
        store.know_card_key("PKU", [7; 32], now).unwrap();
        assert_eq!(store.card_keys().unwrap(), [("PKU".to_owned(), [7; 32])]);
        store.forget_card_key("PKU", [7; 32]).unwrap();
        assert!(store.card_keys().unwrap().is_empty());
    }
}
