//! By which day an item shall be back (DOMAIN §8.1, §8.4 rule 6). Days are those of the lender's calendar.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::lender::LenderRules;

/// Days on which a desk is closed, first and last included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// A common vacation: whatever is due before its end is due on one day after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacation {
    /// Loans that were issued on this day or later are extended.
    pub issued_from: Date,
    /// The day on which they are due.
    pub due: Date,
    /// Codes of the lenders that do not take part.
    #[serde(default)]
    pub exempt: Vec<String>,
}

/// The days that the consortium has agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Closed days of all.
    #[serde(default)]
    pub suspensions: Vec<Suspension>,
    /// Days on which people work although the week says otherwise (调休).
    #[serde(default)]
    pub working_days: Vec<Suspension>,
    /// Extensions.
    #[serde(default)]
    pub vacations: Vec<Vacation>,
}

/// What the lender says when the common vacation moves the due date of something that is out. It was not asked for, so
/// it is no renewal, though it comes as the answer to one.
pub const EXTENDED: &str = "the common vacation moves the due date";

/// Why a due date is not issue plus loan period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueReason {
    /// The common vacation.
    Vacation,
    /// The lender is closed on the day.
    Closed,
}

/// A due date with what moved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The day.
    pub day: Date,
    /// In the order in which they counted.
    pub moved_by: Vec<DueReason>,
}

impl Suspension {
    /// Whether the day is one of them.
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

impl Due {
    /// Of what `lender` issues on a day.
    pub fn of_loan(issued: Date, lender: &LenderRules, calendar: &Calendar) -> Self {
        let mut due = Self { day: later(issued, lender.loan_days.into()), moved_by: Vec::new() };
        if let Some(day) = vacation_day(issued, lender, calendar).filter(|day| *day > due.day) {
            due.day = day;
            due.moved_by.push(DueReason::Vacation);
        }
        if let Some(open) = first_open(due.day, lender, calendar).filter(|open| *open != due.day) {
            due.day = open;
            due.moved_by.push(DueReason::Closed);
        }
        due
    }

    /// The day to which the common vacation moves what is out already; `None` where it leaves it.
    pub fn extended(issued: Date, lender: &LenderRules, calendar: &Calendar) -> Option<Date> {
        let day = vacation_day(issued, lender, calendar)?;
        Some(first_open(day, lender, calendar).unwrap_or(day))
    }
}

fn vacation_day(issued: Date, lender: &LenderRules, calendar: &Calendar) -> Option<Date> {
    let vacations = calendar.vacations.iter();
    vacations
        .filter(|vacation| vacation.issued_from <= issued && issued <= vacation.due)
        .filter(|vacation| !vacation.exempt.contains(&lender.code))
        .map(|vacation| vacation.due)
        .max()
}

/// The first day from this one on on which the desk is open; `None` where a table closes it for years.
fn first_open(day: Date, lender: &LenderRules, calendar: &Calendar) -> Option<Date> {
    const MOST: i64 = 800;
    (0..MOST).map(|n| later(day, n)).find(|day| is_open(*day, false, lender, calendar))
}

/// Whether a desk is open: closures count always, days of the week where nothing makes them working days. `is_weekend`
/// closes a day as the desk's own week does.
pub(super) fn is_open(day: Date, is_weekend: bool, lender: &LenderRules, calendar: &Calendar) -> bool {
    let holds = |all: &[Suspension], more: &[Suspension]| all.iter().chain(more).any(|days| days.holds(day));
    let is_free = is_weekend || lender.closed_weekdays.contains(&day.weekday().to_monday_one_offset());
    !holds(&lender.closures, &calendar.suspensions)
        && (!is_free || holds(&lender.working_days, &calendar.working_days))
}

fn later(day: Date, n_days: i64) -> Date {
    day.saturating_add(n_days.days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn lender(code: &str) -> LenderRules {
        LenderRules { code: code.to_owned(), ..LenderRules::default() }
    }

    fn winter() -> Calendar {
        let vacation = Vacation {
            issued_from: date(2027, 1, 4),
            due: date(2027, 3, 8),
            exempt: vec!["NLC".to_owned(), "SHLIB".to_owned()],
        };
        Calendar { vacations: vec![vacation], ..Calendar::default() }
    }

    #[test]
    fn thirty_days_over_the_end_of_a_month() {
        let due = Due::of_loan(date(2026, 11, 25), &lender("PKU"), &Calendar::default());
        assert_eq!(due, Due { day: date(2026, 12, 25), moved_by: vec![] });
        let due = Due::of_loan(date(2028, 1, 31), &lender("PKU"), &Calendar::default());
        assert_eq!(due.day, date(2028, 3, 1));
    }

    #[test]
    fn the_vacation_extends_what_it_covers_and_never_shortens() {
        for (issued, code, day) in [
            (date(2027, 1, 3), "PKU", date(2027, 2, 2)),
            (date(2027, 1, 4), "PKU", date(2027, 3, 8)),
            (date(2027, 1, 4), "NLC", date(2027, 2, 3)),
            (date(2027, 2, 20), "PKU", date(2027, 3, 22)),
            (date(2027, 3, 9), "PKU", date(2027, 4, 8)),
        ] {
            assert_eq!(Due::of_loan(issued, &lender(code), &winter()).day, day, "{issued} {code}");
        }
        let due = Due::of_loan(date(2027, 1, 4), &lender("PKU"), &winter());
        assert_eq!(due.moved_by, vec![DueReason::Vacation]);
    }

    #[test]
    fn a_closed_day_moves_on_to_an_open_one() {
        let closed = |from, to| Suspension { from, to };
        let mut pku = lender("PKU");
        pku.closures = vec![
            closed(date(2026, 12, 25), date(2026, 12, 27)),
            closed(date(2026, 12, 28), date(2026, 12, 28)),
        ];
        let mut calendar = Calendar::default();
        calendar.suspensions.push(closed(date(2026, 12, 29), date(2026, 12, 31)));
        let due = Due::of_loan(date(2026, 11, 25), &pku, &calendar);
        assert_eq!(due, Due { day: date(2027, 1, 1), moved_by: vec![DueReason::Closed] });
    }
}
