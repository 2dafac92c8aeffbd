//! The download against a server on loopback, good and bad.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::io::Write;

use super::super::Checkpoints as _;
use super::super::trial::{Dice, Peer, Request, Trial, answer, rounds, source};
use super::*;
use crate::settings::SourceKind;

fn fetcher(location: &str) -> HttpFetcher {
    HttpFetcher::new(&source(SourceKind::Http, location))
}

fn data(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i.wrapping_mul(2_654_435_761) >> 7) as u8).collect()
}

/// Answers as a good server: conditions, ranges, one version of the file.
fn serve(request: &Request, out: &mut dyn Write, body: &[u8], etag: &str) {
    let validators = [("ETag", etag), ("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT")];
    if request.header("if-none-match") == Some(etag) {
        return answer(out, "304 Not Modified", &validators, b"");
    }
    let start = request
        .header("range")
        .filter(|_| request.header("if-range") == Some(etag))
        .map(|range| range.trim_start_matches("bytes=").trim_end_matches('-').parse::<usize>().unwrap());
    match start {
        Some(start) if start >= body.len() => answer(out, "416 Range Not Satisfiable", &[], b""),
        Some(start) => {
            let range = format!("bytes {start}-{}/{}", body.len() - 1, body.len());
            let headers = [validators[0], validators[1], ("Content-Range", &range)];
            answer(out, "206 Partial Content", &headers, &body[start..]);
        }
        None => answer(out, "200 OK", &validators, body),
    }
}

/// Lets only so many bytes through.
struct Cut<'a> {
    out: &'a mut dyn Write,
    left: usize,
}

