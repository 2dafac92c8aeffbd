//! Repositories that lie, each in its own way: refused with the reason, nothing of them in force, and the right
//! repository accepted afterwards.

use std::fs;

use indexer::snapshot::block::pack;
use serde_json::{Value, json};

use crate::forge::{Forge, Signers};
use crate::scene::{Scene, answers, copy_tree, in_force, pull_from, said};

/// What is done to a repository, and a piece of the reason for which it is refused.
type Case = (&'static str, &'static str, fn(&Forge));

const TIMESTAMP: &str = "metadata/timestamp.json";
const ROOT: &str = "metadata/2.root.json";

fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

fn root(forge: &Forge, change: impl FnOnce(&mut Value)) -> Value {
    let mut root = forge.signed("metadata/1.root.json");
    root["version"] = json!(2);
    change(&mut root);
    root
}

const TIMESTAMPS: &[Case] = &[
    ("no timestamp", "timestamp.json is missing", |f| f.remove(TIMESTAMP)),
    ("an empty timestamp", "cannot be read", |f| f.put(TIMESTAMP, b"")),
    ("a timestamp that is no JSON", "cannot be read", |f| f.put(TIMESTAMP, b"<html>login</html>")),
    ("a timestamp without end", "longer than", |f| f.put(TIMESTAMP, &vec![b' '; 1 << 20])),
    ("a timestamp of a thousand brackets", "cannot be read", |f| {
        f.put(TIMESTAMP, "[".repeat(9000).as_bytes())
    }),
    ("half a timestamp", "cannot be read", |f| f.edit(TIMESTAMP, |b| b.truncate(b.len() / 2))),
    ("a timestamp that nobody signed", "0 of the 1 signatures", |f| {
        f.sign(TIMESTAMP, &f.signed(TIMESTAMP), &[]);
    }),
    ("a timestamp that a stranger signed", "0 of the 1 signatures", |f| {
        f.sign(TIMESTAMP, &f.signed(TIMESTAMP), &[&f.stranger]);
    }),
    ("a timestamp that a stranger signed in another's name", "0 of the 1 signatures", |f| {
        f.sign(TIMESTAMP, &f.signed(TIMESTAMP), &[&f.stranger]);
        let mut whole: Value = serde_json::from_slice(&f.read(TIMESTAMP)).unwrap();
        whole["signatures"][0]["keyid"] = json!(f.publisher.public().id());
        f.put(TIMESTAMP, &serde_json::to_vec(&whole).unwrap());
    }),
    ("a timestamp that was changed after it was signed", "0 of the 1 signatures", |f| {
        let mut whole: Value = serde_json::from_slice(&f.read(TIMESTAMP)).unwrap();
        whole["signed"]["version"] = json!(99);
        f.put(TIMESTAMP, &serde_json::to_vec(&whole).unwrap());
    }),
    ("a timestamp signed by a root key", "0 of the 1 signatures", |f| {
        f.sign(TIMESTAMP, &f.signed(TIMESTAMP), &f.all_roots());
    }),
    ("an old timestamp", "timestamp went back", |f| f.timestamp(|t| t["version"] = json!(1))),
    ("a timestamp of version 0", "its version is 0", |f| f.timestamp(|t| t["version"] = json!(0))),
    ("a timestamp of a negative version", "cannot be read", |f| f.timestamp(|t| t["version"] = json!(-7))),
    ("a timestamp that holds no longer", "timestamp held until", |f| {
        f.timestamp(|t| t["expires"] = json!("2026-11-20T00:00:00Z"));
    }),
    ("a timestamp that expires at no time", "no time such as", |f| {
        f.timestamp(|t| t["expires"] = json!("9999999"));
    }),
    ("a list in the place of the timestamp", "it is no timestamp", |f| {
        f.timestamp(|t| t["_type"] = json!("targets"));
    }),
    ("a timestamp of another TUF", "another version of TUF", |f| {
        f.timestamp(|t| t["spec_version"] = json!("2.0"))
    }),
    ("a timestamp that names nothing", "it names no snapshot", |f| f.timestamp(|t| t["meta"] = json!({}))),
    ("a timestamp that names an old snapshot", "snapshot went back", |f| {
        f.timestamp(|t| t["meta"]["snapshot.json"]["version"] = json!(1));
    }),
    ("two timestamps of one version", "one of the two is a forgery", |f| {
        f.timestamp(|t| t["version"] = json!(f.version - 1));
    }),
    ("a timestamp that promises an endless snapshot", "its length is another", |f| {
        f.timestamp(|t| t["meta"]["snapshot.json"]["length"] = json!(1_u64 << 50));
    }),
];

