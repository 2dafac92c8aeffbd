//! A pair of eyes on one folder: says when something new lies there. It reads no file and writes nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::harvest::{FetchContext, Fetcher, Stop};
use crate::settings::Source;
use crate::store::{SourceCheckpoints, SourceFiles, SourceIdentifiers};
use crate::writer::Writer;
use crate::{Result, import};

/// How often a folder is looked at.
const LOOK: Duration = Duration::from_secs(1);

pub(super) struct Looker {
    pub(super) source: Source,
    pub(super) fetcher: Box<dyn Fetcher>,
    pub(super) writer: Arc<Writer>,
    pub(super) stop: Stop,
}

impl Looker {
    /// Calls at each arrival, until a stop is asked for or nobody listens any more.
    pub(super) fn look_on(mut self, mut arrived: impl FnMut() -> bool) {
        let mut said = None;
        while !self.stop.wait(LOOK) {
            match self.look() {
                Ok(true) if !arrived() => return,
                Ok(_) => said = None,
                // A folder that is not there complains every second: the same words are logged once.
                Err(error) => {
                    let text = import::chain(&error);
                    if said.as_ref() != Some(&text) {
                        tracing::warn!(
                            source = self.source.id.as_str(),
                            error = text,
                            "cannot look for arrivals"
                        );
                        said = Some(text);
                    }
                }
            }
        }
    }

    fn look(&mut self) -> Result<bool> {
        let (store, source) = (&self.writer.store, &self.source);
        let inbox = self.writer.inbox_of(source);
        self.fetcher.has_arrivals(&FetchContext {
            inbox: &inbox,
            checkpoints: &SourceCheckpoints { store: store.clone(), source: source.id.clone() },
            known_files: &SourceFiles {
                store: store.clone(),
                source: source.id.clone(),
                refused_again: false,
            },
            identifiers: &SourceIdentifiers { store: store.clone(), source: source.id.clone() },
            last_good: None,
            clock: self.writer.clock.as_ref(),
            stop: &self.stop,
            progress: &(),
        })
    }
}
