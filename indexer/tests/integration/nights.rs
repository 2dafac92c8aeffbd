//! Nights written again on another machine, out of what they changed: layers, folded ones, a rewritten base.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and one says what it counted")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::archive::Archive;
use indexer::files::Disk;
use indexer::index::{
    Beside, Changes, Generation, LARGEST_CHANGES, MANIFEST, changes_between, names_here, replay,
};
use indexer::pipeline::{Built, Way, build_from};
use proptest::prelude::*;

use crate::increments::{Sketch, Step, n_histories, options, options_with, step, take};

/// What a generation's files hold, but for what it says of itself: names of segments are drawn.
fn contents(dir: &Path) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(dir).unwrap().map(|item| item.unwrap().path());
    let files = files.filter(|path| !path.ends_with(MANIFEST));
    let mut contents: Vec<Vec<u8>> = files.map(|path| std::fs::read(path).unwrap()).collect();
    contents.sort_unstable();
    contents
}

/// Writes a night again upon another machine's copy of the night before; `None` where it must be fetched.
fn written_again(catalogue: &Path, below: &Path, dir: &Path) -> Option<usize> {
    let names = names_here(catalogue);
    let [.., parent, child] = &names[..] else { return None };
    let open = |dir: &Path| Generation::open_folder(dir).unwrap();
    let changes = changes_between(&open(&catalogue.join(parent)), &open(&catalogue.join(child))).unwrap()?;
    let beside = Beside { generation: child, dir, memory_bytes: options(false).memory_bytes };
    replay(&Arc::new(open(below)), &changes, beside, Arc::new(Disk)).unwrap();
    assert!(contents(dir) == contents(&catalogue.join(child)), "{child} is another when it is written again");
    assert!(changes.plain <= LARGEST_CHANGES);
    Some(changes.bytes.len())
}

/// How many nights of a history were written again, one upon the other.
fn nights_written_again(steps: &[Step], retired: f64) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let catalogue = dir.path().join("catalogue");
    let (mut below, mut n_again) = (None, 0);
    for (n, step) in steps.iter().enumerate() {
        take(&archive, dir.path(), step, n);
        let built = build_from(&archive, &catalogue, &options_with(false, retired), &()).unwrap();
        let Built::New { summary, .. } = built else { continue };
        let own = dir.path().join(format!("copy-{n}"));
        match below.take().and_then(|below: PathBuf| written_again(&catalogue, &below, &own)) {
            Some(_) => {
                n_again += 1;
                below = Some(own);
            }
            // The copy begins with what was fetched.
            None => {
                std::fs::create_dir(&own).unwrap();
                for item in std::fs::read_dir(catalogue.join(&summary.generation)).unwrap() {
                    let item = item.unwrap();
                    std::fs::copy(item.path(), own.join(item.file_name())).unwrap();
                }
                below = Some(own);
            }
        }
    }
    n_again
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_histories(10), ..ProptestConfig::default() })]

    #[test]
    fn nights_written_again_out_of_what_changed_are_the_same_bytes(
        steps in prop::collection::vec(step(), 2..14),
        retired in prop::sample::select(vec![1.0, 0.2, 0.0]),
    ) {
        nights_written_again(&steps, retired);
    }
}

#[test]
fn a_layer_that_takes_up_others_is_written_again_too() {
    let sketch = |n: u32| {
        let n = n as u8;
        Sketch { title: n, author: n / 6, publisher: n / 24, year: n / 72, isbn: n / 7, part: n / 50 }
    };
    let full = Step::Import { library: 0, mode: 0, records: (1..120).map(|n| (n, sketch(n))).collect() };
    // Nine layers are one too many: the eighth night folds.
    let nights = (1..=17u32).map(|night| {
        let records = (night * 3..night * 3 + 9).map(|n| (n, sketch(n + night))).collect();
        Step::Import { library: night as usize % 2, mode: if night % 5 == 4 { 1 } else { 2 }, records }
    });
    assert_eq!(nights_written_again(&[full].into_iter().chain(nights).collect::<Vec<_>>(), 1.0), 17);
}

