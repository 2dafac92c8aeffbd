//! The commands: their words, their documents, their exit codes.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use crate::samples::{self, FIRST, GONE, MERGED, SECOND_EDITION, UNION};
use crate::site::{Site, lianmu};

fn run(data: &Path, args: &[&str]) -> Output {
    lianmu(data).args(args).output().unwrap()
}

#[track_caller]
fn check(output: &Output, code: i32, stdout: &str, stderr: &str) {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    assert!(out.contains(stdout), "{stdout} is missing in: {out}");
    assert!(err.contains(stderr), "{stderr} is missing in: {err}");
}

#[test]
fn search_speaks_text_and_json() {
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    check(&run(data.path(), &["search", "java"]), 0, "45 found", "");
    check(&run(data.path(), &["search", "三国演义", "--library", "NLC"]), 0, "I242.4/1", "");
    check(&run(data.path(), &["search", "", "--class", "I2"]), 0, "三国演义", "");
    let json = run(data.path(), &["search", "java", "--json", "--per-page", "3", "--page", "2"]);
    check(&json, 0, "\"total\":45", "");
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(document["records"].as_array().unwrap().len(), 3);
    assert_eq!(document["pages"], 15);
}

#[test]
fn wrong_usage_is_two_and_a_sentence() {
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    check(&run(data.path(), &["search", "x", "--library", "NOWHERE"]), 2, "", "NOWHERE");
    check(&run(data.path(), &["search", "x", "--field", "colour"]), 2, "", "colour");
    check(&run(data.path(), &["search", "x", "--page", "0"]), 2, "", "page");
    check(&run(data.path(), &["record", &samples::id(FIRST), "--format", "pdf"]), 2, "", "pdf");
    check(&run(data.path(), &["suggest"]), 2, "", "");
}

#[test]
fn without_a_generation_it_fails_and_says_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    check(&run(data.path(), &["search", "java"]), 1, "", "lianmu build");
}

#[test]
fn record_prints_every_format() {
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    let id = samples::id(FIRST);
    check(&run(data.path(), &["record", &id]), 0, "Java简明教程", "");
    check(&run(data.path(), &["record", &id, "--format", "json"]), 0, "\"members\":[", "");
    check(&run(data.path(), &["record", &id, "--format", "ris"]), 0, "TY  - BOOK", "");
    check(&run(data.path(), &["record", &id, "--format", "gb7714"]), 0, "林巧民. Java简明教程[M].", "");
    check(&run(data.path(), &["record", &id, "--format", "iso2709"]), 1, "", "not on this machine");
    check(&run(data.path(), &["record", "zzzzzzzzzzzzz"]), 1, "", "zzzzzzzzzzzzz");
}

#[test]
fn entries_are_printed_one_a_line() {
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    let output = run(data.path(), &["entries", "--jsonl"]);
    check(&output, 0, "\"reasons\":[\"isbn+title+year\"]", "");
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), samples::entries().len());
    for line in lines.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            entry["id"].is_string() && entry["members"].is_array() && entry["reasons"].is_array(),
            "{line}"
        );
    }
    check(&run(data.path(), &["entries"]), 2, "", "--jsonl");
}

#[test]
fn explain_says_why_and_old_ids_lead_on() {
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    let id = samples::id(UNION);
    check(
        &run(data.path(), &["explain", &id]),
        0,
        "3 records, 6 copies, 3 libraries, matched on ISBN + title + year",
        "",
    );
    check(
        &run(data.path(), &["explain", &id]),
        0,
        "BJFU:000000020 — BUPT:000000020  isbn+title+year  +12",
        "",
    );
    let old = run(data.path(), &["explain", &samples::id(MERGED), "--json"]);
    check(&old, 0, &format!("\"id\":\"{id}\""), &format!("{} has become part of {id}", samples::id(MERGED)));
    let document: serde_json::Value = serde_json::from_slice(&old.stdout).unwrap();
    assert_eq!(document["asked"], samples::id(MERGED));
    assert_eq!(document["siblings"][0]["id"], samples::id(SECOND_EDITION));
    check(&run(data.path(), &["explain", &samples::id(GONE)]), 1, "", "every library has withdrawn it since");
    check(&run(data.path(), &["explain", "zzzzzzzzzzzzz"]), 1, "", "zzzzzzzzzzzzz");
    check(&run(data.path(), &["record", &samples::id(MERGED)]), 0, "围棋入门", "has become part of");
}

