//! The harvest against a provider on loopback, good and bad, and recorded lists.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod provider;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use indexer::pipeline::record_keys;

use self::provider::*;
use super::super::trial::{Dice, Peer, Request, Trial, answer, corpus, rounds, source};
use super::*;
use crate::settings::SourceKind;
fn fetcher(peer: &Peer, mode: ImportMode) -> OaiFetcher {
    let mut source = source(SourceKind::Oai, &peer.url("/oai"));
    source.mode = mode;
    OaiFetcher::new(&source)
}

/// Control numbers, and how many fragments an import would reject.
fn records_of(fetched: &Fetched) -> (BTreeMap<String, usize>, usize) {
    let (mut numbers, mut rejects) = (BTreeMap::new(), 0);
    let known: Vec<_> = (0..2000)
        .map(|i| format!("{i:06}"))
        .map(|number| (indexer::archive::RecordKey::of_control_number(&number), number))
        .collect();
    for file in &fetched.files {
        for met in record_keys(std::fs::File::open(file).unwrap()).unwrap() {
            match known.iter().find(|(key, _)| met.key.is_some() && *key == met.key) {
                Some((_, number)) => *numbers.entry(number.clone()).or_default() += 1,
                None => rejects += 1,
            }
        }
    }
    (numbers, rejects)
}

/// The files are there as long as the trial is.
fn harvest(peer: &Peer) -> (Trial, Fetched) {
    let trial = Trial::new();
    let fetched = trial.fetch(&mut fetcher(peer, ImportMode::Full)).unwrap();
    (trial, fetched)
}

fn broken(out: &mut dyn Write) -> bool {
    answer(out, "500 Internal Server Error", &[], b"oops");
    true
}

#[test]
fn a_whole_list_comes_page_by_page() {
    let (peer, _) = Provider::new(95).start();
    let trial = Trial::new();
    let fetched = trial.fetch(&mut fetcher(&peer, ImportMode::Full)).unwrap();
    assert!(fetched.complete && fetched.reason.is_none(), "{:?}", fetched.reason);
    assert_eq!(fetched.mode, FetchedMode::Configured);
    let (numbers, rejects) = records_of(&fetched);
    assert_eq!((numbers.len(), rejects), (95, 0));
    assert!(numbers.values().all(|&n| n == 1));
    let requests = peer.requests();
    assert_eq!(requests.len(), 2 + 10);
    assert_eq!(requests[2].argument("metadataPrefix").as_deref(), Some("unimarc"));
    assert!(requests[2].argument("from").is_none());
    // A token is an exclusive argument.
    assert_eq!(requests[3].target.matches('=').count(), 2, "{}", requests[3].target);
    let key = indexer::archive::RecordKey::of_control_number("000042").unwrap();
    assert_eq!(trial.memory.keys.lock().unwrap()[&key], "oai:lib:42");
}

#[test]
fn a_delta_begins_a_little_before_the_last_run() {
    let (peer, provider) = Provider::new(5).start();
    let mut trial = Trial::new();
    let mut fetcher = fetcher(&peer, ImportMode::Delta);
    let first = trial.fetch(&mut fetcher).unwrap();
    trial.settle(&first);
    let nothing = trial.fetch(&mut fetcher).unwrap();
    assert!(nothing.complete && nothing.files.is_empty() && nothing.deleted.is_empty());
    assert_eq!(peer.requests().last().unwrap().argument("from").as_deref(), Some("2026-11-25T01:25:00Z"));
    trial.settle(&nothing);
    {
        let records = &mut provider.lock().unwrap().records;
        for (i, entry) in records.iter_mut().enumerate().take(4) {
            entry.datestamp = "2026-11-26T00:00:00Z".to_owned();
            entry.deleted = i == 1 || i == 3;
        }
        records[2].number = "000777".to_owned();
    }
    let changed = trial.fetch(&mut fetcher).unwrap();
    assert_eq!(records_of(&changed).0.keys().collect::<Vec<_>>(), ["000000", "000777"]);
    let deleted: Vec<&str> = changed.deleted.iter().map(|d| d.identifier.as_str()).collect();
    assert_eq!(deleted, ["oai:lib:1", "oai:lib:3"]);
    // Renumbered: the old key is known to be stale.
    let old = indexer::archive::RecordKey::of_control_number("000002").unwrap();
    assert_eq!(changed.superseded, [old]);
    // Only the last word about a record counts.
    provider.lock().unwrap().records[1].deleted = false;
    trial.settle(&changed);
    assert_eq!(trial.fetch(&mut fetcher).unwrap().deleted.len(), 1);
}

