//! A generation of many layers answers as one base with the same entries does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::files::Disk;
use crate::index::{Generation, Successor};
use crate::search::Sort;

const TITLES: [&str; 8] =
    ["三国演义", "三国志", "水浒传", "Java 程序", "程序设计", "家", "国家与家庭", "三国演艺"];
const AUTHORS: [&str; 3] = ["罗贯中", "施耐庵", "巴金"];

fn entry(key: u64, seed: u32) -> Entry {
    let pick = |n: u32| (seed >> (4 * n)) as usize & 15;
    let mut entry = book(key, TITLES[pick(0) % 8], AUTHORS[pick(1) % 3]);
    entry.bib.year = (pick(2) % 4 > 0).then(|| 1990 + (pick(2) % 4) as i16);
    entry.bib.clc = vec![["TP311", "I242.4", "K2"][pick(3) % 3].to_owned()];
    entry.bib.subjects = vec![["小说", "计算机"][pick(4) % 2].to_owned()];
    for (n, library) in ["BJFU", "BUPT", "PKU"].iter().enumerate() {
        if pick(5) >> n & 1 == 1 {
            let call = format!("{}/{}", entry.bib.clc[0], pick(6));
            entry = held(entry, library, &call);
        }
    }
    entry
}

fn block_keys(entry: &Entry) -> Vec<u64> {
    let hash =
        |text: &str| u64::from_be_bytes(*blake3::hash(text.as_bytes()).as_bytes().first_chunk().unwrap());
    let title = entry.bib.title.clone().unwrap();
    vec![hash(&title), hash(&format!("{title}{:?}", entry.bib.year))]
}

fn queries() -> Vec<Query> {
    let mut queries = Vec::new();
    for text in ["", "三国", "国", "程序", "sgyy", "sanguo", "javo", "三国演义", "三国眼义", "家 -国", "hsz"]
    {
        for sort in [Sort::Relevance, Sort::Newest, Sort::Title, Sort::CallNumber] {
            queries.push(Query { sort, per_page: 100, ..query(text, SearchField::Any) });
        }
    }
    let base = queries[0].clone();
    let pku = LibraryCode::new("PKU");
    queries.push(Query { libraries: vec![pku.clone()], sort: Sort::CallNumber, ..base.clone() });
    queries.push(Query { home: Some(pku), sort: Sort::CallNumber, ..base.clone() });
    queries.push(Query { classes: vec!["TP".to_owned()], from: Some(1991), ..base.clone() });
    queries.push(Query { sort: Sort::Oldest, page: 2, per_page: 3, ..base });
    queries
}

/// Changes of one build: keys with a seed are added or changed, others vanish into a successor or into nothing.
type Night = Vec<(u64, Option<u32>, Option<u64>)>;

fn push(builder: &Builder, entry: &Entry) {
    builder.push(builder.prepare(entry, &block_keys(entry)).unwrap()).unwrap();
}

/// Lays a night on the generation in force; `live` and `old` follow.
fn night(
    dir: &std::path::Path,
    night: &Night,
    live: &mut BTreeMap<u64, Entry>,
    old: &mut BTreeMap<u64, Option<u64>>,
) {
    let mut builder = Builder::extend(dir, OPTIONS, Arc::new(Disk)).unwrap();
    let generation = Generation::open_in_force(dir).unwrap().unwrap();
    let mut seen = BTreeSet::new();
    for &(key, seed, successor) in night.iter().filter(|change| seen.insert(change.0)) {
        let before = generation.number_of(&EditionId::from_key(key));
        assert_eq!(before.is_some(), live.contains_key(&key));
        before.into_iter().for_each(|number| builder.retire(number));
        match seed {
            Some(seed) => {
                let entry = entry(key, seed);
                push(&builder, &entry);
                live.insert(key, entry);
            }
            None if before.is_some() => {
                builder.redirect(&EditionId::from_key(key), successor.map(EditionId::from_key).as_ref());
                old.insert(key, successor);
                live.remove(&key);
            }
            None => {}
        }
    }
    builder.finish(ManifestInput::default()).unwrap();
    settle(old, live);
}

