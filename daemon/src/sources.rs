//! What a person sees of the configured sources, and what can be decided about them.
//!
//! Pages and command line both call these functions. To *run* a source now, to release or discard what the gate
//! holds, ask through `jobs` (`submit` waits for the end, `ask` does not): only the one writer does that. Pausing
//! needs no writer: the daemon looks before each run whether its source is paused.

use std::path::Path;

use jiff::Timestamp;

use crate::harvest::schedule::{Scheduled, Timetable, due_next};
use crate::health::Health;
use crate::settings::{Settings, Source};
use crate::store::{OpenRun, SourceRow, Store};
use crate::{Error, Result, alert};

/// A configured source and how it fares.
#[derive(Clone, Debug)]
pub struct SourceStatus {
    /// As it is configured. What a page may show of its place is `Source::shown`.
    pub source: Source,
    /// In one word, with a reason where it is not well.
    pub health: Health,
    /// What is remembered of it: last try, last good run, last run's name. Nothing before its first daemon.
    pub known: Option<SourceRow>,
    /// Its run that is on its way, with the bytes and items fetched so far.
    pub running: Option<OpenRun>,
    /// When it runs next by itself; nothing for one without a schedule, or a paused one.
    pub next_run: Option<Timestamp>,
}

/// All configured sources in the order of the configuration. Without a store nothing is known of any.
pub fn list(store: Option<&Store>, settings: &Settings, now: Timestamp) -> Result<Vec<SourceStatus>> {
    let timetable = Timetable::of(settings);
    let (healths, rows, running) = match store {
        Some(store) => {
            (alert::healths(store, &settings.sources, now)?, store.source_rows()?, store.runs_on_their_way()?)
        }
        None => Default::default(),
    };
    let all = settings.sources.iter().enumerate().map(|(n, source)| {
        let known = rows.iter().find(|row| row.source == source.id).cloned();
        SourceStatus {
            source: source.clone(),
            health: healths.get(n).cloned().unwrap_or(Health { state: "new", reason: None }),
            running: running.iter().find(|run| run.source.as_ref() == Some(&source.id)).cloned(),
            next_run: due_next(now, &timetable, &scheduled(source, known.as_ref(), now)),
            known,
        }
    });
    Ok(all.collect())
}

fn scheduled(source: &Source, known: Option<&SourceRow>, now: Timestamp) -> Scheduled {
    Scheduled {
        source: source.id.clone(),
        cron: source.cron(),
        known_since: known.map_or(now, |row| row.known_since),
        last_try: known.and_then(|row| row.last_try),
        tries_in_vain: 0,
        is_running: false,
        is_paused: known.is_some_and(|row| row.paused),
        is_wanted: false,
        has_arrivals: false,
    }
}

/// Pauses a source, by the name that `SourceId` has as text, or lets it go on. A run that is on its way goes on
/// to its end; run by hand, a paused source runs all the same. It works beside a daemon and without one.
pub fn pause(data_dir: &Path, settings: &Settings, name: &str, paused: bool, now: Timestamp) -> Result<()> {
    let source = settings.sources.iter().find(|source| source.id.as_str() == name);
    let source = source.ok_or_else(|| Error::NoSuchSource { name: name.to_owned() })?;
    let store = Store::open(data_dir)?;
    store.know_sources(std::slice::from_ref(source), now)?;
    store.pause_source(&source.id, paused)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_paused_source_has_no_next_run_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[[source]]\nlibrary = \"BJFU\"\nkind = \"folder\"\nlocation = \"北林\"\nschedule = \"30 1 * * *\"";
        let settings = Settings::parse(text, Path::new("lianmu.toml")).unwrap();
        let now: Timestamp = "2026-11-25T10:00:00Z".parse().unwrap();
        let fresh = list(None, &settings, now).unwrap().remove(0);
        assert_eq!((fresh.health.state, fresh.known.is_none()), ("new", true));
        let due = fresh.next_run.unwrap();
        assert!(due.to_string().starts_with("2026-11-25T17:3"), "{due}: half past one in Shanghai");

        let name = fresh.source.id.as_str();
        for (paused, state) in [(true, "paused"), (false, "new")] {
            pause(folder.path(), &settings, name, paused, now).unwrap();
            let store = Store::open(folder.path()).unwrap();
            let seen = list(Some(&store), &settings, now).unwrap().remove(0);
            assert_eq!((seen.health.state, seen.next_run.is_none()), (state, paused));
        }
        let error = pause(folder.path(), &settings, "没有", true, now).unwrap_err();
        assert!(matches!(error, Error::NoSuchSource { .. }), "{error}");
    }
}
