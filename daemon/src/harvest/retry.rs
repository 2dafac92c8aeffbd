//! How often and after how long something that may pass is tried again. Pure.

use std::time::Duration;

use jiff::Timestamp;

/// Waits between tries: from one second upwards to one minute.
const STEPS: [u64; 6] = [1, 2, 5, 12, 30, 60];

/// A provider that asks to wait longer is left until the next run.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// So many waits in a row by a provider's own wish: it is busy, not broken.
const MOST_WISHES: u32 = 20;

/// Counts failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Retry {
    failures: usize,
    wishes: u32,
}

impl Retry {
    /// How long to wait after one more failure; `None` where it is enough. `wish` is the other side's word.
    pub(super) fn after_failure(&mut self, wish: Option<Duration>) -> Option<Duration> {
        if let Some(wish) = wish {
            self.wishes += 1;
            let fits = wish <= LONGEST && self.wishes <= MOST_WISHES;
            return fits.then(|| wish.max(Duration::from_secs(1)));
        }
        let wait = STEPS.get(self.failures).copied()?;
        self.failures += 1;
        Some(Duration::from_secs(wait))
    }

    /// It went well: the next failure is a first one.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

/// How long a `Retry-After` asks to wait: in seconds, or until a date.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let seconds = until.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn waits(wishes: &[Option<u64>]) -> Vec<Option<u64>> {
        let mut retry = Retry::default();
        wishes
            .iter()
            .map(|wish| retry.after_failure(wish.map(Duration::from_secs)).map(|wait| wait.as_secs()))
            .collect()
    }

    #[test]
    fn waits_grow_from_a_second_to_a_minute() {
        let got = waits(&[None; 7]);
        assert_eq!(got, [Some(1), Some(2), Some(5), Some(12), Some(30), Some(60), None]);
    }

    #[test]
    fn a_wish_is_followed_while_it_is_reasonable() {
        assert_eq!(waits(&[Some(7), None, Some(0), Some(86_400)]), [Some(7), Some(1), Some(1), None]);
        assert_eq!(waits(&[Some(1); 21]).last(), Some(&None));
        let mut retry = Retry::default();
        retry.after_failure(None);
        retry.succeeded();
        assert_eq!(retry.after_failure(None), Some(Duration::from_secs(1)));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "2026-11-25T01:30:00Z".parse().unwrap();
        let check = |text: &str, expect: Option<u64>| {
            assert_eq!(retry_after(text, now), expect.map(Duration::from_secs), "{text}");
        };
        check("120", Some(120));
        check(" 0 ", Some(0));
        check("Wed, 25 Nov 2026 01:31:30 GMT", Some(90));
        check("Wed, 25 Nov 2026 01:00:00 GMT", Some(0));
        check("soon", None);
        check("-5", None);
        check("99999999999999999999999", None);
    }
}
