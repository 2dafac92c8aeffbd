//! What libraries say of themselves, and how often entries are looked at and asked for on this machine.
//!
//! The counts know no reader and no time.

use indexer::bib::LibraryCode;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{Cached, Store};
use crate::Result;
use crate::directory::LibraryFacts;

/// How often something happened to an entry here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Its page was shown.
    pub views: u32,
    /// It was asked for.
    pub requests: u32,
}

impl Store {
    /// A number that grows whenever a library says something else; 0 before the first one does.
    pub fn facts_version(&self) -> Result<i64> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT coalesce(max(version), 0) FROM library_facts")?
                .query_row([], |row| row.get(0))
        })
    }

    /// What all libraries say of themselves. What this version cannot read counts as nothing said.
    pub fn all_facts(&self) -> Result<Vec<(LibraryCode, LibraryFacts)>> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT library, facts FROM library_facts ORDER BY library")?
                .query_map([], |row| {
                    let (code, facts): (String, String) = (row.get(0)?, row.get(1)?);
                    Ok((LibraryCode::new(code), serde_json::from_str(&facts).unwrap_or_default()))
                })?
                .collect()
        })
    }

    /// Keeps what a library says of itself; durable when it returns.
    pub fn keep_facts(&self, library: &LibraryCode, facts: &LibraryFacts) -> Result<()> {
        let text = serde_json::to_string(facts).unwrap_or_default();
        self.write(|transaction| put_facts(transaction, library.as_str(), &text))
    }

    /// Counts views of entries that were gathered.
    pub fn count_views(&self, views: &[(u64, u32)]) -> Result<()> {
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO uses (entry, views) VALUES (?1, ?2) ON CONFLICT (entry) DO UPDATE SET views = views + ?2",
            )?;
            for (entry, n) in views {
                statement.execute(params![entry.cast_signed(), n])?;
            }
            Ok(())
        })
    }

    /// How often an entry was looked at and asked for here.
    pub fn uses(&self, entry: u64) -> Result<Uses> {
        self.read(|connection| {
            let found = connection
                .row(
                    "SELECT views, requests FROM uses WHERE entry = ?1",
                    params![entry.cast_signed()],
                    |row| Ok(Uses { views: row.get(0)?, requests: row.get(1)? }),
                )
                .optional()?;
            Ok(found.unwrap_or_default())
        })
    }
}

/// Keeps what a library says of itself, as JSON.
pub(super) fn put_facts(transaction: &Transaction<'_>, library: &str, facts: &str) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO library_facts (library, facts, version) VALUES (?1, ?2, (SELECT coalesce(max(version), 0) + 1 \
         FROM library_facts)) ON CONFLICT (library) DO UPDATE SET facts = excluded.facts, version = excluded.version",
        params![library, facts],
    )?;
    Ok(())
}

/// An entry was asked for.
pub(super) fn count_request(transaction: &Transaction<'_>, entry: u64) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO uses (entry, requests) VALUES (?1, 1) ON CONFLICT (entry) DO UPDATE SET requests = requests + 1",
        params![entry.cast_signed()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_a_library_says_is_kept_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!((store.facts_version().unwrap(), store.all_facts().unwrap()), (0, vec![]));
        let (bjfu, pku) = (LibraryCode::new("BJFU"), LibraryCode::new("PKU"));
        let said = |phone: &str| LibraryFacts { phone: phone.to_owned(), ..LibraryFacts::default() };
        for (code, phone) in [(&pku, "1"), (&bjfu, "2"), (&pku, "3")] {
            let before = store.facts_version().unwrap();
            store.keep_facts(code, &said(phone)).unwrap();
            assert!(store.facts_version().unwrap() > before);
        }
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.all_facts().unwrap(), [(bjfu, said("2")), (pku, said("3"))]);
    }

    #[test]
    fn views_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.uses(7).unwrap(), Uses::default());
        store.count_views(&[(7, 2), (u64::MAX, 1)]).unwrap();
        store.count_views(&[(7, 3)]).unwrap();
        assert_eq!(store.uses(7).unwrap(), Uses { views: 5, requests: 0 });
        assert_eq!(store.uses(u64::MAX).unwrap().views, 1);
    }
}
