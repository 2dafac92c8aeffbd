//! The calendars that staff keep, laid over the rules of lenders: by them due dates are counted.

use crate::Result;
use crate::policy;
use crate::requests::{Calendar, Rules, Suspension, Vacation};
use crate::store::{CalendarEntry, DayKind, Store};

/// The rules of all lenders with the days of their calendars, and the days of the consortium.
pub fn in_force(store: &Store, mut rules: Rules) -> Result<(Rules, Calendar)> {
    let mut calendar = policy::calendar(store)?;
    for (library, days) in store.closed_weekdays()? {
        rules.change(&library, |lender| lender.closed_weekdays = days);
    }
    for entry in store.calendar_entries()? {
        put(entry, &mut rules, &mut calendar);
    }
    Ok((rules, calendar))
}

/// At a hub: tells all branches of the consortium's days as they stand.
pub fn publish(store: &Store) -> Result<()> {
    let mut calendar = Calendar::default();
    let common = store.calendar_entries()?.into_iter().filter(|entry| entry.library.is_none());
    common.for_each(|entry| put(entry, &mut Rules::default(), &mut calendar));
    policy::publish_calendar(store, &calendar)
}

fn put(entry: CalendarEntry, rules: &mut Rules, calendar: &mut Calendar) {
    let days = Suspension { from: entry.first, to: entry.last };
    match (entry.library, entry.kind) {
        (None, DayKind::Closed) => calendar.suspensions.push(days),
        (None, DayKind::Working) => calendar.working_days.push(days),
        // A vacation is common, whoever wrote it.
        (_, DayKind::Vacation) => {
            let (issued_from, due) = (entry.first, entry.last);
            calendar.vacations.push(Vacation { issued_from, due, exempt: entry.exempt });
        }
        (Some(library), DayKind::Closed) => rules.change(&library, |lender| lender.closures.push(days)),
        (Some(library), DayKind::Working) => rules.change(&library, |lender| lender.working_days.push(days)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::Timestamp;
    use jiff::civil::{Date, date};

    use super::*;
    use crate::requests::Due;
    use crate::trial::reader;

    #[test]
    fn due_dates_follow_what_staff_write() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let staff = reader(&store, now).id;
        let add = |library: Option<&str>, kind, first, last, exempt: &[&str]| {
            let exempt = exempt.iter().map(|code| (*code).to_owned()).collect();
            let library = library.map(str::to_owned);
            let entry = CalendarEntry { id: 0, library, kind, first, last, exempt, note: String::new() };
            store.add_calendar_entry(&entry, staff, now).unwrap();
        };
        let due = |code: &str, issued: Date| {
            let (rules, calendar) = in_force(&store, Rules::default()).unwrap();
            Due::of_loan(issued, &rules.of(code), &calendar).day
        };
        // Thirty days after the 26th of November is a Saturday.
        let issued = date(2026, 11, 26);
        assert_eq!(due("PKU", issued), date(2026, 12, 26));
        store.set_closed_weekdays("PKU", &[6, 7, 9]).unwrap();
        assert_eq!(due("PKU", issued), date(2026, 12, 28), "on Monday");
        assert_eq!(due("BUPT", issued), date(2026, 12, 26), "each desk has its own week");
        add(None, DayKind::Working, date(2026, 12, 26), date(2026, 12, 26), &[]);
        assert_eq!(due("PKU", issued), date(2026, 12, 26), "a Saturday on which people work");
        add(Some("PKU"), DayKind::Closed, date(2026, 12, 26), date(2026, 12, 28), &[]);
        assert_eq!(due("PKU", issued), date(2026, 12, 29), "closed all the same");
        add(None, DayKind::Vacation, date(2026, 11, 20), date(2027, 3, 1), &["NLC"]);
        assert_eq!(due("PKU", issued), date(2027, 3, 1));
        assert!(due("NLC", issued) < date(2027, 1, 5), "takes no part");
        let all = store.calendar_entries().unwrap();
        let vacation = all.iter().find(|entry| entry.kind == DayKind::Vacation).unwrap().id;
        assert!(!store.remove_calendar_entry(vacation, Some("PKU")).unwrap(), "it is the consortium's");
        assert!(store.remove_calendar_entry(vacation, None).unwrap());
        assert_eq!(due("PKU", issued), date(2026, 12, 29));
    }
}
