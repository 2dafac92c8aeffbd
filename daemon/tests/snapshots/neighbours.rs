//! Machines of the own network that give files, and such that lie: what they have does not come over the line to the hub,
//! and whatever they send spoils nothing. And what a look costs that finds nothing new.

use std::cell::Cell;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daemon::harvest::{Clock, Stop};
use daemon::sync::Site;
use daemon::sync::carrier::{Carrier, Folder};
use daemon::sync::pull::{Manner, Pulled, dry_run, pull};
use daemon::sync::share::file_by_hash;
use daemon::sync::status;
use indexer::files::power_cut::{Cut, Loss, PowerCut, at_every_step};
use indexer::files::{Disk, FileLayer};
use indexer::index;
use jiff::Timestamp;

use crate::counting::Counting;
use crate::scene::{MANNER, Scene, answers, files_of, in_force, pull_by, site};

/// What a neighbour does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manners {
    Honest,
    HasNothing,
    Fails,
    SendsElsewhere,
    FlipsABit,
    SendsMore,
    NeverEnds,
    Dribbles,
    FallsSilent,
    /// Ends in the middle, but for files that are too short for it.
    BreaksOff,
    /// The same, of another file.
    BreaksOffWrong,
}

/// Files that are no longer than this never break off.
const SHORT: usize = 200;

/// A neighbour at an address of its own; it ends with the test.
struct Neighbour {
    address: String,
    /// What was asked for: a path, and from which byte on.
    asked: Arc<Mutex<Vec<(String, u64)>>>,
}

fn neighbour(of: &Site, manners: Manners) -> Neighbour {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (data_dir, log) = (of.data_dir.clone(), Arc::clone(&asked));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (data_dir, log) = (data_dir.clone(), Arc::clone(&log));
            std::thread::spawn(move || {
                let mut stream = stream.unwrap();
                let (path, from) = head_of(&mut stream);
                log.lock().unwrap().push((path.clone(), from));
                let hash = path.strip_prefix("/neighbour/").unwrap_or_default();
                let file = file_by_hash(&data_dir, hash).map(|path| fs::read(path).unwrap());
                // Whoever reads no further closes; that is no trouble of ours.
                let _ = answer(&mut stream, manners, file, from as usize);
            });
        }
    });
    Neighbour { address, asked }
}

fn head_of(stream: &mut TcpStream) -> (String, u64) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let from = head.lines().find_map(|line| line.strip_prefix("range: bytes=")?.strip_suffix('-'));
    (path, from.map_or(0, |from| from.parse().unwrap()))
}

