//! Work files of a build: what does not fit in memory is put into buckets on disk and taken out bucket by bucket.
//!
//! They live in `catalogue/work` and are gone when the build is done. Nothing here is durable: a build that is
//! killed begins its buckets anew.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::{Error, Result};

/// A bucket is kept in memory up to this many bytes, then appended to its file.
const BUFFER: usize = 512 << 10;

/// Bytes sorted into numbered buckets; may be filled from several threads.
pub(super) struct Buckets {
    buckets: Vec<Mutex<Bucket>>,
}

struct Bucket {
    path: PathBuf,
    buffer: Vec<u8>,
    file: Option<File>,
}

impl Buckets {
    /// `n` empty buckets in `dir`.
    pub(super) fn new(dir: &Path, name: &str, n: usize) -> Self {
        let bucket = |i| Bucket { path: dir.join(format!("{name}-{i}")), buffer: Vec::new(), file: None };
        Self { buckets: (0..n).map(|i| Mutex::new(bucket(i))).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Appends to a bucket; the bytes of one call stay together.
    pub(super) fn put(&self, bucket_idx: usize, bytes: &[u8]) -> Result<()> {
        let mut bucket = self.buckets[bucket_idx].lock().unwrap_or_else(PoisonError::into_inner);
        bucket.buffer.extend_from_slice(bytes);
        if bucket.buffer.len() >= BUFFER { bucket.spill() } else { Ok(()) }
    }

    /// Takes everything out of a bucket.
    pub(super) fn take(&self, bucket_idx: usize) -> Result<Vec<u8>> {
        let mut bucket = self.buckets[bucket_idx].lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = bucket.file.take() else { return Ok(std::mem::take(&mut bucket.buffer)) };
        drop(file);
        let mut bytes = fs::read(&bucket.path).map_err(work_error(&bucket.path))?;
        bytes.append(&mut bucket.buffer);
        bucket.buffer = Vec::new();
        fs::remove_file(&bucket.path).map_err(work_error(&bucket.path))?;
        Ok(bytes)
    }
}

impl Bucket {
    fn spill(&mut self) -> Result<()> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => File::create(&self.path).map_err(work_error(&self.path))?,
        };
        file.write_all(&self.buffer).map_err(work_error(&self.path))?;
        self.file = Some(file);
        self.buffer.clear();
        Ok(())
    }
}

pub(super) fn work_error(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Work { path, source }
}

/// Takes a little-endian number off the front.
pub(super) fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    Some(u32::from_le_bytes(*number))
}

/// Takes a little-endian number off the front.
pub(super) fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    let (number, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    Some(u64::from_le_bytes(*number))
}

/// Takes so many bytes off the front.
pub(super) fn take_bytes<'a>(rest: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    rest.split_off(..n)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let dir = tempfile::tempdir().unwrap();
        let buckets = Buckets::new(dir.path(), "test", 2);
        let large = vec![7u8; BUFFER / 2 + 1];
        for _ in 0..3 {
            buckets.put(1, &large).unwrap();
        }
        buckets.put(0, b"abc").unwrap();
        assert_eq!(buckets.take(1).unwrap().len(), 3 * large.len());
        assert_eq!(buckets.take(0).unwrap(), b"abc");
        assert!(buckets.take(0).unwrap().is_empty(), "taken once");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "no file stays");
    }
}
