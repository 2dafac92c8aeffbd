//! What a repository offers, once its word has been judged: the newest generation and what is said of it.

use indexer::snapshot::tuf::{Client, Expiry, Failure, TargetFile, Targets, Time};
use indexer::snapshot::{Manifest, Refusal, target_name};
use serde::{Deserialize, Serialize};

use super::carrier::Carrier;
use super::state::{self, State};
use super::{Site, time_of};
use crate::{Error, Result};

/// What a repository offers.
pub(super) struct Offer {
    pub(super) client: Client,
    pub(super) manifest: Manifest,
    /// What holds no longer, where that is only told.
    pub(super) expired: Option<Refusal>,
    /// This machine's clock stands before the moment at which the generation was published.
    pub(super) clock_is_behind: bool,
}

/// What the publisher says of a manifest besides its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Custom {
    /// Greater is newer.
    pub(super) order: u64,
    /// The generation.
    pub(super) generation: String,
    /// Length of the manifest when it is unpacked.
    pub(super) plain: u64,
}

pub(super) fn custom(target: &TargetFile) -> Option<Custom> {
    serde_json::from_value(target.custom.clone()).ok()
}

/// The generations that a repository holds, oldest first, each with the name of its manifest.
pub(super) fn generations(targets: &Targets) -> Vec<(Custom, &String, &TargetFile)> {
    let mut all: Vec<_> =
        targets.targets.iter().filter_map(|(name, target)| Some((custom(target)?, name, target))).collect();
    all.sort_by_key(|(custom, ..)| custom.order);
    all
}

/// The manifest that a signed file is.
pub(super) fn manifest(carrier: &dyn Carrier, name: &str, target: &TargetFile) -> Result<Manifest> {
    let bytes = bytes_of(carrier, name, target)?;
    manifest_in(name, target, &bytes)
}

fn bytes_of(carrier: &dyn Carrier, name: &str, target: &TargetFile) -> Result<Vec<u8>> {
    let (_, sha256) = described(name, target)?;
    let place = target_name(name, sha256);
    carrier.read(&place, target.length)?.ok_or_else(|| Refusal::Missing { name: place }.into())
}

// What is said of a manifest, and its hash.
fn described<'a>(name: &str, target: &'a TargetFile) -> Result<(Custom, &'a str)> {
    let malformed = |what: &str| Refusal::Malformed { name: name.to_owned(), what: what.to_owned() };
    let custom = custom(target).ok_or_else(|| malformed("it is not described"))?;
    let sha256 = target.sha256().ok_or_else(|| malformed("it has no SHA-256"))?;
    // The name goes into a path, and the list may have been signed with a stolen key.
    if name != format!("{}.json.zst", custom.generation)
        || !indexer::index::is_generation_name(&custom.generation)
    {
        return Err(malformed("it is no name of a manifest").into());
    }
    Ok((custom, sha256))
}

fn manifest_in(name: &str, target: &TargetFile, bytes: &[u8]) -> Result<Manifest> {
    let (custom, _) = described(name, target)?;
    target.check(name, bytes)?;
    let manifest = Manifest::read(name, bytes, custom.plain)?;
    if manifest.generation != custom.generation {
        let what = "it describes another generation".to_owned();
        return Err(Refusal::Malformed { name: name.to_owned(), what }.into());
    }
    Ok(manifest)
}

/// Asks a repository for the newest generation. What is trusted then is kept, unless `dry`.
pub(super) fn offer(site: &Site, carrier: &dyn Carrier, expiry: Expiry, dry: bool) -> Result<Offer> {
    let mut client = state::trusted(site)?.ok_or(Error::NoRoot)?;
    let now = time_of(site.clock.now());
    let state = State::read(site);
    // A clock that stands before what is known to have been is not asked.
    let known = state.published_at.as_deref().and_then(Time::new);
    let judged_at = known.as_ref().filter(|known| **known > now).unwrap_or(&now);
    let refreshed = refresh(&mut client, judged_at, expiry, carrier);
    let found =
        refreshed.and_then(|expired| newest(site, carrier, &client, dry).map(|manifest| (expired, manifest)));
    // What was verified of an update that failed is kept too: nobody can go back behind it.
    let kept = if dry { Ok(()) } else { state::keep_trusted(site, &client) };
    let (expired, manifest) = found?;
    kept?;
    let clock_is_behind = Time::new(manifest.published_at.as_str()).is_some_and(|published| published > now);
    Ok(Offer { client, manifest, expired, clock_is_behind })
}

// What is known already does not come again: a branch looks every quarter of an hour, on whatever line it has.
fn newest(site: &Site, carrier: &dyn Carrier, client: &Client, dry: bool) -> Result<Manifest> {
    let none = || Refusal::NoGeneration { name: "yet".to_owned() };
    let targets = client.targets().ok_or_else(none)?;
    let (_, name, target) = generations(targets).pop().ok_or_else(none)?;
    if let Some(manifest) = state::kept_manifest(site).and_then(|kept| manifest_in(name, target, &kept).ok())
    {
        return Ok(manifest);
    }
    let bytes = bytes_of(carrier, name, target)?;
    let manifest = manifest_in(name, target, &bytes)?;
    if !dry {
        state::keep_manifest(site, &bytes)?;
    }
    Ok(manifest)
}

pub(super) fn refresh(
    client: &mut Client,
    now: &Time,
    expiry: Expiry,
    carrier: &dyn Carrier,
) -> Result<Option<Refusal>> {
    match client.refresh(now, expiry, &mut |name, most| carrier.read(name, most)) {
        Ok(refreshed) => Ok(refreshed.expired),
        Err(Failure::Refused(refusal)) => Err(refusal.into()),
        Err(Failure::Carrier(error)) => Err(error),
    }
}
