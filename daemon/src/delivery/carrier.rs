//! The edge of the outbox: joins the decisions of `line` to the store, a destination and the clocks. The centre is one
//! road; each peer that asks here is another, so that none waits for the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indexer::bib::LibraryCode;
use indexer::files::Disk;

use super::at_home::AtHome;
use super::destination::{Destination, Trouble};
use super::hub_line::HubLine;
use super::iso_line::{IsoLine, IsoWay};
use super::line::{Act, Head, Line, Moment, Seen};
use super::quotas::Quotas;
use crate::authority::roots_for;
use crate::harvest::{Clock, Stop};
use crate::keys::{Identity, random};
use crate::settings::{CentralKind, Peer, Role, Settings};
use crate::store::{CENTRE, Hub, Machine, Store};
use crate::{Result, policy, reason};

/// How often the store is looked at for something new.
const GLANCE: Duration = Duration::from_millis(200);
/// Heads are read so many at a time, and are good for so long: a withdrawal waits no longer for its turn.
const ACTIVE: u32 = 4096;
const ACTIVE_FOR: Duration = Duration::from_secs(1);
/// How often it is looked how old what waits is, and whether the clocks agree.
const TICK: Duration = Duration::from_secs(30);
/// A request that has waited for so long at home ends.
const EXPIRE_AFTER: i64 = 30 * 24 * 3600;

/// Makes the way to a hub, or to this machine itself where it is one; `None` while it cannot be made. Tests make others.
pub(crate) type MakeDestination = Box<dyn Fn(Option<&Hub>) -> Result<Option<Box<dyn Destination>>> + Send>;

type KeepPolicy = Box<dyn Fn(&Store) -> Result<()> + Send>;

/// Delivers the messages of one machine to its centre, or to a peer.
pub(crate) struct Carrier {
    // `CENTRE`, or the code of a peer.
    name: String,
    store: Store,
    settings: Settings,
    make: MakeDestination,
    // Publishes what is decided here, or puts what was decided elsewhere where it is looked for.
    keep_policy: KeepPolicy,
    clock: Arc<dyn Clock>,
    road: Option<Road>,
    active: Vec<Head>,
    active_until: Duration,
    ticked: Duration,
    nudges: u32,
    is_drilling: bool,
    // As they stood at the last tick.
    quotas: Option<Quotas>,
    // How long it waits before it tries again follows from it; by chance where there is none.
    seed: Option<u64>,
}

struct Road {
    // What it was made of; another hub, or another address, is another road.
    hub: Option<Hub>,
    destination: Box<dyn Destination>,
    line: Line,
}

impl Carrier {
    /// One for the centre, and one for each peer whose requests are answered.
    pub(crate) fn all(
        store: &Store,
        settings: &Settings,
        data_dir: &Path,
        clock: &Arc<dyn Clock>,
    ) -> Vec<Self> {
        let to_peer = |peer| Self::to_peer(store.clone(), settings.clone(), peer, Arc::clone(clock));
        let centre = Self::to_centre(store.clone(), settings.clone(), data_dir, Arc::clone(clock));
        [centre].into_iter().chain(settings.peers.iter().map(to_peer)).collect()
    }

    fn to_peer(store: Store, settings: Settings, peer: &Peer, clock: Arc<dyn Clock>) -> Self {
        let make = match IsoWay::to(&settings, peer) {
            Some(way) => by_iso(store.clone(), way, Arc::clone(&clock)),
            None => Box::new(|_: Option<&Hub>| Ok(None)),
        };
        Self { name: peer.library.to_string(), ..Self::with(store, settings, clock, make, None) }
    }

    fn to_centre(store: Store, settings: Settings, data_dir: &Path, clock: Arc<dyn Clock>) -> Self {
        let make = match IsoWay::of(&settings) {
            Some(way) => by_iso(store.clone(), way, Arc::clone(&clock)),
            None => real(store.clone(), settings.hub_name(), data_dir.to_owned(), Arc::clone(&clock)),
        };
        let (folder, is_hub) = (data_dir.to_owned(), settings.role == Role::Hub);
        let keep_policy: KeepPolicy = Box::new(move |store| {
            if is_hub { policy::publish(store, &folder) } else { policy::take_over(store, &folder, &Disk) }
        });
        Self { keep_policy, ..Self::with(store, settings, clock, make, None) }
    }

