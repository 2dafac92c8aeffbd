//! The daemon at work, with a clock that is turned by hand and fetchers that play a part.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::sync::Mutex;

use super::*;
use crate::Error;
use crate::jobs::Request;
use crate::jobs::{Mode, submit};
use crate::runs::{History, RunState};
use crate::trial::{FakeClock, Player, Turn, adds_up, code, collection, records, set, settings};

/// A daemon over a data directory of its own.
struct House {
    folder: tempfile::TempDir,
    settings: Settings,
    clock: Arc<FakeClock>,
    running: Option<Running>,
}

const TWO_SOURCES: &str = "[[source]]\nlibrary = \"BJFU\"\nkind = \"http\"\nlocation = \"https://example.org/a\"\nschedule \
                           = \"30 1 * * *\"\n[[source]]\nlibrary = \"BUPT\"\nkind = \"folder\"\nlocation = \"邮电\"\n";

impl House {
    fn with(text: &str, turns: Vec<(&'static str, Vec<Turn>)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(text);
        let clock = FakeClock::at("2026-11-24T12:00:00Z");
        let running = Some(begin(&folder.path().join("data"), &settings, &clock, turns));
        Self { folder, settings, clock, running }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn ask(&self, request: Request) -> Answer {
        submit(&self.data(), &self.settings, request, self.clock.clone(), &()).unwrap()
    }

    fn runs(&self) -> Vec<Run> {
        History::of_all(&self.data()).unwrap().runs.into_iter().map(|run| run.run).collect()
    }

    fn generation(&self) -> Option<String> {
        std::fs::read_to_string(self.data().join("catalogue/current")).ok()
    }

    #[track_caller]
    fn wait_for(&self, what: &str, mut come: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !come(self) {
            assert!(began.elapsed() < Duration::from_secs(60), "{what} did not come: {:?}", self.runs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

fn begin(
    data_dir: &Path,
    settings: &Settings,
    clock: &Arc<FakeClock>,
    turns: Vec<(&'static str, Vec<Turn>)>,
) -> Running {
    let turns = Mutex::new(turns);
    let make = move |source: &Source| -> Box<dyn Fetcher> {
        let mut turns = turns.lock().unwrap();
        let place = turns.iter().position(|(library, _)| *library == source.library.as_str());
        Box::new(Player(place.map(|place| turns.remove(place).1).unwrap_or_default()))
    };
    start_with(data_dir, settings, Arc::new(|_| Default::default()), clock.clone(), Arc::new(make)).unwrap()
}

fn all(n: u32) -> String {
    collection(&records(0..n, "三国演义"))
}

#[test]
fn a_night_is_fetched_taken_in_and_built() {
    let house = House::with(TWO_SOURCES, vec![("BJFU", vec![Turn::Bring("a.xml", all(30))])]);
    house.wait_for("a start", |house| house.data().join("state.db").is_file());
    assert!(house.runs().is_empty());
    house.clock.turn(24);
    house.wait_for("a run", |house| !house.runs().is_empty());
    house.wait_for("a generation", |house| house.generation().is_some());
    let runs = house.runs();
    assert_eq!((runs.len(), runs[0].state, runs[0].new), (1, RunState::Ok, 30));
}

#[test]
fn commands_are_handed_over_and_answered() {
    let house = House::with(
        TWO_SOURCES,
        vec![("BJFU", vec![Turn::Bring("a.xml", all(30))]), ("BUPT", vec![Turn::Fail])],
    );
    let Answer::Harvested { runs } = house.ask(Request::Harvest { libraries: vec![], sources: vec![] })
    else {
        panic!("runs")
    };
    runs.iter().for_each(adds_up);
    let mut states: Vec<(String, RunState)> = runs.into_iter().map(|run| (run.library, run.state)).collect();
    states.sort_by(|a, b| a.0.cmp(&b.0));
    let expect = [("BJFU".to_owned(), RunState::Ok), ("BUPT".to_owned(), RunState::Failed)];
    assert_eq!(states, expect);
    let answer = house.ask(Request::Harvest { libraries: vec!["NLC".to_owned()], sources: vec![] });
    assert!(matches!(answer, Answer::Failed { message } if message.contains("NLC")));

    let half = set(house.folder.path(), "BJFU", &all(10));
    let import =
        || Request::Import { library: "BJFU".to_owned(), mode: Mode::Full, paths: half.paths.clone() };
    let ran = |answer| match answer {
        Answer::Ran { run, .. } => run,
        other => panic!("{other:?}"),
    };
    let [one, two] = [ran(house.ask(import())), ran(house.ask(import()))];
    assert_eq!((one.state, two.state), (RunState::Held, RunState::Held));
    assert_eq!(house.ask(Request::Discard { run: one.run.clone() }), Answer::Discarded);
    let released = ran(house.ask(Request::Release { run: two.run }));
    assert_eq!((released.state, released.deleted), (RunState::Ok, 20));
    assert!(matches!(house.ask(Request::Discard { run: one.run }), Answer::Failed { .. }));
    let Answer::Undone { before: false, .. } = house.ask(Request::Undo { run: released.run }) else {
        panic!("undone")
    };
    let Answer::Built { document } = house.ask(Request::Build { full: false }) else { panic!("built") };
    assert!(document["generation"].is_string(), "{document}");
}

#[test]
fn a_second_daemon_is_refused() {
    let house = House::with("", vec![]);
    let refused = start(&house.data(), &house.settings, Arc::new(|_| Default::default())).err().unwrap();
    assert!(matches!(refused, Error::DaemonRuns { .. }), "{refused}");
    assert!(refused.to_string().contains("already runs"), "{refused}");
}

#[test]
fn a_change_of_state_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    let text = format!("{TWO_SOURCES}[alert]\ncommand = \"cat >> {}\"\n", told.display());
    let house =
        House::with(&text, vec![("BJFU", vec![Turn::Fail, Turn::Fail, Turn::Bring("a.xml", all(3))])]);
    let harvest = || house.ask(Request::Harvest { libraries: vec!["BJFU".to_owned()], sources: vec![] });
    let n_told = || std::fs::read_to_string(&told).unwrap_or_default().lines().count();
    harvest();
    house.wait_for("the first word", |_| n_told() == 1);
    harvest();
    harvest();
    house.wait_for("the second word", |_| n_told() == 2);
    let text = std::fs::read_to_string(&told).unwrap();
    let words: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&words[0]["state"], &words[0]["was"]), (&"failed".into(), &"new".into()));
    assert_eq!((&words[1]["state"], &words[1]["was"]), (&"ok".into(), &"failed".into()));
    assert_eq!(words[1]["library"], "BJFU");
}

#[test]
fn a_stop_is_graceful_and_the_next_start_goes_on() {
    let mut house = House::with(TWO_SOURCES, vec![("BJFU", vec![Turn::BreakOff("a.xml", all(3))])]);
    house.ask(Request::Harvest { libraries: vec!["BJFU".to_owned()], sources: vec![] });
    let began = Instant::now();
    house.running.take().unwrap().stop();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    house.running = Some(begin(
        &house.data(),
        &house.settings,
        &house.clock,
        vec![("BJFU", vec![Turn::Bring("a.xml", all(9))])],
    ));
    house.ask(Request::Harvest { libraries: vec!["BJFU".to_owned()], sources: vec![] });
    let states: Vec<RunState> = house.runs().iter().map(|run| run.state).collect();
    assert_eq!(states, [RunState::Partial, RunState::Ok]);
    let archive = indexer::archive::Archive::open(&house.data()).unwrap();
    assert_eq!(archive.library(&code("BJFU")).unwrap().state().unwrap().slots.len(), 9);
}

#[test]
fn whoever_waits_for_a_daemon_that_is_gone_is_told() {
    let mut house = House::with("", vec![]);
    let (data, settings, clock) = (house.data(), house.settings.clone(), house.clock.clone());
    let running = house.running.take().unwrap();
    let asking = std::thread::spawn(move || {
        (0..50)
            .map(|_| submit(&data, &settings, Request::Discard { run: "r".to_owned() }, clock.clone(), &()))
            .map(|answer| match answer {
                Ok(Answer::Failed { .. }) | Err(Error::NotHeld { .. }) => true,
                Err(Error::DaemonGone { .. } | Error::DaemonRuns { .. } | Error::Locked { .. }) => true,
                other => panic!("{other:?}"),
            })
            .count()
    });
    std::thread::sleep(Duration::from_millis(150));
    running.stop();
    assert_eq!(asking.join().unwrap(), 50);
}
