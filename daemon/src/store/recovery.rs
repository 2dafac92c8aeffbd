//! One-time codes by which a forgotten password is replaced, from the desk or by mail.

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::accounts::{AccountId, replace_password};
use super::mails::{NewMail, put_mail};
use super::{Cached, Store};
use crate::Result;

impl Store {
    /// Gives an account a code, known by its hash, in place of an earlier one; with a mail that tells it, if any.
    pub fn add_recovery_code(
        &self,
        id: AccountId,
        hash: [u8; 32],
        until: Timestamp,
        mail: Option<&NewMail<'_>>,
    ) -> Result<()> {
        self.write(|transaction| {
            put_code(transaction, id, hash, until)?;
            mail.map_or(Ok(()), |mail| put_mail(transaction, id, mail))
        })
    }

    /// Replaces the password of an account where the code is right, and ends its sessions; a code counts once.
    pub fn recover_password(
        &self,
        id: AccountId,
        hash: [u8; 32],
        password: &str,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| {
            let n_rows = transaction.run(
                "DELETE FROM recovery_codes WHERE account = ?1 AND hash = ?2 AND until > ?3",
                params![id.number(), hash, now.as_second()],
            )?;
            if n_rows > 0 {
                replace_password(transaction, id, password)?;
            }
            Ok(n_rows > 0)
        })
    }
}

fn put_code(
    transaction: &Transaction<'_>,
    id: AccountId,
    hash: [u8; 32],
    until: Timestamp,
) -> rusqlite::Result<()> {
    transaction.run(
        "INSERT INTO recovery_codes (account, hash, until) VALUES (?1, ?2, ?3) ON CONFLICT (account) DO UPDATE SET \
         hash = excluded.hash, until = excluded.until",
        params![id.number(), hash, until.as_second()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::SignedDuration;

    use super::*;
    use crate::trial::new_account;

    #[test]
    fn a_code_counts_once_and_for_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (now, hour) = (Timestamp::UNIX_EPOCH, SignedDuration::from_hours(1));
        let id = store.add_account(&new_account("BJFU", "001"), now).unwrap().unwrap();
        let recover = |hash, password, at| store.recover_password(id, hash, password, at).unwrap();
        assert!(!recover([1; 32], "$a", now), "no code was given");
        store.add_recovery_code(id, [1; 32], now + hour, None).unwrap();
        store.add_recovery_code(id, [2; 32], now + hour, None).unwrap();
        assert!(!recover([1; 32], "$b", now), "a later one took its place");
        assert!(!recover([2; 32], "$c", now + hour), "too late");
        assert!(recover([2; 32], "$d", now));
        assert!(!recover([2; 32], "$e", now), "used already");
        assert_eq!(store.account("BJFU", "001").unwrap().unwrap().password.as_deref(), Some("$d"));
    }
}
