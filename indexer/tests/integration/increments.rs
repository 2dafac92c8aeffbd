//! An incremental build makes what a full build would: same entries, members, ids, redirects and answers.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and one says what it counted")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexer::archive::{Archive, ImportMode};
use indexer::bib::{EditionId, Entry, LibraryCode};
use indexer::cluster::{BLOCK_CAP, Decision, DecisionKind};
use indexer::files::Disk;
use indexer::index::{
    Beside, Changes, Generation, LARGEST_CHANGES, MANIFEST, UnionData, changes_between, names_here, replay,
};
use indexer::pipeline::{BuildOptions, Built, DeltaLimits, ImportRequest, Way, build_from, decide, import};
use indexer::search::{Catalogue, Query};
use proptest::prelude::*;

const LIBRARIES: [&str; 4] = ["BJFU", "BNU", "BUCT", "PKU"];

/// A record that is close to others: few titles, authors, publishers, years, volumes.
#[derive(Clone, Debug)]
struct Sketch {
    title: u8,
    author: u8,
    publisher: u8,
    year: u8,
    isbn: u8,
    part: u8,
}

const TITLES: [&str; 6] = ["三国演义", "三国演义研究", "高等数学", "Java程序设计", "红楼梦", "植物学"];
const AUTHORS: [&str; 4] = ["", "罗贯中", "林巧民", "王应麟"];
const PUBLISHERS: [&str; 3] = ["清华大学出版社", "清华大学", "人民文学出版社"];
const ISBNS: [&str; 5] = ["", "", "978-7-302-11111-6", "978-7-5339-1845-3", "978-7-02-000220-7"];
const PARTS: [&str; 3] = ["", "上册", "下册"];

