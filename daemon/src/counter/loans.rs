//! What the clock does to loans: they become overdue, and their readers are reminded.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Result;
use crate::requests::{Reminder, becomes_overdue, reminder};
use crate::store::{AccountId, Store, StoredRequest};

/// A reader who is to be told something.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Who.
    pub account: AccountId,
    /// Of which loan.
    pub request: StoredRequest,
    /// What.
    pub reminder: Reminder,
}

/// Looks at every loan of this machine's readers once: writes down what has become overdue, and gives whom to remind,
/// each reminder once for a due date.
pub fn look_after_loans(store: &Store, zone: &TimeZone, now: Timestamp) -> Result<Vec<Told>> {
    let today = now.to_zoned_datetime(zone.clone()).date();
    let mut told = Vec::new();
    for loan in store.loans()? {
        let (request, account) = (loan.request, loan.account);
        if becomes_overdue(request.state, request.due, today) {
            store.note_overdue(request.id, &request.library, now)?;
        }
        let Some(reminder) = reminder(request.state, request.due, today) else { continue };
        // Of a reminder that was missed while the machine was off, only the latest is said.
        if loan.reminded.iter().any(|said| *said >= reminder) {
            continue;
        }
        if store.note_reminder(request.id, reminder, request.due, now)? {
            told.push(Told { account, request, reminder });
        }
    }
    Ok(told)
}
