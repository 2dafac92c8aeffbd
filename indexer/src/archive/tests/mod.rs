//! Histories of imports against a plain map, and imports that are stopped between any two writes.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::charset::Charset;
use crate::files::power_cut::{Loss, PowerCut, at_every_step};
use crate::marc::{Carrier, Flaw, FlawCode};

mod age;
mod formats;

/// What a test says of a record: control number, text.
type Said = (&'static str, String);

fn code() -> LibraryCode {
    LibraryCode::new("BJFU")
}

fn raw(text: &str, offset: u64) -> RawRecord {
    RawRecord::new(text.as_bytes().to_vec(), offset, Carrier::Iso2709)
}

fn import(archive: &Archive, mode: ImportMode, set: &[Said]) -> Result<Counts> {
    let mut changes = archive.library(&code())?.begin(mode)?;
    changes.set_source("北林.mrc");
    for (n, (number, text)) in set.iter().enumerate() {
        let raw = raw(text, n as u64 * 1000);
        let key = RecordKey::of_control_number(number);
        if mode == ImportMode::Delete {
            changes.remove(key.unwrap_or_else(|| RecordKey::of_content(ContentHash::of(&raw))));
        } else {
            changes.add(&raw, key, ContentHash::of(&raw), false)?;
        }
    }
    changes.commit()
}

fn contents(archive: &Archive) -> BTreeMap<RecordKey, Vec<u8>> {
    let library = archive.library(&code()).unwrap();
    let state = library.state().unwrap();
    let read = |slot: &Slot| {
        let pack = state.packs[slot.pack_idx()].prefix();
        let stored = archive.stored_record(&code(), RecordLocator { pack, slot: slot.slot }).unwrap();
        assert_eq!(&*stored.source, "北林.mrc");
        assert_eq!(ContentHash::of(&stored.raw), slot.content);
        (slot.key, stored.raw.bytes)
    };
    state.slots.iter().map(read).collect()
}

fn go_back(library: &LibraryArchive) -> u64 {
    let number = library.state().unwrap().previous;
    library.put_in_force(&InForce { number, ..InForce::default() }).unwrap();
    number
}

fn set(said: &[(&'static str, &str)]) -> Vec<Said> {
    said.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
}

fn counts(new: u64, changed: u64, same: u64, duplicate: u64, deleted: u64) -> Counts {
    Counts { new, changed, same, duplicate, deleted }
}

#[test]
fn a_year_of_one_library() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let first = set(&[("1", "三国演义"), ("2", "红楼梦"), ("2", "红楼梦 续"), ("2", "红楼梦"), ("", "无号")]);
    let table = [
        (ImportMode::Full, first.clone(), counts(4, 0, 0, 1, 0), 4),
        (ImportMode::Full, first.clone(), counts(0, 0, 4, 1, 0), 4),
        (ImportMode::Delta, set(&[("1", "三國演義"), ("3", "西游记")]), counts(1, 1, 0, 0, 0), 5),
        (ImportMode::Delete, set(&[("3", ""), ("9", ""), ("", "无号")]), counts(0, 0, 0, 0, 2), 3),
        (ImportMode::Full, set(&[("1", "三國演義")]), counts(0, 0, 1, 0, 2), 1),
        (ImportMode::Full, first, counts(3, 1, 0, 1, 0), 4),
    ];
    for (step, (mode, set, expect, n_records)) in table.into_iter().enumerate() {
        assert_eq!(import(&archive, mode, &set).unwrap(), expect, "step {step}");
        assert_eq!(contents(&archive).len(), n_records, "step {step}");
    }
}

#[test]
fn the_same_again_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let books = set(&[("1", "三国演义"), ("2", "红楼梦")]);
    import(&archive, ImportMode::Full, &books).unwrap();
    let library = archive.library(&code()).unwrap();
    let files = || {
        let list = |f: &str| std::fs::read_dir(library.folder().join(f)).unwrap().map(|i| i.unwrap().path());
        list("packs").chain(list("states")).collect::<BTreeSet<_>>()
    };
    let before = files();
    for mode in [ImportMode::Full, ImportMode::Delta] {
        assert_eq!(import(&archive, mode, &books).unwrap(), counts(0, 0, 2, 0, 0));
    }
    assert_eq!(files(), before);
    let stamp = library.stamp().unwrap().unwrap();
    assert_eq!((stamp.number, stamp.n_records), (1, 2));
}

#[test]
fn undo_goes_back_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let library = archive.library(&code()).unwrap();
    import(&archive, ImportMode::Full, &set(&[("1", "三国演义")])).unwrap();
    let old = contents(&archive);
    import(&archive, ImportMode::Full, &set(&[("1", "水浒传")])).unwrap();
    assert_ne!(contents(&archive), old);
    assert_eq!(go_back(&library), 1);
    assert_eq!(contents(&archive), old);
    import(&archive, ImportMode::Full, &set(&[("1", "西游记")])).unwrap();
    assert_eq!(library.current_number().unwrap(), Some(3));
    assert_eq!(go_back(&library), 1);
    assert_eq!(go_back(&library), 0);
    assert!(contents(&archive).is_empty());
}