fn answer(
    stream: &mut TcpStream,
    manners: Manners,
    file: Option<Vec<u8>>,
    from: usize,
) -> std::io::Result<()> {
    let plain = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let Some(mut file) = file.filter(|_| manners != Manners::HasNothing) else {
        return stream.write_all(plain("404 Not Found").as_bytes());
    };
    match manners {
        Manners::Fails => return stream.write_all(plain("500 Internal Server Error").as_bytes()),
        Manners::SendsElsewhere => {
            let away = plain("302 Found").replacen("\r\n", "\r\nLocation: http://127.0.0.1:9/\r\n", 1);
            return stream.write_all(away.as_bytes());
        }
        Manners::FlipsABit => file[0] ^= 1,
        Manners::BreaksOffWrong if file.len() > SHORT => file[0] ^= 1,
        Manners::SendsMore => file.insert(0, b'x'),
        _ => {}
    }
    let (whole, to) = (file.len(), file.len() - 1);
    let length = if manners == Manners::NeverEnds { usize::MAX >> 1 } else { whole - from };
    let status = match from {
        0 => "200 OK".to_owned(),
        _ => format!("206 Partial Content\r\nContent-Range: bytes {from}-{to}/{whole}"),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    match manners {
        Manners::NeverEnds => loop {
            stream.write_all(&[b'x'; 4096])?;
        },
        Manners::FallsSilent => {
            std::thread::sleep(Duration::from_secs(30));
            Ok(())
        }
        Manners::Dribbles => file.iter().try_for_each(|byte| {
            std::thread::sleep(Duration::from_millis(2));
            stream.write_all(&[*byte])
        }),
        Manners::BreaksOff | Manners::BreaksOffWrong if whole > SHORT => {
            stream.write_all(&file[from..whole / 2])
        }
        _ => stream.write_all(&file[from..]),
    }
}

fn pull_near(branch: &Site, carrier: &dyn Carrier, neighbours: &[String]) -> daemon::Result<Pulled> {
    let manner = Manner { neighbours, ..MANNER };
    pull(branch, carrier, manner, &Stop::default(), &|_| {})
}

#[test]
fn what_a_neighbour_has_comes_from_it_and_the_line_to_the_hub_carries_lists_alone() {
    let mut scene = Scene::new();
    let first = scene.branch_with("first");
    let second = scene.branch("second");
    let near = neighbour(&first, Manners::Honest);
    for night in 0..3 {
        if night > 0 {
            scene.grow(5 * night..5 * night + 9, "红楼梦");
            scene.publish();
            pull_by(&first, &Folder::new(&scene.repository())).unwrap();
        }
        let repository = Counting::new(&scene, false);
        // Not one byte may come over the dear line but lists, and what comes over the other is in no budget.
        let manner = Manner { neighbours: std::slice::from_ref(&near.address), budget: Some(0), ..MANNER };
        let told = Cell::new(0);
        let tell = |n| told.set(told.get() + n);
        let pulled = pull(&second, &repository, manner, &Stop::default(), &tell).unwrap();
        assert_eq!((repository.pieces.get(), pulled.bytes_fetched, told.get()), (0, 0, 0), "night {night}");
        assert!(pulled.bytes_from_neighbours > 500 && pulled.remarks.is_empty(), "night {night}: {pulled:?}");
        assert_eq!((pulled.way, files_of(&second)), ("files", files_of(&scene.hub)), "night {night}");
    }
    let archive = |site: &Site| fs::read_dir(site.data_dir.join("archive/BJFU/packs")).unwrap().count();
    assert_eq!(archive(&second), archive(&first), "original records too");
    let fares = status::of(&second.data_dir, Timestamp::UNIX_EPOCH).unwrap().unwrap();
    assert!(fares.bytes == 0 && fares.bytes_from_neighbours > 5000, "{fares:?}");
    assert!(!second.data_dir.join("sync/blocks").exists(), "nothing is left");
}

#[test]
fn a_look_that_finds_nothing_new_fetches_the_timestamp_alone() {
    let scene = Scene::new();
    let branch = scene.branch_with("branch");
    let look = || {
        let repository = Counting::new(&scene, true);
        pull_by(&branch, &repository).unwrap();
        repository.others.into_inner()
    };
    let least = ["metadata/2.root.json", "metadata/timestamp.json"];
    assert_eq!(look(), least);
    // What is kept is compared like what comes.
    fs::write(branch.data_dir.join("sync/manifest.zst"), "damaged").unwrap();
    assert!(look().iter().any(|name| name.starts_with("targets/")));
    assert_eq!(look(), least);
}

#[test]
fn what_no_neighbour_has_comes_by_the_shorter_way() {
    let mut scene = Scene::new();
    let (late, branch) = (scene.branch_with("late"), scene.branch_with("branch"));
    scene.grow(60..65, "红楼梦");
    scene.publish();
    let carrier = Folder::new(&scene.repository());
    let planned = dry_run(&branch, &carrier, MANNER).unwrap().plan.unwrap();
    let near = neighbour(&late, Manners::Honest);
    let pulled = pull_near(&branch, &carrier, std::slice::from_ref(&near.address)).unwrap();
    assert_eq!((pulled.way, pulled.bytes_fetched), ("packs", planned.bytes_to_fetch));
    assert_eq!((pulled.bytes_from_neighbours, files_of(&branch)), (0, files_of(&scene.hub)));
    assert!(!near.asked.lock().unwrap().is_empty());
}

#[test]
fn a_neighbour_that_lies_fails_or_dawdles_spoils_nothing() {
    let scene = Scene::new();
    let first = scene.branch_with("first");
    let whole = dry_run(&scene.branch("planned"), &Folder::new(&scene.repository()), MANNER);
    let whole = whole.unwrap().plan.unwrap().bytes_to_fetch;
    for (manners, said) in [
        (Manners::HasNothing, None),
        (Manners::Fails, Some("500")),
        (Manners::SendsElsewhere, Some("302")),
        (Manners::FlipsABit, Some("another file than was asked for")),
        (Manners::SendsMore, Some("another file than was asked for")),
        (Manners::NeverEnds, Some("another file than was asked for")),
        (Manners::Dribbles, Some("too slowly")),
        (Manners::FallsSilent, Some("silent")),
        (Manners::BreaksOff, Some("")),
        (Manners::BreaksOffWrong, Some("")),
    ] {
        let branch = scene.branch(&format!("{manners:?}"));
        let clock: Arc<dyn Clock> = Arc::new(Ticking(Mutex::new(0), scene.clock.clone()));
        let branch = Site { clock, ..branch };
        let near = neighbour(&first, manners);
        let carrier = Folder::new(&scene.repository());
        let pulled = pull_near(&branch, &carrier, std::slice::from_ref(&near.address)).unwrap();
        assert_eq!(files_of(&branch), files_of(&scene.hub), "{manners:?}");
        let remark = pulled.remarks.iter().find(|remark| remark.contains(&near.address));
        assert_eq!(remark.is_some(), said.is_some(), "{manners:?}: {:?}", pulled.remarks);
        assert!(
            remark.is_none_or(|remark| remark.contains(said.unwrap_or_default())),
            "{manners:?}: {remark:?}"
        );
        let n_asked = near.asked.lock().unwrap().len();
        match manners {
            Manners::HasNothing => assert!(n_asked > 10, "{n_asked}"),
            // Files that are too short to break off in the middle came.
            Manners::BreaksOff | Manners::BreaksOffWrong => assert!(pulled.bytes_fetched <= whole),
            _ => {
                assert_eq!((n_asked, pulled.bytes_fetched), (1, whole), "{manners:?}: once, and never again")
            }
        }
    }
    let branch = scene.branch("nobody there");
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let pulled = pull_near(&branch, &Folder::new(&scene.repository()), &[format!("http://{gone}")]).unwrap();
    assert_eq!((pulled.remarks.len(), pulled.bytes_fetched), (1, whole));
}

// A second passes at each look: who sends a byte at a time is slow.
struct Ticking(Mutex<u64>, Arc<crate::scene::Turned>);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        self.1.now()
    }

    fn monotonic(&self) -> Duration {
        let mut seconds = self.0.lock().unwrap();
        *seconds += 1;
        Duration::from_secs(*seconds)
    }

    fn sleep(&self, _how_long: Duration, stop: &Stop) -> bool {
        stop.is_asked()
    }
}

