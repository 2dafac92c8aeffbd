//! The sample keeps its promises: same seed same bytes, shares, shapes, valid records.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::{HashMap, HashSet};

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

/// Records of an export, without what stands between them.
fn records(bytes: &[u8]) -> Vec<&[u8]> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let records = bytes.split_inclusive(|b| *b == 0x1D).map(|r| r.strip_prefix(b"\r\n").unwrap_or(r));
    records.filter(|r| !r.is_empty()).collect()
}

#[test]
fn undamaged_records_are_valid_and_as_many_as_told() {
    let consortium = Consortium::new(Config { damage: 0.0, ..Config::demo(46, 1_500) });
    for position in 0..consortium.libraries().len() {
        let export = consortium.export(position);
        let records = records(&export.bytes);
        assert_eq!(records.len(), export.truth.len(), "{}", export.library);
        assert!(records.iter().all(|r| is_valid(r)), "{}", export.library);
        for (record, row) in records.iter().zip(&export.truth) {
            let id = row.control_number.as_bytes();
            assert!(record.windows(id.len()).any(|w| w == id), "{} {}", export.library, row.control_number);
        }
    }
}

#[test]
fn damage_is_as_told() {
    let damaged = consortium(6_000);
    let truths: Vec<Truth> = (0..46).flat_map(|i| damaged.export(i).truth).collect();
    assert_eq!(truths.len(), damaged.n_records());
    let share = truths.iter().filter(|t| t.damage.is_some()).count() as f64 / truths.len() as f64;
    assert!((0.007..=0.014).contains(&share), "{share} of the records are damaged");
    let kinds: HashSet<&str> = truths.iter().filter_map(|t| t.damage).map(Damage::name).collect();
    assert_eq!(kinds.len(), Damage::ALL.len() + 1);
    let export = damaged.export(4);
    assert_eq!(export.truth.last().unwrap().damage, Some(Damage::CutOff));
    assert_eq!(Truth::HEADER.split('\t').count(), export.truth[0].row(&export.library).split('\t').count());
}

#[test]
fn charsets_are_what_the_habits_say() {
    let consortium = Consortium::new(Config { damage: 0.0, ..Config::demo(46, 1_500) });
    let text = |position: usize, encoding: &'static encoding_rs::Encoding| {
        let bytes = consortium.export(position).bytes;
        encoding.decode_without_bom_handling_and_without_replacement(&bytes).map(|text| text.into_owned())
    };
    for position in 0..46 {
        let export = consortium.export(position);
        let utf8 = std::str::from_utf8(&export.bytes).is_ok();
        match consortium.habits(position).charset {
            ExportCharset::Utf8 => assert!(utf8, "{}", export.library),
            ExportCharset::Gb18030 => {
                let text = text(position, encoding_rs::GB18030).unwrap();
                assert!(!utf8 && text.contains("出版社"), "{}", export.library);
            }
            ExportCharset::Big5 | ExportCharset::Marc8 => {
                let escape = export.bytes.windows(3).any(|w| w == b"\x1B$1");
                let wide = consortium.habits(position).charset == ExportCharset::Marc8;
                assert_eq!(escape, wide, "{}", export.library);
            }
        }
    }
}

#[test]
fn sets_share_isbns_and_later_editions_their_work() {
    let consortium = consortium(30_000);
    let works: Vec<Work> = consortium.works().collect();
    let mut by_isbn: HashMap<&str, Vec<&Work>> = HashMap::new();
    for work in &works {
        by_isbn.entry(work.isbn.as_deref().unwrap_or_default()).or_default().push(work);
    }
    by_isbn.remove("");
    assert!(by_isbn.keys().all(|isbn| has_check_digit(isbn)));
    for works in by_isbn.values().filter(|works| works.len() > 1) {
        let last = works[works.len() - 1];
        let all = |same: fn(&Work, &Work) -> bool| works.iter().all(|work| same(work, last));
        let parts: HashSet<&Option<String>> = works.iter().map(|w| &w.part).collect();
        match last.trap {
            Some(Trap::VolumeSharedIsbn) => {
                assert!(works.len() == 3 && parts.len() == 3, "{last:?}");
                assert!(all(|a, b| a.work == b.work && a.title == b.title && a.year == b.year));
                assert!(all(|a, b| a.people == b.people && a.publisher == b.publisher));
            }
            Some(Trap::EditionKeptIsbn) => {
                assert!(works.len() == 2 && all(|a, b| a.work == b.work && a.title == b.title));
                assert!(works[0].edition < last.edition && works[0].year < last.year);
            }
            Some(Trap::ReusedIsbn) => assert!(works.len() == 2 && works[0].work != last.work),
            other => panic!("an ISBN used twice: {other:?} {last:?}"),
        }
    }
    let own = works.windows(2).filter(|pair| pair[0].work == pair[1].work && pair[0].isbn != pair[1].isbn);
    assert!(own.count() > 300);
}

