//! What clock and calendar do to loans: they become overdue, their readers are reminded, and the common vacation moves
//! the day by which they shall be back.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::directory::Directory;
use crate::requests::{Due, Event, History, Reminder, overdue_event, reminder};
use crate::store::{AccountId, LoanRow, Store, StoredRequest};
use crate::{Result, calendars};

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

/// Moves the due dates of what lenders at this machine have lent as the common vacation says; gives how many moved.
/// Done again it moves nothing more. What is wanted back, or may yet be renewed by a librarian's answer, stays.
pub fn extend_loans(store: &Store, zone: &TimeZone, now: Timestamp) -> Result<usize> {
    if store.clock_doubt(now)?.is_some() {
        return Ok(0);
    }
    let rules = Directory::of(store.all_facts()?).rules().clone();
    let (rules, calendar) = calendars::in_force(store, rules)?;
    let day = |at: Timestamp| at.to_zoned_datetime(zone.clone()).date();
    if calendar.vacations.iter().all(|vacation| vacation.due < day(now)) {
        return Ok(0);
    }
    let mut n_moved = 0;
    for (request, history) in store.lent_from_here()? {
        let Some(issued) = issued(&history).filter(|_| is_to_be_moved(&history)) else { continue };
        let due = Due::extended(day(issued), &rules.of(&request.form.supplier), &calendar);
        if let Some(due) = due.filter(|due| *due >= day(now)) {
            n_moved += usize::from(store.extend_loan(request.id, due, now)?);
        }
    }
    Ok(n_moved)
}

fn issued(history: &History) -> Option<Timestamp> {
    history.first(|event| matches!(event, Event::Ship { .. }))
}

// Something on its way that was recalled does not stand as recalled, but the lender wants it all the same.
fn is_to_be_moved(history: &History) -> bool {
    let is_recalled = history.events().any(|recorded| matches!(recorded.event, Event::Recall { .. }));
    !is_recalled && !history.standing().0.renewal_asked
}