/// What each old id leads to, once a night is over: nothing is left where the chain ends at no entry.
fn settle(old: &mut BTreeMap<u64, Option<u64>>, live: &BTreeMap<u64, Entry>) {
    let chains = old.clone();
    let end = |mut to: Option<u64>| {
        for _ in 0..50 {
            match to {
                Some(id) if !live.contains_key(&id) => to = chains.get(&id).copied().flatten(),
                end => return end,
            }
        }
        None
    };
    old.retain(|key, _| !live.contains_key(key));
    old.values_mut().for_each(|to| *to = end(*to));
}

fn said(catalogue: &Catalogue, query: &Query) -> String {
    let answer = catalogue.search(query).unwrap();
    let hits: Vec<String> =
        answer.hits.iter().map(|h| format!("{:?}", (&h.entry, &h.title_highlight))).collect();
    let Answer { total, total_is_exact, pages, libraries, facets, advice, .. } = answer;
    format!("{total} {total_is_exact} {pages} {libraries:?} {facets:?} {advice:?} {hits:#?}")
}

fn nights() -> impl Strategy<Value = Vec<Night>> {
    let change = (0u64..24, prop::option::weighted(0.7, any::<u32>()), prop::option::of(0u64..24));
    prop::collection::vec(prop::collection::vec(change, 0..8), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn layers_answer_as_one_base(base in prop::collection::vec(any::<u32>(), 0..20), changes in nights()) {
        let dir = tempfile::tempdir().unwrap();
        let builder = builder(dir.path());
        let (mut live, mut old) = (BTreeMap::new(), BTreeMap::new());
        for (key, seed) in (0u64..).zip(base) {
            let entry = entry(key, seed);
            push(&builder, &entry);
            live.insert(key, entry);
        }
        builder.finish(ManifestInput::default()).unwrap();
        if live.is_empty() {
            return Ok(());
        }
        for change in &changes {
            night(dir.path(), change, &mut live, &mut old);
        }
        let whole = tempfile::tempdir().unwrap();
        let rebuilt = super::builder(whole.path());
        live.values().for_each(|entry| push(&rebuilt, entry));
        rebuilt.finish(ManifestInput::default()).unwrap();
        let (layered, one) = (Catalogue::open(dir.path()).unwrap(), Catalogue::open(whole.path()).unwrap());
        prop_assert!(layered.manifest().layers.len() <= 8 && layered.segments.len() <= 12);
        prop_assert_eq!(layered.manifest().entries, live.len() as u64);
        for query in queries() {
            prop_assert_eq!(said(&layered, &query), said(&one, &query), "{:?}", query);
        }
        let generation = Generation::open_in_force(dir.path()).unwrap().unwrap();
        prop_assert_eq!(generation.live().count() as u64, generation.n_entries_live());
        for key in 0..24 {
            let id = EditionId::from_key(key);
            prop_assert_eq!(&layered.entry(&id).unwrap(), &live.get(&key).cloned());
            let successor = |to: &Option<u64>| {
                to.map_or(Successor::Gone, |id| Successor::Entry(EditionId::from_key(id)))
            };
            prop_assert_eq!(layered.successor(&id), old.get(&key).map(successor), "{}", key);
        }
        for entry in live.values() {
            for key in block_keys(entry) {
                let mut found = Vec::new();
                generation.entries_with_key(key, &mut found);
                let ids: BTreeSet<_> = found.iter().map(|&n| generation.id(n).unwrap()).collect();
                let expect = live.values().filter(|e| block_keys(e).contains(&key)).map(|e| e.id.clone());
                // A base keeps a part of each key: it may find one more, but never one too few or a retired one.
                prop_assert!(expect.collect::<BTreeSet<_>>().is_subset(&ids));
                prop_assert!(ids.iter().all(|id| live.values().any(|entry| entry.id == *id)));
            }
        }
    }
}

/// The bytes of every file of a folder.
fn contents(dir: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    let names = std::fs::read_dir(dir).unwrap().map(|d| d.unwrap().file_name().into_string().unwrap());
    names.map(|name| (name.clone(), std::fs::read(dir.join(name)).unwrap())).collect()
}

#[test]
fn the_parent_is_not_touched_and_its_files_are_shared() {
    let dir = tempfile::tempdir().unwrap();
    let first = build(dir.path(), &shelf());
    let parent = dir.path().join(&first.generation);
    let before = contents(&parent);
    let (mut live, mut old) =
        (shelf().into_iter().map(|e| (e.id.key().unwrap(), e)).collect(), BTreeMap::new());
    night(dir.path(), &vec![(3, None, Some(4)), (77, Some(5), None)], &mut live, &mut old);
    assert_eq!(contents(&parent), before);
    let catalogue = Catalogue::open(dir.path()).unwrap();
    assert_eq!(catalogue.manifest().parent.as_ref(), Some(&first.generation));
    let files = contents(&dir.path().join(catalogue.generation()));
    let shared = before.iter().filter(|(name, bytes)| files.get(*name) == Some(bytes)).count();
    assert!(shared >= before.len() - 3, "all but manifest, retired, redirects: {shared} of {}", before.len());
    // What only a retired entry has is neither found, nor counted, nor suggested.
    for text in ["java", "javo", "林巧民", "linqiaomin", "jmjc", "9787302122609", "TP312JA"] {
        let answer = catalogue.search(&query(text, SearchField::Any)).unwrap();
        assert_eq!((answer.total, answer.hits.len()), (0, 0), "{text}");
        assert!(answer.advice.iter().all(|a| a.hits.is_none()), "{text}: {:?}", answer.advice);
    }
    let all = catalogue.search(&query("", SearchField::Any)).unwrap();
    assert!(all.facets.authors.iter().all(|(name, _)| name != "林巧民"));
    assert_eq!(all.total, 11);
}

#[test]
fn a_new_base_forgets_no_id() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), &shelf());
    let (mut live, mut old) =
        (shelf().into_iter().map(|e| (e.id.key().unwrap(), e)).collect(), BTreeMap::new());
    night(dir.path(), &vec![(3, None, Some(4)), (5, None, None)], &mut live, &mut old);
    let mut builder = builder(dir.path());
    live.values().filter(|e| e.id.key() != Some(7)).for_each(|entry| push(&builder, entry));
    builder.redirect(&EditionId::from_key(9), Some(&EditionId::from_key(10)));
    builder.finish(ManifestInput::default()).unwrap();
    let catalogue = Catalogue::open(dir.path()).unwrap();
    let leads = |key| catalogue.successor(&EditionId::from_key(key));
    assert_eq!(leads(3), Some(Successor::Entry(EditionId::from_key(4))));
    assert_eq!((leads(5), leads(7)), (Some(Successor::Gone), Some(Successor::Gone)));
    assert_eq!((leads(9), leads(99)), (None, None), "9 is an entry still, 99 never was");
}

