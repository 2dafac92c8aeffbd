//! What every handler may look at: settings, members, the open generation, counters.
//!
//! The open generation is swapped under the readers when `catalogue/current` names another one; whoever is
//! reading keeps the one he has.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use daemon::purchases::Purchases;
use daemon::settings::Settings;
use daemon::store::Store;
use indexer::archive::Archive;
use indexer::bib::{EditionId, Entry, LibraryCode};
use indexer::index::Successor;
use indexer::library::Members;
use indexer::search::{Catalogue, Query};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::blocking::{self, Turns};
use crate::error::WebError;
use crate::fresh::{Fresh, Freshnesses};
use crate::login::delays::{self, Delays};
use crate::metrics::Metrics;

/// How often `catalogue/current` is looked at.
const GLANCE: Duration = Duration::from_secs(1);

/// The state of the web process; cloning it is cheap.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    settings: Settings,
    data_dir: PathBuf,
    archive: Archive,
    purchases: Purchases,
    members: ArcSwap<Members>,
    open: ArcSwapOption<Open>,
    seen: Mutex<Seen>,
    turns: Turns,
    hashing: Turns,
    listeners: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    delays: Mutex<Delays>,
    store: Mutex<Option<Store>>,
    began: Instant,
    metrics: Metrics,
    fresh: Fresh,
}

/// Passwords hashed at the same time: each takes 19 MiB.
const MAX_HASHING: usize = 4;
/// Pages that listen to the progress of a run at the same time.
const MAX_LISTENERS: usize = 32;
/// Files uploaded at the same time.
const MAX_UPLOADS: usize = 2;

/// What the last glance at the data directory saw.
#[derive(Default)]
struct Seen {
    generation: Option<String>,
    members: Option<String>,
}

/// An open generation and what its manifest says of each library.
pub(crate) struct Open {
    /// The catalogue.
    pub(crate) catalogue: Arc<Catalogue>,
    libraries: HashMap<LibraryCode, LibraryState>,
}

/// The entries beside one.
pub(crate) struct Beside {
    /// Compared with it and kept apart.
    pub(crate) siblings: Vec<Entry>,
    /// Of the same work.
    pub(crate) same_work: Vec<Entry>,
}

/// So many entries beside one are looked at: of some works there are hundreds.
const MAX_BESIDE: usize = 100;

/// What a generation holds of one library.
#[derive(Clone, Debug, Default)]
pub(crate) struct LibraryState {
    /// Date of its data.
    pub(crate) as_of: Option<String>,
    /// Its records.
    pub(crate) records: u64,
}

impl Open {
    // A run that found nothing new makes no generation, and yet the data counts as of its day.
    fn new(catalogue: Arc<Catalogue>, fresh: &Freshnesses) -> Self {
        let states = catalogue.manifest().libraries.iter().map(|data| {
            let newer = fresh.get(&data.code).filter(|fresh| fresh.archive_state == data.state);
            let as_of = newer.map_or(&data.as_of, |fresh| &fresh.as_of).clone();
            (data.code.clone(), LibraryState { as_of, records: data.records })
        });
        let libraries = states.collect();
        Self { catalogue, libraries }
    }

    /// The entry with this id, or why there is none: an old id names its successor.
    pub(crate) fn find(&self, id: &str) -> Result<Entry, WebError> {
        let asked = EditionId::new(id);
        match self.catalogue.entry(&asked).map_err(WebError::internal)? {
            Some(entry) => Ok(entry),
            None => Err(match self.catalogue.successor(&asked) {
                Some(Successor::Entry(new)) => WebError::Merged { old: id.to_owned(), new },
                Some(Successor::Gone) => WebError::Gone(id.to_owned()),
                None => WebError::UnknownRecord(id.to_owned()),
            }),
        }
    }

    /// The entry that has this id now: an old id leads to its successor.
    pub(crate) fn find_now(&self, id: &str) -> Result<Entry, WebError> {
        match self.find(id) {
            Err(WebError::Merged { new, .. }) => self.find(new.as_str()),
            found => found,
        }
    }

