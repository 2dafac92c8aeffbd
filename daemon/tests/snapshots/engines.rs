//! The same pulls out of web servers that this project did not write. A test whose server is not installed says so
//! and passes, or fails where `LIANMU_PEERS=required`.

use std::path::Path;

use daemon::settings::BucketAccess;
use daemon::sync::carrier::carrier_of;
use daemon::sync::pull::dry_run;

use crate::nginx::nginx;
use crate::running::Running;
use crate::scene::{MANNER, Scene, copy_tree, files_of, in_force, pull_by};

// nginx over the folder that a repository lies in, and the repository's address.
fn served(folder: &Path, repository: &Path) -> Option<(Running, String)> {
    let (running, address) = nginx(folder, repository.parent().unwrap())?;
    let name = repository.file_name().unwrap().to_str().unwrap();
    Some((running, format!("http://{address}/{name}")))
}

#[test]
fn nginx_gives_out_a_repository_as_the_hub_does() {
    let mut scene = Scene::new();
    let Some((_running, url)) = served(&scene.folder.path().join("nginx"), &scene.repository()) else {
        return;
    };
    let branch = scene.branch("branch");
    let carrier = carrier_of(&url, &BucketAccess::default(), &branch.data_dir).unwrap();
    let pulled = pull_by(&branch, &*carrier).unwrap();
    assert_eq!((pulled.way, files_of(&branch)), ("files", files_of(&scene.hub)));
    for n in 0..3 {
        scene.grow(60 + 5 * n..65 + 5 * n, "红楼梦");
        scene.publish();
        let planned = dry_run(&branch, &*carrier, MANNER).unwrap().plan.unwrap();
        let pulled = pull_by(&branch, &*carrier).unwrap();
        assert_eq!((pulled.way, pulled.bytes_fetched), ("packs", planned.bytes_to_fetch), "night {n}");
        assert_eq!(files_of(&branch), files_of(&scene.hub), "night {n}");
    }
    // What broke off goes on in the middle of a piece.
    scene.grow(75..80, "水浒传");
    scene.publish_as_files();
    let planned = dry_run(&branch, &*carrier, MANNER).unwrap().plan.unwrap();
    let piece =
        planned.fetch.iter().flat_map(|fetch| &fetch.file.blocks).max_by_key(|block| block.stored).unwrap();
    let half = (piece.stored / 2) as usize;
    let stored = scene.repository().join(indexer::snapshot::object_name(&piece.blake3));
    let blocks = branch.data_dir.join("sync/blocks");
    std::fs::create_dir_all(&blocks).unwrap();
    let begun = &std::fs::read(stored).unwrap()[..half];
    std::fs::write(blocks.join(format!("{}.part", piece.blake3)), begun).unwrap();
    let pulled = pull_by(&branch, &*carrier).unwrap();
    assert_eq!(pulled.bytes_fetched, planned.bytes_to_fetch - half as u64);
    assert_eq!(files_of(&branch), files_of(&scene.hub));
    // A copy that lacks a piece is refused, and what is served goes on.
    let before = in_force(&branch);
    scene.grow(80..85, "水浒传");
    scene.publish_as_files();
    let broken = scene.folder.path().join("broken");
    copy_tree(&scene.repository(), &broken);
    let planned = dry_run(&branch, &*carrier, MANNER).unwrap().plan.unwrap();
    let piece = &planned.fetch[0].file.blocks[0].blake3;
    std::fs::remove_file(broken.join(indexer::snapshot::object_name(piece))).unwrap();
    let (_broken, url) = served(&scene.folder.path().join("nginx-2"), &broken).unwrap();
    let refused = pull_by(&branch, &*carrier_of(&url, &BucketAccess::default(), &branch.data_dir).unwrap())
        .unwrap_err();
    assert!(refused.to_string().contains("is missing"), "{refused}");
    assert_eq!(in_force(&branch), before);
}