const SNAPSHOTS: &[Case] = &[
    ("no snapshot", "snapshot.json is missing", |f| f.remove(&f.snapshot())),
    ("a snapshot with one bit flipped", "its hash is another", |f| f.edit(&f.snapshot(), |b| flip(b))),
    ("half a snapshot", "its length is another", |f| f.edit(&f.snapshot(), |b| b.truncate(b.len() / 2))),
    ("a snapshot without end", "longer than", |f| f.edit(&f.snapshot(), |b| b.extend([b' '; 9000]))),
    ("the snapshot of another day", "is another", |f| {
        f.put(&f.snapshot(), &f.read(&format!("metadata/{}.snapshot.json", f.version - 1)));
    }),
    ("a snapshot that a stranger signed", "snapshot has 0 of the 1", |f| {
        f.chain(Signers { snapshot: &f.stranger, ..f.signers() }, |_| {}, |_| {});
    }),
    ("a snapshot of another version", "do not belong together", |f| f.group(|s| s["version"] = json!(77))),
    ("a snapshot that holds no longer", "snapshot held until", |f| {
        f.group(|s| s["expires"] = json!("2026-11-20T00:00:00Z"));
    }),
    ("a snapshot that forgets the list", "targets.json is missing", |f| f.group(|s| s["meta"] = json!({}))),
    ("a snapshot that names an old list", "targets went back", |f| {
        f.group(|s| s["meta"]["targets.json"]["version"] = json!(1));
    }),
    ("a snapshot with hashes of no known kind", "its hash is another", |f| {
        f.group(|s| s["meta"]["targets.json"]["hashes"] = json!({"md5": "00"}));
    }),
];

const LISTS: &[Case] = &[
    ("no list", "targets.json is missing", |f| f.remove(&f.targets())),
    ("a list with one bit flipped", "its hash is another", |f| f.edit(&f.targets(), |b| flip(b))),
    ("half a list", "its length is another", |f| f.edit(&f.targets(), |b| b.truncate(b.len() / 2))),
    ("the list of another day", "is another", |f| {
        f.put(&f.targets(), &f.read(&format!("metadata/{}.targets.json", f.version - 1)));
    }),
    ("a list that a stranger signed", "targets has 0 of the 1", |f| {
        f.chain(Signers { targets: &f.stranger, ..f.signers() }, |_| {}, |_| {});
    }),
    ("a list of another version", "do not belong together", |f| f.list(|t| t["version"] = json!(77))),
    ("a list that holds no longer", "targets held until", |f| {
        f.list(|t| t["expires"] = json!("2026-11-20T00:00:00Z"));
    }),
    ("a list that delegates", "delegates to 分馆", |f| {
        f.list(|t| t["delegations"] = json!({"keys": {}, "roles": [{"name": "分馆"}]}));
    }),
    ("a list that delegates to bins", "delegates to hashed bins", |f| {
        f.list(|t| t["delegations"] = json!({"keys": {}, "succinct_roles": {"bit_length": 8}}));
    }),
    ("a list of nothing", "holds no generation", |f| f.list(|t| t["targets"] = json!({}))),
    ("a list that leads out of the folder", "no name of a manifest", |f| {
        let (name, value) = f.newest();
        f.list(|t| {
            t["targets"].as_object_mut().unwrap().remove(&name);
            t["targets"]["../../../etc/passwd"] = value;
        });
    }),
    ("a manifest under another's name", "no name of a manifest", |f| {
        let (name, _) = f.newest();
        f.list(|t| t["targets"][&name]["custom"]["generation"] = json!("000099-0a1b2c3d"));
    }),
    ("a manifest without SHA-256", "it has no SHA-256", |f| {
        let (name, _) = f.newest();
        f.list(|t| t["targets"][&name]["hashes"] = json!({"sha512": "00"}));
    }),
    ("a manifest whose hash is a path", "it has no SHA-256", |f| {
        let (name, _) = f.newest();
        f.list(|t| t["targets"][&name]["hashes"]["sha256"] = json!("../../../../etc/passwd"));
    }),
    ("a manifest without end", "its length is another", |f| {
        let (name, _) = f.newest();
        f.list(|t| t["targets"][&name]["length"] = json!(1_u64 << 50));
    }),
];

