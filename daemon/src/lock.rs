//! The one writer of a data directory, by a lock that the kernel frees when the process dies.
//!
//! The file `lock` stays; only the lock on it counts. Readers need none.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::{Error, Result};

/// Held as long as this value lives.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    /// Takes the lock of a data directory, which is made where it is missing; fails at once if another has it.
    pub fn take(data_dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(data_dir).map_err(Error::writing(data_dir))?;
        let path = data_dir.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::writing(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { data_dir: data_dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(Error::writing(&path)(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("数据");
        let first = DataLock::take(&data_dir).unwrap();
        let refused = DataLock::take(&data_dir).unwrap_err();
        assert!(matches!(refused, Error::Locked { .. }));
        assert!(refused.is_retryable());
        drop(first);
        DataLock::take(&data_dir).unwrap();
    }
}
