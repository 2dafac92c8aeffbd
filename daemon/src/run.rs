//! The daemon: one loop over one `enum Event`, and the only place that starts threads.
//!
//! The loop decides, workers do. Sources are fetched on threads of their own; one worker, who alone writes, takes
//! in what they brought, builds, and does what commands ask for. A changed archive becomes a generation by itself.

mod asked;
mod complaints;
mod desks;
mod farewell;
mod harvests;
mod healths;
mod looker;
mod mailman;
mod pulls;
mod slot;
mod tidier;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::clock::SystemClock;
use crate::delivery::{Carrier, Listener};
use crate::harvest::schedule::{Scheduled, Timetable, Why, next};
use crate::harvest::session::{self, Brought, Manner};
use crate::harvest::{Clock, Fetcher, Stop, fetcher_for};
use crate::jobs::Answer;
use crate::keys::{Identity, random};
use crate::lock::Holder;
use crate::mail::Post;
pub use crate::mail::WriteNews;
use crate::runs::Run;
use crate::settings::{Role, Settings, Source};
use crate::store::JobId;
use crate::sync::pull::Pulled;
use crate::sync::switch;
use crate::systemd::Pulse;
use crate::writer::Writer;
use crate::{Result, priority};
use complaints::Complaints;
use desks::Desks;
use harvests::Harvests;
use looker::Looker;
use mailman::Mailman;
use pulls::Pulls;
use slot::Slot;
use tidier::Tidier;
use worker::{Work, Worker};

/// Makes the fetcher of a source; tests make others.
pub type MakeFetcher = Arc<dyn Fn(&Source) -> Box<dyn Fetcher> + Send + Sync>;

/// Everything that can happen.
enum Event {
    /// Something new lies in the folder of a source.
    Arrived(usize),
    /// A source has been fetched, or no run could begin.
    Fetched { source: usize, fetcher: Box<dyn Fetcher>, manner: Manner, brought: Result<Brought> },
    /// What a source brought has been taken in.
    Taken { source: usize, run: Option<Run> },
    /// The worker has done what a command asked for.
    Answered { job: JobId, answer: Answer },
    /// The worker has built, or could not.
    Built { well: bool },
    /// The worker has looked after the repository.
    Published,
    /// A pull has ended.
    Pulled(Result<Pulled>),
}

/// How often the loop looks for jobs and the time.
const GLANCE: Duration = Duration::from_millis(250);
/// Sources fetched at the same time; most of them wait for a line, or for a file to hold still.
const MAX_FETCHES: usize = 16;
/// A changed archive waits no longer than this for others that change too.
const BUILD_AFTER: Duration = Duration::from_secs(15);
/// After a build that failed, or an arrival that could not be taken in, the next try waits.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// How long a stop waits for what is under way; what is cut short is told at the next start.
const FAREWELL: Duration = Duration::from_secs(20);

/// A running daemon.
pub struct Running {
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    ended: Receiver<()>,
}

impl Running {
    /// Asks it to stop, and waits until it has, or for as long as a stop may take.
    pub fn stop(mut self) {
        self.stop.ask();
        let has_ended = !matches!(self.ended.recv_timeout(FAREWELL), Err(RecvTimeoutError::Timeout));
        if let Some(thread) = self.thread.take().filter(|_| has_ended)
            && thread.join().is_err()
        {
            tracing::error!("the daemon ended in a panic");
        }
    }
}

/// Starts the daemon of a data directory; fails with a sentence where another one writes there. `write` says in words
/// what readers are told by mail.
pub fn start(data_dir: &Path, settings: &Settings, write: WriteNews) -> Result<Running> {
    start_with(data_dir, settings, write, Arc::new(SystemClock::default()), Arc::new(fetcher_for))
}

/// The same with another clock and other fetchers.
pub fn start_with(
    data_dir: &Path,
    settings: &Settings,
    write: WriteNews,
    clock: Arc<dyn Clock>,
    make: MakeFetcher,
) -> Result<Running> {
    let post = settings.mail.as_ref().map(Post::of).transpose()?;
    let writer = Arc::new(Writer::open(data_dir, settings, Holder::Daemon, clock)?);
    writer.store.know_sources(&settings.sources, writer.now())?;
    // Before anything is written about a request.
    writer.store.begin_life(u32::from_le_bytes(random()?), writer.now())?;
    if settings.role == Role::Hub {
        Identity::load_or_make(data_dir, writer.files.as_ref())?;
    }
    if let Some(generation) = switch::at_start(&writer.site())? {
        tracing::error!(generation, "the newest generation failed; the one before is in force again");
    }
    let stop = Stop::default();
    let (tell, ended) = channel();
    if let Some(post) = post {
        let mailman = Mailman { post, write, writer: Arc::clone(&writer), stop: stop.clone() };
        spawn("mail", move || mailman.go_round());
    }
    let keep_days = settings.policy.anonymise_days;
    let tidier = Tidier { writer: Arc::clone(&writer), keep_days, stop: stop.clone() };
    spawn("tidy", move || tidier.go_round());
    let mut daemon = Daemon::new(writer, settings.clone(), make, stop.clone());
    let thread = spawn("daemon", move || {
        daemon.run();
        let _ = tell.send(());
    });
    Ok(Running { stop, thread: Some(thread), ended })
}

