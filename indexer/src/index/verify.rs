//! Whether every file of a generation is what its manifest says: length and BLAKE3, before anything is served.
//!
//! Two threads read the files, the largest first: hashing is faster than most disks. It knows nothing of what is
//! in the files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::index::Error;
use crate::index::manifest::FileHash;

/// Threads that hash.
const THREADS: usize = 2;
const BUFFER: usize = 256 << 10;

/// Length and hash of a file.
pub(crate) fn hash_of(path: &Path, name: &str) -> Result<FileHash, Error> {
    let (bytes, blake3) = hashed(path).map_err(Error::io("read", path))?;
    Ok(FileHash { name: name.to_owned(), bytes, blake3 })
}

fn hashed(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hasher.finalize().to_hex().to_string())),
            Ok(n) => {
                hasher.update(&buffer[..n]);
                bytes += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// The first file that is not as the manifest says is the error.
pub(crate) fn verify(dir: &Path, files: &[FileHash]) -> Result<(), Error> {
    let mut largest_first: Vec<&FileHash> = files.iter().collect();
    largest_first.sort_by_key(|file| std::cmp::Reverse(file.bytes));
    for file in &largest_first {
        let path = dir.join(&file.name);
        let found = std::fs::metadata(&path).map_err(Error::io("open", &path))?.len();
        if found != file.bytes {
            return Err(Error::damaged(path, "its length is not that of the manifest"));
        }
    }
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), Error> {
        while let Some(file) = largest_first.get(next.fetch_add(1, Ordering::Relaxed)) {
            let path = dir.join(&file.name);
            if hash_of(&path, &file.name)?.blake3 != file.blake3 {
                return Err(Error::damaged(path, "its content is not that of the manifest"));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..THREADS).map(|_| scope.spawn(work)).collect();
        let own = work();
        others
            .into_iter()
            .fold(own, |outcome, other| outcome.and(other.join().unwrap_or(Err(Error::Stopped))))
    })
}
