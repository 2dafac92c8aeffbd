//! A record is as old as the import that first brought it.

use super::*;

#[test]
fn a_key_keeps_the_number_of_the_import_it_came_with() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let other = LibraryCode::new("BUU");
    let mut changes = archive.library(&other).unwrap().begin(ImportMode::Full).unwrap();
    let elsewhere = raw("别家的书", 0);
    changes.add(&elsewhere, None, ContentHash::of(&elsewhere), false).unwrap();
    changes.commit().unwrap();
    let seen = || {
        let state = archive.library(&code()).unwrap().state().unwrap();
        let of = |number| {
            let key = RecordKey::of_control_number(number).unwrap();
            state.find(&key).map(|idx| state.slots[idx].first_seen)
        };
        [of("1"), of("2")]
    };
    let table = [
        (ImportMode::Full, set(&[("1", "三国演义")]), [Some(2), None]),
        (ImportMode::Delta, set(&[("1", "三國演義"), ("2", "红楼梦")]), [Some(2), Some(3)]),
        (ImportMode::Delete, set(&[("1", "")]), [None, Some(3)]),
        (ImportMode::Full, set(&[("1", "三國演義"), ("2", "红楼梦")]), [Some(5), Some(3)]),
    ];
    for (mode, set, expect) in table {
        import(&archive, mode, &set).unwrap();
        assert_eq!(seen(), expect);
    }
    let library = archive.library(&code()).unwrap();
    go_back(&library);
    go_back(&library);
    assert_eq!(seen(), [Some(2), Some(3)], "what was undone is as if it had not been");
    import(&archive, ImportMode::Delta, &set(&[("3", "西游记")])).unwrap();
    assert_eq!(library.current_number().unwrap(), Some(6), "no number is used twice");
}

#[test]
fn a_run_that_removes_a_record_and_brings_it_again_changes_nothing_however_often() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let library = archive.library(&code()).unwrap();
    import(&archive, ImportMode::Full, &set(&[("1", "三国演义"), ("2", "红楼梦")])).unwrap();
    let before = library.state().unwrap();
    let key = RecordKey::of_control_number("1").unwrap();
    let again = |text| {
        let mut changes = library.begin(ImportMode::Delta).unwrap();
        let record = raw(text, 0);
        assert!(changes.remove(key));
        changes.add(&record, Some(key), ContentHash::of(&record), false).unwrap();
        let counts = changes.commit().unwrap();
        assert_eq!((counts.deleted, counts.new), (1, 1), "what the run said is counted");
        library.state().unwrap()
    };
    for _ in 0..2 {
        assert_eq!(again("三国演义").number, before.number, "no other state");
    }
    let other = again("三國演義");
    assert_ne!(other.number, before.number);
    let first_seen = |state: &State| state.slots[state.find(&key).unwrap()].first_seen;
    assert_eq!(first_seen(&other), first_seen(&before), "it is as old as it was");
}
