//! Runs of sources: what a fetch brings becomes a run that tells the truth, and the next run heals.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::runs::RunState;
use crate::settings::Settings;
use crate::trial::{
    FakeClock, Player, Turn, adds_up, collection, n_records, records, runs, settings, writer, writer_at,
};

fn source(mode: &str) -> Source {
    let text = format!(
        "[[source]]\nlibrary = \"BJFU\"\nkind = \"http\"\nlocation = \"https://x:y@example.org/all.xml?key=1\"\nmode = \
         \"{mode}\"\n"
    );
    let Settings { mut sources, .. } = settings(&text);
    sources.remove(0)
}

const BY_HAND: Manner = Manner { refused_again: true, only_looks: false };
const ARRIVAL: Manner = Manner { refused_again: false, only_looks: true };

fn session(writer: &Writer, source: &Source, player: &mut Player, manner: Manner) -> Option<Run> {
    writer.store.know_sources(std::slice::from_ref(source), writer.now()).unwrap();
    let brought = fetch(writer, source, player, &Stop::default(), manner).unwrap();
    let run = take(writer, source, brought, manner, &()).unwrap().map(|imported| imported.run);
    if let Some(run) = &run {
        adds_up(run);
    }
    run
}

fn all(n: u32) -> String {
    collection(&records(0..n, "三国演义"))
}

// Each turn with the state it ends in, the records in force after it, and whether a checkpoint is left.
#[track_caller]
fn check(mode: &str, turns: Vec<(Turn, RunState, usize, bool)>) {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    let source = source(mode);
    for (number, (turn, state, n, checkpoint)) in turns.into_iter().enumerate() {
        let run = session(&writer, &source, &mut Player(vec![turn]), BY_HAND).unwrap();
        assert_eq!(run.state, state, "turn {number}: {run:?}");
        assert_eq!(run.state.is_good(), run.reason.is_none(), "turn {number}: {run:?}");
        assert_eq!(n_records(&writer, "BJFU"), n, "turn {number}");
        let checkpoints = SourceCheckpoints { store: writer.store.clone(), source: source.id.clone() };
        assert_eq!(checkpoints.load().unwrap().is_some(), checkpoint, "turn {number}");
        let row = writer.store.source_row(&source.id).unwrap().unwrap();
        assert_eq!(row.last_state.as_deref(), Some(state.name()), "turn {number}");
        assert_eq!(row.last_run.as_ref(), Some(&run.run), "turn {number}");
        assert_eq!(run.source, "https://example.org/all.xml", "no secret is told");
    }
    assert!(writer.store.runs_on_their_way().unwrap().is_empty());
}

#[test]
fn a_full_set_changes_nothing_until_it_is_complete() {
    use RunState::{Failed, Held, Ok, OkNothingNew, Partial};
    check(
        "full",
        vec![
            (Turn::Fail, Failed, 0, false),
            (Turn::BreakOff("a.xml", all(30)), Partial, 0, true),
            (Turn::Bring("a.xml", all(100)), Ok, 100, false),
            (Turn::Bring("a.xml", all(100)), OkNothingNew, 100, false),
            (Turn::Nothing, OkNothingNew, 100, false),
            (Turn::BreakOff("a.xml", all(40)), Partial, 100, true),
            // The checkpoint outlives a night without a line.
            (Turn::Fail, Failed, 100, true),
            (Turn::Bring("a.xml", all(101)), Ok, 101, false),
            (Turn::Bring("a.xml", all(50)), Held, 101, false),
            (Turn::Bring("a.xml", String::new()), Held, 101, false),
            (Turn::Bring("a.xml", "<html>404</html>".to_owned()), Failed, 101, false),
            (Turn::Bring("a.xml", all(100)), Ok, 100, false),
        ],
    );
}

#[test]
fn a_delta_keeps_what_came() {
    use RunState::{Ok, OkNothingNew, Partial};
    check(
        "delta",
        vec![
            (Turn::BreakOff("a.xml", all(30)), Partial, 30, true),
            (Turn::Bring("a.xml", all(40)), Ok, 40, false),
            (Turn::Bring("b.xml", collection(&records(40..50, "红楼梦"))), Ok, 50, false),
            (Turn::Nothing, OkNothingNew, 50, false),
        ],
    );
}

