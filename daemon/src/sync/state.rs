//! What a branch remembers of repositories and of its own switches: `sync/trusted.json` and `sync/state.json`.
//!
//! The first is what may not be lost or go back, and a damaged one is refused; the second is for the convenience of
//! people, and a damaged one is begun anew. No time of this machine's clock decides about trust: the clock may
//! stand wrong today and right tomorrow.

use std::fs::File;
use std::path::Path;

use indexer::files::replace_file;
use indexer::snapshot::tuf::{Client, Trusted};
use serde::{Deserialize, Serialize};

use super::Site;
use crate::{Error, Result};

const TRUSTED: &str = "trusted.json";
const STATE: &str = "state.json";
const MANIFEST: &str = "manifest.zst";
const LOCK: &str = "lock";
/// Generations that failed here; older ones are gone from every repository by then.
const MOST_BAD: usize = 16;

/// What a branch knows besides whom it trusts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// The generation that a person chose; nothing else is put in force by itself.
    pub(super) pinned: Option<String>,
    /// The generation that came last, until it has proven itself.
    pub(super) watch: Option<Watch>,
    /// Generations that failed here, by the fingerprints of their manifests: a forgery does not shut out what it
    /// pretends to be.
    pub(super) bad: Vec<String>,
    /// The newest generation that a repository offered.
    pub(super) newest: Option<String>,
    /// When that was published: the newest moment of which we know for sure that it has been.
    pub(super) published_at: Option<String>,
    /// Until when its timestamp holds.
    pub(super) holds_until: Option<String>,
    /// When a repository was last asked.
    pub(super) last_try: Option<String>,
    /// When one last answered with something that was accepted.
    pub(super) last_contact: Option<String>,
    /// Whether the last try brought no such answer: times are whole seconds, and clocks are set.
    pub(super) is_unanswered: bool,
    /// Which one.
    pub(super) source: Option<String>,
    /// Why the last try brought nothing.
    pub(super) reason: Option<String>,
    /// Bytes fetched in all out of repositories.
    pub(super) bytes: u64,
    /// Bytes that neighbours gave in all.
    pub(super) bytes_from_neighbours: u64,
}

/// A generation on probation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watch {
    /// It.
    pub(super) generation: String,
    /// The fingerprint of its manifest.
    pub(super) fingerprint: String,
    /// The one before, to which a failure leads back.
    pub(super) previous: Option<String>,
    /// How often the program ended without being told to, since.
    pub(super) crashes: u32,
    /// Whether a program serves it that has not ended yet.
    pub(super) is_served: bool,
}

impl State {
    pub(super) fn read(site: &Site) -> Self {
        Self::read_in(&site.data_dir)
    }

    pub(super) fn read_in(data_dir: &Path) -> Self {
        let path = data_dir.join("sync").join(STATE);
        let Ok(bytes) = std::fs::read(&path) else { return Self::default() };
        serde_json::from_slice(&bytes).unwrap_or_else(|cause| {
            tracing::warn!("{} is damaged and begun anew: {cause}", path.display());
            Self::default()
        })
    }

    pub(super) fn write(&self, site: &Site) -> Result<()> {
        write(site, STATE, &serde_json::to_vec(self).unwrap_or_default())
    }

    pub(super) fn add_bad(&mut self, fingerprint: &str) {
        self.bad.retain(|bad| bad != fingerprint);
        self.bad.push(fingerprint.to_owned());
        let too_many = self.bad.len().saturating_sub(MOST_BAD);
        self.bad.drain(..too_many);
    }

    /// Whether a generation failed here, in whatever form it came.
    pub(super) fn has_failed(&self, generation: &str) -> bool {
        self.bad.iter().any(|bad| bad.split(' ').next() == Some(generation))
    }
}

/// Changes what is remembered.
pub(super) fn update(site: &Site, change: impl FnOnce(&mut State)) -> Result<()> {
    let mut state = State::read(site);
    let before = state.clone();
    change(&mut state);
    if state == before { Ok(()) } else { state.write(site) }
}

/// Whom this machine trusts; nothing where no root was ever pinned.
pub(super) fn trusted(site: &Site) -> Result<Option<Client>> {
    let path = site.folder().join(TRUSTED);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(Error::Read { path, source }),
    };
    let damaged = |what: String| Error::Trust { path: path.clone(), what };
    let trusted: Trusted = serde_json::from_slice(&bytes).map_err(|cause| damaged(cause.to_string()))?;
    Client::of(&trusted).map(Some).map_err(|refusal| damaged(refusal.to_string()))
}

pub(super) fn keep_trusted(site: &Site, client: &Client) -> Result<()> {
    let bytes = serde_json::to_vec(&client.trusted()).unwrap_or_default();
    if std::fs::read(site.folder().join(TRUSTED)).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    write(site, TRUSTED, &bytes)
}

/// The manifest that came last, as it lay in the repository. Nobody vouches for it: whoever uses it compares.
pub(super) fn kept_manifest(site: &Site) -> Option<Vec<u8>> {
    std::fs::read(site.folder().join(MANIFEST)).ok()
}

pub(super) fn keep_manifest(site: &Site, bytes: &[u8]) -> Result<()> {
    write(site, MANIFEST, bytes)
}

fn write(site: &Site, name: &str, bytes: &[u8]) -> Result<()> {
    let folder = site.folder();
    let path = folder.join(name);
    let written = site.files.create_dir_all(&folder).and_then(|()| replace_file(&*site.files, &path, bytes));
    written.map_err(Error::writing(&path))
}

/// Trusts a root for which somebody vouches. One that is trusted already stays, or what it vouches for would go back.
pub fn pin_root(site: &Site, root: &[u8]) -> Result<Client> {
    match trusted(site)? {
        Some(client) => Ok(client),
        None => {
            let client = Client::pinned(root)?;
            keep_trusted(site, &client)?;
            Ok(client)
        }
    }
}

/// Holds off other pulls into this data directory, also of this process, until the file is closed: a person's pull
/// and that of the clock fill the same folder.
pub(super) fn alone(site: &Site) -> Result<File> {
    let path = site.folder().join(LOCK);
    let folder = site.files.create_dir_all(&site.folder());
    let held = folder.and_then(|()| File::create(&path)).and_then(|file| file.lock().map(|()| file));
    held.map_err(Error::writing(&path))
}
