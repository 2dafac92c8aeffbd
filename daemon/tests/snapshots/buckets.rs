//! Repositories in a bucket: copied there in an order that may be cut anywhere, read from there as from elsewhere.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use daemon::Error;
use daemon::settings::BucketAccess;
use daemon::sync::bucket::Bucket;
use daemon::sync::carrier::{Carrier, Folder, Opened, carrier_of};
use daemon::sync::mirror::{self, Depot, mirror};
use daemon::sync::prune::GRACE;
use daemon::sync::pull::dry_run;
use daemon::sync::verify::{list, verify};
use indexer::snapshot::object_name;

use crate::moto::moto;
use crate::scene::{MANNER, Scene, answers, copy_tree, files_of, in_force, pull_by, pull_from, said};

/// The name of the key, and what must stand in no message.
const KEY: &str = "lianmu-key";
const SECRET: &str = "a secret that nobody prints";

fn access_to(endpoint: &str, folder: &Path) -> BucketAccess {
    let secret_file = folder.join("s3.secret");
    std::fs::write(&secret_file, format!("{SECRET}\n")).unwrap();
    BucketAccess {
        endpoint: Some(endpoint.to_owned()),
        access_key: Some(KEY.to_owned()),
        secret_file: Some(secret_file),
        ..BucketAccess::default()
    }
}

/// A place in memory that takes whole files.
#[derive(Default)]
struct Shelf(RefCell<BTreeMap<String, Vec<u8>>>);

impl Carrier for Shelf {
    fn place(&self) -> &str {
        "the shelf"
    }

    fn is_a_line(&self) -> bool {
        true
    }

    fn open(&self, name: &str, at: u64) -> daemon::Result<Option<Opened>> {
        let bytes = self.0.borrow().get(name).map(|bytes| bytes[at as usize..].to_vec());
        Ok(bytes.map(|bytes| Opened { at, bytes: Box::new(Cursor::new(bytes)) }))
    }
}

impl Depot for Shelf {
    fn names(&self) -> daemon::Result<BTreeMap<String, u64>> {
        Ok(self.0.borrow().iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> daemon::Result<()> {
        self.0.borrow_mut().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) -> daemon::Result<()> {
        self.0.borrow_mut().remove(name);
        Ok(())
    }
}

/// A way to a place that lets so many files through and breaks then for good.
struct Cut<'a> {
    inner: &'a dyn Depot,
    left: Cell<usize>,
    last: RefCell<String>,
}

impl<'a> Cut<'a> {
    fn after(left: usize, inner: &'a dyn Depot) -> Self {
        Self { inner, left: Cell::new(left), last: RefCell::default() }
    }
}

impl Carrier for Cut<'_> {
    fn place(&self) -> &str {
        self.inner.place()
    }

    fn is_a_line(&self) -> bool {
        true
    }

    fn open(&self, name: &str, at: u64) -> daemon::Result<Option<Opened>> {
        self.inner.open(name, at)
    }
}

impl Depot for Cut<'_> {
    fn names(&self) -> daemon::Result<BTreeMap<String, u64>> {
        self.inner.names()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> daemon::Result<()> {
        if self.left.get() == 0 {
            return Err(Error::Line { place: self.place().to_owned(), reason: "it was cut".to_owned() });
        }
        self.left.set(self.left.get() - 1);
        self.last.replace(name.to_owned());
        self.inner.put(name, bytes)
    }

    fn remove(&self, name: &str) -> daemon::Result<()> {
        self.inner.remove(name)
    }
}

// A night's copy is cut after every one of its files; a reader comes by each time. The files that were put.
fn copied_with_a_cut_after_every_file(scene: &mut Scene, depot: &dyn Depot) -> Vec<String> {
    mirror(&scene.hub, &scene.repository(), depot, &|_| {}).unwrap();
    let reader = scene.branch("reader");
    pull_by(&reader, depot).unwrap();
    let before = answers(&reader);
    scene.grow(30..70, "红楼梦");
    scene.publish_as_files();
    let (mut put, mut left, mut n) = (Vec::new(), 1, 0);
    loop {
        let cut = Cut::after(left, depot);
        let outcome = mirror(&scene.hub, &scene.repository(), &cut, &|_| {});
        let last = cut.last.take();
        put.push(last.clone());
        // Lists are put anew each time: what follows them is reached by letting more through.
        left += usize::from(last.ends_with(".targets.json") || last.ends_with(".snapshot.json"));
        if outcome.is_ok() {
            break;
        }
        n += 1;
        let passer_by = scene.folder.path().join(format!("passer-by-{n}"));
        copy_tree(&reader.data_dir, &passer_by);
        let passer_by = crate::scene::site(&passer_by, &scene.clock, reader.files.clone());
        pull_by(&passer_by, depot).unwrap();
        assert_eq!(answers(&passer_by), before, "after {put:?}");
        if !last.starts_with("metadata/") && n > 1 {
            continue;
        }
        let newcomer = scene.branch(&format!("newcomer-{n}"));
        pull_by(&newcomer, depot).unwrap();
        assert_eq!(answers(&newcomer), before, "after {put:?}");
    }
    assert_eq!(put.last().unwrap(), "metadata/timestamp.json", "{put:?}");
    pull_by(&reader, depot).unwrap();
    assert_eq!(files_of(&reader), files_of(&scene.hub));
    put
}

