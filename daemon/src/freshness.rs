//! How fresh each library's data is: as of which day, when something newer was last asked for, and what came of it.
//!
//! One answer a library out of archive, runs and sources, for pages, API and command line alike. What is
//! *searchable* may be older: that is the generation's affair, which knows from which state it was built.

use std::collections::BTreeSet;
use std::path::Path;

use indexer::archive::Archive;
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use crate::health::Health;
use crate::runs::{RunState, WrittenRun};
use crate::settings::Settings;
use crate::store::{Hold, OpenRun, Store};
use crate::{Result, alert};

/// How a library's data fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// Whose data.
    pub library: LibraryCode,
    /// Number of the state in force in its archive; 0 where it has no data.
    pub archive_state: u64,
    /// Day as which the archive's data counts, as `2026-11-22`.
    pub as_of: Option<String>,
    /// When something newer was last asked for, by a source or by hand, well or in vain.
    pub last_try: Option<Timestamp>,
    /// `none` (neither data nor source), `new`, `ok`, `partial`, `failed`, `held`, `overdue` or `paused`. Of several
    /// sources the worst one counts.
    pub state: &'static str,
    /// Why, where it is not well; a sentence without full stop.
    pub reason: Option<String>,
}

impl Freshness {
    /// Whether nobody needs to worry.
    pub fn is_well(&self) -> bool {
        matches!(self.state, "none" | "new" | "ok")
    }
}

/// The freshness of every library that has data, a run or a source, by code. Reads, and never makes a data directory.
pub fn of_all(data_dir: &Path, settings: &Settings, now: Timestamp) -> Result<Vec<Freshness>> {
    let store = if data_dir.join("state.db").is_file() { Some(Store::open(data_dir)?) } else { None };
    of_store(data_dir, store.as_ref(), settings, now)
}

/// The same with a store that is open already, for whoever asks often.
pub fn of_store(
    data_dir: &Path,
    store: Option<&Store>,
    settings: &Settings,
    now: Timestamp,
) -> Result<Vec<Freshness>> {
    let archive = Archive::open(data_dir)?;
    let (healths, rows, holds) = match store {
        Some(store) => {
            (alert::healths(store, &settings.sources, now)?, store.source_rows()?, store.open_holds()?)
        }
        None => (vec![NOT_ASKED; settings.sources.len()], Vec::new(), Vec::new()),
    };
    let mut codes: BTreeSet<LibraryCode> = crate::runs::libraries(data_dir)?.into_iter().collect();
    codes.extend(settings.sources.iter().map(|source| source.library.clone()));
    let mut all = Vec::new();
    for library in codes {
        let in_force = archive.library(&library)?.in_force()?;
        let of_it = || settings.sources.iter().zip(&healths).filter(|(source, _)| source.library == library);
        let last_run = store.map(|store| store.last_run_of(library.as_str())).transpose()?.flatten();
        let tries =
            of_it().filter_map(|(source, _)| rows.iter().find(|row| row.source == source.id)?.last_try);
        let last_try = tries.chain(last_run.as_ref().map(|run| run.began)).max();
        let by_hand = by_hand(last_run.as_ref(), &holds, &library, in_force.number > 0);
        let Health { state, reason } = worst(of_it().map(|(_, health)| health), by_hand);
        all.push(Freshness {
            library,
            archive_state: in_force.number,
            as_of: in_force.as_of,
            last_try,
            state,
            reason,
        });
    }
    Ok(all)
}

const NOT_ASKED: Health = Health { state: "new", reason: None };

// What a person's imports say. Where a source ran later, its word counts; a hold waits whoever brought it.
fn by_hand(last_run: Option<&OpenRun>, holds: &[Hold], library: &LibraryCode, has_data: bool) -> Health {
    if let Some(hold) = holds.iter().find(|hold| hold.library == library.as_str()) {
        return Health { state: "held", reason: Some(hold.reason.clone()) };
    }
    let last = last_run.filter(|run| run.source.is_none()).and_then(|run| run.line.as_deref());
    let last = last.and_then(WrittenRun::from_line).map(|written| written.run);
    match last {
        Some(run) if matches!(run.state, RunState::Failed | RunState::Partial) => {
            Health { state: run.state.name(), reason: run.reason }
        }
        _ if has_data => Health { state: "ok", reason: None },
        _ => Health { state: "none", reason: None },
    }
}

fn worst<'a>(sources: impl Iterator<Item = &'a Health>, by_hand: Health) -> Health {
    let rank = |health: &Health| match health.state {
        "none" => 0,
        "new" => 1,
        "ok" => 2,
        "paused" => 3,
        "partial" => 4,
        "held" => 5,
        "failed" => 6,
        _ => 7,
    };
    sources.cloned().chain([by_hand]).max_by_key(rank).unwrap_or(NOT_ASKED)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn health(state: &'static str) -> Health {
        Health { state, reason: (state != "ok").then(|| "超时".to_owned()) }
    }

    #[test]
    fn of_several_sources_the_worst_counts() {
        for (sources, by_hand, expect) in [
            (&["ok", "failed", "held"][..], "ok", "failed"),
            (&["ok", "overdue", "failed"], "ok", "overdue"),
            (&["new", "ok"], "none", "ok"),
            (&["ok"], "held", "held"),
            (&["new"], "none", "new"),
            (&["paused"], "ok", "paused"),
            (&[], "none", "none"),
        ] {
            let sources: Vec<Health> = sources.iter().map(|state| health(state)).collect();
            assert_eq!(worst(sources.iter(), health(by_hand)).state, expect, "{sources:?} {by_hand}");
        }
    }
}
