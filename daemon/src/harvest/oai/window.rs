//! Spans of datestamps: written as the provider counts time, and halved where a list will not come whole. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400;

/// Seconds since 1970.
pub(super) type Moment = i64;

/// The smallest step of time that a provider knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Granularity {
    Day,
    Second,
}

/// From when until when records changed, both included; open where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    pub(super) from: Option<Moment>,
    pub(super) until: Option<Moment>,
}

impl Granularity {
    /// What Identify says. Some write more than the two legal forms: what has a time knows seconds.
    pub(super) fn of(text: &str) -> Self {
        if text.contains('T') { Self::Second } else { Self::Day }
    }

    /// How far a harvest reaches back behind the last one: a provider may show late what it dated early.
    pub(super) fn overlap(self) -> i64 {
        match self {
            Self::Day => DAY,
            Self::Second => 300,
        }
    }

    fn step(self) -> i64 {
        match self {
            Self::Day => DAY,
            Self::Second => 1,
        }
    }

    fn floor(self, moment: Moment) -> Moment {
        moment - moment.rem_euclid(self.step())
    }

    /// As an argument of a request.
    pub(super) fn text(self, moment: Moment) -> String {
        let time = Timestamp::from_second(moment).unwrap_or(Timestamp::UNIX_EPOCH);
        match self {
            Self::Day => time.strftime("%Y-%m-%d").to_string(),
            Self::Second => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

/// The moment of a datestamp of either form; fractions of a second are cut off.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_second());
    }
    let day: jiff::civil::Date = text.get(..10)?.parse().ok()?;
    Some(day.to_zoned_datetime(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

impl Window {
    /// Its two halves, the earlier first; `None` where it cannot be cut. The later one stays open at its end: what
    /// changes during the harvest moves there. `earliest` and `now` stand for the ends that are open.
    pub(super) fn halves(self, granularity: Granularity, earliest: Moment, now: Moment) -> Option<[Self; 2]> {
        let low = granularity.floor(self.from.unwrap_or(earliest));
        let high = granularity.floor(self.until.unwrap_or(now));
        if high <= low {
            return None;
        }
        let middle = granularity.floor(low + (high - low) / 2);
        let later = Self { from: Some(middle + granularity.step()), until: self.until };
        Some([Self { from: self.from, until: Some(middle) }, later])
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn datestamps_of_both_forms() {
        let check = |text: &str, expect: Option<&str>| {
            let got = moment(text).map(|m| Granularity::Second.text(m));
            assert_eq!(got.as_deref(), expect, "{text}");
        };
        check("2026-11-25", Some("2026-11-25T00:00:00Z"));
        check("2026-11-25T01:30:00Z", Some("2026-11-25T01:30:00Z"));
        check("2026-11-25T01:30:00.123Z", Some("2026-11-25T01:30:00Z"));
        check("2026-11-25T09:30:00+08:00", Some("2026-11-25T01:30:00Z"));
        check(" 2026-11-25T01:30Z ", Some("2026-11-25T01:30:00Z"));
        check("2026-13-25", None);
        check("昨天", None);
        check("", None);
        assert_eq!(Granularity::Day.text(moment("2026-11-25T23:59:59Z").unwrap()), "2026-11-25");
        assert_eq!(Granularity::of("YYYY-MM-DD"), Granularity::Day);
        assert_eq!(Granularity::of("YYYY-MM-DDThh:mm:ss.sZ"), Granularity::Second);
    }

    #[test]
    fn a_day_is_not_cut_by_a_provider_of_days() {
        let day = moment("2026-11-25").unwrap();
        let window = Window { from: Some(day), until: Some(day) };
        assert_eq!(window.halves(Granularity::Day, 0, day), None);
        assert_eq!(Window::default().halves(Granularity::Day, day, day + 5), None);
        let [early, late] = Window::default().halves(Granularity::Day, 0, day).unwrap();
        assert_eq!((early.from, late.until), (None, None));
        assert_eq!(late.from.unwrap() - early.until.unwrap(), DAY);
    }

    proptest! {
        /// Halves cover what they come from, without overlap or gap, and halving ends.
        #[test]
        fn halving_loses_no_moment(from in 0i64..2_000_000_000, length in 0i64..1_000_000, day: bool) {
            let granularity = if day { Granularity::Day } else { Granularity::Second };
            let (from, until) = (granularity.floor(from), granularity.floor(from + length));
            let mut windows = vec![Window { from: Some(from), until: Some(until) }];
            let mut expect = from;
            let mut steps = 0;
            while let Some(window) = windows.pop() {
                steps += 1;
                prop_assert!(steps < 10_000);
                match window.halves(granularity, 0, 0) {
                    Some([early, late]) if steps < 2000 => windows.extend([late, early]),
                    _ => {
                        prop_assert_eq!(window.from, Some(expect));
                        expect = window.until.unwrap() + granularity.step();
                    }
                }
            }
            prop_assert_eq!(expect, until + granularity.step());
        }
    }
}
