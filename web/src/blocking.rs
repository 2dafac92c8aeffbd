//! The one door between async and blocking: search, archive and files are reached only through it.
//!
//! It bounds how many run at once and how long one waits for its turn. The bound is for the machine, never
//! for an address: a reading room shares one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::error::WebError;

/// How long a request waits for its turn before it is told that all are busy.
const PATIENCE: Duration = Duration::from_secs(5);

/// Turns for blocking work.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Arc<Semaphore>);

impl Turns {
    /// Two turns a core: one computes while the other waits for a page of the index.
    pub(crate) fn for_this_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self::of(cores * 2)
    }

    /// So many turns.
    pub(crate) fn of(n_turns: usize) -> Self {
        Self(Arc::new(Semaphore::new(n_turns)))
    }
}

/// Runs `work` on a thread that may block.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) async fn run<T: Send + 'static>(
    turns: &Turns,
    work: impl FnOnce() -> Result<T, WebError> + Send + 'static,
) -> Result<T, WebError> {
    let waiting = tokio::time::timeout(PATIENCE, turns.0.clone().acquire_owned()).await;
    let Ok(Ok(turn)) = waiting else { return Err(WebError::Busy) };
    let done = tokio::task::spawn_blocking(move || {
        // Held by the work, not by the request: a reader who leaves does not free a busy core.
        let _turn = turn;
        work()
    });
    done.await.unwrap_or_else(|cause| Err(WebError::internal(anyhow::Error::new(cause))))
}