fn share<T>(of: &[T], has: impl Fn(&T) -> bool) -> f64 {
    of.iter().filter(|item| has(item)).count() as f64 / of.len() as f64
}

fn assert_near(what: &str, share: f64, expect: f64, tolerance: f64) {
    assert!((share - expect).abs() <= tolerance * expect, "{what}: {share:.4}, expected {expect}");
}

#[test]
fn traps_are_as_frequent_as_told() {
    let works: Vec<Work> = consortium(30_000).works().collect();
    let table = [
        (Trap::VolumeSharedIsbn, 0.04),
        (Trap::VolumeOwnIsbn, 0.03),
        (Trap::EditionKeptIsbn, 0.05),
        (Trap::EditionOwnIsbn, 0.02),
        (Trap::ReusedIsbn, 0.008),
    ];
    for (trap, expect) in table {
        assert_near(trap.name(), share(&works, |work| work.trap == Some(trap)), expect, 0.2);
    }
    let generic = |work: &Work| {
        let title = work.title.as_str();
        repertoire::GENERIC.contains(&title) || repertoire::GENERIC_LATIN.contains(&title)
    };
    assert_near("generic titles", share(&works, generic), 0.05, 0.12);
    assert!(works.iter().filter(|work| work.trap == Some(Trap::GenericTitle)).all(generic));
}

#[test]
fn variations_are_as_frequent_as_told() {
    let consortium = Consortium::new(Config { damage: 0.0, ..Config::demo(7, 12_000) });
    let exports: Vec<Export> = (0..46).map(|i| consortium.export(i)).collect();
    let rows: Vec<(Work, Variations)> = exports
        .iter()
        .flat_map(|export| &export.truth)
        .map(|row| (consortium.work(row.edition), row.variations))
        .collect();
    let of = |among: fn(&Work) -> bool, variation: Variation| {
        let rows: Vec<_> = rows.iter().filter(|(work, _)| among(work)).collect();
        share(&rows, |(_, variations)| variations.has(variation))
    };
    let with_isbn = |work: &Work| work.isbn.is_some();
    type Row = (Variation, fn(&Work) -> bool, f64, f64);
    let table: [Row; 8] = [
        (Variation::NoIsbn, with_isbn, 0.03, 0.1),
        (Variation::WrongIsbn, with_isbn, 0.005, 0.25),
        (Variation::Isbn10, |work| work.isbn.is_some() && work.year < 2007, 0.85, 0.1),
        (Variation::NoAuthor, |work| !work.people.is_empty(), 0.03, 0.1),
        (Variation::TitleTypo, |work| work.title.chars().count() > 2, 0.007, 0.2),
        (Variation::NoSubtitle, |work| work.subtitle.is_some(), 0.12, 0.1),
        (Variation::LaterYear, |_| true, 0.015, 0.15),
        (Variation::OtherPages, |_| true, 0.07, 0.1),
    ];
    for (variation, among, expect, tolerance) in table {
        assert_near(variation.name(), of(among, variation), expect, tolerance);
    }
    let libraries =
        |has: fn(&Habits) -> bool| share(&(0..46).map(|i| consortium.habits(i)).collect::<Vec<_>>(), has);
    assert_near("subtitle in title", libraries(|h| h.subtitle_in_title.is_some()), 0.12, 0.1);
    assert_near("short publishers", libraries(|h| h.short_publishers), 0.2, 0.1);
    assert_near("traditional", libraries(|h| h.traditional), 3.0 / 46.0, 0.0);
    let short: Vec<&Truth> =
        (0..46).filter(|i| consortium.habits(*i).short_publishers).flat_map(|i| &exports[i].truth).collect();
    assert_near("short", share(&short, |row| row.variations.has(Variation::ShortPublisher)), 0.4, 0.05);
    for variation in Variation::ALL {
        assert!(of(|_| true, variation) > 0.001, "{}", variation.name());
    }
}

