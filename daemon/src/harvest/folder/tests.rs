//! A real folder, a clock in hand.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::super::trial::{Trial, source};
use super::*;
use crate::settings::SourceKind;

fn fetcher(folder: &Path) -> FolderFetcher {
    FolderFetcher::new(&source(SourceKind::Folder, &folder.to_string_lossy()))
}

fn names(fetched: &Fetched) -> Vec<String> {
    fetched.files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_file_is_taken_once_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("北林.mrc"), "三国演义").unwrap();
    fs::write(folder.path().join("半.mrc.part"), "红").unwrap();
    let mut trial = Trial::new();
    let mut fetcher = fetcher(folder.path());
    let fetched = trial.fetch(&mut fetcher).unwrap();
    assert_eq!((names(&fetched), fetched.complete, fetched.more), (vec!["北林.mrc".to_owned()], true, false));
    assert_eq!(fetched.bytes, 12);
    trial.settle(&fetched);
    assert!(folder.path().join("北林.mrc").exists());
    // The same bytes under another name are nothing new, for a fetcher without memory too.
    fs::rename(folder.path().join("北林.mrc"), folder.path().join("林大.mrc")).unwrap();
    let again = trial.fetch(&mut self::fetcher(folder.path())).unwrap();
    assert!(again.files.is_empty() && again.complete);
    assert_eq!(again.fingerprint, fetched.fingerprint);
    fs::write(folder.path().join("林大.mrc"), "三国演义二").unwrap();
    assert_eq!(names(&trial.fetch(&mut fetcher).unwrap()), ["林大.mrc"]);
}

#[test]
fn sets_come_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("set")).unwrap();
    for name in ["set/1.mrc", "set/2.mrc", "b.001", "b.002", "b.done", "c.mrc"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let mut trial = Trial::new();
    let mut fetcher = fetcher(folder.path());
    let mut taken = Vec::new();
    loop {
        let fetched = trial.fetch(&mut fetcher).unwrap();
        if fetched.files.is_empty() {
            break;
        }
        assert_eq!(fetched.more, taken.len() < 2);
        taken.push(names(&fetched).join("+"));
        trial.settle(&fetched);
    }
    taken.sort();
    assert_eq!(taken, ["1.mrc+2.mrc", "b.001+b.002", "c.mrc"]);
}

#[test]
fn a_set_without_a_part_is_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.001", "b.003", "b.done"] {
        fs::write(folder.path().join(name), name).unwrap();
    }
    let fetched = Trial::new().fetch(&mut fetcher(folder.path())).unwrap();
    assert!(!fetched.complete);
    assert_eq!(fetched.reason.as_deref(), Some("b.002 is missing"));
}

#[test]
fn a_file_that_grows_is_left_to_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("大.mrc");
    fs::write(&path, "x").unwrap();
    let trial = Trial::new();
    let (growing, mut length) = (path.clone(), 1);
    trial.clock.on_sleep(move || {
        length += 1;
        fs::write(&growing, "x".repeat(length)).unwrap();
    });
    let fetched = trial.fetch(&mut fetcher(folder.path())).unwrap();
    assert!(fetched.files.is_empty() && fetched.complete);
    trial.clock.on_sleep(|| {});
    assert_eq!(names(&trial.fetch(&mut fetcher(folder.path())).unwrap()), ["大.mrc"]);
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_and_a_missing_folder_is_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let secret = tempfile::NamedTempFile::new().unwrap();
    if std::os::unix::fs::symlink(secret.path(), folder.path().join("a.mrc")).is_ok() {
        assert!(Trial::new().fetch(&mut fetcher(folder.path())).unwrap().files.is_empty());
    }
    let error = Trial::new().fetch(&mut fetcher(&folder.path().join("无"))).unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}
