//! What this machine knows of itself: its life, its clock, its contact with the centre.
//!
//! A *life* is the time from one start to the next; what is written carries its number, so a database put back from an
//! older copy never writes under a name that it gave before. The seconds that a machine has *lived* are counted by
//! the steady clock and grow by a day at most for a time that it was off, so that no wall clock makes anything old.
//! What only a day of the calendar can decide waits while the wall clock is in doubt (`astray`).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};

use super::astray::Astray;
use super::sources::instant;
use super::{Cached, Store, remembered};
use crate::Result;
use crate::requests::RequestId;

/// A difference between clocks that is no fault yet.
pub(crate) const CLOCK_TOLERANCE: i64 = 120;
/// A time that was not watched counts as no more than this.
const MOST_UNWATCHED: i64 = 86_400;

/// What is known of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Seconds that it has lived.
    pub lived: i64,
    /// When that was written down, by the wall clock; 0 before the first life.
    pub wall: i64,
    /// Goes up whenever a person says: try now.
    pub nudges: u32,
    /// Until which second of its life the centre is to be taken for away; 0: no drill.
    pub drill_until: i64,
    /// How far the feed has been read.
    pub cursor: i64,
    /// Which item stands there, so that the hub sees whether it still knows the same.
    pub mark: String,
    /// When the centre answered last.
    pub last_contact: Option<Timestamp>,
    /// What stands between this machine and the centre now.
    pub trouble: Option<String>,
}

impl Machine {
    /// How much longer the centre is to be taken for away; `None`: there is no drill. It ends by the machine's life, so
    /// whatever the wall clock does, it never lasts longer than was asked for.
    pub fn drill_left(&self, now: Timestamp) -> Option<SignedDuration> {
        let left = self.drill_until - self.lived_by(now);
        (left > 0).then(|| SignedDuration::from_secs(left))
    }

    // With what will count as lived when it is written down next.
    fn lived_by(&self, now: Timestamp) -> i64 {
        let since = if self.wall == 0 { 0 } else { now.as_second() - self.wall };
        self.lived + since.clamp(0, MOST_UNWATCHED)
    }
}

/// The clock of this machine was found wrong, or was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockFault {
    /// When it was seen, by the clock as it was then.
    pub at: Timestamp,
    /// By how much, in seconds: forwards where it was set, ahead where it was compared.
    pub seconds: i64,
    /// Compared with the centre's, not set.
    pub is_skew: bool,
}

const MACHINE: &str =
    "SELECT lived, nudges, drill_until, cursor, mark, last_contact, trouble, wall FROM machine";
const TROUBLE: &str = "UPDATE machine SET trouble = ?1 WHERE trouble IS NOT ?1";
const LIVE: &str = "UPDATE machine SET lived = lived + ?1, wall = ?2";
const FAULT: &str =
    "INSERT INTO clock_faults (lived, at, seconds, cause) SELECT lived, ?1, ?2, ?3 FROM machine";
// The same skew at every contact is one fault.
const SKEW: &str = "INSERT INTO clock_faults (lived, at, seconds, cause) SELECT lived, ?1, ?2, 'skew' FROM machine \
                    WHERE NOT EXISTS (SELECT 1 FROM clock_faults WHERE cause = 'skew' AND abs(seconds - ?2) < 60 AND \
                    lived > machine.lived - 86400)";
const ASTRAY: &str = "SELECT lived, wall, astray, astray_until FROM machine";
const PUT_ASTRAY: &str =
    "UPDATE machine SET astray = ?1, astray_until = ?2 WHERE astray <> ?1 OR astray_until <> ?2";
// Branches that were here within a day; how many of their clocks are others than this one, and by how much.
const APART: &str = "SELECT count(*), coalesce(sum(abs(skew) > ?2), 0), coalesce(CAST(avg(iif(abs(skew) > ?2, skew, \
                     NULL)) AS INTEGER), 0) FROM branches WHERE last_contact BETWEEN ?1 - 86400 AND ?1";
