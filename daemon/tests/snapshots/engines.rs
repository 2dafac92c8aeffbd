//! The same pulls out of web servers that this project did not write. A test whose server is not installed says so
//! and passes, or fails where `LIANMU_PEERS=required`.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use daemon::sync::carrier::carrier_of;
use daemon::sync::pull::dry_run;

use crate::scene::{MANNER, Scene, copy_tree, files_of, in_force, pull_by};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[track_caller]
fn skip(what: &str) {
    assert!(std::env::var("LIANMU_PEERS").as_deref() != Ok("required"), "{what}");
    println!("skipped: {what}");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

// nginx over a repository, with nothing configured that a librarian would not.
fn nginx(folder: &Path, repository: &Path) -> Option<(Running, String)> {
    let found = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"];
    let Some(nginx) = found.iter().find(|path| Path::new(path).exists()) else {
        skip("nginx is not installed (apt-get install nginx-light)");
        return None;
    };
    std::fs::create_dir_all(folder).unwrap();
    let (port, at) = (free_port(), folder.display());
    // Whoever is root must say that its files are read as root.
    let user = if is_root() { "user root;" } else { "" };
    let temporary = ["client_body", "proxy", "fastcgi"].map(|name| format!("{name}_temp_path {at}/{name};"));
    let configuration = format!(
        "daemon off; master_process off; {user} worker_processes 1; pid {at}/pid; error_log {at}/error.log;\n\
         events {{ worker_connections 64; }}\n\
         http {{ access_log off; {} server {{ listen 127.0.0.1:{port}; location /lib/ {{ alias {}/; }} }} }}\n",
        temporary.concat(),
        repository.display()
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, configuration).unwrap();
    let log = folder.join("error.log");
    let mut start = Command::new(nginx);
    start.arg("-c").arg(&path).arg("-p").arg(folder).arg("-e").arg(&log).stderr(Stdio::null());
    let running = Running(start.spawn().unwrap());
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some((running, format!("http://127.0.0.1:{port}/lib")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nginx does not start: {}", std::fs::read_to_string(log).unwrap_or_default());
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[test]
fn nginx_gives_out_a_repository_as_the_hub_does() {
    let mut scene = Scene::new();
    let Some((_running, url)) = nginx(&scene.folder.path().join("nginx"), &scene.repository()) else {
        return;
    };
    let branch = scene.branch("branch");
    let carrier = carrier_of(&url, &branch.data_dir).unwrap();
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
    let (_broken, url) = nginx(&scene.folder.path().join("nginx-2"), &broken).unwrap();
    let refused = pull_by(&branch, &*carrier_of(&url, &branch.data_dir).unwrap()).unwrap_err();
    assert!(refused.to_string().contains("is missing"), "{refused}");
    assert_eq!(in_force(&branch), before);
}
