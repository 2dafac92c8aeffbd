//! `/repository/…`: the files of a hub's repository, as any static web server would give them: whole or in ranges,
//! with tags, none of them ever changed but the timestamp.
//!
//! It looks only where a repository keeps what branches may ask for; what else lies in the folder is nobody's.

use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::blocking;
use crate::error::WebError;
use crate::state::App;

/// A piece has four megabytes at most, a list less.
const LARGEST: u64 = 64 << 20;

/// A file of the repository.
pub(crate) async fn show(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let own = app.settings().own_repository(app.data_dir());
    let Some(path) = own.filter(|_| is_a_repositorys(&name)).map(|root| root.join(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let read = blocking::run(app.turns(), move || Ok(read(&path, range.as_deref()))).await;
    match read {
        Ok(Ok(Some(found))) => answer(&name, found, &headers),
        Ok(Ok(None)) => StatusCode::NOT_FOUND.into_response(),
        Ok(Err(cause)) => {
            tracing::error!("cannot read {name} of the repository: {cause}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(WebError::Busy) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(cause) => {
            cause.log();
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

struct Found {
    bytes: Vec<u8>,
    /// First byte, and length of the whole file; nothing where all of it was asked for.
    part: Option<(u64, u64)>,
    tag: String,
    is_beyond: bool,
}

fn read(path: &PathBuf, range: Option<&str>) -> std::io::Result<Option<Found>> {
    let is_file = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    if !is_file {
        return Ok(None);
    }
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    let part = range.and_then(|range| part_of(range, length));
    // The timestamp is the one file that changes under its name; it is small.
    let tag = if path.ends_with("timestamp.json") {
        let bytes = std::fs::read(path)?;
        blake3::hash(&bytes).to_hex()[..16].to_owned()
    } else {
        format!("{length:x}")
    };
    let Some((from, to)) = part else {
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes)?;
        return Ok(Some(Found { bytes, part: None, tag, is_beyond: false }));
    };
    if from >= length {
        return Ok(Some(Found { bytes: Vec::new(), part: Some((from, length)), tag, is_beyond: true }));
    }
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take((to - from).min(LARGEST)).read_to_end(&mut bytes)?;
    Ok(Some(Found { bytes, part: Some((from, length)), tag, is_beyond: false }))
}

fn answer(name: &str, found: Found, headers: &HeaderMap) -> Response {
    let last = name.rsplit('/').next().unwrap_or_default();
    let is_fixed = last != "timestamp.json";
    let tag = format!("\"{last}-{}\"", found.tag);
    let keep = if is_fixed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = if last.ends_with(".json") { "application/json" } else { "application/octet-stream" };
    let about = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, keep),
        (header::ETAG, &*tag),
        (header::ACCEPT_RANGES, "bytes"),
    ];
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    if is_known {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    match found.part {
        None => (about, found.bytes).into_response(),
        Some((_, whole)) if found.is_beyond => with_range(
            (StatusCode::RANGE_NOT_SATISFIABLE, about).into_response(),
            &format!("bytes */{whole}"),
        ),
        Some((from, whole)) => {
            let to = from + found.bytes.len() as u64 - 1;
            let range = format!("bytes {from}-{to}/{whole}");
            with_range((StatusCode::PARTIAL_CONTENT, about, found.bytes).into_response(), &range)
        }
    }
}

pub(crate) fn with_range(mut response: Response, range: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(range) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

/// `bytes=100-` or `bytes=100-199`, as first byte and the one behind the last; any other wish is passed over, as the
/// standard allows, and the whole file is the answer.
pub(crate) fn part_of(range: &str, length: u64) -> Option<(u64, u64)> {
    let (from, to) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    let from: u64 = from.parse().ok()?;
    let to = if to.is_empty() { length } else { to.parse::<u64>().ok()?.checked_add(1)?.min(length) };
    (from < to || from >= length).then_some((from, to))
}

// Where branches may look: no folder up, nothing hidden, nothing of the publisher's own.
fn is_a_repositorys(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    let mut parts = name.split('/');
    let folder = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let depth = if folder == "objects" { 2 } else { 1 };
    matches!(folder, "metadata" | "targets" | "objects")
        && rest.len() == depth
        && rest.iter().all(|part| plain(part))
        && !name.ends_with(".new")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_branches_may_ask_for_is_given() {
        for name in [
            "metadata/timestamp.json",
            "metadata/1.root.json",
            "targets/ab.000001-0a1b2c3d.json.zst",
            "objects/ab/abcd",
        ] {
            assert!(is_a_repositorys(name), "{name}");
        }
        for name in [
            "",
            "publisher.json",
            "metadata",
            "metadata/",
            "metadata/../publisher.json",
            "objects/abcd",
            "objects/ab/c/d",
            "metadata/1.root.json.new",
            "metadata/.x",
            "want/BJFU.json",
            "objects/ab/a%2fb",
            "/metadata/timestamp.json",
        ] {
            assert!(!is_a_repositorys(name), "{name}");
        }
    }

    #[test]
    fn ranges_are_read_or_passed_over() {
        for (range, expect) in [
            ("bytes=0-", Some((0, 100))),
            ("bytes=10-19", Some((10, 20))),
            ("bytes=10-999", Some((10, 100))),
            ("bytes=100-", Some((100, 100))),
            ("bytes=20-10", None),
            ("bytes=-5", None),
            ("bytes=0-1,3-4", None),
            ("lines=1-2", None),
            ("bytes=0-18446744073709551615", None),
        ] {
            assert_eq!(part_of(range, 100), expect, "{range}");
        }
    }
}
