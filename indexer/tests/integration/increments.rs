//! An incremental build makes what a full build would: same entries, members, ids, redirects and answers.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and one says what it counted")]

use std::path::Path;

use indexer::archive::{Archive, ImportMode};
use indexer::bib::{EditionId, Entry, LibraryCode};
use indexer::cluster::{BLOCK_CAP, Decision, DecisionKind};
use indexer::index::{Generation, UnionData};
use indexer::pipeline::{BuildOptions, Built, DeltaLimits, ImportRequest, Way, build_from, decide, import};
use indexer::search::{Catalogue, Query};
use proptest::prelude::*;

pub(crate) const LIBRARIES: [&str; 4] = ["BJFU", "BNU", "BUCT", "PKU"];

/// A record that is close to others: few titles, authors, publishers, years, volumes.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    pub(crate) title: u8,
    pub(crate) author: u8,
    pub(crate) publisher: u8,
    pub(crate) year: u8,
    pub(crate) isbn: u8,
    pub(crate) part: u8,
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
pub(crate) enum Step {
    Import { library: usize, mode: u8, records: Vec<(u32, Sketch)> },
    Split { library: usize, number: u32, other: usize, other_number: u32 },
    Join { library: usize, number: u32, other: usize, other_number: u32 },
}

fn sketch() -> impl Strategy<Value = Sketch> {
    (0..6u8, 0..4u8, 0..3u8, 0..3u8, 0..5u8, 0..3u8).prop_map(
        |(title, author, publisher, year, isbn, part)| Sketch { title, author, publisher, year, isbn, part },
    )
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
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

pub(crate) fn take(archive: &Archive, dir: &Path, step: &Step, n: usize) {
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

pub(crate) fn options(full: bool) -> BuildOptions {
    options_with(full, 1.0)
}

/// Beyond this share of retired entries the base is rewritten.
pub(crate) fn options_with(full: bool, retired: f64) -> BuildOptions {
    BuildOptions {
        full,
        limits: DeltaLimits { changed: 10.0, retired },
        threads: 1,
        memory_bytes: 32 << 20,
        built_at: String::new(),
    }
}

#[derive(Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) entries: Vec<Entry>,
    redirects: Vec<(EditionId, Option<EditionId>)>,
    pub(crate) union: UnionData,
}

#[derive(Debug, PartialEq)]
struct Found {
    total: u64,
    libraries: Vec<(String, u64)>,
    ids: Vec<EditionId>,
}

/// Everything that a generation says, in an order that does not depend on its layers.
pub(crate) fn said(catalogue: &Path) -> Said {
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
pub(crate) fn n_histories(few: u32) -> u32 {
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

/// Flips a bit of one of the files with the records that are kept from build to build, or removes the file.
fn damage_kept(catalogue: &Path, which: usize, at: usize) {
    let folder = catalogue.join("kept");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect();
    files.sort();
    let path = &files[which % files.len()];
    let mut bytes = std::fs::read(path).unwrap();
    if at.is_multiple_of(5) {
        return std::fs::remove_file(path).unwrap();
    }
    let place = at % bytes.len();
    bytes[place] ^= 1 << (at % 8);
    std::fs::write(path, bytes).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: n_histories(12), ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_from_build_to_build_may_be_damaged(
        steps in prop::collection::vec((step(), any::<bool>(), any::<usize>(), any::<usize>()), 3..7),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let (one, other) = (dir.path().join("catalogue"), dir.path().join("rebuilt"));
        for (n, (step, is_damaged, which, at)) in steps.iter().enumerate() {
            take(&archive, dir.path(), step, n);
            build_from(&archive, &one, &options(false), &()).unwrap();
            build_from(&archive, &other, &options(true), &()).unwrap();
            prop_assert_eq!(said(&one), said(&other), "after step {}: {:?}", n, step);
            if *is_damaged && one.join("kept").exists() {
                damage_kept(&one, *which, *at);
            }
        }
    }
}

#[test]
fn what_did_not_change_is_not_read_from_the_archive() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let catalogue = dir.path().join("catalogue");
    let book = Sketch { title: 4, author: 3, publisher: 2, year: 2, isbn: 4, part: 0 };
    let import = |library, number| {
        let step = Step::Import { library, mode: 2, records: vec![(number, book.clone())] };
        take(&archive, dir.path(), &step, number as usize);
    };
    import(0, 1);
    build_from(&archive, &catalogue, &options(false), &()).unwrap();
    let packs = dir.path().join("archive").join(LIBRARIES[0]).join("packs");
    std::fs::rename(&packs, dir.path().join("elsewhere")).unwrap();
    for night in 2..5 {
        import(1, night);
        let built = build_from(&archive, &catalogue, &options(false), &()).unwrap();
        assert!(matches!(built, Built::New { way: Way::Delta { .. }, .. }), "{built:?}");
    }
    let [entry] = &said(&catalogue).entries[..] else { panic!("one entry") };
    assert_eq!(entry.members.len(), 4);
    std::fs::remove_dir_all(catalogue.join("kept")).unwrap();
    import(1, 5);
    assert!(build_from(&archive, &catalogue, &options(false), &()).is_err(), "the packs are away");
    std::fs::rename(dir.path().join("elsewhere"), &packs).unwrap();
    build_from(&archive, &catalogue, &options(false), &()).unwrap();
    assert_eq!(said(&catalogue).entries[0].members.len(), 5);
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
fn a_record_that_changes_leaves_no_ghost_holding() {
    let book = Sketch { title: 4, author: 3, publisher: 2, year: 2, isbn: 2, part: 0 };
    let without_isbn = Sketch { isbn: 0, ..book.clone() };
    let steps = [
        ("the key is another one", 0, vec![(2, book.clone())], 1),
        ("the ISBN is gone", 2, vec![(1, without_isbn)], 1),
        ("it is deleted", 1, vec![(1, book.clone())], 0),
    ];
    for (what, mode, records, n_left) in steps {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let catalogue = dir.path().join("catalogue");
        for library in [0, 1] {
            let first = Step::Import { library, mode: 0, records: vec![(1, book.clone())] };
            take(&archive, dir.path(), &first, library);
        }
        build_from(&archive, &catalogue, &options(false), &()).unwrap();
        assert_eq!(said(&catalogue).entries.len(), 1, "one book");
        take(&archive, dir.path(), &Step::Import { library: 1, mode, records }, 2);
        let built = build_from(&archive, &catalogue, &options(false), &()).unwrap();
        assert!(matches!(built, Built::New { way: Way::Delta { .. }, .. }), "{what}: {built:?}");
        let entries = said(&catalogue).entries;
        let of = |code: &str| {
            let holdings = entries.iter().flat_map(|entry| &entry.holdings);
            holdings.filter(|holding| holding.library.as_str() == code).count()
        };
        assert_eq!((of(LIBRARIES[0]), of(LIBRARIES[1])), (1, n_left), "{what}");
        let catalogue = Catalogue::open(&catalogue).unwrap();
        let query = Query { text: "红楼梦".to_owned(), ..Query::default() };
        let answer = catalogue.search(&query).unwrap();
        let held =
            answer.libraries.iter().find(|(code, _)| code.as_str() == LIBRARIES[1]).map_or(0, |(_, n)| *n);
        assert_eq!(held as usize, n_left, "{what}: counted by library");
    }
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