const FAULT_SINCE: &str = "SELECT at, seconds, cause FROM clock_faults WHERE lived >= (SELECT born FROM requests WHERE \
                           id = ?1) ORDER BY lived, at LIMIT 1";
const LAST_FAULT: &str = "SELECT at, seconds, cause FROM clock_faults ORDER BY rowid DESC LIMIT 1";

impl Store {
    /// Begins a life. `random` names it.
    pub fn begin_life(&self, random: u32, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let last: i64 = transaction.row("SELECT wall FROM machine", [], |row| row.get(0))?;
            let gap = if last == 0 { 0 } else { now.as_second() - last };
            if gap < -CLOCK_TOLERANCE {
                transaction.run(FAULT, params![now.as_second(), gap, "set"])?;
            }
            transaction.run("UPDATE machine SET life = ?1", [random])?;
            remembered::begin(transaction, random)?;
            let counted = gap.clamp(0, MOST_UNWATCHED);
            // Nobody can tell a machine that was off for long from one whose clock was set.
            if !(-CLOCK_TOLERANCE..=MOST_UNWATCHED).contains(&gap) {
                jumped(transaction, gap, counted)?;
            }
            live(transaction, counted, now)
        })
    }

    /// Time has gone by, by the steady clock, and the wall clock says what it says. A difference between both is kept.
    pub fn live_on(&self, steady: Duration, now: Timestamp) -> Result<Option<ClockFault>> {
        self.write(|transaction| {
            let last: i64 = transaction.row("SELECT wall FROM machine", [], |row| row.get(0))?;
            let steady = i64::try_from(steady.as_secs()).unwrap_or(0);
            let jump = now.as_second() - last - steady;
            let is_fault = jump.abs() > CLOCK_TOLERANCE;
            if is_fault {
                transaction.run(FAULT, params![now.as_second(), jump, "set"])?;
            }
            let unwatched = if is_fault { jump.clamp(0, MOST_UNWATCHED) } else { 0 };
            if is_fault {
                jumped(transaction, jump, steady + unwatched)?;
            }
            live(transaction, steady + unwatched, now)?;
            Ok(is_fault.then_some(ClockFault { at: now, seconds: jump, is_skew: false }))
        })
    }

    /// The centre answered; our clock is ahead of its by so many seconds, where it said its time.
    pub fn note_contact(&self, skew: Option<i64>, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run("UPDATE machine SET last_contact = ?1, trouble = NULL", [now.as_second()])?;
            let Some(skew) = skew else { return Ok(()) };
            put_astray(transaction, Astray::told(skew))?;
            if skew.abs() > CLOCK_TOLERANCE {
                transaction.run(SKEW, params![now.as_second(), skew])?;
            }
            Ok(())
        })
    }

    /// The centre cannot be reached, or not used.
    pub fn note_trouble(&self, trouble: &str) -> Result<()> {
        self.write(|transaction| transaction.run(TROUBLE, [trouble]).map(drop))
    }

    /// What is known of this machine.
    pub fn machine(&self) -> Result<Machine> {
        self.read(|connection| {
            connection.row(MACHINE, [], |row| {
                Ok(Machine {
                    lived: row.get(0)?,
                    nudges: row.get(1)?,
                    drill_until: row.get(2)?,
                    cursor: row.get(3)?,
                    mark: row.get(4)?,
                    last_contact: row.get::<_, Option<i64>>(5)?.map(instant),
                    trouble: row.get(6)?,
                    wall: row.get(7)?,
                })
            })
        })
    }

    /// A person says: try now.
    pub fn nudge(&self) -> Result<()> {
        self.write(|transaction| transaction.run("UPDATE machine SET nudges = nudges + 1", []).map(drop))
    }

    /// The centre is to be taken for away for so many seconds of the machine's life; 0 ends that.
    pub fn drill(&self, seconds: i64, now: Timestamp) -> Result<()> {
        let lived = self.machine()?.lived_by(now);
        let until = if seconds > 0 { lived + seconds } else { 0 };
        self.write(|transaction| transaction.run("UPDATE machine SET drill_until = ?1", [until]).map(drop))
    }

    /// The first time that the clock was found wrong since a request was made.
    pub fn clock_fault_since(&self, request: RequestId) -> Result<Option<ClockFault>> {
        self.read(|connection| connection.row(FAULT_SINCE, [request.as_bytes()], fault_of).optional())
    }

    /// By how many seconds the wall clock is thought to be wrong, where that is too much to say what day it is: it was
    /// set lately, the centre's is another, or those of most branches are. A machine that was off for long is in doubt for
    /// a while too.
    pub fn clock_doubt(&self, now: Timestamp) -> Result<Option<i64>> {
        self.read(|connection| {
            let (lived, wall, astray) = connection.row(ASTRAY, [], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?, Astray { seconds: row.get(2)?, until: row.get(3)? }))
            })?;
            // What was not written down yet: the clock may be set this very moment.
            let unseen = if wall == 0 { 0 } else { now.as_second() - wall };
            let (n_branches, n_apart, apart): (i64, i64, i64) =
                connection.row(APART, params![now.as_second(), Astray::MOST], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
            let by_branches = (n_apart * 2 > n_branches).then_some(-apart);
            Ok(astray.doubt(lived).or_else(|| Astray::beyond(unseen)).or(by_branches))
        })
    }

    /// The last time that the clock was found wrong.
    pub fn last_clock_fault(&self) -> Result<Option<ClockFault>> {
        self.read(|connection| connection.row(LAST_FAULT, [], fault_of).optional())
    }
}

