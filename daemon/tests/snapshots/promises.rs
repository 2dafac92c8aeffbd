//! The promises of distribution, I1 to I10; I4 and I6 are in `broken`, where lines and disks break.

use std::cell::{Cell, RefCell};
use std::fs;
use std::time::Duration;

use daemon::Error;
use daemon::harvest::Stop;
use daemon::sync::carrier::{Carrier, Folder, Opened};
use daemon::sync::export::{export, leave_want};
use daemon::sync::keys::{Beginning, begin};
use daemon::sync::prune::{GRACE, prune};
use daemon::sync::pull::{Manner, dry_run, pull};
use daemon::sync::verify::{list, verify};
use daemon::sync::{status, switch};
use indexer::bib::LibraryCode;
use indexer::search::{Catalogue, Query};
use indexer::snapshot::tuf::Expiry;

use crate::counting::Counting;
use crate::scene::{Dice, MANNER, Scene, answers, copy_tree, files_of, in_force, pull_by, pull_from};

#[test]
fn i1_an_answer_comes_from_one_published_generation() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    let open = Catalogue::open(&branch.data_dir.join("catalogue")).unwrap();
    let before = open.generation().to_owned();
    let query = Query { text: "三国演义".to_owned(), ..Query::default() };
    let answered = open.ids(&query).unwrap();
    for night in 1..4 {
        scene.grow(night * 7..night * 7 + 9, "红楼梦");
        scene.publish();
        pull_from(&branch, &scene.repository()).unwrap();
        assert_eq!(in_force(&branch), in_force(&scene.hub));
        assert_eq!(answers(&branch), answers(&scene.hub), "night {night}");
    }
    assert_eq!(
        (open.generation(), open.ids(&query).unwrap()),
        (&*before, answered),
        "who was reading reads on"
    );
}

#[test]
fn i2_nothing_is_opened_that_the_pinned_root_does_not_vouch_for() {
    let scene = Scene::new();
    let branch = scene.branch("branch");
    let other = Scene::new();
    let refused = pull_from(&branch, &other.repository()).unwrap_err();
    assert!(matches!(refused, Error::Refused(_)), "{refused}");
    assert!(!branch.data_dir.join("catalogue").exists(), "not even a folder was made");
    let nobody = crate::scene::site(&scene.folder.path().join("nobody"), &scene.clock, branch.files.clone());
    assert!(matches!(pull_from(&nobody, &scene.repository()), Err(Error::NoRoot)));
    // One wrong bit in any piece, and nothing of it is opened.
    let flipped = scene.folder.path().join("flipped");
    copy_tree(&scene.repository(), &flipped);
    let mut pieces = Vec::new();
    for folder in fs::read_dir(flipped.join("objects")).unwrap() {
        pieces.extend(fs::read_dir(folder.unwrap().path()).unwrap().map(|piece| piece.unwrap().path()));
    }
    assert!(pieces.len() > 10);
    for (n, piece) in pieces.into_iter().enumerate() {
        // What came right before is kept, so each time it is another branch.
        let branch = scene.branch(&format!("branch-{n}"));
        let whole = fs::read(&piece).unwrap();
        let mut bytes = whole.clone();
        bytes[whole.len() / 2] ^= 4;
        fs::write(&piece, bytes).unwrap();
        let refused = pull_from(&branch, &flipped).unwrap_err();
        assert!(refused.to_string().contains("is not the file that was signed"), "{refused}");
        assert_eq!(in_force(&branch), None);
        fs::write(&piece, whole).unwrap();
    }
    pull_from(&branch, &flipped).unwrap();
    assert_eq!(files_of(&branch), files_of(&scene.hub));
}

#[test]
fn i3_what_is_trusted_never_gets_older() {
    let mut scene = Scene::new();
    let old = scene.folder.path().join("old");
    copy_tree(&scene.repository(), &old);
    scene.grow(5..9, "红楼梦");
    let newest = scene.publish();
    let branch = scene.branch_with("branch");
    let state = branch.data_dir.join("sync/state.json");
    for told in [Expiry::Enforced, Expiry::Told] {
        // A restart, and whatever else of the folder is put back from a copy or lost.
        fs::remove_file(&state).unwrap();
        let manner = Manner { expiry: told, ..MANNER };
        let refused = pull(&branch, &Folder::new(&old), manner, &Stop::default(), &|_| {}).unwrap_err();
        assert!(refused.to_string().contains("went back"), "{refused}");
        assert_eq!(in_force(&branch).as_ref(), Some(&newest));
    }
    // Going back by hand is local: it lowers nothing that is trusted.
    let first = list(&branch, &Folder::new(&scene.repository())).unwrap().remove(0).generation;
    assert!(matches!(switch::pin(&branch, &first), Err(Error::NotHere { .. })));
    pull_from(&branch, &scene.repository()).unwrap();
    assert!(pull_from(&branch, &old).is_err());
}

