//! How old the catalogue of this machine is, where it comes from and whether that could be reached: for pages, API
//! and command line alike. It reads files and asks no network.

use std::path::Path;

use indexer::index;
use jiff::Timestamp;

use super::state::{self, State};
use super::{moment_of, time_of};
use crate::Result;

/// How the catalogue of a branch fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The generation in force.
    pub generation: Option<String>,
    /// The newest one that a repository offered.
    pub newest: Option<String>,
    /// When that was published.
    pub published_at: Option<Timestamp>,
    /// Where it comes from.
    pub source: Option<String>,
    /// When a repository was last asked.
    pub last_try: Option<Timestamp>,
    /// When one last answered.
    pub last_contact: Option<Timestamp>,
    /// Whether the last try brought an answer that was accepted.
    pub is_reached: bool,
    /// `fresh`, `stale`, or `unknown` where the clock of this machine cannot be right.
    pub freshness: &'static str,
    /// `none` (never asked), `ok`, `pinned`, `behind`, `failed`.
    pub state: &'static str,
    /// Why it is not well; a sentence.
    pub reason: Option<String>,
    /// Bytes fetched in all out of repositories.
    pub bytes: u64,
    /// Bytes that neighbours gave in all.
    pub bytes_from_neighbours: u64,
}

impl Status {
    /// Whole days since the newest generation that is known was published; nothing where the clock stands wrong.
    pub fn days_old(&self, now: Timestamp) -> Option<i64> {
        let age = now.duration_since(self.published_at?);
        (!age.is_negative()).then(|| age.as_hours() / 24)
    }
}

/// How the catalogue of a data directory fares; nothing where it never came from a repository.
pub fn of(data_dir: &Path, now: Timestamp) -> Result<Option<Status>> {
    if !data_dir.join("sync").is_dir() {
        return Ok(None);
    }
    let state = State::read_in(data_dir);
    let generation = index::name_in_force(&data_dir.join("catalogue"));
    Ok(Some(status(state, generation, now)))
}

/// Whether a data directory trusts a repository already.
pub fn trusts_somebody(data_dir: &Path) -> bool {
    data_dir.join("sync").join("trusted.json").exists()
}

fn status(state: State, generation: Option<String>, now: Timestamp) -> Status {
    let moment = |text: &Option<String>| text.as_deref().and_then(moment_of);
    let is_reached = state.last_contact.is_some() && !state.is_unanswered;
    let today = time_of(now).to_string();
    let freshness = match (&state.published_at, &state.holds_until) {
        (Some(published), _) if *published > today => "unknown",
        (Some(_), Some(until)) if *until > today => "fresh",
        (None, _) => "unknown",
        _ => "stale",
    };
    let fares = match () {
        () if state.last_try.is_none() => "none",
        () if state.pinned.is_some() => "pinned",
        () if state.reason.is_some() => "failed",
        () if state.newest.is_some() && state.newest != generation => "behind",
        () => "ok",
    };
    Status {
        published_at: moment(&state.published_at),
        last_try: moment(&state.last_try),
        last_contact: moment(&state.last_contact),
        is_reached,
        freshness,
        state: fares,
        generation,
        newest: state.newest,
        source: state.source,
        reason: state.reason,
        bytes: state.bytes,
        bytes_from_neighbours: state.bytes_from_neighbours,
    }
}

pub use state::pin_root;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_wrong_clock_is_no_judge_and_an_old_list_is_said_to_be_old() {
        let state = State {
            published_at: Some("2026-11-20T01:00:00Z".to_owned()),
            holds_until: Some("2026-12-04T01:00:00Z".to_owned()),
            last_try: Some("2026-11-20T02:00:00Z".to_owned()),
            last_contact: Some("2026-11-20T02:00:00Z".to_owned()),
            is_unanswered: true,
            ..State::default()
        };
        for (now, freshness, days) in [
            ("2026-11-24T02:00:00Z", "fresh", Some(4)),
            ("2026-12-24T02:00:00Z", "stale", Some(34)),
            ("1970-01-01T00:00:00Z", "unknown", None),
        ] {
            let now: Timestamp = now.parse().unwrap();
            let found = status(state.clone(), None, now);
            assert_eq!((found.freshness, found.days_old(now)), (freshness, days), "{now}");
            assert!(!found.is_reached, "the last try failed within the second of the last contact");
        }
    }
}
