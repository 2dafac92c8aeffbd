//! When to try what: the decisions of the outbox for one destination, as a pure function.
//!
//! Trouble of the line closes the line for a while that grows, with full jitter, up to half a minute as long as
//! anything waits; the first answer opens it for all. Trouble of one message holds back that message alone. Waits of
//! the line are counted by the monotonic clock; those of a message are kept by the wall clock and never believed
//! beyond the longest wait, so that no clock set wrong parks a message.

use std::time::Duration;

use jiff::Timestamp;

use super::destination::{Outcome, Trouble};
use crate::requests::RequestId;

/// While messages wait, the other side is tried at least so often.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A wish to be left alone is heeded up to this.
pub(super) const LONGEST_WISH: Duration = Duration::from_secs(3600);
/// After so long without contact it is looked whether the other side is there before anything is sent.
const FRESH: Duration = Duration::from_secs(2);
/// A feed is asked for so often while nothing is under way, and while something is.
const IDLE_POLL: Duration = Duration::from_secs(300);
const OPEN_POLL: Duration = Duration::from_secs(15);
/// Who is not welcome looks so often whether that has changed.
const STOPPED_FOR: Duration = Duration::from_secs(600);
/// So many messages in a row that could not be taken are the line's trouble.
const STRIKES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// A message that fails for so long is no longer tried twice a minute.
const PATIENT_TRIES: u32 = 60;
const PATIENT_WAIT: Duration = Duration::from_secs(600);

/// Which message: request and number.
pub type MessageKey = (RequestId, u32);

/// What time it is.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Since some beginning; never goes back.
    pub steady: Duration,
    /// By the wall; may be set.
    pub wall: Timestamp,
}

