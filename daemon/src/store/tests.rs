//! The store: what is written is there, what is newer is refused, what is older opens.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use indexer::archive::RecordKey;
use jiff::Timestamp;

use super::*;
use crate::harvest::{Checkpoints, Identifiers, KnownFiles};
use crate::settings::{Settings, Source, SourceId};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn source() -> Source {
    let text = "[[source]]\nlibrary = \"BJFU\"\nkind = \"folder\"\nlocation = \"exports/北林\"\n";
    Settings::parse(text, Path::new("lianmu.toml")).unwrap().sources.remove(0)
}

fn run(name: &str, source: Option<SourceId>) -> OpenRun {
    OpenRun {
        run: name.to_owned(),
        library: "BJFU".to_owned(),
        source,
        shown: "北林".to_owned(),
        mode: "full".to_owned(),
        phase: Phase::Fetching,
        began: at(0),
        ended: None,
        bytes: 0,
        items: 0,
        line: None,
        report: None,
    }
}

#[test]
fn everything_is_there_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let source = source();
    {
        let store = Store::open(folder.path()).unwrap();
        store.know_sources(std::slice::from_ref(&source), at(0)).unwrap();
        assert!(store.begin_run(&run("r1", Some(source.id.clone()))).unwrap());
        assert!(!store.begin_run(&run("r1", None)).unwrap(), "a name is given once");
        store.source_tried(&source.id, "r1", at(1)).unwrap();
        store.set_fetched("r1", 714, 2).unwrap();
        store.set_phase("r1", Phase::Importing).unwrap();
        SourceCheckpoints { store, source: source.id.clone() }.save("第二页").unwrap();
    }
    let store = Store::open(folder.path()).unwrap();
    let open = store.runs_on_their_way().unwrap();
    assert_eq!((open.len(), open[0].phase, open[0].bytes), (1, Phase::Importing, 714));
    let checkpoints = SourceCheckpoints { store: store.clone(), source: source.id.clone() };
    assert_eq!(checkpoints.load().unwrap().as_deref(), Some("第二页"));
    checkpoints.clear().unwrap();
    assert_eq!(checkpoints.load().unwrap(), None);
    store.end_run("r1", "{}", "[]", at(2)).unwrap();
    assert!(store.runs_on_their_way().unwrap().is_empty());
    assert_eq!(store.run("r1").unwrap().unwrap().ended, Some(at(2)));
    let row = store.source_row(&source.id).unwrap().unwrap();
    assert_eq!((row.last_try, row.last_good, row.known_since), (Some(at(1)), None, at(0)));
}

#[test]
fn a_good_run_ends_what_was_in_vain() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let source = source();
    store.know_sources(std::slice::from_ref(&source), at(0)).unwrap();
    let ended =
        |state, good, fingerprint| Ended { run: "r", began: at(5), state, reason: None, good, fingerprint };
    store.source_ended(&source.id, &ended("ok", true, Some("e1"))).unwrap();
    store.source_ended(&source.id, &ended("failed", false, Some("e2"))).unwrap();
    store.source_ended(&source.id, &ended("held", false, None)).unwrap();
    let row = store.source_row(&source.id).unwrap().unwrap();
    assert_eq!((row.tries_in_vain, row.fingerprint.as_deref()), (2, Some("e1")));
    store.source_ended(&source.id, &ended("ok-nothing-new", true, None)).unwrap();
    let row = store.source_row(&source.id).unwrap().unwrap();
    assert_eq!((row.tries_in_vain, row.fingerprint.as_deref(), row.last_good), (0, Some("e1"), Some(at(5))));
    store.pause_source(&source.id, true).unwrap();
    store.source_told(&source.id, "overdue").unwrap();
    let row = &store.source_rows().unwrap()[0];
    assert_eq!((row.paused, row.told.as_deref()), (true, Some("overdue")));
}

#[test]
fn jobs_are_taken_in_order_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let [first, second, third] = ["一", "二", "三"].map(|text| store.ask(text, at(0)).unwrap());
    assert!(store.withdraw(second).unwrap());
    assert_eq!(store.job(second).unwrap(), None);
    assert_eq!(store.take_job().unwrap(), Some((first, "一".to_owned())));
    assert!(!store.withdraw(first).unwrap(), "it has begun");
    assert_eq!(store.job(first).unwrap(), Some(JobState::Taken));
    assert_eq!(store.take_job().unwrap(), Some((third, "三".to_owned())));
    assert_eq!(store.take_job().unwrap(), None);
    store.answer(first, "好").unwrap();
    store.answer_abandoned_jobs("没了").unwrap();
    assert_eq!(store.job(first).unwrap(), Some(JobState::Done("好".to_owned())));
    assert_eq!(store.job(third).unwrap(), Some(JobState::Done("没了".to_owned())));
}