#[test]
fn many_blocks_and_every_carrier_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let mut changes = archive.library(&code()).unwrap().begin(ImportMode::Full).unwrap();
    let carriers = (0..=u8::MAX).map_while(Carrier::from_number).collect::<Vec<_>>();
    let records: Vec<RawRecord> = (0..900u64)
        .map(|n| {
            let bytes = format!("{n}").repeat(n as usize % 700).into_bytes();
            let mut raw = RawRecord::new(bytes, n << 33, carriers[n as usize % carriers.len()]);
            raw.length += n % 3;
            raw.declared = (n % 5 == 0).then_some(Charset::Gb18030);
            raw.flaws.extend((0..n % 3).map(|k| Flaw { code: FlawCode::ALL[k as usize], at: (n << 33) + k }));
            raw
        })
        .collect();
    for (n, raw) in records.iter().enumerate() {
        changes.set_source(if n < 450 { "甲.mrc" } else { "乙.zip!丙.xml" });
        let key = RecordKey::of_control_number(&n.to_string());
        changes.add(raw, key, ContentHash::of(raw), n % 2 == 1).unwrap();
    }
    changes.commit().unwrap();
    let state = archive.library(&code()).unwrap().state().unwrap();
    assert!(archive.library(&code()).unwrap().pack(&state.packs[0]).unwrap().n_blocks() > 1);
    for (n, raw) in records.iter().enumerate() {
        let number = RecordKey::of_control_number(&n.to_string()).unwrap();
        let key = if n % 2 == 1 { number.auxiliary() } else { number };
        let slot = state.slots[state.find(&key).unwrap()];
        assert_eq!(slot.is_auxiliary(), n % 2 == 1);
        let locator = RecordLocator { pack: state.packs[0].prefix(), slot: slot.slot };
        let stored = archive.stored_record(&code(), locator).unwrap();
        assert_eq!((&stored.raw.bytes, stored.raw.offset), (&raw.bytes, raw.offset));
        assert_eq!((stored.raw.carrier, stored.raw.length), (raw.carrier, raw.length));
        assert_eq!((stored.raw.declared, &stored.raw.flaws), (raw.declared, &raw.flaws));
        assert_eq!(&*stored.source, if n < 450 { "甲.mrc" } else { "乙.zip!丙.xml" });
    }
}

#[test]
fn codes_that_leave_the_folder_are_refused() {
    let archive = Archive::open(&PathBuf::from("nowhere")).unwrap();
    for bad in ["", ".", "..", "../BJFU", "a/b", "a\\b", "C:", ".hidden"] {
        assert!(matches!(archive.library(&LibraryCode::new(bad)), Err(Error::BadCode { .. })), "{bad}");
    }
    for good in ["BJFU", "BUU-CAS", "BISTU-S", "林大"] {
        assert!(archive.library(&LibraryCode::new(good)).is_ok(), "{good}");
    }
}

