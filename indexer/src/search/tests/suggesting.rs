//! Completions, from small catalogues.

use super::*;
use crate::search::SuggestionKind::{Author, Pinyin, Subject, Title};
use crate::search::{Suggestion, SuggestionKind};

fn of(catalogue: &Catalogue, typed: &str) -> Vec<(SuggestionKind, String, u64)> {
    let all = catalogue.suggest(typed, 10).unwrap();
    all.into_iter().map(|Suggestion { kind, text, hits }| (kind, text, hits)).collect()
}

#[test]
fn completions_by_han_pinyin_initials_and_letters() {
    let mut entries = shelf();
    entries.push(book(20, "边城", "沈从文"));
    entries.push(book(21, "沈从文传", "凌宇"));
    let (_dir, catalogue) = catalogue(&entries);
    for (typed, first) in [
        ("三", (Title, "三国演义", 2)),
        ("三國", (Title, "三国演义", 2)),
        ("演义", (Title, "三国演义", 2)),
        ("sangu", (Title, "三国演义", 2)),
        ("sanguoyanyi", (Title, "三国演义", 2)),
        ("sgy", (Title, "三国演义", 2)),
        ("家庭", (Subject, "家庭--研究", 1)),
        ("ja", (Title, "Java简明教程", 1)),
        ("jiating", (Subject, "家庭--研究", 1)),
        ("沈从文", (Author, "沈从文", 1)),
        ("沈從", (Title, "沈从文传", 1)),
        ("scw", (Author, "沈从文", 1)),
        ("shencong", (Title, "沈从文传", 1)),
        ("c++", (Title, "The C++ Programming Language", 1)),
    ] {
        let all = of(&catalogue, typed);
        let (kind, text, hits) = first;
        assert_eq!(all.first(), Some(&(kind, text.to_owned(), hits)), "{typed}: {all:?}");
    }
    assert_eq!(of(&catalogue, "scw").last(), Some(&(Pinyin, "scw".to_owned(), 1)));
    for nothing in ["", "不存在之书", "zzzz", "title:三国", "\"三国\""] {
        assert_eq!(of(&catalogue, nothing), [], "{nothing}");
    }
}

#[test]
fn rare_readings_come_last() {
    let entries = [
        book(1, "诗集", "童华"),
        book(2, "童华", ""),
        book(3, "中华文化", ""),
        held(held(book(4, "童华传", ""), "PKU", ""), "BJFU", ""),
    ];
    let (_dir, catalogue) = catalogue(&entries);
    assert_eq!(of(&catalogue, "zhonghua")[0].1, "中华文化", "{:?}", of(&catalogue, "zhonghua"));
    assert_eq!(of(&catalogue, "tonghua")[0].1, "童华");
}

#[test]
fn hits_are_those_of_the_search_and_the_limit_holds() {
    let (_dir, catalogue) = catalogue(&shelf());
    for typed in ["三", "鲁", "家", "lu", "lx", "java", "s", "ji", "中国", "a", "的", "研究", "hj"] {
        for limit in [0, 1, 3, 10, 999] {
            let all = catalogue.suggest(typed, limit).unwrap();
            assert!(all.len() <= limit, "{typed} {limit}");
            for found in all {
                let total = catalogue.search(&query(&found.text, found.kind.field())).unwrap().total;
                assert_eq!(total, found.hits, "{typed}: {found:?}");
            }
        }
    }
}

#[test]
fn what_is_no_longer_there_is_not_suggested() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), &[book(1, "三国演义", "罗贯中"), book(2, "三国志", "陈寿")]);
    let mut builder = Builder::extend(dir.path(), OPTIONS, std::sync::Arc::new(crate::files::Disk)).unwrap();
    builder.retire(0);
    builder.finish(ManifestInput::default()).unwrap();
    let catalogue = Catalogue::open(dir.path()).unwrap();
    assert_eq!(of(&catalogue, "三"), [(Title, "三国志".to_owned(), 1)]);
    assert_eq!(of(&catalogue, "luogz"), []);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(30))]
    #[test]
    fn nothing_typed_is_an_error(texts in proptest::collection::vec("\\PC{0,20}|[a-z三国 \"*:-]{0,20}", 20)) {
        static SHELF: std::sync::LazyLock<(TempDir, Catalogue)> = std::sync::LazyLock::new(|| catalogue(&shelf()));
        for text in texts {
            let all = SHELF.1.suggest(&text, 10).unwrap();
            proptest::prop_assert!(all.iter().all(|found| found.hits > 0));
        }
    }
}