    /// The same over other destinations, and with waits that follow from a seed.
    pub(crate) fn with(
        store: Store,
        settings: Settings,
        clock: Arc<dyn Clock>,
        make: MakeDestination,
        seed: Option<u64>,
    ) -> Self {
        let ticked = clock.monotonic();
        Self {
            name: CENTRE.to_owned(),
            store,
            settings,
            make,
            keep_policy: Box::new(|_| Ok(())),
            clock,
            road: None,
            active: Vec::new(),
            active_until: Duration::ZERO,
            ticked,
            nudges: 0,
            is_drilling: false,
            quotas: None,
            seed,
        }
    }

    /// Until told to stop. What fails is said once and tried again.
    pub(crate) fn deliver(mut self, stop: &Stop) {
        let mut complaint = String::new();
        let mut turn = self.begin().map(|()| Duration::ZERO);
        while !stop.is_asked() {
            let rest = match turn {
                Ok(rest) => {
                    complaint.clear();
                    rest
                }
                Err(error) => {
                    let said = crate::import::chain(&error);
                    if said != complaint {
                        tracing::error!(error = said, "messages cannot be delivered");
                        complaint = said;
                    }
                    GLANCE * 5
                }
            };
            if !rest.is_zero() && self.clock.sleep(rest.min(GLANCE), stop) {
                break;
            }
            turn = self.turn();
        }
    }

    fn begin(&self) -> Result<()> {
        self.store.own_up_to_what_was_cut_short(&self.name)?;
        if self.is_to_centre() {
            self.store.find_roads_to_peers()?;
        }
        Ok(())
    }

    /// Does what is to be done now; how long there will be nothing.
    pub(crate) fn turn(&mut self) -> Result<Duration> {
        let now = Moment { steady: self.clock.monotonic(), wall: self.clock.now() };
        if self.is_to_centre() && now.steady >= self.ticked + TICK {
            self.tick(now)?;
        }
        let machine = self.store.machine()?;
        self.find_road()?;
        let Some(mut road) = self.road.take() else { return self.turn_without_road(now) };
        let rest = self.turn_on(&mut road, &machine, now);
        self.road = Some(road);
        rest
    }

    fn is_to_centre(&self) -> bool {
        self.name == CENTRE
    }

    // A way to the centre may be found yet; a peer that only asks is told nothing, and staff see why.
    fn turn_without_road(&self, now: Moment) -> Result<Duration> {
        if !self.is_to_centre() && !self.store.heads(&self.name, 1, now.wall)?.is_empty() {
            self.store.give_up_road(&self.name, "the [[peer]] has no url: it asks, and is told nothing")?;
        }
        Ok(GLANCE)
    }

    fn turn_on(&mut self, road: &mut Road, machine: &Machine, now: Moment) -> Result<Duration> {
        let is_drilling = self.is_to_centre() && machine.drill_left(now.wall).is_some();
        if std::mem::replace(&mut self.is_drilling, is_drilling) && !is_drilling {
            let acts = road.line.step(&Seen::Nudged, now);
            self.act(road, acts)?;
        }
        if is_drilling {
            self.store.note_trouble(&reason::said("line-drill", &[]))?;
            return Ok(GLANCE);
        }
        if std::mem::replace(&mut self.nudges, machine.nudges) != machine.nudges {
            let acts = road.line.step(&Seen::Nudged, now);
            self.act(road, acts)?;
        }
        if self.active.is_empty() || now.steady >= self.active_until {
            self.active = self.store.heads(&self.name, ACTIVE, now.wall)?;
            // Of a hundred thousand messages the next are not found at once: looking shall not take the time of sending.
            let read = self.clock.monotonic();
            self.active_until = read + ACTIVE_FOR.max(read.saturating_sub(now.steady) * 10);
        }
        // A peer has nothing to be fetched: without a message it is left alone.
        if !self.is_to_centre() && self.active.is_empty() {
            return Ok(GLANCE);
        }
        let is_expecting = self.is_to_centre() && self.store.is_expecting()?;
        let acts = road.line.step(&Seen::Waiting { heads: &self.active, is_expecting }, now);
        self.act(road, acts)
    }

    fn act(&mut self, road: &mut Road, acts: Vec<Act>) -> Result<Duration> {
        let (mut rest, mut settled) = (Duration::ZERO, Vec::new());
        for act in acts {
            match act {
                Act::Probe => {
                    let probed = road.destination.probe();
                    if let Err(trouble) = &probed {
                        self.note_trouble(trouble)?;
                    }
                    let seen = Seen::Probed(probed.as_ref().copied());
                    let acts = road.line.step(&seen, self.moment());
                    self.act(road, acts)?;
                }
                Act::Send(heads) => self.send(road, &heads)?,
                Act::Settle(key, settlement) => settled.push((key, settlement)),
                Act::FreeAll => {
                    self.store.free_all(&self.name)?;
                    self.active_until = Duration::ZERO;
                }
                Act::Rest(wait) => rest = wait,
            }
        }
        if !settled.is_empty() {
            self.store.settle(&settled, self.clock.now())?;
        }
        Ok(rest)
    }