struct Daemon {
    writer: Arc<Writer>,
    settings: Settings,
    timetable: Timetable,
    make: MakeFetcher,
    stop: Stop,
    sources: Vec<Slot>,
    harvests: Harvests,
    events: (Sender<Event>, Receiver<Event>),
    work: Option<Sender<Work>>,
    // Work that was given and is not done.
    n_works: usize,
    is_building: bool,
    changed_since: Option<Instant>,
    health_at: Option<Instant>,
    complaints: Complaints,
    desks: Desks,
    pulls: Pulls,
}

impl Daemon {
    fn new(writer: Arc<Writer>, settings: Settings, make: MakeFetcher, stop: Stop) -> Self {
        let sources = settings.sources.iter().map(|source| Slot::new(source, make(source))).collect();
        let timetable = Timetable::of(&settings);
        let pulls = Pulls::of(&settings);
        Self {
            pulls,
            writer,
            settings,
            timetable,
            make,
            stop,
            sources,
            harvests: Harvests::default(),
            events: channel(),
            work: None,
            n_works: 0,
            is_building: false,
            // What an earlier process imported and did not build.
            changed_since: Some(Instant::now()),
            health_at: None,
            complaints: Complaints::default(),
            desks: Desks::default(),
        }
    }

    fn run(&mut self) {
        let worker = self.start_worker();
        let mut pulse = Pulse::of_environment();
        self.start_lookers();
        self.start_carrier();
        tracing::info!(sources = self.sources.len(), "the daemon is running");
        while !self.stop.is_asked() {
            match self.events.1.recv_timeout(GLANCE) {
                Ok(event) => self.handle(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            pulse.beat();
            let glanced = self.glance();
            self.complaints.note("glance", glanced);
            let carried = self.desks.look_after(&self.writer.store, &self.settings, self.writer.now());
            self.complaints.note("desks", carried);
        }
        self.farewell(worker);
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrived(source) => self.sources[source].has_arrivals = true,
            Event::Fetched { source, fetcher, manner, brought } => {
                self.sources[source].fetcher = Some(fetcher);
                match brought {
                    Ok(brought) => {
                        self.sources[source].has_more = brought.has_more();
                        self.give(Work::Take { source, manner, brought });
                    }
                    Err(error) => {
                        tracing::error!(error = crate::import::chain(&error), "a run could not begin");
                        self.run_ended(source, None);
                    }
                }
            }
            Event::Taken { source, run } => {
                self.n_works -= 1;
                self.changed_since.get_or_insert_with(Instant::now);
                self.run_ended(source, run);
            }
            Event::Answered { job, answer } => {
                self.n_works -= 1;
                self.changed_since.get_or_insert_with(Instant::now);
                self.answer(job, &answer);
            }
            Event::Published => self.n_works -= 1,
            Event::Pulled(outcome) => self.pull_ended(outcome),
            Event::Built { well } => {
                self.n_works -= 1;
                self.is_building = false;
                if !well {
                    self.changed_since = Some(Instant::now() + AFTER_FAILURE);
                }
            }
        }
    }

    // What the clock and the store say.
    fn glance(&mut self) -> Result<()> {
        while let Some((job, text)) = self.writer.store.take_job()? {
            self.take_job(job, &text);
        }
        self.begin_runs()?;
        self.build_if_changed();
        self.look_at_pulls();
        self.look_at_healths()
    }

    fn begin_runs(&mut self) -> Result<()> {
        let rows = self.writer.store.source_rows()?;
        for slot in
            self.sources.iter_mut().filter(|slot| slot.again_at.is_some_and(|at| at <= Instant::now()))
        {
            (slot.again_at, slot.has_arrivals) = (None, true);
        }
        let scheduled: Vec<Scheduled> = self
            .sources
            .iter()
            .filter_map(|slot| {
                let row = rows.iter().find(|row| row.source == slot.source.id)?;
                Some(slot.scheduled(row))
            })
            .collect();
        let mut n_fetching = self.sources.iter().filter(|slot| slot.fetcher.is_none()).count();
        for decision in next(self.writer.now(), &self.timetable, &scheduled) {
            let place = self.sources.iter().position(|slot| slot.source.id == decision.source);
            let Some(place) = place.filter(|_| n_fetching < MAX_FETCHES) else { continue };
            self.begin_run(place, decision.why);
            n_fetching += 1;
        }
        Ok(())
    }

    fn begin_run(&mut self, place: usize, why: Why) {
        let slot = &mut self.sources[place];
        let Some(mut fetcher) = slot.fetcher.take() else { return };
        slot.is_running = true;
        slot.has_arrivals = false;
        slot.running_for = std::mem::take(&mut slot.wanted_by);
        let manner = Manner { refused_again: why == Why::ByHand, only_looks: why == Why::Arrival };
        if !manner.only_looks {
            tracing::info!(source = slot.source.id.as_str(), ?why, "a run begins");
        }
        let (writer, source, stop) = (Arc::clone(&self.writer), slot.source.clone(), self.stop.clone());
        let sender = self.events.0.clone();
        spawn("fetch", move || {
            priority::lower();
            let brought = session::fetch(&writer, &source, fetcher.as_mut(), &stop, manner);
            let _ = sender.send(Event::Fetched { source: place, fetcher, manner, brought });
        });
    }

    fn run_ended(&mut self, place: usize, run: Option<Run>) {
        let slot = &mut self.sources[place];
        slot.is_running = false;
        let has_more = std::mem::take(&mut slot.has_more);
        if let Some(run) = &run {
            let is_in_vain = run.state.is_in_vain();
            slot.has_arrivals |= has_more && !is_in_vain;
            slot.again_at = (is_in_vain && slot.is_watched()).then(|| Instant::now() + AFTER_FAILURE);
            let reason = run.reason.as_deref().unwrap_or_default();
            tracing::info!(run = run.run, state = run.state.name(), reason, "a run has ended");
        }
        let waiting = std::mem::take(&mut slot.running_for);
        for (job, answer) in self.harvests.ended(waiting, run.as_ref()) {
            self.answer(job, &answer);
        }
        self.health_at = None;
    }

    // Others may be about to change too: a night's runs make few generations, not one each.
    fn build_if_changed(&mut self) {
        let Some(since) = self.changed_since.filter(|_| !self.is_building) else { return };
        if since > Instant::now() {
            return;
        }
        let is_quiet = self.n_works == 0 && self.sources.iter().all(|slot| !slot.is_running);
        if is_quiet || since.elapsed() >= BUILD_AFTER {
            self.changed_since = None;
            self.is_building = true;
            self.give(Work::Build);
        }
    }

    fn give(&mut self, work: Work) {
        if self.work.as_ref().is_some_and(|sender| sender.send(work).is_ok()) {
            self.n_works += 1;
        } else {
            tracing::error!("the worker is gone");
            self.stop.ask();
        }
    }

    fn start_worker(&mut self) -> JoinHandle<()> {
        let (sender, receiver) = channel();
        self.work = Some(sender);
        let sources: Vec<Source> = self.sources.iter().map(|slot| slot.source.clone()).collect();
        let worker = Worker {
            writer: Arc::clone(&self.writer),
            sources,
            events: self.events.0.clone(),
            stop: self.stop.clone(),
            may_build: self.settings.role.builds(),
            repository: self.settings.own_repository(&self.writer.data_dir),
            bucket: self.settings.snapshot.bucket().map(str::to_owned),
        };
        spawn("work", move || worker.work_off(&receiver))
    }

    // A request waits for no harvest, so its thread is not at the lowest priority.
    fn start_carrier(&self) {
        let writer = &self.writer;
        for carrier in Carrier::all(&writer.store, &self.settings, &writer.data_dir, &writer.clock) {
            let stop = self.stop.clone();
            spawn("deliver", move || carrier.deliver(&stop));
        }
        let (store, clock, stop) = (writer.store.clone(), Arc::clone(&writer.clock), self.stop.clone());
        if let Some(listener) = Listener::of(&self.settings, store, writer.data_dir.clone(), clock) {
            spawn("listen", move || listener.listen(&stop));
        }
    }

    // Each folder has a thread of its own: one on a share that hangs keeps none of the others waiting.
    fn start_lookers(&self) {
        for (place, slot) in self.sources.iter().enumerate() {
            if !slot.is_watched() {
                continue;
            }
            let looker = Looker {
                source: slot.source.clone(),
                fetcher: (self.make)(&slot.source),
                writer: Arc::clone(&self.writer),
                stop: self.stop.clone(),
            };
            let sender = self.events.0.clone();
            spawn("look", move || looker.look_on(|| sender.send(Event::Arrived(place)).is_ok()));
        }
    }
}

fn spawn<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    // A system that can start no thread can run no daemon.
    std::thread::Builder::new().name(name.to_owned()).spawn(work).expect("a thread can be started")
}

#[cfg(test)]
mod tests;
