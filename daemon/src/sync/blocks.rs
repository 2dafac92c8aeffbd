//! Pieces on their way: fetched, resumed where the line broke, and kept until the file they belong to is whole.
//!
//! `sync/blocks/<hash>` is a piece as it lies in the repository, whole and compared with its hash before it got that
//! name; `<hash>.part` is one that broke off. What a cut costs is at most the piece it fell into, and nothing of
//! that where the carrier can begin in the middle.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use indexer::snapshot::{Block, Refusal, object_name};

use super::Site;
use super::carrier::{Carrier, broken};
use crate::harvest::Stop;
use crate::{Error, Result};

/// Tries that bring not one byte before a pull gives up; what is here stays.
const MOST_IN_VAIN: u32 = 6;
/// How often a piece may come wrong.
const MOST_WRONG: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const BUFFER: usize = 64 << 10;

/// Fetches pieces from one repository.
pub(super) struct Blocks<'a> {
    pub(super) site: &'a Site,
    pub(super) carrier: &'a dyn Carrier,
    pub(super) stop: &'a Stop,
    /// Bytes that may still come; a pull stops when they are used up.
    pub(super) budget: Option<u64>,
    /// Bytes that came.
    pub(super) fetched: u64,
    /// Bytes that are here as pieces, hands over as they come.
    pub(super) tell: &'a dyn Fn(u64),
}

/// Folder of the pieces.
pub(super) fn folder(site: &Site) -> PathBuf {
    site.folder().join("blocks")
}

/// Names of the pieces that are here whole.
pub(super) fn here(site: &Site) -> BTreeSet<String> {
    let items = std::fs::read_dir(folder(site)).into_iter().flatten().flatten();
    let names = items.filter_map(|item| item.file_name().into_string().ok());
    names.filter(|name| name.len() == 64).collect()
}

impl Blocks<'_> {
    /// The piece of a file, unpacked: from the disk, or from the repository.
    pub(super) fn open(&mut self, block: &Block) -> Result<Vec<u8>> {
        let path = self.path(block);
        // A piece that was damaged on the disk since is fetched again.
        if let Ok(stored) = std::fs::read(&path)
            && let Some(bytes) = block.open(stored)
        {
            return Ok(bytes);
        }
        for _ in 0..MOST_WRONG {
            if let Some(bytes) = block.open(self.fetch(block)?) {
                return Ok(bytes);
            }
        }
        Err(Refusal::Altered { name: object_name(&block.blake3), what: "hash" }.into())
    }

    /// Lets go of a piece that nothing needs any more.
    pub(super) fn forget(&self, block: &Block) {
        // One that stays is found by the next pull.
        let _ = self.site.files.remove(&self.path(block));
    }

    fn path(&self, block: &Block) -> PathBuf {
        folder(self.site).join(&block.blake3)
    }

    // The bytes as they lie in the repository; kept under their name where they are right.
    fn fetch(&mut self, block: &Block) -> Result<Vec<u8>> {
        let part = self.path(block).with_extension("part");
        let (mut in_vain, mut wait) = (0, FIRST_WAIT);
        loop {
            let before = std::fs::metadata(&part).map_or(0, |found| found.len());
            let outcome = self.continue_at(block, &part, before);
            let after = std::fs::metadata(&part).map_or(0, |found| found.len());
            match outcome {
                Ok(()) => break,
                Err(error) => {
                    if after > before {
                        (in_vain, wait) = (0, FIRST_WAIT);
                    } else {
                        in_vain += 1;
                    }
                    let may_go_on =
                        self.carrier.is_a_line() && error.is_retryable() && in_vain < MOST_IN_VAIN;
                    if !may_go_on || self.site.clock.sleep(wait, self.stop) {
                        return Err(error);
                    }
                    wait *= 2;
                }
            }
        }
        let stored = std::fs::read(&part).map_err(Error::reading(&part))?;
        if block.is(&stored) {
            let path = self.path(block);
            self.site.files.rename(&part, &path).map_err(Error::writing(&path))?;
        } else {
            self.site.files.remove(&part).map_err(Error::writing(&part))?;
        }
        Ok(stored)
    }

    // Appends to the part what the repository has from there on, to the end of the piece and never beyond.
    fn continue_at(&mut self, block: &Block, part: &std::path::Path, at: u64) -> Result<()> {
        let name = object_name(&block.blake3);
        let is_too_long = at > block.stored;
        if !is_too_long && at == block.stored && at > 0 {
            return Ok(());
        }
        if self.stop.is_asked() {
            return Err(Error::Stopped);
        }
        let opened = self.carrier.open(&name, if is_too_long { 0 } else { at })?;
        let opened = opened.ok_or_else(|| Refusal::Missing { name: name.clone() })?;
        let goes_on = opened.at == at && !is_too_long;
        if !goes_on && opened.at != 0 {
            return Err(Refusal::Altered { name, what: "length" }.into());
        }
        let writing = Error::writing(part);
        let file = if goes_on { self.site.files.append(part) } else { self.site.files.create(part) };
        let mut file = match file {
            Ok(file) => file,
            Err(cause) => return Err(writing(cause)),
        };
        let mut left = block.stored - if goes_on { at } else { 0 };
        let mut bytes = opened.bytes;
        let mut buffer = vec![0; BUFFER];
        let outcome = loop {
            if left == 0 {
                break Ok(());
            }
            if self.stop.is_asked() {
                break Err(Error::Stopped);
            }
            if self.budget == Some(0) {
                break Err(Error::Budget);
            }
            let most = (BUFFER as u64).min(left).min(self.budget.unwrap_or(u64::MAX)) as usize;
            match bytes.read(&mut buffer[..most]) {
                Ok(0) => {
                    let cause = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                    break Err(broken(self.carrier.place(), &name, &cause));
                }
                Ok(n) => {
                    file.write_all(&buffer[..n]).map_err(Error::writing(part))?;
                    left -= n as u64;
                    self.fetched += n as u64;
                    self.budget = self.budget.map(|budget| budget - n as u64);
                    (self.tell)(n as u64);
                }
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => {}
                Err(cause) => break Err(broken(self.carrier.place(), &name, &cause)),
            }
        };
        let kept = if outcome.is_ok() { file.sync() } else { file.flush() };
        kept.map_err(Error::writing(part))?;
        outcome
    }
}
