//! Reads the corpus of real files that may lie beside the workspace: accounts add up, nothing panics.

use std::path::{Path, PathBuf};

use indexer::marc::{ReadOptions, contained_files};

use crate::reading::{Outcome, read_all};

/// The folder of real MARC files, where it is there.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/marc");
    folder.is_dir().then_some(folder)
}

#[expect(clippy::print_stderr, reason = "a test that skips must say so")]
fn skip() {
    eprintln!("skipped: there is no ../shared/corpus beside the workspace");
}

/// All files below a folder, in a stable order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn the_corpus_is_read_without_a_panic_and_every_byte_is_accounted_for() {
    let Some(folder) = folder() else { return skip() };
    let mut n_records = 0;
    for path in files(&folder) {
        for (_, input) in contained_files(&path).unwrap() {
            let (outcomes, _) = read_all(input, ReadOptions::default());
            n_records += outcomes.iter().filter(|o| o.reject.is_none()).count();
        }
    }
    assert!(n_records > 5_000, "only {n_records} records were read");
}

#[test]
fn the_ten_chinese_records_read_the_same_from_every_charset() {
    let Some(folder) = folder() else { return skip() };
    for name in ["sample_cnmarcxml", "sample_unimarcxml"] {
        let read = |form: &str| -> Vec<String> {
            let path = folder.join(format!("derived/{name}.{form}.mrc"));
            let input = std::fs::File::open(path).unwrap();
            let (outcomes, _) = read_all(input, ReadOptions::default());
            outcomes.iter().flat_map(Outcome::texts).collect()
        };
        let utf8 = read("utf8");
        assert!(utf8.len() > 100, "{utf8:?}");
        assert_eq!(read("gbk"), utf8);
        assert_eq!(read("gb18030"), utf8);
    }
}
