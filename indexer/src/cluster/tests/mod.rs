//! Every danger of DOMAIN §4.3 as a pair of records; the laws of clustering stand in `laws`.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;
use crate::bib::{
    Agent, AgentKind, Bib, Grounds, Holding, Isbn, Issn, Lendable, LibraryCode, MaterialType, Part,
    RecordLocator,
};

mod laws;
mod volumes;

const ISBN: &str = "7-5339-1845-2";
const OTHER_ISBN: &str = "9780804429573";

fn book(title: &str, author: &str, publisher: &str, year: i16) -> Bib {
    let mut bib = Bib::empty(MaterialType::BookChi);
    bib.title = Some(title.to_owned());
    if !author.is_empty() {
        bib.responsibility = Some(format!("{author}著"));
        bib.agents = vec![agent(author)];
    }
    bib.publisher = (!publisher.is_empty()).then(|| publisher.to_owned());
    bib.year = (year > 0).then_some(year);
    bib
}

fn agent(name: &str) -> Agent {
    Agent::new(name, AgentKind::Person)
}

/// The same with some of it changed.
fn with(bib: &Bib, change: impl FnOnce(&mut Bib)) -> Bib {
    let mut bib = bib.clone();
    change(&mut bib);
    bib
}

fn isbn(text: &str) -> Isbn {
    Isbn::parse(text).unwrap()
}

fn part(number: &str) -> Option<Part> {
    Some(Part { number: Some(number.to_owned()), title: None, volume: None })
}

fn verdict(a: &Bib, b: &Bib) -> Verdict {
    let (a, b) = (MatchRecord::of(a), MatchRecord::of(b));
    let found = compare(&a, &b);
    assert_eq!(found, compare(&b, &a), "symmetric");
    found.verdict
}

fn meet(a: &Bib, b: &Bib) -> bool {
    let keys = |bib: &Bib| {
        let mut keys = Vec::new();
        block_keys(&MatchRecord::of(bib), &mut keys);
        keys
    };
    let a = keys(a);
    keys(b).iter().any(|key| a.contains(key))
}

fn check(rows: &[(&str, Bib, Bib, bool)]) {
    for (what, a, b, same) in rows {
        let says = verdict(a, b);
        let lines = explain(&MatchRecord::of(a), &MatchRecord::of(b));
        assert_eq!(says == Verdict::Same, *same, "{what}: {says:?} {lines:#?}");
        assert!(!same || meet(a, b), "{what}: never meet");
    }
}

