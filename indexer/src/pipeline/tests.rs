//! Files to archive, through the real reader: counts, bytes, quarantine, sets that are not whole.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::archive::{Archive, ImportMode, InForce, RecordKey};
use crate::bib::{LibraryCode, RecordLocator};
use crate::marc::Carrier;
use crate::search::{Catalogue, Query};

/// A record of CNMARC in ISO 2709, composed by hand.
pub(super) fn iso2709(control_number: &str, title: &str, status: char) -> Vec<u8> {
    let mut fields: Vec<(&str, Vec<u8>)> = Vec::new();
    if !control_number.is_empty() {
        fields.push(("001", control_number.as_bytes().to_vec()));
    }
    fields.push(("100", b"  \x1fa20130101d2013    em y0chiy0110    ea".to_vec()));
    fields.push(("200", [b"1 \x1fa", title.as_bytes(), "\x1ff林巧民主编".as_bytes()].concat()));
    let (mut directory, mut data) = (String::new(), Vec::new());
    for (tag, body) in &fields {
        directory.push_str(&format!("{tag}{:04}{:05}", body.len() + 1, data.len()));
        data.extend_from_slice(body);
        data.push(0x1e);
    }
    let base = 24 + directory.len() + 1;
    let length = base + data.len() + 1;
    let mut record = format!("{length:05}{status}am0 22{base:05}   450 {directory}\x1e").into_bytes();
    record.extend_from_slice(&data);
    record.push(0x1d);
    record
}

fn code() -> LibraryCode {
    LibraryCode::new("BJFU")
}

fn run_of(data_dir: &Path, mode: ImportMode, paths: &[PathBuf]) -> ImportReport {
    let archive = Archive::open(data_dir).unwrap();
    let request = ImportRequest { library: code(), mode, paths: paths.to_vec(), run: "r1".to_owned() };
    let report = import(&archive, &request, &()).unwrap();
    let sum = report.new + report.changed + report.same + report.rejected + report.duplicate;
    assert_eq!(report.seen(), sum);
    for file in &report.files {
        assert!(file.account.adds_up(), "{}: {:?}", file.name, file.account);
    }
    report
}

fn written(folder: &Path, name: &str, records: &[Vec<u8>]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, records.concat()).unwrap();
    path
}

#[test]
fn a_set_of_several_files_is_one_set() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let one =
        written(folder.path(), "1.mrc", &[iso2709("001", "三国演义", 'n'), iso2709("002", "红楼梦", 'n')]);
    let two =
        written(folder.path(), "2.mrc", &[iso2709(" 001 ", "水浒传", 'n'), iso2709("002", "红楼梦", 'n')]);
    let report = run_of(&data, ImportMode::Full, &[one.clone(), two.clone()]);
    assert_eq!((report.new, report.duplicate, report.deleted), (3, 1, 0));
    assert_eq!(report.outcome, ImportOutcome::Ok);
    let again = run_of(&data, ImportMode::Full, &[one.clone(), two]);
    assert_eq!((again.same, again.duplicate, again.outcome), (3, 1, ImportOutcome::NothingNew));
    let less = run_of(&data, ImportMode::Full, &[one]);
    assert_eq!((less.same, less.deleted, less.outcome), (2, 1, ImportOutcome::Ok));
}

#[test]
fn deletions_come_three_ways() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let books = ["001", "002", "003", "004"].map(|n| iso2709(n, "三国演义", 'n'));
    let all = written(folder.path(), "all.mrc", &books);
    run_of(&data, ImportMode::Full, &[all]);
    let marked = written(folder.path(), "marked.mrc", &[iso2709("001", "三国演义", 'd')]);
    let report = run_of(&data, ImportMode::Delta, &[marked]);
    assert_eq!((report.seen(), report.deleted), (0, 1));
    let list = written(folder.path(), "list.txt", &[b"002\r\n999\r\n".to_vec()]);
    assert_eq!(run_of(&data, ImportMode::Delete, std::slice::from_ref(&list)).deleted, 1);
    assert_eq!(run_of(&data, ImportMode::Delete, &[list]).outcome, ImportOutcome::NothingNew);
    let as_marc = written(folder.path(), "gone.mrc", &[iso2709("003", "", 'n')]);
    assert_eq!(run_of(&data, ImportMode::Delete, &[as_marc]).deleted, 1);
    let left = Archive::open(&data).unwrap().library(&code()).unwrap().state().unwrap();
    assert_eq!(left.slots.len(), 1);
    assert!(left.find(&RecordKey::of_control_number("004").unwrap()).is_some());
}

