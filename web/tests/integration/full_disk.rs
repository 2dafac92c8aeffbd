//! The data directory lies on a small file system that fills up: while a file is fetched, archived, written down in
//! `state.db`, built. What is served stays whole, the run is told truthfully, the next one heals.
//!
//! The file system is a tmpfs; where none may be mounted the test says so and passes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use crate::harvest::{export, is_thorough, lines, run_configured, runs};
use crate::peer::FileServer;
use crate::site::Site;

const BOOKS: u32 = 1500;
const NEW: u32 = 40;

/// A file system of a few megabytes; gone with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, bytes: u64) -> Option<Self> {
        let options = format!("size={bytes}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at).output();
        if mounted.as_ref().is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        eprintln!(
            "SKIPPED: no tmpfs may be mounted here, so a disk that fills up was not tried: {mounted:?}"
        );
        None
    }

    /// Leaves so many bytes free, more or less.
    fn fill(&self, free: u64) {
        self.empty();
        let mut filler = std::fs::File::create(self.0.join("filler")).unwrap();
        let zeros = [0; 4096];
        while std::io::Write::write_all(&mut filler, &zeros).is_ok() {}
        let full = filler.metadata().unwrap().len();
        filler.set_len(full.saturating_sub(free)).unwrap();
    }

    fn empty(&self) {
        let _ = std::fs::remove_file(self.0.join("filler"));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process that is ending may still be in there.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

fn configuration(server: &FileServer) -> String {
    let url = server.url("/all.xml");
    format!(
        "[gate]\nmax_change = 1.0\n[[source]]\nlibrary = \"BJFU\"\nkind = \"http\"\nlocation = \"{url}\"\nallow_private = true\n"
    )
}

/// How many books of a version are found; nothing where nothing can be searched.
fn found(data: &Path, version: u32) -> Option<u64> {
    let query = format!("第{version}版书");
    let output = run_configured(data, &["search", &query, "--json"]);
    output.status.success().then(|| lines(&output)[0]["total"].as_u64().unwrap())
}

/// A command may fail on a full disk; it may not crash, and says why.
#[track_caller]
fn said_why(output: &Output) {
    let code = output.status.code();
    assert!(matches!(code, Some(0 | 1 | 3)), "{output:?}");
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("panicked"), "{said}");
    assert!(
        code != Some(1) || ["space", "full", "disk I/O"].iter().any(|word| said.contains(word)),
        "{said}"
    );
}

#[test]
fn whatever_write_fills_the_disk_the_catalogue_is_whole_and_the_next_run_heals() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let Some(disk) = SmallDisk::mount(&data, 24 << 20) else { return };
    let server = FileServer::start();
    std::fs::write(data.join("lianmu.toml"), configuration(&server)).unwrap();
    let harvest = || run_configured(&data, &["harvest", "--now", "--json"]);
    let build = || run_configured(&data, &["build", "--json"]);
    server.serve(export(BOOKS, NEW, 1));
    assert_eq!((harvest().status.code(), build().status.code()), (Some(0), Some(0)));

    // From nothing at all to as much as a night needs: each step fails at a later write.
    let free: Vec<u64> =
        if is_thorough() { (0..120).map(|n| n << 14).collect() } else { vec![0, 3 << 14, 9 << 15, 3 << 18] };
    let (mut version, mut n_failed) = (1, 0);
    for free in free {
        let before = version;
        version += 1;
        server.serve(export(BOOKS, NEW, version));
        disk.fill(free);
        let (harvested, built) = (harvest(), build());
        said_why(&harvested);
        said_why(&built);
        n_failed += u32::from(!(harvested.status.success() && built.status.success()));
        // Either the old version or the new one, and never a part of both.
        let both = [found(&data, before), found(&data, version)].map(Option::unwrap_or_default);
        assert!(both == [u64::from(NEW), 0] || both == [0, u64::from(NEW)], "{free} bytes free: {both:?}");

        disk.empty();
        assert!(matches!(harvest().status.code(), Some(0)), "{free} bytes free");
        assert_eq!(build().status.code(), Some(0), "{free} bytes free");
        assert_eq!(found(&data, version), Some(u64::from(NEW)), "{free} bytes free: not healed");
        let told = runs(&data);
        let good = told.iter().filter(|run| run["state"] == "ok");
        assert_eq!(good.map(|run| run["new"].as_u64().unwrap()).sum::<u64>(), u64::from(BOOKS), "new once");
        for run in told.iter().filter(|run| run["state"] != "ok" && run["state"] != "ok-nothing-new") {
            assert!(matches!(run["state"].as_str(), Some("failed" | "partial")), "{run}");
            assert!(run["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{run}");
        }
    }
    assert!(n_failed > 1, "the disk never was full");
}

#[test]
fn a_daemon_on_a_full_disk_goes_on_serving_and_heals() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path(), 24 << 20) else { return };
    let server = FileServer::start();
    server.serve(export(BOOKS, NEW, 1));
    let site = Site::over(folder, &configuration(&server));
    let now = |site: &Site| run_configured(site.data(), &["harvest", "--now", "--json"]);
    assert_eq!(now(&site).status.code(), Some(0));
    let total = |site: &Site, version: u32| {
        let answer = site.get(&format!("/api/v1/search?q=第{version}版书"));
        if answer.status == 200 { answer.json()["total"].clone() } else { Value::Null }
    };
    site.within(Duration::from_secs(60), "the first version", |site| total(site, 1) == NEW);

    server.serve(export(BOOKS, NEW, 2));
    disk.fill(0);
    said_why(&now(&site));
    assert_eq!(total(&site, 1), NEW, "what is there is served");
    assert_eq!(site.get("/").status, 200);
    disk.empty();
    assert_eq!(now(&site).status.code(), Some(0));
    site.within(Duration::from_secs(90), "the second version", |site| total(site, 2) == NEW);
    runs(site.data());
    drop(site);
}
