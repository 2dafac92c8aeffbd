//! Machines, people and weather, and what happens to them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex};

use indexer::bib::LibraryCode;

use super::Dice;
use super::faults::Fault;
use super::line::{HubEnd, OwnClock, SimLine, Weather};
use crate::delivery::carrier::Carrier;
use crate::harvest::Clock;
use crate::keys::PublicKeys;
use crate::requests::RequestId;
use crate::store::{Account, CENTRE, Hub, QueueDecision, Store};
use crate::trial;

/// How large a world is, and how long its time.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub(super) n_branches: usize,
    pub(super) days: u64,
    /// Seconds between two things that happen, at most.
    pub(super) pause: u64,
}

impl Extent {
    /// Three libraries that deal with one another all the time.
    pub(super) const SMALL: Self = Self { n_branches: 3, days: 18, pause: 86_400 };
    /// A consortium for a month.
    pub(super) const WHOLE: Self = Self { n_branches: 46, days: 30, pause: 43_200 };
}

const DAY: u64 = 86_400;
/// So many branches are busy: half of all that happens happens at them.
pub(super) const N_BUSY: u64 = 4;

pub(super) fn library(n: usize) -> LibraryCode {
    let first = ["BJFU", "PKU", "THU"].get(n);
    first.map_or_else(|| LibraryCode::new(format!("B{n:02}")), |code| LibraryCode::new(*code))
}

/// A branch with everything that it is.
pub(super) struct Machine {
    pub(super) library: LibraryCode,
    pub(super) store: Store,
    pub(super) clock: Arc<OwnClock>,
    pub(super) weather: Arc<Mutex<Weather>>,
    pub(super) carrier: Carrier,
    pub(super) reader: Account,
    /// Shown to a reader as accepted, and not lost with a disk.
    pub(super) accepted: Vec<RequestId>,
    /// How often its clock was set or its disk put back: by each it may take itself for a day older than it is.
    pub(super) n_unwatched: u64,
    /// A copy of the disk of some earlier day.
    pub(super) image: Option<(PathBuf, Vec<RequestId>)>,
    /// Nothing is to be done before that second, unless something happens.
    rests_until: u64,
}

pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) steady: Arc<AtomicU64>,
    pub(super) hub: Arc<Mutex<HubEnd>>,
    pub(super) machines: Vec<Machine>,
    pub(super) n_put_back: usize,
    pub(super) n_hub_put_back: usize,
    /// A copy of the hub's disk of some earlier day.
    pub(super) hub_image: Option<PathBuf>,
    fault: Fault,
    extent: Extent,
    folder: tempfile::TempDir,
    n_images: usize,
}

fn keys(n: u8) -> PublicKeys {
    PublicKeys { signing: [n; 32], sealing: [n; 32] }
}

impl World {
    pub(super) fn new(seed: u64, fault: Fault, extent: Extent) -> Self {
        let steady = Arc::new(AtomicU64::new(0));
        let clock = || Arc::new(OwnClock { steady: Arc::clone(&steady), off: AtomicI64::new(0) });
        let store = Store::in_memory();
        let hub_clock = clock();
        store.begin_life(7, hub_clock.now()).unwrap();
        for (n, library) in (0..extent.n_branches).map(library).enumerate() {
            let hash = [n as u8; 32];
            store.add_enrol_code(hash, &library, hub_clock.now()).unwrap();
            store.enrol(hash, None, keys(n as u8), hub_clock.now()).unwrap().unwrap();
        }
        if let Fault::Hub(trigger) = fault {
            store.plant(trigger);
        }
        let dice = Dice(seed.wrapping_mul(31));
        let hub = HubEnd { store, clock: hub_clock, late: Vec::new(), n_conflicts: 0, falls: false, dice };
        let mut world = Self {
            dice: Dice(seed),
            steady: Arc::clone(&steady),
            hub: Arc::new(Mutex::new(hub)),
            machines: Vec::new(),
            fault,
            extent,
            n_put_back: 0,
            n_hub_put_back: 0,
            hub_image: None,
            folder: tempfile::tempdir().unwrap(),
            n_images: 0,
        };
        for n in 0..extent.n_branches {
            let machine = world.machine(&library(n), clock());
            world.machines.push(machine);
        }
        world
    }