#[test]
fn what_broke_off_goes_on_in_the_middle_and_what_another_began_wrong_is_begun_anew() {
    let scene = Scene::new();
    let first = scene.branch_with("first");
    for begun in [Manners::BreaksOff, Manners::BreaksOffWrong] {
        let branch = scene.branch(&format!("{begun:?}"));
        let broken = neighbour(&first, begun);
        let cut = Counting::new(&scene, true);
        pull_near(&branch, &cut, std::slice::from_ref(&broken.address)).unwrap_err();
        let honest = neighbour(&first, Manners::Honest);
        let pulled = pull_near(&branch, &cut, std::slice::from_ref(&honest.address)).unwrap();
        assert_eq!((pulled.bytes_fetched, pulled.remarks.len()), (0, 0), "{begun:?}: {:?}", pulled.remarks);
        assert_eq!(files_of(&branch), files_of(&scene.hub), "{begun:?}");
        let asked = honest.asked.lock().unwrap();
        let middle: Vec<&String> = asked.iter().filter(|(_, from)| *from > 0).map(|(path, _)| path).collect();
        assert_eq!(middle.len(), 1, "{begun:?}: one file broke off: {asked:?}");
        let n_anew = asked.iter().filter(|(path, from)| *from == 0 && middle.contains(&path)).count();
        assert_eq!(n_anew, usize::from(begun == Manners::BreaksOffWrong), "{begun:?}: {asked:?}");
    }
    // Of two, the one that is left alone costs the other nothing.
    let branch = scene.branch("of two");
    let two = [neighbour(&first, Manners::FlipsABit).address, neighbour(&first, Manners::Honest).address];
    let pulled = pull_near(&branch, &Counting::new(&scene, true), &two).unwrap();
    assert_eq!((pulled.bytes_fetched, pulled.remarks.len()), (0, 1), "{:?}", pulled.remarks);
}

