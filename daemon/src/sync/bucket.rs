//! A bucket of an S3-compatible store, `s3://BUCKET/PREFIX`: read by signed requests that may begin in the middle,
//! written file by file.
//!
//! Only what every such store does is used: GET with a range, PUT, DELETE and the list of names, and nothing rests on
//! a condition at a PUT. A signature stands in the address of a request, so no address comes into a message, and
//! `place` is the bucket's name alone. Where the store says that a request comes too early or too late, the machine's
//! clock stands wrong; then its requests are signed by the store's own.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use quick_xml::events::Event;
use rusty_s3::{Credentials, S3Action, UrlStyle};
use ureq::http::header::{CONTENT_RANGE, DATE};
use ureq::http::uri::Uri;
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::{Body, http};

use super::carrier::{Carrier, Opened};
use super::http::{begin_of, error};
use super::mirror::Depot;
use crate::authority::roots_for;
use crate::clock::SystemClock;
use crate::harvest::Clock;
use crate::harvest::client::{Client, Patience, Trouble, read_whole};
use crate::settings::BucketAccess;
use crate::{Error, Result};

/// How long a signed address holds: no longer than a request waits.
const HOLDS: Duration = Duration::from_secs(900);
/// Clocks that differ by less are not to blame.
const MOST_SKEW: SignedDuration = SignedDuration::from_mins(4);
/// A page of a list of a thousand names.
const LONGEST_PAGE: u64 = 4 << 20;
const LONGEST_FAULT: u64 = 16 << 10;
const DEFAULT_REGION: &str = "us-east-1";

/// A bucket, or a part of one.
pub struct Bucket {
    client: Client,
    bucket: rusty_s3::Bucket,
    credentials: Option<Credentials>,
    prefix: String,
    place: String,
    // By how much the store's clock is ahead of this machine's.
    ahead: Cell<SignedDuration>,
}

impl Bucket {
    /// The bucket of an address, by what the settings and the environment say of the store.
    pub fn of(address: &str, access: &BucketAccess, data_dir: &Path) -> Result<Self> {
        let wrong = |reason: &str| Error::source(address, reason);
        let (name, prefix) = parts_of(address).ok_or_else(|| {
            wrong(
                "the address of a bucket is s3://BUCKET or s3://BUCKET/PREFIX, of letters, digits, `.`, `-` and `_`",
            )
        })?;
        let region = access.region.clone().or_else(|| said("AWS_REGION"));
        let region = region.unwrap_or_else(|| DEFAULT_REGION.to_owned());
        let endpoint = endpoint_of(access).unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let no_endpoint = || wrong("[snapshot] endpoint is no http(s): address of a store");
        let style = if access.bucket_is_host { UrlStyle::VirtualHost } else { UrlStyle::Path };
        let parsed = endpoint.parse().map_err(|_| no_endpoint())?;
        let bucket = rusty_s3::Bucket::new(parsed, style, name.to_owned(), region);
        let bucket = bucket.map_err(|_| no_endpoint())?;
        let roots = roots_for(data_dir, &endpoint);
        // Whoever configures a store in the own network means it.
        let client = Client::trusting(bucket.base_url().as_str(), true, Patience::default(), roots);
        let place = address.trim_end_matches('/').to_owned();
        Ok(Self {
            client: client.map_err(|trouble| error(&place, trouble))?,
            bucket,
            credentials: credentials_of(access, &place)?,
            prefix,
            place,
            ahead: Cell::new(SignedDuration::ZERO),
        })
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    // Asks once, and once more by the store's clock where this machine's is to blame.
    fn ask<'a, A: S3Action<'a>>(
        &self,
        action: &A,
        send: impl Fn(&Uri) -> Result<Response<Body>, Trouble>,
    ) -> Result<Response<Body>> {
        let failed = |trouble| error(&self.place, trouble);
        let response = send(&self.signed(action)?).map_err(failed)?;
        let is_refused = matches!(response.status(), StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST);
        if is_refused && self.credentials.is_some() && self.learns_the_time(response.headers()) {
            return send(&self.signed(action)?).map_err(failed);
        }
        Ok(response)
    }

    fn now(&self) -> Timestamp {
        let now = SystemClock::default().now();
        now.checked_add(self.ahead.get()).unwrap_or(now)
    }

    fn learns_the_time(&self, headers: &HeaderMap) -> bool {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok());
        let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else { return false };
        let off = date.timestamp().duration_since(self.now());
        if off.abs() < MOST_SKEW {
            return false;
        }
        self.ahead.set(self.ahead.get() + off);
        true
    }

