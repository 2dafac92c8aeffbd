//! Machines of the own network that are asked for files before the repository is: they keep the files of their
//! generations and not the pieces of a repository, so they give whole files by their hash.
//!
//! Nothing that a neighbour says is believed. A file has a length and a hash that were signed; no byte above that length
//! is read, and it gets its name only when the hash is right. Whoever fails, sends something else or takes too long is
//! left alone for the rest of the pull, which then goes on as if there had been nobody.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexer::snapshot::SnapshotFile;

use super::carrier::{Carrier, Opened};
use super::http::HttpCarrier;
use super::{Site, blocks, stage};
use crate::harvest::Stop;
use crate::harvest::client::broken_body;
use crate::{Error, Result};

const BUFFER: usize = 256 << 10;
/// So long a neighbour may be slow before it is told from one that is not worth asking.
const LOOK: Duration = Duration::from_secs(5);
/// What must have come by then, time after time: a line to the hub often brings as much.
const LEAST: u64 = 160 << 10;

/// The neighbours of one pull.
pub(super) struct Neighbours<'a> {
    site: &'a Site,
    stop: &'a Stop,
    all: Vec<Neighbour>,
    /// Bytes that came.
    pub(super) bytes: u64,
    /// What is to be said of them.
    pub(super) remarks: Vec<String>,
}

struct Neighbour {
    carrier: Box<dyn Carrier>,
    is_left: bool,
}

/// What came of asking for a file.
enum Came {
    /// All of it, and it is right.
    Whole,
    /// It is not there.
    Nothing,
    /// Something that is no reason to ask again; a sentence.
    Trouble(String),
}

impl<'a> Neighbours<'a> {
    pub(super) fn new(site: &'a Site, stop: &'a Stop, addresses: &[String]) -> Self {
        let mut neighbours = Self { site, stop, all: Vec::new(), bytes: 0, remarks: Vec::new() };
        for address in addresses {
            match HttpCarrier::near(address) {
                Ok(carrier) => {
                    neighbours.all.push(Neighbour { carrier: Box::new(carrier), is_left: false });
                }
                Err(error) => neighbours.remarks.push(crate::import::chain(&error)),
            }
        }
        neighbours
    }

    /// Whether anybody may be asked.
    pub(super) fn is_anybody(&self) -> bool {
        self.all.iter().any(|neighbour| !neighbour.is_left)
    }

    /// Brings a file to its place; whether it came. Only a stop and a disk that takes nothing are errors.
    pub(super) fn bring(&mut self, file: &SnapshotFile, target: &Path) -> Result<bool> {
        for n in 0..self.all.len() {
            if self.all[n].is_left {
                continue;
            }
            match self.fetch(n, file)? {
                Came::Whole => {
                    self.put(file, target)?;
                    return Ok(true);
                }
                Came::Nothing => {}
                Came::Trouble(reason) => self.leave(n, &reason),
            }
        }
        Ok(false)
    }

    fn leave(&mut self, n: usize, reason: &str) {
        self.all[n].is_left = true;
        let place = self.all[n].carrier.place();
        self.remarks.push(format!("the neighbour {place} is not asked any more: {reason}"));
    }

    // Where a file lies until it is whole and right; a cut leaves it for the next pull.
    fn part(&self, file: &SnapshotFile) -> PathBuf {
        blocks::folder(self.site).join(&file.blake3).with_extension("near")
    }

    fn fetch(&mut self, n: usize, file: &SnapshotFile) -> Result<Came> {
        let part = self.part(file);
        loop {
            let at = std::fs::metadata(&part).map_or(0, |found| found.len());
            let at = if at <= file.bytes { at } else { 0 };
            let came = if at == file.bytes { Came::Whole } else { self.go_on(n, file, &part, at)? };
            if !matches!(came, Came::Whole) || stage::is_right(&part, file) {
                return Ok(came);
            }
            self.site.files.remove(&part).map_err(Error::writing(&part))?;
            // What another one began may be what is wrong: then this one is asked for all of it.
            if at == 0 {
                return Ok(Came::Trouble("it sent another file than was asked for".to_owned()));
            }
        }
    }

