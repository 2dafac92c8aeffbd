//! One library's record of one work: the same book, in this library's hand.

use super::habits::Habits;
use super::random::Random;
use super::vary::Described;
use super::work::Work;
use super::{cnmarc, items, marc21};

/// A field to be written: tag, indicators, subfields; a control field has no indicators.
pub(super) struct MarcField {
    pub(super) tag: &'static str,
    pub(super) indicators: &'static str,
    pub(super) subfields: Vec<(char, String)>,
}

/// A record to be written.
pub(super) struct MarcRecord {
    pub(super) leader: [u8; 24],
    pub(super) fields: Vec<MarcField>,
}

pub(super) fn control(tag: &'static str, text: String) -> MarcField {
    MarcField { tag, indicators: "", subfields: vec![(' ', text)] }
}

pub(super) fn field<const N: usize>(
    tag: &'static str,
    indicators: &'static str,
    subfields: [(char, String); N],
) -> MarcField {
    MarcField { tag, indicators, subfields: subfields.into() }
}

/// Catalogues what is described; `random` is this library's hand on this day.
pub(super) fn catalogue(
    described: &Described,
    habits: &Habits,
    control_number: &str,
    random: &mut Random,
) -> MarcRecord {
    let mut record = if habits.marc21 {
        marc21::catalogue(described, habits, control_number, random)
    } else {
        cnmarc::catalogue(described, habits, control_number, random)
    };
    items::add(&described.work, habits, random, &mut record.fields);
    record
}

pub(super) fn imprint(tag: &'static str, codes: [char; 3], work: &Work, random: &mut Random) -> MarcField {
    let date = match random.below(40) {
        0..4 => format!("{}.{:02}", work.year, 1 + random.below(12)),
        4..7 => format!("[{}]", work.year),
        7 => format!("{} ({}重印)", work.year, work.year + 2),
        8 => format!("[{}?]", work.year),
        9 => work.year.to_string().chars().map(full_width).collect(),
        _ => work.year.to_string(),
    };
    field(
        tag,
        "  ",
        [(codes[0], work.place.to_owned()), (codes[1], work.publisher.clone()), (codes[2], date)],
    )
}

/// `356`, or with the pages in front that are numbered apart: `12, 356`; nothing of a book that was not counted.
pub(super) fn written_pages(work: &Work, random: &mut Random) -> Option<String> {
    let front = 2 + random.below(22);
    let with_front = random.chance(0.08);
    (work.pages > 0)
        .then(|| if with_front { format!("{front}, {}", work.pages) } else { work.pages.to_string() })
}

fn full_width(digit: char) -> char {
    char::from_u32(u32::from(digit) + 0xFEE0).unwrap_or(digit)
}

pub(super) fn responsibility(work: &Work, habits: &Habits) -> Option<String> {
    let (first, role) = work.people.first()?;
    let first = in_natural_order(first);
    let (open, close) = if habits.square_brackets { ('[', ']') } else { ('(', ')') };
    let country = work.country.map(|c| format!("{open}{c}{close}")).unwrap_or_default();
    let role = if *role == "author" { "" } else { role };
    let others: String = work.people[1..]
        .iter()
        .map(|(name, other)| match *other {
            "译" | "校注" => format!(" ; {name}{other}"),
            _ => format!(", {}", in_natural_order(name)),
        })
        .collect();
    // Names joined by commas share the role that follows the last of them.
    Some(if others.contains(';') {
        format!("{country}{first}{role}{others}")
    } else {
        format!("{country}{first}{others}{role}")
    })
}

/// `第2版`, or `2nd ed` where the book is in English.
pub(super) fn edition_statement(work: &Work, edition: u8, form: &str) -> String {
    let ordinal = ["th", "st", "nd", "rd"].get(usize::from(edition)).unwrap_or(&"th");
    match work.language {
        "eng" => format!("{edition}{ordinal} ed"),
        _ => form.replace("{}", &edition.to_string()),
    }
}

/// `Ashdown, Peter` as a title page has it.
fn in_natural_order(name: &str) -> String {
    name.split_once(", ").map_or_else(|| name.to_owned(), |(family, given)| format!("{given} {family}"))
}

/// The ISBN as described, with the hyphens of the house.
pub(super) fn written_isbn(work: &Work, habits: &Habits) -> Option<String> {
    let digits = work.isbn.as_ref()?;
    if !habits.hyphens {
        return Some(digits.clone());
    }
    let (prefix, rest) = if digits.len() == 13 { digits.split_at(3) } else { ("", digits.as_str()) };
    let hyphenated = format!("{}-{}-{}-{}", &rest[..1], &rest[1..5], &rest[5..9], &rest[9..]);
    Some(if prefix.is_empty() { hyphenated } else { format!("{prefix}-{hyphenated}") })
}
