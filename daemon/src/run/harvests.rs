//! Jobs that wait for runs of sources, and the answers that these add up to.

use std::collections::HashMap;

use crate::jobs::Answer;
use crate::runs::Run;
use crate::store::JobId;

/// All such jobs.
#[derive(Default)]
pub(super) struct Harvests(HashMap<JobId, Harvest>);

struct Harvest {
    n_waiting: usize,
    runs: Vec<Run>,
    // Runs that could not even be written down.
    n_lost: usize,
}

impl Harvests {
    /// A job waits for so many runs.
    pub(super) fn add(&mut self, job: JobId, n_waiting: usize) {
        self.0.insert(job, Harvest { n_waiting, runs: Vec::new(), n_lost: 0 });
    }

    /// A run has ended for which these jobs waited: the answers of those that wait no longer.
    pub(super) fn ended(&mut self, jobs: Vec<JobId>, run: Option<&Run>) -> Vec<(JobId, Answer)> {
        let mut answers = Vec::new();
        for job in jobs {
            let Some(harvest) = self.0.get_mut(&job) else { continue };
            harvest.n_waiting = harvest.n_waiting.saturating_sub(1);
            match run {
                Some(run) => harvest.runs.push(run.clone()),
                None => harvest.n_lost += 1,
            }
            if harvest.n_waiting == 0
                && let Some(harvest) = self.0.remove(&job)
            {
                answers.push((job, harvest.answer()));
            }
        }
        answers
    }
}

impl Harvest {
    fn answer(self) -> Answer {
        if self.n_lost > 0 {
            let n = self.n_lost;
            return Answer::Failed {
                message: format!("{n} runs could not be written down; the log says why"),
            };
        }
        Answer::Harvested { runs: self.runs }
    }
}
