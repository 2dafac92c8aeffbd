//! Lines that break, disks that fill up, power that goes: the old generation is served or the new one, and the next
//! pull goes on where this one was.
//!
//! A few hundred cuts of the line by default; `LIANMU_CUTS` says how many.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{self, Read};
use std::sync::Arc;

use daemon::Error;
use daemon::harvest::Stop;
use daemon::sync::carrier::{Carrier, Folder, Opened};
use daemon::sync::pull::{Manner, pull};
use daemon::sync::{Site, switch};
use indexer::files::full_disk::FullDisk;
use indexer::files::power_cut::{Cut, Loss, PowerCut, at_every_step};
use indexer::files::{Disk, FileLayer};

use crate::scene::{Dice, MANNER, Scene, answers, copy_tree, files_of, in_force, pull_by, pull_from, site};

/// A line that breaks at random bytes.
struct Breaking {
    inner: Folder,
    dice: RefCell<Dice>,
    // Breaks that are still to come.
    left: Cell<u32>,
    // A break comes after so many bytes at most.
    most: u64,
}

struct BreakingFile {
    inner: Box<dyn Read>,
    left: u64,
}

impl Carrier for Breaking {
    fn place(&self) -> &str {
        "a bad line"
    }

    fn is_a_line(&self) -> bool {
        true
    }

    fn open(&self, name: &str, at: u64) -> daemon::Result<Option<Opened>> {
        let Some(opened) = self.inner.open(name, at)? else { return Ok(None) };
        // Lists are asked for again by the next pull; it is the pieces that are resumed.
        if self.left.get() == 0 || !name.starts_with("objects/") {
            return Ok(Some(opened));
        }
        self.left.set(self.left.get() - 1);
        let left = 1 + self.dice.borrow_mut().below(self.most);
        Ok(Some(Opened { at: opened.at, bytes: Box::new(BreakingFile { inner: opened.bytes, left }) }))
    }
}

impl Read for BreakingFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = self.inner.read(&mut buffer[..most])?;
        self.left -= n as u64;
        Ok(n)
    }
}

#[test]
fn i4_a_line_that_breaks_at_any_byte_costs_nothing_that_was_there() {
    let n_cuts = std::env::var("LIANMU_CUTS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let scene = Scene::new();
    let branch = scene.branch("branch");
    let line = Breaking {
        inner: Folder::new(&scene.repository()),
        dice: RefCell::new(Dice(46)),
        left: Cell::new(n_cuts),
        // The more cuts, the less comes between two of them.
        most: 9_000 / u64::from(n_cuts.max(1)),
    };
    let planned = daemon::sync::pull::dry_run(&branch, &line, MANNER).unwrap().plan.unwrap();
    let pulled = pull_by(&branch, &line).unwrap();
    let n_happened = n_cuts - line.left.get();
    println!("{n_happened} cuts in {} bytes", planned.bytes_to_fetch);
    assert!(n_happened >= n_cuts.min(200), "only {n_happened} cuts");
    assert_eq!(pulled.bytes_fetched, planned.bytes_to_fetch, "every byte came once");
    assert_eq!(files_of(&branch), files_of(&scene.hub));
}

#[test]
fn bytes_of_a_day_are_used_up_and_the_next_day_goes_on() {
    let scene = Scene::new();
    let branch = scene.branch("branch");
    let carrier = Folder::new(&scene.repository());
    let mut days = 0;
    loop {
        days += 1;
        let manner = Manner { budget: Some(900), ..MANNER };
        match pull(&branch, &carrier, manner, &Stop::default(), &|_| {}) {
            Ok(_) => break,
            Err(Error::Budget) => assert_eq!(in_force(&branch), None),
            Err(error) => panic!("day {days}: {error}"),
        }
    }
    assert!(days > 5, "{days} days");
    assert_eq!(files_of(&branch), files_of(&scene.hub));
}

#[test]
fn a_stop_is_heard_and_what_came_stays() {
    let scene = Scene::new();
    let branch = scene.branch("branch");
    let stop = Stop::default();
    let came = Cell::new(0u64);
    let tell = |n: u64| {
        came.set(came.get() + n);
        if came.get() > 2000 {
            stop.ask();
        }
    };
    let carrier = Folder::new(&scene.repository());
    let whole = daemon::sync::pull::dry_run(&branch, &carrier, MANNER).unwrap().plan.unwrap().bytes_to_fetch;
    assert!(matches!(pull(&branch, &carrier, MANNER, &stop, &tell), Err(Error::Stopped)));
    let pulled = pull_by(&branch, &carrier).unwrap();
    assert_eq!(pulled.bytes_fetched + came.get(), whole);
}

const LOSSES: [Loss; 3] = [Loss::All, Loss::Zeros, Loss::Seeded(7)];

#[test]
fn i4_power_goes_at_every_step_of_a_pull_and_a_switch() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    let before = answers(&branch);
    scene.grow(5..9, "红楼梦");
    scene.publish();
    let after = answers(&scene.hub);
    let repository = scene.repository();
    let over = |files: Arc<dyn FileLayer>| site(&branch.data_dir, &scene.clock, files);
    let act = |power: Arc<PowerCut>| pull_from(&over(power), &repository).is_ok();
    let whole = PowerCut::never(&branch.data_dir).unwrap();
    let n_places = at_every_step(&branch.data_dir, &LOSSES, act, |cut: Cut| {
        let name = in_force(&branch).unwrap();
        assert!(name == after.0 || name == before.0 && !cut.promised, "{cut:?}: {name}");
        // Opening and asking takes a while: at every third place.
        if cut.n_steps % 3 == 1 || cut.promised {
            assert_eq!(
                answers(&branch),
                if name == after.0 { after.clone() } else { before.clone() },
                "{cut:?}"
            );
        }
        if matches!(cut.loss, Loss::Seeded(_)) && cut.n_steps % 9 == 2 {
            pull_from(&over(Arc::new(Disk)), &repository).unwrap();
            assert_eq!(answers(&branch), after, "{cut:?}: it does not go on");
        }
    });
    println!("pull: the power was cut at {} places, with {} losses each", n_places.unwrap(), LOSSES.len());

    whole.lose(Loss::Nothing).unwrap();
    pull_from(&branch, &repository).unwrap();
    let act = |power: Arc<PowerCut>| switch::pin(&over(power), &before.0).is_ok();
    let n_places = at_every_step(&branch.data_dir, &LOSSES, act, |cut: Cut| {
        let found = answers(&branch);
        assert!(found == before || found == after && !cut.promised, "{cut:?}: {}", found.0);
    });
    println!("switch: the power was cut at {} places, with {} losses each", n_places.unwrap(), LOSSES.len());
}

