//! Machine-made pinyin as local systems write it: one reading a character, wrong for heteronyms now and then.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The reading of each character that the table of phrases gives most often, without tones.
static READINGS: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let mut counts: HashMap<(char, &'static str), u32> = HashMap::new();
    for line in crate::pinyin::PHRASES.lines().filter(|line| !line.starts_with('#')) {
        let Some((word, syllables)) = line.split_once('\t') else { continue };
        for (c, syllable) in word.chars().zip(syllables.split(' ')) {
            let bare = syllable.trim_end_matches(|c: char| c.is_ascii_digit());
            *counts.entry((c, bare)).or_default() += 1;
        }
    }
    let mut best: HashMap<char, (u32, &'static str)> = HashMap::new();
    for ((c, syllable), count) in counts {
        let held = best.entry(c).or_insert((count, syllable));
        // The smaller syllable on a tie: the order of a hash map must not show.
        if count > held.0 || (count == held.0 && syllable < held.1) {
            *held = (count, syllable);
        }
    }
    best.into_iter().map(|(c, (_, syllable))| (c, syllable)).collect()
});

/// `san guo yan yi`; nothing unless every character has a reading.
pub(super) fn romanised(text: &str) -> Option<String> {
    let syllables: Option<Vec<&str>> = text.chars().map(|c| READINGS.get(&c).copied()).collect();
    Some(syllables?.join(" "))
}

/// The characters of each syllable, in their order.
static SOUNDS: LazyLock<HashMap<&'static str, Vec<char>>> = LazyLock::new(|| {
    let mut sounds: HashMap<&'static str, Vec<char>> = HashMap::new();
    for (c, syllable) in READINGS.iter() {
        sounds.entry(syllable).or_default().push(*c);
    }
    sounds.values_mut().for_each(|chars| chars.sort_unstable());
    sounds
});

/// Another character that is read the same, as an input method offers it.
pub(super) fn other_of_its_sound(c: char, which: u64) -> Option<char> {
    let chars = SOUNDS.get(READINGS.get(&c)?)?;
    let others = chars.len().checked_sub(1).filter(|n| *n > 0)? as u64;
    chars.iter().copied().filter(|other| *other != c).nth((which % others) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_han_alone_are_read() {
        assert_eq!(romanised("三国演义").as_deref(), Some("san guo yan yi"));
        assert_eq!(romanised("Java教程"), None);
        let other = other_of_its_sound('中', 5);
        assert!(other.is_some_and(|c| c != '中') && other_of_its_sound('a', 1).is_none());
    }
}
