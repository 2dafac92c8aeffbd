//! What leaves an entry, and what stays with it: holdings records and records that a person split off.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use indexer::archive::{Archive, ImportMode};
use indexer::bib::LibraryCode;
use indexer::cluster::{Decision, DecisionKind};
use indexer::pipeline::{ImportRequest, build_from, decide, import};

use crate::increments::{LIBRARIES, Sketch, Step, options, said, take};

/// MARC21 bibliographic records, and holdings records of others (004): number, and whose with what location.
fn marc21(bibs: &[(u32, &str)], holdings: &[(u32, u32, &str)]) -> String {
    let bib = |(number, title): &(u32, &str)| {
        format!("=LDR  00000nam a2200000 a 4500\n=001  {number}\n=245  10$a{title}\n\n")
    };
    let held = |(number, of, location): &(u32, u32, &str)| {
        format!(
            "=LDR  00000nx  a2200000   4500\n=001  {number}\n=004  {of}\n=852  0\\$aX$b{location}$hQA76\n\n"
        )
    };
    bibs.iter().map(bib).chain(holdings.iter().map(held)).collect()
}

#[test]
fn holdings_records_follow_the_record_they_belong_to_whatever_their_own_numbers_are() {
    let books = [(1, "Capitalism"), (2, "Ottoman"), (1, "Topology")];
    let sets = [
        // The holdings are numbered as the books are, and a number of a book is there twice.
        (ImportMode::Full, marc21(&books, &[(2, 1, "ROOMX"), (1, 2, "ROOMY")])),
        (ImportMode::Delta, marc21(&[], &[(1, 2, "ROOMZ")])),
        (ImportMode::Delete, marc21(&[], &[(2, 1, "ROOMX")])),
        (ImportMode::Full, marc21(&books, &[(2, 1, "ROOMW")])),
    ];
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let (one, other) = (dir.path().join("catalogue"), dir.path().join("rebuilt"));
    let mut rooms = Vec::new();
    for (n, (mode, text)) in sets.into_iter().enumerate() {
        let path = dir.path().join(format!("{n}.mrk"));
        std::fs::write(&path, text).unwrap();
        let library = LibraryCode::new("NLC");
        let request = ImportRequest { library, mode, paths: vec![path], run: format!("run-{n}") };
        import(&archive, &request, &()).unwrap();
        build_from(&archive, &one, &options(false), &()).unwrap();
        build_from(&archive, &other, &options(true), &()).unwrap();
        let said = said(&one);
        assert_eq!(said, self::said(&other), "after set {n}");
        assert_eq!(said.entries.len(), 3, "no book is lost to a holdings record");
        let holdings = said.entries.iter().flat_map(|entry| entry.holdings.iter().map(move |h| (entry, h)));
        let located = holdings
            .filter_map(|(entry, held)| Some((entry.bib.title.clone()?, held.holding.location.clone()?)));
        let mut located: Vec<_> = located.map(|(title, room)| format!("{title} {room}")).collect();
        located.sort();
        rooms.push(located);
    }
    let expect: [&[&str]; 4] = [
        &["Capitalism ROOMX", "Ottoman ROOMY"],
        &["Capitalism ROOMX", "Ottoman ROOMZ"],
        &["Ottoman ROOMZ"],
        &["Capitalism ROOMW"],
    ];
    assert_eq!(rooms, expect);
}

#[test]
fn a_record_that_is_split_off_takes_none_of_its_likes_along() {
    let book = Sketch { title: 4, author: 3, publisher: 2, year: 2, isbn: 2, part: 0 };
    for leaving in LIBRARIES {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let (one, other) = (dir.path().join("catalogue"), dir.path().join("rebuilt"));
        for library in 0..4 {
            let step = Step::Import { library, mode: 0, records: vec![(1, book.clone())] };
            take(&archive, dir.path(), &step, library);
        }
        build_from(&archive, &one, &options(false), &()).unwrap();
        assert_eq!(said(&one).entries.len(), 1);
        let others = LIBRARIES.into_iter().filter(|library| *library != leaving);
        let records = std::iter::once(leaving).chain(others);
        let records = records.map(|code| (LibraryCode::new(code), "1".to_owned()));
        decide(&archive, &[Decision { kind: DecisionKind::Split, records: records.collect(), note: None }])
            .unwrap();
        build_from(&archive, &one, &options(false), &()).unwrap();
        build_from(&archive, &other, &options(true), &()).unwrap();
        assert_eq!(said(&one), said(&other));
        let mut sizes: Vec<usize> = said(&one).entries.iter().map(|entry| entry.members.len()).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 3], "{leaving} leaves");
    }
}
