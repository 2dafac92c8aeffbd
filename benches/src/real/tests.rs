//! The real consortium from a small table: numbers, traps and slips as promised, and records that are whole.

use std::collections::HashMap;

use data::sample::{Random, Trap, Truth, Variation};

use super::{CORPUS, RealConsortium};

fn libraries() -> Vec<String> {
    (0..46).map(|n| format!("L{n:02}")).collect()
}

/// Titles, names and publishers of no book.
fn table(n_rows: u64) -> String {
    let mut text = "title\tauthor\tpublisher\tyear\n".to_owned();
    for row in 0..n_rows {
        let mut random = Random::new(row, 1);
        let mut word = |n: usize| -> String {
            (0..n).filter_map(|_| char::from_u32(0x4E00 + random.below(3000) as u32)).collect()
        };
        let (title, author, publisher) = (word(6), word(3), word(2));
        let subtitle = if row % 2 == 0 { format!("：{}", word(4)) } else { String::new() };
        let year = 1960 + row % 60;
        text.push_str(&format!("{title}{subtitle}\t[英]{author} / {}\t{publisher}出版社\t{year}\n", word(2)));
    }
    text
}

fn exports(consortium: &RealConsortium) -> Vec<(Vec<u8>, Vec<Truth>)> {
    let export = |position| {
        let (mut bytes, mut truth) = (Vec::new(), Vec::new());
        consortium.write_export(position, &mut bytes, |row| truth.push(row)).expect("memory takes all");
        (bytes, truth)
    };
    (0..46).map(export).collect()
}

#[test]
fn rates_are_as_told() {
    let consortium = RealConsortium::of_table(&table(2_000), 7, 4_000, libraries());
    let exports = exports(&consortium);
    let rows: Vec<&Truth> = exports.iter().flat_map(|(_, truth)| truth).collect();
    let mean = rows.len() as f64 / 4_000.0;
    assert!((3.0..4.5).contains(&mean), "{mean} holders");
    let share =
        |has: &dyn Fn(&Truth) -> bool| rows.iter().filter(|row| has(row)).count() as f64 / rows.len() as f64;
    let near = |what: &str, share: f64, low: f64, high: f64| {
        assert!((low..high).contains(&share), "{what}: {share}");
    };
    for (variation, low, high) in [
        (Variation::NoIsbn, 0.012, 0.03),
        (Variation::WrongIsbn, 0.001, 0.006),
        (Variation::Isbn10, 0.15, 0.6),
        (Variation::NoAuthor, 0.025, 0.035),
        (Variation::TitleTypo, 0.004, 0.01),
        (Variation::NoSubtitle, 0.04, 0.07),
        (Variation::SubtitleInTitle, 0.03, 0.08),
        (Variation::ShortPublisher, 0.06, 0.1),
        (Variation::LaterYear, 0.01, 0.02),
        (Variation::Traditional, 0.04, 0.09),
        (Variation::PartNotation, 0.005, 0.02),
    ] {
        near(variation.name(), share(&|row| row.variations.has(variation)), low, high);
    }
    for (trap, low, high) in [
        (Trap::VolumeSharedIsbn, 0.03, 0.05),
        (Trap::EditionKeptIsbn, 0.04, 0.06),
        (Trap::ReusedIsbn, 0.004, 0.012),
        (Trap::GenericTitle, 0.035, 0.06),
    ] {
        near(trap.name(), share(&|row| row.trap == Some(trap)), low, high);
    }
}

#[test]
fn records_are_whole_and_editions_hold_what_they_promise() {
    let consortium = RealConsortium::of_table(&table(300), 3, 600, libraries());
    let mut of_edition: HashMap<u32, usize> = HashMap::new();
    for (position, (bytes, truth)) in exports(&consortium).into_iter().enumerate() {
        let records: Vec<&[u8]> = bytes.split_inclusive(|b| *b == 0x1D).collect();
        assert_eq!(records.len(), truth.len());
        for (row, (record, truth)) in records.iter().zip(&truth).enumerate() {
            let length = std::str::from_utf8(&record[..5]).ok().and_then(|text| text.parse().ok());
            assert_eq!(length, Some(record.len()));
            *of_edition.entry(truth.edition).or_default() += 1;
            let card = consortium.card(position, row);
            assert_eq!((card.number, card.trap), (truth.edition, truth.trap), "{}", card.line());
        }
    }
    assert!(of_edition.values().all(|n| *n <= 46) && of_edition.values().any(|n| *n > 8));
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that skips says so")]
fn the_corpus_is_read_where_it_is() {
    let Some(consortium) = RealConsortium::open(CORPUS.as_ref(), 1, 300, libraries()) else {
        println!("skipped: no corpus beside the project");
        return;
    };
    assert!(consortium.n_books() > 50_000, "{} books", consortium.n_books());
}
