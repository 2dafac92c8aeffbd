//! What two records agree in: each comparison comes to one of a few levels, and a level has a weight.
//!
//! Levels only; what they are worth is in `data`, what follows from them is `compare`'s affair.

use super::name::{self, NAME};
use super::publisher;
use super::record::{MatchRecord, Text};
use super::similar::shared_words;
use super::title_level::{Title, title};

/// The comparisons with their levels, as the table of weights names them.
pub(super) const COMPARISONS: [(&str, &[&str]); 13] = [
    ("isbn", &["missing", "equal", "shared", "mistyped", "differs"]),
    ("book_number", &["missing", "equal", "differs"]),
    ("issn", &["missing", "equal", "differs"]),
    ("control_number", &["missing", "equal", "differs"]),
    (
        "title",
        &[
            "equal",
            "equal_short",
            "proper",
            "proper_short",
            "longer",
            "near",
            "similar",
            "loose",
            "other_subtitle",
            "differs",
            "other_script",
        ],
    ),
    ("figures", &["same", "differ"]),
    ("author", &["missing", "first", "some", "near", "stated", "differs"]),
    ("publisher", &["missing", "equal", "shorter", "differs"]),
    ("place", &["missing", "equal", "differs"]),
    ("year", &["missing", "equal", "second", "next", "near", "far"]),
    ("pages", &["missing", "equal", "close", "near", "differs"]),
    ("height", &["missing", "equal", "close", "differs"]),
    ("edition", &["none", "equal", "one", "differs"]),
];

pub(super) const N_COMPARISONS: usize = COMPARISONS.len();

/// Places in `COMPARISONS`.
pub(super) const ISBN: usize = 0;
pub(super) const BOOK_NUMBER: usize = 1;
pub(super) const ISSN: usize = 2;
pub(super) const CONTROL: usize = 3;
pub(super) const TITLE: usize = 4;
pub(super) const FIGURES: usize = 5;
pub(super) const AUTHOR: usize = 6;
pub(super) const PUBLISHER: usize = 7;
pub(super) const PLACE: usize = 8;
pub(super) const YEAR: usize = 9;
pub(super) const PAGES: usize = 10;
pub(super) const HEIGHT: usize = 11;
pub(super) const EDITION: usize = 12;

/// The level of each comparison, by its place in `COMPARISONS`.
pub(super) type Levels = [u8; N_COMPARISONS];

/// Levels of most comparisons.
pub(super) const MISSING: u8 = 0;
pub(super) const EQUAL: u8 = 1;

/// Compares everything; cheap where texts are equal.
pub(super) fn levels(a: &MatchRecord, b: &MatchRecord) -> Levels {
    let mut found = [MISSING; N_COMPARISONS];
    found[ISBN] = isbn(a, b);
    found[BOOK_NUMBER] = texts(a.get(Text::BookNumber), b.get(Text::BookNumber));
    found[ISSN] = issn(a, b);
    found[CONTROL] = control(a, b);
    found[TITLE] = title(a, b) as u8;
    found[FIGURES] = u8::from(figures_differ(a, b, found[TITLE]));
    found[AUTHOR] = author(a, b);
    found[PUBLISHER] = publishers(a, b);
    let [a_place, b_place] = [a, b].map(|r| r.get(Text::Place));
    found[PLACE] = if name::other_script(a_place, b_place) { MISSING } else { texts(a_place, b_place) };
    found[YEAR] = year(a, b);
    found[PAGES] = pages(a, b);
    found[HEIGHT] = height(a, b);
    found[EDITION] = edition(a, b);
    found
}

const DIFFERS: u8 = 2;

fn texts(a: &str, b: &str) -> u8 {
    match (a.is_empty() || b.is_empty(), a == b) {
        (true, _) => MISSING,
        (_, true) => EQUAL,
        _ => DIFFERS,
    }
}

fn isbn(a: &MatchRecord, b: &MatchRecord) -> u8 {
    if a.isbns.iter().any(|n| b.isbns.contains(n)) {
        return if a.isbns.len() == 1 && b.isbns.len() == 1 { EQUAL } else { 2 };
    }
    let stems = |r: &MatchRecord, wrong: u64| r.isbns.iter().any(|n| one_digit_off(n / 10, wrong));
    let both = |x: &MatchRecord, y: &MatchRecord| {
        x.wrong_isbns.iter().any(|w| stems(y, *w) || y.wrong_isbns.contains(w))
    };
    match (both(a, b) || both(b, a), a.isbns.is_empty() || b.isbns.is_empty()) {
        (true, true) => 3,
        (_, true) => MISSING,
        _ => 4,
    }
}

/// Whether two numbers of twelve digits differ in one digit at most.
fn one_digit_off(mut x: u64, mut y: u64) -> bool {
    let mut differing = 0;
    for _ in 0..12 {
        differing += u32::from(x % 10 != y % 10);
        (x, y) = (x / 10, y / 10);
    }
    differing <= 1
}

