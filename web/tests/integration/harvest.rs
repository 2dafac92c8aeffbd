//! The daemon from outside: files dropped into a folder, commands handed over, and a process killed at any moment.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::peer::FileServer;
use crate::site::{Site, lianmu};

/// An export of so many books as MARCXML; the first ones carry the version in their title.
pub(crate) fn export(n_books: u32, n_new: u32, version: u32) -> String {
    let mut text = "<collection>".to_owned();
    for number in 0..n_books {
        let title =
            if number < n_new { format!("第{version}版书{number}") } else { format!("旧书{number}") };
        write!(
            text,
            "<record><leader>00000nam0 2200000   450 </leader><controlfield tag=\"001\">{number:06}</controlfield>\
             <datafield tag=\"200\" ind1=\"1\" ind2=\" \"><subfield code=\"a\">{title}</subfield></datafield></record>"
        )
        .unwrap();
    }
    text + "</collection>"
}

fn run(data: &Path, arguments: &[&str]) -> Output {
    lianmu(data).args(arguments).output().unwrap()
}

#[track_caller]
pub(crate) fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{output:?}"))).collect()
}

/// Every run is told once, and its account adds up.
#[track_caller]
pub(crate) fn runs(data: &Path) -> Vec<Value> {
    let runs = lines(&run(data, &["runs", "list", "--json"]));
    let mut names = HashSet::new();
    for run in &runs {
        let count = |key: &str| run[key].as_u64().unwrap();
        let sum = ["new", "changed", "same", "rejected", "duplicate"].map(count).iter().sum::<u64>();
        assert_eq!(count("seen"), sum, "{run}");
        assert!(names.insert(run["run"].as_str().unwrap().to_owned()), "{run} is told twice");
        let state = run["state"].as_str().unwrap();
        assert!(["ok", "ok-nothing-new", "partial", "failed", "held"].contains(&state), "{run}");
    }
    runs
}

/// The same numbers at every run of the test.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Whether the full numbers are asked for, with `LIANMU_SLOW_TESTS=1`.
pub(crate) fn is_thorough() -> bool {
    std::env::var_os("LIANMU_SLOW_TESTS").is_some_and(|value| value == "1")
}

/// A few in the daily test.
fn n_kills(few: u32) -> u32 {
    if is_thorough() { 200 } else { few }
}

fn kill(mut child: Child) {
    // SIGKILL on Unix: nothing is said, nothing is written.
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn commands_beside_a_daemon_are_handed_to_it() {
    let site = Site::over(tempfile::tempdir().unwrap(), "");
    let file = site.data().join("export.xml");
    std::fs::write(&file, export(30, 3, 1)).unwrap();
    // A relative name is that of the command, not of the daemon.
    let imported = run(site.data(), &["import", "--library", "BJFU", "--json", "export.xml"]);
    assert_eq!(lines(&imported)[0]["new"], 30, "{imported:?}");
    site.until("the catalogue", |site| site.get("/readyz").status == 200);
    site.until("the book", |site| site.get("/api/v1/search?q=第1版书").json()["total"] == 3);

    std::fs::write(&file, export(10, 3, 1)).unwrap();
    let held = run(site.data(), &["import", "--library", "BJFU", "--json", "export.xml"]);
    assert_eq!((held.status.code(), &lines(&held)[0]["state"]), (Some(3), &"held".into()));
    let id = lines(&held)[0]["run"].as_str().unwrap().to_owned();
    let status: Value = lines(&run(site.data(), &["status", "--json"])).remove(0);
    assert_eq!((&status["daemon"], &status["held"][0]["run"]), (&true.into(), &id.as_str().into()));
    let released = run(site.data(), &["runs", "release", &id, "--json"]);
    assert_eq!((released.status.code(), &lines(&released)[0]["deleted"]), (Some(0), &20.into()));
    let again = run(site.data(), &["runs", "discard", &id]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("was released"), "{again:?}");
    assert_eq!(run(site.data(), &["build", "--json"]).status.code(), Some(0));
    assert_eq!(runs(site.data()).len(), 3);

    let second = run(site.data(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("already runs"), "{second:?}");
}

#[test]
fn an_import_that_is_killed_is_told_and_healed() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("export.xml");
    let arguments = ["import", "--library", "BJFU", "--json", "export.xml"];
    let mut dice = Dice(8046);
    for version in 0..n_kills(6) {
        std::fs::write(&file, export(3000, 60, version)).unwrap();
        let import = lianmu(data.path()).args(arguments).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(dice.below(400)));
        kill(import);
        if dice.below(2) == 0 {
            assert_eq!(lines(&run(data.path(), &arguments))[0]["seen"], 3000);
        }
    }
    let healed = run(data.path(), &arguments);
    assert_eq!((healed.status.code(), &lines(&healed)[0]["seen"]), (Some(0), &3000.into()), "{healed:?}");
    let told = runs(data.path());
    let in_force: i64 =
        told.iter().filter(|run| run["state"] == "ok").map(|run| run["new"].as_i64().unwrap()).sum();
    assert_eq!(in_force, 3000, "each record is new once");
    for run in told.iter().filter(|run| run["state"] == "failed") {
        assert!(run["reason"].as_str().unwrap().contains("stopped"), "{run}");
    }
    assert_eq!(run(data.path(), &["build"]).status.code(), Some(0));
    let found = lines(&run(data.path(), &["search", "书2999", "--json"]));
    assert_eq!(found[0]["total"], 1);
}

