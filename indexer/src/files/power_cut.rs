//! A file layer for tests: it stops at a chosen write, and can then lose what was not synced.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::{Disk, FileLayer, WriteFile};

/// Stops at the n-th write, and can then lose what was not synced.
pub(crate) struct StopsAt {
    journal: Arc<Mutex<Journal>>,
}

#[derive(Default)]
struct Journal {
    /// Steps until the power goes.
    left: u64,
    /// File → bytes that are durable.
    durable: BTreeMap<PathBuf, u64>,
    /// Renames whose folder was not synced since: from, to, what `to` held before.
    renames: Vec<(PathBuf, PathBuf, Option<Vec<u8>>)>,
}

impl StopsAt {
    pub(crate) fn new(n: u64) -> Arc<Self> {
        Arc::new(Self { journal: Arc::new(Mutex::new(Journal { left: n, ..Journal::default() })) })
    }

    fn step(&self) -> io::Result<()> {
        self.journal.lock().unwrap().step()
    }

    pub(crate) fn lose_what_was_not_synced(&self) {
        let journal = self.journal.lock().unwrap();
        for (from, to, before) in journal.renames.iter().rev() {
            std::fs::rename(to, from).unwrap();
            if let Some(bytes) = before {
                std::fs::write(to, bytes).unwrap();
            }
        }
        for (path, length) in &journal.durable {
            let renamed_back = journal.renames.iter().find(|(_, to, _)| to == path).map(|(from, ..)| from);
            let file = std::fs::OpenOptions::new().write(true).open(renamed_back.unwrap_or(path)).unwrap();
            file.set_len(*length).unwrap();
        }
    }
}

impl Journal {
    fn step(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("the power is gone"))?;
        Ok(())
    }
}

impl FileLayer for StopsAt {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.create_dir_all(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.step()?;
        self.journal.lock().unwrap().durable.insert(path.to_owned(), 0);
        let file = std::fs::File::create(path)?;
        Ok(Box::new(Journalled {
            path: path.to_owned(),
            file,
            length: 0,
            journal: Arc::clone(&self.journal),
        }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.step()?;
        Disk.append(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let mut journal = self.journal.lock().unwrap();
        journal.renames.push((from.to_owned(), to.to_owned(), std::fs::read(to).ok()));
        if let Some(length) = journal.durable.remove(from) {
            journal.durable.insert(to.to_owned(), length);
        }
        Disk.rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.journal.lock().unwrap().renames.retain(|(_, to, _)| to.parent() != Some(path));
        Disk.sync_dir(path)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        Disk.hard_link(from, to)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        Disk.remove_dir(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.journal.lock().unwrap().durable.remove(path);
        Disk.remove(path)
    }
}

struct Journalled {
    path: PathBuf,
    file: std::fs::File,
    length: u64,
    journal: Arc<Mutex<Journal>>,
}

impl Write for Journalled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.journal.lock().unwrap().step()?;
        let n = self.file.write(bytes)?;
        self.length += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for Journalled {
    fn sync(&mut self) -> io::Result<()> {
        let mut journal = self.journal.lock().unwrap();
        journal.step()?;
        journal.durable.insert(self.path.clone(), self.length);
        Ok(())
    }
}
