//! Which event leads from which state to which (DOMAIN §8.4).
//!
//! Reports of the lender's side come late, twice and out of order. One that says less than what is known already is
//! no error: it stays on record and moves nothing. What a person or our own clock wants and cannot have is refused.

use super::event::Event;
use super::standing::Standing;
use super::state::State;

/// What an event that can happen does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The request stands so now; the state may be the same.
    To(Standing),
    /// A late report: kept, without effect.
    Late,
}

/// Why an event cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// The request has ended; asking again makes a new one.
    Ended(State),
    /// The event does not belong to this state.
    NotIn(State),
    /// A renewal was asked for already.
    RenewalAsked,
}

pub(super) fn step(standing: Standing, event: &Event) -> Result<Step, Bar> {
    let state = standing.state;
    if state.is_final() {
        return if event.is_report() { Ok(Step::Late) } else { Err(Bar::Ended(state)) };
    }
    let next = if state == State::CancelPending {
        while_cancelling(standing, event)
    } else {
        of_requester(standing, event)?.or_else(|| of_lender(standing, event))
    };
    match next {
        Some(next) => Ok(Step::To(next)),
        None if event.is_report() && state != State::Draft && state != State::Queued => Ok(Step::Late),
        None => Err(Bar::NotIn(state)),
    }
}

// What the requester's side does. `None`: not its event, or not here.
fn of_requester(standing: Standing, event: &Event) -> Result<Option<Standing>, Bar> {
    use State::*;
    let state = standing.state;
    let next = match (state, event) {
        (Draft, Event::Submit) => Queued,
        (Queued, Event::Edit) => Draft,
        (Queued, Event::Transmit) => Sent,
        // Sent again: the outcome was not known.
        (Sent, Event::Transmit) => Sent,
        (Queued, Event::Expire) => Expired,
        (Queued, Event::AskCancel) => Cancelled,
        (Sent | AtCentre | Acknowledged | Conditional | Accepted, Event::AskCancel)
        | (Conditional, Event::RefuseCondition) => {
            return Ok(Some(Standing { before_cancel: Some(state), ..standing }.at_cancelling()));
        }
        (Conditional, Event::AgreeCondition) => Accepted,
        (Sent | AtCentre | Acknowledged | Conditional | Accepted, Event::Receive) => {
            return Ok(Some(Standing { received_early: true, ..standing }));
        }
        (Shipped, Event::Receive) => Received,
        (Received, Event::CheckOut) => OnLoan,
        (OnLoan, Event::BecomeOverdue) => Overdue,
        (Overdue, Event::TakeBackOverdue) => OnLoan,
        (Received | OnLoan | Overdue, Event::AskRenew) if standing.renewal_asked => {
            return Err(Bar::RenewalAsked);
        }
        // A lender may never hear that its item was checked out: ISO 18626 has no word for it.
        (Received | OnLoan | Overdue, Event::AskRenew) => {
            return Ok(Some(Standing { renewal_asked: true, ..standing }));
        }
        (Received | OnLoan | Overdue | Recalled, Event::Return) => Returning,
        // A question moves nothing.
        (_, Event::AskStatus) if !state.is_at_home() => return Ok(Some(standing)),
        (Shipped | Received | OnLoan | Overdue | Recalled | Returning, Event::Lose) => Lost,
        // A librarian ends only what is under way; what is at home is withdrawn.
        (_, Event::Close) if !state.is_at_home() => closed(state),
        _ => return Ok(None),
    };
    Ok(Some(standing.at(next)))
}

// What was lent counts as given back, what was not as withdrawn.
fn closed(state: State) -> State {
    match state {
        State::Shipped
        | State::Received
        | State::OnLoan
        | State::Overdue
        | State::Recalled
        | State::Returning => State::Completed,
        _ => State::Cancelled,
    }
}

