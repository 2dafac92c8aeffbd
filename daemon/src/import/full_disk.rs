//! The disk is full at every single write of an import: what is in force is whole, the run is told, the next one heals.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use indexer::files::{Disk, FileLayer, WriteFile};

use super::*;
use crate::lock::Holder;
use crate::trial::{FakeClock, NIGHT, adds_up, code, collection, records, runs, set, settings, writer};

/// A disk that takes so many writes and no more; removing goes on.
#[derive(Clone)]
struct FullDisk(Arc<AtomicI64>);

struct FullFile {
    inner: Box<dyn WriteFile>,
    disk: FullDisk,
}

impl FullDisk {
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

fn in_force(data: &Path) -> String {
    let archive = Archive::open(data).unwrap();
    let mut bytes = Vec::new();
    archive.library(&code("BJFU")).unwrap().write_as_received(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[track_caller]
fn on_a_sound_disk(data: &Path, set: &ImportSet) -> String {
    let run = import(&writer(data), set, &()).unwrap().run;
    assert!(run.state.is_good(), "{run:?}");
    in_force(data)
}

#[test]
fn at_every_write_of_an_import() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let of = |name: &str, title: &str| {
        let at = folder.path().join(name);
        std::fs::create_dir_all(&at).unwrap();
        set(&at, "BJFU", &collection(&records(0..5, title)))
    };
    let (a, b) = (of("a", "三国演义"), of("b", "水浒传"));
    let whole = [on_a_sound_disk(&data, &b), on_a_sound_disk(&data, &a)];
    let mut n_failed = 0;
    for n_writes in 0.. {
        let left = Arc::new(AtomicI64::new(n_writes));
        let clock = FakeClock::at(NIGHT);
        let disk = Arc::new(FullDisk(Arc::clone(&left)));
        let full = Writer::open_over(&data, &settings(""), Holder::Command, clock, disk);
        let told = full.and_then(|writer| Ok(import(&writer, &b, &())?.run));
        let is_good = told.as_ref().is_ok_and(|run| run.state.is_good());
        n_failed += u32::from(!is_good);
        let found = in_force(&data);
        assert!(whole.contains(&found), "{n_writes} writes: a mixture is in force");
        assert!(!is_good || found == whole[0], "{n_writes} writes: good, and not in force");

        // The next writer tells what became of it, and the next run heals.
        let told = runs(&writer(&data), "BJFU");
        told.iter().for_each(adds_up);
        assert_eq!(found == whole[0], told.last().unwrap().state.is_good(), "{n_writes} writes: {told:#?}");
        assert_eq!(on_a_sound_disk(&data, &b), whole[0], "{n_writes} writes");
        if left.load(Ordering::Relaxed) >= 0 && is_good {
            assert!(n_failed > 10, "an import writes more than {n_failed} times");
            return;
        }
        assert_eq!(on_a_sound_disk(&data, &a), whole[1], "{n_writes} writes");
    }
}
