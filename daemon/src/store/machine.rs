//! What this machine knows of itself: its life, its clock, its contact with the centre.
//!
//! A *life* is the time from one start to the next; what is written carries its number, so a database put back from an
//! older copy never writes under a name that it gave before. The seconds that a machine has *lived* are counted by
//! the steady clock and grow by a day at most for a time that it was off, so that no wall clock makes anything old.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

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
    /// Goes up whenever a person says: try now.
    pub nudges: u32,
    /// Until when the centre is to be taken for away.
    pub drill_until: Option<Timestamp>,
    /// How far the feed has been read.
    pub cursor: i64,
    /// Which item stands there, so that the hub sees whether it still knows the same.
    pub mark: String,
    /// When the centre answered last.
    pub last_contact: Option<Timestamp>,
    /// What stands between this machine and the centre now.
    pub trouble: Option<String>,
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

const MACHINE: &str = "SELECT lived, nudges, drill_until, cursor, mark, last_contact, trouble FROM machine";
const TROUBLE: &str = "UPDATE machine SET trouble = ?1 WHERE trouble IS NOT ?1";
const LIVE: &str = "UPDATE machine SET lived = lived + ?1, wall = ?2";
const FAULT: &str =
    "INSERT INTO clock_faults (lived, at, seconds, cause) SELECT lived, ?1, ?2, ?3 FROM machine";
// The same skew at every contact is one fault.
const SKEW: &str = "INSERT INTO clock_faults (lived, at, seconds, cause) SELECT lived, ?1, ?2, 'skew' FROM machine \
                    WHERE NOT EXISTS (SELECT 1 FROM clock_faults WHERE cause = 'skew' AND abs(seconds - ?2) < 60 AND \
                    lived > machine.lived - 86400)";
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
            live(transaction, gap.clamp(0, MOST_UNWATCHED), now)
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
            live(transaction, steady + unwatched, now)?;
            Ok(is_fault.then_some(ClockFault { at: now, seconds: jump, is_skew: false }))
        })
    }

    /// The centre answered; its clock differs from ours by so many seconds.
    pub fn note_contact(&self, skew: i64, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            transaction.run("UPDATE machine SET last_contact = ?1, trouble = NULL", [now.as_second()])?;
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
                let drill: i64 = row.get(2)?;
                Ok(Machine {
                    lived: row.get(0)?,
                    nudges: row.get(1)?,
                    drill_until: (drill > 0).then(|| instant(drill)),
                    cursor: row.get(3)?,
                    mark: row.get(4)?,
                    last_contact: row.get::<_, Option<i64>>(5)?.map(instant),
                    trouble: row.get(6)?,
                })
            })
        })
    }

    /// A person says: try now.
    pub fn nudge(&self) -> Result<()> {
        self.write(|transaction| transaction.run("UPDATE machine SET nudges = nudges + 1", []).map(drop))
    }

    /// The centre is to be taken for away until then; `None` ends that.
    pub fn drill(&self, until: Option<Timestamp>) -> Result<()> {
        let until = until.map_or(0, Timestamp::as_second);
        self.write(|transaction| transaction.run("UPDATE machine SET drill_until = ?1", [until]).map(drop))
    }

    /// The first time that the clock was found wrong since a request was made.
    pub fn clock_fault_since(&self, request: RequestId) -> Result<Option<ClockFault>> {
        self.read(|connection| connection.row(FAULT_SINCE, [request.as_bytes()], fault_of).optional())
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
