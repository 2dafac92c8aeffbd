//! What is left of a publisher's name once the words are off that every publisher bears.

use crate::analysis::fold::{Class, class_of, fold};

use super::name::NAME;
use super::similar::similarity;

const SUFFIXES: [&str; 15] = [
    "股份有限公司",
    "有限责任公司",
    "有限公司",
    "出版公司",
    "出版集团",
    "出版社",
    "出版总社",
    "出版中心",
    "出版部",
    "出版",
    "集团",
    "公司",
    "总社",
    "社",
    "印行",
];

/// Words that tell no publisher from another.
const STOP: [&str; 44] = [
    "the",
    "press",
    "publishing",
    "publishers",
    "publisher",
    "publications",
    "publ",
    "pub",
    "pubs",
    "company",
    "co",
    "inc",
    "ltd",
    "limited",
    "corporation",
    "corp",
    "and",
    "sons",
    "son",
    "bros",
    "brothers",
    "printed",
    "for",
    "by",
    "of",
    "verlag",
    "gmbh",
    "books",
    "s",
    "distributed",
    "in",
    "usa",
    "us",
    "etc",
    "et",
    "cie",
    "printer",
    "publishing-house",
    "house",
    "printers",
    "llc",
    "edition",
    "editions",
    "verlagsgesellschaft",
];

/// No more is compared of a name.
const MAX_WORDS: usize = 5;
const LONGEST: usize = 60;

/// Appends the keys of the first three publishers, parted by `NAME`.
pub(super) fn publishers_into<'a>(publishers: impl Iterator<Item = &'a str>, out: &mut String) {
    let start = out.len();
    for name in publishers.take(3) {
        let before = out.len();
        if before > start {
            out.push(NAME);
        }
        let from = out.len();
        key_into(name, out);
        let end = out.floor_char_boundary(from + LONGEST);
        out.truncate(end);
        if out.len() == from {
            out.truncate(before);
        }
    }
}

fn key_into(name: &str, out: &mut String) {
    let folded = fold(&name[..name.floor_char_boundary(200)]);
    if folded.chars().any(|c| class_of(c) == Class::Dense) {
        let mut rest = folded.as_str();
        while let Some(bare) =
            SUFFIXES.iter().find_map(|s| rest.strip_suffix(s)).filter(|b| b.chars().nth(1).is_some())
        {
            rest = bare;
        }
        out.push_str(rest);
        return;
    }
    let from = out.len();
    for word in folded.split(' ').filter(|w| !STOP.contains(w)).take(MAX_WORDS) {
        if out.len() > from {
            out.push(' ');
        }
        out.push_str(word);
    }
    // `[s.n.]`, `The author`: nobody is named.
    let nobody = ["", "n", "n n", "sn", "author", "not identified", "publisher not identified"];
    if nobody.contains(&&out[from..]) && folded.split(' ').count() < 4 {
        out.truncate(from);
    }
}

/// How two lists of publishers agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    Equal,
    /// One is a shorter way of writing the other: 北大 and 北京大学, `lea` and `lea febiger`.
    Shorter,
    None,
}

/// Compares two lists; neither may be empty.
pub(super) fn agreement(a: &str, b: &str) -> Agreement {
    let mut best = Agreement::None;
    for x in a.split(NAME) {
        for y in b.split(NAME) {
            if x == y {
                return Agreement::Equal;
            }
            if shorter(x, y) {
                best = Agreement::Shorter;
            }
        }
    }
    best
}

fn shorter(x: &str, y: &str) -> bool {
    let (short, long) = if (x.len(), x) <= (y.len(), y) { (x, y) } else { (y, x) };
    if short.is_empty() {
        return false;
    }
    if short.chars().any(|c| class_of(c) == Class::Dense) {
        // 北大 in 北京大学: its characters in their order, from the same beginning, or the whole of it somewhere.
        return short.chars().nth(1).is_some() && (long.contains(short) || abbreviates(short, long))
            || short.chars().nth(3).is_some() && similarity(short, long) >= 0.8;
    }
    // Initials say little: `F. A. Stokes` is Frederick A. Stokes, `Leach, Shewell & Sanborn` came out as Sanborn's.
    let mut words = short.split(' ').filter(|w| w.len() > 2).peekable();
    words.peek().is_some() && words.all(|word| long.split(' ').any(|w| alike(word, w)))
        || similarity(short, long) >= 0.8
}

/// `govt` and `government`, `univ` and `university`.
fn alike(x: &str, y: &str) -> bool {
    let (short, long) = if (x.len(), x) <= (y.len(), y) { (x, y) } else { (y, x) };
    x == y
        || short.len() >= 3
            && long.starts_with(&short[..short.floor_char_boundary(3)])
            && is_within(short, long)
}

fn abbreviates(short: &str, long: &str) -> bool {
    short.chars().next() == long.chars().next() && is_within(short, long)
}

fn is_within(short: &str, long: &str) -> bool {
    let mut rest = long.chars();
    short.chars().all(|c| rest.any(|d| d == c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publishers_agree() {
        for (a, b, expected) in [
            ("光明日报出版社", "光明日报", Agreement::Equal),
            ("中信出版集团", "中信出版社", Agreement::Equal),
            ("北京大学出版社", "北大出版社", Agreement::Shorter),
            ("世纪文景/上海人民出版社", "上海人民出版社", Agreement::Shorter),
            ("上海人民出版社", "上海文艺出版社", Agreement::None),
            ("作家出版社", "新星出版社", Agreement::None),
            ("Otis Broaders and company", "Otis, Broaders,", Agreement::Equal),
            ("Harcourt, Brace", "Harcourt", Agreement::Shorter),
            ("Govt. Print. Off.", "Government Printing Office", Agreement::Shorter),
            ("Macmillan", "C. H. Kelly", Agreement::None),
            ("Frederick A. Stokes Company", "F.A. Stokes", Agreement::Shorter),
        ] {
            let key = |name: &str| {
                let mut out = String::new();
                publishers_into([name].into_iter(), &mut out);
                out
            };
            let (a, b) = (key(a), key(b));
            assert_eq!((agreement(&a, &b), agreement(&b, &a)), (expected, expected), "{a} {b}");
        }
    }
}
