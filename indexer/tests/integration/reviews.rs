//! What the rules leave to a person is named by every generation until it is settled.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use indexer::archive::Archive;
use indexer::bib::EditionId;
use indexer::cluster::GROUP_CAP;
use indexer::index::{Review, ReviewReason};
use indexer::pipeline::{Built, Way, build_from};

use crate::increments::{Sketch, Step, options, said, take};

/// Reviews after each step, where the build on the one before says what a full one does.
fn reviews_after(steps: &[Step]) -> Vec<Vec<Review>> {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let (one, other) = (dir.path().join("catalogue"), dir.path().join("rebuilt"));
    let mut seen = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        take(&archive, dir.path(), step, n);
        let built = build_from(&archive, &one, &options(false), &()).unwrap();
        build_from(&archive, &other, &options(true), &()).unwrap();
        let (said, rebuilt) = (said(&one), said(&other));
        assert_eq!(said, rebuilt, "after step {n}");
        let Built::New { counts, way, .. } = built else { panic!("step {n}: {built:?}") };
        assert_eq!(n > 0, matches!(way, Way::Delta { .. }), "step {n}: {way:?}");
        assert_eq!(counts.reviews, said.union.reviews.len() as u64, "step {n}");
        for Review { entry, other, .. } in &said.union.reviews {
            let is_there = |id: &EditionId| said.entries.iter().any(|entry| entry.id == *id);
            assert!(is_there(entry) && is_there(other), "step {n}");
            let beside = said.entries.iter().find(|e| e.id == *entry).unwrap();
            assert!(beside.siblings.contains(other), "the page of the one leads to the other");
        }
        seen.push(said.union.reviews);
    }
    seen
}

#[test]
fn what_is_beyond_the_cap_is_for_a_person_until_it_is_settled() {
    let book = |year, isbn| Sketch { title: 1, author: 1, publisher: 0, year, isbn, part: 0 };
    let n = GROUP_CAP as u32 / 2 + 20;
    // The records of two years meet through the two that have the ISBN, and each year's through the year.
    let of_year =
        |year| (0..n).map(|number| (number + 1, book(year, if number == 0 { 2 } else { 0 }))).collect();
    let elsewhere = Sketch { title: 5, author: 0, publisher: 2, year: 0, isbn: 4, part: 0 };
    let too_many: Vec<_> = (2..=60).map(|number| (number, book(1, 0))).collect();
    let seen = reviews_after(&[
        Step::Import { library: 0, mode: 0, records: of_year(0) },
        Step::Import { library: 1, mode: 2, records: of_year(1) },
        Step::Import { library: 2, mode: 2, records: vec![(1, elsewhere)] },
        Step::Import { library: 1, mode: 1, records: too_many.clone() },
        Step::Import { library: 1, mode: 2, records: too_many },
    ]);
    assert_eq!(seen[0], []);
    let [review] = &seen[1][..] else { panic!("{:?}", seen[1]) };
    assert_eq!((review.reason, review.n_others), (ReviewReason::TooLarge, 1));
    assert_eq!(seen[2], seen[1], "what did not change is carried over");
    assert_eq!(seen[3], [], "fewer records are one entry");
    assert_eq!(seen[4].len(), 1, "it is told again");
}

#[test]
fn decisions_that_contradict_each_other_are_for_a_person_until_one_gives_way() {
    let book = |title| Sketch { title, author: 1, publisher: 0, year: 0, isbn: 0, part: 0 };
    let (first, second, third) = ((0, 1), (0, 2), (0, 3));
    let join = |a: (usize, u32), b: (usize, u32)| Step::Join {
        library: a.0,
        number: a.1,
        other: b.0,
        other_number: b.1,
    };
    let split = Step::Split { library: first.0, number: first.1, other: second.0, other_number: second.1 };
    let seen = reviews_after(&[
        Step::Import { library: 0, mode: 0, records: vec![(1, book(0)), (2, book(2)), (3, book(4))] },
        split,
        join(first, third),
        join(second, third),
        Step::Import { library: 1, mode: 2, records: vec![(1, book(5))] },
        join(first, second),
    ]);
    assert_eq!((&seen[0][..], &seen[1][..], &seen[2][..]), (&[][..], &[][..], &[][..]));
    let [review] = &seen[3][..] else { panic!("{:?}", seen[3]) };
    assert_eq!((review.reason, review.n_others), (ReviewReason::Contradiction, 1));
    assert_eq!(seen[4], seen[3], "what did not change is carried over");
    assert_eq!(seen[5], [], "the latest decision on a pair counts");
}
