//! The power goes at every step of imports and undos: records, day, profile and runs are the old or the new ones.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daemon::import::{ImportJob, import, import_over};
use daemon::runs::{History, Run};
use daemon::undo::{UndoJob, undo, undo_over};
use indexer::archive::{Archive, ContentHash, ImportMode, RecordKey};
use indexer::bib::{LibraryCode, RecordLocator};
use indexer::files::power_cut::{Cut, Loss, PowerCut, at_every_step};
use indexer::pipeline::stored_profile;

const LOSSES: [Loss; 7] =
    [Loss::Nothing, Loss::All, Loss::Bytes, Loss::Zeros, Loss::Seeded(1), Loss::Seeded(2), Loss::Seeded(3)];

/// A record of CNMARC in ISO 2709.
fn iso2709(number: &str, title: &str) -> Vec<u8> {
    let fields = [
        ("001", number.to_owned()),
        ("200", format!("1 \x1fa{title}\x1ff罗贯中著")),
        ("905", format!("  \x1fa北林\x1fdI242.4/{number}")),
    ];
    let (mut directory, mut data) = (String::new(), String::new());
    for (tag, body) in &fields {
        directory += &format!("{tag}{:04}{:05}", body.len() + 1, data.len());
        data += &format!("{body}\x1e");
    }
    let base = 24 + directory.len() + 1;
    format!("{:05}nam0 22{base:05}   450 {directory}\x1e{data}\x1d", base + data.len() + 1).into_bytes()
}

struct Scene {
    folder: tempfile::TempDir,
    n_jobs: i64,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        Self { folder, n_jobs: 0 }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn job(&mut self, mode: ImportMode, books: &[(String, String)]) -> ImportJob {
        self.n_jobs += 1;
        let file = self.folder.path().join(format!("{}.mrc", self.n_jobs));
        let records: Vec<Vec<u8>> = books.iter().map(|(number, title)| iso2709(number, title)).collect();
        std::fs::write(&file, records.concat()).unwrap();
        ImportJob {
            data_dir: self.data(),
            library: LibraryCode::new("BJFU"),
            mode,
            paths: vec![file],
            now: jiff::Timestamp::from_second(1_764_000_000 + self.n_jobs * 86_400).unwrap(),
            as_of: format!("2026-11-{:02}", self.n_jobs),
        }
    }
}

/// Everything that is in force in a library, and all that is known of how it came.
#[derive(Debug, PartialEq)]
struct Seen {
    records: BTreeMap<RecordKey, (Vec<u8>, u32)>,
    as_of: Option<String>,
    profile: Option<bool>,
    runs: Vec<Run>,
}

fn seen(data: &Path) -> Seen {
    let archive = Archive::open(data).unwrap();
    let code = LibraryCode::new("BJFU");
    let library = archive.library(&code).unwrap();
    let state = library.state().unwrap();
    let mut records = BTreeMap::new();
    for slot in &state.slots {
        let locator = RecordLocator { pack: state.packs[slot.pack_idx()].prefix(), slot: slot.slot };
        let raw = archive.record(&code, locator).unwrap();
        assert_eq!(ContentHash::of(&raw), slot.content);
        records.insert(slot.key, (raw.bytes, slot.first_seen));
    }
    let runs = History::of(&library).unwrap().runs.into_iter();
    let profile = stored_profile(&library).unwrap().map(|profile| profile.confirmed);
    let runs = runs.map(|run| Run { seconds: 0.0, ..run.run }).collect();
    Seen { records, as_of: library.in_force().unwrap().as_of, profile, runs }
}

fn books(range: std::ops::Range<u32>, title: &str) -> Vec<(String, String)> {
    range.map(|n| (format!("{n:06}"), format!("{title}{n}"))).collect()
}

// A disk that does not wait for the real one.
fn steady(data: &Path) -> Arc<PowerCut> {
    PowerCut::never(data).unwrap()
}

