//! Lists that are browsed, over one layer and over several.

use super::*;
use crate::bib::Isbn;
use crate::search::{HeadingKind, ShelfStart, Start};

const NAMES: [&str; 8] = ["张云", "阿城", "張雲", "Stroustrup", "王安忆", "巴金", "张云飞", "重庆大学"];

/// Three layers; the first of the entries was replaced.
fn layered() -> (TempDir, Catalogue) {
    let dir = tempfile::tempdir().unwrap();
    let entry = |n: usize| {
        let call = format!("I2{}/{}", 47 + n % 3, 20 - n);
        let entry = with(book(n as u64 + 1, &format!("书{n}"), NAMES[n % NAMES.len()]), |b| {
            b.clc = vec![["I247.5", "TP312JA", "K207"][n % 3].to_owned()];
            b.subjects = vec![["历史--研究", "程序设计"][n % 2].to_owned()];
            b.year = Some(2000 + n as i16);
            b.isbns = vec![Isbn(9_787_000_000_000 + n as u64)];
        });
        held(entry, "BJFU", &call)
    };
    build(dir.path(), &(0..8).map(entry).collect::<Vec<_>>());
    for night in 0..2 {
        let mut builder =
            Builder::extend(dir.path(), OPTIONS, std::sync::Arc::new(crate::files::Disk)).unwrap();
        builder.retire([0, 3][night]);
        (8 + night * 4..12 + night * 4).for_each(|n| add(&builder, &entry(n)));
        builder.finish(ManifestInput::default()).unwrap();
    }
    let catalogue = Catalogue::open(dir.path()).unwrap();
    (dir, catalogue)
}

#[test]
fn headings_by_pinyin_with_their_entries() {
    let (_dir, catalogue) = layered();
    let page = |start: Start, most| {
        let page = catalogue.headings(HeadingKind::Author, &start, most).unwrap();
        let rows: Vec<_> = page.rows.into_iter().map(|row| (row.text, row.entries)).collect();
        (rows, page.previous, page.next)
    };
    let (all, previous, next) = page(Start::First, 20);
    let all: Vec<(&str, u64)> = all.iter().map(|(text, n)| (text.as_str(), *n)).collect();
    // One 张云 and the one Stroustrup were retired, but each came again; 張雲 is 张云 in other characters.
    let expect = [
        ("Stroustrup", 1),
        ("阿城", 2),
        ("巴金", 2),
        ("重庆大学", 2),
        ("王安忆", 2),
        ("張雲", 3),
        ("张云飞", 2),
    ];
    assert_eq!(all, expect);
    assert_eq!((previous, next), (None, None));
    let (rows, previous, next) = page(Start::Pinyin("c".to_owned()), 2);
    assert_eq!(rows.iter().map(|(t, _)| t.as_str()).collect::<Vec<_>>(), ["重庆大学", "王安忆"]);
    assert_eq!(next.as_deref(), Some("張雲"));
    assert_eq!(previous.as_deref(), Some("阿城"));
    assert_eq!(page(Start::At(next.unwrap()), 2).0[0].0, "張雲");
    assert_eq!(page(Start::Pinyin("wangan".to_owned()), 1).0[0].0, "王安忆");
    for (typed, expect) in
        [("zhangyunfei", "张云飞"), ("zhangyun", "張雲"), ("chongqing", "重庆大学"), ("zhangz", "張雲")]
    {
        assert_eq!(page(Start::Pinyin(typed.to_owned()), 1).0[0].0, expect, "{typed}");
    }
    assert_eq!(page(Start::Pinyin("张云飞".to_owned()), 1).0[0].0, "张云飞");
    assert_eq!(page(Start::Letters("s".to_owned()), 1).0[0].0, "Stroustrup");
    assert_eq!(page(Start::Pinyin("zu".to_owned()), 9).0, []);
}

#[test]
fn entries_under_exactly_one_heading() {
    let (_dir, catalogue) = layered();
    let under = |kind, heading: &str| {
        let (total, entries) = catalogue.under_heading(kind, heading, 0, 2).unwrap();
        (total, entries.into_iter().filter_map(|entry| entry.bib.title).collect::<Vec<_>>())
    };
    assert_eq!(under(HeadingKind::Author, "张云"), (3, vec!["书10".to_owned(), "书8".to_owned()]));
    assert_eq!(under(HeadingKind::Author, "张"), (0, Vec::new()), "a piece is no heading");
    assert_eq!(under(HeadingKind::Subject, "历史--研究").0, 7);
    assert_eq!(under(HeadingKind::Subject, "历史").0, 0);
    assert_eq!(under(HeadingKind::Author, "").0, 0);
    let (total, rest) = catalogue.under_heading(HeadingKind::Author, "张云", 1, 2).unwrap();
    assert_eq!((total, rest.len()), (3, 1));
}

