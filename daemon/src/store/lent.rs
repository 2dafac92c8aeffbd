//! What a reader has on loan.

use super::Store;
use super::accounts::AccountId;
use super::requests::{StoredRequest, from_row};
use crate::Result;

const LOANS: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own \
     FROM requests WHERE account = ?1 AND state \
     IN ('received', 'on_loan', 'overdue', 'recalled') ORDER BY due IS NULL, due, created LIMIT 100";

impl Store {
    /// What waits for a reader or is lent to him, the earliest due date first.
    pub fn loans_of(&self, account: AccountId) -> Result<Vec<StoredRequest>> {
        self.read(|connection| {
            connection.prepare_cached(LOANS)?.query_map([account.number()], from_row)?.collect()
        })
    }
}
