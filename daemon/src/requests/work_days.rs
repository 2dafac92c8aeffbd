//! Working days: Monday to Friday without the days on which a desk is closed.

use jiff::civil::{Date, Weekday};

use super::due::Suspension;

/// Working days after `from` up to and with `to`; 0 where `to` is not later.
pub fn work_days(from: Date, to: Date, closed: &[Suspension]) -> u32 {
    // A wrong clock makes long ways; nobody waits for years.
    const MOST: usize = 4_000;
    let days = from.series(jiff::Span::new().days(1)).skip(1).take(MOST).take_while(|day| *day <= to);
    let is_work = |day: &Date| {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !closed.iter().any(|closure| closure.holds(*day))
    };
    u32::try_from(days.filter(is_work).count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weekends_and_closed_days_do_not_count() {
        let friday = date(2026, 11, 27);
        let closed = [Suspension { from: date(2026, 12, 1), to: date(2026, 12, 2) }];
        for (to, plain, with_closure) in [
            (friday, 0, 0),
            (date(2026, 11, 29), 0, 0),
            (date(2026, 11, 30), 1, 1),
            (date(2026, 12, 4), 5, 3),
            (date(2026, 11, 1), 0, 0),
        ] {
            assert_eq!(work_days(friday, to, &[]), plain, "{to}");
            assert_eq!(work_days(friday, to, &closed), with_closure, "{to}");
        }
        assert_eq!(work_days(date(1, 1, 1), date(9999, 12, 31), &[]), 2858);
    }
}
