//! Works of the common pool: what was published, before any library catalogued it.
//!
//! A work follows from the seed and its number alone, so a pool of any size needs no memory. What kinds there
//! are is in `kinds`, which works are made to be confused is in `traps`.

use super::names;
use super::random::Random;
use super::repertoire::CLASSES;
use super::truth::Trap;
use super::words;

/// A publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Its number in the pool.
    pub number: u32,
    /// Publications with the same number here are one work: editions of a classic, volumes of a set.
    pub work: u32,
    /// What kind of publication.
    pub kind: Kind,
    /// Title proper.
    pub title: String,
    /// Other title information.
    pub subtitle: Option<String>,
    /// Part of a multi-volume set: `上册`, `第2卷`.
    pub part: Option<String>,
    /// Persons and their roles: 著, 主编, 译, 校注.
    pub people: Vec<(String, &'static str)>,
    /// Country of the first person: `美`.
    pub country: Option<&'static str>,
    /// Publisher.
    pub publisher: String,
    /// Place of publication.
    pub place: &'static str,
    /// Year.
    pub year: u16,
    /// ISBN-13 without hyphens; none before 1986 and for some.
    pub isbn: Option<String>,
    /// ISSN with its hyphen, of serials.
    pub issn: Option<String>,
    /// Edition from 2.
    pub edition: Option<u8>,
    /// Class of the Chinese Library Classification.
    pub class: &'static str,
    /// Subject headings.
    pub subjects: Vec<String>,
    /// Series it came out in.
    pub series: Option<String>,
    /// Abstract.
    pub abstract_text: Option<String>,
    /// Pages.
    pub pages: u16,
    /// Price in yuan.
    pub price: u16,
    /// Language code.
    pub language: &'static str,
    /// The trap it sets for matching.
    pub trap: Option<Trap>,
}

/// What kind of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A book.
    Book,
    /// A journal.
    Serial,
    /// A thesis.
    Thesis,
    /// Printed music.
    Score,
}

impl Work {
    /// A book like most.
    pub(super) fn plain(number: u32, random: &mut Random) -> Self {
        let (publisher, place) = names::publisher(random);
        let year = 2024 - (random.unit() * random.unit() * 70.0) as u16;
        let subjects = (0..1 + random.below(2)).map(|_| words::noun(random).to_owned()).collect();
        let abstract_text = random.chance(0.4).then(|| {
            format!(
                "本书讨论{}、{}与{}，可供{}参考。",
                words::title(random),
                words::noun(random),
                words::noun(random),
                words::noun(random)
            )
        });
        let role = *random.pick(&["著", "编著", "主编", "编"]);
        let mut people = vec![(names::person(random), role)];
        if random.chance(0.25) {
            people.push((names::person(random), role));
        }
        Self {
            number,
            work: number,
            kind: Kind::Book,
            title: words::title(random),
            subtitle: random.chance(0.2).then(|| words::title(random)),
            part: None,
            people,
            country: None,
            publisher,
            place,
            year,
            isbn: (year >= 1987 && !random.chance(0.03)).then(|| isbn13(number)),
            issn: None,
            edition: random.chance(0.12).then(|| 2 + random.below(4) as u8),
            class: *random.pick(&CLASSES),
            subjects,
            series: random.chance(0.15).then(|| format!("{}丛书", words::noun(random))),
            abstract_text,
            pages: 80 + random.below(600) as u16,
            price: 8 + random.below(120) as u16,
            language: "chi",
            trap: None,
        }
    }
}

/// A valid ISBN in a range where nobody publishes, 978-7-9…; ten million numbers without a repetition.
pub(super) fn isbn13(number: u32) -> String {
    let stem = format!("97879{:07}", (u64::from(number) * 7_654_321 + 1_234_567) % 10_000_000);
    let sum: u32 =
        stem.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 }).sum();
    format!("{stem}{}", (10 - sum % 10) % 10)
}

/// A valid ISSN, two million numbers without a repetition.
pub(super) fn issn(number: u32) -> String {
    let stem = format!("{}", 8_000_000 + number % 2_000_000);
    let sum: u32 = stem.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * (8 - i as u32)).sum();
    let check = match (11 - sum % 11) % 11 {
        10 => 'X',
        n => char::from(b'0' + n as u8),
    };
    format!("{}-{}{check}", &stem[..4], &stem[4..])
}
