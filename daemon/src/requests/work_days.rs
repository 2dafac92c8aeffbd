//! Working days: Monday to Friday and the Saturdays that people work (调休), without the days on which a desk is closed.

use jiff::civil::{Date, Weekday};

use super::due::{Calendar, is_open};
use super::lender::LenderRules;

/// Working days of a desk after `from` up to and with `to`; 0 where `to` is not later.
pub fn work_days(from: Date, to: Date, desk: &LenderRules, calendar: &Calendar) -> u32 {
    // A wrong clock makes long ways; nobody waits for years.
    const MOST: usize = 4_000;
    let days = from.series(jiff::Span::new().days(1)).skip(1).take(MOST).take_while(|day| *day <= to);
    let is_work = |day: &Date| {
        let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        is_open(*day, is_weekend, desk, calendar)
    };
    u32::try_from(days.filter(is_work).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::due::Suspension;
    use super::*;

    fn days(from: Date, to: Date) -> Vec<Suspension> {
        vec![Suspension { from, to }]
    }

    #[test]
    fn weekends_and_closed_days_do_not_count_and_worked_saturdays_do() {
        let friday = date(2026, 11, 27);
        let (usual, nothing) = (LenderRules::default(), Calendar::default());
        let closed = Calendar { suspensions: days(date(2026, 12, 1), date(2026, 12, 2)), ..nothing.clone() };
        let worked =
            Calendar { working_days: days(date(2026, 11, 28), date(2026, 11, 28)), ..nothing.clone() };
        let own = LenderRules {
            closures: days(date(2026, 11, 28), date(2026, 11, 30)),
            working_days: days(date(2026, 12, 6), date(2026, 12, 6)),
            closed_weekdays: vec![3],
            ..usual.clone()
        };
        for (to, expect) in [
            (friday, [0, 0, 0, 0]),
            (date(2026, 11, 29), [0, 0, 1, 0]),
            (date(2026, 11, 30), [1, 1, 2, 0]),
            (date(2026, 12, 4), [5, 3, 6, 3]),
            (date(2026, 12, 6), [5, 3, 6, 4]),
            (date(2026, 11, 1), [0, 0, 0, 0]),
        ] {
            let count = |desk, calendar| work_days(friday, to, desk, calendar);
            let counts = [
                count(&usual, &nothing),
                count(&usual, &closed),
                count(&usual, &worked),
                count(&own, &worked),
            ];
            assert_eq!(counts, expect, "{to}");
        }
        assert_eq!(work_days(date(1, 1, 1), date(9999, 12, 31), &usual, &nothing), 2858);
    }
}