    /// Other editions of an entry's work, and the entries that it was compared with and kept apart from.
    pub(crate) fn beside(&self, entry: &Entry) -> Result<Beside, WebError> {
        let sibling = |id| self.catalogue.entry(id).map_err(WebError::internal).transpose();
        let siblings = entry.siblings.iter().take(MAX_BESIDE).filter_map(sibling);
        Ok(Beside {
            siblings: siblings.collect::<Result<_, _>>()?,
            same_work: self.catalogue.same_work(entry, MAX_BESIDE).map_err(WebError::internal)?,
        })
    }

    /// What it holds of a library.
    pub(crate) fn library(&self, code: &LibraryCode) -> Option<&LibraryState> {
        self.libraries.get(code)
    }

    /// All libraries with data.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = (&LibraryCode, &LibraryState)> {
        self.libraries.iter()
    }
}

impl App {
    /// The state over a data directory, with the generation that is in force now.
    pub(crate) fn new(settings: Settings, data_dir: &Path) -> anyhow::Result<Self> {
        let inner = Inner {
            settings,
            data_dir: data_dir.to_owned(),
            archive: Archive::open(data_dir)?,
            purchases: Purchases::of(data_dir),
            members: ArcSwap::from_pointee(Members::embedded()),
            open: ArcSwapOption::empty(),
            seen: Mutex::default(),
            turns: Turns::for_this_machine(),
            hashing: Turns::of(MAX_HASHING),
            listeners: Arc::new(Semaphore::new(MAX_LISTENERS)),
            uploads: Arc::new(Semaphore::new(MAX_UPLOADS)),
            delays: Mutex::default(),
            store: Mutex::default(),
            began: Instant::now(),
            metrics: Metrics::default(),
            fresh: Fresh::default(),
        };
        let app = Self(Arc::new(inner));
        app.glance();
        Ok(app)
    }

    /// Looks whether another generation or another table of members is in force; opens what is new.
    pub(crate) fn glance(&self) {
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let members = std::fs::read_to_string(self.0.data_dir.join("members.tsv")).ok();
        if members != seen.members {
            let (table, problems) = Members::load(members.as_deref());
            for problem in problems {
                tracing::warn!("members.tsv: {problem}");
            }
            self.0.members.store(Arc::new(table));
            seen.members = members;
        }
        let catalogue_dir = self.0.data_dir.join("catalogue");
        let current = std::fs::read_to_string(catalogue_dir.join("current")).ok();
        if current != seen.generation {
            match current.as_ref().map(|_| Catalogue::open(&catalogue_dir)) {
                Some(Ok(catalogue)) => {
                    tracing::info!("generation {} is open", catalogue.generation());
                    let open = Open::new(Arc::new(catalogue), &self.0.fresh.all());
                    self.0.open.store(Some(Arc::new(open)));
                }
                // The one that is open stays open: an older answer is better than none.
                Some(Err(cause)) => {
                    tracing::error!("cannot open the generation: {:#}", anyhow::Error::new(cause));
                }
                None => tracing::warn!("no generation in {}", catalogue_dir.display()),
            }
            seen.generation = current;
        }
    }

    /// Looks how fresh the data is, for whoever serves.
    pub(crate) fn look_at_freshness(&self) {
        match self.0.fresh.look(&self.0.data_dir, &self.0.settings) {
            Ok(false) => {}
            Ok(true) => {
                if let Some(open) = self.open() {
                    let renewed = Open::new(Arc::clone(&open.catalogue), &self.0.fresh.all());
                    self.0.open.store(Some(Arc::new(renewed)));
                }
            }
            // The next look is a second away; what is known stays.
            Err(cause) => tracing::debug!("cannot look how fresh the data is: {cause}"),
        }
    }

    /// How fresh the data of every library is.
    pub(crate) fn freshness(&self) -> Arc<Freshnesses> {
        self.0.fresh.all()
    }

    /// Asks what loads the dictionaries, so that no reader waits for them.
    fn warm_up(&self) {
        for text in ["三国演义", "sanguoyanyi"] {
            let query = Query { text: text.to_owned(), ..Query::default() };
            if let Some(Err(cause)) = self.open().map(|open| open.catalogue.search(&query)) {
                tracing::error!("the first search failed: {:#}", anyhow::Error::new(cause));
            }
        }
        self.prepare();
    }