#[test]
fn two_states_are_compared_record_by_record() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let library = archive.library(&code()).unwrap();
    import(&archive, ImportMode::Full, &set(&[("1", "三国演义"), ("2", "红楼梦"), ("3", "西游记")])).unwrap();
    import(&archive, ImportMode::Full, &set(&[("1", "三國演義"), ("3", "西游记"), ("4", "水浒传")])).unwrap();
    let [old, new] = [1, 2].map(|number| library.state_numbered(number).unwrap());
    let key = |number| RecordKey::of_control_number(number).unwrap();
    let at = |state: &State, number| state.slots[state.find(&key(number)).unwrap()];
    let mut expect = [
        (key("1"), Difference::Changed { old: &at(&old, "1"), new: &at(&new, "1") }),
        (key("2"), Difference::Removed(&at(&old, "2"))),
        (key("4"), Difference::Added(&at(&new, "4"))),
    ];
    expect.sort_by_key(|(key, _)| *key);
    assert_eq!(differences(&old, &new).collect::<Vec<_>>(), expect.map(|(_, difference)| difference));
    assert_eq!(differences(&new, &new).count(), 0);
    let empty = State::default();
    assert!(differences(&empty, &new).all(|difference| matches!(difference, Difference::Added(_))));
    assert_eq!((differences(&empty, &new).count(), differences(&old, &empty).count()), (3, 3));
    assert!(library.state_numbered(3).is_err());
}

#[test]
fn what_undo_and_generations_need_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let library = archive.library(&code()).unwrap();
    let n_files = |name: &str| std::fs::read_dir(library.folder().join(name)).unwrap().count();
    for n in 0..8 {
        import(&archive, ImportMode::Full, &[("1", format!("第{n}版"))]).unwrap();
    }
    assert_eq!((n_files("states"), n_files("packs")), (8, 8));
    let mut needed = Needed::default();
    needed.packs.insert(library.state_numbered(1).unwrap().packs[0].to_string());
    needed.states.insert((code(), 2));
    assert_eq!(library.remove_unneeded(&needed).unwrap(), Removed { states: 1, packs: 0 });
    assert!(library.state_numbered(1).is_err() && library.state_numbered(2).is_ok());
    assert_eq!(library.remove_unneeded(&needed).unwrap(), Removed::default());
    import(&archive, ImportMode::Full, &[("1", "第8版".to_owned())]).unwrap();
    assert_eq!(library.remove_unneeded(&Needed::default()).unwrap(), Removed { states: 2, packs: 3 });
    assert_eq!((n_files("states"), n_files("packs")), (KEPT_STATES + 1, KEPT_STATES + 1));
    for number in (9 - KEPT_STATES as u64..=8).rev() {
        assert_eq!(go_back(&library), number);
        assert_eq!(contents(&archive).len(), 1);
        library.remove_unneeded(&Needed::default()).unwrap();
    }
    assert!(!library.keeps_state(3));
    std::fs::write(library.state_path(6), "kaputt").unwrap();
    import(&archive, ImportMode::Full, &[("1", "第9版".to_owned())]).unwrap();
    go_back(&library);
    import(&archive, ImportMode::Full, &[("1", "第10版".to_owned())]).unwrap();
    assert!(library.remove_unneeded(&Needed::default()).is_err(), "what stays must be readable");
    assert_eq!(n_files("packs"), KEPT_STATES + 3);
}

#[test]
fn what_never_came_in_force_pushes_out_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path()).unwrap();
    let library = archive.library(&code()).unwrap();
    let aside = |n: usize| {
        import(&archive, ImportMode::Full, &[("1", format!("扣下的第{n}版"))]).unwrap();
        go_back(&library);
    };
    for n in 1..=3 {
        import(&archive, ImportMode::Full, &[("1", format!("第{n}版"))]).unwrap();
    }
    go_back(&library);
    // 3 was undone, 4 to 11 are held, 2 is in force.
    (0..KEPT_STATES + 3).for_each(aside);
    let needed = Needed { once_in_force: [1, 2, 3].map(|n| (code(), n)).into(), ..Needed::default() };
    library.remove_unneeded(&needed).unwrap();
    let kept: Vec<u64> = (0..20).filter(|&number| library.keeps_state(number)).collect();
    assert_eq!(kept, [0, 1, 2, 3, 8, 9, 10, 11]);
    assert_eq!((go_back(&library), go_back(&library)), (1, 0));
    assert!(contents(&archive).is_empty());
    library.remove_unneeded(&needed).unwrap();
    assert!(library.keeps_state(1) && library.keeps_state(3), "what was undone can come back");
}

const NUMBERS: [&str; 6] = ["", "001", " 001 ", "002", "003", "004"];