#[test]
fn dangers() {
    let set = with(&book("中国通史", "白寿彝", "上海人民出版社", 1999), |b| {
        b.isbns = vec![isbn(ISBN)]
    });
    let volume = |number: &str| with(&set, |b| b.part = part(number));
    let novel = with(&book("三国演义", "罗贯中", "人民文学出版社", 1998), |b| {
        b.isbns = vec![isbn(ISBN)]
    });
    let generic = book("高等数学", "同济大学数学系", "高等教育出版社", 2014);
    let kafka = book("变形记", "卡夫卡", "上海译文出版社", 2012);
    check(&[
        ("volumes of a set under one ISBN", volume("上册"), volume("下册"), false),
        (
            "volumes in the title",
            with(&set, |b| b.title = Some("中国通史（上）".into())),
            volume("下册"),
            false,
        ),
        (
            "a volume spelt otherwise",
            with(&set, |b| b.title = Some("中国通史（一）".into())),
            volume("第1卷"),
            true,
        ),
        ("a set and its volume", with(&set, |b| b.extent = Some("3册".into())), volume("上册"), false),
        (
            "a set and a whole book",
            with(&set, |b| b.extent = Some("3册".into())),
            with(&set, |b| b.extent = Some("302页".into())),
            false,
        ),
        (
            "set ISBN and volume ISBN in one record",
            with(&volume("上册"), |b| b.isbns = vec![isbn(ISBN), isbn(OTHER_ISBN)]),
            volume("下册"),
            false,
        ),
        (
            "set ISBN and volume ISBN in one record of the same volume",
            with(&volume("上册"), |b| b.isbns = vec![isbn(ISBN), isbn(OTHER_ISBN)]),
            volume("上册"),
            true,
        ),
        (
            "the ISBN of a series on each of its titles",
            novel.clone(),
            with(&novel, |b| b.title = Some("唐代小说选注".into())),
            false,
        ),
        (
            "an ISBN used again for another book",
            novel.clone(),
            with(&book("蚕桑栽培技术", "王进", "人民文学出版社", 2003), |b| {
                b.isbns = vec![isbn(ISBN)]
            }),
            false,
        ),
        (
            "paper and cloth under two ISBNs",
            novel.clone(),
            with(&novel, |b| b.isbns = vec![isbn(OTHER_ISBN)]),
            false,
        ),
        ("a reprint of another year", novel.clone(), with(&novel, |b| b.year = Some(2006)), true),
        (
            "a revised edition under the same ISBN",
            novel.clone(),
            with(&novel, |b| b.edition = Some("第2版".into())),
            false,
        ),
        (
            "a revised edition in words",
            novel.clone(),
            with(&novel, |b| b.edition = Some("修订本".into())),
            false,
        ),
        (
            "a generic title of another author",
            generic.clone(),
            with(&book("高等数学", "王五", "高等教育出版社", 2014), |b| b.subtitle = None),
            false,
        ),
        (
            "a generic title without author",
            generic.clone(),
            book("高等数学", "", "高等教育出版社", 2014),
            false,
        ),
        ("a generic title, all equal", generic.clone(), generic.clone(), true),
        (
            "文集 of two authors",
            book("文集", "巴金", "四川人民出版社", 1986),
            book("文集", "老舍", "四川人民出版社", 1986),
            false,
        ),
        (
            "two translations of one original",
            with(&kafka, |b| b.responsibility = Some("（奥）卡夫卡著 ; 叶廷芳译".into())),
            with(&kafka, |b| {
                b.responsibility = Some("（奥）卡夫卡著 ; 李文俊译".into());
                b.publisher = Some("浙江文艺出版社".into());
            }),
            false,
        ),
        (
            "two translations of as many pages",
            with(&kafka, |b| b.extent = Some("302页".into())),
            with(&kafka, |b| {
                b.extent = Some("302页".into());
                b.publisher = Some("浙江文艺出版社".into());
            }),
            false,
        ),
        ("no ISBN, author and year", book("农业生产经验", "", "", 0), book("农业生产经验", "", "", 0), false),
        (
            "全三册 in the title",
            with(&set, |b| b.title = Some("中国通史(全三册)".into())),
            with(&set, |b| b.extent = Some("3册".into())),
            true,
        ),
        ("a book and a score", novel.clone(), with(&novel, |b| b.material_type = MaterialType::Score), false),
        (
            "a book whose language is coded otherwise",
            novel.clone(),
            with(&novel, |b| b.material_type = MaterialType::BookWes),
            true,
        ),
    ]);
}

#[test]
fn romanised_records_match_through_linked_fields_and_isbns_only() {
    let han = with(&book("三国演义", "罗贯中", "人民文学出版社", 1998), |b| {
        b.isbns = vec![isbn(ISBN)]
    });
    let linked = with(&han, |b| {
        b.romanised_title = Some("San guo yan yi".into());
        b.isbns.clear();
    });
    let romanised =
        with(&book("San guo yan yi", "Luo, Guanzhong", "Ren min wen xue chu ban she", 1998), |b| {
            b.isbns = vec![isbn(ISBN)];
        });
    check(&[
        ("880 gives the script", han.clone(), linked.clone(), true),
        ("the ISBN joins two scripts", han.clone(), romanised.clone(), true),
        (
            "figures of two scripts say nothing",
            han.clone(),
            with(&romanised, |b| b.subtitle = Some("120 hui ben".into())),
            true,
        ),
        ("without it they stay apart", linked, with(&romanised, |b| b.isbns.clear()), false),
    ]);
}

