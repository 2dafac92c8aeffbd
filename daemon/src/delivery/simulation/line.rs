//! The line between a branch and the hub, with everything that can go wrong on one.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indexer::bib::LibraryCode;
use jiff::Timestamp;

use super::Dice;
use crate::central::{Reply, Stand};
use crate::delivery::hub_line::{started_again, take_answer};
use crate::delivery::{Destination, Outcome, Parcel, Receipt, Trouble};
use crate::harvest::{Clock, Stop};
use crate::store::Store;

/// The clock of one machine: the steady time of the world, a wall of its own.
pub(super) struct OwnClock {
    pub(super) steady: Arc<AtomicU64>,
    pub(super) off: AtomicI64,
}

pub(super) const BEGIN: i64 = 1_795_000_000;

impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        let seconds = BEGIN + self.steady.load(Relaxed) as i64 + self.off.load(Relaxed);
        Timestamp::from_second(seconds).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.steady.load(Relaxed))
    }

    fn sleep(&self, _: Duration, stop: &Stop) -> bool {
        stop.is_asked()
    }
}

/// Letters that are still on their way although their sender has given up.
pub(super) struct Late {
    pub(super) from: LibraryCode,
    pub(super) letters: Vec<String>,
    /// The disk on which they were written is gone: the next one may have given their numbers again.
    pub(super) is_of_lost_disk: bool,
}

/// What the hub is to all lines.
pub(super) struct HubEnd {
    pub(super) store: Store,
    pub(super) clock: Arc<OwnClock>,
    pub(super) late: Vec<Late>,
    /// Replies that say that a number was used for something else, by the disk on which the letter was written.
    pub(super) n_conflicts: usize,
    /// Its disk goes as soon as the answer is out.
    pub(super) falls: bool,
    pub(super) dice: Dice,
}

impl HubEnd {
    pub(super) fn take(&mut self, from: &LibraryCode, letters: &[String]) -> Vec<Reply> {
        let replies = self.replies(from, letters);
        self.n_conflicts +=
            replies.iter().filter(|reply| matches!(reply, Reply::Rejected { status: 422, .. })).count();
        replies
    }

    /// What comes late is answered to nobody. A letter of a lost disk is refused where its number was given again and
    /// had its effect: no machine knows of it any more, so none did anything wrong.
    pub(super) fn take_late(&mut self, late: &Late) {
        if late.is_of_lost_disk {
            self.replies(&late.from, &late.letters);
        } else {
            self.take(&late.from, &late.letters);
        }
    }

    fn replies(&self, from: &LibraryCode, letters: &[String]) -> Vec<Reply> {
        self.store.take_letters(from, letters, &LibraryCode::new("HUB"), self.clock.now()).unwrap()
    }
}

/// How a line is now.
#[derive(Clone, Copy, Default)]
pub(super) struct Weather {
    /// Nobody comes through before that second.
    pub(super) cut_until: u64,
    /// Percent of calls that end otherwise than they should.
    pub(super) trouble: u64,
}

/// The branch's end of a line.
pub(super) struct SimLine {
    pub(super) me: LibraryCode,
    pub(super) store: Store,
    pub(super) clock: Arc<OwnClock>,
    pub(super) hub: Arc<Mutex<HubEnd>>,
    pub(super) weather: Arc<Mutex<Weather>>,
    /// The fault that is planted in this line, or none.
    pub(super) fault: &'static str,
}

impl SimLine {
    fn has(&self, fault: &str) -> bool {
        self.fault == fault
    }

    fn is_cut(&self, weather: Weather) -> bool {
        self.clock.steady.load(Relaxed) < weather.cut_until
    }

    // What the hub says, as far as the line lets it through.
    fn taken(&self, hub: &mut HubEnd, letters: &[String]) -> Result<Vec<Outcome>, Trouble> {
        if self.has("the hub acknowledges what it has not taken") && hub.dice.percent(20) {
            return Ok(letters.iter().map(|_| Outcome::Delivered(Receipt::Ok)).collect());
        }
        let mut letters = letters.to_vec();
        if self.has("letters are cut where they are long") {
            letters.iter_mut().for_each(|letter| letter.truncate(800));
        }
        if self.has("a letter that comes again is refused") {
            for letter in &letters {
                if hub.store.had_effect(&self.me, letter) {
                    let reason = "known already".to_owned();
                    let refused = |_| Outcome::Rejected { reason: reason.clone() };
                    return Ok(letters.iter().map(refused).collect());
                }
            }
        }
        let n_taken = if self.has("only the first letter of a call is taken") { 1 } else { letters.len() };
        let mut replies = hub.take(&self.me, &letters[..n_taken]);
        replies.extend(letters[n_taken..].iter().map(|_| Reply::Delivered { events: Vec::new() }));
        if self.has("answers are given to the wrong letters") {
            replies.rotate_left(1);
        }
        // A machine that is dead notes nothing, and knows nothing of the answer either.
        if !self.store.hear_aside(hub.store.stand().unwrap()).unwrap_or(true) {
            return Err(started_again());
        }
        Ok(replies.into_iter().map(Outcome::from).collect())
    }
}

