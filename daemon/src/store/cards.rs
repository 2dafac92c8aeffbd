//! Consortium cards (联盟自取借书证), and the keys by which those of other libraries are checked.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{OptionalExtension, Row, params};

use super::Store;
use super::accounts::AccountId;
use super::sources::instant;
use crate::Result;

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
            transaction.execute(
                "UPDATE cards SET withdrawn = ?2 WHERE account = ?1 AND withdrawn IS NULL",
                params![account.number(), now.as_second()],
            )?;
            transaction.execute(
                "INSERT INTO cards (number, account, first, last, issued) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![number, account.number(), first.to_string(), last.to_string(), now.as_second()],
            )?;
            Ok(())
        })
    }

    /// Withdraws the card of an account, if it has one.
    pub fn withdraw_card(&self, account: AccountId, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE cards SET withdrawn = ?2 WHERE account = ?1 AND withdrawn IS NULL",
                params![account.number(), now.as_second()],
            )?;
            Ok(())
        })
    }

    /// The card of an account that was not withdrawn.
    pub fn card_of(&self, account: AccountId) -> Result<Option<Card>> {
        self.read(|connection| {
            connection.prepare_cached(IN_FORCE)?.query_row([account.number()], card_of).optional()
        })
    }

    /// The card with this number, issued here.
    pub fn card(&self, number: &str) -> Result<Option<Card>> {
        self.read(|connection| connection.prepare_cached(ONE)?.query_row([number], card_of).optional())
    }

    /// Remembers a key by which a library signs its cards.
    pub fn know_card_key(&self, library: &str, key: [u8; 32], now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO card_keys (library, key, since) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![library, key, now.as_second()],
            )?;
            Ok(())
        })
    }

    /// Takes a key back: what it signed is believed no more.
    pub fn forget_card_key(&self, library: &str, key: [u8; 32]) -> Result<()> {
        self.write(|transaction| {
            transaction
                .execute("DELETE FROM card_keys WHERE library = ?1 AND key = ?2", params![library, key])?;
            Ok(())
        })
    }

    /// All keys of others, with their libraries.
    pub fn card_keys(&self) -> Result<Vec<(String, [u8; 32])>> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT library, key FROM card_keys ORDER BY library, since")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }
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