#[test]
fn i5_no_more_comes_than_is_missing() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    scene.grow(5..9, "红楼梦");
    scene.publish();
    let counted = Counting::new(&scene, false);
    let planned = dry_run(&branch, &counted, MANNER).unwrap().plan.unwrap();
    assert!(planned.reuse.len() > 5 && !planned.fetch.is_empty());
    assert!(in_force(&branch).is_some(), "looking changes nothing");
    let metadata = counted.bytes.replace(0);
    let pulled = pull_by(&branch, &counted).unwrap();
    assert_eq!(pulled.bytes_fetched, planned.bytes_to_fetch);
    assert_eq!(
        counted.bytes.get(),
        planned.bytes_to_fetch + metadata,
        "the lists and the missing pieces, no byte more"
    );
    counted.bytes.set(0);
    assert_eq!(pull_by(&branch, &counted).unwrap().bytes_fetched, 0);
    assert!(counted.bytes.get() <= metadata);
}

#[test]
fn i7_the_same_bytes_on_every_carrier() {
    let mut scene = Scene::new();
    let [by_folder, by_stick] = ["folder", "stick-branch"].map(|name| scene.branch_with(name));
    let (stick, code) = (scene.folder.path().join("stick"), LibraryCode::new("BJFU"));
    fs::create_dir(&stick).unwrap();
    leave_want(&by_stick, &stick, &code, true).unwrap();
    scene.grow(5..9, "红楼梦");
    scene.publish();
    pull_from(&by_folder, &scene.repository()).unwrap();
    let exported = export(&scene.hub, &scene.repository(), &stick, Some(&code), &|_| {}).unwrap();
    let whole =
        export(&scene.hub, &scene.repository(), &scene.folder.path().join("whole"), None, &|_| {}).unwrap();
    assert!(
        exported.since.is_some() && exported.bytes < whole.bytes,
        "only what is missing: {exported:?} of {whole:?}"
    );
    let again = export(&scene.hub, &scene.repository(), &stick, Some(&code), &|_| {}).unwrap();
    assert!(again.bytes_there > 0 && again.bytes < exported.bytes, "{again:?}");
    // A stick travels for a month; what is old is told, what is older than is known is refused.
    scene.clock.turn(24 * 400);
    assert!(pull_from(&by_stick, &stick).unwrap_err().to_string().contains("held until"));
    let manner = Manner { expiry: Expiry::Told, ..MANNER };
    let pulled = pull(&by_stick, &Folder::new(&stick), manner, &Stop::default(), &|_| {}).unwrap();
    assert!(pulled.remarks.iter().any(|remark| remark.contains("held until")), "{:?}", pulled.remarks);
    assert_eq!(files_of(&by_stick), files_of(&by_folder));
    assert_eq!(files_of(&by_stick), files_of(&scene.hub));
}