/// Cuts the power at every step of `act`; the number of places.
fn check_every_step(data: &Path, act: impl Fn(Arc<PowerCut>) -> bool, again: impl Fn()) -> u64 {
    let before = seen(data);
    let untouched = PowerCut::never(data).unwrap();
    assert!(act(PowerCut::never(data).unwrap()));
    let after = seen(data);
    assert_ne!(before, after);
    untouched.lose(Loss::Nothing).unwrap();
    let (mut n_old, mut n_new) = (0, 0);
    let n_places = at_every_step(data, &LOSSES, act, |cut: Cut| {
        let found = seen(data);
        assert!(found == after || found == before && !cut.promised, "{cut:?}: {found:#?}");
        if found == before {
            n_old += 1
        } else {
            n_new += 1
        }
        again();
        let settled = seen(data);
        assert_eq!(
            settled.records.keys().collect::<Vec<_>>(),
            after.records.keys().collect::<Vec<_>>(),
            "{cut:?}"
        );
        let bytes = |seen: &Seen| seen.records.values().map(|(bytes, _)| bytes.clone()).collect::<Vec<_>>();
        assert_eq!(bytes(&settled), bytes(&after), "{cut:?}");
        assert_eq!((&settled.as_of, settled.profile), (&after.as_of, after.profile), "{cut:?}");
    })
    .unwrap();
    assert!(n_old > 0 && n_new > 0, "{n_old} old, {n_new} new");
    n_places
}

#[test]
fn an_import_is_there_or_not() {
    let mut scene = Scene::new();
    let data = scene.data();
    let table = [
        (ImportMode::Full, books(0..6, "三国演义")),
        (ImportMode::Delta, books(4..9, "红楼梦")),
        (ImportMode::Delete, books(2..5, "")),
        (ImportMode::Full, books(0..3, "西游记")),
    ];
    let mut n_all = 0;
    for (mode, books) in table {
        let job = scene.job(mode, &books);
        let act = |power: Arc<PowerCut>| import_over(&job, power, &()).is_ok();
        let n_places = check_every_step(&data, act, || drop(import_over(&job, steady(&data), &()).unwrap()));
        println!("{mode:?}: the power was cut at {n_places} places, with {} losses each", LOSSES.len());
        n_all += n_places;
        import(&job, &()).unwrap();
    }
    // With more states than are kept: this one removes some of them, and their packs.
    for n in 0..4 {
        import(&scene.job(ImportMode::Full, &books(0..2, &format!("第{n}版"))), &()).unwrap();
    }
    let job = scene.job(ImportMode::Full, &books(1..3, "水浒传"));
    let act = |power: Arc<PowerCut>| import_over(&job, power, &()).is_ok();
    n_all += check_every_step(&data, act, || drop(import_over(&job, steady(&data), &()).unwrap()));
    assert!(n_all > 150, "{n_all}");
}

#[test]
fn an_undo_is_done_or_not() {
    let mut scene = Scene::new();
    let data = scene.data();
    let jobs = [
        scene.job(ImportMode::Full, &books(0..6, "三国演义")),
        scene.job(ImportMode::Delta, &books(4..9, "红楼梦")),
    ];
    let names = jobs.map(|job| import(&job, &()).unwrap().run.run);
    let now = jiff::Timestamp::from_second(1_765_000_000).unwrap();
    let mut n_all = 0;
    for run in names.into_iter().rev() {
        let job = UndoJob { data_dir: data.clone(), run, now };
        let act = |power: Arc<PowerCut>| undo_over(&job, power).is_ok();
        n_all += check_every_step(&data, act, || drop(undo_over(&job, steady(&data)).unwrap()));
        undo(&job).unwrap();
    }
    println!("undo: the power was cut at {n_all} places, with {} losses each", LOSSES.len());
    assert!(seen(&data).records.is_empty());
    assert_eq!((seen(&data).as_of, seen(&data).profile), (None, None));
}

#[test]
fn three_hundred_seeds_over_a_larger_import() {
    let mut scene = Scene::new();
    let data = scene.data();
    import(&scene.job(ImportMode::Full, &books(0..300, "三国演义")), &()).unwrap();
    let job = scene.job(ImportMode::Delta, &books(200..500, "红楼梦"));
    let before = seen(&data);
    let [untouched, whole] = [(); 2].map(|()| PowerCut::never(&data).unwrap());
    import_over(&job, Arc::clone(&whole) as Arc<_>, &()).unwrap();
    let after = seen(&data);
    let n_steps: u64 = whole.steps().values().sum();
    for round in 0..30 {
        untouched.lose(Loss::Nothing).unwrap();
        let power = PowerCut::after(round * 7919 % (n_steps + 1), &data).unwrap();
        let promised = import_over(&job, Arc::clone(&power) as Arc<_>, &()).is_ok();
        for seed in 0..10 {
            power.lose(Loss::Seeded(round * 10 + seed)).unwrap();
            let found = seen(&data);
            assert!(found == after || found == before && !promised, "round {round}, seed {seed}");
        }
        import_over(&job, steady(&data), &()).unwrap();
        assert_eq!(seen(&data).records.len(), after.records.len());
    }
}
