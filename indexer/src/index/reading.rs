//! Pinyin of values and of queries, as the index keeps and reads it.
//!
//! A thin layer over `analysis::pinyin`: what a syllable is belongs there, which values have initials here.

pub(crate) use crate::analysis::pinyin::Piece;
use crate::analysis::pinyin::{
    chars_of_prefix, chars_of_syllable, initials as first_letters, is_pinyin_like, reading as own_reading,
    sort_key, split_query,
};

/// Letters kept of a reading.
const MOST_GIVEN: usize = 60;
/// Values of more characters are no title that a reader abbreviates.
const MOST_INITIALS: usize = 20;

/// Initials of a value with at least two syllables: `sgyy` for 三国演义.
pub(crate) fn initials(value: &str, out: &mut String) -> bool {
    let n = value.chars().take(MOST_INITIALS + 1).count();
    if !(2..=MOST_INITIALS).contains(&n) || value.is_ascii() {
        return false;
    }
    let letters = first_letters(value);
    let plain = letters.len() >= 2 && letters.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain {
        out.push_str(&letters);
    }
    plain
}

/// The letters of a reading that a cataloguer gave of `value`, where they are pinyin and not our own reading.
pub(crate) fn given(reading: &str, value: &str, out: &mut String) -> bool {
    let mut letters = folded_letters(reading);
    letters.truncate(MOST_GIVEN);
    let own = || own_reading(value).bytes().filter(u8::is_ascii_alphabetic).eq(letters.bytes());
    let differs = letters.len() >= 2 && !own() && is_pinyin_like(reading);
    if differs {
        out.push_str(&letters);
    }
    differs
}

/// Whether a reading is pinyin of whole syllables.
pub(crate) fn is_pinyin(reading: &str) -> bool {
    is_pinyin_like(reading)
}

/// The key by which titles sort.
pub(crate) fn order_key(title: &str) -> String {
    let mut key = sort_key(title);
    let mut end = key.len().min(100);
    while !key.is_char_boundary(end) {
        end -= 1;
    }
    key.truncate(end);
    key
}

/// The plausible ways to part letters into syllables, best first.
pub(crate) fn split(typed: &str) -> Vec<Vec<Piece>> {
    split_query(typed)
}

/// The characters that a syllable or its beginning may stand for, sorted.
pub(crate) fn chars(piece: &Piece) -> Vec<char> {
    match piece {
        Piece::Syllable(letters) => chars_of_syllable(letters).to_vec(),
        Piece::Prefix(letters) => chars_of_prefix(letters),
    }
}

/// The letters alone, as initials are kept.
pub(crate) fn folded_letters(typed: &str) -> String {
    crate::analysis::fold::fold(typed).chars().filter(|c| c.is_ascii_alphabetic()).collect()
}
