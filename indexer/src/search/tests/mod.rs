//! Small catalogues from composed entries, and what searches in them must give.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod browsing;
mod corpus;
mod counting;
mod equal_forms;
mod finding;
mod generations;
mod layers;
mod ordering;
mod power_cuts;
mod suggesting;

use tempfile::TempDir;

use crate::bib::{
    Agent, AgentKind, Bib, EditionId, Entry, Holding, Isbn, Lendable, LibraryCode, LibraryHolding,
    MaterialType,
};
use crate::index::{Builder, BuilderOptions, ManifestInput};
use crate::search::{Answer, Catalogue, Query, SearchField};

const OPTIONS: BuilderOptions = BuilderOptions { threads: 2, memory_bytes: 64 << 20 };

fn book(key: u64, title: &str, author: &str) -> Entry {
    let mut bib = Bib::empty(MaterialType::BookChi);
    bib.title = Some(title.to_owned());
    bib.languages = vec!["chi".to_owned()];
    if !author.is_empty() {
        bib.responsibility = Some(format!("{author}著"));
        bib.agents = vec![agent(author)];
    }
    Entry::new(EditionId::from_key(key), bib, Vec::new(), Vec::new())
}

fn agent(name: &str) -> Agent {
    Agent::new(name, AgentKind::Person)
}

fn held(mut entry: Entry, library: &str, call: &str) -> Entry {
    entry.holdings.push(LibraryHolding {
        library: LibraryCode::new(library),
        holding: Holding {
            location: None,
            call_number: (!call.is_empty()).then(|| call.to_owned()),
            copies: 1,
            barcodes: Vec::new(),
            coverage: None,
            lendable: Lendable::Yes,
        },
    });
    entry
}

fn with(mut entry: Entry, change: impl FnOnce(&mut Bib)) -> Entry {
    change(&mut entry.bib);
    entry
}

fn builder(dir: &std::path::Path) -> Builder {
    Builder::create(dir, OPTIONS, std::sync::Arc::new(crate::files::Disk)).unwrap()
}

fn add(builder: &Builder, entry: &Entry) {
    builder.push(builder.prepare(entry, &[]).unwrap()).unwrap();
}

fn build(dir: &std::path::Path, entries: &[Entry]) -> crate::index::GenerationSummary {
    let builder = builder(dir);
    entries.iter().for_each(|entry| add(&builder, entry));
    builder.finish(ManifestInput::default()).unwrap()
}

fn catalogue(entries: &[Entry]) -> (TempDir, Catalogue) {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), entries);
    let catalogue = Catalogue::open(dir.path()).unwrap();
    (dir, catalogue)
}

fn shelf() -> Vec<Entry> {
    let isbn = |n| move |bib: &mut Bib| bib.isbns = vec![Isbn(n)];
    vec![
        held(book(1, "三国演义", "罗贯中"), "BJFU", "I242.4/123"),
        held(with(book(2, "三國演義（上）", "羅貫中"), |b| b.year = Some(1990)), "PKU", "I242.4/9"),
        held(with(book(3, "Java简明教程", "林巧民"), isbn(9_787_302_122_609)), "BJFU", "TP312JA/8.5C"),
        held(
            with(book(4, "Python 程序设计入门", "史蒂文·霍金"), |b| {
                b.clc = vec!["TP311.561".to_owned()]
            }),
            "PKU",
            "",
        ),
        with(book(5, "家", "巴金"), |b| b.publisher = Some("人民文学出版社".to_owned())),
        with(book(6, "国家与家庭", "王家"), |b| b.subjects = vec!["家庭--研究".to_owned()]),
        with(book(7, "中国歷史", "錢穆"), |b| b.notes = vec!["本书讲述朝代更替".to_owned()]),
        with(book(8, "敎育学原理", "李明"), |b| b.series = vec![series("高等教育丛书")]),
        with(book(9, "The C++ Programming Language", "Stroustrup"), |b| {
            b.issns = vec![crate::bib::Issn(*b"10000135")]
        }),
        with(book(10, "呐喊", "鲁迅"), |b| b.cn_book_no = Some("10019·1979".to_owned())),
        with(book(11, "鲁迅全集 第3卷", "鲁迅"), |b| {
            b.parallel_titles = vec!["Complete works".to_owned()]
        }),
    ]
}

fn series(title: &str) -> crate::bib::Series {
    crate::bib::Series { title: title.to_owned(), volume: None }
}

fn query(text: &str, field: SearchField) -> Query {
    Query { text: text.to_owned(), field, ..Query::default() }
}

fn keys(answer: &Answer) -> Vec<u64> {
    answer.hits.iter().map(|hit| hit.entry.id.key().unwrap()).collect()
}

#[test]
fn other_editions_of_a_work_are_found_newest_first() {
    let edition = |key, year| with(book(key, "三国演义", "罗贯中"), |bib| bib.year = Some(year));
    let other = book(9, "红楼梦", "曹雪芹");
    let first = edition(1, 1953);
    let (_dir, catalogue) = catalogue(&[first.clone(), edition(2, 1990), other.clone(), edition(3, 2010)]);
    let years = |entry: &Entry, limit| {
        let found = catalogue.same_work(entry, limit).unwrap();
        found.iter().map(|e| e.bib.year.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(years(&first, 10), [2010, 1990]);
    assert_eq!(years(&first, 1), [2010]);
    assert_eq!(years(&other, 10), [0i16; 0]);
    assert_eq!(years(&book(5, "家", "巴金"), 10), [0i16; 0], "no work is known");
}