    fn signed<'a, A: S3Action<'a>>(&self, action: &A) -> Result<Uri> {
        let unsignable = || Error::source(&self.place, "its address cannot be signed");
        // The signer keeps another version of the same type of moments; both read the same text.
        let now = self.now().to_string().parse().map_err(|_| unsignable())?;
        action.sign_with_time(HOLDS, &now).as_str().parse().map_err(|_| unsignable())
    }

    // What an answer says that brings nothing.
    fn fault(&self, response: Response<Body>) -> Error {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = read_whole(response, LONGEST_FAULT).unwrap_or_default();
        let code = code_of(&text).unwrap_or_default();
        let reason = match code.as_str() {
            "NoSuchBucket" => "the store has no bucket of this name",
            "InvalidAccessKeyId" | "SignatureDoesNotMatch" => {
                "the store does not know the access key, or its secret is another: see [snapshot] access_key and \
                 secret_file, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; it may also be the region"
            }
            "AccessDenied" | "AllAccessDisabled" => {
                "the store does not let this key in, or does not say what is not there to a key that may not list the \
                 bucket (s3:ListBucket)"
            }
            "RequestTimeTooSkewed" => {
                "this machine's clock stands wrong, and the store does not say what time it is"
            }
            _ => return error(&self.place, Trouble::of_status(status, &headers, Timestamp::UNIX_EPOCH)),
        };
        Error::source(&self.place, reason)
    }

    fn done(&self, response: Response<Body>) -> Result<()> {
        if response.status().is_success() { Ok(()) } else { Err(self.fault(response)) }
    }
}

impl Carrier for Bucket {
    fn place(&self) -> &str {
        &self.place
    }

    fn is_a_line(&self) -> bool {
        true
    }

    fn open(&self, name: &str, at: u64) -> Result<Option<Opened>> {
        let key = self.key(name);
        let action = self.bucket.get_object(self.credentials.as_ref(), &key);
        let range = format!("bytes={at}-");
        let headers: &[(&str, &str)] = if at > 0 { &[("range", &range)] } else { &[] };
        let response = self.ask(&action, |uri| self.client.get(uri, headers))?;
        let begins = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
        let at = match (response.status(), begins.and_then(begin_of)) {
            (StatusCode::OK, _) => 0,
            (StatusCode::PARTIAL_CONTENT, Some(begins)) => begins,
            (StatusCode::NOT_FOUND, _) => {
                let text = read_whole(response, LONGEST_FAULT).unwrap_or_default();
                if code_of(&text).as_deref() == Some("NoSuchBucket") {
                    return Err(Error::source(&self.place, "the store has no bucket of this name"));
                }
                return Ok(None);
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, _) if at > 0 => return self.open(name, 0),
            _ => return Err(self.fault(response)),
        };
        let body = response.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Some(Opened { at, bytes: Box::new(body) }))
    }
}

impl Depot for Bucket {
    fn names(&self) -> Result<BTreeMap<String, u64>> {
        let mut names = BTreeMap::new();
        let mut next: Option<String> = None;
        loop {
            // A list is what a GET of the bucket itself answers.
            let mut action = self.bucket.get_object(self.credentials.as_ref(), "");
            let query = action.query_mut();
            query.insert("list-type", "2");
            query.insert("prefix", self.prefix.clone());
            if let Some(next) = next.take() {
                query.insert("continuation-token", next);
            }
            let response = self.ask(&action, |uri| self.client.get(uri, &[]))?;
            if response.status() != StatusCode::OK {
                return Err(self.fault(response));
            }
            let page = read_whole(response, LONGEST_PAGE).map_err(|trouble| error(&self.place, trouble))?;
            let page = Page::read(&page)
                .ok_or_else(|| Error::source(&self.place, "the list of its names cannot be read"))?;
            let own = page.names.into_iter();
            names.extend(own.filter_map(|(key, n)| Some((key.strip_prefix(&self.prefix)?.to_owned(), n))));
            match page.next {
                Some(token) => next = Some(token),
                None => return Ok(names),
            }
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let key = self.key(name);
        let action = self.bucket.put_object(self.credentials.as_ref(), &key);
        self.done(self.ask(&action, |uri| self.client.put(uri, bytes))?)
    }

    fn remove(&self, name: &str) -> Result<()> {
        let key = self.key(name);
        let action = self.bucket.delete_object(self.credentials.as_ref(), &key);
        let response = self.ask(&action, |uri| self.client.delete(uri))?;
        if response.status() == http::StatusCode::NOT_FOUND { Ok(()) } else { self.done(response) }
    }
}

/// The address of the store that the settings or the environment name.
pub fn endpoint_of(access: &BucketAccess) -> Option<String> {
    access.endpoint.clone().or_else(|| said("AWS_ENDPOINT_URL"))
}

// The bucket, and what stands before every name in it. Nothing in either is ever escaped.
fn parts_of(address: &str) -> Option<(&str, String)> {
    let rest = address.strip_prefix("s3://")?.trim_end_matches('/');
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_plain = |part: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        !part.is_empty() && part.bytes().all(plain) && part != "." && part != ".."
    };
    if !is_plain(name) || !(prefix.is_empty() || prefix.split('/').all(is_plain)) {
        return None;
    }
    Some((name, if prefix.is_empty() { String::new() } else { format!("{prefix}/") }))
}

