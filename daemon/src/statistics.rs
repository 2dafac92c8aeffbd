//! Figures of interlibrary loan by library and month: lent, borrowed, filled, how long it took, what it costs. Pure.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::requests::{Event, History, Shipment};

/// What of a request counts, with the days on which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Code of the library that asked.
    pub library: String,
    /// Code of the library that was asked.
    pub supplier: String,
    /// When the request was made.
    pub submitted: Date,
    /// When the item was sent.
    pub shipped: Option<Date>,
    /// When the item came.
    pub received: Option<Date>,
    /// How many items were sent; one where no barcodes say.
    pub n_items: u32,
    /// Withdrawn, rejected or expired: nobody was to fill it.
    pub is_void: bool,
}

impl Fact {
    /// Out of what happened; `day_of` says on which day a moment falls. `in_parcels`: items that are known to have been
    /// in a parcel, as those are kept longer than the words of an event.
    pub fn of(
        library: &str,
        supplier: &str,
        (history, in_parcels): (&History, u32),
        day_of: impl Fn(jiff::Timestamp) -> Date,
    ) -> Option<Self> {
        use crate::requests::State::{Cancelled, Expired, Rejected};
        let day = |is: fn(&Event) -> bool| history.first(is).map(&day_of);
        let shipped = day(|event| matches!(event, Event::Ship { .. }));
        let (standing, _) = history.standing();
        let sent = history.events().filter(|recorded| matches!(recorded.event, Event::Ship { .. }));
        let barcodes = sent.map(|recorded| Shipment::of_note(&recorded.note).barcodes.len()).max();
        let barcodes = barcodes.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        Some(Self {
            n_items: barcodes.max(in_parcels).max(1),
            library: library.to_owned(),
            supplier: supplier.to_owned(),
            submitted: day(|event| *event == Event::Submit)?,
            shipped,
            received: day(|event| *event == Event::Receive),
            is_void: shipped.is_none() && matches!(standing.state, Cancelled | Expired | Rejected),
        })
    }
}

/// A month: `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// The year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
}

impl Month {
    /// The month of a day.
    pub fn of(day: Date) -> Self {
        Self { year: day.year(), month: day.month() }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Days, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
}

impl Range {
    /// Whether a day is one of them.
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }

    /// The year of account that a day belongs to: December to November.
    pub fn account_year(day: Date) -> Self {
        let year = if day.month() == 12 { day.year() } else { day.year() - 1 };
        Self { from: jiff::civil::date(year, 12, 1), to: jiff::civil::date(year + 1, 11, 30) }
    }

    /// Its months, at most so many.
    pub fn months(&self, most: usize) -> Vec<Month> {
        let mut months = Vec::new();
        let mut day = self.from.first_of_month();
        while day <= self.to && months.len() < most {
            months.push(Month::of(day));
            day = day.saturating_add(jiff::Span::new().months(1));
        }
        months
    }
}

/// The figures of one library in one month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Items that it sent.
    pub lent: u32,
    /// Items that it got.
    pub borrowed: u32,
    /// Requests that it made, those withdrawn aside.
    pub asked: u32,
    /// Of these, those that somebody sent.
    pub filled: u32,
    /// Working days from making a request to getting the item, of items that came in this month, sorted.
    pub days: Vec<u32>,
}

impl Figures {
    /// The value that so many hundredths of all do not exceed; `None`: nothing came.
    pub fn days_of(&self, hundredths: usize) -> Option<u32> {
        let place = (self.days.len() * hundredths).div_ceil(100).max(1);
        self.days.get(place - 1).copied()
    }

    fn add(&mut self, other: &Self) {
        self.lent += other.lent;
        self.borrowed += other.borrowed;
        self.asked += other.asked;
        self.filled += other.filled;
        self.days.extend(&other.days);
        self.days.sort_unstable();
    }
}

/// All figures of a range, by library and month; where nothing happened nothing stands. `work_days` counts those of a
/// lender's desk from one day to another.
pub fn by_library_and_month(
    facts: &[Fact],
    range: Range,
    work_days: impl Fn(&str, Date, Date) -> u32,
) -> BTreeMap<(String, Month), Figures> {
    let mut all: BTreeMap<(String, Month), Figures> = BTreeMap::new();
    for fact in facts {
        if let Some(day) = fact.shipped.filter(|day| range.holds(*day)) {
            all.entry((fact.supplier.clone(), Month::of(day))).or_default().lent += fact.n_items;
        }
        if let Some(day) = fact.received.filter(|day| range.holds(*day)) {
            let figures = all.entry((fact.library.clone(), Month::of(day))).or_default();
            figures.borrowed += fact.n_items;
            figures.days.push(work_days(&fact.supplier, fact.submitted, day));
        }
        if range.holds(fact.submitted) && !fact.is_void {
            let figures = all.entry((fact.library.clone(), Month::of(fact.submitted))).or_default();
            figures.asked += 1;
            figures.filled += u32::from(fact.shipped.is_some());
        }
    }
    all.values_mut().for_each(|figures| figures.days.sort_unstable());
    all
}

/// The same summed up, by library or by month.
pub fn sums<K: Ord>(
    all: &BTreeMap<(String, Month), Figures>,
    key: impl Fn(&(String, Month)) -> K,
) -> BTreeMap<K, Figures> {
    let mut sums: BTreeMap<K, Figures> = BTreeMap::new();
    for (place, figures) in all {
        sums.entry(key(place)).or_default().add(figures);
    }
    sums
}