fn histories() -> impl Strategy<Value = Vec<(ImportMode, Vec<Said>)>> {
    let mode = prop_oneof![Just(ImportMode::Full), Just(ImportMode::Delta), Just(ImportMode::Delete)];
    let said = (prop::sample::select(&NUMBERS[..]), "[三国红楼梦]{0,2}");
    prop::collection::vec((mode, prop::collection::vec(said, 0..12)), 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_history_equals_a_map(history in histories()) {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        let mut model: BTreeMap<RecordKey, Vec<u8>> = BTreeMap::new();
        for (mode, set) in history {
            let before = model.clone();
            let mut run: BTreeMap<RecordKey, Vec<u8>> = BTreeMap::new();
            let mut duplicates = 0;
            let mut deleted = 0;
            for (number, text) in &set {
                let bytes = text.as_bytes().to_vec();
                let by_content = RecordKey::of_content(ContentHash::of(&raw(text, 0)));
                let key = RecordKey::of_control_number(number).unwrap_or(by_content);
                if mode == ImportMode::Delete {
                    deleted += u64::from(model.remove(&key).is_some());
                } else if run.get(&key) == Some(&bytes) || run.contains_key(&key) && run.contains_key(&by_content) {
                    duplicates += 1;
                } else {
                    run.insert(if run.contains_key(&key) { by_content } else { key }, bytes);
                }
            }
            if mode == ImportMode::Full {
                deleted += model.keys().filter(|key| !run.contains_key(*key)).count() as u64;
                model.clear();
            }
            let fate = |(key, bytes): (&RecordKey, &Vec<u8>)| before.get(key).map(|old| old == bytes);
            let fates: Vec<Option<bool>> = run.iter().map(fate).collect();
            let n = |which: Option<bool>| fates.iter().filter(|f| **f == which).count() as u64;
            let expect = counts(n(None), n(Some(false)), n(Some(true)), duplicates, deleted);
            model.extend(run);
            let got = import(&archive, mode, &set).unwrap();
            prop_assert_eq!(got, expect);
            if mode != ImportMode::Delete {
                prop_assert_eq!(got.new + got.changed + got.same + got.duplicate, set.len() as u64);
            }
            prop_assert_eq!(&contents(&archive), &model);
        }
    }

    #[test]
    fn files_of_anything_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), pack in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let magic: &[u8] = if pack { b"LMPACK\0\x01" } else { b"LMSTATE\0\x01\0\0\0" };
        std::fs::write(&path, [magic, &bytes].concat()).unwrap();
        let _ = Pack::open(&path).and_then(|pack| pack.record(0));
        prop_assert!(State::read(&path).is_err());
    }
}

#[test]
fn whoever_is_stopped_leaves_the_old_or_the_new() {
    let old = set(&[("1", "三国演义"), ("2", "红楼梦"), ("", "无号")]);
    let new = set(&[("1", "三國演義"), ("3", "西游记"), ("", "无号")]);
    let folder = tempfile::tempdir().unwrap();
    let safe = Archive::open(folder.path()).unwrap();
    import(&safe, ImportMode::Full, &old).unwrap();
    let before = contents(&safe);
    import(&safe, ImportMode::Full, &new).unwrap();
    let after = contents(&safe);
    go_back(&safe.library(&code()).unwrap());
    let losses = [Loss::Nothing, Loss::All, Loss::Bytes, Loss::Zeros, Loss::Seeded(1), Loss::Seeded(2)];
    let act = |power: Arc<PowerCut>| {
        let archive = Archive::open_with(folder.path(), power).unwrap();
        import(&archive, ImportMode::Full, &new).is_ok()
    };
    let mut n_old = 0;
    let n_places = at_every_step(folder.path(), &losses, act, |cut| {
        let found = contents(&Archive::open(folder.path()).unwrap());
        n_old += u64::from(found == before);
        assert!(found == after || found == before && !cut.promised, "{cut:?}: neither old nor new");
        import(&Archive::open(folder.path()).unwrap(), ImportMode::Full, &new).unwrap();
        assert_eq!(contents(&Archive::open(folder.path()).unwrap()), after, "{cut:?}: it does not go on");
    });
    assert!(n_places.unwrap() >= 20 && n_old > 20, "some stops leave the old state");
}
