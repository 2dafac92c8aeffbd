//! What commands ask of the daemon: given to the worker, to sources, or answered at once.

use super::Daemon;
use super::worker::Work;
use crate::harvest;
use crate::jobs::{Answer, Request};
use crate::store::JobId;

impl Daemon {
    pub(super) fn take_job(&mut self, job: JobId, text: &str) {
        match serde_json::from_str(text) {
            Ok(Request::Harvest { libraries, sources }) => {
                self.want_runs(job, harvest::chosen(&self.settings.sources, &libraries, &sources));
            }
            Ok(request) => self.give(Work::Job { job, request }),
            Err(error) => {
                self.answer(
                    job,
                    &Answer::Failed { message: format!("this daemon does not know that request: {error}") },
                );
            }
        }
    }

    fn want_runs(&mut self, job: JobId, wanted: Result<Vec<usize>, String>) {
        match wanted {
            Err(message) => self.answer(job, &Answer::Failed { message }),
            Ok(wanted) => {
                self.harvests.add(job, wanted.len());
                wanted.iter().for_each(|&source| self.sources[source].wanted_by.push(job));
            }
        }
    }

    pub(super) fn answer(&mut self, job: JobId, answer: &Answer) {
        let answered = answer.to_json().and_then(|text| self.writer.store.answer(job, &text));
        self.complaints.note("answer", answered);
    }
}