const ROOTS: &[Case] = &[
    ("a new root by strangers", "root has 0 of the 2 signatures that the trusted root", |f| {
        f.sign(ROOT, &root(f, |_| {}), &[&f.stranger, &f.publisher]);
    }),
    ("a new root by one of two", "root has 1 of the 2 signatures", |f| {
        f.sign(ROOT, &root(f, |_| {}), &[&f.roots[0]])
    }),
    ("a new root by one of two, twice", "a key has signed it twice", |f| {
        f.sign(ROOT, &root(f, |_| {}), &[&f.roots[0], &f.roots[0]]);
    }),
    ("a new root that jumps", "root has version 7, 2 was announced", |f| {
        f.sign(ROOT, &root(f, |r| r["version"] = json!(7)), &f.all_roots());
    }),
    ("a new root that is no JSON", "cannot be read", |f| f.put(ROOT, b"\0\x01\x02")),
    ("a new root without end", "longer than", |f| f.put(ROOT, &vec![b' '; 1 << 20])),
    ("a new root whose own keys have not signed", "signatures that the new root", |f| {
        let stranger = f.stranger.public();
        let new = root(f, |r| {
            r["keys"][stranger.id()] = stranger.to_json();
            r["roles"]["root"] = json!({"keyids": [stranger.id()], "threshold": 1});
        });
        f.sign(ROOT, &new, &f.all_roots());
    }),
    ("a root for which nobody need sign", "its threshold for timestamp is 0", |f| {
        f.sign(ROOT, &root(f, |r| r["roles"]["timestamp"]["threshold"] = json!(0)), &f.all_roots());
    }),
    ("a root that forgets a role", "it names no keys for snapshot", |f| {
        let new = root(f, |r| {
            r["roles"].as_object_mut().unwrap().remove("snapshot");
        });
        f.sign(ROOT, &new, &f.all_roots());
    }),
    ("a root with names that change", "consistent_snapshot", |f| {
        f.sign(ROOT, &root(f, |r| r["consistent_snapshot"] = json!(false)), &f.all_roots());
    }),
    ("a root that holds no longer", "root held until", |f| {
        f.sign(ROOT, &root(f, |r| r["expires"] = json!("2026-11-20T00:00:00Z")), &f.all_roots());
    }),
    ("a root with a key of another kind", "timestamp has 0 of the 1", |f| {
        let id = f.publisher.public().id();
        f.sign(ROOT, &root(f, |r| r["keys"][id]["keytype"] = json!("rsa")), &f.all_roots());
    }),
    ("lists that a withdrawn key signed", "timestamp has 0 of the 1", |f| {
        let stranger = f.stranger.public();
        let new = root(f, |r| {
            r["keys"][stranger.id()] = stranger.to_json();
            for role in ["timestamp", "snapshot", "targets"] {
                r["roles"][role] = json!({"keyids": [stranger.id()], "threshold": 1});
            }
        });
        f.sign(ROOT, &new, &f.all_roots());
    }),
    ("roots without end", "more than 256 roots", |f| {
        for version in 2..300u64 {
            let next = root(f, |r| r["version"] = json!(version));
            f.sign(&format!("metadata/{version}.root.json"), &next, &f.all_roots());
        }
    }),
];

