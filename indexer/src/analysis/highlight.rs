//! Where the words of a query stand in a text as it is shown.
//!
//! Works on the shown text itself, by folding it with the way back; needs no positions from the index.

use std::ops::Range;

use super::fold::{Class, Folded, class_of, fold_mapped};
use super::numbers;

/// The half-open ranges of `original`, in characters (Unicode scalar values), that one of the folded `needles`
/// matches; sorted, overlapping and touching ones joined. A needle `jav*` matches words that begin so.
///
/// ```
/// use indexer::analysis::highlight;
/// assert_eq!(highlight("三國演義（上）", &["演义".to_owned()]), vec![2..4]);
/// ```
pub fn highlight(original: &str, needles: &[String]) -> Vec<Range<u32>> {
    let folded = fold_mapped(original);
    let starts: Vec<usize> = folded.text.char_indices().map(|(at, _)| at).collect();
    let mut found = Vec::new();
    for needle in needles.iter().flat_map(|n| numbers::spellings(n)) {
        let (needle, open) = needle.strip_suffix('*').map_or((needle.as_str(), false), |n| (n, true));
        if needle.is_empty() {
            continue;
        }
        for (at, _) in folded.text.match_indices(needle) {
            if whole_words(&folded.text, at, at + needle.len(), open) {
                let first = starts.partition_point(|&s| s < at);
                let last = starts.partition_point(|&s| s < at + needle.len());
                found.extend(span(&folded, first, last));
            }
        }
    }
    joined(found)
}

/// The ranges of `original` that a reading in pinyin matches: each reading is a row of syllables, each of these the
/// sorted folded characters that it may stand for.
///
/// ```
/// use indexer::analysis::{highlight_readings, pinyin::chars_of_syllable};
/// let sets = ["san", "guo"].map(|s| chars_of_syllable(s).to_vec());
/// assert_eq!(highlight_readings("新三國", &[sets]), vec![1..3]);
/// ```
pub fn highlight_readings(original: &str, readings: &[impl AsRef<[Vec<char>]>]) -> Vec<Range<u32>> {
    let folded = fold_mapped(original);
    let chars: Vec<char> = folded.text.chars().collect();
    let mut found = Vec::new();
    for sets in readings.iter().map(AsRef::as_ref).filter(|sets| !sets.is_empty()) {
        for (at, window) in chars.windows(sets.len()).enumerate() {
            if sets.iter().zip(window).all(|(set, c)| set.binary_search(c).is_ok()) {
                found.extend(span(&folded, at, at + sets.len()));
            }
        }
    }
    joined(found)
}

/// What the folded characters from `first` up to `last` were.
fn span(folded: &Folded, first: usize, last: usize) -> Option<Range<u32>> {
    let (from, _) = folded.map.get(first)?;
    let (_, to) = folded.map.get(last.checked_sub(1)?)?;
    Some(*from..*to)
}

/// `java` does not match inside `javascript`; Han matches anywhere.
fn whole_words(text: &str, start: usize, end: usize, open: bool) -> bool {
    let word = |c: Option<char>| c.filter(|&c| class_of(c) == Class::Word).map(|c| c.is_ascii_digit());
    let before = word(text[..start].chars().next_back());
    let first = word(text[start..].chars().next());
    let last = word(text[..end].chars().next_back());
    let after = word(text[end..].chars().next());
    (first.is_none() || before != first) && (open || last.is_none() || after != last)
}

fn joined(mut ranges: Vec<Range<u32>>) -> Vec<Range<u32>> {
    ranges.sort_unstable_by_key(|r| (r.start, r.end));
    let mut out: Vec<Range<u32>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::single_range_in_vec_init, reason = "one range is the commonest answer")]

    use proptest::prelude::*;

    use super::super::fold::fold;
    use super::*;

    #[test]
    fn ranges_are_those_of_the_shown_text() {
        let check = |original: &str, needles: &[&str], expect: &[Range<u32>]| {
            let needles: Vec<String> = needles.iter().map(|n| fold(n)).collect();
            assert_eq!(highlight(original, &needles), expect, "{original} {needles:?}");
        };
        check("三國演義（上）", &["三国演义"], &[0..4]);
        check("三國演義（上）", &["演义上"], &[2..6]);
        check("㈱三国", &["三国"], &[1..3]);
        check("㈱三国", &["株"], &[0..1]);
        check("ﬁne arts", &["fine"], &[0..3]);
        check("ﬁne arts", &["fin"], &[]);
        check("Java简明教程", &["java"], &[0..4]);
        check("JavaScript与Java", &["java"], &[11..15]);
        check("Java2教程", &["java", "教程"], &[0..4, 5..7]);
        check("C++程序设计与C", &["c"], &[0..1, 8..9]);
        check("C++程序设计与C", &["c++"], &[0..3]);
        check("鲁迅全集．第三卷", &["第3卷"], &[5..8]);
        check("𠀀三國、三国志", &["三国"], &[1..3, 4..6]);
        check("三三三三", &["三三"], &[0..4]);
        check("三国", &["", "水浒"], &[]);
        check("", &["三国"], &[]);
        assert_eq!(highlight("JavaScript与Python", &["jav*".to_owned(), "*".to_owned()]), [0..3]);
    }

    #[test]
    fn readings_are_shown_too() {
        let sets = |typed: &str| -> Vec<Vec<char>> {
            typed.split(' ').map(super::super::pinyin::chars_of_prefix).collect()
        };
        assert_eq!(highlight_readings("《三國演義》（上）", &[sets("san guo yan yi")]), [1..5]);
        assert_eq!(highlight_readings("《三國演義》（上）", &[sets("y y"), sets("shang")]), [3..5, 7..8]);
        assert_eq!(highlight_readings("三国", &[sets("san guo yan")]), []);
        assert_eq!(highlight_readings("", &[sets("san")]), []);
    }

    proptest! {
        #[test]
        fn ranges_stay_inside(original in "[a-c三國ﬁ㈱ｶﾞ（） ++]{0,20}", needle in "[a-c三国fi株]{0,3}") {
            let n = original.chars().count() as u32;
            let ranges = highlight(&original, &[fold(&needle)]);
            prop_assert!(ranges.iter().all(|r| r.start < r.end && r.end <= n));
            prop_assert!(ranges.windows(2).all(|w| w[0].end < w[1].start));
        }
    }
}
