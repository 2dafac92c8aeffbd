//! Which characters a syllable may stand for, and the reverse; folded characters only.

use std::borrow::Cow;
use std::sync::LazyLock;

use pinyin::ToPinyinMulti;
use rustc_hash::FxHashMap;

use super::super::fold::fold;

struct Readings {
    /// All syllables, sorted.
    syllables: Vec<&'static str>,
    /// The characters of each syllable, sorted.
    chars: Vec<Vec<char>>,
    /// The syllables of each character, the commonest first.
    of_char: FxHashMap<char, Vec<u16>>,
}

static READINGS: LazyLock<Readings> = LazyLock::new(Readings::collect);

/// The toneless readings of a folded character, commonest first.
pub fn syllables(c: char) -> impl Iterator<Item = &'static str> {
    let own = READINGS.of_char.get(&c).map_or(&[][..], Vec::as_slice);
    own.iter().map(|&s| READINGS.syllables[usize::from(s)])
}

/// The folded characters that can be read as the whole syllable, in code point order.
pub fn chars_of_syllable(syllable: &str) -> &'static [char] {
    READINGS.syllables.binary_search(&syllable).map_or(&[], |at| READINGS.chars[at].as_slice())
}

/// The folded characters with a reading that begins with these letters: `z` takes `zh` in.
pub fn chars_of_prefix(prefix: &str) -> Vec<char> {
    let first = READINGS.syllables.partition_point(|s| *s < prefix);
    let mut chars = Vec::new();
    for (syllable, own) in READINGS.syllables[first..].iter().zip(&READINGS.chars[first..]) {
        if !syllable.starts_with(prefix) {
            break;
        }
        chars.extend_from_slice(own);
    }
    chars.sort_unstable();
    chars.dedup();
    chars
}

/// All syllables, sorted.
pub fn all_syllables() -> &'static [&'static str] {
    &READINGS.syllables
}

/// Whether these letters are one whole syllable.
pub fn is_syllable(letters: &str) -> bool {
    READINGS.syllables.binary_search(&letters).is_ok()
}

/// Whether letters are whole syllables of a folded name, one for each of its characters and in any of their readings.
///
/// ```
/// use indexer::analysis::pinyin::reads_as;
/// assert!(reads_as("luoguanzhong", "罗贯中") && !reads_as("luoguan", "罗贯中"));
/// ```
pub fn reads_as(letters: &str, name: &str) -> bool {
    if letters.len() > MOST_LETTERS {
        return false;
    }
    // Bit n: the first n letters are read.
    let mut read = 1u128;
    for c in name.chars().filter(|c| c.is_alphanumeric()) {
        let mut next = 0u128;
        for syllable in syllables(c) {
            for at in (0..letters.len()).filter(|at| read >> at & 1 == 1) {
                if letters.get(at..).is_some_and(|rest| begins(rest, syllable)) {
                    next |= 1 << (at + syllable.len());
                }
            }
        }
        read = next;
    }
    read >> letters.len() & 1 == 1 && !letters.is_empty()
}

/// Whether letters begin with a syllable; ü is written as v or u.
fn begins(letters: &str, syllable: &str) -> bool {
    let mut letters = letters.bytes();
    syllable.bytes().all(|s| letters.next().is_some_and(|l| l == s || s == b'v' && l == b'u'))
}

/// Longer readings are no name.
const MOST_LETTERS: usize = 100;

/// Whether some syllable begins with these letters.
pub(super) fn begins_syllable(letters: &str) -> bool {
    let at = READINGS.syllables.partition_point(|s| *s < letters);
    READINGS.syllables.get(at).is_some_and(|s| s.starts_with(letters))
}

/// The syllable without its tone, ü as v.
pub(super) fn plain(syllable: &str) -> Cow<'_, str> {
    if syllable.contains('ü') { Cow::Owned(syllable.replace('ü', "v")) } else { Cow::Borrowed(syllable) }
}

