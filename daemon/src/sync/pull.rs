//! A generation comes here: what is offered is judged, what is missing is fetched, all of it is compared, asked,
//! and put in force. It may be cut anywhere; the next pull goes on where this one was.

use std::time::Duration;

use indexer::index;
use indexer::search::Catalogue;
use indexer::snapshot::tuf::Expiry;
use indexer::snapshot::{Manifest, Plan, Wanted, check_canaries, plan};

use super::blocks::Blocks;
use super::carrier::Carrier;
use super::neighbours::Neighbours;
use super::offer::{self, Offer};
use super::stage::{self, Inventory};
use super::state::{self, State, Watch};
use super::{Site, time_of};
use crate::harvest::Stop;
use crate::{Error, Result};

/// How to pull.
#[derive(Clone, Copy, Debug)]
pub struct Manner<'a> {
    /// What is made of metadata that holds no longer.
    pub expiry: Expiry,
    /// Whether the members' original records are wanted too.
    pub originals: bool,
    /// Bytes that may come at most; what came stays for the next time.
    pub budget: Option<u64>,
    /// Whether this process serves what comes in force.
    pub served: bool,
    /// Addresses of machines that are asked for files before the repository is; their bytes are in no budget.
    pub neighbours: &'a [String],
}

impl Manner<'_> {
    // A stick has room for files, and who sent it did not know what it would meet.
    fn wanted(self, from: Option<&str>) -> Wanted<'_> {
        Wanted { originals: self.originals, from: from.filter(|_| self.expiry == Expiry::Enforced) }
    }
}

/// What came of a pull.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// The generation that was in force.
    pub from: Option<String>,
    /// The generation that is.
    pub to: String,
    /// `packs` where the layers were written again here, else `files`.
    pub way: &'static str,
    /// Bytes that came out of the repository, its lists not counted.
    pub bytes_fetched: u64,
    /// Bytes that came from neighbours.
    pub bytes_from_neighbours: u64,
    /// Bytes of files and pieces that were here already.
    pub bytes_reused: u64,
    /// How long it took.
    pub took: Duration,
    /// What is to be said besides: old metadata on a stick, a clock that stands wrong.
    pub remarks: Vec<String>,
}

/// What a pull would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The generation that is in force.
    pub from: Option<String>,
    /// The one that would be.
    pub to: String,
    /// What is here and what is missing; nothing where it is in force already.
    pub plan: Option<Plan>,
    /// Why it would not be put in force.
    pub objection: Option<String>,
}

/// Says what a pull would do, and changes nothing.
pub fn dry_run(site: &Site, carrier: &dyn Carrier, manner: Manner<'_>) -> Result<Planned> {
    let Offer { manifest, .. } = offer::offer(site, carrier, manner.expiry, true)?;
    let from = index::name_in_force(&site.catalogue());
    let to = manifest.generation.clone();
    if from.as_ref() == Some(&to) {
        return Ok(Planned { from, to, plan: None, objection: None });
    }
    let objection = objection(site, &manifest).err().map(|error| error.to_string());
    let inventory = Inventory::of(site, &manifest);
    let plan = Some(plan(&manifest, &inventory.have, manner.wanted(from.as_deref())));
    Ok(Planned { from, to, plan, objection })
}

/// Brings the newest generation of a repository here and puts it in force. Whoever calls holds the lock of the data
/// directory.
pub fn pull(
    site: &Site,
    carrier: &dyn Carrier,
    manner: Manner<'_>,
    stop: &Stop,
    tell: &dyn Fn(u64),
) -> Result<Pulled> {
    let _alone = state::alone(site)?;
    let tried = time_of(site.clock.now()).to_string();
    state::update(site, |state| {
        state.last_try = Some(tried.clone());
        state.is_unanswered = true;
        state.source = Some(carrier.place().to_owned());
    })?;
    let mut pull = Pull { site, carrier, manner, stop, tell, fetched: 0, from_neighbours: 0 };
    let outcome = pull.run();
    state::update(site, |state| {
        state.bytes += pull.fetched;
        state.bytes_from_neighbours += pull.from_neighbours;
        state.reason = outcome.as_ref().err().map(|error| crate::import::chain(error));
    })?;
    outcome
}

struct Pull<'a> {
    site: &'a Site,
    carrier: &'a dyn Carrier,
    manner: Manner<'a>,
    stop: &'a Stop,
    tell: &'a dyn Fn(u64),
    fetched: u64,
    from_neighbours: u64,
}

