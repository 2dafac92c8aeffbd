//! What groups and entries may not depend on, as properties, and what an entry takes from whom.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Records of a few editions, so that vetoes and matches both come up.
fn some_records() -> impl Strategy<Value = Vec<(Bib, u64)>> {
    let one = (0..3usize, 0..3usize, 0..3usize, 0..3usize, any::<u64>());
    proptest::collection::vec(one, 1..14).prop_map(|rows| {
        let mut seen = BTreeSet::new();
        let rows = rows.into_iter().filter(|row| seen.insert(row.4));
        rows.map(|(title, number, year, volume, id)| {
            let mut bib = book(
                ["三国演义", "三国演义校注本", "水浒传"][title],
                "罗贯中",
                "人民文学出版社",
                1998 + year as i16,
            );
            bib.isbns = [vec![], vec![isbn(ISBN)], vec![isbn(OTHER_ISBN)]][number].clone();
            bib.part = [None, part("上册"), part("下册")][volume].clone();
            (bib, id)
        })
        .collect()
    })
}

/// Groups, links and what is unsettled by birth keys.
type Resolved = (BTreeSet<BTreeSet<u64>>, BTreeSet<(u64, u64)>, Vec<Unsettled>);

fn resolved(records: &[(Bib, u64)], order: &[usize], must: &[(u64, u64)], cannot: &[(u64, u64)]) -> Resolved {
    let matched: Vec<MatchRecord> = order.iter().map(|&i| MatchRecord::of(&records[i].0)).collect();
    let matched: Vec<&MatchRecord> = matched.iter().collect();
    let ids: Vec<u64> = order.iter().map(|&i| records[i].1).collect();
    let mut edges = Vec::new();
    for a in 0..matched.len() {
        for b in a + 1..matched.len() {
            let found = compare(matched[a], matched[b]);
            if found.verdict == Verdict::Same {
                edges.push(Link { a, b, weight: found.weight, grounds: found.grounds });
            }
        }
    }
    let place = |id: &u64| ids.iter().position(|own| own == id).unwrap();
    let places = |pairs: &[(u64, u64)]| pairs.iter().map(|(a, b)| (place(a), place(b))).collect::<Vec<_>>();
    let found = resolve(&matched, &ids, &edges, &places(must), &places(cannot));
    assert_eq!(found.groups.iter().map(Vec::len).sum::<usize>(), ids.len(), "every record once");
    assert_eq!(found.links.len() + found.groups.len(), ids.len(), "a tree a group");
    let groups = found.groups.iter().map(|group| group.iter().map(|&i| ids[i]).collect()).collect();
    let links = found.links.iter().map(|l| (ids[l.a].min(ids[l.b]), ids[l.a].max(ids[l.b]))).collect();
    (groups, links, found.unsettled)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Or an incremental build would miss what a full one finds.
    #[test]
    fn who_matches_is_found_under_stored_keys(records in some_records()) {
        let keys = |of: fn(&MatchRecord, &mut Vec<u64>), record: &MatchRecord| {
            let mut keys = Vec::new();
            of(record, &mut keys);
            prop_assert!(keys.is_sorted_by(|a, b| a < b));
            Ok(keys)
        };
        let shared = |a: &[u64], b: &[u64]| a.iter().any(|key| b.contains(key));
        let records: Vec<MatchRecord> = records.iter().map(|(bib, _)| MatchRecord::of(bib)).collect();
        for (a, b) in records.iter().flat_map(|a| records.iter().map(move |b| (a, b))) {
            let met = shared(&keys(block_keys, a)?, &keys(block_keys, b)?);
            let found = shared(&keys(wanted_keys, a)?, &keys(stored_keys, b)?);
            prop_assert!(met || !found);
            prop_assert!(found || !met || compare(a, b).verdict == Verdict::Vetoed);
        }
    }

    #[test]
    fn groups_do_not_depend_on_order(
        records in some_records(),
        order in Just((0..14).collect::<Vec<usize>>()).prop_shuffle(),
        decided in proptest::collection::vec((0..14usize, 0..14usize, any::<bool>()), 0..4),
    ) {
        let straight: Vec<usize> = (0..records.len()).collect();
        let shuffled: Vec<usize> = order.into_iter().filter(|&i| i < records.len()).collect();
        let mut must = Vec::new();
        let mut cannot = Vec::new();
        for (a, b, join) in decided {
            if a != b && a < records.len() && b < records.len() {
                (if join { &mut must } else { &mut cannot }).push((records[a].1, records[b].1));
            }
        }
        let found = resolved(&records, &straight, &must, &cannot);
        prop_assert_eq!(&found, &resolved(&records, &shuffled, &must, &cannot));
        let together = |a: u64, b: u64| found.0.iter().any(|group| group.contains(&a) && group.contains(&b));
        for (a, b) in &cannot {
            prop_assert!(!together(*a, *b), "kept apart by hand");
        }
        if must.is_empty() {
            let of = |id: &u64| MatchRecord::of(&records.iter().find(|r| r.1 == *id).unwrap().0);
            for group in &found.0 {
                for (a, b) in group.iter().zip(group.iter().skip(1)) {
                    prop_assert_ne!(compare(&of(a), &of(b)).verdict, Verdict::Vetoed);
                }
            }
        }
        if cannot.is_empty() {
            for (a, b) in &must {
                prop_assert!(together(*a, *b), "joined by hand");
            }
        }
    }

    #[test]
    fn an_entry_does_not_depend_on_the_order_of_its_members(
        records in some_records(),
        order in Just((0..14).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let holding = Holding {
            location: None,
            call_number: Some("I242.4/1".into()),
            copies: 1,
            barcodes: vec![],
            coverage: None,
            lendable: Lendable::Yes,
        };
        let libraries = ["BJFU", "BUPT", "PKU"].map(LibraryCode::new);
        let holdings = [holding];
        let merged = |order: &[usize]| {
            let sources: Vec<Source<'_>> = order
                .iter()
                .map(|&i| Source {
                    library: &libraries[i % 3],
                    birth: records[i].1,
                    first_seen: (i / 5) as u32,
                    bib: &records[i].0,
                    holdings: &holdings,
                    locator: RecordLocator { pack: 1, slot: i as u32 },
                })
                .collect();
            let place = |i: usize| order.iter().position(|&o| o == i).unwrap();
            let link = |i: usize| Link { a: place(0), b: place(i), weight: 1.5, grounds: Grounds::TITLE };
            let links: Vec<Link> = (1..records.len()).map(link).collect();
            merge(&sources, &links).unwrap()
        };
        let straight: Vec<usize> = (0..records.len()).collect();
        let shuffled: Vec<usize> = order.into_iter().filter(|&i| i < records.len()).collect();
        let entry = merged(&straight);
        prop_assert_eq!(&entry, &merged(&shuffled));
        prop_assert_eq!(entry.members.len(), records.len());
        prop_assert_eq!(entry.holdings.len(), records.len());
        prop_assert_eq!(entry.links.len(), records.len() - 1);
        let mut said = vec![entry.bib.title.clone().unwrap()];
        said.extend(entry.bib.other_titles.iter().cloned());
        for (bib, _) in &records {
            prop_assert!(said.contains(bib.title.as_ref().unwrap()), "searchable as every member gives it");
            prop_assert!(bib.isbns.iter().all(|n| entry.bib.isbns.contains(n)));
        }
    }
}

#[test]
fn the_entry_takes_the_best_of_each_member() {
    let full = with(&book("三国演义", "罗贯中", "人民文学", 1998), |b| {
        b.isbns = vec![isbn(ISBN)];
        b.subjects = vec!["古典小说".into()];
        b.clc = vec!["I242.4".into()];
        b.control_number = Some("1".into());
    });
    let typo = with(&full, |b| {
        b.title = Some("三国演艺".into());
        b.abstract_text = Some("东汉末年的故事。".into());
        b.publisher = Some("人民文学出版社".into());
        b.control_number = Some("2".into());
    });
    let bare = with(&book("三國演義", "", "人民文学出版社", 1998), |b| {
        b.control_number = Some("3".into())
    });
    let (pku, bjfu) = (LibraryCode::new("PKU"), LibraryCode::new("BJFU"));
    let locator = RecordLocator { pack: 1, slot: 0 };
    let source =
        |library, birth, first_seen, bib| Source { library, birth, first_seen, bib, holdings: &[], locator };
    let sources = [source(&pku, 7, 1, &full), source(&pku, 8, 1, &typo), source(&bjfu, 9, 0, &bare)];
    let entry = merge(&sources, &[]).unwrap();
    assert_eq!(entry.id.key(), Some(9), "the eldest gives the id");
    assert_eq!(entry.bib.title.as_deref(), Some("三国演义"), "two of three");
    assert_eq!(entry.bib.publisher.as_deref(), Some("人民文学出版社"));
    assert_eq!(entry.bib.abstract_text.as_deref(), Some("东汉末年的故事。"));
    assert_eq!(entry.bib.other_titles, ["三国演艺"], "三國演義 folds to the title shown");
    assert_eq!(entry.bib.other_publishers, ["人民文学"]);
    assert_eq!(entry.bib.subjects, ["古典小说"]);
    let members: Vec<_> = entry.members.iter().map(|m| m.control_number.as_deref().unwrap()).collect();
    assert_eq!(members, ["3", "1", "2"], "in the order of their libraries");
    assert_eq!(entry.provenance[0], (crate::bib::BibField::Main, 2));
    assert!(entry.provenance.contains(&(crate::bib::BibField::Title, 1)), "{:?}", entry.provenance);
    assert_eq!(merge(&[], &[]), None);
}

#[test]
fn a_group_grows_to_its_cap_and_the_link_beyond_it_is_for_a_person() {
    let record = MatchRecord::of(&book("高等数学", "", "", 0));
    let n = GROUP_CAP + 1;
    let records = vec![&record; n];
    let ids: Vec<u64> = (1..=n as u64).collect();
    let edges: Vec<Link> =
        (1..n).map(|b| Link { a: b - 1, b, weight: (n - b) as f32, grounds: Grounds::default() }).collect();
    let found = resolve(&records, &ids, &edges, &[], &[]);
    let sizes: Vec<usize> = found.groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [GROUP_CAP, 1], "the weakest link is left out");
    assert_eq!(found.unsettled, [Unsettled::TooLarge(n as u64 - 1, n as u64)]);
    let by_hand = resolve(&records, &ids, &edges, &[(0, n - 1)], &[]);
    assert_eq!(by_hand.groups.len(), 2, "a join by hand counts first, the cap still holds for the rest");
    let last = n as u64;
    assert_eq!(
        by_hand.unsettled,
        [Unsettled::TooLarge(last - 2, last - 1), Unsettled::TooLarge(last - 1, last)]
    );
}
