//! Imports: what is written down, what the gate holds and what becomes of it, whatever is killed.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::path::Path;

use indexer::archive::KEPT_STATES;

use super::*;
use crate::DataLock;
use crate::holds::{discard, release};
use crate::lock::Holder;
use crate::trial::{
    FakeClock, adds_up, collection, n_records, record, records, runs, set, settings, writer, writer_at,
};
use crate::undo::{Undone, undo};

#[track_caller]
fn done(writer: &Writer, set: &ImportSet) -> Run {
    let run = import(writer, set, &()).unwrap().run;
    adds_up(&run);
    run
}

#[test]
fn every_run_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    let both = collection(&(record("1", "三国演义") + &record("2", "红楼梦")));
    let set = set(folder.path(), "BJFU", &both);
    let first = done(&writer, &set);
    assert_eq!((first.run.as_str(), first.state), ("20261125T013000Z-BJFU", RunState::Ok));
    assert_eq!((first.source.as_str(), first.mode.as_str()), ("BJFU.xml", "full"));
    assert_eq!((first.seen, first.new, first.rejected), (2, 2, 0));
    let second = done(&writer, &set);
    assert_eq!((second.run.as_str(), second.state), ("20261125T013000Z-BJFU-2", RunState::OkNothingNew));
    assert_eq!((second.seen, second.same), (2, 2));
    std::fs::write(&set.paths[0], "这里什么也没有").unwrap();
    let third = import(&writer, &set, &()).unwrap();
    assert_eq!((third.run.state, third.run.rejected), (RunState::Failed, 1));
    let quarantine = writer.data_dir.join(third.report.quarantine.unwrap());
    assert!(third.run.reason.is_some() && quarantine.join("rejects.raw").is_file());
    assert_eq!(runs(&writer, "BJFU"), [first, second, third.run]);
    assert!(writer.store.runs_on_their_way().unwrap().is_empty());
    let missing = ImportSet { paths: vec![folder.path().join("无")], ..set };
    assert!(import(&writer, &missing, &()).is_err(), "a wrong name is no run");
    assert_eq!(runs(&writer, "BJFU").len(), 3);
}

#[test]
fn a_torn_line_costs_nothing_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    let set = set(folder.path(), "BJFU", &collection(&record("1", "三国演义")));
    done(&writer, &set);
    let path = writer.data_dir.join("archive/BJFU/runs.jsonl");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [&whole[..], &whole[..20]].concat()).unwrap();
    done(&writer, &set);
    let states: Vec<RunState> = runs(&writer, "BJFU").iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Ok, RunState::OkNothingNew]);
}

#[test]
fn the_line_has_the_fields_of_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    let run = done(&writer, &set(folder.path(), "BJFU", &collection(&record("1", "三国演义"))));
    let line = serde_json::to_string(&run).unwrap();
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
    let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expect = "bytes changed deleted duplicate library mode new reason rejected repaired run same seconds seen \
                  source state";
    assert_eq!(names, expect.split(' ').collect::<Vec<_>>());
    assert_eq!(object["state"], "ok");
}

#[test]
fn a_busy_data_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let held = DataLock::take(&data).unwrap();
    let open = || Writer::open(&data, &settings(""), Holder::Command, FakeClock::at("2026-11-25T01:30:00Z"));
    assert!(matches!(open(), Err(Error::Locked { .. })));
    drop(held);
    assert!(open().is_ok());
}

fn held(writer: &Writer, set: &ImportSet, word: &str) -> Run {
    let before = writer.archive().unwrap().library(&set.library).unwrap().in_force().unwrap();
    let run = done(writer, set);
    assert_eq!(run.state, RunState::Held, "{run:?}");
    assert!(run.reason.as_ref().is_some_and(|reason| reason.contains(word)), "{run:?}");
    let after = writer.archive().unwrap().library(&set.library).unwrap().in_force().unwrap();
    assert_eq!(after, before, "what was in force stays in force");
    run
}

#[test]
fn the_gate_holds_what_is_not_whole_or_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    let ours = records(0..100, "三国演义");
    let bupt = records(1000..1100, "水浒传");
    // On a first run already.
    held(&writer, &set(folder.path(), "BJFU", ""), "empty");
    let whole = collection(&ours);
    held(&writer, &set(folder.path(), "BJFU", &whole[..whole.len() / 2 + 120]), "ends inside a record");
    held(&writer, &set(folder.path(), "BJFU", &whole[..whole.len() - 5]), "breaks off");
    assert_eq!(done(&writer, &set(folder.path(), "BUPT", &collection(&bupt))).new, 100);
    held(&writer, &set(folder.path(), "BJFU", &collection(&bupt)), "looks like the file of BUPT");
    assert_eq!(done(&writer, &set(folder.path(), "BJFU", &whole)).new, 100);
    // Later too, as a delta too, and of three records.
    held(&writer, &set(folder.path(), "BJFU", &collection(&bupt)), "BUPT");
    let few = ImportSet {
        mode: ImportMode::Delta,
        ..set(folder.path(), "BJFU", &collection(&records(1000..1003, "水浒传")))
    };
    held(&writer, &few, "BUPT");
    // Shares.
    held(&writer, &set(folder.path(), "BJFU", &collection(&records(0..94, "三国演义"))), "would be gone");
    let changed = records(0..51, "西游记") + &records(51..100, "三国演义");
    held(&writer, &set(folder.path(), "BJFU", &collection(&changed)), "would change");
    let fine = records(0..50, "西游记") + &records(50..95, "三国演义");
    let run = done(&writer, &set(folder.path(), "BJFU", &collection(&fine)));
    assert_eq!((run.state, run.changed, run.deleted), (RunState::Ok, 50, 5));
}

