//! Where people are signed in, and the tokens of their programs; both are known by the hash of a secret.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::accounts::{Account, AccountId, account_of, by_id};
use super::sources::instant;
use super::{Cached, Store};
use crate::Result;

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

const BY_TOKEN: &str =
    "SELECT accounts.* FROM accounts JOIN tokens ON tokens.account = accounts.id WHERE tokens.hash = ?1";

impl Store {
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
            transaction.run(
                "DELETE FROM sessions WHERE seen NOT BETWEEN ?1 AND ?2 OR began NOT BETWEEN ?3 AND ?4",
                params![
                    before(now, limits.idle),
                    after(now, limits.idle),
                    before(now, limits.whole),
                    after(now, limits.whole)
                ],
            )?;
            transaction.run(
                "DELETE FROM sessions WHERE account = ?1 AND hash NOT IN (SELECT hash FROM sessions WHERE \
                 account = ?1 ORDER BY seen DESC LIMIT ?2)",
                params![id.number(), MAX_SESSIONS - 1],
            )?;
            transaction.run(
                "INSERT INTO sessions (hash, account, began, seen, place) VALUES (?1, ?2, ?3, ?3, ?4)",
                params![hash, id.number(), now.as_second(), place],
            )?;
            Ok(())
        })
    }

    /// Whose session this is, where it still lasts.
    pub fn session(&self, hash: [u8; 32], limits: SessionLimits, now: Timestamp) -> Result<Option<Account>> {
        let found: Option<(i64, i64, i64)> = self.read(|connection| {
            connection
                .row("SELECT account, began, seen FROM sessions WHERE hash = ?1", [&hash[..]], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
        })?;
        let Some((account, began, seen)) = found else { return Ok(None) };
        let is_over = |at: i64, limit| at < before(now, limit) || at > after(now, limit);
        if is_over(seen, limits.idle) || is_over(began, limits.whole) {
            return Ok(None);
        }
        if seen < before(now, SEEN_EVERY) {
            self.write(|transaction| {
                transaction
                    .run("UPDATE sessions SET seen = ?2 WHERE hash = ?1", params![hash, now.as_second()])?;
                Ok(())
            })?;
        }
        self.read(|connection| by_id(connection, AccountId::of(account)))
    }

    /// Ends a session.
    pub fn end_session(&self, hash: [u8; 32]) -> Result<()> {
        self.write(|transaction| {
            transaction.run("DELETE FROM sessions WHERE hash = ?1", [&hash[..]])?;
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
                .query_map(params![id.number(), before(now, limits.idle), before(now, limits.whole)], |row| {
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
            transaction.run(
                "DELETE FROM sessions WHERE account = (SELECT account FROM sessions WHERE hash = ?1)",
                [&hash[..]],
            )?;
            Ok(())
        })
    }

    /// Gives an account another token; known by its hash.
    pub fn add_token(&self, hash: [u8; 32], id: AccountId, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run(
                "INSERT INTO tokens (hash, account, made) VALUES (?1, ?2, ?3)",
                params![hash, id.number(), now.as_second()],
            )?;
            Ok(())
        })
    }

    /// Whose token this is.
    pub fn account_of_token(&self, hash: [u8; 32]) -> Result<Option<Account>> {
        self.read(|connection| connection.row(BY_TOKEN, [&hash[..]], account_of).optional())
    }
}

fn before(now: Timestamp, how_long: SignedDuration) -> i64 {
    now.as_second().saturating_sub(how_long.as_secs())
}

// A session from further ahead was begun by a clock that stood wrong: it would last until that time comes.
fn after(now: Timestamp, how_long: SignedDuration) -> i64 {
    now.as_second().saturating_add(how_long.as_secs())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::trial::new_account;

    const LIMITS: SessionLimits =
        SessionLimits { idle: SignedDuration::from_mins(30), whole: SignedDuration::from_hours(12) };

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn a_session_ends_when_unused_when_old_and_with_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.add_account(&new_account("BJFU", "001"), at(0)).unwrap().unwrap();
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
    fn a_session_of_a_clock_that_stood_ahead_does_not_outlast_it() {
        let store = Store::in_memory();
        let id = store.add_account(&new_account("BJFU", "001"), at(0)).unwrap().unwrap();
        let ten_years = 3650 * 24 * 60;
        let is_in = |minutes| store.session([1; 32], LIMITS, at(minutes)).unwrap().is_some();
        store.begin_session([1; 32], id, "", LIMITS, at(10)).unwrap();
        assert!(is_in(5), "a few minutes back are no reason to sign anybody out");
        store.end_session([1; 32]).unwrap();
        store.begin_session([1; 32], id, "", LIMITS, at(ten_years)).unwrap();
        assert!(is_in(ten_years) && !is_in(10));
        store.begin_session([2; 32], id, "", LIMITS, at(10)).unwrap();
        assert!(!is_in(ten_years), "it is gone");
    }

    #[test]
    fn an_account_has_twenty_sessions_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let id = store.add_account(&new_account("BJFU", "001"), at(0)).unwrap().unwrap();
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
        let id = store.add_account(&new_account("BJFU", "001"), at(0)).unwrap().unwrap();
        store.add_token([7; 32], id, at(0)).unwrap();
        assert_eq!(store.account_of_token([7; 32]).unwrap().unwrap().id, id);
        assert_eq!(store.account_of_token([8; 32]).unwrap(), None);
    }
}