impl Sketch {
    fn mrk(&self, control_number: u32) -> String {
        let pick = |from: &[&'static str], at: u8| from[usize::from(at) % from.len()];
        let (author, part) = (pick(&AUTHORS, self.author), pick(&PARTS, self.part));
        let isbn = pick(&ISBNS, self.isbn);
        let year = 2000 + u16::from(self.year % 3);
        let mut text = format!("=LDR  00000nam0 2200000   450 \n=001  {control_number}\n");
        if !isbn.is_empty() {
            text += &format!("=010  \\\\$a{isbn}\n");
        }
        text += &format!("=100  \\\\$a20240101d{year}    em y0chiy0110    ea\n=101  0\\$achi\n");
        text += &format!("=200  1\\$a{}", pick(&TITLES, self.title));
        if !part.is_empty() {
            text += &format!("$h{part}");
        }
        if !author.is_empty() {
            text += &format!("$f{author}著");
        }
        text += &format!("\n=210  \\\\$a北京$c{}$d{year}\n", pick(&PUBLISHERS, self.publisher));
        if !author.is_empty() {
            text += &format!("=701  \\0$a{author}$4著\n");
        }
        text + &format!("=905  \\\\$aA$dI242.4$e{}$f2\n\n", self.part)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Import { library: usize, mode: u8, records: Vec<(u32, Sketch)> },
    Split { library: usize, number: u32, other: usize, other_number: u32 },
    Join { library: usize, number: u32, other: usize, other_number: u32 },
}

fn sketch() -> impl Strategy<Value = Sketch> {
    (0..6u8, 0..4u8, 0..3u8, 0..3u8, 0..5u8, 0..3u8).prop_map(
        |(title, author, publisher, year, isbn, part)| Sketch { title, author, publisher, year, isbn, part },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let records = prop::collection::vec((1..30u32, sketch()), 1..12);
    let pair = || (0..4usize, 1..30u32, 0..4usize, 1..30u32);
    prop_oneof![
        6 => (0..4usize, 0..6u8, records)
            .prop_map(|(library, mode, records)| Step::Import { library, mode, records }),
        1 => pair().prop_map(|(library, number, other, other_number)| {
            Step::Split { library, number, other, other_number }
        }),
        1 => pair().prop_map(|(library, number, other, other_number)| {
            Step::Join { library, number, other, other_number }
        }),
    ]
}

fn take(archive: &Archive, dir: &Path, step: &Step, n: usize) {
    match step {
        Step::Import { library, mode, records } => {
            let path = dir.join(format!("{n}.mrk"));
            let text: String = records.iter().map(|(number, sketch)| sketch.mrk(*number)).collect();
            std::fs::write(&path, text).unwrap();
            let mode = match mode {
                0 => ImportMode::Full,
                1 => ImportMode::Delete,
                _ => ImportMode::Delta,
            };
            let request = ImportRequest {
                library: LibraryCode::new(LIBRARIES[*library]),
                mode,
                paths: vec![path],
                run: format!("run-{n}"),
            };
            import(archive, &request, &()).unwrap();
        }
        Step::Split { library, number, other, other_number } => {
            decide(archive, &[decision(DecisionKind::Split, (*library, *number), (*other, *other_number))])
                .unwrap();
        }
        Step::Join { library, number, other, other_number } => {
            decide(archive, &[decision(DecisionKind::Join, (*library, *number), (*other, *other_number))])
                .unwrap();
        }
    }
}

fn decision(kind: DecisionKind, a: (usize, u32), b: (usize, u32)) -> Decision {
    let record = |(library, number): (usize, u32)| (LibraryCode::new(LIBRARIES[library]), number.to_string());
    Decision { kind, records: vec![record(a), record(b)], note: None }
}

fn options(full: bool) -> BuildOptions {
    options_with(full, 1.0)
}

/// Beyond this share of retired entries the base is rewritten.
fn options_with(full: bool, retired: f64) -> BuildOptions {
    BuildOptions {
        full,
        limits: DeltaLimits { changed: 10.0, retired },
        threads: 1,
        memory_bytes: 32 << 20,
        built_at: String::new(),
    }
}

#[derive(Debug, PartialEq)]
struct Said {
    entries: Vec<Entry>,
    redirects: Vec<(EditionId, Option<EditionId>)>,
    union: UnionData,
}

#[derive(Debug, PartialEq)]
struct Found {
    total: u64,
    libraries: Vec<(String, u64)>,
    ids: Vec<EditionId>,
}

/// Everything that a generation says, in an order that does not depend on its layers.
fn said(catalogue: &Path) -> Said {
    let generation = Generation::open_in_force(catalogue).unwrap().unwrap();
    let mut entries: Vec<Entry> = generation.live().map(|number| generation.entry(number).unwrap()).collect();
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    let mut redirects: Vec<_> = generation.redirects().collect();
    redirects.sort_unstable();
    Said { entries, redirects, union: generation.manifest().union.clone() }
}

fn answers(catalogue: &Path) -> Vec<Found> {
    let catalogue = Catalogue::open(catalogue).unwrap();
    ["三国", "高等数学", "java", "罗贯中", "9787533918453", "清华", "sgyy", "上册", "演义 -研究"]
        .into_iter()
        .map(|text| {
            let query = Query { text: text.to_owned(), per_page: 100, ..Query::default() };
            let answer = catalogue.search(&query).unwrap();
            let mut ids: Vec<EditionId> = answer.hits.iter().map(|hit| hit.entry.id.clone()).collect();
            ids.sort();
            let libraries = answer.libraries.iter().map(|(code, n)| (code.to_string(), *n)).collect();
            Found { total: answer.total, libraries, ids }
        })
        .collect()
}

/// Histories that are tried; many with `LIANMU_SLOW_TESTS`.
fn n_histories(few: u32) -> u32 {
    if std::env::var_os("LIANMU_SLOW_TESTS").is_some() { 100 * few } else { few }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_histories(12), ..ProptestConfig::default() })]

