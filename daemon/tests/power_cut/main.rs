//! The power goes at every step of imports, undos and builds: what is in force is the old or the new, never a mixture.
//! And single bits are flipped in every file (`flipped`).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may panic, and these say how many cuts they made"
)]

mod flipped;
mod stage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use daemon::Writer;
use daemon::build::build;
use daemon::import::{ImportSet, Imported, import};
use daemon::lock::Holder;
use daemon::runs::{History, Run};
use daemon::settings::Settings;
use daemon::undo::{Undone, undo};
use indexer::archive::{Archive, ContentHash, ImportMode, RecordKey};
use indexer::bib::LibraryCode;
use indexer::files::FileLayer;
use indexer::files::power_cut::{Cut, Loss, PowerCut, at_every_step};
use indexer::index::Generation;
use indexer::marc::Carrier;
use indexer::pipeline::{Built, Way, stored_profile};
use indexer::search::{Catalogue, Query};
use stage::{Standing, iso2709};

const LOSSES: [Loss; 7] =
    [Loss::Nothing, Loss::All, Loss::Bytes, Loss::Zeros, Loss::Seeded(1), Loss::Seeded(2), Loss::Seeded(3)];

fn writer(data: &Path, now: jiff::Timestamp, files: Arc<dyn FileLayer>) -> daemon::Result<Writer> {
    let settings = Settings::load(None).unwrap();
    Writer::open_over(data, &settings, Holder::Command, Arc::new(Standing(now)), files)
}

/// What is done, and when.
struct Job<T> {
    data: PathBuf,
    what: T,
    now: jiff::Timestamp,
}

impl Job<ImportSet> {
    fn over(&self, files: Arc<dyn FileLayer>) -> daemon::Result<Imported> {
        import(&writer(&self.data, self.now, files)?, &self.what, &())
    }

    fn is_done_over(&self, files: Arc<dyn FileLayer>) -> bool {
        self.over(files).is_ok_and(|imported| imported.run.state.is_good())
    }
}

impl Job<String> {
    fn over(&self, files: Arc<dyn FileLayer>) -> daemon::Result<Undone> {
        undo(&writer(&self.data, self.now, files)?, &self.what)
    }
}

fn build_over(
    data: &Path,
    full: bool,
    now: jiff::Timestamp,
    files: Arc<dyn FileLayer>,
) -> daemon::Result<Built> {
    build(&writer(data, now, files)?, full, &())
}

struct Scene {
    folder: tempfile::TempDir,
    n_jobs: i64,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("data/archive")).unwrap();
        Self { folder, n_jobs: 0 }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn job(&mut self, mode: ImportMode, books: &[(String, String)]) -> Job<ImportSet> {
        self.n_jobs += 1;
        let file = self.folder.path().join(format!("{}.mrc", self.n_jobs));
        let records: Vec<Vec<u8>> = books.iter().map(|(number, title)| iso2709(number, title)).collect();
        std::fs::write(&file, records.concat()).unwrap();
        Job {
            data: self.data(),
            what: ImportSet { library: LibraryCode::new("BJFU"), mode, paths: vec![file] },
            now: jiff::Timestamp::from_second(1_764_000_000 + self.n_jobs * 86_400).unwrap(),
        }
    }
}

/// Everything that is in force in a library, and all that is known of how it came.
#[derive(Debug, PartialEq)]
struct Seen {
    records: BTreeMap<RecordKey, (ContentHash, u32)>,
    as_of: Option<String>,
    profile: Option<bool>,
    runs: Vec<Run>,
}

type Looked<T> = Result<T, Box<dyn std::error::Error>>;

fn look(data: &Path) -> Looked<Seen> {
    let archive = Archive::open(data)?;
    let code = LibraryCode::new("BJFU");
    let library = archive.library(&code)?;
    let state = library.state()?;
    let slots = state.slots.iter();
    let records: BTreeMap<_, _> = slots.map(|slot| (slot.key, (slot.content, slot.first_seen))).collect();
    let mut bytes = Vec::new();
    library.write_as_received(&mut bytes)?;
    let pieces = bytes.split_inclusive(|&byte| byte == 0x1d);
    let mut found: Vec<_> = pieces.map(|record| ContentHash::of_parts(Carrier::Iso2709, record)).collect();
    let mut expect: Vec<_> = state.slots.iter().map(|slot| slot.content).collect();
    found.sort();
    expect.sort();
    assert!(found == expect, "a record is served that did not come");
    let history = History::of(&library)?;
    let profile = stored_profile(&library)?.map(|profile| profile.confirmed);
    let runs = history.runs.into_iter().map(|run| Run { seconds: 0.0, ..run.run }).collect();
    Ok(Seen { records, as_of: library.in_force()?.as_of, profile, runs })
}

