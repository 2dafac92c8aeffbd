//! A hub and its branches as programs of their own: published, served under `/repository`, pulled over the line, killed
//! in between.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use indexer::index;
use indexer::search::Catalogue;
use serde_json::Value;

use crate::harvest::{export, is_thorough};
use crate::moto::moto;
use crate::site::{Site, lianmu};

fn run(data: &Path, arguments: &[&str]) -> Output {
    lianmu(data).args(arguments).output().unwrap()
}

#[track_caller]
fn document(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// A data directory with books, of which the first ones carry the version in their title.
fn grow(data: &Path, n_books: u32, n_new: u32, version: u32) {
    let file = data.join("export.xml");
    std::fs::write(&file, export(n_books, n_new, version)).unwrap();
    document(&run(data, &["import", "--library", "BJFU", "--full", file.to_str().unwrap(), "--json"]));
    document(&run(data, &["build", "--json"]));
}

fn hub() -> Site {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("lianmu.toml"), "role = \"hub\"\n").unwrap();
    grow(data.path(), 300, 0, 1);
    document(&run(data.path(), &["snapshot", "init", "--json"]));
    document(&run(data.path(), &["snapshot", "publish", "--json"]));
    Site::over(data, "role = \"hub\"\n")
}

fn branch_config(hub: &Site) -> String {
    format!(
        "role = \"branch\"\nlibrary = \"BJFU\"\n[central]\nkind = \"hub\"\nurl = \"http://{}\"\n",
        hub.address()
    )
}

/// A new generation, by a hub that is served: what is imported is built and published by itself.
fn next_night(hub: &Site, version: u32) -> String {
    let before = index::name_in_force(&hub.data().join("catalogue"));
    let file = hub.data().join(format!("night-{version}.xml"));
    std::fs::write(&file, export(300, 5, version)).unwrap();
    document(&run(hub.data(), &["import", "--library", "BJFU", "--full", file.to_str().unwrap(), "--json"]));
    hub.until("the night is published", |hub| {
        let listed = run(hub.data(), &["snapshot", "list", "--json"]);
        let newest = String::from_utf8_lossy(&listed.stdout).lines().last().unwrap_or_default().to_owned();
        let newest = serde_json::from_str::<Value>(&newest).unwrap_or_default()["generation"].clone();
        newest.as_str().is_some_and(|newest| Some(newest) != before.as_deref())
    });
    index::name_in_force(&hub.data().join("catalogue")).unwrap()
}

#[test]
fn a_branch_gives_its_files_to_its_neighbours_where_it_shares_them() {
    let hub = hub();
    let shared = |share: bool| format!("{}[snapshot]\nminutes = 0\nshare = {share}\n", branch_config(&hub));
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("lianmu.toml"), shared(false)).unwrap();
    document(&run(data.path(), &["snapshot", "pull", "--json"]));
    let branch = Site::over(data, &shared(false));
    let catalogue = branch.data().join("catalogue");
    let manifest = index::manifest_in_force(&catalogue).unwrap();
    let file = manifest.files.iter().max_by_key(|file| file.bytes).unwrap();
    let path = format!("/neighbour/{}", file.blake3);
    assert_eq!(branch.get(&path).status, 404, "nothing is given unless it is said");
    let branch = Site::over(branch.killed(), &shared(true));
    let whole = branch.get(&path);
    assert_eq!((whole.status, whole.header("content-length")), (200, Some(&*file.bytes.to_string())));
    let part = branch.ask("GET", &path, &[("Range", "bytes=10-19")]);
    assert_eq!((part.status, part.header("content-length")), (206, Some("10")));
    assert_eq!(part.header("content-range"), Some(&*format!("bytes 10-19/{}", file.bytes)));
    let beyond = branch.ask("GET", &path, &[("Range", &format!("bytes={}-", file.bytes))]);
    assert_eq!((beyond.status, beyond.body.len()), (416, 0));
    for refused in
        ["", "..", "../state.db", "..%2f..%2fstate.db", &"0".repeat(64), &file.blake3[1..], &file.name]
    {
        assert_eq!(branch.get(&format!("/neighbour/{refused}")).status, 404, "{refused}");
    }

    // Another branch beside it: its line to the hub carries lists alone.
    let other = tempfile::tempdir().unwrap();
    let config =
        format!("{}[snapshot]\nneighbours = [\"http://{}\"]\n", branch_config(&hub), branch.address());
    std::fs::write(other.path().join("lianmu.toml"), config).unwrap();
    let pulled = document(&run(other.path(), &["snapshot", "pull", "--json"]));
    let near = pulled["bytes_from_neighbours"].as_u64().unwrap();
    assert!(
        pulled["bytes_fetched"] == 0 && near > manifest.files.iter().map(|file| file.bytes).sum(),
        "{pulled}"
    );
    let status = document(&run(other.path(), &["status", "--json"]))["snapshot"].clone();
    assert_eq!((&status["bytes_fetched"], &status["bytes_from_neighbours"]), (&0.into(), &near.into()));
    let said = run(other.path(), &["status"]).stdout;
    assert!(String::from_utf8_lossy(&said).contains(&format!("{near} bytes from neighbours")));
    let files = |data: &Path| {
        let dir = data.join("catalogue").join(&manifest.generation);
        let items = std::fs::read_dir(dir).unwrap().map(|item| item.unwrap().path());
        let mut files: Vec<_> = items.map(|path| std::fs::read(path).unwrap()).collect();
        files.sort_unstable();
        files
    };
    assert_eq!(files(other.path()), files(hub.data()));
}

