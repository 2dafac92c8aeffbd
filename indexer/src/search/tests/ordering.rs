//! Sorts and paging.

use super::*;
use crate::index::Error;
use crate::search::Sort;

#[test]
fn sorts() {
    let dated = |key, title: &str, year| with(book(key, title, ""), |b| b.year = Some(year));
    let entries = [
        held(dated(1, "书乙", 1990), "BJFU", "TP312/10"),
        held(dated(2, "书甲", 2005), "BJFU", "TP312/2"),
        held(with(book(3, "书安", ""), |b| b.clc = vec!["A1".to_owned()]), "PKU", "Z/1"),
        held(dated(4, "书丙", 2020), "BJFU", "TP31/7"),
    ];
    let (_dir, catalogue) = catalogue(&entries);
    for (sort, home, expect) in [
        (Sort::Newest, None, [4, 2, 1, 3]),
        (Sort::Oldest, None, [1, 2, 4, 3]),
        (Sort::Title, None, [3, 4, 2, 1]),
        (Sort::CallNumber, Some("BJFU"), [4, 2, 1, 3]),
    ] {
        let asked = Query { sort, home: home.map(LibraryCode::new), ..query("书", SearchField::Any) };
        assert_eq!(keys(&catalogue.search(&asked).unwrap()), expect, "{}", sort.name());
    }
    let listed = catalogue.search(&query("", SearchField::Any)).unwrap();
    assert_eq!(keys(&listed), [4, 2, 1, 3], "an empty query lists newest first");
}

#[test]
fn paging_meets_every_hit_once() {
    let entries: Vec<Entry> = (0..250).map(|n| book(n, &format!("图书馆学 {n}"), "")).collect();
    let (_dir, catalogue) = catalogue(&entries);
    for sort in Sort::ALL {
        let mut seen = Vec::new();
        for page in 1..=13 {
            let answer =
                catalogue.search(&Query { page, sort, ..query("图书馆", SearchField::Any) }).unwrap();
            assert_eq!((answer.total, answer.pages), (250, 13));
            seen.extend(keys(&answer));
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..250).collect::<Vec<_>>(), "{}", sort.name());
    }
    let past = catalogue.search(&Query { page: 14, ..query("图书馆", SearchField::Any) }).unwrap();
    assert!(past.hits.is_empty() && past.total == 250);
    let far = catalogue.search(&Query { page: 501, ..query("图书馆", SearchField::Any) });
    assert!(matches!(far, Err(Error::TooFar { .. })));
}
