//! A repository that is written: one writer by a lock, every file under its name only when it is whole and durable.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indexer::files::FileLayer;
use indexer::snapshot::tuf::{Client, Expiry, Role, Root, Time};
use indexer::snapshot::{metadata_name, object_name};

use super::carrier::{Carrier, Folder};
use super::{Site, offer};
use crate::{Error, Result};

/// How long another writer is waited for, and how often is looked whether it has finished.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// Held as long as this value lives.
pub(crate) struct Repository<'a> {
    pub(super) site: &'a Site,
    root: PathBuf,
    _lock: File,
}

/// Writes a file under its name when it is whole; makes the folders above it.
pub(super) fn put(files: &dyn FileLayer, path: &Path, bytes: &[u8]) -> Result<()> {
    let above = path.parent().unwrap_or(Path::new(""));
    let unfinished = path.with_added_extension("new");
    let written = || -> std::io::Result<()> {
        files.create_dir_all(above)?;
        let mut file = files.create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync()?;
        drop(file);
        files.rename(&unfinished, path)?;
        files.sync_dir(above)
    };
    written().map_err(|cause| {
        // A full stick has no room for what is of no use.
        let _ = files.remove(&unfinished);
        Error::writing(path)(cause)
    })
}

impl<'a> Repository<'a> {
    /// Takes the lock of a repository, whose folder is made where it is missing. A hub publishes within a minute, so
    /// that long is waited for another who has it.
    pub(super) fn lock(site: &'a Site, root: &Path) -> Result<Self> {
        Self::lock_within(site, root, PATIENCE)
    }

    fn lock_within(site: &'a Site, root: &Path, patience: Duration) -> Result<Self> {
        site.files.create_dir_all(root).map_err(Error::writing(root))?;
        let path = root.join("publisher.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(Error::writing(&path))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { site, root: root.to_owned(), _lock: file }),
                Err(TryLockError::WouldBlock) if began.elapsed() < patience => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Publishing { repository: root.to_owned() });
                }
                Err(TryLockError::Error(source)) => return Err(Error::writing(&path)(source)),
            }
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a piece where it is not there already; whether it had to.
    pub(super) fn put_object(&self, blake3: &str, bytes: &[u8]) -> Result<bool> {
        let path = self.path(&object_name(blake3));
        if std::fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            return Ok(false);
        }
        put(&*self.site.files, &path, bytes)?;
        Ok(true)
    }

    pub(super) fn has_object(&self, blake3: &str, stored: u64) -> bool {
        std::fs::metadata(self.path(&object_name(blake3))).is_ok_and(|found| found.len() == stored)
    }

    /// A client that trusts the first root of the repository; nothing where it was never begun.
    pub(super) fn client(&self, carrier: &Folder) -> Result<Option<Client>> {
        first_root(carrier)?.map(|root| Ok(Client::pinned(&root)?)).transpose()
    }

    /// The newest root that the first one leads to.
    pub(super) fn newest_root(&self, carrier: &Folder) -> Result<Option<Root>> {
        let Some(mut client) = self.client(carrier)? else { return Ok(None) };
        // Where the rest cannot be read yet, the roots were followed all the same.
        let _ = offer::refresh(&mut client, &long_ago(), Expiry::Told, carrier);
        Ok(Some(client.root().clone()))
    }

    /// What the repository says now, judged by its own first root.
    pub(super) fn opened(&self, carrier: &Folder) -> Result<Client> {
        let none = || Error::NotBegun { repository: self.root.clone() };
        let mut client = self.client(carrier)?.ok_or_else(none)?;
        offer::refresh(&mut client, &long_ago(), Expiry::Told, carrier)?;
        Ok(client)
    }
}

/// The first root of a repository: what it is trusted by where nobody vouched for another.
pub fn first_root(carrier: &dyn Carrier) -> Result<Option<Vec<u8>>> {
    carrier.read(&metadata_name(Role::Root, 1), 512 << 10)
}

// By which nothing has expired: a publisher does not refuse its own repository for having been away.
fn long_ago() -> Time {
    Time::new("1970-01-01T00:00:00Z").expect("it is a time")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::sync::Arc;

    use indexer::files::Disk;

    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn another_writer_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site {
            data_dir: folder.path().to_owned(),
            files: Arc::new(Disk),
            clock: Arc::new(SystemClock::default()),
        };
        let root = folder.path().join("repository");
        let first = Repository::lock(&site, &root).unwrap();
        let refused = Repository::lock_within(&site, &root, Duration::ZERO);
        assert!(matches!(refused, Err(Error::Publishing { repository }) if repository == root));
        std::thread::scope(|scope| {
            let second = scope.spawn(|| Repository::lock(&site, &root).map(drop));
            std::thread::sleep(PAUSE * 2);
            drop(first);
            second.join().unwrap().unwrap();
        });
    }
}
