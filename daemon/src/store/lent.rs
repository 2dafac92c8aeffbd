//! What a reader has on loan, and what a library has lent.

use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::civil::Date;

use super::Store;
use super::accounts::AccountId;
use super::events::{history_of, record};
use super::requests::{StoredRequest, from_row, one};
use crate::Result;
use crate::requests::{EXTENDED, Event, History, Party, RequestId};

const LOANS: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own \
     FROM requests WHERE account = ?1 AND state \
     IN ('received', 'on_loan', 'overdue', 'recalled') ORDER BY due IS NULL, due, created LIMIT 100";
// A lender's desk is here where its staff sign in; at a hub it may have a branch of its own besides, which decides.
const LENT_FROM_HERE: &str = "SELECT id, number, library, account, form, state, due, created, changed, patron, is_own FROM \
    requests r WHERE state IN ('shipped', 'received', 'on_loan', 'overdue') AND due IS NOT NULL AND EXISTS (SELECT 1 \
    FROM accounts a WHERE a.library = r.supplier AND a.role <> 'reader') AND NOT EXISTS (SELECT 1 FROM branches b WHERE \
    b.library = r.supplier) ORDER BY id";

impl Store {
    /// What waits for a reader or is lent to him, the earliest due date first.
    pub fn loans_of(&self, account: AccountId) -> Result<Vec<StoredRequest>> {
        self.read(|connection| {
            connection.prepare_cached(LOANS)?.query_map([account.number()], from_row)?.collect()
        })
    }

    /// What lenders whose desk is on this machine have lent and do not want back early, with what happened to it.
    pub fn lent_from_here(&self) -> Result<Vec<(StoredRequest, History)>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(LENT_FROM_HERE)?;
            let rows = statement.query_map([], from_row)?;
            rows.map(|row| {
                let request = row?;
                let history = history_of(connection, request.id)?;
                Ok((request, history))
            })
            .collect()
        })
    }

    /// The common vacation moves the due date of a loan; `false` where it is as late by now, or later.
    pub fn extend_loan(&self, id: RequestId, due: Date, now: Timestamp) -> Result<bool> {
        self.write(|transaction| {
            let Some(request) = one(transaction, id)? else { return Ok(false) };
            if request.due.is_none_or(|known| known >= due) {
                return Ok(false);
            }
            let lender = LibraryCode::new(request.form.supplier.as_str());
            let event = Event::AnswerRenew { granted: true, due: Some(due) };
            let done = record(transaction, &request, (&lender, Party::Lender), &event, EXTENDED, now)?;
            Ok(done.is_ok())
        })
    }
}
