//! Which readers are reminded today: 7 days and 1 day before the due date, when it has passed, when the lender wants
//! the item back.

use jiff::civil::Date;

use super::event::Event;
use super::state::State;

/// What a reader is reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reminder {
    /// Due in a week or less.
    Week,
    /// Due tomorrow or today.
    Day,
    /// Overdue.
    Overdue,
    /// Wanted back.
    Recall,
}

impl Reminder {
    /// Its word in the store and in texts.
    pub fn code(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Day => "day",
            Self::Overdue => "overdue",
            Self::Recall => "recall",
        }
    }

    /// The reminder of this word.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Week, Self::Day, Self::Overdue, Self::Recall].into_iter().find(|one| one.code() == code)
    }
}

/// What is due on a day in a state today; a machine that was off for days says the latest word only.
pub fn reminder(state: State, due: Option<Date>, today: Date) -> Option<Reminder> {
    if !state.is_lent() {
        return None;
    }
    if state == State::Recalled {
        return Some(Reminder::Recall);
    }
    let days = due?.since(today).ok()?.get_days();
    match days {
        ..0 => Some(Reminder::Overdue),
        // On the shelf at the desk nothing is to be brought back yet.
        _ if state == State::Received => None,
        0..=1 => Some(Reminder::Day),
        2..=7 => Some(Reminder::Week),
        _ => None,
    }
}

/// What the clock makes of a loan: overdue, or not overdue any more where a clock that stood wrong had made it so.
pub fn overdue_event(state: State, due: Option<Date>, today: Date) -> Option<Event> {
    match (state, due? < today) {
        (State::OnLoan, true) => Some(Event::BecomeOverdue),
        (State::Overdue, false) => Some(Event::TakeBackOverdue),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn by_day_and_state() {
        let due = Some(date(2026, 12, 10));
        for (state, today, expect) in [
            (State::OnLoan, date(2026, 12, 2), None),
            (State::OnLoan, date(2026, 12, 3), Some(Reminder::Week)),
            (State::OnLoan, date(2026, 12, 8), Some(Reminder::Week)),
            (State::OnLoan, date(2026, 12, 9), Some(Reminder::Day)),
            (State::OnLoan, date(2026, 12, 10), Some(Reminder::Day)),
            (State::OnLoan, date(2026, 12, 11), Some(Reminder::Overdue)),
            (State::Overdue, date(2027, 12, 11), Some(Reminder::Overdue)),
            (State::Recalled, date(2026, 11, 1), Some(Reminder::Recall)),
            (State::Received, date(2026, 12, 9), None),
            (State::Shipped, date(2026, 12, 9), None),
            (State::Returning, date(2026, 12, 20), None),
        ] {
            assert_eq!(reminder(state, due, today), expect, "{state} {today}");
        }
        assert_eq!(reminder(State::OnLoan, None, date(2026, 12, 9)), None);
        for (state, day, expect) in [
            (State::OnLoan, 10, None),
            (State::OnLoan, 11, Some(Event::BecomeOverdue)),
            (State::Overdue, 11, None),
            (State::Overdue, 10, Some(Event::TakeBackOverdue)),
            (State::Recalled, 11, None),
        ] {
            assert_eq!(overdue_event(state, due, date(2026, 12, day)), expect, "{state} {day}");
        }
        assert_eq!(overdue_event(State::Overdue, None, date(2026, 12, 9)), None);
    }
}