#[test]
fn whoever_only_looks_and_sees_nothing_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    let source = source("full");
    assert_eq!(session(&writer, &source, &mut Player(vec![]), ARRIVAL), None);
    assert!(runs(&writer, "BJFU").is_empty() && writer.store.runs_on_their_way().unwrap().is_empty());
    let run = session(&writer, &source, &mut Player(vec![Turn::Bring("a.xml", all(3))]), ARRIVAL).unwrap();
    assert_eq!((run.state, run.new), (RunState::Ok, 3));
    let inbox = writer.inbox_of(&source);
    assert_eq!(std::fs::read_dir(inbox).unwrap().count(), 0, "what was taken in is gone from the inbox");
}

#[test]
fn files_are_known_by_what_became_of_them() {
    use super::super::KnownFiles;
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder.path().join("data"));
    let source = source("full");
    let turns = [("good", all(30)), ("held", String::new()), ("rubbish", "x".to_owned())];
    for (name, text) in turns {
        let hash = format!("{name}{}", text.len());
        session(&writer, &source, &mut Player(vec![Turn::Bring(name, text)]), BY_HAND).unwrap();
        let known = |refused_again| {
            let (store, source) = (writer.store.clone(), source.id.clone());
            SourceFiles { store, source, refused_again }.is_known(&hash).unwrap()
        };
        assert!(known(false), "{name} is not taken a second time by itself");
        assert_eq!(known(true), name != "rubbish", "{name} by hand");
    }
}

#[test]
fn a_process_killed_while_it_fetches_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let source = source("full");
    for (turn, state) in
        [(Turn::Fail, RunState::Failed), (Turn::BreakOff("a.xml", all(3)), RunState::Partial)]
    {
        let writer = writer_at(&data, FakeClock::at("2026-11-25T01:30:00Z"));
        writer.store.know_sources(std::slice::from_ref(&source), writer.now()).unwrap();
        // Fetched, and never taken in.
        let brought = fetch(&writer, &source, &mut Player(vec![turn]), &Stop::default(), BY_HAND).unwrap();
        drop(writer);
        let writer = writer_at(&data, FakeClock::at("2026-11-26T01:30:00Z"));
        let told = runs(&writer, "BJFU").pop().unwrap();
        assert_eq!((told.run, told.state), (brought.begun.run, state));
        let row = writer.store.source_row(&source.id).unwrap().unwrap();
        assert_eq!((row.last_state.as_deref(), row.last_good), (Some(state.name()), None));
    }
    let writer = writer_at(&data, FakeClock::at("2026-11-27T01:30:00Z"));
    let run = session(&writer, &source, &mut Player(vec![Turn::Bring("a.xml", all(30))]), BY_HAND).unwrap();
    assert_eq!((run.state, run.seen), (RunState::Ok, 30), "the next run heals");
}

#[test]
fn the_configured_holdings_profile_is_in_force_even_where_nothing_new_came() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(folder.path());
    let plain = source("full");
    let stored = |writer: &Writer| {
        let archive = writer.archive().unwrap();
        pipeline::stored_profile(&archive.library(&plain.library).unwrap()).unwrap().unwrap()
    };
    session(&writer, &plain, &mut Player(vec![Turn::Bring("1", all(5))]), BY_HAND);
    assert!(!stored(&writer).confirmed, "a guess");

    let text = "[[holdings_profile]]\nname = \"北林\"\n[[holdings_profile.field]]\ntag = \"905\"\nsubfields = { d = \
                \"class\", e = \"book-number\" }\n";
    let of_north = settings(text).holdings_profiles.remove(0);
    let named = Source { profile: Some(of_north.clone()), ..plain.clone() };
    session(&writer, &named, &mut Player(vec![Turn::Nothing]), BY_HAND);
    assert_eq!((stored(&writer).confirmed, stored(&writer).profile), (true, of_north));
}