#[test]
fn a_copy_cut_anywhere_leaves_the_old_generation_and_the_next_one_finishes_it() {
    let put = copied_with_a_cut_after_every_file(&mut Scene::new(), &Shelf::default());
    let kinds = ["objects/", "targets/", ".targets.json", ".snapshot.json", "timestamp.json"];
    let first = kinds.map(|kind| put.iter().position(|name| name.contains(kind)).unwrap());
    assert!(first.is_sorted(), "{put:?}");
}

#[test]
fn what_another_hub_put_there_stays() {
    let (scene, other, shelf) = (Scene::new(), Scene::new(), Shelf::default());
    mirror(&other.hub, &other.repository(), &shelf, &|_| {}).unwrap();
    let before = shelf.0.borrow().clone();
    let refused = mirror(&scene.hub, &scene.repository(), &shelf, &|_| {}).unwrap_err().to_string();
    assert!(refused.contains("another repository lies there"), "{refused}");
    let refused = mirror::prune(&scene.hub, &scene.repository(), &shelf, GRACE).unwrap_err().to_string();
    assert!(refused.contains("snapshot publish"), "{refused}");
    assert_eq!(*shelf.0.borrow(), before);
}

#[test]
fn a_hub_that_was_put_back_does_not_put_its_readers_back() {
    let (mut scene, shelf) = (Scene::new(), Shelf::default());
    let old = scene.folder.path().join("old");
    copy_tree(&scene.repository(), &old);
    scene.grow(60..65, "红楼梦");
    scene.publish();
    mirror(&scene.hub, &scene.repository(), &shelf, &|_| {}).unwrap();
    let before = shelf.0.borrow().clone();
    let refused = mirror(&scene.hub, &old, &shelf, &|_| {}).unwrap_err().to_string();
    assert!(refused.contains("newer list"), "{refused}");
    assert_eq!(*shelf.0.borrow(), before);
}

#[test]
fn what_is_not_needed_goes_from_a_copy_in_two_steps_too() {
    let (mut scene, shelf) = (Scene::new(), Shelf::default());
    mirror(&scene.hub, &scene.repository(), &shelf, &|_| {}).unwrap();
    shelf.put("objects/00/stray", b"12345").unwrap();
    shelf.put("notes.txt", b"not of a repository").unwrap();
    scene.grow(60..65, "红楼梦");
    scene.publish();
    mirror(&scene.hub, &scene.repository(), &shelf, &|_| {}).unwrap();
    let first = mirror::prune(&scene.hub, &scene.repository(), &shelf, GRACE).unwrap();
    // The stray piece, and the lists of the night before.
    assert_eq!((first.marked, first.removed), (3, 0));
    scene.clock.turn(24);
    assert_eq!(mirror::prune(&scene.hub, &scene.repository(), &shelf, GRACE).unwrap(), first);
    scene.clock.turn(24 * 7);
    scene.publish();
    mirror(&scene.hub, &scene.repository(), &shelf, &|_| {}).unwrap();
    let pruned = mirror::prune(&scene.hub, &scene.repository(), &shelf, GRACE).unwrap();
    assert_eq!(pruned.removed, 3);
    let left = shelf.names().unwrap();
    assert!(!left.contains_key("objects/00/stray") && left.contains_key("notes.txt"), "{left:?}");
    assert_eq!(verify(&scene.hub, &shelf).unwrap().faults, Vec::<String>::new());
    pull_by(&scene.branch("branch"), &shelf).unwrap();
}

