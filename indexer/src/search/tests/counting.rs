//! Counts and filters against brute force.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::search::Facets;

const TITLES: [&str; 6] = ["三国演义", "三国志", "水浒传", "Java 程序", "程序设计", "家"];
const LIBRARIES: [&str; 3] = ["BJFU", "BUPT", "PKU"];
const CLASSES: [&str; 5] = ["TP311", "TP312JA", "I242.4", "K2", "TB1"];
const TYPES: [MaterialType; 3] = [MaterialType::BookChi, MaterialType::BookWes, MaterialType::Map];

fn entry(key: u64, seed: &[u8]) -> Entry {
    let pick = |n: usize| usize::from(seed[n % seed.len()]);
    let mut entry = book(key, TITLES[pick(0) % 6], ["罗贯中", "施耐庵"][pick(1) % 2]);
    entry.bib.material_type = TYPES[pick(2) % 3];
    entry.bib.year = (pick(3) % 4 > 0).then(|| 1990 + (pick(3) % 4) as i16);
    entry.bib.languages = vec![["chi", "eng"][pick(4) % 2].to_owned()];
    entry.bib.clc = vec![CLASSES[pick(5) % 5].to_owned()];
    if pick(1) % 3 == 0 {
        entry.bib.clc.push(CLASSES[pick(2) % 5].to_owned());
    }
    entry.bib.subjects = vec![["小说", "计算机"][pick(6) % 2].to_owned()];
    for (n, library) in LIBRARIES.iter().enumerate() {
        if pick(7) >> n & 1 == 1 {
            entry = held(entry, library, "");
        }
    }
    entry
}

fn asked(seed: &[u8]) -> Query {
    let pick = |n: usize| usize::from(seed[n % seed.len()]);
    let mut asked = query(["三国", "程序", "", "三国演义", "传"][pick(0) % 5], SearchField::Title);
    if pick(1) % 2 == 0 {
        asked.libraries = LIBRARIES.iter().take(pick(1) % 3).map(|&l| LibraryCode::new(l)).collect();
    }
    if pick(2) % 3 == 0 {
        asked.types = vec![TYPES[pick(2) % 2]];
    }
    if pick(3) % 3 == 0 {
        asked.languages = vec!["chi".to_owned()];
    }
    if pick(4) % 3 == 0 {
        asked.classes = vec![["TP", "TP31", "I"][pick(5) % 3].to_owned()];
    }
    if pick(6) % 3 == 0 {
        asked.from = Some(1991);
        asked.to = (pick(7) % 2 == 0).then_some(1992);
    }
    asked
}

/// Whether the entry passes; `but` names the filter that is left out.
fn passes(entry: &Entry, query: &Query, but: &str) -> bool {
    let bib = &entry.bib;
    let class = |c: &String| query.classes.iter().any(|p| c.replace('.', "").starts_with(p.as_str()));
    bib.title.as_ref().is_some_and(|t| t.contains(&query.text))
        && (but == "library"
            || query.libraries.is_empty()
            || entry.holdings.iter().any(|h| query.libraries.contains(&h.library)))
        && (but == "type" || query.types.is_empty() || query.types.contains(&bib.material_type))
        && (but == "language" || query.languages.is_empty() || query.languages.contains(&bib.languages[0]))
        && (but == "class" || query.classes.is_empty() || bib.clc.iter().any(class))
        && (but == "year" || query.from.is_none_or(|from| bib.year.is_some_and(|y| y >= from)))
        && (but == "year" || query.to.is_none_or(|to| bib.year.is_some_and(|y| y <= to)))
}

fn tally(
    entries: &[Entry],
    query: &Query,
    but: &str,
    values: impl Fn(&Entry) -> Vec<String>,
) -> Vec<(String, u64)> {
    let mut counts = BTreeMap::new();
    for entry in entries.iter().filter(|e| passes(e, query, but)) {
        let mut own = values(entry);
        own.sort();
        own.dedup();
        own.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
    }
    counts.into_iter().collect()
}

fn classes(entry: &Entry, query: &Query) -> Vec<String> {
    let length = query.classes.first().map_or(1, |c| c.chars().count() + 1);
    let below = |form: &String| query.classes.first().is_none_or(|c| form.starts_with(c.as_str()));
    let forms = entry.bib.clc.iter().map(|c| c.replace('.', "")).filter(below);
    forms.filter(|c| c.chars().count() >= length).map(|c| c.chars().take(length).collect()).collect()
}