#[test]
fn a_hold_waits_for_one_decision() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.begin_run(&run("r1", None)).unwrap();
    let hold = Hold {
        run: "r1".to_owned(),
        library: "BJFU".to_owned(),
        mode: "full".to_owned(),
        reason: "too few".to_owned(),
        removals: vec!["00".to_owned(), "ff".to_owned()],
        fingerprint: None,
        held: at(3),
        decided: None,
    };
    store.hold(&hold, "{}").unwrap();
    assert_eq!(store.run("r1").unwrap().unwrap().line.as_deref(), Some("{}"));
    assert_eq!(store.open_holds().unwrap(), [hold]);
    let released = Decision::Released { became: "r2".to_owned() };
    store.decide("r1", &released, at(4)).unwrap();
    assert!(store.open_holds().unwrap().is_empty());
    assert_eq!(store.held_run("r1").unwrap().unwrap().decided, Some(released));
    assert_eq!(store.held_run("r9").unwrap(), None);
}

#[test]
fn fetchers_remember() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let id = source().id;
    let files = |refused_again| SourceFiles { store: store.clone(), source: id.clone(), refused_again };
    store.know_files(&id, &["a".to_owned()], true, "r1").unwrap();
    store.know_files(&id, &["b".to_owned()], false, "r1").unwrap();
    for (hash, on_arrival, by_hand) in [("a", true, true), ("b", true, false), ("c", false, false)] {
        assert_eq!(files(false).is_known(hash).unwrap(), on_arrival, "{hash}");
        assert_eq!(files(true).is_known(hash).unwrap(), by_hand, "{hash}");
    }
    let identifiers = SourceIdentifiers { store: store.clone(), source: id.clone() };
    let key = RecordKey::of_control_number("012005000123").unwrap();
    let other = RecordKey::of_control_number("012005000124").unwrap();
    identifiers.learn(&[("oai:北林:1".to_owned(), key), ("oai:北林:1".to_owned(), other)]).unwrap();
    assert_eq!(identifiers.keys_of("oai:北林:1").unwrap().len(), 2);
    identifiers.learn(&[("oai:北林:2".to_owned(), other)]).unwrap();
    assert_eq!(identifiers.keys_of("oai:北林:1").unwrap(), [key]);
    assert_eq!(identifiers.keys_of("oai:北林:2").unwrap(), [other]);
    assert_eq!(identifiers.keys_of("oai:北林:3").unwrap(), []);
}

#[test]
fn a_newer_store_is_refused_and_an_older_one_opens() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let id = store.ask("一", at(0)).unwrap();
    drop(store);
    let mut connection = Connection::open(folder.path().join("state.db")).unwrap();
    let known = migrations::ALL.len();
    let steps = [migrations::ALL, &["CREATE TABLE later (n INTEGER) STRICT"]].concat();
    migrations::bring_up_to_date(&mut connection, folder.path(), &steps).unwrap();
    assert!(folder.path().join(format!("state.db.version-{known}")).is_file());
    drop(connection);
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, Error::StateTooNew { found, known: k, .. } if found == known + 1 && k == known));
    // The copy is the older version, whole.
    std::fs::rename(folder.path().join(format!("state.db.version-{known}")), folder.path().join("state.db"))
        .unwrap();
    assert_eq!(Store::open(folder.path()).unwrap().job(id).unwrap(), Some(JobState::Asked));
}

#[test]
fn two_processes_may_write() {
    let folder = tempfile::tempdir().unwrap();
    let one = Store::open(folder.path()).unwrap();
    let two = Store::open(folder.path()).unwrap();
    std::thread::scope(|scope| {
        for store in [&one, &two] {
            scope.spawn(move || (0..50).for_each(|_| assert!(store.ask("书", at(0)).is_ok())));
        }
    });
    let taken = std::iter::from_fn(|| one.take_job().unwrap()).count();
    assert_eq!(taken, 100);
}