impl Write for Cut<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = bytes.len().min(self.left);
        if n == 0 && !bytes.is_empty() {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        self.left -= n;
        self.out.write_all(&bytes[..n])?;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

#[test]
fn a_file_comes_once_and_again_when_it_changed() {
    let body = std::sync::Arc::new(std::sync::Mutex::new(data(100_000)));
    let served = std::sync::Arc::clone(&body);
    let peer = Peer::start(move |request, out| {
        let body = served.lock().unwrap();
        serve(request, out, &body, &format!("\"{}\"", body.len()));
    });
    let mut trial = Trial::new();
    let mut fetcher = fetcher(&peer.url("/export/%E5%8C%97%E6%9E%97.iso?key=geheim"));
    let fetched = trial.fetch(&mut fetcher).unwrap();
    assert!(fetched.complete && fetched.reason.is_none());
    assert_eq!(fetched.files, [trial.inbox.path().join("北林.iso")]);
    assert_eq!(fs::read(&fetched.files[0]).unwrap(), data(100_000));
    assert_eq!(fetched.bytes, 100_000);
    trial.settle(&fetched);
    let again = trial.fetch(&mut fetcher).unwrap();
    assert!(again.complete && again.files.is_empty() && again.bytes == 0);
    assert_eq!(again.fingerprint, fetched.fingerprint);
    *body.lock().unwrap() = data(100_001);
    let changed = trial.fetch(&mut fetcher).unwrap();
    assert_eq!(fs::read(&changed.files[0]).unwrap(), data(100_001));
    assert_ne!(changed.fingerprint, fetched.fingerprint);
}

#[test]
fn cuts_at_random_bytes_cost_only_time() {
    let body = data(3_000_000);
    let n_cuts = rounds(200, 20);
    let (served, mut dice, mut left) = (body.clone(), Dice(0x5EED), n_cuts);
    let peer = Peer::start(move |request, out| {
        if left == 0 {
            return serve(request, out, &served, "\"v1\"");
        }
        left -= 1;
        let share = 2 * served.len() as u64 / u64::from(n_cuts);
        let left = dice.below(share) as usize;
        serve(request, &mut Cut { out, left }, &served, "\"v1\"");
    });
    let trial = Trial::new();
    let fetched = trial.fetch(&mut fetcher(&peer.url("/a.iso"))).unwrap();
    assert!(fetched.complete, "{:?}", fetched.reason);
    assert_eq!(fs::read(&fetched.files[0]).unwrap(), body);
    assert!(peer.requests().len() as u32 > n_cuts / 2);
    // Nothing is fetched twice but what the sender had written and the cut took away.
    assert_eq!(fetched.bytes, body.len() as u64);
}

#[test]
fn the_next_run_goes_on_where_the_last_broke_off() {
    let body = data(200_000);
    let (served, mut n) = (body.clone(), 0);
    let peer = Peer::start(move |request, out| {
        n += 1;
        match n {
            1 => serve(request, &mut Cut { out, left: 120_000 }, &served, "\"v1\""),
            2..=8 => answer(out, "503 Service Unavailable", &[], b""),
            _ => serve(request, out, &served, "\"v1\""),
        }
    });
    let trial = Trial::new();
    let mut first = fetcher(&peer.url("/a.iso"));
    let fetched = trial.fetch(&mut first).unwrap();
    assert!(!fetched.complete && fetched.files.is_empty());
    assert!(fetched.reason.unwrap().contains("503"));
    let had = fetched.bytes;
    // What a power cut left behind the durable bytes is not believed.
    let mut part = OpenOptions::new().append(true).open(trial.inbox.path().join("a.iso.part")).unwrap();
    part.write_all(&[0; 999]).unwrap();
    let fetched = trial.fetch(&mut fetcher(&peer.url("/a.iso"))).unwrap();
    assert!(fetched.complete, "{:?}", fetched.reason);
    assert_eq!(fs::read(&fetched.files[0]).unwrap(), body);
    assert_eq!(fetched.bytes + had, body.len() as u64);
    // Killed before its changes are in force: what came is not fetched again.
    let again = trial.fetch(&mut fetcher(&peer.url("/a.iso"))).unwrap();
    assert!(again.complete && again.bytes == 0 && again.files == fetched.files);
}

#[test]
fn a_file_that_changes_on_the_way_begins_anew() {
    let mut n = 0;
    let peer = Peer::start(move |request, out| {
        n += 1;
        match n {
            1 => serve(request, &mut Cut { out, left: 50_000 }, &data(80_000), "\"v1\""),
            _ => serve(request, out, &data(90_000), "\"v2\""),
        }
    });
    let trial = Trial::new();
    let fetched = trial.fetch(&mut fetcher(&peer.url("/a.iso"))).unwrap();
    assert_eq!(fs::read(&fetched.files[0]).unwrap(), data(90_000));
}

#[test]
fn a_server_that_lies_about_ranges_is_not_believed() {
    let mut n = 0;
    let peer = Peer::start(move |request, out| {
        n += 1;
        let body = data(80_000);
        let headers = [("ETag", "\"v1\""), ("Content-Range", "bytes 7-79999/80000")];
        match n {
            1 => serve(request, &mut Cut { out, left: 50_000 }, &body, "\"v1\""),
            2 => answer(out, "206 Partial Content", &headers, &body[7..]),
            _ => serve(request, out, &body, "\"v1\""),
        }
    });
    let trial = Trial::new();
    let fetched = trial.fetch(&mut fetcher(&peer.url("/a.iso"))).unwrap();
    assert_eq!(fs::read(&fetched.files[0]).unwrap(), data(80_000));
}

#[test]
fn whatever_is_no_file_is_a_sentence() {
    let check = |expect: &str, mut limits: Limits, reply: fn(&Request, &mut dyn Write)| {
        let peer = Peer::start(reply);
        let trial = Trial::new();
        let mut fetcher = fetcher(&peer.url("/a.iso"));
        limits.patience.silence = Duration::from_millis(300);
        fetcher.limits = limits;
        let fetched = trial.fetch(&mut fetcher);
        let reason = match &fetched {
            Ok(fetched) => {
                assert!(!fetched.complete && fetched.files.is_empty(), "{expect}");
                fetched.reason.clone().unwrap()
            }
            Err(error) => error.to_string(),
        };
        assert!(reason.contains(expect), "{reason:?} does not say {expect:?}");
        assert!(trial.memory.load().unwrap().is_none() || fetched.is_ok());
        peer.requests().len()
    };
    let usual = Limits::default();
    let small = Limits { bytes: 1000, ..usual };
    let html = |_: &Request, out: &mut dyn Write| {
        answer(out, "200 OK", &[("Content-Type", "application/octet-stream")], b"\n<!DOCTYPE html><p>Login");
    };
    assert_eq!(check("a web page instead of data", usual, html), 1);
    assert_eq!(check("404", usual, |_, out| answer(out, "404 Not Found", &[], b"")), 1);
    assert_eq!(check("name and password", usual, |_, out| answer(out, "401 Unauthorized", &[], b"")), 1);
    assert_eq!(check("500", usual, |_, out| answer(out, "500 Oops", &[], b"")), 7);
    assert_eq!(check("429", usual, |_, out| answer(out, "429 No", &[("Retry-After", "5")], b"")), 21);
    assert_eq!(check("429", usual, |_, out| answer(out, "429 No", &[("Retry-After", "86400")], b"")), 1);
    let long = |_: &Request, out: &mut dyn Write| answer(out, "200 OK", &[], &data(2000));
    assert_eq!(check("more than the 1000 allowed", small, long), 1);
    let endless = |_: &Request, out: &mut dyn Write| {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let _ = out.write_all(head);
        while out.write_all(b"400\r\n").and_then(|()| out.write_all(&[b'x'; 1024])).is_ok() {
            if out.write_all(b"\r\n").is_err() {
                return;
            }
        }
    };
    assert_eq!(check("more than the 1000 bytes allowed", small, endless), 1);
    // Announces more than it has, and cannot go on.
    let liar = |request: &Request, out: &mut dyn Write| match request.header("range") {
        Some(_) => answer(out, "416 Range Not Satisfiable", &[], b""),
        None => {
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nETag: \"v\"\r\nConnection: close\r\n\r\n";
            let _ = out.write_all(head.as_bytes()).and_then(|()| out.write_all(&data(3000)));
        }
    };
    check("cannot go on with the file", usual, liar);
    let silent = |_: &Request, out: &mut dyn Write| {
        let _ = out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n");
        std::thread::sleep(Duration::from_millis(600));
    };
    check("fell silent", usual, silent);
    check("connection", usual, |_, out| drop(out.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")));
}

#[test]
fn redirects_are_judged_one_by_one() {
    let check = |to: &str, expect: &str| {
        let location = to.to_owned();
        let peer = Peer::start(move |request, out| match request.target.as_str() {
            "/there" => answer(out, "200 OK", &[], b"data"),
            _ => answer(out, "302 Found", &[("Location", &location)], b""),
        });
        let got = Trial::new().fetch(&mut fetcher(&peer.url("/here")));
        let got = got.map_or_else(|error| error.to_string(), |fetched| fetched.bytes.to_string());
        assert!(got.contains(expect), "{to}: {got}");
    };
    check("/there", "4");
    check("there", "4");
    check("?loop", "more than 5 times");
    check("file:///etc/passwd", "only http: and https:");
    check("gopher://127.0.0.1/", "only http: and https:");
    check("http://169.254.169.254/latest/meta-data", "a cloud's metadata address");
    check("http://127.0.0.2/", "only the host of the source's own location");
    check("http://[::1]/", "only the host of the source's own location");
    check("http://localhost/", "only the host of the source's own location");
    check("http://2130706434/", "only the host of the source's own location");
}

#[test]
fn a_source_must_be_allowed_to_be_private() {
    let peer = Peer::start(|_, out| answer(out, "200 OK", &[], b"data"));
    let mut source = source(SourceKind::Http, &peer.url("/"));
    source.allow_private = false;
    let error = Trial::new().fetch(&mut HttpFetcher::new(&source)).unwrap_err().to_string();
    assert!(error.contains("this machine's own address") && error.contains("allow_private"), "{error}");
    assert!(peer.requests().is_empty());
}

#[test]
fn credentials_go_to_their_origin_only_and_into_no_message() {
    let other = Peer::start(|_, out| answer(out, "500 No", &[], b""));
    let elsewhere = other.url("/");
    let peer = Peer::start(move |_, out| answer(out, "302 Found", &[("Location", &elsewhere)], b""));
    let location = peer.url("/").replace("http://", "http://lin:ge%40heim@");
    let error = Trial::new().fetch(&mut fetcher(&location)).unwrap_err().to_string();
    assert_eq!(peer.requests()[0].header("authorization"), Some("Basic bGluOmdlQGhlaW0="));
    assert_eq!(other.requests()[0].header("authorization"), None);
    assert!(!error.contains("heim") && !error.contains("lin:"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_is_an_error() {
    let peer = Peer::start(|_, out| answer(out, "200 OK", &[], b"data"));
    let trial = Trial::new();
    let link = trial.inbox.path().join("a.iso.part");
    if std::os::unix::fs::symlink("/dev/full", &link).is_err() {
        return;
    }
    assert!(matches!(trial.fetch(&mut fetcher(&peer.url("/a.iso"))), Err(Error::Write { .. })));
}
