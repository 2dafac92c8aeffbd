//! The power goes at random moments of a night: two libraries' exports are taken in, and a generation is built.
//!
//! `cargo bench -p benches --bench power_cut -- SEEDS` (10,000 by default): every seed loses, tears and reorders
//! something else of what was not synced. After each, archives and catalogue must be the old or the new ones, and
//! after each twentieth the night is done again and must end as if nothing had been.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints and may panic")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use data::sample::{Config, Consortium};
use indexer::archive::{Archive, ImportMode, RecordKey};
use indexer::bib::LibraryCode;
use indexer::files::power_cut::{Loss, PowerCut};
use indexer::index::Generation;
use indexer::pipeline::{self, BuildOptions, DeltaLimits, ImportRequest};

const LIBRARIES: [&str; 3] = ["NLC", "BJFU", "BUPT"];
const SEEDS_A_CUT: u64 = 20;

fn main() {
    let n_seeds: u64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let night = Night::new();
    let data = night.folder.path().join("data");
    let [untouched, whole] = [(); 2].map(|()| PowerCut::never(&data).unwrap());
    let before = Seen::of(&data);
    assert!(night.pass(Arc::clone(&whole)));
    let after = Seen::of(&data);
    let steps = whole.steps();
    let n_steps: u64 = steps.values().sum();
    println!(
        "{} records before, {} after; {n_steps} steps: {steps:?}",
        before.n_records(),
        after.n_records()
    );
    let began = Instant::now();
    let (mut n_cuts, mut n_new_records, mut n_new_served) = (0u64, 0u64, 0u64);
    while n_cuts * SEEDS_A_CUT < n_seeds {
        untouched.lose(Loss::Nothing).unwrap();
        let at = n_cuts.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (n_steps + 1);
        let power = PowerCut::after(at, &data).unwrap();
        let promised = night.pass(Arc::clone(&power));
        for seed in n_cuts * SEEDS_A_CUT..(n_cuts + 1) * SEEDS_A_CUT {
            power.lose(Loss::Seeded(seed)).unwrap();
            let found = Seen::of(&data);
            let is_old_or_new = |code: &LibraryCode, records: &Records| {
                Some(records) == after.archives.get(code) || Some(records) == before.archives.get(code)
            };
            assert!(
                found.archives.iter().all(|(code, records)| is_old_or_new(code, records)),
                "step {at}, seed {seed}"
            );
            assert!(found.served == after.served || found.served == before.served, "step {at}, seed {seed}");
            assert!(!promised || found == after, "step {at}, seed {seed}: what was promised is gone");
            n_new_records += u64::from(found.archives == after.archives);
            n_new_served += u64::from(found.served == after.served);
        }
        assert!(night.pass(PowerCut::never(&data).unwrap()));
        assert!(Seen::of(&data) == after, "step {at}: it does not go on");
        n_cuts += 1;
    }
    let n = n_cuts * SEEDS_A_CUT;
    println!(
        "{n} seeds over {n_cuts} cuts: {n_new_records} with the new records, {n_new_served} with the new catalogue, the \
         others with the old; none mixed, none lost, {:.0} s",
        began.elapsed().as_secs_f64()
    );
}

/// A data directory with a generation, and the exports of the night after.
struct Night {
    folder: tempfile::TempDir,
}

impl Night {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        for (name, works) in [("before", 220), ("after", 200)] {
            let mut config = Config::demo(46, works);
            config.libraries = LIBRARIES.map(str::to_owned).to_vec();
            let consortium = Consortium::new(config);
            for (position, code) in LIBRARIES.iter().enumerate() {
                let mut file = std::fs::File::create(folder.path().join(format!("{code}-{name}"))).unwrap();
                consortium.write_export(position, &mut file, |_| {}).unwrap();
            }
        }
        let night = Self { folder };
        let archive = Archive::open_with(&data, PowerCut::never(&data).unwrap()).unwrap();
        LIBRARIES.iter().for_each(|code| night.import(&archive, code, "before"));
        pipeline::build_from(&archive, &data.join("catalogue"), &options(), &()).unwrap();
        night
    }

    fn export(&self, code: &str, name: &str) -> PathBuf {
        self.folder.path().join(format!("{code}-{name}"))
    }

    fn import(&self, archive: &Archive, code: &str, name: &str) {
        self.try_import(archive, code, name).unwrap();
    }

    fn try_import(&self, archive: &Archive, code: &str, name: &str) -> pipeline::Result<()> {
        let request = ImportRequest {
            library: LibraryCode::new(code),
            mode: ImportMode::Full,
            paths: vec![self.export(code, name)],
            run: name.to_owned(),
        };
        pipeline::import(archive, &request, &()).map(drop)
    }

    /// Whether it came to its end.
    fn pass(&self, power: Arc<PowerCut>) -> bool {
        let data = self.folder.path().join("data");
        let night = || -> pipeline::Result<()> {
            let archive = Archive::open_with(&data, power)?;
            for code in &LIBRARIES[..2] {
                self.try_import(&archive, code, "after")?;
            }
            pipeline::build_from(&archive, &data.join("catalogue"), &options(), &()).map(drop)
        };
        night().is_ok()
    }
}

fn options() -> BuildOptions {
    BuildOptions {
        full: false,
        limits: DeltaLimits { changed: 1.0, retired: 1.0 },
        threads: 1,
        memory_bytes: 32 << 20,
        built_at: "2026-11-25T01:30:00Z".to_owned(),
    }
}

type Records = BTreeMap<RecordKey, Vec<u8>>;

/// A member record as an entry names it: library, pack and slot.
type Served = (LibraryCode, u64, u32);

/// Everything that is in force.
#[derive(PartialEq)]
struct Seen {
    archives: BTreeMap<LibraryCode, Records>,
    // Id of each entry, with library, pack and slot of its members.
    served: Option<BTreeMap<String, Vec<Served>>>,
}

impl Seen {
    fn of(data: &Path) -> Self {
        let archive = Archive::open(data).unwrap();
        let mut archives = BTreeMap::new();
        for code in archive.libraries().unwrap() {
            let state = archive.library(&code).unwrap().state().unwrap();
            let record = |slot: &indexer::archive::Slot| (slot.key, slot.content.as_bytes().to_vec());
            archives.insert(code.clone(), state.slots.iter().map(record).collect());
            // Every record is there to be read.
            archive.library(&code).unwrap().write_as_received(&mut std::io::sink()).unwrap();
        }
        let generation = Generation::open_in_force(&data.join("catalogue")).unwrap();
        let served = generation.map(|generation| {
            let entry = |number| {
                let entry = generation.entry(number).unwrap();
                let members = entry.members.into_iter();
                let places = members.map(|member| (member.library, member.locator.pack, member.locator.slot));
                (entry.id.to_string(), places.collect())
            };
            generation.live().map(entry).collect()
        });
        Self { archives, served }
    }

    fn n_records(&self) -> usize {
        self.archives.values().map(BTreeMap::len).sum()
    }
}