#[test]
fn rejects_are_kept_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let stray = "这不是记录".as_bytes().to_vec();
    let good = iso2709("001", "三国演义", 'n');
    let offset = good.len() as u64;
    let file = written(folder.path(), "坏.mrc", &[good, stray.clone(), iso2709("002", "红楼梦", 'n')]);
    let report = run_of(&data, ImportMode::Full, &[file]);
    assert_eq!((report.new, report.rejected, report.seen()), (2, 1, 3));
    let reject = &report.rejects[0];
    assert_eq!((reject.file.as_str(), reject.n, reject.offset), ("坏.mrc", 1, offset));
    let kept = data.join("archive/BJFU/quarantine/r1");
    assert_eq!(std::fs::read(kept.join("rejects.raw")).unwrap(), stray);
    let lines = std::fs::read_to_string(kept.join("rejects.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!((&line["offset"], &line["raw_at"]), (&offset.into(), &0.into()));
}

#[test]
fn a_full_set_that_is_not_whole_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let books: Vec<Vec<u8>> = (0..300).map(|n| iso2709(&format!("{n:05}"), "三国演义", 'n')).collect();
    let all = written(folder.path(), "all.mrc", &books);
    run_of(&data, ImportMode::Full, &[all]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut packed, &books[..200].concat()).unwrap();
    let mut bytes = packed.finish().unwrap();
    bytes.truncate(bytes.len() / 2);
    let torn = written(folder.path(), "torn.mrc.gz", &[bytes]);
    let report = run_of(&data, ImportMode::Full, std::slice::from_ref(&torn));
    assert_eq!((report.outcome, report.deleted), (ImportOutcome::Partial, 0));
    assert!(report.reason().is_some());
    let rubbish = written(folder.path(), "rubbish.mrc", &[b"<html>404 Not Found</html>".to_vec()]);
    let empty = written(folder.path(), "empty.mrc", &[]);
    for file in [rubbish.clone(), empty.clone()] {
        assert_eq!(run_of(&data, ImportMode::Full, &[file]).outcome, ImportOutcome::Failed);
    }
    let state = || Archive::open(&data).unwrap().library(&code()).unwrap().state().unwrap();
    assert_eq!((state().slots.len(), state().number), (300, 1));
    assert_eq!(run_of(&data, ImportMode::Delta, &[empty]).outcome, ImportOutcome::NothingNew);
    assert_eq!(run_of(&data, ImportMode::Delta, &[torn]).outcome, ImportOutcome::Partial);
}

#[test]
fn every_byte_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let books: Vec<Vec<u8>> =
        (0..9000).map(|n| iso2709(&format!("{n:05}"), &format!("书{n}"), 'c')).collect();
    let report = run_of(&data, ImportMode::Full, &[written(folder.path(), "a.mrc", &books)]);
    assert_eq!((report.new, report.rejected, report.repaired), (9000, 0, 0));
    let archive = Archive::open(&data).unwrap();
    let state = archive.library(&code()).unwrap().state().unwrap();
    for n in (0..9000).step_by(701) {
        let key = RecordKey::of_control_number(&format!("{n:05}")).unwrap();
        let slot = state.slots[state.find(&key).unwrap()];
        let locator = RecordLocator { pack: state.packs[slot.pack_idx()].prefix(), slot: slot.slot };
        assert_eq!(archive.record(&code(), locator).unwrap().bytes, books[n]);
    }
}

fn build_options(full: bool) -> BuildOptions {
    BuildOptions {
        full,
        limits: DeltaLimits::default(),
        threads: 1,
        memory_bytes: 32 << 20,
        built_at: "2026-11-25T01:30:00Z".to_owned(),
    }
}

fn built(data: &Path, full: bool) -> BuildCounts {
    match build(data, &build_options(full), &()).unwrap() {
        Built::New { summary, counts, .. } => {
            assert_eq!(summary.entries, counts.entries);
            counts
        }
        Built::NothingToDo { .. } => BuildCounts::default(),
    }
}

fn found(data: &Path, text: &str) -> Vec<crate::bib::Entry> {
    let catalogue = Catalogue::open(&data.join("catalogue")).unwrap();
    let query = Query { text: text.to_owned(), ..Query::default() };
    catalogue.search(&query).unwrap().hits.into_iter().map(|hit| hit.entry).collect()
}

#[test]
fn from_files_to_search() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let books = [iso2709("001", "三国演义", 'n'), iso2709("002", "红楼梦", 'n')];
    let file = written(folder.path(), "a.mrc", &books);
    run_of(&data, ImportMode::Full, &[file]);
    ensure_profile(&Archive::open(&data).unwrap(), &code()).unwrap();
    assert_eq!(
        built(&data, false),
        BuildCounts { records: 2, entries: 2, members: 2, ..BuildCounts::default() }
    );
    let first = found(&data, "三国演义");
    assert_eq!(first.len(), 1);
    let member = &first[0].members[0];
    assert_eq!((member.library.as_str(), member.control_number.as_deref()), ("BJFU", Some("001")));
    assert_eq!(first[0].holdings[0].library, code());
    let archive = Archive::open(&data).unwrap();
    assert_eq!(archive.record(&code(), member.locator).unwrap().bytes, books[0]);

    assert_eq!(built(&data, false), BuildCounts::default(), "nothing changed");
    assert_eq!(built(&data, true).entries, 2, "built all the same");
    assert_eq!(found(&data, "三国演义")[0].id, first[0].id, "ids stay");

    let delta =
        written(folder.path(), "b.mrc", &[iso2709("001", "水浒传", 'c'), iso2709("003", "西游记", 'n')]);
    run_of(&data, ImportMode::Delta, &[delta]);
    assert_eq!(built(&data, false).entries, 3);
    assert!(found(&data, "三国演义").is_empty());
    assert_eq!(found(&data, "水浒传")[0].id, first[0].id, "a changed record keeps its entry");

    let library = archive.library(&code()).unwrap();
    let before = library.state().unwrap().previous;
    library.put_in_force(&InForce { number: before, ..InForce::default() }).unwrap();
    assert_eq!(built(&data, false).entries, 2);
    assert_eq!(found(&data, "三国演义"), first);
}

