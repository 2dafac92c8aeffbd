//! The one writer of a data directory, by a lock that the kernel frees when the process dies.
//!
//! The file `lock` stays; only the lock on it counts. The file `lock-holder` beside it says who has it, or had it
//! last: a daemon takes jobs, a command does not. Readers need none.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::{Error, Result};

/// Held as long as this value lives.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A command, which does one thing and ends.
    Command,
    /// A daemon, which does what commands ask of it.
    Daemon,
}

impl DataLock {
    /// Takes the lock of a data directory for a command.
    pub fn take(data_dir: &Path) -> Result<Self> {
        Self::take_as(data_dir, Holder::Command)
    }

    /// Takes the lock of a data directory, which is made where it is missing; fails at once if another has it.
    pub fn take_as(data_dir: &Path, holder: Holder) -> Result<Self> {
        std::fs::create_dir_all(data_dir).map_err(Error::writing(data_dir))?;
        let path = data_dir.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::writing(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let data_dir = data_dir.to_owned();
                return Err(match holder_of(&data_dir) {
                    Holder::Command => Error::Locked { data_dir },
                    Holder::Daemon => Error::DaemonRuns { data_dir },
                });
            }
            Err(TryLockError::Error(source)) => return Err(Error::writing(&path)(source)),
        }
        let word = match holder {
            Holder::Command => "command\n",
            Holder::Daemon => "daemon\n",
        };
        let path = data_dir.join("lock-holder");
        std::fs::write(&path, word).map_err(Error::writing(&path))?;
        Ok(Self { _file: file })
    }
}

/// Whether nobody has the lock of a data directory.
pub(crate) fn is_free(data_dir: &Path) -> Result<bool> {
    let path = data_dir.join("lock");
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(Error::reading(&path)(error)),
    };
    // Shared: whoever asks too is no writer.
    Ok(!matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Whether a daemon runs on a data directory.
pub fn daemon_runs(data_dir: &Path) -> Result<bool> {
    Ok(!is_free(data_dir)? && holder_of(data_dir) == Holder::Daemon)
}

// Of a lock that is held: what its holder wrote.
fn holder_of(data_dir: &Path) -> Holder {
    match std::fs::read_to_string(data_dir.join("lock-holder")) {
        Ok(text) if text.trim() == "daemon" => Holder::Daemon,
        _ => Holder::Command,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_second_writer_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let first = DataLock::take(&data).unwrap();
        let refused = DataLock::take(&data).unwrap_err();
        assert!(refused.is_retryable() && refused.to_string().contains("another lianmu"), "{refused}");
        drop(first);
        let daemon = DataLock::take_as(&data, Holder::Daemon).unwrap();
        let refused = DataLock::take_as(&data, Holder::Daemon).unwrap_err();
        assert!(matches!(refused, Error::DaemonRuns { .. }), "{refused}");
        drop(daemon);
        let first = DataLock::take(&data).unwrap();
        assert!(matches!(DataLock::take(&data), Err(Error::Locked { .. })), "the daemon is gone");
        drop(first);
    }
}
