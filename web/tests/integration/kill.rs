//! The program is killed at random moments of import and build: the next start serves a whole generation, every
//! record is accounted for, and none is there twice.
//!
//! A hundred times, which takes half a minute.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use data::sample::{Config, Consortium};
use indexer::archive::Archive;
use indexer::bib::LibraryCode;
use indexer::index::Generation;

use crate::site::lianmu;

const LIBRARIES: [&str; 3] = ["NLC", "BJFU", "BUPT"];

/// Two full sets of each library: all of an invented consortium, and all but the last works of it.
struct Exports {
    folder: tempfile::TempDir,
}

impl Exports {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, works) in [("a", 160), ("b", 140)] {
            let mut config = Config::demo(46, works);
            config.libraries = LIBRARIES.map(str::to_owned).to_vec();
            config.damage = 0.0;
            let consortium = Consortium::new(config);
            for (position, code) in LIBRARIES.iter().enumerate() {
                let mut file = std::fs::File::create(folder.path().join(format!("{code}-{name}"))).unwrap();
                consortium.write_export(position, &mut file, |_| {}).unwrap();
            }
        }
        Self { folder }
    }

    fn import(&self, data: &Path, round: usize) -> Command {
        let code = LIBRARIES[round % LIBRARIES.len()];
        let set = if (round / LIBRARIES.len()).is_multiple_of(2) { "a" } else { "b" };
        let mut command = lianmu(data);
        // The second set lacks more than the gate would let go.
        command.args(["--config", "lenient.toml", "import", "--library", code, "--full", "--json"]);
        command.arg(self.folder.path().join(format!("{code}-{set}")));
        command
    }
}

fn build(data: &Path) -> Command {
    let mut command = lianmu(data);
    command.args(["build", "--json"]);
    command
}

/// Runs a command to its end: what it printed, and how long it took.
fn whole(mut command: Command) -> (serde_json::Value, Duration) {
    let began = Instant::now();
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    (serde_json::from_str(&text).unwrap(), began.elapsed())
}

fn killed(mut command: Command, after: Duration) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    // It may have come to its end, which is a moment like any other.
    let _ = child.kill();
    child.wait().unwrap();
}

/// All records of all libraries, each read from its pack.
fn archived(data: &Path) -> usize {
    let archive = Archive::open(data).unwrap();
    let mut n_records = 0;
    for code in archive.libraries().unwrap() {
        let library = archive.library(&code).unwrap();
        let n_here = library.state().unwrap().slots.len();
        assert_eq!(library.write_as_received(&mut std::io::sink()).unwrap(), n_here as u64);
        n_records += n_here;
    }
    n_records
}

/// Members of all entries in force: a record twice fails.
fn served(data: &Path) -> Option<usize> {
    let generation = Generation::open_in_force(&data.join("catalogue")).unwrap()?;
    let mut members: BTreeSet<(LibraryCode, u64, u32)> = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for number in generation.live() {
        let entry = generation.entry(number).unwrap();
        assert!(ids.insert(entry.id.to_string()), "entry {} is there twice", entry.id);
        for member in entry.members {
            let place = (member.library.clone(), member.locator.pack, member.locator.slot);
            assert!(members.insert(place), "a record of {} is in two entries", member.library);
        }
    }
    assert_eq!(ids.len() as u64, generation.n_entries_live());
    Some(members.len())
}

// A generator of pseudo-random numbers; the moments are random anyway.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

const N_KILLS: usize = 100;

#[test]
fn killed_at_any_moment_it_goes_on() {
    let exports = Exports::new();
    let folder = tempfile::tempdir().unwrap();
    let data: PathBuf = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("lenient.toml"), "[gate]\nmax_drop = 1.0\nmax_change = 1.0\n").unwrap();
    let mut dice = u64::from(std::process::id());
    let mut lasts = [Duration::from_millis(200); 2];
    let mut last_served = None;
    for round in 0..N_KILLS {
        let is_build = round % 2 == 1;
        let command = || if is_build { build(&data) } else { exports.import(&data, round / 2) };
        let micros = lasts[usize::from(is_build)].as_micros() as u64;
        killed(command(), Duration::from_micros(next(&mut dice) % (micros * 11 / 10 + 1)));
        let after_kill = served(&data);
        assert!(
            after_kill.is_some() || last_served.is_none(),
            "round {round}: no generation is served any more"
        );
        let n_before = archived(&data);
        let (document, lasted) = whole(command());
        lasts[usize::from(is_build)] = lasted;
        if is_build {
            assert_eq!(served(&data), Some(n_before), "round {round}: not every record is served once");
            assert!(
                after_kill == last_served || after_kill == served(&data),
                "round {round}: a mixture is served"
            );
            last_served = served(&data);
        } else {
            assert_eq!(after_kill, last_served, "round {round}: an import changed what is served");
            let [seen, new, changed, same, duplicate] =
                ["seen", "new", "changed", "same", "duplicate"].map(|name| document[name].as_u64().unwrap());
            assert_eq!(seen, new + changed + same + duplicate, "round {round}");
            let archive = Archive::open(&data).unwrap();
            let code = LibraryCode::new(LIBRARIES[round / 2 % LIBRARIES.len()]);
            let n_here = archive.library(&code).unwrap().state().unwrap().slots.len() as u64;
            assert_eq!(n_here, new + changed + same, "round {round}: not every record is there once");
            archived(&data);
        }
    }
}