#[test]
fn a_profile_is_guessed_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let archive = Archive::open(&data).unwrap();
    let library = archive.library(&code()).unwrap();
    ensure_profile(&archive, &code()).unwrap();
    assert!(stored_profile(&library).unwrap().is_none(), "nothing to guess from");
    let file = written(folder.path(), "a.mrc", &[iso2709("001", "三国演义", 'n')]);
    assert_eq!(sample_of(std::slice::from_ref(&file)).unwrap().len(), 1);
    run_of(&data, ImportMode::Full, &[file]);
    ensure_profile(&archive, &code()).unwrap();
    let guess = stored_profile(&library).unwrap().unwrap();
    assert!(!guess.confirmed);
    let confirmed = StoredProfile { confirmed: true, ..guess };
    library.write_small("profile.toml", &confirmed.to_text().unwrap()).unwrap();
    ensure_profile(&archive, &code()).unwrap();
    assert_eq!(stored_profile(&library).unwrap().unwrap(), confirmed);
    library.write_small("profile.toml", "version = 99\n").unwrap();
    assert!(stored_profile(&library).is_err());
}

#[test]
fn holdings_records_join_their_bib_and_authorities_stand_aside() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let text = "=LDR  00000nx  a2200000zn 4500\n=001  h1\n=004  b1\n=852  0\\$bMAIN$c书库$hTP312$iJ8\n\n\
                =LDR  00000nam a2200000   4500\n=001  b1\n=245  10$aJava简明教程\n\n\
                =LDR  00000nz  a2200000n  4500\n=001  a1\n=100  1\\$a罗贯中\n\n";
    let file = written(folder.path(), "a.mrk", &[text.as_bytes().to_vec()]);
    assert_eq!(run_of(&data, ImportMode::Full, &[file]).new, 3);
    let expect = BuildCounts {
        reviews: 0,
        records: 3,
        entries: 1,
        members: 1,
        holdings_records: 1,
        authority_records: 1,
        unreadable: 0,
    };
    assert_eq!(built(&data, false), expect);
    let holdings = &found(&data, "Java简明教程")[0].holdings;
    let locations: Vec<&str> = holdings.iter().filter_map(|h| h.holding.location.as_deref()).collect();
    assert!(locations.iter().any(|location| location.contains("书库")), "{holdings:?}");
}

/// A file of records in several forms, damaged here and there.
fn damaged_files() -> impl Strategy<Value = Vec<u8>> {
    let record = ("[0-9]{0,3}", "[三国演义红楼梦a-z ]{0,40}")
        .prop_map(|(number, title)| iso2709(&number, &title, 'n'));
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0usize..3), 0..12);
    (prop::collection::vec(record, 0..20), damage).prop_map(|(records, damage)| {
        let mut bytes = records.concat();
        for (at, byte, kind) in damage {
            let at = at.index(bytes.len() + 1);
            match (kind, bytes.get_mut(at)) {
                (0, _) => bytes.insert(at, byte),
                (1, Some(here)) => *here = byte,
                (_, Some(_)) => drop(bytes.remove(at)),
                _ => {}
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_came_in_can_be_written_out(bytes in damaged_files()) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let file = written(folder.path(), "来.mrc", std::slice::from_ref(&bytes));
        let report = run_of(&data, ImportMode::Delta, std::slice::from_ref(&file));
        let archive = Archive::open(&data).unwrap();
        let library = archive.library(&code()).unwrap();
        let state = library.state().unwrap();
        let mut iso = Vec::new();
        for slot in &state.slots {
            let locator = RecordLocator { pack: state.packs[slot.pack_idx()].prefix(), slot: slot.slot };
            let raw = archive.record(&code(), locator).unwrap();
            let from = raw.offset as usize;
            prop_assert_eq!(&raw.bytes[..], &bytes[from..from + raw.length as usize]);
            iso.push((raw.carrier, raw.offset, raw.bytes));
        }
        prop_assert_eq!(state.slots.len() as u64, report.new - report.deleted);
        for reject in &report.rejects {
            prop_assert!(reject.offset + reject.length <= bytes.len() as u64);
        }
        let mut out = Vec::new();
        prop_assert_eq!(library.write_as_received(&mut out).unwrap(), state.slots.len() as u64);
        if iso.iter().all(|(carrier, ..)| *carrier == Carrier::Iso2709) {
            iso.sort_by_key(|(_, offset, _)| *offset);
            prop_assert_eq!(out, iso.into_iter().flat_map(|(_, _, bytes)| bytes).collect::<Vec<_>>());
        }
    }
}
