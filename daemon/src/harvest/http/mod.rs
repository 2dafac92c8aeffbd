//! A file behind an http: or https: address: asked for only if it changed, resumed where it broke off.
//!
//! What has come stands in `NAME.part`, and the checkpoint says which version of the file that is and how much
//! of it is surely on the disk. It goes on only with the very same version; anything else begins anew.

mod answer;

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use indexer::files::{Disk, FileLayer};
use serde::{Deserialize, Serialize};
use ureq::Body;
use ureq::http::Response;

use self::answer::{Pace, Version, file_name, looks_like_a_page};
use super::client::{Client, Patience, Trouble, broken_body};
use super::file_hash::file_hash;
use super::retry::Retry;
use super::{FetchContext, Fetched, Fetcher};
use crate::settings::Source;
use crate::{Error, Result};

/// What a source may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Longest file.
    bytes: u64,
    /// Longest time for all of it.
    time: Duration,
    /// So often the file may turn out to be another one while it comes.
    restarts: u32,
    patience: Patience,
}

impl Default for Limits {
    fn default() -> Self {
        let time = Duration::from_secs(12 * 3600);
        Self { bytes: 16 << 30, time, restarts: 5, patience: Patience::default() }
    }
}

/// Bytes between two moments at which what came is made durable.
const DURABLE_STEP: u64 = 16 << 20;

/// Fetches one file.
pub(super) struct HttpFetcher {
    location: String,
    shown: String,
    allow_private: bool,
    limits: Limits,
}

/// Where a download stands; the checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Standing {
    version: Version,
    /// Bytes of the `.part` that are surely on the disk.
    durable: u64,
    /// All of it came, and it was given its name.
    finished: bool,
}

/// What the last good run leaves to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Fingerprint {
    version: Version,
    hash: String,
}

impl HttpFetcher {
    /// A fetcher of a configured source.
    pub(super) fn new(source: &Source) -> Self {
        Self {
            location: source.location.clone(),
            shown: source.shown(),
            allow_private: source.allow_private,
            limits: Limits::default(),
        }
    }
}

impl Fetcher for HttpFetcher {
    fn fetch(&mut self, context: &FetchContext<'_>) -> Result<Fetched> {
        let refused = |trouble: Trouble| Error::source(&self.shown, trouble.reason());
        let client =
            Client::new(&self.location, self.allow_private, self.limits.patience).map_err(refused)?;
        let name = file_name(client.home().path());
        let mut download = Download {
            context,
            client,
            limits: self.limits,
            part: context.inbox.join(format!("{name}.part")),
            whole: context.inbox.join(name),
            last: context
                .last_good
                .as_ref()
                .and_then(|l| serde_json::from_str(l.fingerprint.as_deref()?).ok()),
            standing: Standing::default(),
            have: 0,
            came: 0,
            restarts: 0,
        };
        download.pick_up()?;
        match download.run()? {
            Ended::Whole => download.whole(),
            Ended::NothingNew => Ok(download.nothing_new()),
            Ended::BrokeOff(reason) if download.have == 0 => Err(Error::source(&self.shown, &reason)),
            Ended::BrokeOff(reason) => Ok(Fetched {
                bytes: download.came,
                reason: Some(format!("{reason}; {} bytes have come so far", download.have)),
                ..Fetched::default()
            }),
        }
    }
}

enum Ended {
    Whole,
    NothingNew,
    BrokeOff(String),
}

/// Why an attempt ended early.
enum Halt {
    Trouble(Trouble),
    Failed(Error),
}

impl From<Trouble> for Halt {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

struct Download<'a> {
    context: &'a FetchContext<'a>,
    client: Client,
    limits: Limits,
    part: PathBuf,
    whole: PathBuf,
    last: Option<Fingerprint>,
    standing: Standing,
    // Bytes of this version that are in the `.part`, or in the whole file once it is finished.
    have: u64,
    // Bytes that came over the line in this run.
    came: u64,
    restarts: u32,
}