fn expected(entries: &[Entry], query: &Query) -> Facets {
    Facets {
        types: tally(entries, query, "type", |e| vec![e.bib.material_type.code().to_owned()]),
        years: tally(entries, query, "year", |e| e.bib.year.iter().map(i16::to_string).collect()),
        languages: tally(entries, query, "language", |e| e.bib.languages.clone()),
        classes: tally(entries, query, "class", |e| classes(e, query)),
        authors: tally(entries, query, "", |e| e.bib.agents.iter().map(|a| a.name.clone()).collect()),
        subjects: tally(entries, query, "", |e| e.bib.subjects.clone()),
    }
}

fn sorted(mut values: Vec<(String, u64)>) -> Vec<(String, u64)> {
    values.sort();
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn counts_are_those_of_brute_force(
        seeds in prop::collection::vec(prop::collection::vec(any::<u8>(), 8), 1..120),
        asks in prop::collection::vec(prop::collection::vec(any::<u8>(), 8), 12),
    ) {
        let entries: Vec<Entry> = seeds.iter().enumerate().map(|(n, seed)| entry(n as u64, seed)).collect();
        let (_dir, catalogue) = catalogue(&entries);
        for ask in asks {
            let asked = Query { per_page: 100, ..asked(&ask) };
            let answer = catalogue.search(&asked).unwrap();
            let expect: Vec<u64> =
                (0..).zip(&entries).filter(|(_, e)| passes(e, &asked, "")).map(|(n, _)| n).collect();
            prop_assert_eq!(answer.total, expect.len() as u64);
            if expect.len() <= 100 {
                let mut found = keys(&answer);
                found.sort_unstable();
                prop_assert_eq!(found, expect);
            }
            let facets = expected(&entries, &asked);
            prop_assert_eq!(sorted(answer.facets.types), facets.types);
            prop_assert_eq!(answer.facets.years, facets.years);
            prop_assert_eq!(sorted(answer.facets.languages), facets.languages);
            prop_assert_eq!(sorted(answer.facets.classes), facets.classes);
            prop_assert_eq!(sorted(answer.facets.authors), facets.authors);
            prop_assert_eq!(sorted(answer.facets.subjects), facets.subjects);
            let libraries = tally(&entries, &asked, "library", |e| {
                e.holdings.iter().map(|h| h.library.to_string()).collect()
            });
            for (code, hits) in answer.libraries {
                let own = libraries.iter().find(|(c, _)| c == code.as_str()).map_or(0, |(_, n)| *n);
                prop_assert_eq!(hits, own, "{}", code);
            }
        }
    }
}

#[test]
fn more_libraries_than_bits_of_a_word() {
    let entries: Vec<Entry> = (0..130).map(|n| held(book(n, "图书", ""), &format!("L{n:03}"), "")).collect();
    let (_dir, catalogue) = catalogue(&entries);
    let answer = catalogue.search(&query("图书", SearchField::Any)).unwrap();
    assert_eq!(answer.libraries.len(), 130);
    assert!(answer.libraries.iter().all(|(_, hits)| *hits == 1));
}

#[test]
fn headings_that_fold_to_the_same_are_counted_as_one() {
    let of = |key, author: &str, subject: &str| {
        with(book(key, "三国演义", author), |bib| bib.subjects = vec![subject.to_owned()])
    };
    let entries = [
        of(1, "罗贯中", "古典文学"),
        of(2, "羅貫中", "古典文學"),
        of(3, "羅貫中", "古典文学"),
        of(4, "施耐庵", "古典文学"),
        of(5, "罗贯中全集编委会", "小说"),
    ];
    // In one layer, and with the last ones as a second layer on the first.
    let (_dir, whole) = catalogue(&entries);
    let (dir, _) = catalogue(&entries[..2]);
    let upper =
        crate::index::Builder::extend(dir.path(), OPTIONS, std::sync::Arc::new(crate::files::Disk)).unwrap();
    entries[2..].iter().for_each(|entry| add(&upper, entry));
    upper.finish(ManifestInput::default()).unwrap();
    let layered = Catalogue::open(dir.path()).unwrap();
    for catalogue in [&whole, &layered] {
        let facets = catalogue.search(&query("", SearchField::Any)).unwrap().facets;
        let said = |values: &[(String, u64)]| {
            values.iter().map(|(value, hits)| format!("{value} {hits}")).collect::<Vec<_>>()
        };
        assert_eq!(said(&facets.authors), ["羅貫中 3", "施耐庵 1", "罗贯中全集编委会 1"]);
        assert_eq!(said(&facets.subjects), ["古典文学 4", "小说 1"]);
    }
}