#[test]
fn a_shelf_and_what_stands_beside_an_entry() {
    let (_dir, catalogue) = layered();
    let library = LibraryCode::new("BJFU");
    assert_eq!(catalogue.shelves(), [(library.clone(), 14)]);
    let calls = |start: ShelfStart, most| {
        let page = catalogue.shelf(&library, &start, most).unwrap();
        let call = |entry: &Entry| entry.holdings[0].holding.call_number.clone().unwrap();
        (page.entries.iter().map(call).collect::<Vec<_>>(), page)
    };
    let (all, page) = calls(ShelfStart::First, 50);
    let mut sorted = all.clone();
    sorted.sort_by_key(|call| crate::mapping::callnumber::sort_key(call));
    assert_eq!((all.len(), &all), (14, &sorted));
    assert_eq!((page.previous, page.next), (None, None));
    let (from, page) = calls(ShelfStart::Call("I248".to_owned()), 3);
    let at = all.iter().position(|call| call.starts_with("I248")).unwrap();
    assert_eq!(from, all[at..at + 3]);
    assert_eq!(calls(ShelfStart::At(page.next.unwrap()), 3).0, all[at + 3..at + 6]);
    assert_eq!(calls(ShelfStart::At(page.previous.unwrap()), 3).0, all[at - 3..at]);
    let (_, whole) = calls(ShelfStart::First, 50);
    let (around, page) = calls(ShelfStart::Around(whole.entries[6].id.clone()), 5);
    assert_eq!((around, page.marked), (all[4..9].to_vec(), Some(2)));
    let unknown = catalogue.shelf(&LibraryCode::new("PKU"), &ShelfStart::First, 5).unwrap();
    assert!(unknown.entries.is_empty());
}

#[test]
fn classes_with_counts() {
    let (_dir, catalogue) = layered();
    let of = |class: &str, library: Option<&str>| {
        catalogue.classes(class, library.map(LibraryCode::new).as_ref()).unwrap()
    };
    let list = |pairs: &[(&str, u64)]| pairs.iter().map(|(c, n)| ((*c).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(of("", None), (14, list(&[("I", 4), ("K", 5), ("T", 5)])));
    assert_eq!(of("T", Some("BJFU")), (5, list(&[("TP", 5)])));
    assert_eq!(of("TP312", None), (5, list(&[("TP312JA", 5)])), "letters behind digits are one step");
    assert_eq!(of("I247.5", None), (4, Vec::new()));
    assert_eq!(of("", Some("PKU")), (0, Vec::new()));
}

#[test]
fn journals_by_title_over_layers() {
    let dir = tempfile::tempdir().unwrap();
    let journal = |key, title: &str| {
        let mut entry = held(book(key, title, ""), "BJFU", "");
        entry.bib.material_type = MaterialType::SerialChi;
        entry
    };
    build(dir.path(), &[journal(1, "中国图书馆学报"), journal(2, "北京大学学报"), book(3, "三国演义", "")]);
    let builder = Builder::extend(dir.path(), OPTIONS, std::sync::Arc::new(crate::files::Disk)).unwrap();
    add(&builder, &journal(4, "历史研究"));
    add(&builder, &journal(5, "Nature"));
    builder.finish(ManifestInput::default()).unwrap();
    let catalogue = Catalogue::open(dir.path()).unwrap();
    let titles = |start: &Start, library: Option<&str>, most| {
        let library = library.map(LibraryCode::new);
        let (total, page) = catalogue.journals(library.as_ref(), start, None, most).unwrap();
        let titles: Vec<_> = page.entries.into_iter().filter_map(|entry| entry.bib.title).collect();
        (total, titles.join(" "), page.next)
    };
    let (total, all, _) = titles(&Start::First, None, 9);
    assert_eq!((total, all.as_str()), (4, "Nature 北京大学学报 历史研究 中国图书馆学报"));
    assert_eq!(titles(&Start::Pinyin("zhongguotu".to_owned()), None, 1).1, "中国图书馆学报");
    let (_, some, next) = titles(&Start::Pinyin("b".to_owned()), Some("BJFU"), 1);
    assert_eq!(some, "北京大学学报");
    let (_, page) = catalogue.journals(None, &Start::First, next.as_ref(), 1).unwrap();
    assert_eq!(page.entries[0].bib.title.as_deref(), Some("历史研究"));
    assert_eq!(titles(&Start::First, Some("PKU"), 9).0, 0);
}