#[test]
fn a_store_gives_out_a_repository_as_the_hub_does() {
    let mut scene = Scene::new();
    let Some((running, endpoint)) = moto() else { return };
    let access = access_to(&endpoint, scene.folder.path());
    let folder = scene.folder.path().to_owned();
    let bucket = |address: &str| Bucket::of(address, &access, &folder).unwrap();
    let depot = bucket("s3://union/catalogue");
    copied_with_a_cut_after_every_file(&mut scene, &depot);
    for n in 0..2 {
        scene.grow(80 + 5 * n..85 + 5 * n, "水浒传");
        scene.publish();
        let copied = mirror(&scene.hub, &scene.repository(), &depot, &|_| {}).unwrap();
        assert!(copied.files > 3, "{copied:?}");
        let again = mirror(&scene.hub, &scene.repository(), &depot, &|_| {}).unwrap();
        assert_eq!((again.files, again.bytes), (0, 0), "everything is there already");
    }
    assert_eq!(verify(&scene.hub, &depot).unwrap().faults, Vec::<String>::new());
    let listed = |carrier: &dyn Carrier| list(&scene.hub, carrier).unwrap();
    assert_eq!(listed(&depot), listed(&Folder::new(&scene.repository())));

    // The same way, the same bytes, as out of the folder; and in the middle of a piece where the line broke.
    let branch = scene.branch("by-wire");
    let carrier = carrier_of("s3://union/catalogue", &access, &branch.data_dir).unwrap();
    assert_eq!(carrier.place(), "s3://union/catalogue");
    let planned = dry_run(&branch, &*carrier, MANNER).unwrap().plan.unwrap();
    let pieces = planned.fetch.iter().flat_map(|fetch| &fetch.file.blocks);
    let piece = pieces.max_by_key(|block| block.stored).unwrap();
    let half = (piece.stored / 2) as usize;
    let stored = std::fs::read(scene.repository().join(object_name(&piece.blake3))).unwrap();
    let blocks = branch.data_dir.join("sync/blocks");
    std::fs::create_dir_all(&blocks).unwrap();
    std::fs::write(blocks.join(format!("{}.part", piece.blake3)), &stored[..half]).unwrap();
    let pulled = pull_by(&branch, &*carrier).unwrap();
    assert_eq!(pulled.bytes_fetched, planned.bytes_to_fetch - half as u64);
    let by_hand = scene.branch("by-hand");
    pull_from(&by_hand, &scene.repository()).unwrap();
    assert_eq!((in_force(&branch), files_of(&branch)), (in_force(&by_hand), files_of(&by_hand)));

    // Other names in the bucket are none of ours, and a list longer than a page is read to its end.
    bucket("s3://union/catalogue-of-others").put("objects/00/x", b"x").unwrap();
    for n in 0..120 {
        depot.put(&format!("objects/ff/{n:04}"), b"").unwrap();
    }
    // Those, and the two lists of each of three nights.
    let prune = || mirror::prune(&scene.hub, &scene.repository(), &depot, Duration::ZERO).unwrap();
    let marked = prune();
    assert_eq!((marked.marked, marked.removed), (126, 0));
    let removed = prune();
    assert_eq!((removed.marked, removed.removed), (0, 126));
    pull_by(&scene.branch("after"), &depot).unwrap();
    assert_eq!(bucket("s3://union/catalogue-of-others").names().unwrap().len(), 1);

    // What cannot be had is said in a sentence, without what was signed or with what.
    let absent = carrier_of("s3://absent/x", &access, &branch.data_dir).unwrap();
    let no_bucket = said(&pull_by(&branch, &*absent).err().unwrap());
    assert!(no_bucket.contains("s3://absent/x: the store has no bucket of this name"), "{no_bucket}");
    drop(running);
    let gone = said(&pull_by(&branch, &*carrier).err().unwrap());
    assert!(gone.starts_with("s3://union/catalogue: "), "{gone}");
    for message in [&no_bucket, &gone] {
        assert!(![KEY, SECRET, "X-Amz", "Signature"].iter().any(|word| message.contains(word)), "{message}");
    }
    assert_eq!(in_force(&branch), in_force(&by_hand), "what is here is served on");
}

// A server that gives these answers one after the other; what it was asked, by the first lines.
fn stub(answers: &'static [&'static str]) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.push(byte[0]);
            }
            asked.push(String::from_utf8(request).unwrap().lines().next().unwrap().to_owned());
            stream.write_all(answer.as_bytes()).unwrap();
        }
        asked
    });
    (address, asked)
}

fn read_at(endpoint: &str, folder: &Path) -> daemon::Result<Option<Vec<u8>>> {
    let bucket = Bucket::of("s3://union/catalogue", &access_to(endpoint, folder), folder)?;
    bucket.read("metadata/timestamp.json", 100)
}

#[test]
fn a_machine_whose_clock_stands_wrong_signs_by_the_clock_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (endpoint, asked) = stub(&[
        "HTTP/1.1 403 Forbidden\r\nDate: Sun, 01 Jan 2040 00:00:00 GMT\r\nConnection: close\r\nContent-Length: \
         46\r\n\r\n<Error><Code>RequestTimeTooSkewed</Code></Error>",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
    ]);
    assert_eq!(read_at(&endpoint, folder.path()).unwrap().as_deref(), Some(&b"hi"[..]));
    let asked = asked.join().unwrap();
    assert!(asked[0].starts_with("GET /union/catalogue/metadata/timestamp.json?X-Amz-"), "{asked:?}");
    assert!(!asked[0].contains("X-Amz-Date=2040") && asked[1].contains("X-Amz-Date=20400101T0"), "{asked:?}");
}

#[test]
fn a_store_that_does_not_let_us_in_says_why_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let (endpoint, asked) = stub(&[
        "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 112\r\n\r\n\
         <Error><Code>SignatureDoesNotMatch</Code><StringToSign>X-Amz-Credential=lianmu-key</StringToSign></Error>\
         \n\n\n\n\n\n\n\n",
    ]);
    let refused = said(&read_at(&endpoint, folder.path()).unwrap_err());
    asked.join().unwrap();
    assert!(refused.starts_with("s3://union/catalogue: the store does not know the access key"), "{refused}");
    assert!(!refused.contains(KEY) && !refused.contains("X-Amz"), "{refused}");
}
