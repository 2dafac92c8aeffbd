//! What was typed in Latin letters, as syllables: `sanguoyanyi`, `san guo`, `xi'an`, `sān`, `sgyy`, `sanguoyy`.
//!
//! Splits only; which characters the syllables stand for is `readings`' affair, which titles the index's.

use unicode_normalization::UnicodeNormalization;

use super::super::fold::fold;
use super::readings::{begins_syllable, is_syllable};

/// A syllable as far as it was typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// A whole syllable: `guo`.
    Syllable(String),
    /// The beginning of one: `g`, `zh`, at the end of what was typed also `zhon`.
    Prefix(String),
}

impl Piece {
    /// The letters.
    pub fn letters(&self) -> &str {
        match self {
            Self::Syllable(letters) | Self::Prefix(letters) => letters,
        }
    }

    /// Whether it is a whole syllable.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Syllable(_))
    }
}

/// No split is longer, so that a page of letters costs nothing.
const MOST_LETTERS: usize = 64;
/// Splits worth trying.
const MOST_SPLITS: usize = 4;
/// Partial splits kept on the way.
const BEAM: usize = 12;

/// The plausible ways to read what was typed as pinyin, best first: whole syllables alone where that is possible,
/// else with the fewest beginnings. Empty if it cannot be pinyin.
///
/// ```
/// use indexer::analysis::pinyin::{Piece, split_query};
/// let letters = |typed| split_query(typed)[0].iter().map(Piece::letters).collect::<Vec<_>>().join(" ");
/// assert_eq!(letters("sanguoyanyi"), "san guo yan yi");
/// assert_eq!(letters("sgyy"), "s g y y");
/// ```
pub fn split_query(typed: &str) -> Vec<Vec<Piece>> {
    let Some(segments) = segments(typed) else { return Vec::new() };
    let mut all: Vec<Vec<Piece>> = vec![Vec::new()];
    let last = segments.len().saturating_sub(1);
    for (i, segment) in segments.iter().enumerate() {
        let own = split_segment(segment, i == last);
        all = all
            .iter()
            .flat_map(|head| own.iter().map(move |tail| [head.as_slice(), tail].concat()))
            .take(BEAM * BEAM)
            .collect();
        keep_best(&mut all, BEAM);
    }
    all.retain(|split| !split.is_empty());
    keep_best(&mut all, MOST_SPLITS);
    if all.first().is_some_and(|best| best.iter().all(Piece::is_whole)) {
        all.retain(|split| split.iter().all(Piece::is_whole));
    }
    all
}

/// Whether what was typed reads as whole syllables.
pub fn is_pinyin_like(typed: &str) -> bool {
    split_query(typed).first().is_some_and(|split| split.iter().all(Piece::is_whole))
}

/// The runs of letters between blanks, apostrophes and tone numbers; ü as v. `None` for anything else.
fn segments(typed: &str) -> Option<Vec<String>> {
    let mut segments = vec![String::new()];
    for c in typed.nfc().take(4 * MOST_LETTERS) {
        match c {
            'ü' | 'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' | 'Ü' | 'Ǖ' | 'Ǘ' | 'Ǚ' | 'Ǜ' => {
                segments.last_mut()?.push('v')
            }
            ':' | '：' if segments.last()?.ends_with('u') => {
                let last = segments.last_mut()?;
                last.pop();
                last.push('v');
            }
            '\'' | '’' | '‘' | '`' | '-' | '·' | '1'..='5' => segments.push(String::new()),
            _ if c.is_whitespace() => segments.push(String::new()),
            _ => {
                let folded = fold(c.encode_utf8(&mut [0; 4]));
                if matches!(folded.as_bytes(), [b'1'..=b'5']) {
                    segments.push(String::new());
                } else if folded.bytes().all(|b| b.is_ascii_lowercase()) {
                    segments.last_mut()?.push_str(&folded);
                } else {
                    return None;
                }
            }
        }
    }
    segments.retain(|s| !s.is_empty());
    let letters: usize = segments.iter().map(String::len).sum();
    (0 < letters && letters <= MOST_LETTERS).then_some(segments)
}

/// `lyu` and `nyue` are how passports write lü and nüe.
fn umlaut(syllable: &str) -> Option<String> {
    let (initial, rest) = (syllable.get(..1)?, syllable.get(1..)?.strip_prefix("yu")?);
    matches!(initial, "l" | "n").then(|| format!("{initial}v{rest}"))
}

fn cost(split: &[Piece]) -> (usize, usize) {
    let beginnings = split.iter().filter(|p| !p.is_whole()).count();
    (beginnings * 2 + split.len(), beginnings)
}

fn keep_best(splits: &mut Vec<Vec<Piece>>, most: usize) {
    // Whole syllables before anything else, then few pieces, then long first ones: fang an before fan gan.
    splits.sort_by_cached_key(|s| {
        let lengths: Vec<_> = s.iter().map(|p| std::cmp::Reverse(p.letters().len())).collect();
        (cost(s).1 > 0, cost(s), lengths)
    });
    splits.truncate(most);
}

