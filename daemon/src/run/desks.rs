//! What the loop does for the desks of this machine: hands over what need not travel.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::Result;
use crate::settings::{CentralKind, Role, Settings};
use crate::store::Store;

/// How often it is looked for something to hand over.
const CARRY: Duration = Duration::from_secs(1);

/// When what was done last.
#[derive(Default)]
pub(super) struct Desks {
    carried_at: Option<Instant>,
}

impl Desks {
    /// Does what is due. Where there is a centre everything goes by it, even what is for a neighbour.
    pub(super) fn look_after(&mut self, store: &Store, settings: &Settings, now: Timestamp) -> Result<()> {
        let has_centre = settings.role != Role::Standalone || settings.central.kind != CentralKind::None;
        if has_centre || self.carried_at.is_some_and(|at| at.elapsed() < CARRY) {
            return Ok(());
        }
        self.carried_at = Some(Instant::now());
        let n_carried = store.carry_here(now)?;
        if n_carried > 0 {
            tracing::info!(n_carried, "handed over at this machine");
        }
        Ok(())
    }
}