// What the lender's side and the centre report. Of messages out of order the one that says most counts.
fn of_lender(standing: Standing, event: &Event) -> Option<Standing> {
    use State::*;
    let next = match (standing.state, event) {
        (Sent, Event::CentreReceipt) => AtCentre,
        (Sent | AtCentre, Event::Reject) => Rejected,
        (Sent | AtCentre, Event::Acknowledge) => Acknowledged,
        (Sent | AtCentre | Acknowledged | Conditional, Event::Accept) => Accepted,
        (Sent | AtCentre | Acknowledged, Event::Condition) => Conditional,
        (Sent | AtCentre | Acknowledged | Conditional | Accepted, Event::Unfill) => Unfilled,
        (Sent | AtCentre | Acknowledged | Conditional | Accepted, Event::OfferRetry) => RetryPossible,
        (Sent | AtCentre | Acknowledged | Conditional | Accepted, Event::Ship { due }) => {
            return Some(shipped(standing, *due));
        }
        // Said again with another day: the lender's word on it is the last one.
        (Shipped, Event::Ship { due: Some(due) }) => return Some(Standing { due: Some(*due), ..standing }),
        // A withdrawal that was thought to have failed did not.
        (Sent | AtCentre | Acknowledged | Conditional | Accepted, Event::AnswerCancel { granted: true }) => {
            Cancelled
        }
        (Shipped | Received | OnLoan | Overdue, Event::Recall { due }) => {
            let due = due.or(standing.due);
            // What is still on its way has no reader to be reminded yet; the day counts all the same.
            let next = if standing.state == Shipped { Shipped } else { Recalled };
            return Some(Standing { due, ..standing }.at(next));
        }
        (Received | OnLoan | Overdue | Recalled, Event::AnswerRenew { granted, due }) => {
            return renewed(standing, *granted, *due);
        }
        // The common vacation moves the day of what no reader has yet: nothing was asked, and nothing else changes.
        (Shipped, Event::AnswerRenew { granted: true, due: Some(due) }) => {
            return Some(Standing { due: Some(*due), ..standing });
        }
        // Lenders forget to report what went before, but not that the book stands on their shelf.
        (Shipped | Received | OnLoan | Overdue | Recalled | Returning, Event::CheckIn) => Completed,
        _ => return None,
    };
    Some(standing.at(next))
}

// A recalled item is not renewed, whatever was asked before the recall.
fn renewed(standing: Standing, granted: bool, due: Option<jiff::civil::Date>) -> Option<Standing> {
    let answered = Standing { renewal_asked: false, ..standing };
    match (standing.state, granted) {
        (State::Recalled, true) => None,
        (_, false) => Some(answered),
        (state, true) => {
            let next = if state == State::Received { state } else { State::OnLoan };
            Some(Standing { due: due.or(standing.due), ..answered }.at(next))
        }
    }
}

fn shipped(standing: Standing, due: Option<jiff::civil::Date>) -> Standing {
    let next = if standing.received_early { State::Received } else { State::Shipped };
    Standing { due: due.or(standing.due), received_early: false, ..standing }.at(next)
}

// The lender has the last word, and the goods win.
fn while_cancelling(standing: Standing, event: &Event) -> Option<Standing> {
    let before = standing.before_cancel.unwrap_or(State::Sent);
    match event {
        Event::AnswerCancel { granted: true } => Some(standing.at(State::Cancelled)),
        Event::AnswerCancel { granted: false } => Some(standing.at(before)),
        Event::Close => Some(standing.at(State::Cancelled)),
        Event::AskStatus => Some(standing),
        Event::Transmit if before == State::Sent => Some(standing),
        Event::Receive => Some(Standing { received_early: true, ..standing }),
        report if report.is_report() || *report == Event::Reject => {
            let next = of_lender(Standing { state: before, ..standing }, report)?;
            let goes_on = matches!(
                next.state,
                State::AtCentre | State::Acknowledged | State::Conditional | State::Accepted
            );
            Some(if goes_on { Standing { before_cancel: Some(next.state), ..standing } } else { next })
        }
        _ => None,
    }
}

impl Standing {
    fn at_cancelling(self) -> Self {
        Self { state: State::CancelPending, ..self }
    }
}

#[cfg(test)]
mod tests;
