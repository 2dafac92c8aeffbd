//! What runs next, and why: one pure function over the time, the sources and how they fare.
//!
//! A cron expression is read in the configured time zone, through changes of its clock. Each source has a small
//! delay of its own, so that forty-six libraries do not begin in the same second. The nightly window binds
//! scheduled runs, never arrivals or runs by hand; a night that was slept through is made up for at once.

use croner::Cron;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::calendar::Moment;
use crate::settings::{Settings, SourceId};

/// The longest delay of a source.
const MAX_DELAY: i64 = 600;
/// A due time that lies longer back was missed, not met.
const MISSED: SignedDuration = SignedDuration::from_mins(15);
/// Clocks are put right by minutes; a last try further in the future is no evidence of anything.
const SLACK: SignedDuration = SignedDuration::from_mins(10);
/// First wait after a run in vain; it doubles with each, up to `MAX_WAIT`.
const FIRST_WAIT: i64 = 600;
const MAX_WAIT: i64 = 7200;
/// After so many runs in vain the next try is the next scheduled one.
const MAX_RETRIES: u32 = 5;

/// What all sources share.
#[derive(Clone, Debug)]
pub struct Timetable {
    /// In which cron expressions and the window are read.
    pub zone: TimeZone,
    /// When scheduled runs may begin; `None`: always.
    pub window: Option<Window>,
}

impl Timetable {
    /// As the settings say; what they say was checked when they were read.
    pub fn of(settings: &Settings) -> Self {
        Self {
            zone: TimeZone::get(&settings.timezone).unwrap_or(TimeZone::UTC),
            window: settings.window.as_deref().and_then(Window::parse),
        }
    }
}

/// A part of the day, which may pass midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from: Time,
    to: Time,
}

/// A source with what is known of it.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// Which one.
    pub source: SourceId,
    /// When it runs by itself; `None`: by hand, and a folder on arrival.
    pub cron: Option<Cron>,
    /// When it was configured first: nothing was due before.
    pub known_since: Timestamp,
    /// When its last run began.
    pub last_try: Option<Timestamp>,
    /// Runs since the last good one that a repetition may mend.
    pub tries_in_vain: u32,
    /// Whether a run of it is on its way.
    pub is_running: bool,
    /// Whether a person has paused it.
    pub is_paused: bool,
    /// Whether a person asked for a run.
    pub is_wanted: bool,
    /// Whether something new lies in its folder.
    pub has_arrivals: bool,
}

/// A run that shall begin now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Of which source.
    pub source: SourceId,
    /// Why.
    pub why: Why,
}

/// Why a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A person asked for it.
    ByHand,
    /// Something new lies in the folder.
    Arrival,
    /// It is time.
    Due,
    /// It was time when nobody was there.
    Missed,
    /// The last run was in vain.
    Again,
}

/// The runs that shall begin now.
pub fn next(now: Timestamp, timetable: &Timetable, sources: &[Scheduled]) -> Vec<Decision> {
    sources
        .iter()
        .filter_map(|source| {
            let why = why_now(now, timetable, source)?;
            Some(Decision { source: source.source.clone(), why })
        })
        .collect()
}

/// When a source runs next by itself, as far as the calendar goes; `None` where it never does.
pub fn due_next(now: Timestamp, timetable: &Timetable, source: &Scheduled) -> Option<Timestamp> {
    let cron = source.cron.as_ref().filter(|_| !source.is_paused)?;
    let mut moment = Moment(now.to_zoned_datetime(timetable.zone.clone()));
    // A schedule whose times never lie in the window runs when the window opens.
    moment = cron.find_next_occurrence(&moment, false).ok()?;
    let due = moment.0.timestamp() + delay(source, cron, &moment);
    match &timetable.window {
        Some(window) if !window.holds(due, &timetable.zone) => window.opens_after(due, &timetable.zone),
        _ => Some(due),
    }
}