// `hanyu` is han yu: a ü as passports write it is looked for where the letters are no syllables without it.
fn split_segment(letters: &str, last: bool) -> Vec<Vec<Piece>> {
    let plain = split_letters(letters, last, false);
    let is_whole = plain.first().is_some_and(|best| best.iter().all(Piece::is_whole));
    if is_whole || !letters.contains("yu") {
        return plain;
    }
    let passport = split_letters(letters, last, true);
    if passport.first().is_some_and(|best| best.iter().all(Piece::is_whole)) { passport } else { plain }
}

fn split_letters(letters: &str, last: bool, passport: bool) -> Vec<Vec<Piece>> {
    let n = letters.len();
    let mut at: Vec<Vec<Vec<Piece>>> = vec![Vec::new(); n + 1];
    at[0].push(Vec::new());
    for start in 0..n {
        let mut heads = std::mem::take(&mut at[start]);
        keep_best(&mut heads, BEAM);
        // zhuang is the longest syllable.
        for end in (start + 1..=n.min(start + 6)).rev() {
            let own = &letters[start..end];
            let umlaut = umlaut(own).filter(|own| passport && is_syllable(own));
            let piece = if let Some(own) = umlaut {
                Piece::Syllable(own)
            } else if is_syllable(own) {
                Piece::Syllable(own.to_owned())
            } else if is_initial(own) || (last && end == n && begins_syllable(own)) {
                Piece::Prefix(own.to_owned())
            } else {
                continue;
            };
            for head in &heads {
                let mut split = head.clone();
                split.push(piece.clone());
                at[end].push(split);
            }
        }
    }
    let mut whole = std::mem::take(&mut at[n]);
    keep_best(&mut whole, BEAM);
    whole
}

fn is_initial(letters: &str) -> bool {
    match letters {
        "zh" | "ch" | "sh" => true,
        _ => letters.len() == 1 && "bpmfdtnlgkhjqxrzcsyw".contains(letters),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn splits(typed: &str) -> Vec<String> {
        let join = |s: &Vec<Piece>| s.iter().map(Piece::letters).collect::<Vec<_>>().join(" ");
        split_query(typed).iter().map(join).collect()
    }

    #[test]
    fn typed_letters_split_into_syllables() {
        for (typed, expect) in [
            ("sanguoyanyi", &["san guo yan yi"][..]),
            ("SanGuoYanYi", &["san guo yan yi"]),
            ("ｓａｎ guo yan yi", &["san guo yan yi"]),
            ("sān guó yǎn yì", &["san guo yan yi"]),
            ("san1guo2", &["san guo"]),
            ("sgyy", &["s g y y"]),
            ("sanguoyy", &["san guo y y"]),
            ("xian", &["xian", "xi an"]),
            ("xi'an", &["xi an"]),
            ("fangan", &["fang an", "fan gan"]),
            ("zhongguo", &["zhong guo"]),
            ("zhg", &["zh g"]),
            ("nü", &["nv"]),
            ("nv", &["nv"]),
            ("lu:se", &["lv se"]),
            ("lyu", &["lv"]),
            ("lyuse", &["lv se"]),
            ("nyuxing", &["nv xing"]),
            ("yinyue", &["yin yue"]),
            ("hanyu", &["han yu"]),
            ("renyuan", &["ren yuan"]),
            ("bianyuan", &["bian yuan"]),
            ("shenyun", &["shen yun"]),
            ("nyue nvxing", &["nve nv xing"]),
            ("lüe", &["lve"]),
            ("lue", &["lue", "lu e"]),
            ("nuer", &["nu er"]),
            ("zhonghuarenmingongheguo", &["zhong hua ren min gong he guo"]),
        ] {
            let own = splits(typed);
            assert!(own.len() <= MOST_SPLITS);
            for (i, split) in expect.iter().enumerate() {
                assert_eq!(own.get(i).map(String::as_str), Some(*split), "{typed} {own:?}");
            }
        }
        for typed in ["", "java", "三国", "san国", "vvv", "978", "!!", &"a".repeat(10_000)] {
            assert_eq!(splits(typed), Vec::<String>::new(), "{typed}");
        }
        assert_eq!(splits("beizhon")[0], "bei zhon");
        for (typed, expect) in
            [("sanguo", true), ("sgyy", false), ("design", false), ("java", false), ("三国", false)]
        {
            assert_eq!(is_pinyin_like(typed), expect, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn splits_keep_the_letters(typed in "[a-z]{0,70}") {
            for split in split_query(&typed) {
                let letters: String = split.iter().map(Piece::letters).collect();
                prop_assert_eq!(letters.replace('v', "yu"), typed.replace('v', "yu"));
            }
        }

        #[test]
        fn nothing_panics(typed in "\\PC{0,40}") {
            split_query(&typed);
        }
    }
}
