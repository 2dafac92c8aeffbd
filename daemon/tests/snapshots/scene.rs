//! A hub with a repository, and branches of it, each in a folder of its own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daemon::Writer;
use daemon::build::build;
use daemon::harvest::{Clock, Stop};
use daemon::import::{ImportSet, import};
use daemon::lock::Holder;
use daemon::settings::Settings;
use daemon::sync::Site;
use daemon::sync::carrier::{Carrier, Folder};
use daemon::sync::keys::{Beginning, begin};
use daemon::sync::publish::publish;
use daemon::sync::pull::{Manner, Pulled, pull};
use daemon::sync::status::pin_root;
use indexer::archive::ImportMode;
use indexer::bib::LibraryCode;
use indexer::files::{Disk, FileLayer};
use indexer::index;
use indexer::search::{Catalogue, Query};
use indexer::snapshot::tuf::Expiry;
use jiff::{SignedDuration, Timestamp};

/// A clock that is turned by hand.
pub(crate) struct Turned(Mutex<Timestamp>);

impl Turned {
    pub(crate) fn set(&self, text: &str) {
        *self.0.lock().unwrap() = text.parse().unwrap();
    }

    pub(crate) fn turn(&self, hours: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_hours(hours);
    }
}

impl Clock for Turned {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _how_long: Duration, stop: &Stop) -> bool {
        stop.is_asked()
    }
}

pub(crate) const NIGHT: &str = "2026-11-24T17:30:00Z";

/// A hub and what it has published.
pub(crate) struct Scene {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: Arc<Turned>,
    pub(crate) hub: Site,
    n_imports: u32,
}

impl Scene {
    /// A hub that has published one generation.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Turned(Mutex::new(NIGHT.parse().unwrap())));
        let hub = site(&folder.path().join("hub"), &clock, Arc::new(Disk));
        std::fs::create_dir_all(&hub.data_dir).unwrap();
        let mut scene = Self { folder, clock, hub, n_imports: 0 };
        scene.grow(0..60, "三国演义");
        begin(&scene.hub, &scene.repository(), &scene.beginning()).unwrap();
        scene.publish();
        scene
    }

    pub(crate) fn beginning(&self) -> Beginning {
        Beginning {
            root_keys: self.root_keys(),
            n_root_keys: 3,
            threshold: 2,
            new_publisher_key: false,
            new_root_keys: false,
        }
    }

    pub(crate) fn root_keys(&self) -> PathBuf {
        self.folder.path().join("safe")
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// Takes in records, so many as a night brings, and builds.
    pub(crate) fn grow(&mut self, numbers: std::ops::Range<u32>, title: &str) -> String {
        self.n_imports += 1;
        self.clock.turn(24);
        let file = self.folder.path().join(format!("{}.mrc", self.n_imports));
        let records: Vec<Vec<u8>> = numbers.map(|number| iso2709(number, title)).collect();
        std::fs::write(&file, records.concat()).unwrap();
        let clock: Arc<dyn Clock> = self.clock.clone();
        let writer =
            Writer::open(&self.hub.data_dir, &Settings::load(None).unwrap(), Holder::Command, clock).unwrap();
        let mode = if self.n_imports == 1 { ImportMode::Full } else { ImportMode::Delta };
        let set = ImportSet { library: LibraryCode::new("BJFU"), mode, paths: vec![file] };
        assert!(import(&writer, &set, &()).unwrap().run.state.is_good());
        build(&writer, false, &()).unwrap();
        in_force(&self.hub).unwrap()
    }

    pub(crate) fn publish(&self) -> String {
        publish(&self.hub, &self.repository(), &|_| {}).unwrap().generation
    }

    /// The same where the hub can no longer say what the night changed: the night before is gone from its disk.
    pub(crate) fn publish_as_files(&self) -> String {
        let catalogue = self.hub.data_dir.join("catalogue");
        for name in index::names_here(&catalogue)
            .into_iter()
            .filter(|name| Some(name) != in_force(&self.hub).as_ref())
        {
            std::fs::remove_dir_all(catalogue.join(name)).unwrap();
        }
        self.publish()
    }

    /// A branch that trusts the hub and has nothing yet.
    pub(crate) fn branch(&self, name: &str) -> Site {
        self.branch_of(name, &self.repository())
    }

    /// A branch that trusts the first root of a repository.
    pub(crate) fn branch_of(&self, name: &str, repository: &Path) -> Site {
        let branch = site(&self.folder.path().join(name), &self.clock, Arc::new(Disk));
        std::fs::create_dir_all(&branch.data_dir).unwrap();
        let root = std::fs::read(repository.join("metadata/1.root.json")).unwrap();
        pin_root(&branch, &root).unwrap();
        branch
    }

    /// A branch that has the generation that is published now.
    pub(crate) fn branch_with(&self, name: &str) -> Site {
        let branch = self.branch(name);
        pull_from(&branch, &self.repository()).unwrap();
        branch
    }
}

pub(crate) fn site(data_dir: &Path, clock: &Arc<Turned>, files: Arc<dyn FileLayer>) -> Site {
    let clock: Arc<dyn Clock> = clock.clone();
    Site { data_dir: data_dir.to_owned(), files, clock }
}

pub(crate) const MANNER: Manner<'_> =
    Manner { expiry: Expiry::Enforced, originals: true, budget: None, served: false, neighbours: &[] };

pub(crate) fn pull_from(branch: &Site, repository: &Path) -> daemon::Result<Pulled> {
    pull_by(branch, &Folder::new(repository))
}

pub(crate) fn pull_by(branch: &Site, carrier: &dyn Carrier) -> daemon::Result<Pulled> {
    pull(branch, carrier, MANNER, &Stop::default(), &|_| {})
}

pub(crate) fn in_force(site: &Site) -> Option<String> {
    index::name_in_force(&site.data_dir.join("catalogue"))
}

/// What readers are answered: the generation, and the ids found by some titles.
pub(crate) fn answers(site: &Site) -> (String, Vec<(u64, Vec<String>)>) {
    let catalogue = Catalogue::open(&site.data_dir.join("catalogue")).unwrap();
    let ask = |text: &str| {
        let (total, ids) = catalogue.ids(&Query { text: text.to_owned(), ..Query::default() }).unwrap();
        (total, ids.iter().map(ToString::to_string).collect())
    };
    (catalogue.generation().to_owned(), ["三国演义", "红楼梦", "水浒传"].map(ask).into())
}

/// Every file of the generation in force, by name.
pub(crate) fn files_of(site: &Site) -> std::collections::BTreeMap<String, Vec<u8>> {
    let dir = site.data_dir.join("catalogue").join(in_force(site).unwrap());
    let items = std::fs::read_dir(dir).unwrap().map(|item| item.unwrap());
    items.map(|item| (item.file_name().into_string().unwrap(), std::fs::read(item.path()).unwrap())).collect()
}

/// Copies a folder with everything in it.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in std::fs::read_dir(from).unwrap().map(|item| item.unwrap()) {
        let target = to.join(item.file_name());
        if item.path().is_dir() {
            copy_tree(&item.path(), &target);
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}

// A record of CNMARC in ISO 2709.
fn iso2709(number: u32, title: &str) -> Vec<u8> {
    let fields = [
        ("001", format!("{number:06}")),
        ("200", format!("1 \x1fa{title} {number}\x1ff罗贯中著")),
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

/// A generator of pseudo-random numbers.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }
}

/// An error with its causes.
pub(crate) fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text += &format!(": {inner}");
        cause = inner.source();
    }
    text
}