#[test]
fn power_goes_at_every_step_of_a_pull_from_a_neighbour() {
    let mut scene = Scene::new();
    let (first, branch) = (scene.branch_with("first"), scene.branch_with("branch"));
    let before = answers(&branch);
    scene.grow(5..9, "红楼梦");
    scene.publish();
    pull_by(&first, &Folder::new(&scene.repository())).unwrap();
    let (after, near) = (answers(&scene.hub), neighbour(&first, Manners::Honest));
    let cut_line = Counting::new(&scene, true);
    let over = |files: Arc<dyn FileLayer>| site(&branch.data_dir, &scene.clock, files);
    let from_it = |site: &Site| pull_near(site, &cut_line, std::slice::from_ref(&near.address));
    let act = |power: Arc<PowerCut>| from_it(&over(power)).is_ok();
    let n_places = at_every_step(&branch.data_dir, &[Loss::All, Loss::Seeded(7)], act, |cut: Cut| {
        let name = in_force(&branch).unwrap();
        assert!(name == after.0 || name == before.0 && !cut.promised, "{cut:?}: {name}");
        if cut.n_steps % 5 == 1 || cut.promised {
            from_it(&over(Arc::new(Disk))).unwrap();
            assert_eq!(answers(&branch), after, "{cut:?}");
        }
    });
    println!("neighbour: the power was cut at {} places", n_places.unwrap());
}

#[test]
fn only_what_a_generation_here_names_is_given() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    scene.grow(5..9, "红楼梦");
    scene.publish();
    let given = |hash: &str| file_by_hash(&branch.data_dir, hash).map(|path| fs::read(path).unwrap());
    let hash_of = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    for (name, bytes) in files_of(&branch) {
        assert_eq!(given(&hash_of(&bytes)).as_ref(), Some(&bytes), "{name}");
    }
    for pack in fs::read_dir(branch.data_dir.join("archive/BJFU/packs")).unwrap() {
        let bytes = fs::read(pack.unwrap().path()).unwrap();
        assert_eq!(given(&hash_of(&bytes)), Some(bytes));
    }
    let here = |path: &str| hash_of(&fs::read(branch.data_dir.join(path)).unwrap());
    let newest =
        scene.hub.data_dir.join("catalogue").join(in_force(&scene.hub).unwrap()).join(index::MANIFEST);
    let one = here(&format!("catalogue/{}/manifest.json", in_force(&branch).unwrap()));
    let refused = [
        here("catalogue/current"),
        here("sync/trusted.json"),
        here("sync/state.json"),
        hash_of(&fs::read(newest).unwrap()),
        one.to_uppercase(),
        one[..63].to_owned(),
        String::new(),
        "..".to_owned(),
        "../../sync/trusted.json".to_owned(),
        format!("../{}", &one[3..]),
    ];
    for refused in refused {
        assert_eq!(given(&refused), None, "{refused}");
    }
    // A link in a file's place leads nowhere.
    let catalogue = branch.data_dir.join("catalogue").join(in_force(&branch).unwrap());
    let file = fs::read_dir(&catalogue)
        .unwrap()
        .map(|item| item.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "ids"));
    let (file, bytes) = file.map(|path| (path.clone(), fs::read(path).unwrap())).unwrap();
    fs::rename(&file, branch.data_dir.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(branch.data_dir.join("elsewhere"), &file).unwrap();
    assert_eq!(given(&hash_of(&bytes)), None);
}