#[test]
fn slips_of_cataloguers() {
    let best = with(&book("计算机网络教程", "谢希仁", "北京大学出版社", 2003), |b| {
        b.subtitle = Some("原理与实践".into());
        b.isbns = vec![isbn(ISBN)];
        b.extent = Some("302页 ; 26cm".into());
    });
    let bare = with(&best, |b| b.isbns.clear());
    check(&[
        ("no ISBN", best.clone(), bare.clone(), true),
        (
            "a mistyped ISBN",
            best.clone(),
            with(&bare, |b| b.invalid_isbns = vec!["7-5339-1845-3".into()]),
            true,
        ),
        ("no author", best.clone(), with(&best, |b| (b.responsibility, b.agents) = (None, vec![])), true),
        (
            "no author, no ISBN",
            best.clone(),
            with(&bare, |b| (b.responsibility, b.agents) = (None, vec![])),
            true,
        ),
        (
            "a typing error in the title",
            best.clone(),
            with(&best, |b| b.title = Some("计算机网洛教程".into())),
            true,
        ),
        (
            "and in a short one",
            with(&best, |b| b.title = Some("活着".into())),
            with(&best, |b| b.title = Some("活看".into())),
            true,
        ),
        ("the subtitle left out", best.clone(), with(&bare, |b| b.subtitle = None), true),
        (
            "the subtitle in the title",
            best.clone(),
            with(&bare, |b| (b.title, b.subtitle) = (Some("计算机网络教程：原理与实践".into()), None)),
            true,
        ),
        ("a short publisher", best.clone(), with(&bare, |b| b.publisher = Some("北京大学".into())), true),
        ("the next year", best.clone(), with(&best, |b| b.year = Some(2004)), true),
        (
            "traditional characters",
            best.clone(),
            with(&bare, |b| b.title = Some("計算機網絡教程".into())),
            true,
        ),
        ("ISSN of two serials", serial("植物学报", b"03785955"), serial("植物学报", b"2434561X"), false),
        (
            "ISSN of one serial, another first year",
            serial("植物学报", b"03785955"),
            with(&serial("植物学报", b"03785955"), |b| b.year = Some(1999)),
            true,
        ),
    ]);
}

fn serial(title: &str, issn: &[u8; 8]) -> Bib {
    let mut bib = Bib::empty(MaterialType::SerialChi);
    bib.title = Some(title.to_owned());
    bib.issns = vec![Issn(*issn)];
    bib.year = Some(1952);
    bib
}

#[test]
fn records_that_say_nothing_have_no_keys() {
    for bib in [
        Bib::empty(MaterialType::BookChi),
        book("农业生产经验", "", "", 0),
        book("农业生产经验", "", "科学出版社", 0),
    ] {
        let mut keys = Vec::new();
        block_keys(&MatchRecord::of(&bib), &mut keys);
        assert!(keys.is_empty(), "{:?}", bib.title);
    }
}

#[test]
fn an_explanation_ends_with_what_decided() {
    let novel = with(&book("三国演义", "罗贯中", "人民文学出版社", 1998), |b| {
        b.isbns = vec![isbn(ISBN)]
    });
    let lines = explain(&MatchRecord::of(&novel), &MatchRecord::of(&novel));
    let (last, others) = lines.split_last().unwrap();
    assert_eq!((last.comparison, last.level), ("rule", "sum reaches the threshold"));
    let isbn = others.iter().find(|l| l.comparison == "isbn").unwrap();
    assert_eq!((isbn.left.as_str(), isbn.level), ("9787533918453", "equal"));
    let grounds = compare(&MatchRecord::of(&novel), &MatchRecord::of(&novel)).grounds;
    assert_eq!(grounds.names().collect::<Vec<_>>(), ["isbn", "title", "author", "publisher", "year"]);
}