#[test]
fn i8_nothing_goes_that_anybody_may_still_ask_for() {
    let mut scene = Scene::new();
    let repository = scene.repository();
    let mut dice = Dice(46);
    let branches: Vec<_> = (0..3).map(|n| scene.branch(&format!("branch-{n}"))).collect();
    let (mut n_removed, mut n_pulls, mut n_hindered) = (0, 0, 0);
    for round in 0..40u32 {
        scene.publish();
        match dice.below(4) {
            0 => {
                scene.grow(round..round + 3, ["红楼梦", "水浒传", "三国演义"][round as usize % 3]);
                scene.publish();
            }
            1 => n_removed += prune(&scene.hub, &repository, GRACE).unwrap().removed,
            _ => {
                // In the middle of it the hub goes on: it prunes, days pass.
                let branch = &branches[dice.below(3) as usize];
                let meddling =
                    Meddling { scene: &scene, dice: RefCell::new(Dice(u64::from(round))), n: Cell::new(0) };
                n_pulls += 1;
                if let Err(error) = pull_by(branch, &meddling) {
                    n_hindered += 1;
                    println!("round {round}: {error}");
                }
                pull_from(branch, &repository).unwrap();
                assert_eq!(
                    answers(branch).0,
                    list(&scene.hub, &Folder::new(&repository)).unwrap().pop().unwrap().generation
                );
            }
        }
        let found = verify(&scene.hub, &Folder::new(&repository)).unwrap();
        assert_eq!(found.faults, Vec::<String>::new(), "round {round}");
    }
    assert_eq!(n_hindered, 0, "of {n_pulls} pulls");
    // Enough nights later the oldest are out of the list, and days after that out of the repository.
    for night in 0..16u32 {
        scene.grow(night..night + 1, "水浒传");
        scene.publish();
    }
    let marked = prune(&scene.hub, &repository, GRACE).unwrap();
    scene.clock.turn(24 * 8);
    n_removed += prune(&scene.hub, &repository, GRACE).unwrap().removed;
    assert!(marked.marked > 0 && n_removed > 0, "{marked:?}, {n_removed}");
    assert!(verify(&scene.hub, &Folder::new(&repository)).unwrap().faults.is_empty());
}

struct Meddling<'a> {
    scene: &'a Scene,
    dice: RefCell<Dice>,
    n: Cell<u32>,
}

impl Carrier for Meddling<'_> {
    fn place(&self) -> &str {
        "meddled with"
    }

    fn is_a_line(&self) -> bool {
        false
    }

    fn open(&self, name: &str, at: u64) -> daemon::Result<Option<Opened>> {
        if self.dice.borrow_mut().below(8) == 0 && self.n.get() < 6 {
            self.n.set(self.n.get() + 1);
            self.scene.clock.turn(24);
            prune(&self.scene.hub, &self.scene.repository(), GRACE).unwrap();
        }
        Folder::new(&self.scene.repository()).open(name, at)
    }
}

#[test]
fn i9_age_and_source_are_said() {
    let scene = Scene::new();
    assert_eq!(status::of(&scene.folder.path().join("nowhere"), daemon_now(&scene)).unwrap(), None);
    let branch = scene.branch_with("branch");
    let now = daemon_now(&scene);
    let fares = status::of(&branch.data_dir, now).unwrap().unwrap();
    assert_eq!(
        (fares.state, fares.freshness, fares.is_reached, fares.days_old(now)),
        ("ok", "fresh", true, Some(0))
    );
    assert_eq!(fares.source.as_deref(), Some(&*scene.repository().display().to_string()));
    scene.clock.turn(24 * 20);
    pull_from(&branch, &scene.folder.path().join("no stick")).unwrap_err();
    let now = daemon_now(&scene);
    let fares = status::of(&branch.data_dir, now).unwrap().unwrap();
    assert_eq!(
        (fares.state, fares.freshness, fares.is_reached, fares.days_old(now)),
        ("failed", "stale", false, Some(20))
    );
    assert!(fares.reason.unwrap().contains("is the stick plugged in?"));
}

fn daemon_now(scene: &Scene) -> jiff::Timestamp {
    daemon::harvest::Clock::now(&*scene.clock)
}

#[test]
fn i10_a_bad_generation_never_sticks() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    let before = in_force(&branch).unwrap();
    scene.grow(5..9, "红楼梦");
    let bad = scene.publish();
    let served = Manner { served: true, ..MANNER };
    pull(&branch, &Folder::new(&scene.repository()), served, &Stop::default(), &|_| {}).unwrap();
    // Twice it ends without being told to.
    assert_eq!(switch::at_start(&branch).unwrap(), None);
    assert_eq!(in_force(&branch).as_ref(), Some(&bad));
    assert_eq!(switch::at_start(&branch).unwrap().as_ref(), Some(&before));
    assert_eq!(answers(&branch).0, before);
    assert!(matches!(pull_from(&branch, &scene.repository()), Err(Error::BadGeneration { .. })));
    // The next one comes in force as ever, and ends that were asked for count nothing.
    scene.grow(9..12, "红楼梦");
    let next = scene.publish();
    pull(&branch, &Folder::new(&scene.repository()), served, &Stop::default(), &|_| {}).unwrap();
    for _ in 0..5 {
        switch::at_stop(&branch).unwrap();
        assert_eq!(switch::at_start(&branch).unwrap(), None);
    }
    // A file that is damaged before it has proven itself leads back at once.
    let dir = branch.data_dir.join("catalogue").join(&next);
    let entries = fs::read_dir(&dir).unwrap().map(|item| item.unwrap().path());
    let file = entries.filter(|path| path.extension().is_some_and(|e| e == "term")).min().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[0] ^= 1;
    fs::remove_file(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    assert_eq!(switch::at_start(&branch).unwrap().as_ref(), Some(&before));
}

