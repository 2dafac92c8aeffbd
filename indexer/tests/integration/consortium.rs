//! A small consortium all the way: exports, archives, a generation, and back to the bytes as received.

use std::path::Path;

use data::sample::{Config, Consortium, Export};
use indexer::archive::{Archive, ImportMode, RecordKey};
use indexer::bib::{LibraryCode, RecordLocator};
use indexer::pipeline::{
    BuildOptions, Built, DeltaLimits, ImportOutcome, ImportReport, ImportRequest, build, ensure_profile,
    import,
};
use indexer::search::{Catalogue, Query, SearchField};

fn imported(archive: &Archive, folder: &Path, export: &Export) -> ImportReport {
    let path = folder.join(&export.file_name);
    std::fs::write(&path, &export.bytes).unwrap();
    let library = LibraryCode::new(export.library.as_str());
    let request = ImportRequest {
        library: library.clone(),
        mode: ImportMode::Full,
        paths: vec![path],
        run: "first".to_owned(),
    };
    let report = import(archive, &request, &()).unwrap();
    ensure_profile(archive, &library).unwrap();
    report
}

fn all_readable_records_are_there(archive: &Archive, export: &Export) {
    let state = archive.library(&LibraryCode::new(export.library.as_str())).unwrap().state().unwrap();
    for row in export.truth.iter().filter(|row| row.damage.is_none_or(|damage| damage.is_readable())) {
        let key = RecordKey::of_control_number(&row.control_number).unwrap();
        assert!(state.find(&key).is_some(), "{} {} {:?}", export.library, row.control_number, row.damage);
    }
}

fn every_record_reads_back(archive: &Archive, export: &Export) {
    let library = LibraryCode::new(export.library.as_str());
    let state = archive.library(&library).unwrap().state().unwrap();
    for slot in &state.slots {
        let locator = RecordLocator { pack: state.packs[slot.pack_idx()].prefix(), slot: slot.slot };
        let stored = archive.stored_record(&library, locator).unwrap();
        let at = stored.raw.offset as usize;
        assert_eq!(stored.raw.bytes, export.bytes[at..at + stored.raw.bytes.len()]);
        assert_eq!(*stored.source, *export.file_name);
    }
}

#[test]
fn a_small_consortium_from_exports_to_search() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let archive = Archive::open(&data_dir).unwrap();
    let consortium = Consortium::new(Config { damage: 0.05, ..Config::demo(46, 200) });
    let mut n_kept = 0;
    for position in 0..consortium.libraries().len() {
        let export = consortium.export(position);
        if export.truth.is_empty() {
            continue;
        }
        let report = imported(&archive, folder.path(), &export);
        let sum = report.new + report.changed + report.same + report.rejected + report.duplicate;
        assert_eq!(report.seen(), sum);
        assert!(report.files.iter().all(|file| file.account.adds_up()), "{:?}", report.files);
        assert_eq!(report.bytes, export.bytes.len() as u64);
        all_readable_records_are_there(&archive, &export);
        every_record_reads_back(&archive, &export);
        let again = imported(&archive, folder.path(), &export);
        assert_eq!((again.outcome, again.same), (ImportOutcome::NothingNew, report.new));
        n_kept += report.new;
    }

    let options = BuildOptions {
        full: false,
        limits: DeltaLimits::default(),
        threads: 1,
        memory_bytes: 64 << 20,
        built_at: "2026-11-25".to_owned(),
    };
    let Built::New { summary, counts, .. } = build(&data_dir, &options, &()).unwrap() else {
        panic!("there was something to build");
    };
    assert_eq!((counts.records, counts.entries, counts.unreadable), (n_kept, summary.entries, 0));
    assert!(matches!(build(&data_dir, &options, &()).unwrap(), Built::NothingToDo { .. }));
    every_title_is_found(&data_dir, &consortium);
}

fn every_title_is_found(data_dir: &Path, consortium: &Consortium) {
    let catalogue = Catalogue::open(&data_dir.join("catalogue")).unwrap();
    for work in consortium.works().step_by(9) {
        let query = Query { text: work.title.clone(), field: SearchField::Title, ..Query::default() };
        let answer = catalogue.search(&query).unwrap();
        assert!(answer.total > 0, "{}", work.title);
    }
}
