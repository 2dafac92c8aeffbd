//! A file layer for tests: a disk that fills up at a chosen write, and stays full.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{Disk, FileLayer, WriteFile};

/// A disk that takes so many writes and no more; removing goes on.
#[derive(Clone)]
pub struct FullDisk(Arc<AtomicI64>);

struct FullFile {
    inner: Box<dyn WriteFile>,
    disk: FullDisk,
}

impl FullDisk {
    /// With room for so many writes: of folders, files, names and pieces of files, and to make them durable.
    pub fn with_room(n_writes: u32) -> Self {
        Self(Arc::new(AtomicI64::new(n_writes.into())))
    }

    /// Whether a write was refused.
    pub fn was_full(&self) -> bool {
        self.0.load(Ordering::Relaxed) < 0
    }

    fn spend(&self) -> io::Result<()> {
        if self.0.fetch_sub(1, Ordering::Relaxed) > 0 {
            Ok(())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    fn of(&self, inner: Box<dyn WriteFile>) -> Box<dyn WriteFile> {
        Box::new(FullFile { inner, disk: self.clone() })
    }
}

impl FileLayer for FullDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.spend()?;
        Disk.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.spend()?;
        Ok(self.of(Disk.create(path)?))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.spend()?;
        Ok(self.of(Disk.append(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.spend()?;
        Disk.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.spend()?;
        Disk.hard_link(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.spend()?;
        Disk.sync_dir(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk.remove(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        Disk.remove_dir(path)
    }
}

impl Write for FullFile {
    // What fits is written, the rest is not.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.disk.spend() {
            Ok(()) => self.inner.write(bytes),
            Err(error) => {
                self.inner.write_all(&bytes[..bytes.len() / 2])?;
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl WriteFile for FullFile {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.spend()?;
        self.inner.sync()
    }
}
