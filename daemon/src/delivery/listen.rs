//! The long poll: on a good line a branch lets its hub keep the question until there is something to tell, so that news
//! are here at once. What this machine has to send never waits for it: the carrier has a line of its own.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::hub_line::HubLine;
use crate::Result;
use crate::authority::roots_for;
use crate::harvest::{Clock, Stop};
use crate::keys::Identity;
use crate::settings::{CentralKind, Role, Settings};
use crate::store::Store;

/// After an answer of the line, or none, it is asked again.
const AFTER_NEWS: Duration = Duration::from_millis(200);
const AFTER_TROUBLE: Duration = Duration::from_secs(30);

/// Keeps a question open at the hub.
pub(crate) struct Listener {
    store: Store,
    data_dir: PathBuf,
    url: Option<String>,
    wait: Duration,
    clock: Arc<dyn Clock>,
}

impl Listener {
    /// `None` where `central.wait` is 0, or nobody is there to be asked.
    pub(crate) fn of(
        settings: &Settings,
        store: Store,
        data_dir: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Option<Self> {
        let has_hub = settings.role != Role::Hub && settings.central.kind == CentralKind::Hub;
        let (url, wait) = (settings.central.url.clone(), settings.central.wait);
        (has_hub && !wait.is_zero()).then_some(Self { store, data_dir, url, wait, clock })
    }

    /// Until told to stop. Trouble is the carrier's to speak of.
    pub(crate) fn listen(self, stop: &Stop) {
        let mut rest = Duration::ZERO;
        while !stop.is_asked() && !self.clock.sleep(rest, stop) {
            rest = match self.ask() {
                Ok(true) => AFTER_NEWS,
                Ok(false) | Err(_) => AFTER_TROUBLE,
            };
        }
    }

    // Whether the hub answered.
    fn ask(&self) -> Result<bool> {
        let is_drilling = self.store.machine()?.drill_left(self.clock.now()).is_some();
        let (Some(mut hub), Some(identity)) = (self.store.hub()?, Identity::load(&self.data_dir)?) else {
            return Ok(false);
        };
        if let Some(url) = &self.url {
            hub.url.clone_from(url);
        }
        let roots = roots_for(&self.data_dir, &hub.url);
        let (store, data_dir) = (self.store.clone(), self.data_dir.clone());
        let line = HubLine::new(hub, (identity, roots), store, data_dir, Arc::clone(&self.clock));
        Ok(!is_drilling && line.read_feed(self.wait).is_ok())
    }
}
