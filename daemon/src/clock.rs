//! The real clock; everything that counts takes a `Clock` as a value.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::harvest::{Clock, Stop};

/// The real clock.
#[derive(Debug)]
pub struct SystemClock {
    began: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { began: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, how_long: Duration, stop: &Stop) -> bool {
        stop.wait(how_long)
    }
}
