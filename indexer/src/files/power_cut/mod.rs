//! A file layer for tests: the power goes after a chosen step, and what was not synced is lost in part.
//!
//! It does everything on the disk too, and keeps beside it what is durable: of a file the bytes up to its last
//! sync, of a folder the names at its last sync. `lose` makes the disk what a reader may find after the cut; it
//! can be called again with another loss. Everything below its root must be written through it: what was not
//! does not come back. It knows nothing of archives and indexes.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::fate::{Dice, FileNode, FolderNode, NameChange};
use super::{Disk, FileLayer, WriteFile};

mod fate;

/// What a power cut does to what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Everything arrived all the same, as when only the process dies.
    Nothing,
    /// Names and bytes that were not synced are as they were.
    All,
    /// The names arrived, the bytes did not.
    Bytes,
    /// The names arrived, and the files have their length, but read as zeros.
    Zeros,
    /// Each name and each piece of a file has its own fate, drawn from this seed.
    Seeded(u64),
}

/// A cut that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Steps that were done before it.
    pub n_steps: u64,
    /// What it did.
    pub loss: Loss,
    /// Whether whoever wrote had come to the end, and said so.
    pub promised: bool,
}

/// Cuts the power after each step of `act` in turn, loses in each of these ways, and lets `check` see what is
/// left below `root`. `act` says whether it came to its end. Returns the number of places where it was cut.
pub fn at_every_step(
    root: &Path,
    losses: &[Loss],
    mut act: impl FnMut(Arc<PowerCut>) -> bool,
    mut check: impl FnMut(Cut),
) -> io::Result<u64> {
    let untouched = PowerCut::never(root)?;
    let mut n_steps = 0;
    loop {
        untouched.lose(Loss::Nothing)?;
        let power = PowerCut::after(n_steps, root)?;
        let promised = act(Arc::clone(&power));
        for &loss in losses {
            let loss = match loss {
                Loss::Seeded(seed) => Loss::Seeded(seed.wrapping_add(n_steps << 16)),
                same => same,
            };
            power.lose(loss)?;
            check(Cut { n_steps, loss, promised });
        }
        if !power.is_cut() {
            return Ok(n_steps);
        }
        n_steps += 1;
    }
}

/// A disk whose power goes after some steps.
pub struct PowerCut {
    root: PathBuf,
    machine: Arc<Mutex<Machine>>,
}

struct Machine {
    left: u64,
    steps: BTreeMap<&'static str, u64>,
    nodes: Vec<Node>,
}

enum Node {
    File(FileNode),
    Folder(FolderNode),
}

impl PowerCut {
    /// Takes what is below `root` for durable; the power goes after `n_steps` steps.
    pub fn after(n_steps: u64, root: &Path) -> io::Result<Arc<Self>> {
        let mut machine = Machine { left: n_steps, steps: BTreeMap::new(), nodes: Vec::new() };
        machine.load(root)?;
        Ok(Arc::new(Self { root: root.to_owned(), machine: Arc::new(Mutex::new(machine)) }))
    }

    /// The same with a power that never goes.
    pub fn never(root: &Path) -> io::Result<Arc<Self>> {
        Self::after(u64::MAX, root)
    }

    /// Number of steps done, by kind.
    pub fn steps(&self) -> BTreeMap<&'static str, u64> {
        self.machine().steps.clone()
    }

    /// Whether the power is gone, or would go with the next step.
    pub fn is_cut(&self) -> bool {
        self.machine().left == 0
    }

    /// Makes the disk what may be found after the cut. No file below the root may be open.
    pub fn lose(&self, loss: Loss) -> io::Result<()> {
        let mut dice = Dice(match loss {
            Loss::Seeded(seed) => seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            _ => 1,
        });
        for item in fs::read_dir(&self.root)? {
            let path = item?.path();
            if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
        self.machine().write_out(ROOT, &self.root, loss, &mut dice, &mut BTreeMap::new())
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let below = path.strip_prefix(&self.root).map_err(|_| io::Error::other("outside of the root"))?;
        Ok(below
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_owned()),
                _ => None,
            })
            .collect())
    }

    /// The number of the folder in which `path` is, and its name there.
    fn place(&self, machine: &Machine, path: &Path) -> io::Result<(usize, OsString)> {
        let mut names = self.names(path)?;
        let name = names.pop().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((machine.walk(&names)?, name))
    }

    fn open(&self, path: &Path, empty: bool) -> io::Result<Box<dyn WriteFile>> {
        let mut machine = self.machine();
        machine.step(if empty { "create" } else { "append" })?;
        let (folder, name) = self.place(&machine, path)?;
        let known = machine.folder(folder)?.now.get(&name).copied();
        let number = match known {
            Some(number) => number,
            None => {
                machine.nodes.push(Node::File(FileNode::default()));
                let number = machine.nodes.len() - 1;
                machine.change(folder, NameChange::Set(name, number))?;
                number
            }
        };
        if empty && known.is_some() {
            machine.file(number)?.truncate();
        }
        let file = fs::OpenOptions::new().create(true).append(true).open(path)?;
        if empty {
            file.set_len(0)?;
        }
        Ok(Box::new(Watched { number, file, machine: Arc::clone(&self.machine) }))
    }
}

