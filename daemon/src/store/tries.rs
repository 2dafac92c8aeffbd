//! Wrong passwords, so that a restart does not forgive them. What they are worth is the login's affair.

use jiff::Timestamp;
use rusqlite::params;

use super::{Cached, Store};
use crate::Result;

/// How often a subject erred, and when it tried last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongTries {
    /// Hash of the account or address.
    pub subject: [u8; 32],
    /// How often in a row.
    pub n_wrong: u32,
    /// Seconds since 1970.
    pub last: i64,
}

impl Store {
    /// Keeps how often these subjects erred; none for whoever is forgiven. What is older is forgotten.
    pub fn keep_tries(&self, all: &[([u8; 32], u32)], now: Timestamp, oldest: Timestamp) -> Result<()> {
        self.write(|transaction| {
            for (subject, n_wrong) in all {
                if *n_wrong == 0 {
                    transaction.run("DELETE FROM tries WHERE subject = ?1", [&subject[..]])?;
                } else {
                    transaction.run(
                        "INSERT INTO tries (subject, n_wrong, last) VALUES (?1, ?2, ?3) ON CONFLICT (subject) DO \
                         UPDATE SET n_wrong = ?2, last = ?3",
                        params![&subject[..], n_wrong, now.as_second()],
                    )?;
                }
            }
            // What a clock left in the future that has been put right since is as good as old.
            transaction.run(
                "DELETE FROM tries WHERE last < ?1 OR last > ?2",
                [oldest.as_second(), now.as_second()],
            )?;
            Ok(())
        })
    }

    /// All that are kept.
    pub fn tries(&self) -> Result<Vec<WrongTries>> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT subject, n_wrong, last FROM tries")?
                .query_map([], |row| {
                    Ok(WrongTries { subject: row.get(0)?, n_wrong: row.get(1)?, last: row.get(2)? })
                })?
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn tries_are_kept_forgiven_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        store.keep_tries(&[([1; 32], 3), ([2; 32], 7)], at(1_000), at(0)).unwrap();
        store.keep_tries(&[([1; 32], 4)], at(1_010), at(0)).unwrap();
        let mut kept = store.tries().unwrap();
        kept.sort_by_key(|tries| tries.subject);
        let n_and_last: Vec<_> = kept.iter().map(|tries| (tries.n_wrong, tries.last)).collect();
        assert_eq!(n_and_last, [(4, 1_010), (7, 1_000)]);
        store.keep_tries(&[([1; 32], 0)], at(1_020), at(1_005)).unwrap();
        assert!(store.tries().unwrap().is_empty(), "one is forgiven, one too old");
        store.keep_tries(&[([3; 32], 1)], at(90_000), at(0)).unwrap();
        store.keep_tries(&[], at(3_600), at(0)).unwrap();
        assert!(store.tries().unwrap().is_empty(), "the clock was a day ahead");
    }
}
