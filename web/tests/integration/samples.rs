//! Entries for the tests, and a data directory with a generation made of them.

use std::path::Path;
use std::sync::Arc;

use indexer::bib::{
    Agent, AgentKind, Bib, BibField, EditionId, Entry, Grounds, Holding, Isbn, Lendable, LibraryCode,
    LibraryHolding, MaterialType, Member, MemberLink, RecordLocator,
};
use indexer::files::Disk;
use indexer::index::{Builder, BuilderOptions, LibraryData, ManifestInput};

/// Id of the first of the plain entries.
pub(crate) const FIRST: u64 = 1000;
/// Id of the entry that wants to do harm.
pub(crate) const HOSTILE: u64 = 7;
/// Id of an entry of three records, and of another edition that was compared with it.
pub(crate) const UNION: u64 = 20;
pub(crate) const SECOND_EDITION: u64 = 21;
/// Id of an entry that all members of the table hold.
pub(crate) const EVERYWHERE: u64 = 22;
/// Ids that were entries once: one is part of `UNION` now, nothing is left of the other.
pub(crate) const MERGED: u64 = 30;
pub(crate) const GONE: u64 = 31;

pub(crate) fn id(key: u64) -> String {
    EditionId::from_key(key).to_string()
}

fn holding(library: &str, call_number: &str, lendable: Lendable) -> LibraryHolding {
    LibraryHolding {
        library: LibraryCode::new(library),
        holding: Holding {
            location: Some("三层自科阅览".to_owned()),
            call_number: Some(call_number.to_owned()),
            copies: 2,
            barcodes: Vec::new(),
            coverage: None,
            lendable,
        },
    }
}

fn entry(key: u64, bib: Bib, holdings: Vec<LibraryHolding>) -> Entry {
    let member = |held: &LibraryHolding| Member {
        library: held.library.clone(),
        control_number: Some(format!("{key:09}")),
        locator: RecordLocator { pack: 1, slot: 0 },
    };
    let members = holdings.iter().map(member).collect();
    Entry::new(EditionId::from_key(key), bib, holdings, members)
}

fn book(title: &str, year: i16) -> Bib {
    let mut bib = Bib::empty(MaterialType::BookChi);
    bib.title = Some(title.to_owned());
    bib.responsibility = Some("林巧民主编".to_owned());
    bib.agents =
        vec![Agent { role: Some("主编".to_owned()), ..Agent::new("林巧民", AgentKind::Person) }];
    bib.place = Some("北京".to_owned());
    bib.publisher = Some("清华大学出版社".to_owned());
    bib.year = Some(year);
    bib.languages = vec!["chi".to_owned()];
    bib.clc = vec!["TP312JA".to_owned()];
    bib.subjects = vec!["JAVA语言--程序设计".to_owned()];
    bib
}

/// 45 books on Java in three libraries, one classic, one hostile record.
pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for n in 0..45u64 {
        let mut bib = book(&format!("Java程序设计教程之{n}"), 1990 + i16::try_from(n % 30).unwrap());
        if n == 0 {
            bib.title = Some("Java简明教程".to_owned());
            bib.isbns = vec![Isbn(9_787_302_312_345)];
            bib.abstract_text = Some("由浅入深地介绍 Java 语言。".to_owned());
        }
        let holdings = vec![
            holding("BJFU", &format!("TP312JA/{n}.5C"), Lendable::Yes),
            holding("BUPT", &format!("TP312JA/L{n}"), Lendable::No { reason: "阅览室".to_owned() }),
        ];
        entries.push(entry(FIRST + n, bib, holdings));
    }
    let mut classic = book("三国演义", 2001);
    classic.clc = vec!["I242.4".to_owned()];
    classic.subjects = vec!["章回小说--中国--明代".to_owned()];
    entries.push(entry(1, classic, vec![holding("NLC", "I242.4/1", Lendable::Unknown)]));
    entries.push(hostile());
    entries.extend(unions());
    entries
}

/// Entries of several records.
fn unions() -> [Entry; 3] {
    let on_isbn = Grounds::ISBN.with(Grounds::TITLE).with(Grounds::YEAR);
    let plain = |title, year| Bib { subjects: Vec::new(), clc: Vec::new(), ..book(title, year) };
    let mut first = plain("围棋入门", 2013);
    first.isbns = vec![Isbn(9_787_533_918_453)];
    let mut second = Bib { year: Some(2016), edition: Some("第2版".to_owned()), ..first.clone() };
    second.isbns = vec![Isbn(9_780_804_429_573)];
    let held = ["BJFU", "BUPT", "NLC"].map(|code| holding(code, "G891.3/1", Lendable::Yes));
    let mut union = linked(UNION, first, held.to_vec(), on_isbn);
    union.provenance = vec![(BibField::Main, 1), (BibField::Year, 2)];
    let mut edition = entry(SECOND_EDITION, second, vec![holding("NLC", "G891.3/2", Lendable::Yes)]);
    union.siblings = vec![edition.id.clone()];
    edition.siblings = vec![union.id.clone()];
    let members = indexer::library::Members::embedded();
    let everybody = members.iter().map(|l| holding(l.code.as_str(), "I210.6/1", Lendable::Yes));
    [union, edition, linked(EVERYWHERE, plain("鲁迅全集", 2005), everybody.collect(), on_isbn)]
}

/// An entry whose records hold together in a chain.
fn linked(key: u64, bib: Bib, holdings: Vec<LibraryHolding>, grounds: Grounds) -> Entry {
    let mut entry = entry(key, bib, holdings);
    let ends = (0u16..).zip(1..u16::try_from(entry.members.len()).unwrap());
    entry.links = ends.map(|(a, b)| MemberLink { a, b, weight: 12, grounds }).collect();
    entry
}

fn hostile() -> Entry {
    let script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let mut bib = book(&format!("{script}\u{202e}害书"), 1999);
    bib.subtitle = Some(script.to_owned());
    bib.responsibility = Some(script.to_owned());
    bib.publisher = Some(script.to_owned());
    bib.subjects = vec![script.to_owned()];
    bib.notes = vec![script.repeat(2000)];
    bib.urls = vec!["javascript:alert(1)".to_owned(), "https://example.org/\"onclick=alert(1)".to_owned()];
    entry(HOSTILE, bib, vec![holding("BJFU", script, Lendable::No { reason: script.to_owned() })])
}

/// Makes a generation of the entries in a data directory.
pub(crate) fn build(data: &Path) {
    let catalogue = data.join("catalogue");
    std::fs::create_dir_all(&catalogue).unwrap();
    let options = BuilderOptions { threads: 1, memory_bytes: 32 << 20 };
    let mut builder = Builder::create(&catalogue, options, Arc::new(Disk)).unwrap();
    for entry in entries() {
        builder.push(builder.prepare(&entry, &[]).unwrap()).unwrap();
    }
    builder.redirect(&EditionId::from_key(MERGED), Some(&EditionId::from_key(UNION)));
    builder.redirect(&EditionId::from_key(GONE), None);
    let library = |code: &str, as_of: &str| LibraryData {
        code: LibraryCode::new(code),
        as_of: Some(as_of.to_owned()),
        records: 46,
        state: 1,
        reading: String::new(),
    };
    let libraries =
        vec![library("BJFU", "2026-11-22"), library("BUPT", "2026-11-20"), library("NLC", "2026-11-22")];
    builder
        .finish(ManifestInput {
            libraries,
            built_at: "2026-11-22T00:00:00Z".to_owned(),
            ..ManifestInput::default()
        })
        .unwrap();
}