impl Readings {
    fn collect() -> Self {
        let mut found: Vec<(char, char, Vec<String>)> = Vec::new();
        for code in (0x3400..0xA000u32).chain(0x20000..0x31400).chain([0x3007]) {
            let Some(c) = char::from_u32(code) else { continue };
            let Some(multi) = c.to_pinyin_multi() else { continue };
            let folded = fold(c.encode_utf8(&mut [0; 4]));
            let mut chars = folded.chars();
            let (Some(target), None) = (chars.next(), chars.next()) else { continue };
            // A rare form lends its target the first reading only: the rest would make every syllable longer.
            let n = if target == c || is_common(c) { multi.count() } else { 1 };
            let proper =
                multi.into_iter().take(n).map(|p| plain(p.plain()).into_owned()).filter(|s| spoken(s));
            let mut own: Vec<String> = proper.collect();
            // Many type ü as u, and only lü and nü can be meant then.
            let typed: Vec<String> =
                own.iter().filter(|s| s.contains('v')).map(|s| s.replace('v', "u")).collect();
            own.extend(typed);
            found.push((target, c, own));
        }
        // The character's own readings stand before those it inherits.
        found.sort_by_key(|(target, c, _)| (*target, target != c));
        let mut syllables: Vec<&'static str> = Vec::new();
        let mut numbers: FxHashMap<String, u16> = FxHashMap::default();
        let mut names: Vec<&String> = found.iter().flat_map(|(_, _, own)| own).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            numbers.insert(name.clone(), syllables.len() as u16);
            // A few hundred syllables, once: they live as long as the program.
            syllables.push(Box::leak(name.clone().into_boxed_str()));
        }
        let mut chars = vec![Vec::new(); syllables.len()];
        let mut of_char: FxHashMap<char, Vec<u16>> = FxHashMap::default();
        for (target, _, own) in &found {
            let known = of_char.entry(*target).or_default();
            for number in own.iter().filter_map(|s| numbers.get(s)) {
                if !known.contains(number) {
                    known.push(*number);
                    chars[usize::from(*number)].push(*target);
                }
            }
        }
        for own in &mut chars {
            own.sort_unstable();
        }
        Self { syllables, chars, of_char }
    }
}

/// In GB 2312: its readings are all in use.
pub fn is_common(c: char) -> bool {
    let at = (c as usize).wrapping_sub(FIRST_HAN);
    COMMON.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
}

const FIRST_HAN: usize = 0x4E00;

/// A bit a character from `FIRST_HAN` on: titles ask for each of theirs, and encoding one takes a hundred times longer.
static COMMON: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let mut words = vec![0u64; (0xA000 - FIRST_HAN) / 64];
    for at in 0..words.len() * 64 {
        let Some(c) = char::from_u32((FIRST_HAN + at) as u32) else { continue };
        let mut buffer = [0; 4];
        let (bytes, _, lost) = encoding_rs::GBK.encode(c.encode_utf8(&mut buffer));
        if !lost && matches!(*bytes, [0xB0..=0xF7, 0xA1..=0xFE]) {
            words[at / 64] |= 1 << (at % 64);
        }
    }
    words
});

/// Interjections such as `hm` and `ng` are no syllables of a title.
fn spoken(syllable: &str) -> bool {
    syllable.bytes().all(|b| b.is_ascii_lowercase()) && syllable.contains(['a', 'e', 'i', 'o', 'u', 'v'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_all_their_readings() {
        for (c, expect) in [
            ('重', &["zhong", "chong"][..]),
            ('行', &["xing", "hang"]),
            ('乐', &["le", "yue"]),
            ('女', &["nv"]),
            ('绿', &["lv", "lu"]),
            ('干', &["gan", "qian"]),
            ('发', &["fa"]),
            ('零', &["ling"]),
        ] {
            let own: Vec<&str> = syllables(c).collect();
            assert!(expect.iter().all(|s| own.contains(s)), "{c} {own:?}");
            assert!(expect.iter().all(|s| chars_of_syllable(s).contains(&c)), "{c}");
        }
        assert!(!chars_of_syllable("guo").contains(&'國'), "folded characters only");
        assert!(chars_of_prefix("z").contains(&'中') && !chars_of_prefix("zh").contains(&'字'));
        assert!(chars_of_syllable("xyz").is_empty() && chars_of_prefix("v").is_empty());
        assert!((380..460).contains(&READINGS.syllables.len()), "{}", READINGS.syllables.len());
    }
}