    fn machine(&mut self, code: &LibraryCode, clock: Arc<OwnClock>) -> Machine {
        let store = Store::in_memory();
        let hub = Hub { library: code.clone(), url: "https://hub.example.org".into(), keys: keys(9) };
        store.set_hub(&hub).unwrap();
        store.begin_life(self.dice.next() as u32, clock.now()).unwrap();
        if let Fault::Branch(trigger) = self.fault {
            store.plant(trigger);
        }
        let reader = trial::reader_of(&store, code.as_str(), clock.now());
        let weather = Arc::new(Mutex::new(Weather::default()));
        let seed = self.dice.next();
        let carrier = self.carrier(code, &store, &clock, &weather, seed);
        Machine {
            library: code.clone(),
            store,
            clock,
            weather,
            carrier,
            reader,
            accepted: Vec::new(),
            n_unwatched: 0,
            image: None,
            rests_until: 0,
        }
    }

    fn carrier(
        &self,
        me: &LibraryCode,
        store: &Store,
        clock: &Arc<OwnClock>,
        weather: &Arc<Mutex<Weather>>,
        seed: u64,
    ) -> Carrier {
        let (me, end, hub) = (me.clone(), store.clone(), Arc::clone(&self.hub));
        let (own, weather) = (Arc::clone(clock), Arc::clone(weather));
        let fault = if let Fault::Line(name) = self.fault { name } else { "" };
        let make = move |_: Option<&Hub>| {
            let line = SimLine {
                me: me.clone(),
                store: end.clone(),
                clock: Arc::clone(&own),
                hub: Arc::clone(&hub),
                weather: Arc::clone(&weather),
                fault,
            };
            Ok(Some(Box::new(line) as Box<dyn crate::delivery::Destination>))
        };
        let settings =
            trial::settings("role = \"branch\"\n[policy]\nmax_requests = 0\n[central]\nkind = \"hub\"\n");
        Carrier::with(
            store.clone(),
            settings,
            Arc::clone(clock) as Arc<dyn Clock>,
            Box::new(make),
            Some(seed),
        )
    }

    pub(super) fn now(&self) -> u64 {
        self.steady.load(Relaxed)
    }

    /// Whether a month, or whatever was to be seen, is over.
    pub(super) fn is_over(&self) -> bool {
        self.now() >= self.extent.days * DAY
    }

