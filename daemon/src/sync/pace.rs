//! How fast a pull of the clock goes: no faster than is allowed, and not at all while requests wait to leave, for these
//! are small and somebody waits for them.

use std::cell::Cell;
use std::time::Duration;

use crate::harvest::{Clock, Stop};

/// How often it is looked whether requests wait.
const LOOK: Duration = Duration::from_secs(1);
/// A line that carries no requests may still bring the catalogue: no rest is longer.
const LONGEST_REST: Duration = Duration::from_secs(20);
/// What was not used in the time before is not made good beyond this.
const BURST: Duration = Duration::from_secs(2);

/// The pace of one pull.
pub struct Pace<'a> {
    clock: &'a dyn Clock,
    stop: &'a Stop,
    /// Bytes a second; `None` is no limit.
    rate: Option<u64>,
    requests_wait: &'a dyn Fn() -> bool,
    // Until when the bytes that came are paid for.
    paid_until: Cell<Duration>,
    looked: Cell<Option<Duration>>,
    rested: Cell<Duration>,
}

impl<'a> Pace<'a> {
    /// A pace of at most `kilobits` a second, 0 being no limit.
    pub fn new(
        clock: &'a dyn Clock,
        stop: &'a Stop,
        kilobits: u64,
        requests_wait: &'a dyn Fn() -> bool,
    ) -> Self {
        let rate = Some(kilobits.saturating_mul(125)).filter(|rate| *rate > 0);
        let paid_until = Cell::new(clock.monotonic());
        let (looked, rested) = (Cell::new(None), Cell::new(Duration::ZERO));
        Self { clock, stop, rate, requests_wait, paid_until, looked, rested }
    }

    /// So many bytes came: rests as long as they want it.
    pub fn after(&self, bytes: u64) {
        self.let_requests_go_first();
        let Some(rate) = self.rate else { return };
        let now = self.clock.monotonic();
        let from = self.paid_until.get().max(now.saturating_sub(BURST));
        let until = from + Duration::from_secs_f64(bytes as f64 / rate as f64);
        self.paid_until.set(until);
        // A stop is heard by whoever reads on.
        self.clock.sleep(until.saturating_sub(now), self.stop);
    }

    fn let_requests_go_first(&self) {
        let now = self.clock.monotonic();
        if self.looked.get().is_some_and(|looked| now.saturating_sub(looked) < LOOK) {
            return;
        }
        let mut rested = Duration::ZERO;
        while rested < LONGEST_REST && (self.requests_wait)() {
            rested += LOOK;
            if self.clock.sleep(LOOK, self.stop) {
                break;
            }
        }
        self.rested.set(self.rested.get() + rested);
        // After a rest in vain the next one waits as long as it took.
        self.looked.set(Some(self.clock.monotonic() + rested));
    }

    /// For how long it rested for requests.
    pub fn rested(&self) -> Duration {
        self.rested.get()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::sync::Mutex;

    use jiff::Timestamp;

    use super::*;

    // A clock on which only sleeping takes time.
    struct Asleep(Mutex<Duration>);

    impl Clock for Asleep {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, how_long: Duration, _stop: &Stop) -> bool {
            *self.0.lock().unwrap() += how_long;
            false
        }
    }

    #[test]
    fn a_rate_holds_over_any_pieces() {
        for (kilobits, expect) in [(512u64, 10.0), (64, 80.0), (0, 0.0)] {
            let clock = Asleep(Mutex::new(Duration::from_secs(100)));
            let (stop, nobody) = (Stop::default(), || false);
            let pace = Pace::new(&clock, &stop, kilobits, &nobody);
            // 640,000 bytes in pieces of many sizes.
            (0..10).flat_map(|_| [1u64, 999, 63_000]).for_each(|bytes| pace.after(bytes));
            let took = (clock.monotonic() - Duration::from_secs(100)).as_secs_f64();
            assert!((took - expect).abs() < 0.01, "{kilobits}: {took}");
        }
    }

    #[test]
    fn requests_go_first_but_not_for_ever() {
        let stop = Stop::default();
        let clock = Asleep(Mutex::new(Duration::ZERO));
        // They are gone after three looks.
        let left = Cell::new(3u32);
        let wait = || left.replace(left.get().saturating_sub(1)) > 0;
        let pace = Pace::new(&clock, &stop, 0, &wait);
        (0..100).for_each(|_| pace.after(65_536));
        assert_eq!(pace.rested(), Duration::from_secs(3));
        // They never go: half of the time is the catalogue's.
        let always = || true;
        let pace = Pace::new(&clock, &stop, 512, &always);
        (0..100).for_each(|_| pace.after(64_000));
        let (rested, brought) = (pace.rested().as_secs(), 100);
        assert!((60..=120).contains(&rested), "{rested} s of rest for {brought} s of bytes");
    }
}
