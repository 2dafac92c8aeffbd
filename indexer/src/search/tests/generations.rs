//! What comes into force, what is refused, what is cleared away.

use super::*;
use crate::index::Error;

fn folders(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|d| d.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_build_that_stops_before_the_switch_leaves_the_old_generation() {
    let dir = tempfile::tempdir().unwrap();
    let first = build(dir.path(), &[book(1, "三国演义", "")]);
    let begun = builder(dir.path());
    add(&begun, &book(2, "水浒传", ""));
    let open = Catalogue::open(dir.path()).unwrap();
    assert_eq!(open.generation(), first.generation);
    drop(begun);
    // A killed process cannot clear away what it wrote.
    std::fs::create_dir(dir.path().join("building-000002")).unwrap();
    std::fs::write(dir.path().join("building-000002/000002.entries"), "half").unwrap();
    assert_eq!(Catalogue::open(dir.path()).unwrap().generation(), first.generation);
    let begun = builder(dir.path());
    add(&begun, &book(3, "西游记", ""));
    drop(begun);
    assert_eq!(folders(dir.path()), [first.generation.as_str(), "current"]);
    assert_eq!(Catalogue::open(dir.path()).unwrap().generation(), first.generation);
}

#[test]
fn a_named_folder_that_never_came_into_force_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let first = build(dir.path(), &[book(1, "三国演义", "")]);
    std::fs::create_dir(dir.path().join("000002-00000000")).unwrap();
    let second = build(dir.path(), &[book(2, "水浒传", "")]);
    assert_eq!(folders(dir.path()), [first.generation.as_str(), second.generation.as_str(), "current"]);
}

#[test]
fn only_the_previous_generation_is_kept_and_an_open_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let first = build(dir.path(), &[book(1, "三国演义", "")]);
    let open = Catalogue::open(dir.path()).unwrap();
    let second = build(dir.path(), &[book(2, "水浒传", "")]);
    let third = build(dir.path(), &[book(3, "西游记", "")]);
    assert_eq!(folders(dir.path()), [second.generation.as_str(), third.generation.as_str(), "current"]);
    assert_eq!(open.generation(), first.generation);
    assert_eq!(open.search(&query("三国", SearchField::Any)).unwrap().total, 1);
    let fresh = Catalogue::open(dir.path()).unwrap();
    assert!(fresh.entry(&EditionId::from_key(3)).unwrap().is_some());
    assert!(fresh.entry(&EditionId::from_key(1)).unwrap().is_none());
    assert!(fresh.entry(&EditionId::new("../etc")).unwrap().is_none());
}

#[test]
fn refusals_name_the_way_on() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Catalogue::open(dir.path()), Err(Error::Absent { .. })));
    std::fs::write(dir.path().join("current"), "../../etc").unwrap();
    assert!(matches!(Catalogue::open(dir.path()), Err(Error::Damaged { .. })));
    std::fs::remove_file(dir.path().join("current")).unwrap();
    let summary = build(dir.path(), &shelf());
    let folder = dir.path().join(&summary.generation);
    let manifest = folder.join("manifest.json");
    let good = std::fs::read_to_string(&manifest).unwrap();
    for (from, to) in [("\"format\": ", "\"format\": 99"), ("\"analysis\": \"", "\"analysis\": \"other ")] {
        assert!(good.contains(from), "{from}");
        std::fs::write(&manifest, good.replacen(from, to, 1)).unwrap();
        let error = Catalogue::open(dir.path()).err().unwrap();
        assert!(matches!(error, Error::OtherVersion { .. }) && error.to_string().contains("lianmu build"));
    }
    std::fs::write(&manifest, &good).unwrap();
    std::fs::write(folder.join("000001.entries"), b"short").unwrap();
    assert!(matches!(Catalogue::open(dir.path()), Err(Error::Damaged { .. })));
}

#[test]
fn damage_inside_a_file_is_an_error_or_an_answer_but_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    let summary = build(dir.path(), &shelf());
    let folder = dir.path().join(&summary.generation);
    for name in folders(&folder) {
        if name.ends_with(".json") {
            continue;
        }
        let good = std::fs::read(folder.join(&name)).unwrap();
        for step in [1, 7, 31] {
            let mut bad = good.clone();
            bad.iter_mut().step_by(step).for_each(|b| *b ^= 0x5a);
            std::fs::write(folder.join(&name), &bad).unwrap();
            if let Ok(catalogue) = Catalogue::open(dir.path()) {
                let _ = catalogue.search(&query("三国", SearchField::Any));
                let _ = catalogue.entry(&EditionId::from_key(1));
            }
        }
        std::fs::write(folder.join(&name), &good).unwrap();
    }
    assert_eq!(
        Catalogue::open(dir.path()).unwrap().search(&query("三国", SearchField::Any)).unwrap().total,
        2
    );
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_opens() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let summary = build(dir.path(), &shelf());
    let folder = dir.path().join(&summary.generation);
    let mode = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    let before = folders(&folder);
    let total = Catalogue::open(dir.path()).unwrap().search(&query("三国", SearchField::Any)).unwrap().total;
    // Root may write anyway, so the listing says whether anything was: no lock file, nothing.
    assert_eq!((total, folders(&folder)), (2, before));
    mode(0o755);
}

#[test]
fn every_file_is_in_the_manifest_with_its_hash() {
    let (dir, catalogue) = catalogue(&shelf());
    let folder = dir.path().join(catalogue.generation());
    let mut known: Vec<String> = catalogue.manifest().files.iter().map(|f| f.name.clone()).collect();
    known.push("manifest.json".to_owned());
    known.sort();
    assert_eq!(folders(&folder), known);
    for file in &catalogue.manifest().files {
        let bytes = std::fs::read(folder.join(&file.name)).unwrap();
        assert_eq!(blake3::hash(&bytes).to_hex().as_str(), file.blake3, "{}", file.name);
    }
    assert_eq!(catalogue.manifest().entries, 11);
}
