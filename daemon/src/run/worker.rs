//! The one worker: takes in, builds, does what commands ask for; one thing at a time.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use indexer::{index, pipeline};

use super::Event;
use crate::harvest::Stop;
use crate::harvest::session::{self, Brought, Manner};
use crate::jobs::{self, Request};
use crate::settings::Source;
use crate::store::JobId;
use crate::sync::bucket::Bucket;
use crate::sync::mirror::{Mirrored, mirror};
use crate::sync::publish::{Published, is_begun, publish};
use crate::writer::Writer;
use crate::{Error, build, import, priority, quality};

/// What the worker is given to do.
pub(super) enum Work {
    Take { source: usize, manner: Manner, brought: Brought },
    Job { job: JobId, request: Request },
    Build,
    Publish,
}

pub(super) struct Worker {
    pub(super) writer: Arc<Writer>,
    pub(super) sources: Vec<Source>,
    pub(super) events: Sender<Event>,
    pub(super) stop: Stop,
    pub(super) may_build: bool,
    /// The repository that this machine publishes into.
    pub(super) repository: Option<PathBuf>,
    /// The bucket that it is copied into.
    pub(super) bucket: Option<String>,
}

impl Worker {
    // What a person waits for comes before builds.
    pub(super) fn work_off(&self, works: &Receiver<Work>) {
        priority::lower();
        // Before a page can ask for anything: the threads of a build are to be as modest as this one.
        pipeline::start_threads();
        let mut waiting: VecDeque<Work> = VecDeque::new();
        loop {
            waiting.extend(works.try_iter());
            let first = waiting.iter().position(|work| !matches!(work, Work::Build)).unwrap_or(0);
            let work = match waiting.remove(first) {
                Some(work) => work,
                None => match works.recv() {
                    Ok(work) => work,
                    Err(_) => return,
                },
            };
            if self.stop.is_asked() {
                return;
            }
            if self.events.send(self.done(work)).is_err() {
                return;
            }
        }
    }

    fn done(&self, work: Work) -> Event {
        match work {
            Work::Take { source, manner, brought } => {
                let taken = session::take(&self.writer, &self.sources[source], brought, manner, &());
                let run = taken.unwrap_or_else(|error| {
                    tracing::error!(error = import::chain(&error), "a run could not be written down");
                    None
                });
                Event::Taken { source, run: run.map(|imported| imported.run) }
            }
            Work::Job { job, request } => {
                Event::Answered { job, answer: jobs::carry_out(&self.writer, &request, &()).into() }
            }
            Work::Build => {
                let well = self.build();
                self.publish();
                Event::Built { well }
            }
            Work::Publish => {
                self.publish();
                Event::Published
            }
        }
    }

    // What is wrong with the records is for the morning: it waits behind everything that a person waits for.
    fn look_at_quality(&self) {
        if let Err(error) = quality::bring_up_to_date(&self.writer, || !self.stop.is_asked()) {
            tracing::error!(error = import::chain(&error), "a quality report could not be made");
        }
    }

    // A repository that nobody has begun is none of ours.
    fn publish(&self) {
        let site = self.writer.site();
        let Some(repository) = self.repository.as_ref().filter(|repository| is_begun(&site, repository))
        else {
            return;
        };
        match publish(&site, repository, &|_| {}) {
            Ok(Published { is_there: true, .. }) | Err(Error::Index(index::Error::Absent { .. })) => {}
            Ok(published) => {
                tracing::info!(generation = published.generation, bytes = published.bytes_new, "published");
            }
            Err(error) => {
                tracing::error!(error = import::chain(&error), "the catalogue could not be published");
                return;
            }
        }
        // Also where nothing is new: a store that could not be reached gets what it lacks the next time.
        let Some(bucket) = &self.bucket else { return };
        let copied = Bucket::of(bucket, &self.writer.access, &site.data_dir);
        match copied.and_then(|depot| mirror(&site, repository, &depot, &|_| {})) {
            Ok(Mirrored { files: 0, .. }) => {}
            Ok(Mirrored { files, bytes }) => tracing::info!(bucket, files, bytes, "copied into the store"),
            Err(error) => {
                tracing::error!(
                    error = import::chain(&error),
                    "the catalogue could not be copied into the store"
                );
            }
        }
    }

    fn build(&self) -> bool {
        let has_records = self.writer.archive().and_then(|archive| Ok(!archive.libraries()?.is_empty()));
        if !self.may_build || matches!(has_records, Ok(false)) {
            return true;
        }
        match build::build(&self.writer, false, &()) {
            Ok(built) => {
                tracing::info!(built = %jobs::document(&built), "built");
                self.look_at_quality();
                true
            }
            Err(error) => {
                tracing::error!(error = import::chain(&error), "a build failed");
                false
            }
        }
    }
}
