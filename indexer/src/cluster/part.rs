//! Which part of a larger work a record describes, in a form in which two spellings are equal.
//!
//! Parts decide identity: a volume is never joined to another, nor to its set.

use crate::analysis::fold::fold;
use crate::analysis::numbers::normalise_part;
use crate::bib::Part;

use super::similar::similarity;

/// Parts numbers from part titles in the key.
const TITLE: char = '\u{1f}';

/// Nothing that tells volumes apart is longer.
const LONGEST: usize = 150;

/// The part key: numbers joined by dots, then `TITLE` and the part title where there is one; empty for a whole.
pub(super) fn part_key(part: Option<&Part>, in_title: Option<&str>, out: &mut String) {
    let start = out.len();
    let given = part.into_iter().flat_map(|p| p.number.iter().chain(&p.volume)).map(String::as_str);
    let mut number = String::new();
    for text in given.chain(in_title) {
        let key = normalise_part(text);
        // `第2册` in `$h` and again in `$v`.
        if !key.is_empty() && number.split('.').next_back() != Some(&key) && number != key {
            if !number.is_empty() {
                number.push('.');
            }
            number.push_str(&key);
        }
    }
    let title = part.and_then(|p| p.title.as_deref()).map(fold).unwrap_or_default();
    out.push_str(&number);
    if !title.is_empty() {
        out.push(TITLE);
        out.push_str(&title);
    }
    if out.len() - start > LONGEST {
        let end = out.floor_char_boundary(start + LONGEST);
        out.truncate(end);
    }
}

/// Whether two part keys name different parts. A number decides; titles only where neither has one.
pub(super) fn parts_differ(a: &str, b: &str) -> bool {
    if a == b {
        return false;
    }
    let (a_number, a_title) = a.split_once(TITLE).unwrap_or((a, ""));
    let (b_number, b_title) = b.split_once(TITLE).unwrap_or((b, ""));
    match (a_number.is_empty(), b_number.is_empty()) {
        (false, false) => a_number != b_number,
        _ if a_title.is_empty() || b_title.is_empty() => true,
        // `… : Maine` and `… : Ohio` are alike for most of their length.
        _ => similarity(a_title, b_title) < 0.92,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: &str, title: &str, in_title: Option<&str>) -> String {
        let filled = |t: &str| (!t.is_empty()).then(|| t.to_owned());
        let mut out = String::new();
        let part = Part { number: filled(number), title: filled(title), volume: None };
        part_key(Some(&part), in_title, &mut out);
        out
    }

    #[test]
    fn parts_differ_by_number_or_title() {
        for (a, b, differ) in [
            (key("上册", "", None), key("", "", Some("上")), false),
            (key("上册", "", None), key("下册", "", None), true),
            (key("第1卷", "", None), key("卷一", "", None), false),
            (key("第1卷", "", None), key("", "", None), true),
            (key("", "古代史", None), key("", "近代史", None), true),
            (key("", "古代史", None), key("1", "古代史", None), false),
            (key("2", "古代史", None), key("1", "古代史", None), true),
            (key("第二卷", "上册", None), key("第二卷", "", None), false),
            (key("Vol. 2", "", None), key("Ⅱ", "", None), false),
            (key("", "", None), key("", "", None), false),
        ] {
            assert_eq!(parts_differ(&a, &b), differ, "{a:?} {b:?}");
            assert_eq!(parts_differ(&b, &a), differ, "{b:?} {a:?}");
        }
    }
}
