//! Which generation is in force, by a person's hand or because one failed; and the watch over one that is new.
//!
//! A generation that was just put in force has to prove itself: two ends of the program that nobody asked for, or a
//! file that cannot be opened, lead back to the one before, and the failed one is not put in force again by
//! itself.

use std::time::Duration;

use indexer::index;
use indexer::search::Catalogue;

use super::Site;
use super::state::{self, State, Watch};
use crate::{Error, Result};

/// So long a new generation must serve before it has proven itself.
pub const PROBATION: Duration = Duration::from_secs(120);
/// Ends that nobody asked for after which the generation before is put back.
const MOST_CRASHES: u32 = 2;

/// Puts a generation in force that is here, and keeps it there until `release`.
pub fn pin(site: &Site, generation: &str) -> Result<()> {
    let catalogue = site.catalogue();
    if !index::names_here(&catalogue).iter().any(|name| name == generation) {
        return Err(Error::NotHere { generation: generation.to_owned() });
    }
    Catalogue::open_folder(&catalogue.join(generation)).map_err(Error::Index)?;
    state::update(site, |state| {
        state.pinned = Some(generation.to_owned());
        state.watch = None;
        state.bad.retain(|bad| bad.split(' ').next() != Some(generation));
    })?;
    Ok(index::put_back(&*site.files, &catalogue, generation)?)
}

/// Lets newer generations come in force again; the newest that is here does at once. Its name.
pub fn release(site: &Site) -> Result<Option<String>> {
    let state = State::read(site);
    state::update(site, |state| state.pinned = None)?;
    let catalogue = site.catalogue();
    let here = index::names_here(&catalogue);
    let newest = state.newest.clone().filter(|newest| here.contains(newest) && !state.has_failed(newest));
    let newest = newest.or_else(|| here.into_iter().rfind(|name| !state.has_failed(name)));
    let Some(newest) = newest.filter(|newest| index::name_in_force(&catalogue).as_ref() != Some(newest))
    else {
        return Ok(index::name_in_force(&catalogue));
    };
    Catalogue::open_folder(&catalogue.join(&newest)).map_err(Error::Index)?;
    index::put_back(&*site.files, &catalogue, &newest)?;
    Ok(Some(newest))
}

/// What a start finds: counts an end that nobody asked for, and puts back what was in force before where the new
/// generation has failed. Says what was put back.
pub fn at_start(site: &Site) -> Result<Option<String>> {
    let catalogue = site.catalogue();
    let state = State::read(site);
    let in_force = index::name_in_force(&catalogue);
    let Some(watch) = state.watch.filter(|watch| Some(&watch.generation) == in_force.as_ref()) else {
        return Ok(None);
    };
    let crashes = watch.crashes + u32::from(watch.is_served);
    let has_failed = crashes >= MOST_CRASHES || Catalogue::open(&catalogue).is_err();
    if has_failed
        && let Some(previous) = &watch.previous
        && Catalogue::open_folder(&catalogue.join(previous)).is_ok()
    {
        index::put_back(&*site.files, &catalogue, previous)?;
        state::update(site, |state| {
            state.add_bad(&watch.fingerprint);
            state.watch = None;
            state.reason =
                Some(Error::RolledBack { from: watch.generation, to: previous.clone() }.to_string());
        })?;
        return Ok(Some(previous.clone()));
    }
    state::update(site, |state| state.watch = Some(Watch { crashes, is_served: true, ..watch }))?;
    Ok(None)
}

/// Says that the program is about to serve what comes in force, so that its end can be judged.
pub fn proven(site: &Site) -> Result<()> {
    state::update(site, |state| state.watch = None)
}

/// An end that was asked for is no fault of the generation.
pub fn at_stop(site: &Site) -> Result<()> {
    state::update(site, |state| {
        if let Some(watch) = &mut state.watch {
            watch.is_served = false;
        }
    })
}
