//! The sample keeps its promises: same seed same bytes, shares, shapes, valid records.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::HashSet;

use super::*;

fn consortium(works: u32) -> Consortium {
    Consortium::new(Config::demo(46, works))
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (a, b) = (consortium(200).export(3), consortium(200).export(3));
    assert_eq!(a.bytes, b.bytes);
    assert_eq!(a.truth, b.truth);
    let other = Consortium::new(Config::demo(47, 200)).export(3);
    assert_ne!(a.bytes, other.bytes);
}

#[test]
fn holdings_fall_off_as_zipf_says() {
    let consortium = consortium(5_000);
    let mean = consortium.n_records() as f64 / 5_000.0;
    assert!((3.0..=4.3).contains(&mean), "{mean} holders a work");
    let mut holders = vec![0u32; 5_000];
    consortium.held.iter().flatten().for_each(|work| holders[*work as usize] += 1);
    let alone = holders.iter().filter(|n| **n <= 2).count() as f64 / 5_000.0;
    assert!((0.4..=0.8).contains(&alone), "{alone} of the works are in one or two libraries");
    assert!(holders.iter().any(|n| *n >= 30), "some work is nearly everywhere");
    assert!(consortium.held.iter().all(|works| !works.is_empty()), "a library without books");
    assert!(consortium.held[0].len() > 2 * consortium.held[45].len());
}

/// A checker that shares no code with any reader: directory entries end on field terminators.
fn is_valid(record: &[u8]) -> bool {
    let number = |range: std::ops::Range<usize>| {
        std::str::from_utf8(&record[range]).ok().and_then(|t| t.parse::<usize>().ok())
    };
    let (Some(length), Some(base)) = (number(0..5), number(12..17)) else { return false };
    length == record.len()
        && record[length - 1] == 0x1D
        && record[base - 1] == 0x1E
        && record[24..base - 1].chunks(12).all(|entry| {
            let text = std::str::from_utf8(entry).unwrap_or("");
            let (Ok(length), Ok(start)) = (text[3..7].parse::<usize>(), text[7..12].parse::<usize>()) else {
                return false;
            };
            record.get(base + start + length - 1) == Some(&0x1E)
        })
}

#[test]
fn undamaged_records_are_valid_and_damage_is_as_told() {
    let mut config = Config::demo(46, 400);
    config.damage = 0.0;
    let consortium = Consortium::new(config);
    for position in 0..consortium.libraries().len() {
        let export = consortium.export(position);
        let records: Vec<&[u8]> = export
            .bytes
            .split_inclusive(|b| *b == 0x1D)
            .map(|r| r.strip_prefix(b"\r\n").unwrap_or(r))
            .filter(|r| !r.is_empty())
            .collect();
        assert_eq!(records.len(), export.truth.len(), "{}", export.library);
        assert!(records.iter().all(|r| is_valid(r)), "{}", export.library);
    }
    let damaged = super::tests::consortium(3_000);
    let truths: Vec<Truth> = (0..46).flat_map(|i| damaged.export(i).truth).collect();
    let share = truths.iter().filter(|t| t.damage.is_some()).count() as f64 / truths.len() as f64;
    assert!((0.007..=0.013).contains(&share), "{share} of the records are damaged");
    let kinds: HashSet<&str> = truths.iter().filter_map(|t| t.damage).map(Damage::name).collect();
    assert_eq!(kinds.len(), Damage::ALL.len());
}

#[test]
fn every_dialect_charset_and_holdings_field_occurs() {
    let habits: Vec<Habits> = (0..46).map(|i| consortium(1).habits(i)).collect();
    let charsets: HashSet<ExportCharset> = habits.iter().map(|h| h.charset).collect();
    let fields: HashSet<HoldingsField> = habits.iter().map(|h| h.holdings).collect();
    assert_eq!((charsets.len(), fields.len()), (3, 6));
    assert!(habits.iter().any(|h| h.marc21) && habits.iter().any(|h| h.traditional));
    let works = consortium(4_000);
    for title in ["三国演义", "家", "高等数学", "ئۇيغۇر خەلق داستانلىرى", "𠮷祥图案与㐂字"]
    {
        assert!(works.works().iter().any(|w| w.title == title), "{title}");
    }
    assert!(works.works().iter().any(|w| w.title.starts_with("Java")));
}