#[test]
fn a_person_releases_or_discards() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    done(&writer, &set(folder.path(), "BJFU", &collection(&records(0..100, "三国演义"))));
    let half = set(folder.path(), "BJFU", &collection(&records(0..50, "三国演义")));
    let [first, second] = [held(&writer, &half, "gone").run, held(&writer, &half, "gone").run];
    std::fs::remove_file(&half.paths[0]).unwrap();
    assert_eq!(writer.store.open_holds().unwrap().len(), 2);
    discard(&writer, &first).unwrap();
    let released = release(&writer, &second, &()).unwrap().run;
    adds_up(&released);
    assert_eq!((released.state, released.deleted, released.same), (RunState::Ok, 50, 50));
    assert_eq!(released.source, "BJFU.xml");
    assert_eq!(n_records(&writer, "BJFU"), 50);
    for run in [&first, &second] {
        assert!(matches!(release(&writer, run, &()), Err(Error::Decided { .. })));
        assert!(!writer.data_dir.join("inbox/BJFU/held").join(run).exists());
    }
    assert!(matches!(discard(&writer, "r9"), Err(Error::NotHeld { .. })));
    assert_eq!(runs(&writer, "BJFU").len(), 4);
}

#[test]
fn what_is_held_keeps_nothing_from_being_undone() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    let of = |text: String| set(folder.path(), "BJFU", &collection(&text));
    let import =
        |n: u32| done(&writer, &of(records(0..100 - n, "三国演义") + &records(100 - n..100, "红楼梦"))).run;
    let [first, second] = [0, 1].map(import);
    let taken_back = import(2);
    undo(&writer, &taken_back).unwrap();
    for n in 0..7 {
        held(&writer, &of(records(0..40 + n, "三国演义")), "gone");
    }
    remove_unneeded(&writer.archive().unwrap(), &writer.data_dir);
    let states = std::fs::read_dir(writer.data_dir.join("archive/BJFU/states")).unwrap().count();
    assert_eq!(states, 2 + KEPT_STATES, "of what lies aside not all is kept");
    let undone = undo(&writer, &taken_back).unwrap();
    let Undone::Before(by) = undone else { panic!("{undone:?}") };
    undo(&writer, &by.run).unwrap();
    for run in [taken_back, second, first] {
        let undone = undo(&writer, &run).unwrap();
        assert!(matches!(undone, Undone::Now(_)), "{undone:?}");
    }
    assert_eq!(n_records(&writer, "BJFU"), 0);
}

// A process that is killed leaves the store in one of these phases; what its run did decides what is told.
#[test]
fn a_killed_run_is_told_truthfully() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let clock = FakeClock::at("2026-11-25T01:30:00Z");
    let set = set(folder.path(), "BJFU", &collection(&records(0..10, "三国演义")));
    {
        let writer = writer_at(&data, clock.clone());
        begin(&writer, &set.library, set.mode, None, "BJFU.xml").unwrap();
    }
    {
        let writer = writer_at(&data, clock.clone());
        let told = runs(&writer, "BJFU");
        assert_eq!((told.len(), told[0].state, told[0].seen), (1, RunState::Failed, 0));
        assert!(told[0].reason.as_ref().is_some_and(|reason| reason.contains("stopped")), "{told:?}");
        // In force, but not noted as ended.
        let run = done(&writer, &set).run;
        let open = OpenRun { phase: Phase::Importing, ..writer.store.run(&run).unwrap().unwrap() };
        writer.store.set_phase(&open.run, Phase::Importing).unwrap();
    }
    let writer = writer_at(&data, clock);
    let told = runs(&writer, "BJFU");
    assert_eq!((told.len(), told[1].state, told[1].new), (2, RunState::Ok, 10));
    assert!(writer.store.runs_on_their_way().unwrap().is_empty());
    assert_eq!(done(&writer, &set).state, RunState::OkNothingNew);
    let scrap = data.join("inbox/BJFU/held/r1/00000");
    std::fs::create_dir_all(&scrap).unwrap();
    drop(writer);
    let _writer = writer_at(&data, FakeClock::at("2026-11-25T01:30:00Z"));
    assert!(!Path::new(&scrap).exists());
}
