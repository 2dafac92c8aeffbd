//! Pinyin of values, as the index keeps it: initials and the order of titles.
//!
//! A thin layer over `analysis::pinyin`; what a syllable is belongs there.

use crate::index::terms;

/// Initials of a normal form that is one run of 2 to 20 Han characters: `sgyy` for 三国演义.
pub(crate) fn initials(normal: &str, out: &mut String) -> bool {
    use pinyin::ToPinyin;
    let start = out.len();
    let mut n = 0;
    for reading in normal.to_pinyin() {
        let Some(letter) = reading.map(|r| r.first_letter()) else {
            out.truncate(start);
            return false;
        };
        out.push_str(letter);
        n += 1;
    }
    if (2..=20).contains(&n) {
        return true;
    }
    out.truncate(start);
    false
}

/// The key by which titles sort: pinyin without tones, then the characters themselves.
pub(crate) fn order_key(text: &str) -> String {
    use pinyin::ToPinyin;
    let normal = terms::normal(text);
    let mut key = String::with_capacity(normal.len() * 2);
    for (c, reading) in normal.chars().zip(normal.as_str().to_pinyin()).take(24) {
        match reading {
            Some(reading) => key.push_str(reading.plain()),
            None => key.push(c),
        }
        key.push(' ');
    }
    key.push_str(normal.get(..normal.len().min(48)).unwrap_or(&normal));
    key
}
