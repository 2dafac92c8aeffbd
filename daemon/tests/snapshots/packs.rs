//! The cheap path: nights that come as what they changed are the same bytes as nights that come as files, and a pack
//! that is damaged, lies or fits nothing costs its own bytes and no more.

use std::fs;

use daemon::Error;
use daemon::harvest::Stop;
use daemon::sync::Site;
use daemon::sync::carrier::Folder;
use daemon::sync::pull::{Manner, Pulled, dry_run, pull};
use indexer::snapshot::tuf::Expiry;
use indexer::snapshot::{Manifest, block::pack};
use serde_json::{Value, json};

use crate::forge::Forge;
use crate::scene::{MANNER, Scene, answers, copy_tree, files_of, in_force, pull_from, said, site};

/// Files alone, as from a stick.
fn pull_files(branch: &Site, scene: &Scene) -> Pulled {
    let manner = Manner { expiry: Expiry::Told, ..MANNER };
    pull(branch, &Folder::new(&scene.repository()), manner, &Stop::default(), &|_| {}).unwrap()
}

// New records one night, changed ones the next; too many of these and everything is built anew.
fn night(scene: &mut Scene, n: u32) {
    let title = ["红楼梦", "水浒传"][n as usize / 2 % 2];
    let numbers = if n.is_multiple_of(2) { n..n + 3 } else { 60 + 4 * n..65 + 4 * n };
    scene.grow(numbers, title);
    scene.publish();
}

#[test]
fn nights_by_packs_are_the_same_bytes_as_nights_by_files() {
    let mut scene = Scene::new();
    let [by_packs, by_files] = ["packs", "files"].map(|name| scene.branch_with(name));
    // Eight layers are as many as there may be: one night takes up those before it.
    for n in 1..=10 {
        night(&mut scene, n);
        let planned = dry_run(&by_packs, &Folder::new(&scene.repository()), MANNER).unwrap().plan.unwrap();
        assert_eq!(planned.way(), "packs", "night {n}");
        assert!(planned.carries_records, "night {n}");
        let pulled = pull_from(&by_packs, &scene.repository()).unwrap();
        assert_eq!((pulled.way, pulled.bytes_fetched), ("packs", planned.bytes_to_fetch), "night {n}");
        let as_files = pull_files(&by_files, &scene);
        assert_eq!((as_files.way, as_files.bytes_fetched), ("files", planned.bytes_as_files), "night {n}");
        assert!(pulled.bytes_fetched < as_files.bytes_fetched);
        assert_eq!(files_of(&by_packs), files_of(&scene.hub), "night {n}");
        assert_eq!(files_of(&by_files), files_of(&scene.hub), "night {n}");
    }
    assert_eq!(answers(&by_packs), answers(&scene.hub));
}