fn fault_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<ClockFault> {
    let cause: String = row.get(2)?;
    Ok(ClockFault { at: instant(row.get(0)?), seconds: row.get(1)?, is_skew: cause == "skew" })
}

fn live(transaction: &Transaction<'_>, seconds: i64, now: Timestamp) -> rusqlite::Result<()> {
    transaction.run(LIVE, params![seconds, now.as_second()]).map(drop)
}

// The wall clock moved against the life, of which so many seconds are not written down yet.
fn jumped(transaction: &Transaction<'_>, seconds: i64, counted: i64) -> rusqlite::Result<()> {
    let (lived, before) = transaction
        .row(ASTRAY, [], |row| Ok((row.get(0)?, Astray { seconds: row.get(2)?, until: row.get(3)? })))?;
    put_astray(transaction, before.after_jump(seconds, lived, counted))
}

fn put_astray(transaction: &Transaction<'_>, astray: Astray) -> rusqlite::Result<()> {
    transaction.run(PUT_ASTRAY, params![astray.seconds, astray.until]).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::keys::Identity;
    use crate::trial::code;

    const TEN_YEARS: i64 = 3650 * 86_400;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn running() -> Store {
        let store = Store::in_memory();
        store.begin_life(1, at(0)).unwrap();
        store
    }

    fn passes(store: &Store, seconds: u64, wall: i64) {
        store.live_on(Duration::from_secs(seconds), at(wall)).unwrap();
    }

    #[test]
    fn a_clock_that_was_set_is_in_doubt_until_it_is_set_back() {
        let store = running();
        assert_eq!(store.clock_doubt(at(30)).unwrap(), None);
        assert!(store.clock_doubt(at(TEN_YEARS)).unwrap().is_some(), "before it was written down");
        passes(&store, 30, TEN_YEARS);
        assert_eq!(store.clock_doubt(at(TEN_YEARS)).unwrap(), Some(TEN_YEARS - 30));
        passes(&store, 30, 60);
        assert_eq!(store.clock_doubt(at(60)).unwrap(), None, "as it was before");
        // The same between two lives.
        store.begin_life(2, at(TEN_YEARS)).unwrap();
        assert!(store.clock_doubt(at(TEN_YEARS)).unwrap().is_some());
        store.begin_life(3, at(900)).unwrap();
        assert_eq!(store.clock_doubt(at(900)).unwrap(), None);
    }

    #[test]
    fn a_machine_that_was_off_for_long_believes_its_clock_after_a_while_or_when_the_centre_says_so() {
        let month = 30 * 86_400;
        let store = running();
        store.begin_life(2, at(14 * 3600)).unwrap();
        assert_eq!(store.clock_doubt(at(14 * 3600)).unwrap(), None, "a night");
        store.begin_life(3, at(month)).unwrap();
        assert!(store.clock_doubt(at(month)).unwrap().is_some());
        passes(&store, 86_400, month + 86_400);
        assert_eq!(store.clock_doubt(at(month + 86_400)).unwrap(), None);
        store.begin_life(4, at(2 * month)).unwrap();
        store.note_contact(None, at(2 * month)).unwrap();
        assert!(store.clock_doubt(at(2 * month)).unwrap().is_some(), "it did not say its time");
        store.note_contact(Some(3), at(2 * month)).unwrap();
        assert_eq!(store.clock_doubt(at(2 * month)).unwrap(), None);
    }

    #[test]
    fn a_clock_that_the_centre_knows_to_be_wrong_stays_in_doubt() {
        let store = running();
        store.note_contact(Some(TEN_YEARS), at(0)).unwrap();
        for day in 1..40 {
            passes(&store, 86_400, day * 86_400);
        }
        let now = at(39 * 86_400);
        assert_eq!(store.clock_doubt(now).unwrap(), Some(TEN_YEARS));
        passes(&store, 30, 39 * 86_400 + 30 - TEN_YEARS);
        assert_eq!(store.clock_doubt(at(39 * 86_400 + 30 - TEN_YEARS)).unwrap(), None, "put right");
    }

    #[test]
    fn a_hub_whose_branches_say_another_day_doubts_its_clock() {
        let store = running();
        for (n, name) in [(1, "BJFU"), (2, "PKU"), (3, "RUC")] {
            let keys = Identity::of(&[n; 32], &[n; 32]).unwrap().public();
            store.add_enrol_code([n; 32], &code(name), at(0)).unwrap();
            store.enrol([n; 32], None, keys, at(0)).unwrap().unwrap();
            store.note_branch(&code(name), 0, -TEN_YEARS, at(0)).unwrap();
            let doubt = store.clock_doubt(at(0)).unwrap();
            assert_eq!(doubt, Some(TEN_YEARS), "{name}");
        }
        for (name, second) in [("BJFU", 61), ("PKU", 61)] {
            store.note_branch(&code(name), 0, 2, at(second)).unwrap();
        }
        assert_eq!(store.clock_doubt(at(61)).unwrap(), None, "one that stands apart is wrong itself");
    }

    #[test]
    fn a_drill_never_outlasts_its_minutes() {
        let store = running();
        let left = |wall: i64| store.machine().unwrap().drill_left(at(wall)).map(|left| left.as_secs());
        store.drill(600, at(20)).unwrap();
        assert_eq!((left(20), left(50)), (Some(600), Some(570)));
        for minute in 1..=11 {
            passes(&store, 60, minute * 60);
        }
        assert_eq!(left(660), None);
        // The clock is set back, while it runs and between two lives: the drill stays over.
        passes(&store, 30, -86_400);
        assert_eq!(left(-86_400), None);
        store.begin_life(2, at(-2 * 86_400)).unwrap();
        assert_eq!(left(-2 * 86_400), None);
        // One that runs meanwhile lasts its minutes, whatever the clock says.
        store.drill(600, at(-2 * 86_400)).unwrap();
        passes(&store, 60, -5 * 86_400);
        assert_eq!(left(-5 * 86_400), Some(540));
        store.drill(0, at(-5 * 86_400)).unwrap();
        assert_eq!(left(-5 * 86_400), None);
        // Asked for while no daemon runs, it is there when one begins.
        store.drill(600, at(0)).unwrap();
        assert_eq!(left(0), Some(600));
        store.begin_life(3, at(10)).unwrap();
        assert_eq!(left(10), Some(600));
    }
}