#[test]
fn power_goes_at_every_step_of_a_publication() {
    let mut scene = Scene::new();
    scene.grow(5..9, "红楼梦");
    // Repository and catalogue lie below one root, so that all of it is cut at once.
    let root = scene.folder.path().join("root");
    copy_tree(&scene.hub.data_dir.join("catalogue"), &root.join("catalogue"));
    copy_tree(&scene.hub.data_dir.join("archive"), &root.join("archive"));
    copy_tree(&scene.hub.data_dir.join("keys"), &root.join("keys"));
    copy_tree(&scene.repository(), &root.join("repository"));
    let repository = root.join("repository");
    let over = |files: Arc<dyn FileLayer>| site(&root, &scene.clock, files);
    let steady = || daemon::sync::publish::publish(&over(Arc::new(Disk)), &repository, &|_| {});
    let newest = answers(&scene.hub).0;
    let mut n_checks = 0;
    let act =
        |power: Arc<PowerCut>| daemon::sync::publish::publish(&over(power), &repository, &|_| {}).is_ok();
    let n_places = at_every_step(&root, &[Loss::Seeded(7)], act, |cut: Cut| {
        // A reader at every place would take minutes.
        if cut.n_steps % 9 != 4 && !cut.promised {
            return;
        }
        n_checks += 1;
        let branch = scene.branch_of(&format!("reader-{n_checks}"), &repository);
        pull_from(&branch, &repository).unwrap();
        let found = in_force(&branch).unwrap();
        assert!(found == newest || !cut.promised, "{cut:?}: {found}");
        steady().unwrap();
        pull_from(&branch, &repository).unwrap();
        assert_eq!(in_force(&branch).as_ref(), Some(&newest), "{cut:?}");
        fs::remove_dir_all(&branch.data_dir).unwrap();
    });
    println!("publish: the power was cut at {} places, {n_checks} of them looked at", n_places.unwrap());
}

#[test]
fn i6_a_disk_that_is_full_at_any_write_goes_on_serving() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    let before = answers(&branch);
    scene.grow(5..9, "红楼梦");
    scene.publish();
    let after = answers(&scene.hub);
    let mut n_full = 0;
    for n_writes in 0.. {
        let folder = scene.folder.path().join(format!("full-{n_writes}"));
        copy_tree(&branch.data_dir, &folder);
        let full: Site = site(&folder, &scene.clock, Arc::new(FullDisk::with_room(n_writes)));
        let outcome = pull_from(&full, &scene.repository());
        let name = in_force(&full).unwrap();
        assert!(name == before.0 || name == after.0, "after {n_writes} writes {name} is served");
        if n_writes % 3 == 1 || outcome.is_ok() {
            let expect = if name == after.0 { &after } else { &before };
            assert_eq!(&answers(&full), expect, "after {n_writes} writes");
        }
        if outcome.is_ok() {
            break;
        }
        n_full += 1;
        if n_writes % 4 != 3 {
            fs::remove_dir_all(&folder).unwrap();
            continue;
        }
        let space = site(&folder, &scene.clock, Arc::new(Disk));
        pull_from(&space, &scene.repository()).unwrap();
        assert_eq!(answers(&space), after, "after {n_writes} writes and more room");
        fs::remove_dir_all(&folder).unwrap();
    }
    println!("the disk was full at {n_full} places");
    assert!(n_full > 50, "{n_full}");
}
