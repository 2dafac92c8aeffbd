//! What every handler may look at: settings, members, the open generation, counters.
//!
//! The open generation is swapped under the readers when `catalogue/current` names another one; whoever is
//! reading keeps the one he has.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};
use daemon::directory::Directory;
use daemon::purchases::Purchases;
use daemon::settings::Settings;
use daemon::store::Store;
use indexer::archive::Archive;
use indexer::bib::LibraryCode;
use indexer::library::Members;
use indexer::search::{Catalogue, Query};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::answers::Answers;
use crate::blocking::{self, Turns};
use crate::error::WebError;
use crate::fresh::{Fresh, Freshnesses};
use crate::login::delays::{self, Delays};
use crate::metrics::Metrics;
pub(crate) use crate::open::{Beside, Open};
use crate::said::Said;
use crate::views::Views;

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
    answers: Answers,
    fresh: Fresh,
    said: Said,
    views: Views,
    /// Number of a hub's newest item for its branches, as long as one of them waits.
    feed_end: watch::Sender<i64>,
}

/// Passwords hashed at the same time: each takes 19 MiB.
pub(crate) const MAX_HASHING: usize = 4;
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
            answers: Answers::default(),
            fresh: Fresh::default(),
            said: Said::default(),
            views: Views::default(),
            feed_end: watch::Sender::new(0),
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

    /// Looks how fresh the data is and what libraries say of themselves, for whoever serves. It blocks.
    pub(crate) fn look_around(&self) {
        self.look_at_freshness();
        // The next look is a second away; what is known stays.
        if let Err(cause) = self.look_at_directory() {
            cause.log();
        }
    }

    /// Looks how fresh the data is, for whoever serves.
    fn look_at_freshness(&self) {
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

    /// Looks whether libraries say something else of themselves. It blocks.
    pub(crate) fn look_at_directory(&self) -> Result<(), WebError> {
        self.store_if_there()?.map_or(Ok(()), |store| self.0.said.look(&store)).map_err(WebError::internal)
    }

    // One look for all who wait.
    fn look_at_feed(&self) -> Result<(), WebError> {
        if self.0.feed_end.receiver_count() > 0 {
            let end = self.store()?.feed_end().map_err(WebError::internal)?;
            self.0.feed_end.send_if_modified(|known| std::mem::replace(known, end) != end);
        }
        Ok(())
    }

    /// Tells when there is something new for any branch.
    pub(crate) fn feed_grows(&self) -> watch::Receiver<i64> {
        self.0.feed_end.subscribe()
    }

    /// What libraries say of themselves.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        self.0.said.all()
    }

    /// The template of a library's own catalogue: what it says itself, else what the list of members says.
    pub(crate) fn opac_url(&self, code: &LibraryCode) -> Option<String> {
        let directory = self.directory();
        let said = directory.facts(code).map(|facts| facts.opac_url.clone()).filter(|url| !url.is_empty());
        said.or_else(|| self.members().get(code).and_then(|library| library.opac_url.clone()))
    }

    /// Views of entries that are to be counted.
    pub(crate) fn views(&self) -> &Views {
        &self.0.views
    }

    /// Where the catalogue comes from, if from a repository.
    pub(crate) fn snapshot(&self) -> Option<Arc<daemon::sync::status::Status>> {
        self.0.fresh.snapshot()
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
                app.look_around();
                if let Err(cause) = app.look_at_feed().and_then(|()| app.keep_views()) {
                    cause.log();
                }
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

    // Only where something is kept already: whoever only looks makes no store.
    fn keep_views(&self) -> Result<(), WebError> {
        match self.store_if_there()? {
            Some(store) => self.0.views.keep(&store).map_err(WebError::internal),
            None => Ok(()),
        }
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

    /// Answers given lately.
    pub(crate) fn answers(&self) -> &Answers {
        &self.0.answers
    }

    /// The counters.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}