const ROOT: usize = 0;

impl Machine {
    fn load(&mut self, path: &Path) -> io::Result<usize> {
        let number = self.nodes.len();
        if !path.is_dir() {
            let bytes = fs::read(path)?;
            self.nodes.push(Node::File(FileNode { n_synced: bytes.len(), bytes, before: None }));
            return Ok(number);
        }
        self.nodes.push(Node::Folder(FolderNode::default()));
        let mut names = BTreeMap::new();
        for item in fs::read_dir(path)? {
            let item = item?;
            names.insert(item.file_name(), self.load(&item.path())?);
        }
        *self.folder(number)? = FolderNode { now: names.clone(), synced: names, pending: Vec::new() };
        Ok(number)
    }

    fn step(&mut self, kind: &'static str) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("the power is gone"))?;
        *self.steps.entry(kind).or_default() += 1;
        Ok(())
    }

    fn folder(&mut self, number: usize) -> io::Result<&mut FolderNode> {
        match &mut self.nodes[number] {
            Node::Folder(folder) => Ok(folder),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn file(&mut self, number: usize) -> io::Result<&mut FileNode> {
        match &mut self.nodes[number] {
            Node::File(file) => Ok(file),
            Node::Folder(_) => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn walk(&self, names: &[OsString]) -> io::Result<usize> {
        names.iter().try_fold(ROOT, |number, name| match &self.nodes[number] {
            Node::Folder(folder) => folder.now.get(name).copied().ok_or(io::ErrorKind::NotFound.into()),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        })
    }

    fn change(&mut self, folder: usize, change: NameChange) -> io::Result<()> {
        let folder = self.folder(folder)?;
        change.apply(&mut folder.now);
        folder.pending.push(change);
        Ok(())
    }

    fn number_of(&mut self, folder: usize, name: &OsStr) -> io::Result<usize> {
        self.folder(folder)?.now.get(name).copied().ok_or(io::ErrorKind::NotFound.into())
    }

    // `written` keeps hard links together: a file that has been written out is linked to.
    fn write_out(
        &self,
        number: usize,
        path: &Path,
        loss: Loss,
        dice: &mut Dice,
        written: &mut BTreeMap<usize, PathBuf>,
    ) -> io::Result<()> {
        match &self.nodes[number] {
            Node::File(file) => match written.get(&number) {
                Some(first) => fs::hard_link(first, path),
                None => {
                    written.insert(number, path.to_owned());
                    fs::write(path, file.after(loss, dice))
                }
            },
            Node::Folder(folder) => {
                if number != ROOT {
                    fs::create_dir(path)?;
                }
                for (name, number) in folder.after(loss, dice) {
                    self.write_out(number, &path.join(name), loss, dice, written)?;
                }
                Ok(())
            }
        }
    }
}

impl FileLayer for PowerCut {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step("folder")?;
        let (folder, name) = self.place(&machine, path)?;
        fs::create_dir(path)?;
        machine.nodes.push(Node::Folder(FolderNode::default()));
        let number = machine.nodes.len() - 1;
        machine.change(folder, NameChange::Set(name, number))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.open(path, true)
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.open(path, false)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step("rename")?;
        let (old_folder, old) = self.place(&machine, from)?;
        let (new_folder, new) = self.place(&machine, to)?;
        let number = machine.number_of(old_folder, &old)?;
        fs::rename(from, to)?;
        if old_folder == new_folder {
            return machine.change(old_folder, NameChange::Move(old, new, number));
        }
        machine.change(new_folder, NameChange::Set(new, number))?;
        machine.change(old_folder, NameChange::Unset(old))
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step("link")?;
        let (old_folder, old) = self.place(&machine, from)?;
        let (new_folder, new) = self.place(&machine, to)?;
        let number = machine.number_of(old_folder, &old)?;
        fs::hard_link(from, to)?;
        machine.change(new_folder, NameChange::Set(new, number))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step("sync folder")?;
        let names = self.names(path)?;
        let number = machine.walk(&names)?;
        let folder = machine.folder(number)?;
        folder.synced = folder.now.clone();
        folder.pending.clear();
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step("remove")?;
        let (folder, name) = self.place(&machine, path)?;
        fs::remove_file(path)?;
        machine.change(folder, NameChange::Unset(name))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        machine.step("remove folder")?;
        let (folder, name) = self.place(&machine, path)?;
        Disk.remove_dir(path)?;
        machine.change(folder, NameChange::Unset(name))
    }
}

struct Watched {
    number: usize,
    file: fs::File,
    machine: Arc<Mutex<Machine>>,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        machine.step("write")?;
        self.file.write_all(bytes)?;
        machine.file(self.number)?.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteFile for Watched {
    fn sync(&mut self) -> io::Result<()> {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        machine.step("sync")?;
        let file = machine.file(self.number)?;
        file.n_synced = file.bytes.len();
        file.before = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    fn read(folder: &Path, name: &str) -> Option<String> {
        fs::read_to_string(folder.join(name)).ok()
    }

    #[test]
    fn what_was_synced_stays_and_what_was_not_may_go() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("旧"), "old").unwrap();
        let cut = PowerCut::never(folder.path()).unwrap();
        let mut file = cut.create(&folder.path().join("新")).unwrap();
        file.write_all(b"durable ").unwrap();
        file.sync().unwrap();
        file.write_all(b"lost").unwrap();
        drop(file);
        cut.sync_dir(folder.path()).unwrap();
        cut.rename(&folder.path().join("新"), &folder.path().join("旧")).unwrap();
        let table = [
            (Loss::Nothing, None, Some("durable lost")),
            (Loss::All, Some("durable "), Some("old")),
            (Loss::Bytes, None, Some("durable ")),
            (Loss::Zeros, None, Some("durable \0\0\0\0")),
        ];
        for (loss, new, old) in table {
            cut.lose(loss).unwrap();
            assert_eq!(
                (read(folder.path(), "新").as_deref(), read(folder.path(), "旧").as_deref()),
                (new, old)
            );
        }
        let mut found = std::collections::BTreeSet::new();
        for seed in 0..64 {
            cut.lose(Loss::Seeded(seed)).unwrap();
            found.insert((read(folder.path(), "新"), read(folder.path(), "旧")));
        }
        assert!(found.len() > 8, "seeds lose differently: {found:?}");
    }

    #[test]
    fn names_of_folders_and_links_are_lost_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let cut = PowerCut::never(folder.path()).unwrap();
        cut.create_dir_all(&path("甲/乙")).unwrap();
        let mut file = cut.create(&path("甲/乙/丙")).unwrap();
        file.write_all("书".as_bytes()).unwrap();
        file.sync().unwrap();
        cut.sync_dir(&path("甲/乙")).unwrap();
        cut.hard_link(&path("甲/乙/丙"), &path("甲/丁")).unwrap();
        cut.remove(&path("甲/乙/丙")).unwrap();
        cut.lose(Loss::All).unwrap();
        assert_eq!(
            (read(folder.path(), "甲/乙/丙").as_deref(), read(folder.path(), "甲/丁")),
            (Some("书"), None)
        );
        cut.lose(Loss::Nothing).unwrap();
        assert_eq!(
            (read(folder.path(), "甲/乙/丙"), read(folder.path(), "甲/丁").as_deref()),
            (None, Some("书"))
        );
    }

    #[test]
    fn after_its_last_step_nothing_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let cut = PowerCut::after(2, folder.path()).unwrap();
        let mut file = cut.create(&folder.path().join("书")).unwrap();
        file.write_all(b"1").unwrap();
        assert!(cut.is_cut());
        assert!(file.write_all(b"2").is_err() && file.sync().is_err());
        assert!(
            cut.create_dir(&folder.path().join("夹")).is_err()
                && cut.remove(&folder.path().join("书")).is_err()
        );
        assert_eq!(read(folder.path(), "书").as_deref(), Some("1"));
        assert_eq!(cut.steps().values().sum::<u64>(), 2);
    }
}