fn why_now(now: Timestamp, timetable: &Timetable, source: &Scheduled) -> Option<Why> {
    if source.is_running {
        return None;
    }
    if source.is_wanted {
        return Some(Why::ByHand);
    }
    if source.is_paused {
        return None;
    }
    let Some(cron) = &source.cron else { return source.has_arrivals.then_some(Why::Arrival) };
    let last_try = source.last_try.filter(|&last| last <= now + SLACK);
    if let Some(due) = last_due(now, timetable, source, cron)
        && last_try.is_none_or(|last| last < due)
    {
        return may_begin(now, due, timetable);
    }
    let is_again = (1..=MAX_RETRIES).contains(&source.tries_in_vain)
        && last_try.is_some_and(|last| now >= last + wait_after(source.tries_in_vain))
        && timetable.window.is_none_or(|window| window.holds(now, &timetable.zone));
    is_again.then_some(Why::Again)
}

// A due run waits for the window, unless a whole window went by and nobody was there.
fn may_begin(now: Timestamp, due: Timestamp, timetable: &Timetable) -> Option<Why> {
    let is_missed = now.duration_since(due) > MISSED;
    let why = if is_missed { Why::Missed } else { Why::Due };
    let Some(window) = timetable.window else { return Some(why) };
    if window.holds(now, &timetable.zone) {
        // Whoever waited for the window to open is punctual.
        let opened_since = !window.holds(due, &timetable.zone);
        return Some(
            if opened_since
                && window
                    .opens_after(due, &timetable.zone)
                    .is_some_and(|opens| now.duration_since(opens) <= MISSED)
            {
                Why::Due
            } else {
                why
            },
        );
    }
    let closed = window.closes_after(due, &timetable.zone)?;
    (closed <= now).then_some(Why::Missed)
}

// The last time that the schedule named, with the source's delay, if it lies behind us and the source was there.
fn last_due(now: Timestamp, timetable: &Timetable, source: &Scheduled, cron: &Cron) -> Option<Timestamp> {
    let here = Moment(now.to_zoned_datetime(timetable.zone.clone()));
    let mut named = cron.find_previous_occurrence(&here, true).ok()?;
    let mut due = named.0.timestamp() + delay(source, cron, &named);
    if due > now {
        // Named already, but the delay is not over: what counts is the time before.
        named = cron.find_previous_occurrence(&named, false).ok()?;
        due = named.0.timestamp() + delay(source, cron, &named);
    }
    let known_since = source.known_since.min(now);
    (named.0.timestamp() >= known_since && due <= now).then_some(due)
}

// A tenth of the period at most: frequent schedules stay what they say.
fn delay(source: &Scheduled, cron: &Cron, named: &Moment) -> SignedDuration {
    let period = cron
        .find_next_occurrence(named, false)
        .map_or(0, |following| following.0.timestamp().duration_since(named.0.timestamp()).as_secs());
    let longest = (period / 10).clamp(0, MAX_DELAY);
    let mark = source
        .source
        .as_str()
        .bytes()
        .fold(0u64, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(17));
    SignedDuration::from_secs((mark % (longest as u64 + 1)) as i64)
}

fn wait_after(tries_in_vain: u32) -> SignedDuration {
    SignedDuration::from_secs((FIRST_WAIT << tries_in_vain.saturating_sub(1).min(8)).min(MAX_WAIT))
}

impl Window {
    /// Reads `01:00-05:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let time = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let digits = |text: &str| text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            (digits(hour) && digits(minute)).then_some(())?;
            Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
        };
        let window = Self { from: time(from)?, to: time(to)? };
        (window.from != window.to).then_some(window)
    }

    pub(crate) fn holds(self, at: Timestamp, zone: &TimeZone) -> bool {
        let time = at.to_zoned_datetime(zone.clone()).time();
        if self.from < self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }

    fn opens_after(self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        first_after(at, self.from, zone)
    }

    fn closes_after(self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        first_after(at, self.to, zone)
    }
}

// The next moment at which clocks show this time; where the clock is put forward over it, the moment after.
fn first_after(at: Timestamp, time: Time, zone: &TimeZone) -> Option<Timestamp> {
    let mut day = at.to_zoned_datetime(zone.clone()).date();
    for _ in 0..3 {
        let moment = day.to_datetime(time).to_zoned_datetime(zone.clone()).ok()?.timestamp();
        if moment > at {
            return Some(moment);
        }
        day = day.tomorrow().ok()?;
    }
    None
}

#[cfg(test)]
mod tests;