#[test]
fn one_flipped_bit_in_any_file_is_found_or_harmless() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), &shelf());
    let (mut live, mut old) =
        (shelf().into_iter().map(|e| (e.id.key().unwrap(), e)).collect(), BTreeMap::new());
    night(dir.path(), &vec![(3, None, Some(4)), (77, Some(5), None)], &mut live, &mut old);
    let generation = Catalogue::open(dir.path()).unwrap().generation().to_owned();
    let folder = dir.path().join(&generation);
    let mut paths: Vec<_> = contents(&folder).into_keys().map(|name| folder.join(name)).collect();
    paths.push(dir.path().join("current"));
    let expect: Vec<String> = ["", "三国", "sgyy"]
        .map(|t| said(&Catalogue::open(dir.path()).unwrap(), &query(t, SearchField::Any)))
        .into();
    for path in paths {
        let good = std::fs::read(&path).unwrap();
        let bits = good.len() * 8;
        for bit in (0..bits).step_by((bits / 40).max(1) | 1) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            // A new file, as links share their bytes with the parent.
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, &bad).unwrap();
            match Catalogue::open(dir.path()) {
                Err(error) => {
                    let said = error.to_string();
                    assert!(
                        said.contains("lianmu build") || said.contains("cannot"),
                        "{}: {said}",
                        path.display()
                    );
                    assert!(Generation::open_in_force(dir.path()).is_err());
                }
                Ok(catalogue) => {
                    for (text, expect) in ["", "三国", "sgyy"].into_iter().zip(&expect) {
                        assert_eq!(
                            &said(&catalogue, &query(text, SearchField::Any)),
                            expect,
                            "{}",
                            path.display()
                        );
                    }
                }
            }
        }
        std::fs::write(&path, &good).unwrap();
    }
}
