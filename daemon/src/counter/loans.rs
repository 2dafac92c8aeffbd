//! What the clock does to loans: they become overdue, and their readers are reminded.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Result;
use crate::requests::{Reminder, overdue_event, reminder};
use crate::store::{AccountId, LoanRow, Store, StoredRequest};

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
/// each reminder once for a due date. What a clock that stood wrong did before is taken back; while it is in doubt what
/// day it is, nothing happens.
pub fn look_after_loans(store: &Store, zone: &TimeZone, now: Timestamp) -> Result<Vec<Told>> {
    if store.clock_doubt(now)?.is_some() {
        return Ok(Vec::new());
    }
    let today = now.to_zoned_datetime(zone.clone()).date();
    let mut told = Vec::new();
    for loan in store.loans()? {
        told.extend(look_after(store, loan, today, now)?);
    }
    Ok(told)
}

fn look_after(store: &Store, loan: LoanRow, today: Date, now: Timestamp) -> Result<Option<Told>> {
    let (mut request, account) = (loan.request, loan.account);
    if let Some(event) = overdue_event(request.state, request.due, today) {
        let state = store.note_by_clock(request.id, &request.library, &event, now)?;
        request.state = state.unwrap_or(request.state);
    }
    let right = reminder(request.state, request.due, today);
    // Days go on only: what is further than today was said by a clock that stood wrong.
    let (said, early): (Vec<_>, Vec<_>) = loan.reminded.into_iter().partition(|said| Some(*said) <= right);
    if !early.is_empty() {
        store.forget_reminders(request.id, request.due, &early)?;
    }
    // Of a reminder that was missed while the machine was off, only the latest is said.
    let Some(reminder) = right.filter(|right| !said.contains(right)) else { return Ok(None) };
    let is_new = store.note_reminder(request.id, reminder, request.due, now)?;
    Ok(is_new.then_some(Told { account, request, reminder }))
}