#[test]
fn a_base_that_is_rewritten_costs_nothing_on_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let catalogue = dir.path().join("catalogue");
    let sketch = |n: u32, year: u8| {
        let n = n as u8;
        Sketch { title: n, author: n / 6, publisher: n / 24, year, isbn: 0, part: n / 72 }
    };
    let build = |step: Step, n: usize, retired: f64| {
        take(&archive, dir.path(), &step, n);
        let built = build_from(&archive, &catalogue, &options_with(false, retired), &()).unwrap();
        let Built::New { summary, way, .. } = built else { panic!("{built:?}") };
        let generation = Generation::open_folder(&catalogue.join(summary.generation)).unwrap();
        (generation, way)
    };
    let night = |records: std::ops::Range<u32>, mode, year| {
        let records = records.map(|n| (n, sketch(n, year))).collect();
        Step::Import { library: 0, mode, records }
    };
    let (first, _) = build(night(1..200, 0, 0), 0, 0.1);
    let (before, _) = build(night(1..90, 2, 1), 1, 0.1);
    let (layered, _) = build(night(150..151, 2, 2), 2, 1.0);
    assert_eq!((first.n_layers(), before.n_layers(), layered.n_layers()), (1, 2, 3));
    let (rewritten, way) = build(night(151..152, 2, 2), 3, 0.1);
    assert!(matches!(way, Way::Delta { written: 1..4, .. }), "{way:?}");
    assert_eq!((rewritten.n_layers(), rewritten.retired_share()), (1, 0.0));
    assert_eq!(rewritten.n_entries_live(), layered.n_entries_live());
    let of_a_layer = changes_between(&before, &layered).unwrap().unwrap();
    let of_a_base = changes_between(&layered, &rewritten).unwrap().unwrap();
    assert!(of_a_base.bytes.len() < of_a_layer.bytes.len() + 64, "{}", of_a_base.bytes.len());
    let own = dir.path().join("own");
    let name = &rewritten.manifest().generation;
    let beside = Beside { generation: name, dir: &own, memory_bytes: options(false).memory_bytes };
    replay(&Arc::new(layered), &of_a_base, beside, Arc::new(Disk)).unwrap();
    assert!(contents(&own) == contents(&catalogue.join(name)));
    assert!(!dir.path().join("own.layer").exists());
}

#[test]
fn changes_that_are_damaged_are_refused_or_make_something_else_and_stop_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let catalogue = dir.path().join("catalogue");
    let sketch = |n: u8| Sketch { title: n, author: n, publisher: n, year: n, isbn: 0, part: n };
    for (n, mode) in [(0, 0), (1, 2)] {
        let records = (1..40u32 - 30 * n).map(|number| (number, sketch((number + n) as u8))).collect();
        take(&archive, dir.path(), &Step::Import { library: 0, mode, records }, n as usize);
        build_from(&archive, &catalogue, &options(false), &()).unwrap();
    }
    let names = names_here(&catalogue);
    let parent = Arc::new(Generation::open_folder(&catalogue.join(&names[0])).unwrap());
    let child = catalogue.join(&names[1]);
    let right = changes_between(&parent, &Generation::open_folder(&child).unwrap()).unwrap().unwrap();
    let (own, mut n_refused, mut n_same) = (dir.path().join("own"), 0, 0);
    for at in 0..right.bytes.len() {
        for cut in [false, true] {
            let mut bytes = right.bytes.clone();
            if cut {
                bytes.truncate(at)
            } else {
                bytes[at] ^= 1 << (at % 8)
            }
            let beside = Beside { generation: &names[1], dir: &own, memory_bytes: 32 << 20 };
            match replay(&parent, &Changes { bytes, plain: right.plain }, beside, Arc::new(Disk)) {
                Ok(_) => {
                    n_same += usize::from(contents(&own) == contents(&child));
                    std::fs::remove_dir_all(&own).unwrap();
                }
                Err(_) => n_refused += 1,
            }
            assert!(!own.exists(), "byte {at}: something is left");
        }
    }
    println!("{} bytes: {n_refused} refused, {n_same} harmless", right.bytes.len());
    assert!(n_refused > right.bytes.len());
    for plain in [0, right.plain - 1, LARGEST_CHANGES + 1, u64::MAX] {
        let beside = Beside { generation: &names[1], dir: &own, memory_bytes: 32 << 20 };
        let changes = Changes { plain, ..right.clone() };
        assert!(replay(&parent, &changes, beside, Arc::new(Disk)).is_err(), "{plain} bytes");
    }
}