    fn go_on(&mut self, n: usize, file: &SnapshotFile, part: &Path, at: u64) -> Result<Came> {
        if self.stop.is_asked() {
            return Err(Error::Stopped);
        }
        let opened = match self.all[n].carrier.open(&format!("neighbour/{}", file.blake3), at) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Ok(Came::Nothing),
            Err(error) => return Ok(Came::Trouble(reason_of(error))),
        };
        let at = match opened.at {
            0 => 0,
            there if there == at => at,
            _ => return Ok(Came::Trouble("it began at another place than was asked for".to_owned())),
        };
        self.take(opened, file.bytes - at, part)
    }

    // Writes what comes behind what is there, and no byte more than is missing.
    fn take(&mut self, opened: Opened, mut left: u64, part: &Path) -> Result<Came> {
        let Opened { at, mut bytes } = opened;
        let files = &self.site.files;
        let file = if at == 0 { files.create(part) } else { files.append(part) };
        let mut file = file.map_err(Error::writing(part))?;
        let mut haste = Haste { since: self.site.clock.monotonic(), bytes: 0 };
        let mut buffer = vec![0; BUFFER];
        let outcome = loop {
            if left == 0 {
                break Ok(Came::Whole);
            }
            if self.stop.is_asked() {
                break Err(Error::Stopped);
            }
            let most = (BUFFER as u64).min(left) as usize;
            let n = match bytes.read(&mut buffer[..most]) {
                Ok(0) => break Ok(Came::Trouble("it broke off".to_owned())),
                Ok(n) => n as u64,
                Err(cause) if cause.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(cause) => break Ok(Came::Trouble(broken_body(cause).reason().to_owned())),
            };
            file.write_all(&buffer[..n as usize]).map_err(Error::writing(part))?;
            left -= n;
            self.bytes += n;
            if left > 0 && haste.is_lost(n, self.site.clock.monotonic()) {
                break Ok(Came::Trouble("it sends too slowly".to_owned()));
            }
        };
        let kept = if matches!(outcome, Ok(Came::Whole)) { file.sync() } else { file.flush() };
        kept.map_err(Error::writing(part))?;
        outcome
    }

    fn put(&self, file: &SnapshotFile, target: &Path) -> Result<()> {
        let (part, files) = (self.part(file), &self.site.files);
        let above = target.parent().unwrap_or(Path::new(""));
        files.create_dir_all(above).map_err(Error::writing(above))?;
        files.rename(&part, target).map_err(Error::writing(target))?;
        files.sync_dir(above).map_err(Error::writing(above))
    }
}

fn reason_of(error: Error) -> String {
    match error {
        Error::Line { reason, .. } | Error::Source { reason, .. } => reason,
        other => crate::import::chain(&other),
    }
}

/// Whether enough comes: silence is seen by the line itself, a byte now and then is not.
struct Haste {
    since: Duration,
    bytes: u64,
}

impl Haste {
    fn is_lost(&mut self, n: u64, now: Duration) -> bool {
        self.bytes += n;
        if now.saturating_sub(self.since) < LOOK {
            return false;
        }
        let is_lost = self.bytes < LEAST;
        *self = Self { since: now, bytes: 0 };
        is_lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_sends_a_byte_now_and_then_is_left_and_who_sends_steadily_is_not() {
        let lost_after = |each: u64| {
            let mut haste = Haste { since: Duration::ZERO, bytes: 0 };
            (1..=60u64).find(|second| haste.is_lost(each, Duration::from_secs(*second)))
        };
        assert_eq!(lost_after(1), Some(5));
        assert_eq!(lost_after(30 << 10), Some(5));
        assert_eq!(lost_after(34 << 10), None);
    }
}