#[test]
fn a_whole_list_of_nothing_is_no_success() {
    let (peer, _) = Provider::new(0).start();
    let (_trial, fetched) = harvest(&peer);
    assert!(!fetched.complete && fetched.files.is_empty());
    assert!(fetched.reason.unwrap().contains("no record at all"));
    let delta = Trial::new().fetch(&mut fetcher(&peer, ImportMode::Delta)).unwrap();
    assert!(delta.complete && delta.reason.is_none());
}

#[test]
fn days_are_asked_for_by_a_provider_of_days() {
    let provider = Provider { granularity: "YYYY-MM-DD", ..Provider::new(5) };
    let (peer, _) = provider.start();
    let mut trial = Trial::new();
    let mut fetcher = fetcher(&peer, ImportMode::Delta);
    let first = trial.fetch(&mut fetcher).unwrap();
    trial.settle(&first);
    trial.fetch(&mut fetcher).unwrap();
    assert_eq!(peer.requests().last().unwrap().argument("from").as_deref(), Some("2026-11-24"));
}

#[test]
fn passing_faults_cost_only_time() {
    // Each kind of fault on its own, three times in a row on every page.
    type Reply = fn(&mut dyn Write);
    let faults: [Reply; 7] = [
        |out| answer(out, "503 Service Unavailable", &[("Retry-After", "30")], b""),
        |out| answer(out, "429 Too Many Requests", &[("Retry-After", "Wed, 25 Nov 2026 01:40:00 GMT")], b""),
        |out| answer(out, "500 Internal Server Error", &[], b"<html>oops</html>"),
        |out| answer(out, "200 OK", &[], b"<!DOCTYPE html><html><body>Wartung</body></html>"),
        |out| answer(out, "200 OK", &[], &page("<ListRecords><record>").as_bytes()[..150]),
        |out| answer(out, "200 OK", &[], page("<error code=\"serviceUnavailable\"/>").as_bytes()),
        |out| drop(out.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n<OAI-PMH>")),
    ];
    for (which, fault) in faults.into_iter().enumerate() {
        let mut n = 0;
        let provider = Provider::failing(25, move |_, out| {
            n += 1;
            let fails = n % 4 != 0;
            if fails {
                fault(out);
            }
            fails
        });
        let (_trial, fetched) = harvest(&provider.start().0);
        assert!(fetched.complete, "fault {which}: {:?}", fetched.reason);
        assert_eq!(records_of(&fetched).0.len(), 25, "fault {which}");
    }
}

#[test]
fn a_page_that_never_comes_is_narrowed_down_to_its_record() {
    // Record 37 breaks every reply that would contain it.
    let provider = Provider::new(95);
    let records = provider.records.clone();
    let provider = Provider {
        fault: Box::new(move |request, out| {
            let verb = request.argument("verb").unwrap();
            let twin = Provider { records: records.clone(), ..Provider::new(0) };
            let bad = matches!(verb.as_str(), "ListRecords" | "GetRecord")
                && twin.reply(request).contains("<identifier>oai:lib:37</identifier>");
            bad && broken(out)
        }),
        ..provider
    };
    let (_trial, fetched) = harvest(&provider.start().0);
    assert!(fetched.complete, "{:?}", fetched.reason);
    let (numbers, rejects) = records_of(&fetched);
    assert_eq!((numbers.len(), rejects), (94, 1));
    assert!(numbers.values().all(|&n| n == 1), "no record comes twice");
    // What could not be read is not taken as gone.
    assert_eq!(fetched.mode, FetchedMode::Other(ImportMode::Delta));
    assert!(fetched.reason.unwrap().contains("oai:lib:37"));
}

#[test]
fn a_token_that_runs_out_leads_to_shorter_lists() {
    // Tokens are good for two more pages only.
    let provider = Provider::failing(95, |request, out| {
        let token = request.argument("resumptionToken").unwrap_or_default();
        let bad = token.rsplit('|').next().is_some_and(|start| start.parse().unwrap_or(0) > 20);
        if bad {
            answer(out, "200 OK", &[], page("<error code=\"badResumptionToken\">late</error>").as_bytes());
        }
        bad
    });
    let (peer, _) = provider.start();
    let (_trial, fetched) = harvest(&peer);
    assert!(fetched.complete, "{:?}", fetched.reason);
    let (numbers, rejects) = records_of(&fetched);
    assert_eq!((numbers.len(), rejects), (95, 0));
    assert!(numbers.values().all(|&n| n == 1));
    // The last window stays open: what changes meanwhile moves there.
    let lists: Vec<Request> =
        peer.requests().into_iter().filter(|r| r.argument("metadataPrefix").is_some()).collect();
    assert!(lists.last().unwrap().argument("until").is_none());
}

#[test]
fn a_list_without_end_is_noticed() {
    // The last page for ever, with the same token and with ever new ones.
    for fresh_tokens in [false, true] {
        let mut n = 0;
        let provider = Provider::failing(25, move |request, out| {
            let Some(token) = request.argument("resumptionToken") else { return false };
            if !token.ends_with("|20") && !token.starts_with("again") {
                return false;
            }
            n += 1;
            let next = if fresh_tokens { format!("again{n}") } else { token };
            let entry = &entries(25)[24];
            let list = format!("{}<resumptionToken>{next}</resumptionToken>", element(entry, true));
            answer(out, "200 OK", &[], page(&format!("<ListRecords>{list}</ListRecords>")).as_bytes());
            true
        });
        let (peer, _) = provider.start();
        let trial = Trial::new();
        let fetched = trial.fetch(&mut fetcher(&peer, ImportMode::Delta)).unwrap();
        assert!(!fetched.complete);
        assert!(fetched.reason.as_ref().unwrap().contains("does not end"), "{:?}", fetched.reason);
        assert_eq!(records_of(&fetched).0.len(), 21);
        assert!(peer.requests().len() < 40);
        assert!(super::super::Checkpoints::load(&trial.memory).unwrap().is_none());
    }
}

#[test]
fn broken_pages_lose_no_more_than_what_is_broken() {
    let provider = Provider::failing(25, |request, out| {
        if request.argument("resumptionToken").is_none_or(|token| !token.ends_with("|10")) {
            return false;
        }
        let twin = Provider::new(25);
        let page = twin.reply(request);
        // A control character, an undeclared entity, a missing end, a record that is none.
        let page = page.replacen("三国演义", "三国\u{1}&nichts;", 1);
        let page = page.replacen(
            "</metadata></record><record><header><identifier>oai:lib:13",
            "<record><header><identifier>oai:lib:13",
            1,
        );
        let gone = record("000015", "三国演义");
        let page = page.replacen(&gone, "<dc><identifier>15</identifier></dc>", 1);
        answer(out, "200 OK", &[], page.as_bytes());
        true
    });
    let (_trial, fetched) = harvest(&provider.start().0);
    assert!(fetched.complete);
    let (numbers, rejects) = records_of(&fetched);
    assert_eq!((numbers.len(), rejects), (24, 1), "{:?}", numbers.keys());
    assert!(fetched.reason.unwrap().contains("not well-formed"));
}

#[test]
fn the_next_run_goes_on_behind_the_last_page() {
    let down = Arc::new(Mutex::new(None));
    let is_down = Arc::clone(&down);
    let mut n = 0;
    let provider = Provider::failing(95, move |_, out| {
        n += 1;
        let since = *is_down.lock().unwrap();
        since.is_some_and(|since| n > since) && broken(out)
    });
    let (peer, provider) = provider.start();
    provider.lock().unwrap().records[3].deleted = true;
    let trial = Trial::new();
    *down.lock().unwrap() = Some(7);
    let first = trial.fetch(&mut fetcher(&peer, ImportMode::Full)).unwrap();
    assert!(!first.complete && first.reason.unwrap().contains("500"));
    assert_eq!(records_of(&Fetched { files: first.files, ..Fetched::default() }).0.len(), 49);
    *down.lock().unwrap() = None;
    let n_before = peer.requests().len();
    // What a kill left half-written does not count.
    std::fs::write(trial.inbox.path().join("page-000006.xml"), "<record><leader/>").unwrap();
    let second = trial.fetch(&mut fetcher(&peer, ImportMode::Full)).unwrap();
    assert!(second.complete, "{:?}", second.reason);
    let (numbers, rejects) = records_of(&second);
    assert_eq!((numbers.len(), rejects), (94, 0));
    assert_eq!(second.deleted.len(), 1, "told on a page of the first run");
    assert_eq!(peer.requests().len() - n_before, 5);
}

#[test]
fn random_faults_never_lose_or_invent_a_record() {
    for seed in 1..=u64::from(rounds(60, 6)) {
        let mut dice = Dice(seed);
        let twin = Provider::new(120);
        let provider = Provider::failing(120, move |request, out| {
            let body = twin.reply(request);
            match dice.below(6) {
                0 => broken(out),
                1 => {
                    let left = dice.below(body.len() as u64) as usize;
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
                    let _ = out.write_all(head.as_bytes());
                    let _ = out.write_all(&body.as_bytes()[..left]);
                    true
                }
                2 => {
                    answer(out, "200 OK", &[("Content-Type", "text/html; charset=utf-16")], body.as_bytes());
                    true
                }
                _ => false,
            }
        });
        let (peer, _) = provider.start();
        let mut trial = Trial::new();
        let fetched = (0..5).find_map(|_| {
            let fetched = trial.fetch(&mut fetcher(&peer, ImportMode::Full)).ok()?;
            fetched.complete.then_some(fetched)
        });
        let fetched = fetched.expect("one of five runs comes to its end");
        let (numbers, rejects) = records_of(&fetched);
        assert_eq!((numbers.len(), rejects), (120, 0), "seed {seed}");
        trial.settle(&fetched);
        assert_eq!(std::fs::read_dir(trial.inbox.path()).unwrap().count(), 0);
    }
}

#[test]
fn whatever_is_no_provider_is_a_sentence() {
    let check = |expect: &str, reply: fn(&Request, &mut dyn Write)| {
        let peer = Peer::start(reply);
        let error = Trial::new().fetch(&mut fetcher(&peer, ImportMode::Full)).unwrap_err().to_string();
        assert!(error.contains(expect), "{error:?} does not say {expect:?}");
    };
    check("404", |_, out| answer(out, "404 Not Found", &[], b""));
    check("no OAI-PMH reply", |_, out| answer(out, "200 OK", &[], b"hello"));
    check("a web page", |_, out| answer(out, "200 OK", &[], b"<!DOCTYPE html><title>Login</title>"));
    check("document type", |_, out| {
        answer(out, "200 OK", &[], b"<!DOCTYPE x [<!ENTITY a 'b'>]><OAI-PMH>&a;</OAI-PMH>");
    });
    check("badVerb", |_, out| answer(out, "400 Bad", &[], page("<error code=\"badVerb\"/>").as_bytes()));
    check("none of the provider's formats is MARC: oai_dc", |request, out| {
        let formats = "<metadataFormat><metadataPrefix>oai_dc</metadataPrefix></metadataFormat>";
        let inside = if request.argument("verb").as_deref() == Some("Identify") { "" } else { formats };
        answer(out, "200 OK", &[], page(inside).as_bytes());
    });
    // Ten thousand times longer when unpacked.
    check("far too long", |_, out| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        for _ in 0..80 {
            packer.write_all(&vec![b' '; 1 << 20]).unwrap();
        }
        answer(out, "200 OK", &[("Content-Encoding", "gzip")], &packer.finish().unwrap());
    });
    check("longer than 64 MiB", |_, out| {
        let _ = out.write_all(b"HTTP/1.1 200 OK\r\n\r\n<OAI-PMH>");
        while out.write_all(&[b' '; 1 << 16]).is_ok() {}
    });
}

#[test]
fn recorded_lists_become_records() {
    let table = [
        ("vufind-org+vufindharvest/tests/fixtures/marc.xml", 100, 0),
        ("folio-org+mod-reservoir/util/src/test/resources/oai-response-5.xml", 1, 2),
        ("scriptotek+php-marc/tests/data/oaipmh-bibsys.xml", 89, 0),
    ];
    for (file, n_records, n_deleted) in table {
        let Some(bytes) = corpus(&format!("marc/{file}")) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let trial = Trial::new();
        let mut pages = Pages::open(folder.path(), &trial.memory, 0).unwrap();
        let brought = pages.add(&bytes, &reply::read(&bytes)).unwrap();
        let met: Vec<_> = pages
            .files()
            .unwrap()
            .iter()
            .flat_map(|file| record_keys(std::fs::File::open(file).unwrap()).unwrap())
            .collect();
        assert_eq!(met.len(), n_records + brought.n_lost, "{file}");
        assert_eq!(pages.deleted().len(), n_deleted, "{file}");
        assert!(trial.memory.keys.lock().unwrap().len() + brought.n_lost >= n_records.min(7), "{file}");
    }
}
