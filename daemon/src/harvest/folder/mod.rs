//! A folder into which a library puts its exports (CONTRACT §7).
//!
//! What belongs together and whether it holds still stands in `sets.rs`; here the folder is listed, waited for
//! and hashed. Files are read where they are and stay there; what was taken is known by its hash. Links inside
//! the folder are not followed.

mod sets;
mod watch;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use self::sets::{FileSet, Item, STILL, Stillness, sets};
use self::watch::FolderWatch;
use super::file_hash::file_hash;
use super::{FetchContext, Fetched, Fetcher};
use crate::settings::Source;
use crate::{Error, Result};

/// So long a run waits for files that are still being written; then it leaves them to the next one.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A folder with more files than this is not an inbox but somebody's disk.
const MOST_FILES: usize = 100_000;
const DEEPEST: usize = 8;

/// Takes sets of files from a folder, one a fetch.
pub(super) struct FolderFetcher {
    folder: PathBuf,
    shown: String,
    // Hash of a set by its signature: a set that lies there for years is not read every night.
    hashes: HashMap<String, String>,
    // Begun by the first question for arrivals.
    watch: Option<FolderWatch>,
}

impl FolderFetcher {
    /// A fetcher of a configured source.
    pub(super) fn new(source: &Source) -> Self {
        Self {
            folder: PathBuf::from(&source.location),
            shown: source.shown(),
            hashes: HashMap::new(),
            watch: None,
        }
    }

    fn listing(&self) -> Result<Vec<Item>> {
        listing(&self.folder).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &std::io::Error) -> Error {
        let reason = format!("the folder {} cannot be read: {error}", self.shown);
        Error::source(&self.shown, &reason)
    }

    /// The sets that are there and still.
    fn still_sets(&self, context: &FetchContext<'_>) -> Result<Vec<FileSet>> {
        let mut stillness = Stillness::default();
        let began = context.clock.monotonic();
        loop {
            let listing = self.listing()?;
            let now = context.clock.monotonic();
            stillness.look(&listing, now);
            let all = sets(&listing);
            let n_all = all.len();
            let still: Vec<FileSet> = all.into_iter().filter(|set| stillness.is_still(set, now)).collect();
            let waited = now.saturating_sub(began);
            if still.len() == n_all || waited >= LONGEST_WAIT || (waited >= STILL && !still.is_empty()) {
                return Ok(still);
            }
            if context.clock.sleep(Duration::from_secs(1), context.stop) {
                return Ok(Vec::new());
            }
        }
    }

    fn hash_of(&mut self, set: &FileSet, bytes: &mut u64) -> Result<String> {
        let signature = set.signature();
        if let Some(hash) = self.hashes.get(&signature) {
            return Ok(hash.clone());
        }
        let mut hashes = Vec::new();
        for item in &set.files {
            hashes.push(file_hash(&self.folder.join(&item.name))?);
            *bytes += item.size;
        }
        let hash = match hashes.as_slice() {
            [only] => only.clone(),
            _ => blake3::hash(hashes.join(" ").as_bytes()).to_hex().to_string(),
        };
        self.hashes.insert(signature, hash.clone());
        Ok(hash)
    }
}

impl Fetcher for FolderFetcher {
    fn has_arrivals(&mut self, context: &FetchContext<'_>) -> Result<bool> {
        let watch = self.watch.get_or_insert_with(|| FolderWatch::new(&self.folder));
        let arrival = watch.has_arrival(context.clock.monotonic());
        arrival.map_err(|error| self.unreadable(&error))
    }

    fn fetch(&mut self, context: &FetchContext<'_>) -> Result<Fetched> {
        let mut sets = self.still_sets(context)?;
        // A set that lacks a part keeps no whole one waiting.
        sets.sort_by_key(|set| set.fault.is_some());
        self.hashes.retain(|signature, _| sets.iter().any(|set| set.signature() == *signature));
        let mut bytes = 0;
        let mut fetched: Option<Fetched> = None;
        for set in &sets {
            if context.stop.is_asked() {
                break;
            }
            let hash = match self.hash_of(set, &mut bytes) {
                Ok(hash) => hash,
                // Taken away while it was looked at: it is none of ours any more.
                Err(Error::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            context.progress.came(bytes, 0);
            if context.known_files.is_known(&hash)? {
                continue;
            }
            if let Some(fetched) = &mut fetched {
                fetched.more |= fetched.complete && set.fault.is_none() && fetched.file_hashes != [hash];
                continue;
            }
            fetched = Some(Fetched {
                files: set.files.iter().map(|item| self.folder.join(&item.name)).collect(),
                complete: set.fault.is_none(),
                reason: set.fault.clone(),
                fingerprint: Some(hash.clone()),
                // A set that lacks a part is looked at again when the part has come: its hash will be another.
                file_hashes: vec![hash],
                ..Fetched::default()
            });
        }
        let last = context.last_good.as_ref().and_then(|last| last.fingerprint.clone());
        let mut fetched =
            fetched.unwrap_or(Fetched { complete: true, fingerprint: last, ..Fetched::default() });
        fetched.bytes =
            fetched.files.iter().filter_map(|file| fs::metadata(file).ok()).map(|m| m.len()).sum();
        Ok(fetched)
    }
}

/// All files in and below a folder.
fn listing(folder: &Path) -> std::io::Result<Vec<Item>> {
    let mut items = Vec::new();
    list_into(folder, "", 0, &mut items)?;
    Ok(items)
}

fn list_into(folder: &Path, prefix: &str, depth: usize, items: &mut Vec<Item>) -> std::io::Result<()> {
    for item in fs::read_dir(folder)? {
        let item = item?;
        let name = format!("{prefix}{}", item.file_name().to_string_lossy());
        // What is gone since the folder was read is no error.
        let Ok(metadata) = fs::symlink_metadata(item.path()) else { continue };
        if metadata.is_dir() && depth < DEEPEST && !item.file_name().to_string_lossy().starts_with('.') {
            list_into(&item.path(), &format!("{name}/"), depth + 1, items)?;
        } else if metadata.is_file() {
            let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let modified = since.map_or(0, |since| since.as_nanos() as i128);
            items.push(Item { name, size: metadata.len(), modified });
        }
        if items.len() > MOST_FILES {
            return Err(std::io::Error::other(format!("it holds more than {MOST_FILES} files")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