impl Pull<'_> {
    fn run(&mut self) -> Result<Pulled> {
        let site = self.site;
        let began = site.clock.monotonic();
        let offer = offer::offer(site, self.carrier, self.manner.expiry, false)?;
        self.remember(&offer)?;
        let manifest = &offer.manifest;
        let from = index::name_in_force(&site.catalogue());
        let mut pulled = Pulled {
            from: from.clone(),
            to: manifest.generation.clone(),
            way: "files",
            bytes_fetched: 0,
            bytes_from_neighbours: 0,
            bytes_reused: 0,
            took: Duration::ZERO,
            remarks: remarks(&offer),
        };
        if from.as_ref() == Some(&manifest.generation) && self.has_everything(manifest) {
            return Ok(pulled);
        }
        objection(site, manifest)?;
        stage::clear_others(site, Some(&manifest.generation))?;
        let mut inventory = Inventory::of(site, manifest);
        let mut todo = plan(manifest, &inventory.have, self.manner.wanted(from.as_deref()));
        if let Some(room) = stage::room(site).filter(|room| *room < todo.room) {
            return Err(Error::NoRoom { needed: todo.room.div_ceil(1 << 20), there: room >> 20 });
        }
        pulled.bytes_reused = todo.bytes_here;
        if self.ask_neighbours(manifest, &inventory, &mut pulled.remarks)? {
            inventory = Inventory::of(site, manifest);
            todo = plan(manifest, &inventory.have, self.manner.wanted(from.as_deref()));
        }
        pulled.way = todo.way();
        let mut blocks = self.blocks();
        let replayed = stage::replay(site, manifest, &todo, &mut inventory, &mut blocks);
        let filled = replayed.and_then(|()| {
            // What was made is here now; whatever is not is fetched.
            todo = plan(manifest, &inventory.have, self.manner.wanted(None));
            stage::fill(site, manifest, &inventory, &todo, &mut blocks)
        });
        self.fetched = blocks.fetched;
        let dir = filled?;
        stage::clear_others(site, Some(&manifest.generation))?;
        if from.as_ref() == Some(&manifest.generation) {
            // Only original records were missing.
            stage::clear_others(site, None)?;
        } else {
            self.ask(manifest, &dir)?;
            put_in_force(site, manifest, &dir, from, self.manner.served)?;
        }
        stage::clear_blocks(site);
        pulled.bytes_fetched = self.fetched;
        pulled.bytes_from_neighbours = self.from_neighbours;
        pulled.took = site.clock.monotonic().saturating_sub(began);
        Ok(pulled)
    }

    // Whole files, whatever way would be the shorter one over the line to the hub: that line is the dear one.
    fn ask_neighbours(
        &mut self,
        manifest: &Manifest,
        inventory: &Inventory,
        remarks: &mut Vec<String>,
    ) -> Result<bool> {
        if self.manner.neighbours.is_empty() {
            return Ok(false);
        }
        let missing = plan(manifest, &inventory.have, self.manner.wanted(None));
        let mut neighbours = Neighbours::new(self.site, self.stop, self.manner.neighbours);
        let came = stage::ask_neighbours(self.site, manifest, &missing, &mut neighbours);
        self.from_neighbours = neighbours.bytes;
        remarks.append(&mut neighbours.remarks);
        came
    }

    fn blocks(&self) -> Blocks<'_> {
        Blocks {
            site: self.site,
            carrier: self.carrier,
            stop: self.stop,
            budget: self.manner.budget,
            fetched: 0,
            tell: self.tell,
        }
    }

    fn remember(&self, offer: &Offer) -> Result<()> {
        let now = time_of(self.site.clock.now()).to_string();
        state::update(self.site, |state| {
            state.last_contact = Some(now);
            state.is_unanswered = false;
            state.newest = Some(offer.manifest.generation.clone());
            let published = &offer.manifest.published_at;
            if state.published_at.as_ref().is_none_or(|known| known < published) {
                state.published_at = Some(published.clone());
            }
            state.holds_until = offer.client.holds_until().map(ToString::to_string);
        })
    }

    fn has_everything(&self, manifest: &Manifest) -> bool {
        let have = Inventory::of(self.site, manifest).have;
        plan(manifest, &have, self.manner.wanted(None)).fetch.is_empty()
    }

    // Every file is compared once more as it is opened, and the known questions are asked.
    fn ask(&self, manifest: &Manifest, dir: &std::path::Path) -> Result<()> {
        let asked = Catalogue::open_folder(dir)
            .and_then(|catalogue| check_canaries(&catalogue, manifest.entries, &manifest.canaries));
        let refused = match asked {
            Ok(None) => return Ok(()),
            Ok(Some(refusal)) => refusal.into(),
            Err(error) => Error::Index(error),
        };
        state::update(self.site, |state| state.add_bad(&manifest.fingerprint()))?;
        stage::clear_others(self.site, None)?;
        Err(refused)
    }
}

/// Whether a generation may be put in force here.
fn objection(site: &Site, manifest: &Manifest) -> Result<()> {
    manifest.check_version()?;
    let state = State::read(site);
    if let Some(pinned) = state.pinned {
        return Err(Error::Pinned { generation: pinned });
    }
    if state.bad.contains(&manifest.fingerprint()) {
        return Err(Error::BadGeneration { generation: manifest.generation.clone() });
    }
    Ok(())
}

fn put_in_force(
    site: &Site,
    manifest: &Manifest,
    dir: &std::path::Path,
    from: Option<String>,
    is_served: bool,
) -> Result<()> {
    let generation = manifest.generation.clone();
    let fingerprint = manifest.fingerprint();
    let watch = Watch { generation: generation.clone(), fingerprint, previous: from, crashes: 0, is_served };
    // Written first: whoever is stopped in between has a watch over something that is not in force.
    state::update(site, |state| state.watch = Some(watch))?;
    let old = site.catalogue().join(&generation);
    if old.exists() {
        indexer::files::remove_tree(&*site.files, &old).map_err(Error::writing(&old))?;
    }
    Ok(index::install(&*site.files, &site.catalogue(), dir, &generation)?)
}

fn remarks(offer: &Offer) -> Vec<String> {
    let mut remarks: Vec<String> = offer.expired.iter().map(ToString::to_string).collect();
    if offer.clock_is_behind {
        let published = &offer.manifest.published_at;
        remarks.push(format!(
            "the clock of this machine stands before {published}, when the generation was published: how fresh it is \
             cannot be judged"
        ));
    }
    remarks
}
