//! How fresh each library's data is, as the daemon knows it, and in the words of a page.
//!
//! Looked at once a second and kept, so that no request waits for it. It decides nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use daemon::freshness::{self, Freshness};
use daemon::settings::Settings;
use daemon::store::Store;
use daemon::sync::status::{self, Status};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::i18n::Lang;

/// What is known of every library.
pub(crate) type Freshnesses = BTreeMap<LibraryCode, Freshness>;

/// What the last look saw.
#[derive(Default)]
pub(crate) struct Fresh {
    store: Mutex<Option<Store>>,
    all: ArcSwap<Freshnesses>,
    snapshot: ArcSwapOption<Status>,
}

/// What is wrong with a library's updates, for a page.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    /// One sentence.
    pub(crate) sentence: String,
    /// What the daemon says of it, in the reader's language where it can be said.
    pub(crate) reason: Option<String>,
}

impl Fresh {
    /// Looks anew; whether something changed.
    pub(crate) fn look(&self, data_dir: &Path, settings: &Settings) -> daemon::Result<bool> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if store.is_none() && data_dir.join("state.db").is_file() {
            *store = Some(Store::open(data_dir)?);
        }
        let all = freshness::of_store(data_dir, store.as_ref(), settings, Timestamp::now())?;
        let all: Freshnesses = all.into_iter().map(|one| (one.library.clone(), one)).collect();
        self.snapshot.store(status::of(data_dir, Timestamp::now())?.map(Arc::new));
        let has_changed = **self.all.load() != all;
        if has_changed {
            self.all.store(Arc::new(all));
        }
        Ok(has_changed)
    }

    /// Where the catalogue comes from, if from a repository.
    pub(crate) fn snapshot(&self) -> Option<Arc<Status>> {
        self.snapshot.load_full()
    }

    /// What is known of every library.
    pub(crate) fn all(&self) -> Arc<Freshnesses> {
        self.all.load_full()
    }
}

/// What a reader is told of a catalogue that came from a hub: its day, its age, and whether the hub was reached.
pub(crate) fn age(status: &Status, settings: &Settings, lang: Lang) -> Option<String> {
    let zone = TimeZone::get(&settings.timezone).unwrap_or(TimeZone::UTC);
    let local = |time: Timestamp| time.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let when = local(status.published_at?);
    let mut said = match status.days_old(Timestamp::now()) {
        Some(days) => lang.fill("fares.catalogue", &[("when", &when), ("n", &days.to_string())]),
        None => lang.fill("fares.catalogue_clock", &[("when", &when)]),
    };
    if let Some(tried) = status.last_try.filter(|_| !status.is_reached) {
        said += &lang.fill("fares.hub_away", &[("when", &local(tried))]);
    }
    Some(said)
}

/// What a reader is told of a library whose updates are not well.
pub(crate) fn trouble(freshness: Option<&Freshness>, settings: &Settings, lang: Lang) -> Option<Trouble> {
    let freshness = freshness?;
    let key = match freshness.state {
        "partial" => "fares.partial",
        "failed" => "fares.failed",
        "held" => "fares.held",
        "overdue" => "fares.overdue",
        "paused" => "fares.paused",
        _ => return None,
    };
    let zone = TimeZone::get(&settings.timezone).unwrap_or(TimeZone::UTC);
    let when =
        freshness.last_try.map(|time| time.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M").to_string());
    let sentence = lang.fill(key, &[("when", when.as_deref().unwrap_or("—"))]);
    Some(Trouble { sentence, reason: freshness.reason.as_deref().map(|reason| lang.reason(reason)) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn only_what_is_not_well_is_told() {
        let settings = Settings::load(None).unwrap();
        let fares = |state| Freshness {
            library: LibraryCode::new("BJFU"),
            archive_state: 1,
            as_of: None,
            last_try: Some("2026-11-24T17:30:00Z".parse().unwrap()),
            state,
            reason: Some("timed out".to_owned()),
        };
        for state in ["none", "new", "ok"] {
            assert!(trouble(Some(&fares(state)), &settings, Lang::ZhHans).is_none(), "{state}");
        }
        for state in ["partial", "failed", "held", "overdue", "paused"] {
            for lang in Lang::ALL {
                let told = trouble(Some(&fares(state)), &settings, lang).unwrap();
                assert!(!told.sentence.contains("fares."), "{state} has no words: {}", told.sentence);
            }
        }
        let failed = trouble(Some(&fares("failed")), &settings, Lang::ZhHans).unwrap();
        assert!(failed.sentence.contains("2026-11-25 01:30"), "the time of Shanghai: {}", failed.sentence);
    }
}