const MANIFESTS: &[Case] = &[
    ("no manifest", ".json.zst is missing", |f| f.remove(&f.manifest_path())),
    ("a manifest with one bit flipped", "its hash is another", |f| f.edit(&f.manifest_path(), |b| flip(b))),
    ("half a manifest", "its length is another", |f| f.edit(&f.manifest_path(), |b| b.truncate(b.len() / 2))),
    ("a manifest that unpacks to a gigabyte", "it cannot be unpacked", |f| {
        f.manifest_bytes(&pack(&vec![b' '; 1 << 28]).unwrap(), 1000);
    }),
    ("a manifest that says so", "longer than", |f| f.manifest_bytes(&pack(b"{}").unwrap(), 1 << 40)),
    ("a manifest that is not packed", "it cannot be unpacked", |f| f.manifest_bytes(b"{\"format\":1}", 12)),
    ("a manifest that says nothing", "cannot be read", |f| f.manifest_bytes(&pack(b"{}").unwrap(), 2)),
    ("a manifest of another form", "form 9 of manifests", |f| f.manifest(|m| m["format"] = json!(9))),
    ("a generation named like a path", "no name of a generation", |f| {
        f.manifest(|m| m["generation"] = json!("../../000002-0a1b2c3d"));
    }),
    ("a generation that is another", "it describes another generation", |f| {
        f.manifest(|m| m["generation"] = json!("000077-0a1b2c3d"));
    }),
    ("a generation of another program", "update the program", |f| f.manifest(|m| m["index"] = json!(99))),
    ("a generation of another analysis", "update the program", |f| {
        f.manifest(|m| m["analysis"] = json!("x"))
    }),
    ("a file that leads out of the folder", "no name of a file", |f| {
        f.manifest(|m| m["files"][0]["name"] = json!("../current"));
    }),
    ("a file from the root of the disk", "no name of a file", |f| {
        f.manifest(|m| m["files"][0]["name"] = json!("/etc/passwd"));
    }),
    ("a file that is a device", "no name of a file", |f| {
        f.manifest(|m| m["files"][0]["name"] = json!("NUL"))
    }),
    ("a file named as what is in force", "no name of a file", |f| {
        f.manifest(|m| m["files"][0]["name"] = json!("current"));
    }),
    ("two files that differ by their case", "is there twice", |f| {
        f.manifest(|m| {
            let name = m["files"][0]["name"].as_str().unwrap().to_uppercase();
            m["files"][1]["name"] = json!(name);
        });
    }),
    ("a piece whose name is a path", "no possible hash or size", |f| {
        f.manifest(|m| Forge::new_file(m)["blocks"][0]["blake3"] = json!("../../../../../etc/passwd"));
    }),
    ("a piece larger than any", "no possible hash or size", |f| {
        f.manifest(|m| Forge::new_file(m)["blocks"][0]["bytes"] = json!(1_u64 << 40));
    }),
    ("a piece that grows by packing", "no possible hash or size", |f| {
        f.manifest(|m| Forge::new_file(m)["blocks"][0]["stored"] = json!(4 << 20));
    }),
    ("pieces that do not add up", "do not add up", |f| {
        f.manifest(|m| Forge::new_file(m)["bytes"] = json!(7));
    }),
    ("a catalogue larger than any", "larger than any catalogue", |f| {
        f.manifest(|m| m["files"][0]["bytes"] = json!(u64::MAX));
    }),
    ("a library named like a path", "no code of a library", |f| {
        f.manifest(|m| m["originals"][0]["library"] = json!("../../catalogue"));
    }),
    ("a pack that is not named after its content", "not named after its content", |f| {
        f.manifest(|m| m["originals"][0]["name"] = json!("current"));
    }),
    ("a wrong number of entries", "how many entries are there", |f| f.manifest(|m| m["entries"] = json!(1))),
    ("a question with a wrong number of answers", "answers wrongly", |f| {
        f.manifest(|m| m["canaries"][0]["total"] = json!(4_000));
    }),
    ("a question with wrong answers", "answers wrongly", |f| {
        f.manifest(|m| m["canaries"][0]["ids"] = json!(["000000000000"]));
    }),
    ("a generation that lacks a file", "cannot open", |f| {
        f.manifest(|m| {
            m["files"].as_array_mut().unwrap().retain(|file| file["name"] != "retired");
        });
    }),
    ("a generation with a file in the place of another", "is not that of the manifest", |f| {
        f.manifest(|m| {
            let files = m["files"].as_array_mut().unwrap();
            let other = files.iter().find(|file| file["name"] == "000002.texts").unwrap().clone();
            let entries = files.iter_mut().find(|file| file["name"] == "000002.entries").unwrap();
            *entries = other;
            entries["name"] = json!("000002.entries");
        });
    }),
];