    /// Time goes by for all.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.steady.fetch_add(seconds, Relaxed);
    }

    /// Starts a machine again, with a life of its own.
    pub(super) fn start_again(&mut self, place: usize) {
        let (life, seed) = (self.dice.next() as u32, self.dice.next());
        let machine = &self.machines[place];
        machine.store.be_dead(false);
        machine.store.begin_life(life, machine.clock.now()).unwrap();
        machine.store.own_up_to_what_was_cut_short(CENTRE).unwrap();
        let carrier = self.carrier(&machine.library, &machine.store, &machine.clock, &machine.weather, seed);
        self.machines[place].carrier = carrier;
        self.machines[place].rests_until = 0;
    }

    /// All machines do what they have to do, some rounds long.
    pub(super) fn run(&mut self, n_rounds: usize, step: u64) {
        for _ in 0..n_rounds {
            let seconds = 1 + self.dice.below(step);
            self.pass(seconds);
            for place in 0..self.machines.len() {
                let now = self.now();
                // A carrier does one thing a turn: probe, send, settle.
                for _ in 0..2 {
                    if self.machines[place].rests_until > now {
                        break;
                    }
                    match self.machines[place].carrier.turn() {
                        // The real one looks for news of its own house all the time; here that is said to it.
                        Ok(rest) => self.machines[place].rests_until = now + rest.as_secs(),
                        Err(_) => self.start_again(place),
                    }
                    self.let_hub_fall();
                }
            }
            let mut hub = self.hub.lock().unwrap();
            if !hub.late.is_empty() && hub.dice.percent(40) {
                let late = hub.late.remove(0);
                hub.take_late(&late);
                // Its writer does not know of it: a hub that forgot it as well would leave it to others.
                if late.is_of_lost_disk {
                    self.hub_image = None;
                }
            }
        }
    }

    /// Something happens somewhere.
    pub(super) fn happen(&mut self) {
        let n_likely = if self.dice.percent(50) { N_BUSY } else { u64::MAX };
        let place = self.dice.below(n_likely.min(self.machines.len() as u64)) as usize;
        match self.dice.below(25) {
            0..=5 => self.submit(place),
            6 | 7 => self.withdraw(place),
            8..=11 => self.librarian(place),
            12 => self.queue(place),
            13 => self.start_again(place),
            14 => {
                let trouble = [0, 20, 60][self.dice.below(3) as usize];
                let cut_until = if self.dice.percent(35) { self.now() + self.dice.below(4 * DAY) } else { 0 };
                *self.machines[place].weather.lock().unwrap() = Weather { cut_until, trouble };
            }
            15 => {
                let years = [-10, -1, 0, 0, 1, 10][self.dice.below(6) as usize];
                let off = years * 365 * 86_400 + self.dice.below(172_800) as i64 - 86_400;
                self.machines[place].clock.off.store(off, Relaxed);
                self.machines[place].n_unwatched += 1;
            }
            16 => self.take_image(place),
            17 | 18 => self.put_back(place),
            19 => self.part(),
            20 => self.forget(place),
            21 => self.take_image_of_hub(),
            22 | 23 => self.put_hub_back(),
            _ => {}
        }
        self.machines[place].rests_until = 0;
        let seconds = self.dice.below(self.extent.pause);
        self.pass(seconds);
    }

    // The net falls apart for one to three weeks: a third of the branches does not see the hub.
    fn part(&mut self) {
        let until = self.now() + 7 * DAY + self.dice.below(14 * DAY);
        for place in 0..self.machines.len() {
            if self.dice.percent(33) {
                self.machines[place].weather.lock().unwrap().cut_until = until;
            }
        }
    }

    // What has ended loses its reader, here and, once they are told, everywhere.
    fn forget(&mut self, place: usize) {
        let machine = &self.machines[place];
        machine.store.anonymise_requests(0, machine.clock.now()).unwrap();
    }

    pub(super) fn new_file(&mut self) -> PathBuf {
        self.n_images += 1;
        self.folder.path().join(format!("{}.db", self.n_images))
    }

    fn take_image(&mut self, place: usize) {
        let path = self.new_file();
        self.machines[place].store.copy_to(&path);
        self.machines[place].image = Some((path, self.machines[place].accepted.clone()));
    }

    // The disk is gone; what was on it since the copy, and had not left, is gone with it.
    fn put_back(&mut self, place: usize) {
        let Some((path, _)) = self.machines[place].image.clone() else { return };
        self.n_put_back += 1;
        self.machines[place].n_unwatched += 1;
        // What machine and hub both forget nobody knows: one of them is put back to before the other was.
        self.hub_image = None;
        let mut hub = self.hub.lock().unwrap();
        let library = &self.machines[place].library;
        let written_here = hub.late.iter_mut().filter(|late| late.from == *library);
        written_here.for_each(|late| late.is_of_lost_disk = true);
        let image = self.machines[place].image.as_ref().map(|(_, accepted)| accepted.clone()).unwrap();
        let is_safe = |id: &RequestId| image.contains(id) || hub.store.request(*id).unwrap().is_some();
        let accepted = self.machines[place].accepted.iter().copied().filter(is_safe).collect();
        drop(hub);
        let again = self.new_file();
        std::fs::copy(&path, &again).unwrap();
        let machine = &mut self.machines[place];
        machine.accepted = accepted;
        machine.store = Store::of_copy(&again);
        self.start_again(place);
        // People go on before the line says what they forgot.
        for _ in 0..4 {
            self.librarian(place);
            self.withdraw(place);
        }
    }

    /// The sun shines, nobody holds anything back, clocks are right.
    pub(super) fn clear_up(&mut self) {
        for place in 0..self.machines.len() {
            let machine = &self.machines[place];
            *machine.weather.lock().unwrap() = Weather::default();
            machine.clock.off.store(0, Relaxed);
            for message in machine.store.messages().unwrap() {
                let key = (message.request, message.n);
                let _ =
                    machine.store.decide_message(key, QueueDecision::Release, machine.clock.now()).unwrap();
            }
            machine.store.nudge().unwrap();
            self.machines[place].rests_until = 0;
        }
        for _ in 0..30 {
            self.run(10, 20);
            for machine in &mut self.machines {
                machine.store.have_others_forget(machine.clock.now()).unwrap();
                machine.rests_until = 0;
            }
            let waiting =
                |machine: &Machine| machine.store.depths().unwrap().iter().any(|d| d.delivery.is_waiting());
            let is_behind = |machine: &Machine| {
                let hub = self.hub.lock().unwrap();
                let cursor = machine.store.machine().unwrap();
                !hub.store
                    .feed(&machine.library, cursor.cursor, &cursor.mark, hub.clock.now())
                    .unwrap()
                    .items
                    .is_empty()
            };
            let is_late = !self.hub.lock().unwrap().late.is_empty();
            if !is_late && !self.machines.iter().any(waiting) && !self.machines.iter().any(is_behind) {
                break;
            }
            self.pass(20);
        }
    }

    /// How every request stands everywhere.
    pub(super) fn stores(&self) -> BTreeMap<String, Store> {
        let own = self.machines.iter().map(|machine| (machine.library.to_string(), machine.store.clone()));
        own.chain([("HUB".to_owned(), self.hub.lock().unwrap().store.clone())]).collect()
    }
}