/// What the consortium pays, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rates {
    /// To the lender, for each item sent.
    pub lent: u64,
    /// To the borrower, for each item got.
    pub borrowed: u64,
    /// To the courier, for each parcel.
    pub parcel: u64,
}

impl Rates {
    /// The subsidy of a library, in fen.
    pub fn subsidy(&self, figures: &Figures) -> u64 {
        let of = |rate: u64, n: u32| rate.saturating_mul(u64::from(n));
        of(self.lent, figures.lent).saturating_add(of(self.borrowed, figures.borrowed))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::civil::date;

    use super::*;
    use crate::requests::{Calendar, LenderRules, work_days};

    fn fact(
        library: &str,
        supplier: &str,
        submitted: Date,
        shipped: Option<Date>,
        received: Option<Date>,
    ) -> Fact {
        Fact {
            library: library.into(),
            supplier: supplier.into(),
            submitted,
            shipped,
            received,
            n_items: 1,
            is_void: false,
        }
    }

    #[test]
    fn a_loan_counts_in_the_month_in_which_it_happened() {
        let facts = [
            fact("BJFU", "PKU", date(2026, 11, 27), Some(date(2026, 11, 30)), Some(date(2026, 12, 2))),
            fact("BJFU", "PKU", date(2026, 12, 1), Some(date(2026, 12, 2)), Some(date(2026, 12, 2))),
            fact("BJFU", "RUC", date(2026, 12, 1), None, None),
            Fact { is_void: true, ..fact("BJFU", "RUC", date(2026, 12, 1), None, None) },
            fact("PKU", "BJFU", date(2026, 10, 1), Some(date(2026, 10, 2)), None),
        ];
        let range = Range { from: date(2026, 11, 1), to: date(2026, 12, 31) };
        let (usual, calendar) = (LenderRules::default(), Calendar::default());
        let all = by_library_and_month(&facts, range, |_, from, to| work_days(from, to, &usual, &calendar));
        let december = &all[&("BJFU".to_owned(), Month { year: 2026, month: 12 })];
        let expect = Figures { lent: 0, borrowed: 2, asked: 2, filled: 1, days: vec![1, 3] };
        assert_eq!(*december, expect);
        let november = &all[&("BJFU".to_owned(), Month { year: 2026, month: 11 })];
        assert_eq!((november.asked, november.filled, november.borrowed), (1, 1, 0));
        let lent = sums(&all, |(library, _)| library.clone());
        assert_eq!((lent["PKU"].lent, lent["BJFU"].borrowed, lent["BJFU"].asked), (2, 2, 3));
        assert!(!all.keys().any(|(_, month)| month.month == 10));
        let rates = Rates { lent: 1_000, borrowed: 250, parcel: 800 };
        assert_eq!((rates.subsidy(&lent["PKU"]), rates.subsidy(&lent["BJFU"])), (2_000, 500));
    }

    #[test]
    fn what_was_sent_counts_by_its_items() {
        use crate::requests::{Party, Recorded};
        let day_of = |at: jiff::Timestamp| at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let fact = |note: &str, in_parcels| {
            let mut history = History::default();
            let events = [Event::Submit, Event::Transmit, Event::Ship { due: None }, Event::Receive];
            for (seq, event) in (1..).zip(events) {
                let party = if seq == 3 { Party::Lender } else { Party::Requester };
                let note = if seq == 3 { note.to_owned() } else { String::new() };
                let (at, library) = (jiff::Timestamp::UNIX_EPOCH, indexer::bib::LibraryCode::new("PKU"));
                history.add(Recorded { clock: seq.into(), library, seq, life: 0, at, party, event, note });
            }
            Fact::of("BJFU", "PKU", (&history, in_parcels), day_of).unwrap()
        };
        for (note, in_parcels, n) in [("", 0, 1), ("条码 A001 A002", 0, 2), ("条码 A001", 1, 1), ("", 3, 3)]
        {
            let facts = [fact(note, in_parcels)];
            let range = Range { from: date(1970, 1, 1), to: date(1970, 1, 31) };
            let all = by_library_and_month(&facts, range, |_, _, _| 1);
            let whole = sums(&all, |_| ()).into_values().next().unwrap();
            let figures = (whole.lent, whole.borrowed, whole.asked, whole.filled, whole.days);
            assert_eq!(figures, (n, n, 1, 1, vec![1]), "{note} {in_parcels}");
        }
    }

    #[test]
    fn median_and_nine_tenths() {
        let of = |days: Vec<u32>| Figures { days, ..Figures::default() };
        assert_eq!(of(vec![]).days_of(50), None);
        for (days, median, p90) in [
            (vec![4], 4, 4),
            (vec![1, 9], 1, 9),
            (vec![1, 2, 3], 2, 3),
            ((1..=10).collect(), 5, 9),
            ((1..=100).collect(), 50, 90),
        ] {
            let figures = of(days);
            assert_eq!((figures.days_of(50), figures.days_of(90)), (Some(median), Some(p90)), "{figures:?}");
        }
    }

    #[test]
    fn the_year_of_account_begins_in_december() {
        let year = Range::account_year(date(2026, 11, 30));
        assert_eq!((year.from, year.to), (date(2025, 12, 1), date(2026, 11, 30)));
        assert_eq!(Range::account_year(date(2026, 12, 1)).to, date(2027, 11, 30));
        let months = year.months(100);
        assert_eq!(
            (months.len(), months[0].to_string(), months[11].to_string()),
            (12, "2025-12".into(), "2026-11".into())
        );
    }
}