impl Download<'_> {
    /// Finds out what an earlier run left.
    fn pick_up(&mut self) -> Result<()> {
        let Some(text) = self.context.checkpoints.load()? else { return Ok(()) };
        let Ok(standing) = serde_json::from_str::<Standing>(&text) else { return Ok(()) };
        let length = |path: &PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
        let (have, path) = match standing.finished {
            true => (length(&self.whole), &self.whole),
            false => (length(&self.part).min(standing.durable), &self.part),
        };
        let fits =
            have > 0 && standing.version.is_strong() && (!standing.finished || have == standing.durable);
        if fits && !standing.finished {
            // What lies behind the durable bytes may be anything after a power cut.
            let file = OpenOptions::new().write(true).open(path).map_err(Error::writing(path))?;
            file.set_len(have).map_err(Error::writing(path))?;
        }
        if fits {
            self.have = have;
            self.standing = standing;
        }
        Ok(())
    }

    fn run(&mut self) -> Result<Ended> {
        let mut retry = Retry::default();
        let deadline = self.context.clock.monotonic().saturating_add(self.limits.time);
        loop {
            if self.context.stop.is_asked() {
                return Ok(Ended::BrokeOff("the run was stopped".to_owned()));
            }
            let came_before = self.came;
            let trouble = match self.attempt() {
                Ok(ended) => return Ok(ended),
                Err(Halt::Failed(error)) => return Err(error),
                Err(Halt::Trouble(trouble)) => trouble,
            };
            tracing::debug!(reason = trouble.reason(), have = self.have, "a download broke off");
            let Trouble::Passing { reason, wish } = trouble else {
                return Ok(Ended::BrokeOff(trouble.reason().to_owned()));
            };
            if self.came > came_before {
                retry.succeeded();
            }
            let late = self.context.clock.monotonic() > deadline;
            match retry.after_failure(wish).filter(|_| !late) {
                Some(wait) => self.context.clock.sleep(wait, self.context.stop),
                None => return Ok(Ended::BrokeOff(reason)),
            };
        }
    }

    /// One request, and as much of its answer as comes.
    fn attempt(&mut self) -> Result<Ended, Halt> {
        let headers = self.request_headers();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let home = self.client.home().clone();
        let response = self.client.get(&home, &headers)?;
        match response.status().as_u16() {
            304 if self.standing.finished => return Ok(Ended::Whole),
            304 if self.have == 0 && self.last.is_some() => return Ok(Ended::NothingNew),
            206 if self.have > 0 && !self.standing.finished => {
                if let Err(why) = self.standing.version.is_continued_by(response.headers(), self.have) {
                    return Err(self.begin_anew(why)?.into());
                }
            }
            200 => self.begin(&response)?,
            206 | 304 | 416 => {
                return Err(self.begin_anew("the server cannot go on with the file")?.into());
            }
            _ => {
                let (status, now) = (response.status(), self.context.clock.now());
                return Err(Trouble::of_status(status, response.headers(), now).into());
            }
        }
        self.take_body(response)?;
        self.finish()?;
        Ok(Ended::Whole)
    }

    fn request_headers(&self) -> Vec<(&'static str, String)> {
        let version = &self.standing.version;
        if self.have > 0 && !self.standing.finished && version.is_strong() {
            let condition = version.strong_etag().or(version.last_modified.as_deref()).unwrap_or_default();
            return vec![("Range", format!("bytes={}-", self.have)), ("If-Range", condition.to_owned())];
        }
        let known =
            if self.standing.finished { Some(version) } else { self.last.as_ref().map(|l| &l.version) };
        let mut headers = Vec::new();
        if let Some(etag) = known.and_then(|version| version.etag.as_ref()) {
            headers.push(("If-None-Match", etag.clone()));
        } else if let Some(date) = known.and_then(|version| version.last_modified.as_ref()) {
            headers.push(("If-Modified-Since", date.clone()));
        }
        headers
    }

    /// Forgets what came, so that the next attempt asks for the whole file.
    fn begin_anew(&mut self, why: &str) -> Result<Trouble> {
        self.forget()?;
        self.restarts += 1;
        if self.restarts > self.limits.restarts {
            return Ok(Trouble::lasting(format!("{why}, {} times", self.restarts)));
        }
        Ok(Trouble::passing(why))
    }

    fn forget(&mut self) -> Result<()> {
        self.standing = Standing::default();
        self.have = 0;
        self.context.checkpoints.clear()
    }

    /// The whole file begins to come.
    fn begin(&mut self, response: &Response<Body>) -> Result<(), Halt> {
        if self.have > 0 {
            // A server that knows no ranges, or a file that changed.
            self.restarts += u32::from(!self.standing.finished);
            if self.restarts > self.limits.restarts {
                let often = self.restarts;
                self.forget()?;
                return Err(Trouble::lasting(format!("the download had to begin anew {often} times")).into());
            }
        }
        let version = Version::of(response.headers(), response.body().content_length());
        if let Some(total) = version.total.filter(|&total| total > self.limits.bytes) {
            let message = format!("the file has {total} bytes, more than the {} allowed", self.limits.bytes);
            return Err(Trouble::lasting(message).into());
        }
        self.forget()?;
        File::create(&self.part).map_err(Error::writing(&self.part))?;
        self.standing = Standing { version, durable: 0, finished: false };
        Ok(())
    }

    fn take_body(&mut self, response: Response<Body>) -> Result<(), Halt> {
        let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
        let mut file = OpenOptions::new().write(true).open(&self.part).map_err(Error::writing(&self.part))?;
        file.seek(SeekFrom::Start(self.have)).map_err(Error::writing(&self.part))?;
        let mut pace = Pace::new(self.context.clock.monotonic());
        let mut buffer = vec![0; 1 << 16];
        let result = loop {
            let n = match body.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(n) => n,
                Err(error) => break Err(broken_body(error).into()),
            };
            if self.have == 0 && looks_like_a_page(&buffer[..n]) {
                self.forget()?;
                return Err(Trouble::lasting("the server sent a web page instead of data").into());
            }
            file.write_all(&buffer[..n]).map_err(Error::writing(&self.part))?;
            self.have += n as u64;
            self.came += n as u64;
            self.context.progress.came(self.came, 0);
            if self.have > self.limits.bytes {
                self.forget()?;
                let message = format!("the file has more than the {} bytes allowed", self.limits.bytes);
                return Err(Trouble::lasting(message).into());
            }
            if self.have >= self.standing.durable + DURABLE_STEP {
                self.make_durable(&file)?;
            }
            if self.context.stop.is_asked() {
                break Err(Trouble::lasting("the run was stopped").into());
            }
            if pace.is_too_slow(n as u64, self.context.clock.monotonic()) {
                break Err(Trouble::passing("the server sends too slowly").into());
            }
        };
        self.make_durable(&file)?;
        result
    }

    fn make_durable(&mut self, file: &File) -> Result<()> {
        if !self.standing.version.is_strong() {
            return Ok(());
        }
        file.sync_data().map_err(Error::writing(&self.part))?;
        self.standing.durable = self.have;
        self.save()
    }

    fn save(&self) -> Result<()> {
        let text = serde_json::to_string(&self.standing).unwrap_or_default();
        self.context.checkpoints.save(&text)
    }

    /// The body has ended: is that all of it?
    fn finish(&mut self) -> Result<(), Halt> {
        let total = self.standing.version.total;
        if total.is_some_and(|total| self.have < total) {
            return Err(Trouble::passing("the connection broke off").into());
        }
        if total.is_some_and(|total| self.have > total) {
            return Err(self.begin_anew("more came than the server had announced")?.into());
        }
        let rename = || {
            File::open(&self.part)?.sync_all()?;
            Disk.rename(&self.part, &self.whole)?;
            Disk.sync_dir(self.context.inbox)
        };
        rename().map_err(Error::writing(&self.whole))?;
        self.standing = Standing { durable: self.have, finished: true, ..self.standing.clone() };
        self.save()?;
        Ok(())
    }

    fn whole(self) -> Result<Fetched> {
        let hash = file_hash(&self.whole)?;
        if let Some(last) = self.last.as_ref().filter(|last| last.hash == hash) {
            tracing::debug!(hash = last.hash, "the same file as the last time came again");
            fs::remove_file(&self.whole).map_err(Error::writing(&self.whole))?;
            return Ok(self.nothing_new());
        }
        let fingerprint = Fingerprint { version: self.standing.version, hash };
        Ok(Fetched {
            files: vec![self.whole],
            complete: true,
            bytes: self.came,
            fingerprint: serde_json::to_string(&fingerprint).ok(),
            ..Fetched::default()
        })
    }

    fn nothing_new(&self) -> Fetched {
        let fingerprint = self.context.last_good.as_ref().and_then(|last| last.fingerprint.clone());
        Fetched { complete: true, bytes: self.came, fingerprint, ..Fetched::default() }
    }
}

#[cfg(test)]
mod tests;