    #[test]
    fn incremental_builds_make_what_full_builds_make(
        steps in prop::collection::vec(step(), 2..9),
        retired in prop::sample::select(vec![1.0, 0.2, 0.0]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let (one, other) = (dir.path().join("catalogue"), dir.path().join("rebuilt"));
        for (n, step) in steps.iter().enumerate() {
            take(&archive, dir.path(), step, n);
            build_from(&archive, &one, &options_with(false, retired), &()).unwrap();
            build_from(&archive, &other, &options(true), &()).unwrap();
            prop_assert_eq!(said(&one), said(&other), "after step {}: {:?}", n, step);
        }
        prop_assert_eq!(answers(&one), answers(&other));
    }
}

#[test]
fn an_old_id_leads_to_its_own_record_where_a_library_gives_one_number_twice() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let (one, other) = (dir.path().join("catalogue"), dir.path().join("rebuilt"));
    let book = |title, isbn| Sketch { title, author: 1, publisher: 0, year: 0, isbn, part: 0 };
    let steps = [
        Step::Import { library: 0, mode: 2, records: vec![(1, book(5, 0))] },
        Step::Import { library: 1, mode: 2, records: vec![(24, book(0, 4)), (24, book(5, 0))] },
        Step::Import { library: 0, mode: 0, records: vec![(2, book(2, 0))] },
    ];
    for (n, step) in steps.iter().enumerate() {
        take(&archive, dir.path(), step, n);
        build_from(&archive, &one, &options(false), &()).unwrap();
        build_from(&archive, &other, &options(true), &()).unwrap();
    }
    let said = said(&one);
    assert_eq!(said, self::said(&other));
    let [(_, Some(successor))] = &said.redirects[..] else { panic!("{:?}", said.redirects) };
    let followed = said.entries.iter().find(|entry| entry.id == *successor).unwrap();
    assert_eq!(followed.bib.title.as_deref(), Some("植物学"));
}

#[test]
fn a_small_change_is_built_incrementally() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let catalogue = dir.path().join("catalogue");
    let many = (1..200).map(|n| {
        let n8 = n as u8;
        (n, Sketch { title: n8 % 6, author: n8 / 6 % 4, publisher: n8 / 24, year: n8 / 72, isbn: 0, part: 0 })
    });
    let full = Step::Import { library: 0, mode: 0, records: many.collect() };
    take(&archive, dir.path(), &full, 0);
    let built = build_from(&archive, &catalogue, &options(false), &()).unwrap();
    assert!(matches!(built, Built::New { way: Way::Full, .. }), "{built:?}");
    let sketch = Sketch { title: 4, author: 3, publisher: 2, year: 2, isbn: 4, part: 0 };
    let change = Step::Import { library: 1, mode: 2, records: vec![(7, sketch)] };
    take(&archive, dir.path(), &change, 1);
    let built = build_from(&archive, &catalogue, &options(false), &()).unwrap();
    let Built::New { way: Way::Delta { written, retired }, .. } = built else { panic!("{built:?}") };
    assert!(written <= 2 && retired <= 1, "{written} written, {retired} retired");
    assert!(matches!(
        build_from(&archive, &catalogue, &options(false), &()).unwrap(),
        Built::NothingToDo { .. }
    ));
}

#[test]
fn a_key_that_becomes_crowded_touches_everybody_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let (one, other) = (dir.path().join("catalogue"), dir.path().join("rebuilt"));
    let alike = Sketch { title: 0, author: 0, publisher: 0, year: 0, isbn: 3, part: 0 };
    let many = (1..=BLOCK_CAP as u32).map(|number| (number, alike.clone())).collect();
    let one_more = || vec![(9999, alike.clone())];
    let steps = [
        Step::Import { library: 0, mode: 0, records: many },
        Step::Import { library: 1, mode: 2, records: one_more() },
        Step::Import { library: 1, mode: 1, records: one_more() },
    ];
    let mut seen = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        take(&archive, dir.path(), step, n);
        let built = build_from(&archive, &one, &options(false), &()).unwrap();
        assert_eq!(n > 0, matches!(built, Built::New { way: Way::Delta { .. }, .. }), "{built:?}");
        build_from(&archive, &other, &options(true), &()).unwrap();
        let said = said(&one);
        assert_eq!(said, self::said(&other), "after step {n}");
        seen.push((said.entries.len(), said.union.crowded.is_empty()));
    }
    assert_eq!(seen, [(1, true), (BLOCK_CAP + 1, false), (1, true)]);
}

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
