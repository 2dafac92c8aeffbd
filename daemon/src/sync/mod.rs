//! Generations from the hub to the branches: published into a repository of files, pulled out of one, switched.
//!
//! What may be trusted and what is missing is decided by `indexer::snapshot`, which touches nothing. Here is what
//! touches: `carrier` reads repositories in a folder, on a stick, behind `http(s):` or in a `bucket`; `publish`,
//! `prune` and `export` write them in a folder, and `mirror` copies them into a bucket; `pull` brings a generation here
//! and `switch` puts it in force, back or aside; `neighbours` are asked for files first, and `share` is what this
//! machine gives to its own. Every write goes through the file layer, in an order in which it may be cut anywhere: a
//! reader finds the old generation or the new one, a branch the old repository or the new one.

pub mod asked;
mod blocks;
pub mod bucket;
pub mod carrier;
pub mod export;
mod http;
pub mod keys;
pub mod mirror;
mod neighbours;
mod offer;
mod pace;
pub mod prune;
pub mod publish;
pub mod pull;
pub mod repository;
pub mod share;
mod stage;
mod state;
pub mod status;
pub mod switch;
pub mod verify;

pub use pace::Pace;

use std::path::PathBuf;
use std::sync::Arc;

use indexer::files::FileLayer;
use indexer::snapshot::tuf::Time;
use jiff::Timestamp;

use crate::Result;
use crate::harvest::Clock;
use crate::settings::{Role, Settings};
use crate::store::Store;

/// Where generations come to and how it is written there.
#[derive(Clone)]
pub struct Site {
    /// The data directory.
    pub data_dir: PathBuf,
    /// How it is written.
    pub files: Arc<dyn FileLayer>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Site {
    fn catalogue(&self) -> PathBuf {
        self.data_dir.join("catalogue")
    }

    // What is known of repositories, and what is on its way out of them.
    fn folder(&self) -> PathBuf {
        self.data_dir.join("sync")
    }
}

/// The repository out of which a machine pulls: the configured one, else that of the hub at which it is enrolled.
pub fn repository_of(settings: &Settings, store: &Store) -> Result<Option<String>> {
    if settings.snapshot.repository.is_some() || settings.role != Role::Branch {
        return Ok(settings.snapshot.repository.clone());
    }
    Ok(store.hub()?.map(|hub| format!("{}/repository", hub.url)))
}

/// A moment as signed metadata writes it.
pub(crate) fn time_of(moment: Timestamp) -> Time {
    let text = moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    // Years of more than four digits are no time of ours.
    Time::new(text).or_else(|| Time::new("9999-12-31T23:59:59Z")).expect("it is written in that form")
}

fn moment_of(time: &str) -> Option<Timestamp> {
    time.parse().ok()
}