fn seen(data: &Path) -> Seen {
    look(data).unwrap()
}

/// What readers find: entries by id, with the bytes of their members; and the answer to a query.
#[derive(Debug, PartialEq)]
struct Served {
    entries: BTreeMap<String, (Option<String>, Vec<Vec<u8>>)>,
    hits: Vec<String>,
}

fn serve(data: &Path) -> Looked<Option<Served>> {
    let Some(generation) = Generation::open_in_force(&data.join("catalogue"))? else { return Ok(None) };
    let archive = Archive::open(data)?;
    let mut entries = BTreeMap::new();
    for number in generation.live() {
        let entry = generation.entry(number)?;
        let members =
            entry.members.iter().map(|member| Ok(archive.record(&member.library, member.locator)?.bytes));
        let members = members.collect::<Looked<Vec<_>>>()?;
        let before = entries.insert(entry.id.to_string(), (entry.bib.title, members));
        assert!(before.is_none(), "an entry is served twice");
    }
    let catalogue = Catalogue::open(&data.join("catalogue"))?;
    let query = Query { text: "罗贯中".to_owned(), ..Query::default() };
    let mut hits: Vec<String> =
        catalogue.search(&query)?.hits.iter().map(|hit| hit.entry.id.to_string()).collect();
    hits.sort();
    Ok(Some(Served { entries, hits }))
}

fn books(range: std::ops::Range<u32>, title: &str) -> Vec<(String, String)> {
    range.map(|n| (format!("{n:06}"), format!("{title}{n}"))).collect()
}

// A disk that does not wait for the real one.
fn steady(data: &Path) -> Arc<PowerCut> {
    PowerCut::never(data).unwrap()
}

