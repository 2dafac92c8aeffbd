//! Repositories that can be read: a folder or stick, a web server, a bucket. Nothing that comes out of one is trusted.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::bucket::Bucket;
use super::http::HttpCarrier;
use crate::authority::roots_for;
use crate::settings::BucketAccess;
use crate::{Error, Result};

/// A repository that can be read. Tests put one in its place that cuts the line.
pub trait Carrier {
    /// How people know it; without credentials.
    fn place(&self) -> &str;

    /// Whether what breaks off may be asked for again: a line, not a disk.
    fn is_a_line(&self) -> bool;

    /// A file from `at` on; nothing where there is no such file. A carrier that cannot begin in the middle begins at
    /// the start and says so.
    fn open(&self, name: &str, at: u64) -> Result<Option<Opened>>;

    /// A whole file, but no more than one byte above `most`; nothing where there is no such file.
    fn read(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>> {
        let Some(opened) = self.open(name, 0)? else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = opened.bytes.take(most.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|cause| broken(self.place(), name, &cause))?;
        Ok(Some(bytes))
    }
}

/// A file being read.
pub struct Opened {
    /// The place in the file at which `bytes` begins.
    pub at: u64,
    /// What is there from that place on.
    pub bytes: Box<dyn Read>,
}

/// What it means that a file broke off.
pub(crate) fn broken(place: &str, name: &str, cause: &std::io::Error) -> Error {
    Error::Line { place: place.to_owned(), reason: format!("{name} broke off: {cause}") }
}

/// The carrier of a repository as it is configured: `http:` and `https:` addresses, `s3:` for a bucket, everything
/// else is a folder. The data directory knows the root of a hub with an authority of its own.
pub fn carrier_of(repository: &str, access: &BucketAccess, data_dir: &Path) -> Result<Box<dyn Carrier>> {
    if repository.starts_with("s3://") {
        return Ok(Box::new(Bucket::of(repository, access, data_dir)?));
    }
    if repository.starts_with("http://") || repository.starts_with("https://") {
        return Ok(Box::new(HttpCarrier::new(repository, roots_for(data_dir, repository))?));
    }
    if repository.contains("://") {
        let reason = "repositories are read from a folder, http:, https: or s3:".to_owned();
        return Err(Error::Source { place: repository.to_owned(), reason });
    }
    Ok(Box::new(Folder::new(Path::new(repository))))
}

/// A folder, such as a stick.
pub struct Folder {
    root: PathBuf,
    place: String,
}

impl Folder {
    /// The repository in a folder.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), place: root.display().to_string() }
    }
}

impl Carrier for Folder {
    fn place(&self) -> &str {
        &self.place
    }

    fn is_a_line(&self) -> bool {
        false
    }

    fn open(&self, name: &str, at: u64) -> Result<Option<Opened>> {
        if !self.root.is_dir() {
            let reason = "there is no such folder; is the stick plugged in?".to_owned();
            return Err(Error::Line { place: self.place.clone(), reason });
        }
        let path = self.root.join(name);
        let opened = || -> std::io::Result<Option<Opened>> {
            // A link or a pipe is none of a repository's files, wherever it leads.
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_file() => {}
                Ok(_) => return Ok(None),
                Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                    return Ok(None);
                }
                Err(cause) => return Err(cause),
            }
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(at))?;
            Ok(Some(Opened { at, bytes: Box::new(file) }))
        };
        opened().map_err(|source| Error::Read { path: path.clone(), source })
    }
}
