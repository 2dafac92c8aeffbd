//! The disk is full at every single write of an import: what is in force is whole, the run is told, the next one heals.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::path::Path;
use std::sync::Arc;

use indexer::files::full_disk::FullDisk;

use super::*;
use crate::lock::Holder;
use crate::trial::{FakeClock, NIGHT, adds_up, code, collection, records, runs, set, settings, writer};

fn in_force(data: &Path) -> String {
    let archive = Archive::open(data).unwrap();
    let mut bytes = Vec::new();
    archive.library(&code("BJFU")).unwrap().write_as_received(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[track_caller]
fn on_a_sound_disk(data: &Path, set: &ImportSet) -> String {
    let run = import(&writer(data), set, &()).unwrap().run;
    assert!(run.state.is_good(), "{run:?}");
    in_force(data)
}

#[test]
fn at_every_write_of_an_import() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let of = |name: &str, title: &str| {
        let at = folder.path().join(name);
        std::fs::create_dir_all(&at).unwrap();
        set(&at, "BJFU", &collection(&records(0..5, title)))
    };
    let (a, b) = (of("a", "三国演义"), of("b", "水浒传"));
    let whole = [on_a_sound_disk(&data, &b), on_a_sound_disk(&data, &a)];
    let mut n_failed = 0;
    for n_writes in 0.. {
        let disk = FullDisk::with_room(n_writes);
        let (clock, files) = (FakeClock::at(NIGHT), Arc::new(disk.clone()));
        let full = Writer::open_over(&data, &settings(""), Holder::Command, clock, files);
        let told = full.and_then(|writer| Ok(import(&writer, &b, &())?.run));
        let is_good = told.as_ref().is_ok_and(|run| run.state.is_good());
        n_failed += u32::from(!is_good);
        let found = in_force(&data);
        assert!(whole.contains(&found), "{n_writes} writes: a mixture is in force");
        assert!(!is_good || found == whole[0], "{n_writes} writes: good, and not in force");

        // The next writer tells what became of it, and the next run heals.
        let told = runs(&writer(&data), "BJFU");
        told.iter().for_each(adds_up);
        assert_eq!(found == whole[0], told.last().unwrap().state.is_good(), "{n_writes} writes: {told:#?}");
        assert_eq!(on_a_sound_disk(&data, &b), whole[0], "{n_writes} writes");
        if !disk.was_full() && is_good {
            assert!(n_failed > 10, "an import writes more than {n_failed} times");
            return;
        }
        assert_eq!(on_a_sound_disk(&data, &a), whole[1], "{n_writes} writes");
    }
}