/// Cuts the power at every step of `act`; the number of places. What `state.db` says is durable by itself: it
/// stands beside what is cut, and knows of a run that it began.
fn check_every_step(data: &Path, act: impl Fn(Arc<PowerCut>) -> bool, again: impl Fn()) -> u64 {
    let root = &data.join("archive");
    let act = |power| {
        for name in ["state.db", "state.db-wal", "state.db-shm"] {
            let _ = std::fs::remove_file(data.join(name));
        }
        act(power)
    };
    let before = seen(data);
    let untouched = PowerCut::never(root).unwrap();
    assert!(act(PowerCut::never(root).unwrap()));
    let after = seen(data);
    assert_ne!(before, after);
    untouched.lose(Loss::Nothing).unwrap();
    let (mut n_old, mut n_new) = (0, 0);
    let n_places = at_every_step(root, &LOSSES, act, |cut: Cut| {
        let found = seen(data);
        assert!(found == after || found == before && !cut.promised, "{cut:?}: {found:#?}");
        if found == before {
            n_old += 1
        } else {
            n_new += 1
        }
        again();
        let settled = seen(data);
        let contents =
            |seen: &Seen| seen.records.iter().map(|(key, (hash, _))| (*key, *hash)).collect::<Vec<_>>();
        assert_eq!(contents(&settled), contents(&after), "{cut:?}");
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
        let act = |power: Arc<PowerCut>| job.is_done_over(power);
        let n_places = check_every_step(&data, act, || assert!(job.is_done_over(steady(&data))));
        println!("{mode:?}: the power was cut at {n_places} places, with {} losses each", LOSSES.len());
        n_all += n_places;
        assert!(job.is_done_over(steady(&data)));
    }
    // With more states than are kept: this one removes some of them, and their packs.
    for n in 0..4 {
        let job = scene.job(ImportMode::Full, &books(0..2, &format!("第{n}版")));
        assert!(job.is_done_over(steady(&data)));
    }
    let job = scene.job(ImportMode::Full, &books(1..3, "水浒传"));
    let act = |power: Arc<PowerCut>| job.is_done_over(power);
    n_all += check_every_step(&data, act, || assert!(job.is_done_over(steady(&data))));
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
    let names = jobs.map(|job| job.over(steady(&data)).unwrap().run.run);
    let now = jiff::Timestamp::from_second(1_765_000_000).unwrap();
    let mut n_all = 0;
    for run in names.into_iter().rev() {
        let job = Job { data: data.clone(), what: run, now };
        let act = |power: Arc<PowerCut>| job.over(power).is_ok();
        n_all += check_every_step(&data, act, || drop(job.over(steady(&data)).unwrap()));
        job.over(steady(&data)).unwrap();
    }
    println!("undo: the power was cut at {n_all} places, with {} losses each", LOSSES.len());
    assert!(seen(&data).records.is_empty());
    assert_eq!((seen(&data).as_of, seen(&data).profile), (None, None));
}

#[test]
fn three_hundred_seeds_over_a_larger_import() {
    let mut scene = Scene::new();
    let data = scene.data();
    assert!(scene.job(ImportMode::Full, &books(0..300, "三国演义")).is_done_over(steady(&data)));
    let job = scene.job(ImportMode::Delta, &books(200..500, "红楼梦"));
    let before = seen(&data);
    let [untouched, whole] = [(); 2].map(|()| PowerCut::never(&data).unwrap());
    job.over(Arc::clone(&whole) as Arc<_>).unwrap();
    let after = seen(&data);
    let n_steps: u64 = whole.steps().values().sum();
    for round in 0..30 {
        untouched.lose(Loss::Nothing).unwrap();
        let power = PowerCut::after(round * 7919 % (n_steps + 1), &data).unwrap();
        let promised = job.is_done_over(Arc::clone(&power) as Arc<_>);
        for seed in 0..10 {
            power.lose(Loss::Seeded(round * 10 + seed)).unwrap();
            let found = seen(&data);
            assert!(found == after || found == before && !promised, "round {round}, seed {seed}");
        }
        job.over(steady(&data)).unwrap();
        assert_eq!(seen(&data).records.len(), after.records.len());
    }
}

#[test]
fn a_build_is_served_or_not() {
    let mut scene = Scene::new();
    let data = scene.data();
    let now = jiff::Timestamp::from_second(1_765_000_000).unwrap();
    let table = [
        (ImportMode::Full, books(0..40, "三国演义"), false),
        (ImportMode::Delta, books(39..41, "红楼梦"), false),
        (ImportMode::Delete, books(1..2, ""), true),
    ];
    for (mode, books, full) in table {
        scene.job(mode, &books).over(steady(&data)).unwrap();
        let before = serve(&data).unwrap();
        let untouched = PowerCut::never(&data).unwrap();
        let build = |power: Arc<PowerCut>| build_over(&data, full, now, power);
        let whole = PowerCut::never(&data).unwrap();
        let Built::New { way, .. } = build(Arc::clone(&whole)).unwrap() else { panic!("nothing was built") };
        assert_eq!(
            matches!(way, Way::Full),
            mode != ImportMode::Delta,
            "a few changes are built upon the generation"
        );
        let after = serve(&data).unwrap();
        assert_ne!(before, after);
        assert_eq!(after.as_ref().unwrap().entries.len(), seen(&data).records.len());
        untouched.lose(Loss::Nothing).unwrap();
        let records = seen(&data);
        // That nothing is lost is what the kill test of the web crate tries.
        let losses = [Loss::All, Loss::Zeros, Loss::Seeded(7)];
        let act = |power: Arc<PowerCut>| build(power).is_ok();
        let n_places = at_every_step(&data, &losses, act, |cut: Cut| {
            let found = serve(&data).unwrap();
            assert!(found == after || found == before && !cut.promised, "{cut:?}: {found:#?}");
            if matches!(cut.loss, Loss::Seeded(_)) {
                assert_eq!(seen(&data), records, "{cut:?}: a build changes no record");
                build(steady(&data)).unwrap();
                assert_eq!(serve(&data).unwrap(), after, "{cut:?}: it does not go on");
            }
        });
        let (n_places, steps) = (n_places.unwrap(), whole.steps());
        println!(
            "build after {mode:?}: the power was cut at {n_places} places, with 3 losses each; {steps:?}"
        );
        build(steady(&data)).unwrap();
    }
}
