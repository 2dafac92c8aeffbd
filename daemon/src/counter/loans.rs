//! What clock and calendar do to loans: they become overdue, their readers are reminded, and the common vacation moves
//! the day by which they shall be back.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::directory::Directory;
use crate::requests::{Due, Event, History, Reminder, becomes_overdue, reminder};
use crate::store::{AccountId, Store, StoredRequest};
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

/// Moves the due dates of what lenders at this machine have lent as the common vacation says; gives how many moved.
/// Done again it moves nothing more. What is wanted back, or may yet be renewed by a librarian's answer, stays.
pub fn extend_loans(store: &Store, zone: &TimeZone, now: Timestamp) -> Result<usize> {
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