#[test]
fn a_person_chooses_the_generation_and_lets_go_again() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    let first = in_force(&branch).unwrap();
    scene.grow(5..9, "红楼梦");
    let second = scene.publish();
    pull_from(&branch, &scene.repository()).unwrap();
    switch::pin(&branch, &first).unwrap();
    assert_eq!(answers(&branch).0, first);
    scene.grow(9..12, "红楼梦");
    scene.publish();
    assert!(matches!(pull_from(&branch, &scene.repository()), Err(Error::Pinned { .. })));
    assert_eq!(switch::release(&branch).unwrap().as_ref(), Some(&second), "the newest that is here");
    pull_from(&branch, &scene.repository()).unwrap();
    assert_eq!(in_force(&branch), in_force(&scene.hub));
}

#[test]
fn keys_change_and_nobody_is_left_behind() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    let repository = scene.repository();
    let away = scene.folder.path().join("away");
    let beginning = Beginning { new_publisher_key: true, ..scene.beginning() };
    // Without the root keys there is no new root; one of three is too few.
    let refused = begin(&scene.hub, &repository, &Beginning { root_keys: away.clone(), ..beginning.clone() });
    assert!(matches!(refused, Err(Error::NoRootKeys { .. })), "{refused:?}");
    fs::create_dir(&away).unwrap();
    for n in [2, 3] {
        fs::rename(scene.root_keys().join(format!("root-{n}.key")), away.join(format!("root-{n}.key")))
            .unwrap();
    }
    let refused = begin(&scene.hub, &repository, &beginning).unwrap_err();
    assert!(refused.to_string().contains("1 of the 2 signatures"), "{refused}");
    fs::rename(away.join("root-3.key"), scene.root_keys().join("root-3.key")).unwrap();
    let begun = begin(&scene.hub, &repository, &beginning).unwrap();
    assert_eq!(begun.version, 2);
    scene.grow(5..9, "红楼梦");
    let newest = scene.publish();
    pull_from(&branch, &repository).unwrap();
    assert_eq!(in_force(&branch).as_ref(), Some(&newest));
    // Who was away the whole time follows from the first root on.
    assert_eq!(in_force(&scene.branch_with("away-branch")).as_ref(), Some(&newest));
}

#[test]
fn a_clock_that_stands_wrong_is_no_reason_to_stop() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    let right = daemon_now(&scene).to_string();
    scene.grow(5..9, "红楼梦");
    scene.publish();
    let now = daemon_now(&scene).to_string();
    for (wrong, expect) in [("2040-01-01T00:00:00Z", "held until"), ("1990-01-01T00:00:00Z", "")] {
        scene.clock.set(wrong);
        let before = answers(&branch);
        match pull_from(&branch, &scene.repository()) {
            // The battery is dead: how fresh it is cannot be judged, what came later still comes.
            Ok(pulled) => {
                assert!(pulled.remarks[0].contains("cannot be judged"), "{wrong}: {:?}", pulled.remarks)
            }
            Err(error) => {
                assert!(!expect.is_empty() && error.to_string().contains(expect), "{wrong}: {error}");
                assert_eq!(answers(&branch), before, "it goes on answering");
            }
        }
    }
    scene.clock.set(&now);
    assert!(right < now);
    assert!(
        pull_from(&branch, &scene.repository()).is_ok(),
        "the clock stood in 2040 once and left no trace"
    );
    assert_eq!(in_force(&branch), in_force(&scene.hub));
}

#[test]
fn a_timestamp_is_said_again_before_it_holds_no_longer() {
    let scene = Scene::new();
    let branch = scene.branch_with("branch");
    scene.clock.turn(24 * 13);
    scene.publish();
    scene.clock.turn(24 * 7);
    pull_from(&branch, &scene.repository()).unwrap();
    scene.clock.turn(24 * 30);
    assert!(pull_from(&branch, &scene.repository()).is_err(), "nobody kept it up for a month");
    assert_eq!(prune(&scene.hub, &scene.repository(), Duration::ZERO).unwrap().removed, 0);
}