const PIECES: &[Case] = &[
    ("a missing piece", "is missing", |f| f.remove(&f.new_pieces()[0])),
    ("a piece with one bit flipped", "its hash is another", |f| f.edit(&f.new_pieces()[0], |b| flip(b))),
    ("half a piece", "broke off", |f| f.edit(&f.new_pieces()[0], |b| b.truncate(b.len() / 2))),
    ("an empty piece", "broke off", |f| f.put(&f.new_pieces()[0], b"")),
    ("a piece in the place of another", "is another", |f| {
        let pieces = f.new_pieces();
        let sizes: Vec<usize> = pieces.iter().map(|piece| f.read(piece).len()).collect();
        let (small, large) = (
            (0..pieces.len()).min_by_key(|n| sizes[*n]).unwrap(),
            (0..pieces.len()).max_by_key(|n| sizes[*n]).unwrap(),
        );
        f.put(&pieces[small], &f.read(&pieces[large]));
    }),
    ("a piece that unpacks to a gigabyte", "its hash is another", |f| {
        let bomb = pack(&vec![0; 1 << 28]).unwrap();
        let name = blake3::hash(&bomb).to_hex().to_string();
        f.put(&format!("objects/{}/{name}", &name[..2]), &bomb);
        f.manifest(|m| {
            let file = Forge::new_file(m);
            file["blocks"] = json!([{"blake3": name, "stored": bomb.len(), "bytes": bomb.len() + 1}]);
            file["bytes"] = json!(bomb.len() + 1);
        });
    }),
    ("right pieces of a wrong file", "its hash is another", |f| {
        f.manifest(|m| Forge::new_file(m)["blake3"] = json!("00".repeat(32)));
    }),
    ("a folder in the place of a piece", "is missing", |f| {
        let piece = f.new_pieces()[0].clone();
        f.remove(&piece);
        fs::create_dir(f.root.join(piece)).unwrap();
    }),
];

#[test]
fn a_repository_that_lies_is_refused_and_the_right_one_accepted_afterwards() {
    let mut scene = Scene::new();
    let branch = scene.branch_with("branch");
    let before = answers(&branch);
    scene.grow(5..9, "红楼梦");
    scene.publish_as_files();
    let after = answers(&scene.hub);
    // The hub goes on: whoever had its daily key for a night and signed what it has not said is passed.
    let right = scene.folder.path().join("right");
    copy_tree(&scene.repository(), &right);
    let keys = scene.hub.data_dir.join("keys/publisher.key");
    Forge::new(&right, &keys, &scene.root_keys()).goes_on();
    let all = [TIMESTAMPS, SNAPSHOTS, LISTS, ROOTS, MANIFESTS, PIECES].concat();
    println!("{} hostile repositories", all.len());
    assert!(all.len() >= 60);
    let (mut wrong, mut n_followed) = (Vec::new(), 0);
    for (n, (what, reason, forged)) in all.iter().enumerate() {
        let root = scene.folder.path().join(format!("hostile-{n}"));
        copy_tree(&scene.repository(), &root);
        forged(&Forge::new(&root, &keys, &scene.root_keys()));
        let own = scene.folder.path().join(format!("branch-{n}"));
        copy_tree(&branch.data_dir, &own);
        let victim = crate::scene::site(&own, &scene.clock, branch.files.clone());
        match pull_from(&victim, &root) {
            Ok(pulled) => wrong.push(format!("{what}: accepted: {pulled:?}")),
            Err(error) => {
                let said = said(&error);
                if !said.contains(reason) {
                    wrong.push(format!("{what}: refused for another reason: {said}"));
                }
            }
        }
        if in_force(&victim).as_deref() != Some(&before.0) || n % 10 == 0 && answers(&victim) != before {
            wrong.push(format!("{what}: something of it is in force"));
        }
        // A new root that was well signed is followed for good, and the right repository has not got it: that is the one
        // thing which a thief of root keys can do, and new roots undo it.
        let is_followed = root_of(&own) > 1;
        n_followed += usize::from(is_followed);
        match pull_from(&victim, &right) {
            Ok(_) if in_force(&victim).as_deref() == Some(&after.0) => {}
            _ if is_followed => {}
            outcome => wrong.push(format!("{what}: the right repository is refused afterwards: {outcome:?}")),
        }
        fs::remove_dir_all(&root).unwrap();
        fs::remove_dir_all(&own).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(n_followed, 4, "roots signed by the thief of root keys");
}

// Version of the root that a branch trusts.
fn root_of(data_dir: &std::path::Path) -> u64 {
    let trusted: Value =
        serde_json::from_slice(&fs::read(data_dir.join("sync/trusted.json")).unwrap()).unwrap();
    let root: Value = serde_json::from_str(trusted["root"].as_str().unwrap()).unwrap();
    root["signed"]["version"].as_u64().unwrap()
}