/// A daemon over a folder `exports/北林` of BJFU, which is there.
fn over_a_folder(more: &str) -> (Site, std::path::PathBuf) {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("exports").join("北林");
    std::fs::create_dir_all(&folder).unwrap();
    let source =
        format!("[[source]]\nlibrary = \"BJFU\"\nkind = \"folder\"\nlocation = \"exports/北林\"\n{more}");
    let site = Site::over(data, &source);
    (site, folder)
}

fn sources(data: &Path) -> Value {
    lines(&run_configured(data, &["sources", "list", "--json"])).remove(0)
}

pub(crate) fn run_configured(data: &Path, arguments: &[&str]) -> Output {
    lianmu(data).args(["--config", "lianmu.toml"]).args(arguments).output().unwrap()
}

#[test]
fn a_file_dropped_into_a_folder_is_searchable_within_a_minute_and_a_foreign_one_is_not() {
    let (site, folder) = over_a_folder("");
    std::fs::write(folder.join("half.xml.part"), "<collection><rec").unwrap();
    std::fs::write(folder.join("a.xml"), export(30, 3, 1)).unwrap();
    site.within(Duration::from_secs(60), "the book", |site| {
        let answer = site.get("/api/v1/search?q=第1版书");
        answer.status == 200 && answer.json()["total"] == 3
    });
    let fares = |site: &Site| {
        let status = site.get("/api/v1/status").json();
        let libraries = status["libraries"].as_array().unwrap().clone();
        libraries.into_iter().find(|library| library["code"] == "BJFU").unwrap()
    };
    site.until("the status", |site| fares(site)["state"] == "ok");
    assert!(fares(&site)["as_of"].is_string() && fares(&site)["last_try"].is_string(), "{}", fares(&site));

    // Half a file: held, told everywhere, and what was there stays.
    let text = export(30, 3, 2);
    std::fs::write(folder.join("b.xml"), &text[..text.len() - 100]).unwrap();
    site.within(Duration::from_secs(60), "the hold", |site| fares(site)["state"] == "held");
    assert!(fares(&site)["reason"].as_str().unwrap().contains("ends inside a record"), "{}", fares(&site));
    assert_eq!(site.get("/api/v1/search?q=第1版书").json()["total"], 3);
    let id = site.get("/api/v1/search?q=第1版书").json()["records"][0]["id"].as_str().unwrap().to_owned();
    for page in ["/", "/search?q=第1版书", &format!("/record/{id}"), "/libraries", "/libraries/BJFU"] {
        site.get(page).has("待管理员确认");
    }
    let told = runs(site.data());
    let states: Vec<&str> = told.iter().map(|run| run["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["ok", "held"]);
    let held = told[1]["run"].as_str().unwrap();
    assert_eq!(run(site.data(), &["runs", "discard", held]).status.code(), Some(0));
    site.until("the all-clear", |site| fares(site)["state"] == "ok");
    site.get("/").lacks("待管理员确认");
}

#[test]
fn a_paused_source_rests_until_it_is_resumed_or_run_by_hand() {
    let (site, folder) = over_a_folder("");
    let name = sources(site.data())["source"].as_str().unwrap().to_owned();
    assert_eq!(run_configured(site.data(), &["sources", "pause", &name]).status.code(), Some(0));
    assert_eq!(sources(site.data())["state"], "paused");
    std::fs::write(folder.join("a.xml"), export(5, 3, 1)).unwrap();
    std::thread::sleep(Duration::from_secs(8));
    assert!(runs(site.data()).is_empty(), "a paused source ran");
    let by_hand = run_configured(site.data(), &["sources", "run", &name, "--json"]);
    assert_eq!((by_hand.status.code(), &lines(&by_hand)[0]["new"]), (Some(0), &5.into()), "{by_hand:?}");
    assert_eq!(sources(site.data())["state"], "paused", "a run by hand resumes nothing");

    std::fs::write(folder.join("b.xml"), export(5, 4, 2)).unwrap();
    assert_eq!(run_configured(site.data(), &["sources", "resume", &name]).status.code(), Some(0));
    site.within(Duration::from_secs(60), "the second file", |site| runs(site.data()).len() == 2);
    assert_eq!(sources(site.data())["state"], "ok");
    let unknown = run_configured(site.data(), &["sources", "pause", "没有"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("lianmu sources list"), "{unknown:?}");
}

#[test]
fn a_daemon_that_is_killed_while_it_waits_for_a_folder_heals() {
    let (mut site, folder) = over_a_folder("");
    let mut dice = Dice(2026);
    // Most of the time of each round is that in which a file must hold still.
    for version in 1..=n_kills(3).min(20) {
        // Written beside its place and renamed, as a careful sender does.
        std::fs::write(folder.join("all.xml.part"), export(2000, 60, version)).unwrap();
        std::fs::rename(folder.join("all.xml.part"), folder.join("all.xml")).unwrap();
        // Five seconds pass until the file counts as still; then it is fetched, taken in and built.
        std::thread::sleep(Duration::from_millis(4500 + dice.below(3500)));
        site = site.killed_and_started_again();
        for run in runs(site.data()) {
            assert!(run["state"] != "failed" || run["reason"].as_str().unwrap().contains("stopped"), "{run}");
        }
    }
    std::fs::write(folder.join("all.xml"), export(2000, 60, 9999)).unwrap();
    site.within(Duration::from_secs(60), "the last version", |site| {
        let answer = site.get("/api/v1/search?q=第9999版书");
        answer.status == 200 && answer.json()["total"] == 60
    });
    assert_eq!(site.get("/api/v1/status").json()["records"], 2000, "no record is lost or there twice");
    let good = runs(site.data())
        .into_iter()
        .filter(|run| run["state"] == "ok")
        .map(|run| run["new"].as_u64().unwrap());
    assert_eq!(good.sum::<u64>(), 2000, "each record is new once");
}

#[test]
fn a_daemon_that_is_killed_at_any_moment_of_a_harvest_heals() {
    let server = FileServer::start();
    let source = format!(
        "[gate]\nmax_change = 1.0\n[[source]]\nlibrary = \"BJFU\"\nkind = \"http\"\nlocation = \"{}\"\nallow_private = true\n",
        server.url("/all.xml")
    );
    let mut site = Site::over(tempfile::tempdir().unwrap(), &source);
    let mut dice = Dice(46);
    let last = n_kills(3);
    let mut n_cut_short = 0;
    for version in 1..=last {
        server.serve(export(2000, 60, version));
        let mut asks = lianmu(site.data());
        asks.args(["--config", "lianmu.toml", "harvest", "--now"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let asks = asks.spawn().unwrap();
        // Asked for, fetched, taken in, built, reported on: all of it lies in this time.
        std::thread::sleep(Duration::from_millis(dice.below(2500)));
        // First: with the daemon gone it would do the work itself, under the lock that the next one needs.
        kill(asks);
        site = site.killed_and_started_again();
        for run in runs(site.data()) {
            let is_cut_short = matches!(run["state"].as_str(), Some("failed" | "partial"));
            assert!(!is_cut_short || run["reason"].as_str().unwrap().contains("stopped"), "{run}");
        }
        let status = site.get("/api/v1/status").json();
        assert!(
            status["records"] == 2000 || status["records"].is_null() || status["records"] == 0,
            "{status}"
        );
    }
    for run in runs(site.data()) {
        n_cut_short += u32::from(run["state"] != "ok" && run["state"] != "ok-nothing-new");
    }
    server.serve(export(2000, 60, 9999));
    assert_eq!(run_configured(site.data(), &["harvest", "--now", "--json"]).status.code(), Some(0));
    site.within(Duration::from_secs(60), "the last version", |site| {
        let answer = site.get("/api/v1/search?q=第9999版书");
        answer.status == 200 && answer.json()["total"] == 60
    });
    assert_eq!(site.get("/api/v1/status").json()["records"], 2000, "no record is lost or there twice");
    let told = runs(site.data());
    let new = told.iter().filter(|run| run["state"] == "ok").map(|run| run["new"].as_u64().unwrap());
    assert_eq!(new.sum::<u64>(), 2000, "each record is new once");
    println!("{last} kills, {} runs, {n_cut_short} of them cut short", told.len());
}
