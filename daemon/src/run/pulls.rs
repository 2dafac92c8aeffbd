//! Generations that come or go by the clock: a branch looks for a newer one, a hub keeps its repository up.
//!
//! A pull has a thread of its own at the lowest priority, so that a slow line keeps nothing else waiting. A generation
//! that has just come in force is watched until it has served for a while.

use std::time::{Duration, Instant};

use indexer::snapshot::tuf::Expiry;
use jiff::civil::Date;

use super::worker::Work;
use super::{Daemon, Event, spawn};
use crate::harvest::schedule::Window;
use crate::settings::{Role, Settings};
use crate::sync::carrier::carrier_of;
use crate::sync::pull::{Manner, Pulled, pull};
use crate::sync::switch;
use crate::sync::{Pace, repository_of};
use crate::{Result, priority};

/// How often a hub looks whether its repository must say again that it is up to date.
const PUBLISH: Duration = Duration::from_secs(3600);

/// What is known of pulls.
pub(super) struct Pulls {
    every: Option<Duration>,
    next_at: Instant,
    pub(super) is_running: bool,
    proven_at: Option<Instant>,
    publish_at: Option<Instant>,
    today: Option<(Date, u64)>,
}

impl Pulls {
    pub(super) fn of(settings: &Settings) -> Self {
        let is_branch = settings.role == Role::Branch;
        let every = Some(settings.snapshot.minutes).filter(|minutes| is_branch && *minutes > 0);
        let now = Instant::now();
        Self {
            every: every.map(|minutes| Duration::from_secs(u64::from(minutes) * 60)),
            next_at: now,
            is_running: false,
            proven_at: Some(now + switch::PROBATION),
            publish_at: (settings.role == Role::Hub).then(|| now + PUBLISH),
            today: None,
        }
    }
}

impl Daemon {
    pub(super) fn look_at_pulls(&mut self) {
        let now = Instant::now();
        if self.pulls.proven_at.is_some_and(|at| at <= now) {
            self.pulls.proven_at = None;
            let proven = switch::proven(&self.writer.site());
            self.complaints.note("proven", proven);
        }
        if self.pulls.publish_at.is_some_and(|at| at <= now) {
            self.pulls.publish_at = Some(now + PUBLISH);
            self.give(Work::Publish);
        }
        let Some(every) = self.pulls.every.filter(|_| !self.pulls.is_running && self.pulls.next_at <= now)
        else {
            return;
        };
        self.pulls.next_at = now + self.with_jitter(every);
        if self.is_in_window() {
            self.begin_pull();
        }
    }

    pub(super) fn pull_ended(&mut self, outcome: Result<Pulled>) {
        self.pulls.is_running = false;
        match outcome {
            Ok(pulled) => {
                self.complaints.note("pull", Ok(()));
                if pulled.from.as_ref() != Some(&pulled.to) {
                    let near = pulled.bytes_from_neighbours;
                    tracing::info!(
                        to = pulled.to,
                        bytes = pulled.bytes_fetched,
                        near,
                        "a generation has come"
                    );
                    self.pulls.proven_at = Some(Instant::now() + switch::PROBATION);
                }
                pulled.remarks.iter().for_each(|remark| tracing::warn!("{remark}"));
                if let Some((_, bytes)) = &mut self.pulls.today {
                    *bytes += pulled.bytes_fetched;
                }
            }
            // Said once while it lasts; the status says it all the time.
            Err(error) => self.complaints.note("pull", Err(error)),
        }
    }

    fn begin_pull(&mut self) {
        // A branch without a hub and without a repository serves what it finds.
        let Ok(Some(repository)) = repository_of(&self.settings, &self.writer.store) else { return };
        let budget = self.budget();
        self.pulls.is_running = true;
        let (site, stop, sender) = (self.writer.site(), self.stop.clone(), self.events.0.clone());
        let (store, snapshot) = (self.writer.store.clone(), self.settings.snapshot.clone());
        spawn("pull", move || {
            priority::lower();
            let requests_wait = || {
                use crate::requests::DeliveryState::{InFlight, Pending, Unknown};
                let depths = store.depths().unwrap_or_default();
                depths.iter().any(|depth| matches!(depth.delivery, Pending | InFlight | Unknown))
            };
            let manner = Manner {
                expiry: Expiry::Enforced,
                originals: snapshot.originals,
                budget,
                served: true,
                neighbours: &snapshot.neighbours,
            };
            let pace = Pace::new(&*site.clock, &stop, snapshot.kilobits, &requests_wait);
            let tell = |bytes| pace.after(bytes);
            let carrier = carrier_of(&repository, &snapshot.access, &site.data_dir);
            let outcome = carrier.and_then(|carrier| pull(&site, carrier.as_ref(), manner, &stop, &tell));
            let _ = sender.send(Event::Pulled(outcome));
        });
    }

    fn budget(&mut self) -> Option<u64> {
        let most = self.settings.snapshot.megabytes?.saturating_mul(1_000_000);
        let day = self.writer.now().to_zoned_datetime(self.timetable.zone.clone()).date();
        if self.pulls.today.is_none_or(|(of, _)| of != day) {
            self.pulls.today = Some((day, 0));
        }
        self.pulls.today.map(|(_, bytes)| most.saturating_sub(bytes))
    }

    fn is_in_window(&self) -> bool {
        let window = self.settings.snapshot.window.as_deref().and_then(Window::parse);
        window.is_none_or(|window| window.holds(self.writer.now(), &self.timetable.zone))
    }

    // Half as long to half as long again: five thousand branches do not come in one second.
    fn with_jitter(&self, every: Duration) -> Duration {
        let share = f64::from(self.writer.now().subsec_nanosecond().unsigned_abs() % 1000) / 1000.0;
        every.mul_f64(0.5 + share)
    }
}
