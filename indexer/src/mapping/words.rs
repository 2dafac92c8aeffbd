//! Finding one of many words in a short text, which is done for every copy of every record.

use std::borrow::Cow;

/// The first of the words, in their order, that the text contains; words are in lower case.
///
/// Most words are ruled out by their first two characters alone, which is cheaper than a search for each.
pub(super) fn find_word<'w>(text: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let lower = match text.chars().any(|c| !is_han(c) && c.is_uppercase()) {
        true => Cow::Owned(text.to_lowercase()),
        false => Cow::Borrowed(text),
    };
    let present = lower.bytes().fold(0u64, |bits, b| bits | bit(b));
    let possible = |word: &str| signs(word.as_bytes()) & !present == 0;
    words.into_iter().filter(|word| possible(word)).find(|word| contains(lower.as_bytes(), word.as_bytes()))
}

fn is_han(c: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&c)
}

/// Bits that a text must have to hold this word: of an ideograph the last byte tells most.
fn signs(word: &[u8]) -> u64 {
    match *word {
        [0xE0..=0xEF, _, a, _, _, b, ..] | [0..=0x7F, a, b, ..] => bit(a) | bit(b),
        [a, ..] => bit(a),
        [] => u64::MAX,
    }
}

fn bit(b: u8) -> u64 {
    1 << (b % 64)
}

/// `str::contains` prepares itself for long texts; for a location that costs more than the search.
fn contains(text: &[u8], word: &[u8]) -> bool {
    !word.is_empty() && text.windows(word.len()).any(|piece| piece == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_their_order() {
        let words = ["阅览室", "阅览", "reference", "", "工具书"];
        for (text, expected) in [
            ("三层阅览室", Some("阅览室")),
            ("工具书阅览区", Some("阅览")),
            ("Main REFERENCE desk", Some("reference")),
            ("阅", None),
            ("", None),
            ("书库", None),
        ] {
            assert_eq!(find_word(text, words), expected, "{text}");
        }
    }
}
