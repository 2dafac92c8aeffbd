//! The end of the daemon: nothing new begins, what is under way is waited for, what it brought is taken in.

use std::thread::JoinHandle;
use std::time::Instant;

use super::{Daemon, Event, FAREWELL, GLANCE};
use crate::harvest::session;
use crate::sync::switch;

impl Daemon {
    // The worker ends what it is at; what is not begun is told as cut short at the next start.
    pub(super) fn farewell(&mut self, worker: JoinHandle<()>) {
        tracing::info!("the daemon is stopping");
        self.work = None;
        let began = Instant::now();
        let mut fetching = self.sources.iter().filter(|slot| slot.fetcher.is_none()).count();
        let mut brought_in = Vec::new();
        while (fetching > 0 || self.pulls.is_running || !worker.is_finished()) && began.elapsed() < FAREWELL {
            match self.events.1.recv_timeout(GLANCE) {
                Ok(Event::Fetched { source, manner, brought, .. }) => {
                    fetching -= 1;
                    brought_in.extend(brought.ok().map(|brought| (source, manner, brought)));
                }
                Ok(Event::Answered { job, answer }) => self.answer(job, &answer),
                Ok(Event::Pulled(_)) => self.pulls.is_running = false,
                Ok(_) | Err(_) => {}
            }
        }
        let stopped = switch::at_stop(&self.writer.site());
        self.complaints.note("stop", stopped);
        // Nobody else writes any more.
        if worker.is_finished() {
            for (place, manner, brought) in brought_in {
                let source = self.sources[place].source.clone();
                let taken = session::take(&self.writer, &source, brought, manner, &());
                self.complaints.note("last run", taken.map(drop));
            }
        }
    }
}