// Without a key nothing is signed: a bucket may be open to all readers.
fn credentials_of(access: &BucketAccess, place: &str) -> Result<Option<Credentials>> {
    let Some(key) = access.access_key.clone().or_else(|| said("AWS_ACCESS_KEY_ID")) else { return Ok(None) };
    let secret = match &access.secret_file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(Error::reading(path))?;
            text.lines().next().unwrap_or_default().trim().to_owned()
        }
        None => said("AWS_SECRET_ACCESS_KEY").ok_or_else(|| {
            Error::source(
                place,
                "there is an access key, but neither [snapshot] secret_file nor AWS_SECRET_ACCESS_KEY",
            )
        })?,
    };
    Ok(Some(match said("AWS_SESSION_TOKEN") {
        Some(token) => Credentials::new_with_token(key, secret, token),
        None => Credentials::new(key, secret),
    }))
}

fn said(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.trim().is_empty())
}

// The one word of an answer that is not taken; the rest may repeat what was signed.
fn code_of(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let code = text.split_once("<Code>")?.1.split_once("</Code>")?.0;
    code.bytes().all(|b| b.is_ascii_alphanumeric()).then(|| code.to_owned())
}

/// A page of the list of names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    names: Vec<(String, u64)>,
    next: Option<String>,
}

impl Page {
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut reader = quick_xml::Reader::from_str(text);
        let (mut page, mut is_a_list) = (Self::default(), false);
        let (mut inside, mut value, mut item) = (Vec::new(), String::new(), (None, None));
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => {
                    inside.push(tag.local_name().into_inner().to_owned());
                    value.clear();
                }
                Event::Text(piece) => value += &piece.xml10_content(),
                Event::GeneralRef(reference) => value.push(match reference.resolve_char_ref().ok()? {
                    Some(character) => character,
                    None => match &*reference {
                        "amp" => '&',
                        "lt" => '<',
                        "gt" => '>',
                        "quot" => '"',
                        "apos" => '\'',
                        _ => return None,
                    },
                }),
                Event::End(_) => {
                    let path: Vec<&str> = inside.iter().map(String::as_str).collect();
                    match path[..] {
                        ["ListBucketResult"] => is_a_list = true,
                        [_, "Contents", "Key"] => item.0 = Some(value.clone()),
                        [_, "Contents", "Size"] => item.1 = value.trim().parse().ok(),
                        [_, "Contents"] => page.names.push((item.0.take()?, item.1.take()?)),
                        [_, "NextContinuationToken"] => page.next = Some(value.clone()),
                        _ => {}
                    }
                    inside.pop();
                }
                Event::Eof => return is_a_list.then_some(page),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn an_address_is_a_bucket_and_a_prefix() {
        let check = |address: &str, expect: Option<(&str, &str)>| {
            let parts = parts_of(address);
            let parts = parts.as_ref().map(|(name, prefix)| (*name, prefix.as_str()));
            assert_eq!(parts, expect, "{address}");
        };
        check("s3://union", Some(("union", "")));
        check("s3://union/", Some(("union", "")));
        check("s3://union/catalogue/2026", Some(("union", "catalogue/2026/")));
        for wrong in
            ["s3://", "s3:///x", "s3://a/../b", "s3://a/b//c", "s3://key:secret@a/b", "s3://a/b?c", "x"]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn a_list_is_read_page_by_page() {
        let text =
            b"<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
            <Name>u</Name><Prefix>a&amp;b/</Prefix><NextContinuationToken>t&#61;=</NextContinuationToken>\
            <Contents><Key>a&amp;b/x</Key><Size>7</Size><Owner><ID>Key</ID></Owner></Contents>\
            <Contents><Size>8</Size><Key>y</Key></Contents></ListBucketResult>";
        let names = vec![("a&b/x".to_owned(), 7), ("y".to_owned(), 8)];
        assert_eq!(Page::read(text), Some(Page { names, next: Some("t==".to_owned()) }));
        for wrong in [&b"<html>welcome</html>"[..], b"<ListBucketResult><Contents><Key>", b"\xff", b""] {
            assert_eq!(Page::read(wrong), None, "{wrong:?}");
        }
        assert_eq!(code_of(b"<Error><Code>NoSuchKey</Code></Error>").as_deref(), Some("NoSuchKey"));
        assert_eq!(code_of(b"<Code>\x1b[2J</Code>"), None);
    }
}
