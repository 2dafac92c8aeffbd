//! Whether a hub still knows what it said: where it is, where a branch heard it last, and what a branch sends again to
//! one that was put back from an older copy.
//!
//! A hub forgets with such a copy what it took since: requests, decisions, ends, the keys of its inbox, what it told
//! others, what the consortium decided. Its feed goes on from the older number, so that numbers come twice. Its lives
//! tell: each begins where the feed stood then, so a moment that a branch remembers lies in one of them, or is lost.

use rusqlite::{Connection, Transaction, params};

use super::{Cached, Store};
use crate::Result;
use crate::central::Stand;

const BEGIN: &str = "INSERT INTO lives (life, since) VALUES (?1, (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE \
                     name = 'feed'))";
const STAND: &str =
    "SELECT life, (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'feed') FROM machine";
const LIVES: &str = "SELECT life, since FROM lives ORDER BY n";
const HEARD: &str = "SELECT hub_life, hub_end FROM machine";
const HEAR: &str = "UPDATE machine SET hub_end = iif(hub_life = ?1, max(hub_end, ?2), ?2), hub_life = ?1 WHERE hub_life \
                    <> ?1 OR hub_end < ?2";
const BEGIN_AGAIN: &str = "UPDATE machine SET cursor = 0, mark = '', reading = reading + 1, is_rereading = 1, hub_life = \
                           ?1, hub_end = ?2";
// A hub that forgot what was decided counts its versions from there again.
const ANY_VERSION: &str = "UPDATE policy SET version = 0";
const IS_AT_END: &str = "SELECT is_rereading AND cursor = ?1 FROM machine";
// What never went to a hub was not told by it either: it has no day on which it was settled.
const SEND_AGAIN: &str = "UPDATE messages SET delivery = 'unknown', may_have_arrived = 1, next_try = NULL WHERE delivery \
                          = 'delivered' AND road = 'centre' AND settled IS NOT NULL AND reading < (SELECT reading FROM \
                          machine)";
const END: &str = "UPDATE machine SET is_rereading = 0";

impl Store {
    /// Where this hub is.
    pub fn stand(&self) -> Result<Stand> {
        self.read(stand)
    }

    /// The lives of this hub, oldest first, each with the end of its feed before it.
    pub fn lives(&self) -> Result<Vec<(u32, i64)>> {
        self.read(lives)
    }

    /// Whether this hub remembers a moment of its own.
    pub fn has_been_at(&self, moment: Stand) -> Result<bool> {
        self.read(|connection| Ok(moment.lies_in(&lives(connection)?, stand(connection)?.end)))
    }

    /// Where the hub of this branch was when it was heard last.
    pub fn heard(&self) -> Result<Stand> {
        self.read(|connection| {
            let stand = |row: &rusqlite::Row<'_>| Ok(Stand { life: row.get(0)?, end: row.get(1)? });
            connection.row(HEARD, [], stand)
        })
    }

    /// The hub was heard. Noted before anything else that it said, so that nothing of it is ever believed that it might
    /// forget unseen.
    pub fn hear(&self, stand: Stand) -> Result<()> {
        let heard = self.heard()?;
        if stand.life == 0 || heard.life == stand.life && heard.end >= stand.end {
            return Ok(());
        }
        self.write(|transaction| transaction.run(HEAR, params![stand.life, stand.end]).map(drop))
    }

    /// The hub answered beside its feed; whether that may be believed. In another life than the one it was heard in last
    /// it may have forgotten what it said then, and that is told by nothing but its feed, which is asked for the moment.
    /// What is believed before would hide that there is something to be asked.
    pub fn hear_aside(&self, stand: Stand) -> Result<bool> {
        let heard = self.heard()?;
        let is_same_life = heard.life == 0 || stand.life == 0 || heard.life == stand.life;
        if is_same_life {
            self.hear(stand)?;
        }
        Ok(is_same_life)
    }

    /// The hub was put back from an older copy: its feed is read from the beginning, by the hub as it stands now.
    pub fn begin_feed_again(&self, stand: Stand) -> Result<()> {
        self.write(|transaction| {
            transaction.run(BEGIN_AGAIN, params![stand.life, stand.end])?;
            transaction.run(ANY_VERSION, []).map(drop)
        })
    }

    /// The feed that was begun again has been read up to `at`, and there is no more: what of this machine was not met
    /// there is sent again, whatever became of its request since. Gives how many messages that are.
    pub fn send_again_what_was_forgotten(&self, at: i64) -> Result<usize> {
        if !self.read(|connection| is_at_end(connection, at))? {
            return Ok(0);
        }
        self.write_step("again", |transaction| {
            if !is_at_end(transaction, at)? {
                return Ok(0);
            }
            let n_again = transaction.run(SEND_AGAIN, [])?;
            transaction.run(END, [])?;
            Ok(n_again)
        })
    }
}

fn is_at_end(connection: &Connection, at: i64) -> rusqlite::Result<bool> {
    connection.row(IS_AT_END, [at], |row| row.get(0))
}

fn lives(connection: &Connection) -> rusqlite::Result<Vec<(u32, i64)>> {
    connection.prepare_cached(LIVES)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Where this hub is.
pub(super) fn stand(connection: &Connection) -> rusqlite::Result<Stand> {
    let stand = |row: &rusqlite::Row<'_>| Ok(Stand { life: row.get(0)?, end: row.get(1)? });
    connection.row(STAND, [], stand)
}

/// A life begins where the feed stands.
pub(super) fn begin(transaction: &Transaction<'_>, life: u32) -> rusqlite::Result<()> {
    transaction.run(BEGIN, [life]).map(drop)
}