    fn send(&mut self, road: &mut Road, heads: &[Head]) -> Result<()> {
        self.active.retain(|head| !heads.contains(head));
        let now = self.clock.now();
        let quotas = match self.quotas.take() {
            Some(known) => known,
            None => Quotas::of(&self.store, &self.settings, now)?,
        };
        let parcels = self.store.take_to_send(heads, Some(&*self.quotas.insert(quotas)), now)?;
        if parcels.is_empty() {
            return Ok(());
        }
        let heads: Vec<Head> = parcels
            .iter()
            .map(|parcel| Head { key: (parcel.request, parcel.n), attempts: parcel.attempts, next_try: None })
            .collect();
        let sent = road.destination.send(&parcels);
        let acts = match &sent {
            Ok(outcomes) => {
                let outcomes: Vec<_> = heads.into_iter().zip(outcomes.iter().cloned()).collect();
                road.line.step(&Seen::Sent(&outcomes), self.moment())
            }
            Err(trouble) => {
                self.note_trouble(trouble)?;
                road.line.step(&Seen::Broke(&heads, trouble), self.moment())
            }
        };
        self.act(road, acts).map(drop)
    }

    // What the machine knows of itself is about the centre; of a peer its messages say it.
    fn note_trouble(&self, trouble: &Trouble) -> Result<()> {
        if self.is_to_centre() { self.store.note_trouble(trouble.reason()) } else { Ok(()) }
    }

    fn moment(&self) -> Moment {
        Moment { steady: self.clock.monotonic(), wall: self.clock.now() }
    }

    fn tick(&mut self, now: Moment) -> Result<()> {
        let steady = now.steady.saturating_sub(self.ticked);
        self.ticked = now.steady;
        self.quotas = None;
        if let Some(fault) = self.store.live_on(steady, now.wall)? {
            tracing::warn!(seconds = fault.seconds, "the clock of this machine was set");
        }
        for request in self.store.expire(EXPIRE_AFTER, now.wall)? {
            tracing::warn!(request = request.number, "a request waited too long to be sent and has expired");
        }
        let peers: Vec<&str> = self.settings.peers.iter().map(|peer| peer.library.as_str()).collect();
        self.store.note_roads_to_nobody(&peers)?;
        (self.keep_policy)(&self.store)
    }

    // Enrolling happens beside a running daemon, so it is looked for again and again.
    fn find_road(&mut self) -> Result<()> {
        let hub = match (self.settings.role, self.settings.central.kind) {
            _ if !self.is_to_centre() => None,
            (Role::Hub, _) => None,
            (_, CentralKind::Iso18626) if IsoWay::of(&self.settings).is_some() => None,
            (_, CentralKind::Hub) => {
                let Some(mut hub) = self.store.hub()? else {
                    self.road = None;
                    return Ok(());
                };
                if let Some(url) = &self.settings.central.url {
                    hub.url.clone_from(url);
                }
                Some(hub)
            }
            _ => return Ok(()),
        };
        if self.road.as_ref().is_some_and(|road| road.hub == hub) {
            return Ok(());
        }
        let Some(destination) = (self.make)(hub.as_ref())? else { return Ok(()) };
        let seed = self.seed.map_or_else(|| random().map(u64::from_le_bytes), Ok)?;
        let line = Line::new(destination.most(), seed);
        self.road = Some(Road { hub, destination, line });
        Ok(())
    }
}

fn by_iso(store: Store, way: IsoWay, clock: Arc<dyn Clock>) -> MakeDestination {
    Box::new(move |_| Ok(Some(Box::new(IsoLine::new(way.clone(), store.clone(), Arc::clone(&clock))))))
}

fn real(store: Store, name: LibraryCode, data_dir: PathBuf, clock: Arc<dyn Clock>) -> MakeDestination {
    Box::new(move |hub| {
        let (store, clock) = (store.clone(), Arc::clone(&clock));
        let Some(hub) = hub else {
            return Ok(Some(Box::new(AtHome { store, hub: name.clone(), clock })));
        };
        let Some(identity) = Identity::load(&data_dir)? else { return Ok(None) };
        let roots = roots_for(&data_dir, &hub.url);
        Ok(Some(Box::new(HubLine::new(hub.clone(), (identity, roots), store, data_dir.clone(), clock))))
    })
}
