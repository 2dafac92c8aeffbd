//! The union of an invented consortium whose truth is known: one entry an edition, never two volumes in one.

use std::collections::HashMap;
use std::path::Path;

use data::sample::judge::{Judged, Verdict, judge};
use data::sample::{Config, Consortium};
use indexer::archive::{Archive, ImportMode};
use indexer::bib::LibraryCode;
use indexer::index::Generation;
use indexer::pipeline::{BuildOptions, DeltaLimits, ImportRequest, build, ensure_profile, import};

/// Pairs that a kind of record must have before its recall means something.
const ENOUGH: u64 = 300;

/// Exports all the way to a generation, and what its entries are worth.
fn verdict_on(consortium: &Consortium, folder: &Path) -> Verdict {
    let data_dir = folder.join("data");
    let archive = Archive::open(&data_dir).unwrap();
    let mut records: Vec<Judged> = Vec::new();
    let mut places = HashMap::new();
    for position in 0..consortium.libraries().len() {
        let export = consortium.export(position);
        let path = folder.join(&export.file_name);
        std::fs::write(&path, &export.bytes).unwrap();
        let library = LibraryCode::new(export.library.as_str());
        let run = "first".to_owned();
        let request =
            ImportRequest { library: library.clone(), mode: ImportMode::Full, paths: vec![path], run };
        import(&archive, &request, &()).unwrap();
        ensure_profile(&archive, &library).unwrap();
        for truth in &export.truth {
            places.insert((library.clone(), truth.control_number.clone()), records.len());
            records.push(Judged::of(truth));
        }
    }
    let built_at = "2026-11-25".to_owned();
    build(
        &data_dir,
        &BuildOptions {
            full: true,
            threads: 1,
            memory_bytes: 64 << 20,
            limits: DeltaLimits::default(),
            built_at,
        },
        &(),
    )
    .unwrap();
    let generation = Generation::open_in_force(&data_dir.join("catalogue")).unwrap().unwrap();
    for number in generation.live() {
        for member in generation.entry(number).unwrap().members {
            let place = places[&(member.library, member.control_number.unwrap())];
            assert_eq!(records[place].entry.replace(number), None, "a record in two entries");
        }
    }
    let readable = |record: &&Judged| record.damage.is_none_or(|damage| damage.is_readable());
    assert!(records.iter().filter(readable).all(|record| record.entry.is_some()), "a record is lost");
    judge(&records)
}

#[test]
fn the_union_of_a_small_consortium_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let consortium = Consortium::new(Config { damage: 0.002, ..Config::demo(4, 1_200) });
    let verdict = verdict_on(&consortium, folder.path());
    assert!(verdict.precision.ratio() >= 0.997, "{:?} {:?}", verdict.precision, verdict.wrong);
    assert!(verdict.recall.ratio() >= 0.98, "{:?} {:?}", verdict.recall, verdict.apart);
    assert_eq!(verdict.merged_volumes(), 0, "{:?}", verdict.wrong);
    for (name, share) in verdict.recall_by.iter().filter(|(_, share)| share.of >= ENOUGH) {
        assert!(share.ratio() >= 0.85, "{name}: {share:?}");
    }
}