#[test]
fn a_hub_publishes_and_a_branch_pulls_serves_and_says_how_old_it_is() {
    let hub = hub();
    let first = index::name_in_force(&hub.data().join("catalogue")).unwrap();

    // The repository as any web server would give it.
    let timestamp = hub.get("/repository/metadata/timestamp.json");
    assert_eq!((timestamp.status, timestamp.header("cache-control")), (200, Some("no-cache")));
    let tag = timestamp.header("etag").unwrap().to_owned();
    let again = hub.ask("GET", "/repository/metadata/timestamp.json", &[("If-None-Match", &tag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
    let part = hub.ask("GET", "/repository/metadata/1.root.json", &[("Range", "bytes=10-19")]);
    assert_eq!((part.status, part.body.len()), (206, 10));
    assert!(part.header("content-range").unwrap().starts_with("bytes 10-19/"));
    assert!(
        hub.get("/repository/metadata/1.root.json").header("cache-control").unwrap().contains("immutable")
    );
    for hidden in
        ["publisher.json", "../keys/publisher.key", "metadata/../../keys/publisher.key", "objects", ""]
    {
        assert_eq!(hub.get(&format!("/repository/{hidden}")).status, 404, "{hidden}");
    }

    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("lianmu.toml"), branch_config(&hub)).unwrap();
    let planned = run(data.path(), &["snapshot", "pull", "--dry-run", "--json"]);
    assert!(!planned.status.success(), "nobody is trusted yet: {planned:?}");
    let pulled = run(data.path(), &["snapshot", "pull", "--json"]);
    assert!(
        String::from_utf8_lossy(&pulled.stderr).contains("from now on this machine trusts"),
        "{pulled:?}"
    );
    let pulled = document(&pulled);
    assert_eq!((pulled["from"].clone(), pulled["to"].as_str()), (Value::Null, Some(&*first)));
    assert!(pulled["bytes_fetched"].as_u64().unwrap() > 1000 && pulled["way"] == "files", "{pulled}");
    let pulled = document(&run(data.path(), &["snapshot", "pull", "--json"]));
    assert_eq!((pulled["from"].as_str(), pulled["bytes_fetched"].as_u64()), (Some(&*first), Some(0)));

    let second = next_night(&hub, 2);
    let planned = document(&run(data.path(), &["snapshot", "pull", "--dry-run", "--json"]));
    assert_eq!((planned["from"].as_str(), planned["to"].as_str()), (Some(&*first), Some(&*second)));

    // Served, it looks by itself and takes the new one without a word of anybody.
    let branch = Site::over(data, &branch_config(&hub));
    branch.until("the new generation is served", |branch| {
        branch.get("/api/v1/status").json()["generation"].as_str() == Some(&*second)
    });
    hub.until("the hub serves it too", |hub| {
        hub.get("/api/v1/status").json()["generation"].as_str() == Some(&*second)
    });
    let found = branch.get("/api/v1/search?q=第2版书1").json();
    assert_eq!(found["total"], hub.get("/api/v1/search?q=第2版书1").json()["total"]);
    let snapshot = branch.get("/api/v1/status").json()["snapshot"].clone();
    assert_eq!(
        (snapshot["freshness"].as_str(), snapshot["state"].as_str()),
        (Some("fresh"), Some("ok")),
        "{snapshot}"
    );
    assert_eq!(
        (snapshot["days_old"].as_i64(), snapshot["reached"].as_bool()),
        (Some(0), Some(true)),
        "{snapshot}"
    );
    branch.get("/").has("目录数据发布于").has("距今 0 天");
    branch.ask("GET", "/search?q=书&lang=en", &[]).has("The catalogue is that of");
    let record = found["records"][0]["id"].as_str().unwrap().to_owned();
    branch.get(&format!("/record/{record}")).has("第2版书1");
    assert_eq!(
        branch.get(&format!("/record/{record}/export/iso2709")).status,
        200,
        "the original record came along"
    );

    // The hub goes; nothing else does, and it is said.
    drop(hub);
    let failed = run(branch.data(), &["snapshot", "pull"]);
    assert!(!failed.status.success());
    branch.until("it is said", |branch| branch.get("/").body.contains("未能连上中心"));
    assert!(branch.get("/api/v1/search?q=旧书").json()["total"].as_u64().unwrap() > 0);

    // By hand back, kept, and let go again, while it is served.
    let switched = document(&run(branch.data(), &["snapshot", "switch", &first, "--json"]));
    assert_eq!((switched["generation"].as_str(), switched["pinned"].as_bool()), (Some(&*first), Some(true)));
    branch.until("the old one is served", |branch| {
        branch.get("/api/v1/status").json()["generation"].as_str() == Some(&*first)
    });
    let listed = run(branch.data(), &["snapshot", "list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains(&format!("{first}  ")), "{listed:?}");
    document(&run(branch.data(), &["snapshot", "switch", "newest", "--json"]));
    branch.until("the new one is served", |branch| {
        branch.get("/api/v1/status").json()["generation"].as_str() == Some(&*second)
    });
}

#[test]
fn a_pull_that_is_killed_at_any_moment_leaves_one_generation_or_the_other() {
    let n_kills = if is_thorough() { 2_000 } else { 24 };
    let hub = hub();
    let mut names = vec![index::name_in_force(&hub.data().join("catalogue")).unwrap()];
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("lianmu.toml"), branch_config(&hub)).unwrap();
    document(&run(data.path(), &["snapshot", "pull", "--json"]));
    let catalogue = data.path().join("catalogue");
    let (mut last, mut dice) = (Duration::from_millis(120), u64::from(std::process::id()) | 1);
    let (mut n_ended, mut n_between) = (0, 0);
    for round in 0..n_kills {
        if round % 6 == 0 {
            names.push(next_night(&hub, 10 + round));
        }
        let was = index::name_in_force(&catalogue).unwrap();
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let is_switch = round % 6 == 5;
        let newest = names.last().unwrap().clone();
        let arguments: &[&str] =
            if is_switch { &["snapshot", "switch", &was] } else { &["snapshot", "pull"] };
        let mut child =
            lianmu(data.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pulling = catalogue.join(format!("pulling-{newest}"));
        let within = if round % 2 == 0 && !is_switch {
            // Of a pull most is over before it begins to write: every other one is killed from there on.
            while !pulling.exists() && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_micros(50));
            }
            4_000
        } else {
            last.as_micros() as u64 * 11 / 10
        };
        std::thread::sleep(Duration::from_micros((dice >> 33) % within));
        child.kill().unwrap();
        n_ended += u32::from(child.wait().unwrap().code().is_some());
        let began = Instant::now();
        let open = Catalogue::open(&catalogue).unwrap();
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "round {round}: a start takes {:?}",
            began.elapsed()
        );
        assert!(
            open.generation() == was || open.generation() == newest,
            "round {round}: {}",
            open.generation()
        );
        n_between += u32::from(pulling.exists());
        drop(open);
        if round % 6 == 4 || is_switch {
            document(&run(data.path(), &["snapshot", "switch", "newest", "--json"]));
            let began = Instant::now();
            document(&run(data.path(), &["snapshot", "pull", "--json"]));
            last = began.elapsed().max(Duration::from_millis(20));
            assert_eq!(index::name_in_force(&catalogue).as_ref(), Some(&newest), "round {round}");
        }
    }
    println!("{n_kills} kills, {n_ended} too late, {n_between} that left a generation half fetched");
}

#[test]
fn a_stick_carries_what_a_branch_lacks_both_ways() {
    let hub = hub();
    let (stick, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = "role = \"branch\"\nlibrary = \"BJFU\"\n[central]\nkind = \"none\"\n";
    std::fs::write(data.path().join("lianmu.toml"), config).unwrap();
    let path = stick.path().to_str().unwrap();
    let whole = document(&run(hub.data(), &["snapshot", "export", path, "--for", "BJFU", "--json"]));
    assert!(whole["since"].is_null());
    document(&run(data.path(), &["snapshot", "import", path, "--json"]));
    std::fs::remove_dir_all(stick.path().join("objects")).unwrap();
    let second = next_night(&hub, 2);
    let few =
        document(&run(hub.data(), &["snapshot", "export", "--for", "BJFU", "--repository", path, "--json"]));
    assert!(few["bytes"].as_u64().unwrap() < whole["bytes"].as_u64().unwrap() * 3 / 4, "{few} of {whole}");
    let pulled = document(&run(data.path(), &["snapshot", "import", path, "--json"]));
    assert_eq!(pulled["to"].as_str(), Some(&*second));
    let found = document(&run(data.path(), &["search", "第2版书1", "--json"]));
    assert!(found["total"].as_u64().unwrap() > 0);
    for name in
        std::fs::read_dir(stick.path()).unwrap().map(|item| item.unwrap().file_name().into_string().unwrap())
    {
        assert!(
            name.len() < 64 && name.is_ascii() && !name.contains(':'),
            "FAT32 keeps no such name: {name}"
        );
    }
    let verified = run(hub.data(), &["snapshot", "verify", "--json"]);
    assert_eq!(document(&verified)["faults"], serde_json::json!([]));
    let pruned = document(&run(hub.data(), &["snapshot", "prune", "--json"]));
    assert_eq!(pruned["removed"], 0);
}

#[test]
fn a_hub_keeps_a_bucket_up_and_a_branch_reads_it() {
    let Some((store, endpoint)) = moto() else { return };
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("s3.secret");
    std::fs::write(&secret, "a secret that nobody prints\n").unwrap();
    let snapshot = format!(
        "[snapshot]\nrepository = \"s3://union/catalogue\"\nendpoint = \"{endpoint}\"\naccess_key = \"hub\"\n\
         secret_file = \"{}\"\n",
        secret.display()
    );
    let hub = tempfile::tempdir().unwrap();
    let config = format!("role = \"hub\"\n{snapshot}");
    std::fs::write(hub.path().join("lianmu.toml"), &config).unwrap();
    grow(hub.path(), 300, 0, 1);
    document(&run(hub.path(), &["snapshot", "init", "--json"]));
    let published = document(&run(hub.path(), &["snapshot", "publish", "--json"]));
    assert!(published["bytes_new"].as_u64() > Some(10_000), "{published}");
    assert_eq!(published["bytes_copied"], published["bytes_new"], "what `init` wrote was there already");
    let pruned = document(&run(hub.path(), &["snapshot", "prune", "--json"]));
    assert_eq!(pruned["removed"], 0);

    let branch = tempfile::tempdir().unwrap();
    std::fs::write(
        branch.path().join("lianmu.toml"),
        format!("role = \"branch\"\nlibrary = \"BJFU\"\n{snapshot}"),
    )
    .unwrap();
    let planned = run(branch.path(), &["snapshot", "pull", "--dry-run", "--json"]);
    assert!(!planned.status.success(), "nobody is trusted yet: {planned:?}");
    let pulled = document(&run(branch.path(), &["snapshot", "pull", "--json"]));
    assert_eq!(pulled["to"], published["generation"]);
    let verified = document(&run(branch.path(), &["snapshot", "verify", "--json"]));
    assert_eq!(
        (verified["generations"].as_u64(), verified["faults"].as_array().unwrap().len()),
        (Some(1), 0)
    );

    // Served, the hub copies a night as it publishes it; the branch takes it by itself.
    let hub = Site::over(hub, &config);
    let second = next_night(&hub, 2);
    let config = std::fs::read_to_string(branch.path().join("lianmu.toml")).unwrap();
    let branch = Site::over(branch, &config);
    hub.until("the night is in the bucket", |_| {
        document(&run(branch.data(), &["snapshot", "pull", "--json"]))["to"].as_str() == Some(&*second)
    });

    // What a bucket cannot be is said, and what to do instead.
    let said = |output: Output| {
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let refused = said(run(hub.data(), &["snapshot", "export", "s3://union/stick"]));
    assert!(refused.contains("a stick is a folder"), "{refused}");
    let refused = said(run(branch.data(), &["snapshot", "import", "s3://union/catalogue"]));
    assert!(refused.contains("snapshot pull --repository s3://union/catalogue"), "{refused}");
    let refused = said(run(hub.data(), &["snapshot", "publish", "--repository", "https://example.org/r"]));
    assert!(refused.contains("in a folder") && refused.contains("s3://"), "{refused}");
    drop(store);
    let refused = said(run(hub.data(), &["snapshot", "publish"]));
    assert!(refused.contains("publish again") && !refused.contains("X-Amz"), "{refused}");
}