/// A message that is the next one of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which.
    pub key: MessageKey,
    /// How often it was tried.
    pub attempts: u32,
    /// Not before that.
    pub next_try: Option<Timestamp>,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Seen<'a> {
    /// Nothing: what waits, and whether anything of ours is under way elsewhere.
    Waiting {
        /// The next messages, those to be sent first in front.
        heads: &'a [Head],
        /// Whether answers are expected.
        is_expecting: bool,
    },
    /// The other side was looked for.
    Probed(Result<(), &'a Trouble>),
    /// Messages were sent, and so it ended for each.
    Sent(&'a [(Head, Outcome)]),
    /// Messages were sent, and nothing is known of any.
    Broke(&'a [Head], &'a Trouble),
    /// A person, or a new line, says: try now.
    Nudged,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Look whether the other side is there.
    Probe,
    /// Send these, together.
    Send(Vec<Head>),
    /// Write down what became of a message.
    Settle(MessageKey, Settlement),
    /// Forget how long messages were to wait.
    FreeAll,
    /// Nothing for so long, unless something happens.
    Rest(Duration),
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// As the other side said.
    Ended(Outcome),
    /// It is tried again.
    Waits {
        /// It may have arrived.
        is_unknown: bool,
        /// Not before that; `None`: with the line.
        next_try: Option<Timestamp>,
        /// A sentence.
        error: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Circuit {
    Closed,
    Open { until: Duration },
    // 401, 403: a person has to look; nothing is sent, but now and then it is looked whether it still is so.
    Stopped { until: Duration },
}

/// The state of the line to one destination.
#[derive(Clone, Debug)]
pub struct Line {
    circuit: Circuit,
    // Troubles of the line in a row.
    n_troubles: u32,
    // Messages in a row that could not be taken.
    n_strikes: u32,
    // So many are sent one by one, after a batch in which one may be poison.
    n_single: usize,
    most: usize,
    last_contact: Option<Duration>,
    next_poll: Duration,
    random: u64,
}

impl Line {
    /// A line of which nothing is known. `random` is the beginning of the jitter.
    pub fn new(most: usize, random: u64) -> Self {
        Self {
            circuit: Circuit::Closed,
            n_troubles: 0,
            n_strikes: 0,
            n_single: 0,
            most: most.max(1),
            last_contact: None,
            next_poll: Duration::ZERO,
            random,
        }
    }

    /// Whether the other side refused who we are.
    pub fn is_stopped(&self) -> bool {
        matches!(self.circuit, Circuit::Stopped { .. })
    }

    /// What follows from what was seen.
    pub fn step(&mut self, seen: &Seen<'_>, now: Moment) -> Vec<Act> {
        match seen {
            Seen::Waiting { heads, is_expecting } => vec![self.next(heads, *is_expecting, now)],
            Seen::Probed(Ok(())) => self.answered(now),
            Seen::Probed(Err(trouble)) => {
                self.troubled(trouble, now);
                Vec::new()
            }
            Seen::Sent(outcomes) => self.sent(outcomes, now),
            Seen::Broke(heads, trouble) => self.broke(heads, trouble, now),
            Seen::Nudged => {
                self.circuit = Circuit::Closed;
                self.n_strikes = 0;
                self.last_contact = None;
                self.next_poll = Duration::ZERO;
                vec![Act::FreeAll]
            }
        }
    }

    fn next(&mut self, heads: &[Head], is_expecting: bool, now: Moment) -> Act {
        // What was to be quiet for minutes is asked for sooner as soon as something is under way.
        if is_expecting {
            self.next_poll = self.next_poll.min(now.steady + OPEN_POLL);
        }
        let is_poll_due = now.steady >= self.next_poll;
        match self.circuit {
            Circuit::Stopped { until } if now.steady >= until => return Act::Probe,
            Circuit::Stopped { until } => return Act::Rest(until - now.steady),
            Circuit::Open { until } if now.steady < until => return Act::Rest(until - now.steady),
            Circuit::Open { .. } if !heads.is_empty() || is_poll_due => return Act::Probe,
            Circuit::Open { .. } | Circuit::Closed => {}
        }
        let due: Vec<Head> =
            heads.iter().filter(|head| is_due(head, now.wall)).take(self.batch()).copied().collect();
        let is_fresh = self.last_contact.is_some_and(|at| now.steady < at + FRESH);
        if !due.is_empty() && is_fresh {
            return Act::Send(due);
        }
        if !due.is_empty() || is_poll_due {
            return Act::Probe;
        }
        let next_due = heads.iter().filter_map(|head| head.next_try).min();
        let until_due = next_due.map(|at| between(now.wall, at));
        let until_poll = self.next_poll - now.steady;
        Act::Rest(until_due.map_or(until_poll, |wait| wait.min(until_poll)).min(LONGEST_WAIT))
    }

    fn batch(&self) -> usize {
        if self.n_single > 0 { 1 } else { self.most }
    }

    fn answered(&mut self, now: Moment) -> Vec<Act> {
        let was_away = self.n_troubles > 0 || self.circuit != Circuit::Closed;
        self.circuit = Circuit::Closed;
        self.n_troubles = 0;
        self.n_strikes = 0;
        self.last_contact = Some(now.steady);
        let jitter = self.below(IDLE_POLL / 5);
        self.next_poll = now.steady + IDLE_POLL + jitter;
        if was_away { vec![Act::FreeAll] } else { Vec::new() }
    }

    fn troubled(&mut self, trouble: &Trouble, now: Moment) {
        let wish = match trouble {
            Trouble::Unwelcome { .. } => {
                self.circuit = Circuit::Stopped { until: now.steady + STOPPED_FOR };
                return;
            }
            Trouble::Away { wish, .. } => *wish,
            Trouble::Sick { .. } => None,
        };
        let wait = wish.map_or_else(|| self.wait_after(self.n_troubles), |wish| wish.min(LONGEST_WISH));
        self.n_troubles = self.n_troubles.saturating_add(1);
        self.last_contact = None;
        self.circuit = Circuit::Open { until: now.steady + wait };
        // Whatever was due is due again with the next look.
        self.next_poll = self.next_poll.max(now.steady + wait);
    }

    fn sent(&mut self, outcomes: &[(Head, Outcome)], now: Moment) -> Vec<Act> {
        self.last_contact = Some(now.steady);
        self.n_single = self.n_single.saturating_sub(1);
        let mut acts = Vec::new();
        for (head, outcome) in outcomes {
            let settlement = match outcome {
                Outcome::Later { reason, wish } => {
                    self.n_strikes += 1;
                    self.back_to_wait(head, reason, *wish, now)
                }
                Outcome::Delivered(_) | Outcome::Rejected { .. } | Outcome::Gap { .. } => {
                    self.n_strikes = 0;
                    Settlement::Ended(outcome.clone())
                }
            };
            acts.push(Act::Settle(head.key, settlement));
        }
        if self.n_strikes >= STRIKES {
            self.troubled(&Trouble::Sick { reason: String::new() }, now);
        } else if outcomes.iter().any(|(_, outcome)| matches!(outcome, Outcome::Delivered(_))) {
            // What it did with our message is asked for soon.
            self.next_poll = self.next_poll.min(now.steady + OPEN_POLL);
        }
        acts
    }

    fn broke(&mut self, heads: &[Head], trouble: &Trouble, now: Moment) -> Vec<Act> {
        let error = trouble.reason();
        let is_sick = matches!(trouble, Trouble::Sick { .. });
        if is_sick && heads.len() == 1 {
            self.n_strikes += 1;
            self.n_single = self.n_single.saturating_sub(1);
            if self.n_strikes >= STRIKES {
                self.troubled(trouble, now);
            }
            let Settlement::Waits { next_try, error, .. } = self.back_to_wait(&heads[0], error, None, now)
            else {
                return Vec::new();
            };
            let settlement = Settlement::Waits { is_unknown: true, next_try, error };
            return vec![Act::Settle(heads[0].key, settlement)];
        }
        if is_sick {
            // One of them may be poison: find out which, one by one, and let the others go.
            self.n_single = heads.len();
        } else {
            self.troubled(trouble, now);
        }
        let is_unknown = match trouble {
            Trouble::Away { may_have_arrived, .. } => *may_have_arrived,
            Trouble::Sick { .. } => true,
            Trouble::Unwelcome { .. } => false,
        };
        let waits = || Settlement::Waits { is_unknown, next_try: None, error: error.to_owned() };
        heads.iter().map(|head| Act::Settle(head.key, waits())).collect()
    }

    fn back_to_wait(&mut self, head: &Head, reason: &str, wish: Option<Duration>, now: Moment) -> Settlement {
        let wait = match wish {
            Some(wish) => wish.min(LONGEST_WISH),
            None if head.attempts > PATIENT_TRIES => PATIENT_WAIT / 2 + self.below(PATIENT_WAIT / 2),
            None => self.wait_after(head.attempts),
        };
        let next_try = now.wall.checked_add(wait).ok();
        Settlement::Waits { is_unknown: false, next_try, error: reason.to_owned() }
    }

    // Full jitter: anywhere up to a bound that doubles.
    fn wait_after(&mut self, n_before: u32) -> Duration {
        let bound = FIRST_WAIT.saturating_mul(1 << n_before.min(5)).min(LONGEST_WAIT);
        self.below(bound).max(FIRST_WAIT / 4)
    }

    // SplitMix64.
    fn below(&mut self, bound: Duration) -> Duration {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        bound.mul_f64((z >> 11) as f64 / (1u64 << 53) as f64)
    }
}

// A time further off than any wait was written by a clock that has been set since.
fn is_due(head: &Head, now: Timestamp) -> bool {
    head.next_try.is_none_or(|at| at <= now || between(now, at) > LONGEST_WISH)
}

fn between(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests;
