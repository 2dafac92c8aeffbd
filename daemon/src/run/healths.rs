//! How sources and the queue fare, looked at now and then; who is to be told of a change is told.

use std::time::{Duration, Instant};

use super::{Daemon, spawn};
use crate::{Result, alert};

/// How often it is looked whether a source has become overdue.
const HEALTH: Duration = Duration::from_secs(30);

impl Daemon {
    pub(super) fn look_at_healths(&mut self) -> Result<()> {
        if self.health_at.is_some_and(|at| at.elapsed() < HEALTH) {
            return Ok(());
        }
        self.health_at = Some(Instant::now());
        let (store, now) = (&self.writer.store, self.writer.now());
        let changes = alert::changes(store, &self.settings.sources, now)?;
        let slow = alert::slow(store, now)?;
        if !changes.is_empty() || slow.is_some() {
            let command = self.settings.alert_command.clone();
            spawn("alert", move || {
                changes.iter().for_each(|change| alert::tell(&command, change));
                slow.iter().for_each(|slow| alert::tell_slow(&command, slow));
            });
        }
        Ok(())
    }
}
