//! Which part of a larger work a record describes, in a form in which two spellings are equal.
//!
//! Parts decide identity: a volume is never joined to another, nor to its set.

use crate::analysis::fold::{Class, class_of, fold};
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
    let mut number = String::new();
    for text in given(part).chain(in_title).filter(|text| !is_whole(text)) {
        let key = normalise_part(without_years(text));
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

fn given(part: Option<&Part>) -> impl Iterator<Item = &str> {
    part.into_iter().flat_map(|p| p.number.iter().chain(&p.volume)).map(String::as_str)
}

/// Whether a record says that it is all volumes: `$h上下册`.
pub(super) fn is_whole_set(part: Option<&Part>) -> bool {
    given(part).any(is_whole)
}

/// 上下册, 上、中、下卷: every volume there is, which is no part.
pub(super) fn is_whole(text: &str) -> bool {
    if text.len() > 40 || !text.contains('上') {
        return false;
    }
    let levels: String = fold(text).chars().filter(|c| !" 、和及与册卷集部编篇".contains(*c)).collect();
    matches!(levels.as_str(), "上下" | "上中下")
}

/// 第1卷(1949-1956): the years that a volume treats of do not number it.
fn without_years(text: &str) -> &str {
    let is_span = |inner: &str| {
        let mut years = inner.split(['-', '—', '～', '~', '–']);
        let is_year = |y: &str| y.len() == 4 && y.bytes().all(|b| b.is_ascii_digit());
        years.clone().count() == 2 && years.all(|year| is_year(year.trim()))
    };
    let bare = text.trim_end().strip_suffix([')', '）']).and_then(|t| t.rsplit_once(['(', '（']));
    match bare {
        Some((before, inner)) if !before.trim().is_empty() && is_span(inner) => before,
        _ => text,
    }
}

/// Whether two part keys name different parts. A number decides; then titles, where both have one.
pub(super) fn parts_differ(a: &str, b: &str) -> bool {
    if a == b {
        return false;
    }
    let (a_number, a_title) = a.split_once(TITLE).unwrap_or((a, ""));
    let (b_number, b_title) = b.split_once(TITLE).unwrap_or((b, ""));
    match (a_number.is_empty(), b_number.is_empty()) {
        (false, false) if a_number != b_number => true,
        // 第1册 · 教师用书 and 第1册 · 学生用书; what one leaves out or abridges is no difference.
        (false, false) => {
            !a_title.contains(b_title) && !b_title.contains(a_title) && similarity(a_title, b_title) < 0.7
        }
        _ if a_title.is_empty() || b_title.is_empty() => true,
        // 河南卷 and 湖南卷 are other parts, however long the rest is.
        _ if is_dense(a_title) || is_dense(b_title) => a_title != b_title,
        // `… : Maine` and `… : Ohio` are alike for most of their length.
        _ => similarity(a_title, b_title) < 0.92,
    }
}

fn is_dense(text: &str) -> bool {
    text.chars().any(|c| class_of(c) == Class::Dense)
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
            (key("第1册", "教师用书", None), key("第1册", "学生用书", None), true),
            (key("第1册", "古代史", None), key("第1册", "中国古代史", None), false),
            (
                key("", "山东府县志辑河南省地方志汇编", None),
                key("", "山东府县志辑湖南省地方志汇编", None),
                true,
            ),
            (key("上下册", "", None), key("", "", Some("上、中、下册")), false),
            (key("上下册", "", None), key("下册", "", None), true),
            (key("第1卷(1949-1956)", "", None), key("第一卷", "", None), false),
            (key("2010年第1期", "", None), key("2011年第1期", "", None), true),
            (key("v. 2", "", None), key("Vol. 2", "", None), false),
            (key("v.1", "", None), key("第1册", "", None), false),
            (key("Ⅴ", "", None), key("第5册", "", None), false),
        ] {
            assert_eq!(parts_differ(&a, &b), differ, "{a:?} {b:?}");
            assert_eq!(parts_differ(&b, &a), differ, "{b:?} {a:?}");
        }
    }
}
