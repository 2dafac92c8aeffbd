//! What could not be read, kept as it came: `quarantine/<run>/rejects.jsonl` and `rejects.raw` beside it.
//!
//! One JSON object a line: `file`, `n`, `offset`, `length`, `code`, `raw_at` (where its bytes begin in
//! `rejects.raw`). It judges nothing; the reader did.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use crate::files::{FileLayer, WriteFile};

/// A rejected piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// The (contained) file.
    pub file: String,
    /// Number of the record in it, from 0.
    pub n: u64,
    /// Byte offset in the decompressed file.
    pub offset: u64,
    /// Number of bytes.
    pub length: u64,
    /// Code of the flaw.
    pub code: String,
}

/// Rejects of one run on their way to the disk.
pub struct Quarantine {
    folder: PathBuf,
    files: Arc<dyn FileLayer>,
    open: Option<Open>,
}

struct Open {
    lines: Box<dyn WriteFile>,
    raw: Box<dyn WriteFile>,
    raw_length: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    reject: &'a Reject,
    raw_at: u64,
}

impl Quarantine {
    pub(super) fn new(folder: PathBuf, files: Arc<dyn FileLayer>) -> Self {
        Self { folder, files, open: None }
    }

    /// The folder of this run's rejects; it exists once there is one.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps a rejected piece.
    pub fn keep(&mut self, reject: &Reject, bytes: &[u8]) -> Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            closed => closed.insert(Open::create(&self.folder, self.files.as_ref())?),
        };
        let mut write = || -> std::io::Result<()> {
            serde_json::to_writer(&mut open.lines, &Line { reject, raw_at: open.raw_length })?;
            open.lines.write_all(b"\n")?;
            open.raw.write_all(bytes)
        };
        write().map_err(Error::writing(&self.folder))?;
        open.raw_length += bytes.len() as u64;
        Ok(())
    }

    /// Everything kept is durable when this returns.
    pub fn finish(self) -> Result<()> {
        let Some(mut open) = self.open else { return Ok(()) };
        let mut sync = || {
            open.raw.sync()?;
            open.lines.sync()?;
            self.files.sync_dir(&self.folder)
        };
        sync().map_err(Error::writing(&self.folder))
    }
}

impl Open {
    fn create(folder: &Path, files: &dyn FileLayer) -> Result<Self> {
        let create = || -> std::io::Result<Self> {
            files.create_dir_all(folder)?;
            Ok(Self {
                lines: files.create(&folder.join("rejects.jsonl"))?,
                raw: files.create(&folder.join("rejects.raw"))?,
                raw_length: 0,
            })
        };
        create().map_err(Error::writing(folder))
    }
}