    /// Makes what browsing and completions need of the open generation, so that no reader waits for that either.
    fn prepare(&self) {
        let Some(open) = self.open() else { return };
        let completed = open.catalogue.suggest("zhongg", 1).map(drop);
        if let Err(cause) = completed.and_then(|()| open.catalogue.prepare_browsing()) {
            tracing::error!("browsing is not prepared: {:#}", anyhow::Error::new(cause));
        }
    }

    /// Glances once a second until the process ends.
    pub(crate) async fn keep_glancing(self) {
        let app = self.clone();
        let warmed = blocking::run(&self.0.turns, move || {
            let remembered = app.remember_tries();
            app.warm_up();
            remembered
        });
        if let Err(cause) = warmed.await {
            cause.log();
        }
        let mut ticks = tokio::time::interval(GLANCE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let app = self.clone();
            let looked = blocking::run(&self.0.turns, move || {
                let before = app.open();
                app.glance();
                app.look_at_freshness();
                if let (Some(before), Some(now)) = (before, app.open())
                    && !Arc::ptr_eq(&before, &now)
                {
                    app.prepare();
                }
                Ok(())
            });
            if let Err(cause) = looked.await {
                cause.log();
            }
        }
    }

    /// The open generation.
    pub(crate) fn open(&self) -> Option<Arc<Open>> {
        self.0.open.load_full()
    }

    /// The open generation, or the error that says what to do.
    pub(crate) fn opened(&self) -> Result<Arc<Open>, WebError> {
        self.open().ok_or(WebError::NotReady)
    }

    /// The member libraries.
    pub(crate) fn members(&self) -> Arc<Members> {
        self.0.members.load_full()
    }

    /// The settings in force.
    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The library of this machine.
    pub(crate) fn home(&self) -> Option<LibraryCode> {
        self.0.settings.library.clone()
    }

    /// The original records.
    pub(crate) fn archive(&self) -> &Archive {
        &self.0.archive
    }

    /// What readers wish was bought.
    pub(crate) fn purchases(&self) -> &Purchases {
        &self.0.purchases
    }

    /// Turns for blocking work.
    pub(crate) fn turns(&self) -> &Turns {
        &self.0.turns
    }

    /// Turns for hashing passwords.
    pub(crate) fn hashing(&self) -> &Turns {
        &self.0.hashing
    }

    /// A place among those who listen to progress, if one is free.
    pub(crate) fn listener_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.listeners).try_acquire_owned().ok()
    }

    /// A place among those who upload, if one is free.
    pub(crate) fn upload_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.uploads).try_acquire_owned().ok()
    }

    /// What is known of wrong passwords, with the time of the process' clock.
    pub(crate) fn with_delays<T>(&self, act: impl FnOnce(&mut Delays, Duration) -> T) -> T {
        let mut delays = self.0.delays.lock().unwrap_or_else(PoisonError::into_inner);
        // What an earlier process remembers lies before the beginning of this one.
        act(&mut delays, self.0.began.elapsed() + delays::FORGOTTEN)
    }

    // Whoever guessed passwords before a restart goes on where he was.
    fn remember_tries(&self) -> Result<(), WebError> {
        if !self.0.data_dir.join("state.db").is_file() {
            return Ok(());
        }
        let now = Timestamp::now().as_second();
        for tries in self.store()?.tries().map_err(WebError::internal)? {
            let age = u64::try_from(now - tries.last).map(Duration::from_secs);
            if let Some(last) = age.ok().and_then(|age| delays::FORGOTTEN.checked_sub(age)) {
                self.with_delays(|delays, _| delays.remember(tries.subject, tries.n_wrong, last));
            }
        }
        Ok(())
    }

    /// `state.db`, opened when it is first asked for: whoever only reads the catalogue makes none. It blocks.
    pub(crate) fn store(&self) -> Result<Store, WebError> {
        let mut store = self.0.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*store {
            return Ok(open.clone());
        }
        let opened = Store::open(&self.0.data_dir).map_err(WebError::internal)?;
        Ok(store.insert(opened).clone())
    }

    /// `state.db`, if there is one: a page that only shows what staff wrote makes none. It blocks.
    pub(crate) fn store_if_there(&self) -> Result<Option<Store>, WebError> {
        let is_open = self.0.store.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let is_there = is_open || self.0.data_dir.join("state.db").is_file();
        is_there.then(|| self.store()).transpose()
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// The counters.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}
