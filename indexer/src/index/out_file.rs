//! A file being written once, from start to end, through the file layer.
//!
//! It buffers, so that a write of the layer is worth a step of a test double, and is made durable by `finish`
//! alone: one fsync a file. It knows nothing of what is in the file.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::files::{FileLayer, WriteFile};
use crate::index::Error;

const BUFFER: usize = 1 << 17;

pub(crate) struct OutFile {
    path: PathBuf,
    file: BufWriter<Box<dyn WriteFile>>,
    at: u64,
}

impl OutFile {
    pub(crate) fn create(files: &dyn FileLayer, path: &Path) -> Result<Self, Error> {
        let file = files.create(path).map_err(Error::io("create", path))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::with_capacity(BUFFER, file), at: 0 })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.at += bytes.len() as u64;
        self.file.write_all(bytes).map_err(Error::io("write", &self.path))
    }

    /// Bytes written so far.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Hands everything to the operating system, for a file that need not survive a power cut.
    pub(crate) fn flush(&mut self) -> Result<(), Error> {
        let flushed = self.file.flush().and_then(|()| self.file.get_mut().flush());
        flushed.map_err(Error::io("write", &self.path))
    }

    /// Makes the file durable.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let synced = self.file.flush().and_then(|()| self.file.get_mut().sync());
        synced.map_err(Error::io("make durable", &self.path))
    }
}
