//! What a hub tells its branches, and what a branch has taken in of it.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::remembered::stand;
use super::requests::json;
use super::{Cached, Store};
use crate::Result;
use crate::central::{Fares, FeedAnswer, Item, MOST_ITEMS, Stand, Told, mark_of};
use crate::requests::RequestId;

const TELL: &str = "INSERT INTO feed (branch, body, request) VALUES (?1, ?2, ?3)";
const IS_BRANCH: &str = "SELECT EXISTS (SELECT 1 FROM branches WHERE library = ?1)";
const AFTER: &str = "SELECT seq, body FROM feed WHERE branch = ?1 AND seq > ?2 UNION ALL SELECT seq, body FROM feed \
                     WHERE branch = '*' AND seq > ?2 ORDER BY seq LIMIT ?3";
const END: &str = "SELECT coalesce(max(seq), 0) FROM feed";
const NEWS: &str = "SELECT EXISTS (SELECT 1 FROM feed WHERE branch = ?1 AND seq > ?2) OR EXISTS (SELECT 1 FROM feed \
                    WHERE branch = '*' AND seq > ?2)";
const ITEM: &str = "SELECT body, mark FROM feed WHERE seq = ?2 AND branch IN (?1, '*')";
const CONTACT: &str = "UPDATE branches SET last_contact = ?2, skew = ?3, acked = ?4 WHERE library = ?1 AND (acked <> ?4 \
                       OR last_contact IS NULL OR last_contact < ?2 - 60 OR last_contact > ?2)";

const FARES: &str = "UPDATE branches SET generation = ?2, bytes = ?3, trouble = ?4 WHERE library = ?1 AND \
                     (generation IS NOT ?2 OR bytes <> ?3 OR trouble IS NOT ?4)";

/// For all branches.
pub(super) const ALL: &str = "*";

impl Store {
    /// What a branch should know beyond what it has read. `after` and `mark` name the item that it read last.
    pub fn feed(&self, branch: &LibraryCode, after: i64, mark: &str, now: Timestamp) -> Result<FeedAnswer> {
        self.read(|connection| {
            let last: Option<(String, Option<String>)> = connection
                .row(ITEM, params![branch.as_str(), after], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            // Whoever read it before its personal values were taken out has another mark of it.
            let is_same = |(body, was): (String, Option<String>)| {
                mark_of(&body) == mark || was.as_deref() == Some(mark)
            };
            let reset = after > 0 && !last.is_some_and(is_same);
            let items = if reset { Vec::new() } else { items(connection, branch, after)? };
            let more = items.len() >= MOST_ITEMS as usize;
            Ok(FeedAnswer { items, more, reset, time: now, root: None, stand: stand(connection)? })
        })
    }

    /// The same for a branch that says where it heard this hub last.
    pub fn feed_since(
        &self,
        branch: &LibraryCode,
        (after, mark, heard): (i64, &str, Stand),
        now: Timestamp,
    ) -> Result<FeedAnswer> {
        let answer = self.feed(branch, after, mark, now)?;
        if self.has_been_at(heard)? {
            return Ok(answer);
        }
        Ok(FeedAnswer { items: Vec::new(), more: false, reset: true, ..answer })
    }

    /// Whether anything comes after an item.
    pub fn has_news(&self, branch: &LibraryCode, after: i64) -> Result<bool> {
        self.read(|connection| connection.row(NEWS, params![branch.as_str(), after], |row| row.get(0)))
    }

    /// Number of the newest item for anybody, 0 where there is none.
    pub fn feed_end(&self) -> Result<i64> {
        self.read(|connection| connection.row(END, [], |row| row.get(0)))
    }

    /// What comes after an item, whoever has read it.
    pub fn feed_after(&self, branch: &LibraryCode, after: i64) -> Result<Vec<Told>> {
        self.read(|connection| items(connection, branch, after))
    }

    /// A branch was here: how far it has read, and by how many seconds its clock differs.
    pub fn note_branch(&self, branch: &LibraryCode, acked: i64, skew: i64, now: Timestamp) -> Result<()> {
        self.write_step("contact", |transaction| {
            transaction.run(CONTACT, params![branch.as_str(), now.as_second(), skew, acked]).map(drop)
        })
    }

    /// What a branch says of its catalogue.
    pub fn note_fares(&self, branch: &LibraryCode, fares: &Fares) -> Result<()> {
        let bytes = i64::try_from(fares.bytes).unwrap_or(i64::MAX);
        self.write(|transaction| {
            transaction.run(FARES, params![branch.as_str(), fares.generation, bytes, fares.trouble]).map(drop)
        })
    }

    /// All that a branch was ever told, for tests.
    #[cfg(test)]
    pub(crate) fn whole_feed(&self, branch: &LibraryCode) -> Vec<String> {
        const WHOLE: &str = "SELECT body FROM feed WHERE branch = ?1 ORDER BY seq";
        self.read(|connection| {
            connection.prepare_cached(WHOLE)?.query_map([branch.as_str()], |row| row.get(0))?.collect()
        })
        .expect("the store reads")
    }

    /// Whether a letter had its effect, for tests.
    #[cfg(test)]
    pub(crate) fn had_effect(&self, branch: &LibraryCode, letter: &str) -> bool {
        const HAD: &str = "SELECT EXISTS (SELECT 1 FROM inbox WHERE branch = ?1 AND hash = ?2)";
        let hash = crate::delivery::hash_of(letter);
        self.read(|connection| connection.row(HAD, params![branch.as_str(), hash], |row| row.get(0)))
            .expect("the store reads")
    }
}

fn items(connection: &Connection, branch: &LibraryCode, after: i64) -> rusqlite::Result<Vec<Told>> {
    let told = |row: &rusqlite::Row<'_>| Ok(Told { seq: row.get(0)?, body: row.get(1)? });
    let mut statement = connection.prepare_cached(AFTER)?;
    statement.query_map(params![branch.as_str(), after, MOST_ITEMS], told)?.collect()
}

/// Adds an item to a branch's feed, or to that of all; `request` is what it is about.
pub(super) fn tell(
    transaction: &Transaction<'_>,
    branch: &str,
    item: &Item,
    request: Option<RequestId>,
) -> rusqlite::Result<()> {
    let request = request.as_ref().map(RequestId::as_bytes);
    transaction.run(TELL, params![branch, json(item)?, request]).map(drop)
}

/// Whether a library has a branch that reads a feed.
pub(super) fn is_branch(connection: &Connection, library: &LibraryCode) -> rusqlite::Result<bool> {
    connection.row(IS_BRANCH, [library.as_str()], |row| row.get(0))
}