fn issn(a: &MatchRecord, b: &MatchRecord) -> u8 {
    if a.issns.is_empty() || b.issns.is_empty() {
        return MISSING;
    }
    if a.issns.iter().any(|n| b.issns.contains(n)) { EQUAL } else { DIFFERS }
}

/// Numbers of the same system; those of different systems say nothing.
fn control(a: &MatchRecord, b: &MatchRecord) -> u8 {
    let mut found = MISSING;
    for x in a.controls.chunks_exact(2) {
        for y in b.controls.chunks_exact(2).filter(|y| y[0] == x[0]) {
            if x[1] == y[1] {
                return EQUAL;
            }
            found = DIFFERS;
        }
    }
    found
}

/// Whether the figures in two titles differ: 第一次 and 第二次, 2019 and 2020; where one leaves its end out nobody can
/// tell, nor in another script: 三国 has a figure, San guo has none.
fn figures_differ(a: &MatchRecord, b: &MatchRecord, title: u8) -> bool {
    let silent = [Title::Proper, Title::ProperShort, Title::Longer, Title::OtherScript];
    let left_out = silent.iter().any(|level| title == *level as u8);
    a.figures != b.figures && a.figures != 0 && b.figures != 0 && !left_out
}

fn author(a: &MatchRecord, b: &MatchRecord) -> u8 {
    let [a_names, b_names] = [a, b].map(|r| r.get(Text::Names));
    let mut level = MISSING;
    if !a_names.is_empty() && !b_names.is_empty() {
        level = match name::agreement(a_names, b_names) {
            name::Agreement::First => return 1,
            name::Agreement::Some => return 2,
            name::Agreement::Near => 3,
            name::Agreement::None if name::other_script(a_names, b_names) => MISSING,
            name::Agreement::None => 5,
        };
    }
    if level != 3 && (states(a, b_names) || states(b, a_names)) {
        return 4;
    }
    if level == MISSING {
        let [a, b] = [a, b].map(|r| r.get(Text::Statement));
        if !a.is_empty() && !b.is_empty() && shared_words(a, b).1 >= 0.6 {
            return 4;
        }
    }
    level
}

/// Whether a statement of responsibility holds the surname of one of the names.
fn states(record: &MatchRecord, names: &str) -> bool {
    let statement = record.get(Text::Statement);
    let surnames =
        names.split(NAME).filter_map(|name| name.split(' ').next()).filter(|s| s.len() > 2 && s.is_ascii());
    !statement.is_empty()
        && surnames.into_iter().any(|surname| statement.split(' ').any(|word| word == surname))
}

fn publishers(a: &MatchRecord, b: &MatchRecord) -> u8 {
    let [a, b] = [a, b].map(|r| r.get(Text::Publishers));
    if a.is_empty() || b.is_empty() {
        return MISSING;
    }
    if name::other_script(a, b) {
        return MISSING;
    }
    match publisher::agreement(a, b) {
        publisher::Agreement::Equal => 1,
        publisher::Agreement::Shorter => 2,
        publisher::Agreement::None => 3,
    }
}

fn year(a: &MatchRecord, b: &MatchRecord) -> u8 {
    if a.year == 0 || b.year == 0 {
        return MISSING;
    }
    if a.year == b.year {
        return EQUAL;
    }
    if a.other_year == b.year || b.other_year == a.year {
        return 2;
    }
    match a.year.abs_diff(b.year) {
        1 => 3,
        2..=3 => 4,
        _ => 5,
    }
}

fn pages(a: &MatchRecord, b: &MatchRecord) -> u8 {
    let (x, y) = if a.is_set && b.is_set && a.extent.volumes > 0 && b.extent.volumes > 0 {
        (u16::from(a.extent.volumes) * 100, u16::from(b.extent.volumes) * 100)
    } else {
        (a.extent.pages, b.extent.pages)
    };
    if x == 0 || y == 0 {
        return MISSING;
    }
    let (more, apart) = (x.max(y), x.abs_diff(y));
    match apart {
        0 => EQUAL,
        _ if apart <= 2 + more / 100 => 2,
        _ if apart <= more / 10 => 3,
        _ => 4,
    }
}

fn height(a: &MatchRecord, b: &MatchRecord) -> u8 {
    let (x, y) = (a.extent.height, b.extent.height);
    match (x == 0 || y == 0, x.abs_diff(y)) {
        (true, _) => MISSING,
        (_, 0) => EQUAL,
        (_, 1) => 2,
        _ => 3,
    }
}

fn edition(a: &MatchRecord, b: &MatchRecord) -> u8 {
    let plain = |r: &MatchRecord| r.edition.ordinal() == 1 && !r.edition.revised && !r.edition.facsimile;
    match (a.edition == b.edition, plain(a), plain(b)) {
        (_, true, true) => 0,
        (true, _, _) => EQUAL,
        _ if !a.edition.differs(b.edition) => EQUAL,
        (_, true, _) | (_, _, true) => 2,
        _ => 3,
    }
}
