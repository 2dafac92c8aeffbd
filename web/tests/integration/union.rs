//! The union from outside: an invented consortium is imported and built, entries are explained, parted and joined.

use std::collections::HashMap;
use std::path::Path;

use data::sample::{Config, Consortium};

use crate::site::{Site, lianmu};

/// A few libraries that share most of their books.
fn consortium() -> Consortium {
    let libraries = ["BJFU", "BUPT", "NLC", "SHL"].map(str::to_owned).into();
    Consortium::new(Config { libraries, damage: 0.0, ..Config::demo(46, 120) })
}

#[track_caller]
fn run(data: &Path, args: &[&str]) -> String {
    let output = lianmu(data).args(args).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{args:?}: {out}{err}");
    out.into_owned()
}

type Record = (String, String);

/// Entries by id, each with its records that have a number.
fn entries(data: &Path) -> HashMap<String, Vec<Record>> {
    let text = run(data, &["entries", "--jsonl"]);
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let entry = |line: serde_json::Value| {
        let members = line["members"].as_array().unwrap().iter();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let records = members.map(|m| (text(&m["library"]), text(&m["control_number"])));
        (text(&line["id"]), records.collect())
    };
    lines.map(entry).collect()
}

fn id_of(entries: &HashMap<String, Vec<Record>>, record: &Record) -> String {
    entries.iter().find(|(_, records)| records.contains(record)).unwrap().0.clone()
}

/// Imports every export, builds, and returns which edition each record really is of.
fn built(data: &Path) -> HashMap<Record, u32> {
    let consortium = consortium();
    let mut truth = HashMap::new();
    for position in 0..consortium.libraries().len() {
        let export = consortium.export(position);
        let file = data.join(&export.file_name);
        std::fs::write(&file, &export.bytes).unwrap();
        run(data, &["import", "--library", &export.library, file.to_str().unwrap()]);
        truth.extend(
            export.truth.iter().map(|t| ((export.library.clone(), t.control_number.clone()), t.edition)),
        );
    }
    run(data, &["build"]);
    truth
}

#[test]
fn entries_are_joined_parted_by_hand_and_joined_again() {
    let data = tempfile::tempdir().unwrap();
    let truth = built(data.path());
    let before = entries(data.path());
    let n_records: usize = before.values().map(Vec::len).sum();
    assert_eq!(n_records, truth.len(), "every record is in one entry");
    let rights = before.values().flat_map(|records| {
        records.iter().enumerate().flat_map(|(i, a)| records[i + 1..].iter().map(|b| truth[a] == truth[b]))
    });
    let (right, wrong): (Vec<bool>, Vec<bool>) = rights.partition(|right| *right);
    assert!(
        right.len() > 50 && wrong.len() * 100 < right.len(),
        "{} right, {} wrong",
        right.len(),
        wrong.len()
    );

    let (id, records) = before.iter().filter(|(_, r)| r.len() >= 3).min_by_key(|(id, _)| *id).unwrap();
    explained(data.path(), id, records);
    let leaving = &records[1];
    let name = format!("{}:{}", leaving.0, leaving.1);
    let said = run(data.path(), &["cluster", "split", id, &name, "--note", "装帧不同"]);
    assert!(said.starts_with("decision 1: ") && said.contains("the next `lianmu build`"), "{said}");
    assert_eq!(
        run(data.path(), &["cluster", "split", id, &name]).lines().next(),
        Some("nothing to do: decision 1 says so already")
    );
    run(data.path(), &["build"]);
    let parted = entries(data.path());
    let alone = id_of(&parted, leaving);
    let others: Vec<String> = records.iter().filter(|r| *r != leaving).map(|r| id_of(&parted, r)).collect();
    assert!(others.iter().all(|other| *other == others[0] && *other != alone), "{others:?} {alone}");
    let explained: serde_json::Value =
        serde_json::from_str(&run(data.path(), &["explain", &alone, "--json"])).unwrap();
    assert_eq!(explained["decisions"][0]["note"], "装帧不同", "{explained}");
    let apart = explained["siblings"].as_array().unwrap().iter().find(|s| s["id"] == others[0].as_str());
    assert_eq!(apart.unwrap()["why"], "kept apart by a person", "{explained}");

    // A full build comes to the same.
    run(data.path(), &["build", "--full"]);
    assert_eq!(entries(data.path()), parted);
    let joined_said = run(data.path(), &["cluster", "join", &alone, &others[0], "--build"]);
    assert!(joined_said.contains("is in force"), "{joined_said}");
    let joined = entries(data.path());
    let one = id_of(&joined, leaving);
    assert!(records.iter().all(|record| id_of(&joined, record) == one));
    let old = if one == alone { others[0].clone() } else { alone };
    let list = run(data.path(), &["cluster", "list"]);
    assert_eq!(list.lines().count(), 2, "{list}");
    run(data.path(), &["cluster", "undo", "2"]);
    run(data.path(), &["cluster", "undo", "1", "--build"]);
    let after = entries(data.path());
    assert_eq!(after, before, "as if nothing had been decided");
    served(data, &one, &old, records);
}

/// `explain` names every record, in text and in JSON.
fn explained(data: &Path, id: &str, records: &[Record]) {
    let text = run(data, &["explain", id]);
    let json: serde_json::Value = serde_json::from_str(&run(data, &["explain", id, "--json"])).unwrap();
    for (library, number) in records {
        assert!(text.contains(&format!("{library}:{number}")), "{text}");
    }
    assert_eq!(json["members"].as_array().unwrap().len(), records.len());
    assert_eq!(json["links"].as_array().unwrap().len(), records.len() - 1);
    for member in json["members"].as_array().unwrap() {
        assert!(member["title"].is_string() && member.get("missing").is_none(), "{member}");
    }
    for link in json["links"].as_array().unwrap() {
        let rule = link["comparisons"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&rule["comparison"], &rule["level"]),
            (&"rule".into(), &"sum reaches the threshold".into())
        );
    }
}

/// The old id leads to the entry, whose records can be seen apart, each with its MARC.
fn served(data: tempfile::TempDir, one: &str, old: &str, records: &[Record]) {
    let site = Site::over(data, "");
    let moved = site.get(&format!("/api/v1/records/{old}"));
    assert_eq!(moved.header("location"), Some(format!("/api/v1/records/{one}").as_str()));
    assert_eq!((moved.status, site.get(&format!("/record/{old}")).status), (308, 308));
    let page = site.get(&format!("/record/{one}?view=members"));
    page.has("各馆自己的记录").has("采用").has("依据 ");
    for (library, number) in records {
        page.has(&format!("记录号 {number}"));
        site.get(&format!("/record/{one}?view=marc&library={library}")).has(number);
    }
}