#[test]
fn a_reader_of_the_output_may_go_at_any_time() {
    let data = tempfile::tempdir().unwrap();
    for args in [&["cluster", "list"][..], &["library", "list"], &["status"]] {
        let mut child = lianmu(data.path())
            .args(args)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{args:?}: {:?} {said}", output.status);
    }
}

#[test]
fn decisions_that_cannot_be_taken_are_sentences() {
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    let (union, edition) = (samples::id(UNION), samples::id(SECOND_EDITION));
    for (args, code, sentence) in [
        (vec!["split", &union, "000000020"], 2, "LIBRARY:CONTROL_NUMBER"),
        (
            vec!["split", &union, "SHL:1"],
            2,
            "whose records are BJFU:000000020, BUPT:000000020, NLC:000000020",
        ),
        (vec!["split", &edition, "NLC:000000021"], 2, "name those that leave"),
        (vec!["split", "zzzzzzzzzzzzz", "NLC:1"], 1, "zzzzzzzzzzzzz"),
        (vec!["split", &union], 2, ""),
        (vec!["join", &union], 2, ""),
        (vec!["join", &union, &samples::id(MERGED)], 2, "one entry already"),
        // The samples have no archive.
        (vec!["join", &union, &edition], 2, "the archive has no such record"),
        (vec!["undo", "1"], 2, "there are none yet"),
    ] {
        let args: Vec<&str> = std::iter::once("cluster").chain(args).collect();
        check(&run(data.path(), &args), code, "", sentence);
    }
    check(&run(data.path(), &["cluster", "list"]), 0, "no decisions yet", "");
    check(&run(data.path(), &["cluster", "list", "--json"]), 0, "", "");
}

#[test]
fn members_can_be_added_and_changed() {
    let data = tempfile::tempdir().unwrap();
    check(&run(data.path(), &["library", "list", "bjyddx"]), 0, "BUPT\t北京邮电大学图书馆", "");
    check(&run(data.path(), &["library", "edit", "NOWHERE", "--name", "x"]), 2, "", "NOWHERE");
    check(&run(data.path(), &["library", "add", "BUPT", "--name", "x"]), 2, "", "already");
    let add = ["library", "add", "HBU", "--name", "河北大学图书馆", "--group", "综合类", "--json"];
    check(&run(data.path(), &add), 0, "\"name\":\"河北大学图书馆\"", "");
    check(&run(data.path(), &["library", "edit", "HBU", "--short-name", "河大"]), 0, "", "");
    let list = run(data.path(), &["library", "list", "--json"]);
    check(&list, 0, "\"short_name\":\"河大\"", "");
    let document: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(document["total"], 47);
}

#[test]
fn the_configuration_is_read_whole_and_printed() {
    let data = tempfile::tempdir().unwrap();
    let config = data.path().join("lianmu.toml");
    std::fs::write(&config, "library = \"BJFU\"\n[policy]\nmax_libraries = 3\n").unwrap();
    let printed = run(data.path(), &["serve", "--print-config"]);
    check(&printed, 0, "policy.max_libraries = 3  # file", "");
    check(&printed, 0, "timezone = \"Asia/Shanghai\"  # default", "");
    std::fs::write(&config, "role = 1\n[server]\nlisten = \"x\"\n").unwrap();
    let refused = run(data.path(), &["serve", "--print-config"]);
    check(&refused, 1, "", "role must be");
    check(&refused, 1, "", "server.listen");
    std::fs::write(&config, "library = \"NOWHERE\"\n").unwrap();
    check(&run(data.path(), &["serve", "--print-config"]), 1, "", "NOWHERE");
}

#[cfg(unix)]
#[test]
fn serve_starts_fast_and_stops_when_told() {
    let data = tempfile::tempdir().unwrap();
    samples::build(data.path());
    let started = Instant::now();
    let site = Site::over(data, "");
    assert_eq!(site.get("/readyz").status, 200);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let stopping = Instant::now();
    assert!(site.stop().success());
    assert!(stopping.elapsed() < Duration::from_secs(10));
}