#[test]
fn who_was_away_takes_packs_or_files_whichever_is_less() {
    let mut scene = Scene::new();
    let mut away = Vec::new();
    let mut ways = Vec::new();
    for n in 1..=12 {
        away.push(scene.branch_with(&format!("away-{n}")));
        night(&mut scene, n);
    }
    let stranger = scene.branch("stranger");
    for (n, branch) in away.iter().enumerate().rev().chain([(99, &stranger)]) {
        let carrier = Folder::new(&scene.repository());
        let planned = dry_run(branch, &carrier, MANNER).unwrap().plan.unwrap();
        let manner = Manner { expiry: Expiry::Told, ..MANNER };
        let as_files = dry_run(branch, &carrier, manner).unwrap().plan.unwrap();
        assert_eq!(planned.bytes_as_files, as_files.bytes_to_fetch);
        assert!(planned.bytes_to_fetch <= planned.bytes_as_files, "{n} nights on");
        let pulled = pull_from(branch, &scene.repository()).unwrap();
        assert_eq!((pulled.way, pulled.bytes_fetched), (planned.way(), planned.bytes_to_fetch));
        assert_eq!(files_of(branch), files_of(&scene.hub), "after {n} nights");
        ways.push(pulled.way);
        let left =
            fs::read_dir(branch.data_dir.join("catalogue")).unwrap().map(|item| item.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("pulling-")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(ways.starts_with(&["packs", "packs"]) && ways.ends_with(&["files"]), "{ways:?}");
}

/// What is done to the only pack of a repository that is signed by the right key all the same.
type Case = (&'static str, fn(&Forge));

fn of_packs(manifest: &mut Value) -> &mut Vec<Value> {
    manifest["packs"].as_array_mut().unwrap()
}

fn piece_of_pack(forge: &Forge) -> String {
    let said = forge.said();
    let name = said["packs"][0]["blocks"][0]["blake3"].as_str().unwrap().to_owned();
    format!("objects/{}/{name}", &name[..2])
}

// Puts other bytes in the place of the pack, and signs for them.
fn other_pack(forge: &Forge, bytes: &[u8], plain: u64) {
    let name = blake3::hash(bytes).to_hex().to_string();
    forge.put(&format!("objects/{}/{name}", &name[..2]), bytes);
    forge.manifest(|manifest| {
        let pack = &mut of_packs(manifest)[0];
        pack["blocks"] = json!([{"blake3": name, "stored": bytes.len(), "bytes": bytes.len()}]);
        (pack["blake3"], pack["bytes"], pack["plain"]) = (json!(name), json!(bytes.len()), json!(plain));
    });
}

fn piece_of_records(forge: &Forge) -> String {
    let said = forge.said();
    let name = said["packs"][0]["records"]["blocks"][0]["blake3"].as_str().unwrap().to_owned();
    format!("objects/{}/{name}", &name[..2])
}

// The same for the original records that come with a pack.
fn other_records(forge: &Forge, bytes: &[u8], plain: u64) {
    let name = blake3::hash(bytes).to_hex().to_string();
    forge.put(&format!("objects/{}/{name}", &name[..2]), bytes);
    forge.manifest(|manifest| {
        let records = &mut of_packs(manifest)[0]["records"];
        records["blocks"] = json!([{"blake3": name, "stored": bytes.len(), "bytes": bytes.len()}]);
        (records["blake3"], records["bytes"]) = (json!(name), json!(bytes.len()));
        records["plain"] = json!(plain);
    });
}

const PACKS: &[Case] = &[
    ("missing records", |f| f.remove(&piece_of_records(f))),
    ("records with one bit flipped", |f| f.edit(&piece_of_records(f), |bytes| bytes[9] ^= 1)),
    ("records of one byte, well signed", |f| other_records(f, b"x", 100)),
    ("records that are nothing but ones", |f| other_records(f, &[0xff; 64], 100)),
    ("records that unpack to less", |f| {
        let right = f.read(&piece_of_records(f));
        other_records(f, &right, 10);
    }),
    ("records with a piece cut off", |f| {
        let right = f.read(&piece_of_records(f));
        other_records(f, &right[..right.len() / 2], 10_000);
    }),
    ("no records", |f| f.manifest(|manifest| of_packs(manifest)[0]["records"] = json!(null))),
    ("a missing pack", |f| f.remove(&piece_of_pack(f))),
    ("a pack with one bit flipped", |f| f.edit(&piece_of_pack(f), |bytes| bytes[9] ^= 1)),
    ("a pack of one byte, well signed", |f| other_pack(f, b"x", 100)),
    ("a pack of nothing but zeros", |f| other_pack(f, &[0; 64], 100)),
    ("a pack that says it is a gigabyte of numbers", |f| {
        let numbers = pack(&vec![1; 1 << 28]).unwrap();
        let lengths = [numbers.len() as u32, 1 << 28].map(u32::to_le_bytes).concat();
        other_pack(f, &[&lengths[..], &numbers].concat(), 100);
    }),
    ("a pack whose first part is longer than it is", |f| other_pack(f, &[0xff; 64], 100)),
    ("a pack of another night", |f| {
        let right = f.read(&piece_of_pack(f));
        other_pack(f, &[&right[..right.len() - 1], &[0]].concat(), 100);
    }),
    ("a pack that unpacks to less", |f| {
        let right = f.read(&piece_of_pack(f));
        other_pack(f, &right, 10);
    }),
    ("a pack that leads elsewhere", |f| {
        f.manifest(|manifest| of_packs(manifest)[0]["to"] = json!("000099-0a1b2c3d"));
    }),
    ("a pack that leads in a circle", |f| {
        f.manifest(|manifest| of_packs(manifest)[0]["to"] = of_packs(manifest)[0]["from"].clone());
    }),
    ("no packs", |f| f.manifest(|manifest| of_packs(manifest).clear())),
];

#[test]
fn a_pack_that_is_damaged_or_lies_is_made_good_by_files() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    night(&mut scene, 1);
    let keys = scene.hub.data_dir.join("keys/publisher.key");
    for (n, (what, forged)) in PACKS.iter().enumerate() {
        let root = scene.folder.path().join(format!("hostile-{n}"));
        copy_tree(&scene.repository(), &root);
        forged(&Forge::new(&root, &keys, &scene.root_keys()));
        let own = scene.folder.path().join(format!("branch-{n}"));
        copy_tree(&branch.data_dir, &own);
        let victim = site(&own, &scene.clock, branch.files.clone());
        let pulled = pull_from(&victim, &root).unwrap_or_else(|error| panic!("{what}: {}", said(&error)));
        assert_eq!(files_of(&victim), files_of(&scene.hub), "{what}: {pulled:?}");
    }
}

#[test]
fn a_pack_that_no_honest_publisher_would_name_is_refused() {
    let mut scene = Scene::new();
    night(&mut scene, 1);
    let keys = scene.hub.data_dir.join("keys/publisher.key");
    let cases: [fn(&mut Value); 6] = [
        |pack| pack["plain"] = json!(u64::MAX),
        |pack| pack["records"]["plain"] = json!(u64::MAX),
        |pack| pack["records"]["name"] = json!("../records"),
        |pack| pack["from"] = json!("../../etc"),
        |pack| pack["name"] = json!("../changes"),
        |pack| pack["bytes"] = json!(7),
    ];
    for (n, change) in cases.into_iter().enumerate() {
        let root = scene.folder.path().join(format!("hostile-{n}"));
        copy_tree(&scene.repository(), &root);
        let forge = Forge::new(&root, &keys, &scene.root_keys());
        forge.manifest(|manifest| change(&mut of_packs(manifest)[0]));
        let branch = scene.branch(&format!("branch-{n}"));
        assert!(matches!(pull_from(&branch, &root), Err(Error::Refused(_))), "case {n}");
        assert_eq!(in_force(&branch), None);
    }
}

#[test]
fn a_branch_whose_own_files_are_damaged_fetches_what_it_cannot_make() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    night(&mut scene, 1);
    let dir = branch.data_dir.join("catalogue").join(in_force(&branch).unwrap());
    let path = dir.join("000001.entries");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    pull_from(&branch, &scene.repository()).unwrap();
    assert_eq!(files_of(&branch), files_of(&scene.hub));
}

#[test]
fn packs_reach_back_a_month_and_no_further() {
    let mut scene = Scene::new();
    for n in 1..=33 {
        night(&mut scene, n);
    }
    let repository = scene.repository();
    let keys = scene.hub.data_dir.join("keys/publisher.key");
    let said = Forge::new(&repository, &keys, &scene.root_keys()).said();
    let manifest: Manifest = serde_json::from_value(said).unwrap();
    assert_eq!(manifest.packs.len(), indexer::snapshot::MOST_PACKS);
    assert_eq!(manifest.steps_from(&manifest.packs[0].from).unwrap().len(), indexer::snapshot::MOST_PACKS);
    assert!(daemon::sync::verify::verify(&scene.hub, &Folder::new(&repository)).unwrap().faults.is_empty());
}
