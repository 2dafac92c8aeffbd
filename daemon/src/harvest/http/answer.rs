//! What the headers and the first bytes of an answer say. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use ureq::http::HeaderMap;

use super::super::location::percent_decoded;

/// A server that sends less than this in `PACE_TIME` has stalled, even if it sends a byte now and then.
const PACE_BYTES: u64 = 4096;
const PACE_TIME: Duration = Duration::from_secs(120);

/// Which version of the file this is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) total: Option<u64>,
}

impl Version {
    pub(super) fn of(headers: &HeaderMap, total: Option<u64>) -> Self {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        Self { etag: text("etag"), last_modified: text("last-modified"), total }
    }

    pub(super) fn strong_etag(&self) -> Option<&str> {
        self.etag.as_deref().filter(|etag| !etag.starts_with("W/"))
    }

    // Whether it tells one state of the file from another well enough to go on in the middle.
    pub(super) fn is_strong(&self) -> bool {
        self.strong_etag().is_some() || self.last_modified.is_some()
    }

    /// Whether a partial answer continues this version behind its first `have` bytes.
    pub(super) fn is_continued_by(&self, headers: &HeaderMap, have: u64) -> Result<(), &'static str> {
        let (start, total) = content_range(headers).ok_or("the server does not say which part it sent")?;
        let theirs = Version::of(headers, None);
        let differs =
            |one: &Option<String>, other: &Option<String>| one.is_some() && other.is_some() && one != other;
        if differs(&theirs.etag, &self.etag) || differs(&theirs.last_modified, &self.last_modified) {
            return Err("the file changed while it was fetched");
        }
        if self.total.is_some() && total.is_some() && self.total != total {
            return Err("the file's length changed while it was fetched");
        }
        if start == have { Ok(()) } else { Err("the server sent another part than asked for") }
    }
}

/// Start and total of `bytes 100-199/1000`; the total may be `*`.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let value = headers.get("content-range")?.to_str().ok()?;
    let (range, total) = value.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let start = range.split_once('-')?.0.trim().parse().ok()?;
    Some((start, total.trim().parse().ok()))
}

/// The name under which reports will know the file.
pub(super) fn file_name(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    let decoded = percent_decoded(last.as_bytes());
    let name: String = String::from_utf8_lossy(&decoded)
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(60)
        .collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() { "download".to_owned() } else { name.to_owned() }
}

pub(super) fn looks_like_a_page(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let begins = |with: &[u8]| head.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html") || begins(b"<head") || begins(b"<body")
}

/// Whether enough comes in a while.
pub(super) struct Pace {
    since: Duration,
    bytes: u64,
}

impl Pace {
    pub(super) fn new(now: Duration) -> Self {
        Self { since: now, bytes: 0 }
    }

    pub(super) fn is_too_slow(&mut self, n: u64, now: Duration) -> bool {
        self.bytes += n;
        if now.saturating_sub(self.since) < PACE_TIME {
            return false;
        }
        let slow = self.bytes < PACE_BYTES;
        *self = Self::new(now);
        slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_harmless() {
        let check = |path: &str, expect: &str| assert_eq!(file_name(path), expect);
        check("/export/a.iso", "a.iso");
        check("/export/%E5%8C%97%E6%9E%97.mrc", "北林.mrc");
        check("/", "download");
        check("/..", "download");
        check("/%2e%2e%2fetc%2fpasswd", "etcpasswd");
        check("/.hidden", "hidden");
    }
}