/// What no reader could tell apart must not be two editions in the truth.
#[test]
fn works_hardly_ever_coincide() {
    let consortium = consortium(0);
    let mut seen: HashMap<(String, String, u16, String), Vec<u32>> = HashMap::new();
    let (mut coincide, mut titles) = (0, HashSet::new());
    // A window of a large pool, behind the numbers where classics are frequent.
    for number in 600_000..690_000 {
        let work = consortium.work(number);
        let author = work.people.first().map(|(name, _)| name.clone()).unwrap_or_default();
        titles.insert(work.title.clone());
        let same = seen.entry((work.title, author, work.year, work.publisher)).or_default();
        if same.iter().any(|other| other / 3 != number / 3) {
            coincide += 1;
        }
        same.push(number);
    }
    assert!(coincide <= 3, "{coincide} works coincide with another one");
    assert!(titles.len() < 84_000, "titles never occur twice: {}", titles.len());
}

#[test]
fn a_night_touches_its_share() {
    let consortium = consortium(20_000);
    let (day, night) = (consortium.export(2), consortium.night(2, 0.1));
    let known: HashMap<&str, u32> =
        day.truth.iter().map(|t| (t.control_number.as_str(), t.edition)).collect();
    let (changed, new): (Vec<&Truth>, Vec<&Truth>) =
        night.truth.iter().partition(|t| known.contains_key(t.control_number.as_str()));
    assert!(changed.iter().all(|t| known[t.control_number.as_str()] == t.edition));
    assert!(new.iter().all(|t| !day.truth.iter().any(|old| old.edition == t.edition)));
    assert!(night.deleted.iter().all(|id| known.contains_key(id.as_str())));
    assert_eq!(records(&night.bytes).len(), night.truth.len());
    let of_day = |n: usize| n as f64 / day.truth.len() as f64;
    assert_near("changed", of_day(changed.len()), 0.05, 0.15);
    assert_near("deleted", of_day(night.deleted.len()), 0.025, 0.2);
    assert_near("new", of_day(new.len()), 0.025, 0.25);
}

fn has_check_digit(isbn: &str) -> bool {
    let weighted = |(i, b): (usize, u8)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 };
    isbn.len() == 13 && isbn.bytes().enumerate().map(weighted).sum::<u32>().is_multiple_of(10)
}

#[test]
fn the_demo_has_its_size() {
    let n_records = consortium(30_000).n_records();
    assert!((105_000..140_000).contains(&n_records), "{n_records} records");
}

#[test]
fn every_dialect_charset_and_holdings_field_occurs() {
    let habits: Vec<Habits> = (0..46).map(|i| consortium(1).habits(i)).collect();
    let charsets: HashSet<ExportCharset> = habits.iter().map(|h| h.charset).collect();
    let fields: HashSet<HoldingsField> = habits.iter().map(|h| h.holdings).collect();
    assert_eq!((charsets.len(), fields.len()), (4, 6));
    assert!(habits.iter().any(|h| h.romanised));
    assert!(habits.iter().any(|h| h.marc21) && habits.iter().any(|h| h.traditional));
    let works = consortium(4_000);
    for title in ["三国演义", "家", "高等数学", "ئۇيغۇر خەلق داستانلىرى", "𠮷祥图案与㐂字"]
    {
        assert!(works.works().any(|w| w.title == title), "{title}");
    }
    assert!(works.works().any(|w| w.title.starts_with("Java")));
}
