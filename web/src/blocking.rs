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
/// Threads for what the runtime itself reads.
const FOR_FILES: usize = 4;

/// Turns for blocking work.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl Turns {
    /// Two turns a core: one computes while the other waits for a page of the index.
    pub(crate) fn for_this_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self::of(cores * 2)
    }

    /// So many turns.
    pub(crate) fn of(n_turns: usize) -> Self {
        Self::new(n_turns, PATIENCE)
    }

    fn new(n_turns: usize, patience: Duration) -> Self {
        Self { turns: Arc::new(Semaphore::new(n_turns)), patience }
    }
}

/// Threads that may block: one for each turn of this machine, for each of `n_others`, and some for files that are sent.
/// More would compute nothing sooner, but each keeps memory that it once needed.
pub(crate) fn threads(n_others: usize) -> usize {
    Turns::for_this_machine().turns.available_permits() + n_others + FOR_FILES
}

/// Runs `work` on a thread that may block.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) async fn run<T: Send + 'static>(
    turns: &Turns,
    work: impl FnOnce() -> Result<T, WebError> + Send + 'static,
) -> Result<T, WebError> {
    let waiting = tokio::time::timeout(turns.patience, turns.turns.clone().acquire_owned()).await;
    let Ok(Ok(turn)) = waiting else { return Err(WebError::Busy) };
    let done = tokio::task::spawn_blocking(move || {
        // Held by the work, not by the request: a reader who leaves does not free a busy core.
        let _turn = turn;
        work()
    });
    done.await.unwrap_or_else(|cause| Err(WebError::internal(anyhow::Error::new(cause))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn who_waits_too_long_is_told_so_and_a_turn_comes_back() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let turns = Turns::new(1, Duration::from_millis(20));
            let (release, wait) = mpsc::channel::<()>();
            let own = turns.clone();
            let long = tokio::spawn(async move {
                run(&own, move || {
                    let _ = wait.recv();
                    Ok(1)
                })
                .await
            });
            while turns.turns.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            assert!(matches!(run(&turns, || Ok(2)).await, Err(WebError::Busy)));
            drop(release);
            assert!(matches!(long.await.unwrap(), Ok(1)));
            assert!(matches!(run(&turns, || Ok(3)).await, Ok(3)));
        });
    }
}