fn away(may_have_arrived: bool) -> Trouble {
    Trouble::Away { reason: "the line is cut".into(), wish: None, may_have_arrived }
}

fn sick() -> Trouble {
    Trouble::Sick { reason: "a page of a portal".into() }
}

impl Destination for SimLine {
    fn most(&self) -> usize {
        4
    }

    fn probe(&mut self) -> Result<(), Trouble> {
        let weather = *self.weather.lock().unwrap();
        loop {
            let mut hub = self.hub.lock().unwrap();
            if self.is_cut(weather) || hub.dice.percent(weather.trouble / 2) {
                return Err(if hub.dice.percent(50) { away(true) } else { sick() });
            }
            let machine = self.store.machine().map_err(|_| away(true))?;
            let now = hub.clock.now();
            let other = LibraryCode::new("THU");
            let reader = if self.has("a branch reads another's feed") { &other } else { &self.me };
            let heard = if self.has("what was heard of a hub is not held against it") {
                Stand::default()
            } else {
                self.store.heard().map_err(|_| away(true))?
            };
            let place = (machine.cursor, machine.mark.as_str(), heard);
            let mut answer = hub.store.feed_since(reader, place, now).unwrap();
            answer.reset &= !self.has("a hub that was put back is taken for what it was");
            hub.store.note_branch(&self.me, machine.cursor, 0, now).unwrap();
            if self.has("the second item of each answer is skipped") && answer.items.len() > 2 {
                answer.items.remove(1);
            }
            // The answer comes and is not taken in: the machine dies before, or the answer comes twice.
            if hub.dice.percent(weather.trouble / 4) {
                self.store.be_dead(true);
            }
            let n_times = if hub.dice.percent(weather.trouble) { 2 } else { 1 };
            drop(hub);
            let mut more = false;
            for _ in 0..n_times {
                more = take_answer(&self.store, &self.me, machine.cursor, &answer, self.clock.now())
                    .map_err(|_| away(true))?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    fn send(&mut self, parcels: &[Parcel]) -> Result<Vec<Outcome>, Trouble> {
        let weather = *self.weather.lock().unwrap();
        let mut hub = self.hub.lock().unwrap();
        let letters: Vec<String> = parcels.iter().map(|parcel| parcel.body.clone()).collect();
        if self.is_cut(weather) {
            return Err(away(false));
        }
        if !hub.dice.percent(weather.trouble) {
            let outcomes = self.taken(&mut hub, &letters);
            hub.falls = hub.dice.percent(10);
            return outcomes;
        }
        if self.has("trouble counts as an answer") {
            return Ok(letters.iter().map(|_| Outcome::Delivered(Receipt::Ok)).collect());
        }
        match hub.dice.below(8) {
            // Cut before all of it is there.
            0 => Err(away(true)),
            // It had its effect; the answer is lost, or no answer as agreed, or too late.
            1 | 2 => {
                hub.take(&self.me, &letters);
                Err(if hub.dice.percent(50) { away(true) } else { sick() })
            }
            // 500, or HTML of somebody else.
            3 => Err(sick()),
            // It arrives when the sender has long given up, perhaps behind what is sent later.
            4 => {
                hub.late.push(Late { from: self.me.clone(), letters, is_of_lost_disk: false });
                Err(away(true))
            }
            // Three times.
            5 => {
                hub.take(&self.me, &letters);
                hub.take(&self.me, &letters);
                self.taken(&mut hub, &letters)
            }
            // Killed after the hub's answer, before it is written down; or before anything was sent.
            6 => {
                let outcomes = self.taken(&mut hub, &letters);
                self.store.be_dead(true);
                outcomes
            }
            _ => {
                self.store.be_dead(true);
                Err(away(true))
            }
        }
    }
}
