//! The shape of the house as tests: what ARCHITECTURE calls invariants is checked here.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const CRATES: [&str; 5] = ["data", "indexer", "daemon", "web", "benches"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every Rust file below a folder, with its text.
fn rust_files(below: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![below.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|n| n != "node_modules" && n != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    CRATES.iter().flat_map(|c| rust_files(&root().join(c))).collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

/// The part of a file in front of its unit tests.
fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap()
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

fn dependencies(krate: &str, table: &str) -> BTreeSet<String> {
    let path = root().join(krate).join("Cargo.toml");
    let manifest: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
    manifest.get(table).and_then(|t| t.as_table()).map(|t| t.keys().cloned().collect()).unwrap_or_default()
}

fn complain(rule: &str, broken: Vec<String>) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn crates_depend_in_one_direction() {
    let order = ["data", "indexer", "daemon", "web"];
    let mut broken = Vec::new();
    for (i, krate) in order.iter().enumerate() {
        for later in &order[i + 1..] {
            for table in ["dependencies", "dev-dependencies"] {
                if dependencies(krate, table).contains(*later) {
                    broken.push(format!("{krate} depends on {later}"));
                }
            }
        }
    }
    complain("dependencies point web → daemon → indexer → data", broken);
}

#[test]
fn heavy_crates_have_one_home() {
    let homes = [
        ("tantivy", "indexer"),
        ("jieba-rs", "indexer"),
        ("pinyin", "indexer"),
        ("zstd", "indexer"),
        ("quick-xml", "indexer, and daemon for OAI-PMH"),
        ("axum", "web"),
        ("tokio", "web"),
        ("askama", "web"),
        ("tower-http", "web"),
        ("clap", "web"),
        ("argon2", "web"),
        ("tokio-rustls", "web"),
        ("rcgen", "web"),
        ("rusqlite", "daemon"),
        ("croner", "daemon"),
    ];
    let mut broken = Vec::new();
    for krate in ["data", "indexer", "daemon", "web"] {
        let named = dependencies(krate, "dependencies");
        for (heavy, home) in homes {
            if named.contains(heavy) && !home.contains(krate) {
                broken.push(format!("{krate}/Cargo.toml names {heavy}, which belongs to {home}"));
            }
        }
    }
    complain("a heavy crate is named in one Cargo.toml", broken);
}

#[test]
fn every_foreign_crate_has_its_reason() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = text.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let broken = section
        .lines()
        .filter(|line| line.contains('=') && !line.contains("path =") && !line.contains('#'))
        .map(str::to_owned)
        .collect();
    complain("every crate that is not ours carries a line of reason", broken);
}

#[test]
fn indexer_modules_never_look_ahead() {
    let lib = fs::read_to_string(root().join("indexer/src/lib.rs")).unwrap();
    let order: Vec<&str> =
        lib.lines().filter_map(|l| l.strip_prefix("pub mod ")).map(|l| l.trim_end_matches(';')).collect();
    assert!(order.len() >= 8, "lib.rs no longer lists its modules as `pub mod name;`");
    let mut broken = Vec::new();
    for (i, module) in order.iter().enumerate() {
        let folder = root().join("indexer/src").join(module);
        let files = if folder.is_dir() { rust_files(&folder) } else { Vec::new() };
        for (path, text) in files {
            for later in &order[i + 1..] {
                let mention = format!("crate::{later}");
                if code_lines(before_tests(&text)).any(|line| names_module(line, &mention)) {
                    broken.push(format!("{} uses {later}", relative(&path)));
                }
            }
        }
    }
    complain("a station knows only the stations before it", broken);
}

fn names_module(line: &str, mention: &str) -> bool {
    line.split(mention).skip(1).any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn every_module_says_what_it_answers() {
    let broken = sources()
        .into_iter()
        .filter(|(_, text)| !text.trim_start().starts_with("//!"))
        .map(|(path, _)| relative(&path))
        .collect();
    complain("every file opens with a `//!` header", broken);
}

#[test]
fn files_stay_small() {
    let broken = sources()
        .into_iter()
        .map(|(path, text)| (relative(&path), before_tests(&text).lines().count()))
        .filter(|(_, n_lines)| *n_lines > 400)
        .map(|(path, n_lines)| format!("{path}: {n_lines} lines before its tests"))
        .collect();
    complain("a file has at most 400 lines before its tests", broken);
}

#[test]
fn no_rooms_without_a_name() {
    let vague = ["utils", "util", "helpers", "helper", "common", "manager", "service", "misc"];
    let broken = sources()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| {
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
            vague.contains(&stem.as_str()) || vague.contains(&folder.as_str())
        })
        .map(|path| relative(&path))
        .collect();
    complain("a file is named after what it answers", broken);
}

/// The words are put together here so that this file does not accuse itself.
#[test]
fn nothing_is_left_half_done() {
    let halves = ["#[ig", "nore", "#[should_", "panic", "todo", "!(", "unimpl", "emented!("];
    let words: Vec<String> = halves.chunks(2).map(|pair| pair.concat()).collect();
    let mut broken = Vec::new();
    for (path, text) in sources() {
        for word in &words {
            if text.contains(word.as_str()) {
                broken.push(format!("{} has {word}", relative(&path)));
            }
        }
    }
    complain("no ignored test, no test that wants a panic, nothing to do later", broken);
}

/// Files that are compiled for tests only.
const DAEMON_TESTS: &[&str] =
    &["daemon/src/harvest/peers.rs", "daemon/src/harvest/trial.rs", "daemon/src/run/tests.rs"];

#[test]
fn routes_threads_and_cores_have_one_place_each() {
    let rules: [(&str, &str, &[&str]); 6] = [
        ("daemon/src", "thread::spawn(", DAEMON_TESTS),
        ("daemon/src", "thread::Builder", &["daemon/src/run.rs"]),
        ("web/src", ".route(", &["web/src/router.rs"]),
        ("web/src", "spawn_blocking(", &["web/src/blocking.rs"]),
        ("indexer/src", "use rayon", &["indexer/src/pipeline/"]),
        ("indexer/src", "rayon::", &["indexer/src/pipeline/"]),
    ];
    let mut broken = Vec::new();
    for (below, call, allowed) in rules {
        for (path, text) in rust_files(&root().join(below)) {
            let name = relative(&path);
            let used = code_lines(before_tests(&text)).any(|line| line.contains(call));
            if used && !allowed.iter().any(|a| name.starts_with(a)) {
                broken.push(format!("{name} has {call}"));
            }
        }
    }
    complain(
        "routes in router.rs, blocking in blocking.rs, threads in run.rs, rayon in the pipeline",
        broken,
    );
}

#[test]
fn sql_is_constant_and_stands_in_the_store() {
    let store = "daemon/src/store/";
    let statements = ["SELECT ", "INSERT INTO", "DELETE FROM", "CREATE TABLE", "VACUUM ", "\"UPDATE "];
    let calls =
        [".prepare(", ".prepare_cached(", ".execute(", ".execute_batch(", ".query_row(", ".run(", ".row("];
    let mut broken = Vec::new();
    for (path, text) in
        ["indexer", "daemon", "web"].iter().flat_map(|c| rust_files(&root().join(c).join("src")))
    {
        let name = relative(&path);
        let code = code_lines(before_tests(&text)).collect::<Vec<_>>().join("\n");
        if name.starts_with(store) && !name.ends_with("/tests.rs") {
            for call in calls {
                let arguments = code.split(call).skip(1).map(str::trim_start);
                // A literal, a constant, or the values of a statement that was prepared before; steps of
                // migrations are files of constant text.
                let is_constant = |argument: &str| {
                    argument.starts_with(|c: char| c == '"' || c == '[' || c.is_ascii_uppercase())
                        || argument.starts_with("params!")
                        || argument.starts_with("step)") && name.ends_with("migrations.rs")
                        || name.ends_with("/cached.rs")
                };
                broken.extend(
                    arguments.filter(|a| !is_constant(a)).map(|a| format!("{name}: {call}{:.40}", a)),
                );
            }
        } else if !name.starts_with(store) {
            broken
                .extend(statements.iter().filter(|s| code.contains(**s)).map(|s| format!("{name} has {s}")));
        }
    }
    complain("SQL is constant text in daemon/src/store", broken);
}

#[test]
fn readme_names_the_folders_that_are_there() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let named: BTreeSet<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once("/`").map(|(name, _)| name))
        .collect();
    assert_eq!(named, BTreeSet::from(CRATES), "the table of folders in README.md");
    for krate in CRATES {
        assert!(root().join(krate).join("Cargo.toml").exists(), "{krate} is gone");
    }
}

#[test]
fn architecture_names_every_station() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let lib = fs::read_to_string(root().join("indexer/src/lib.rs")).unwrap();
    let broken = lib
        .lines()
        .filter_map(|l| l.strip_prefix("pub mod "))
        .map(|l| l.trim_end_matches(';'))
        .filter(|module| !text.contains(&format!("`indexer::{module}`")))
        .map(str::to_owned)
        .collect();
    complain("ARCHITECTURE.md names every module of the indexer", broken);
}

#[test]
fn every_table_names_its_origin() {
    let folder = root().join("data/tables");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let broken = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md" && !readme.contains(&format!("`{name}`")))
        .collect();
    complain("data/tables/README.md says where each table comes from", broken);
}
