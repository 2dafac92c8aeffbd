//! What the tests of all fetchers stand on: a context in memory with a clock that moves when it is waited on,
//! and a peer on loopback that answers as a test tells it to, faults included.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests may panic, and say what they skip")]

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use indexer::archive::{ImportMode, RecordKey};
use indexer::bib::LibraryCode;
use jiff::{SignedDuration, Timestamp};

use super::{Checkpoints, Clock, FetchContext, Fetched, Fetcher, Identifiers, KnownFiles, LastGood, Stop};
use crate::Result;
use crate::settings::{Source, SourceId, SourceKind};

/// Everything that a fetcher is given, kept from one fetch to the next.
pub(super) struct Trial {
    pub(super) inbox: tempfile::TempDir,
    pub(super) memory: Memory,
    pub(super) clock: FakeClock,
    pub(super) last_good: Option<LastGood>,
    pub(super) stop: Stop,
}

#[derive(Default)]
pub(super) struct Memory {
    checkpoint: Mutex<Option<String>>,
    pub(super) files: Mutex<HashSet<String>>,
    pub(super) keys: Mutex<HashMap<RecordKey, String>>,
}

impl Trial {
    pub(super) fn new() -> Self {
        Self {
            inbox: tempfile::tempdir().unwrap(),
            memory: Memory::default(),
            clock: FakeClock::default(),
            last_good: None,
            stop: Stop::default(),
        }
    }

    pub(super) fn fetch(&self, fetcher: &mut dyn Fetcher) -> Result<Fetched> {
        fetcher.fetch(&FetchContext {
            inbox: self.inbox.path(),
            checkpoints: &self.memory,
            known_files: &self.memory,
            identifiers: &self.memory,
            last_good: self.last_good.clone(),
            clock: &self.clock,
            stop: &self.stop,
            progress: &(),
        })
    }

    /// What the runner does once a fetch's changes are in force.
    pub(super) fn settle(&mut self, fetched: &Fetched) {
        self.memory.clear().unwrap();
        for file in fetched.files.iter().filter(|file| file.starts_with(self.inbox.path())) {
            std::fs::remove_file(file).unwrap();
        }
        self.memory.files.lock().unwrap().extend(fetched.file_hashes.iter().cloned());
        self.last_good = Some(LastGood { began: self.clock.now(), fingerprint: fetched.fingerprint.clone() });
    }
}

impl Checkpoints for Memory {
    fn load(&self) -> Result<Option<String>> {
        Ok(self.checkpoint.lock().unwrap().clone())
    }

    fn save(&self, text: &str) -> Result<()> {
        *self.checkpoint.lock().unwrap() = Some(text.to_owned());
        Ok(())
    }

    fn clear(&self) -> Result<()> {
        *self.checkpoint.lock().unwrap() = None;
        Ok(())
    }
}

impl KnownFiles for Memory {
    fn is_known(&self, hash: &str) -> Result<bool> {
        Ok(self.files.lock().unwrap().contains(hash))
    }
}

impl Identifiers for Memory {
    fn learn(&self, pairs: &[(String, RecordKey)]) -> Result<()> {
        let mut keys = self.keys.lock().unwrap();
        keys.extend(pairs.iter().map(|(identifier, key)| (*key, identifier.clone())));
        Ok(())
    }

    fn keys_of(&self, identifier: &str) -> Result<Vec<RecordKey>> {
        let keys = self.keys.lock().unwrap();
        Ok(keys.iter().filter(|(_, id)| *id == identifier).map(|(key, _)| *key).collect())
    }
}

/// Time that passes only while somebody waits; meanwhile something may happen.
pub(super) struct FakeClock {
    now: Mutex<Duration>,
    happens: Mutex<Box<dyn FnMut() + Send>>,
}

impl Default for FakeClock {
    fn default() -> Self {
        Self { now: Mutex::new(Duration::from_secs(1)), happens: Mutex::new(Box::new(|| {})) }
    }
}

impl FakeClock {
    pub(super) fn on_sleep(&self, happens: impl FnMut() + Send + 'static) {
        *self.happens.lock().unwrap() = Box::new(happens);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-25T01:30:00Z".parse().unwrap();
        start + SignedDuration::try_from(self.monotonic()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, how_long: Duration, stop: &Stop) -> bool {
        *self.now.lock().unwrap() += how_long;
        self.happens.lock().unwrap()();
        stop.is_asked()
    }
}

/// A source of this kind at this place.
pub(super) fn source(kind: SourceKind, location: &str) -> Source {
    Source {
        id: SourceId::from("BJFU-test"),
        library: LibraryCode::new("BJFU"),
        kind,
        location: location.to_owned(),
        mode: ImportMode::Full,
        schedule: None,
        set: String::new(),
        metadata_prefix: String::new(),
        holdings: String::new(),
        profile: None,
        allow_private: true,
    }
}

/// A request as a peer sees it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: HashMap<String, String>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Value of an argument in the query, decoded.
    pub(super) fn argument(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        let decoded = super::location::percent_decoded(value.replace('+', " ").as_bytes());
        Some(String::from_utf8(decoded).unwrap())
    }
}

/// A server on loopback; every connection carries one answer.
pub(super) struct Peer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    gone: Arc<AtomicBool>,
}

impl Peer {
    /// Answers each request with what `answer` writes; then the connection ends.
    pub(super) fn start(mut answer: impl FnMut(&Request, &mut dyn Write) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let gone = Arc::new(AtomicBool::new(false));
        let (seen, ends) = (Arc::clone(&requests), Arc::clone(&gone));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(std::result::Result::ok) {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let Some(request) = read_request(&stream) else { continue };
                seen.lock().unwrap().push(request.clone());
                let mut stream = stream;
                answer(&request, &mut stream);
            }
        });
        Self { address, requests, gone }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut lines = BufReader::new(stream).lines();
    let target = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    for line in lines.map_while(std::result::Result::ok).take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    Some(Request { target, headers })
}

/// A whole answer.
pub(super) fn answer(out: &mut dyn Write, status: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    // A client that has had enough hangs up: that is its right.
    let _ = out.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| out.write_all(body));
}

/// How many times a fault is tried: the full number by an environment variable.
pub(super) fn rounds(full: u32, quick: u32) -> u32 {
    if std::env::var_os("LIANMU_SLOW_TESTS").is_some_and(|value| value == "1") { full } else { quick }
}

/// A small generator of numbers, for faults at random places that can be repeated.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n.max(1)
    }
}

/// The corpus beside the repository, or `None` with a sentence.
pub(super) fn corpus(file: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus").join(file);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: there is no {} here", path.display());
    }
    bytes
}
