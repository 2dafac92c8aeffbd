//! Files of generations in memory, each once however many folders have it.
//!
//! A generation shares most of its files with the one before it by hard links, and while a build or a switch goes on
//! several of both are open. Mapped once, their pages count once, and what one has read the other finds. It knows
//! files by what the system calls them, not by their names; generations never change them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tantivy::directory::OwnedBytes;

/// Device, number and length of a file.
type FileId = (u64, u64, u64);

/// The files in memory, with how many folders use them.
static FILES: Mutex<BTreeMap<FileId, (usize, OwnedBytes)>> = Mutex::new(BTreeMap::new());

fn files() -> MutexGuard<'static, BTreeMap<FileId, (usize, OwnedBytes)>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one folder uses; forgotten with it.
#[derive(Default)]
pub(crate) struct Used(Mutex<Vec<FileId>>);

impl Used {
    /// The bytes of a file: those that are in memory already, or what `map` gives.
    pub(crate) fn bytes<E>(
        &self,
        path: &Path,
        map: impl FnOnce() -> Result<OwnedBytes, E>,
    ) -> Result<OwnedBytes, E> {
        let Ok(id) = id_of(path) else { return map() };
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = files();
        if own.contains(&id)
            && let Some((_, bytes)) = files.get(&id)
        {
            return Ok(bytes.clone());
        }
        if let Some((n, bytes)) = files.get_mut(&id) {
            *n += 1;
            own.push(id);
            return Ok(bytes.clone());
        }
        let bytes = map()?;
        files.insert(id, (1, bytes.clone()));
        own.push(id);
        Ok(bytes)
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        let own = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut files = files();
        for id in own.drain(..) {
            let Some((n, _)) = files.get_mut(&id) else { continue };
            *n -= 1;
            if *n == 0 {
                files.remove(&id);
            }
        }
    }
}

// While its bytes are in memory a file keeps its number, even when its last name is gone.
#[cfg(unix)]
fn id_of(path: &Path) -> io::Result<FileId> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path)?;
    Ok((file.dev(), file.ino(), file.len()))
}

#[cfg(not(unix))]
fn id_of(_: &Path) -> io::Result<FileId> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::index::folder::Folder;

    #[test]
    fn a_file_with_two_names_is_in_memory_once_and_as_long_as_anybody_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        for name in ["old", "new"] {
            std::fs::create_dir(dir.join(name)).unwrap();
        }
        std::fs::write(dir.join("old/base"), [7; 5000]).unwrap();
        std::fs::hard_link(dir.join("old/base"), dir.join("new/base")).unwrap();
        let id = id_of(&dir.join("old/base")).unwrap();
        let users = || files().get(&id).map(|(n, _)| *n);
        let old = Folder::read_only(&dir.join("old")).unwrap();
        let bytes = old.bytes("base").unwrap();
        assert_eq!((old.bytes("base").unwrap().as_ptr(), users()), (bytes.as_ptr(), Some(1)));
        let new = Folder::read_only(&dir.join("new")).unwrap();
        assert_eq!((new.bytes("base").unwrap().as_ptr(), users()), (bytes.as_ptr(), Some(2)));
        // The older generation goes, its name too; the newer one serves on.
        drop(old.clone());
        drop(old);
        std::fs::remove_dir_all(dir.join("old")).unwrap();
        assert_eq!((new.bytes("base").unwrap().as_ptr(), users()), (bytes.as_ptr(), Some(1)));
        drop(new);
        assert_eq!((users(), bytes.as_slice()), (None, &[7u8; 5000][..]));
    }
}
