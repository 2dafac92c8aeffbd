//! The one reading of a title, for sorting and for its initials; words before single characters.

use std::sync::LazyLock;

use pinyin::ToPinyin;
use rustc_hash::FxHashMap;

use super::super::fold::{fold, fold_mapped};
use super::readings::{is_common, plain};

static PHRASES: LazyLock<FxHashMap<String, Vec<&'static str>>> = LazyLock::new(|| {
    let rows = data::pinyin::PHRASES.lines().filter(|l| !l.starts_with('#'));
    rows.filter_map(|l| l.split_once('\t'))
        .map(|(word, read)| (fold(word), read.split(' ').collect()))
        .collect()
});

/// The longest word of the table, in characters.
const LONGEST: usize = 4;

/// The title in pinyin without tones, syllables apart: `san guo yan yi`; words of letters as they are.
pub fn reading(title: &str) -> String {
    let mut out = String::new();
    let mut after_syllable = false;
    read(title, &mut |c, syllable| match syllable {
        Some(syllable) => {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
            out.push_str(syllable.trim_end_matches(tone));
            after_syllable = true;
        }
        None => {
            if std::mem::take(&mut after_syllable) && c != ' ' {
                out.push(' ');
            }
            out.push(c);
        }
    });
    out
}

/// The first letters of the title's syllables, its words of letters whole: `sgyy`, `javajmjc`.
pub fn initials(title: &str) -> String {
    let mut out = String::new();
    read(title, &mut |c, syllable| match syllable {
        Some(syllable) => out.extend(syllable.chars().next()),
        None if c != ' ' => out.push(c),
        None => {}
    });
    out
}

/// Compares as titles stand in a Chinese catalogue: digits, Latin letters, then Han by pinyin, tone, character.
pub fn sort_key(title: &str) -> String {
    let mut out = String::new();
    read(title, &mut |c, syllable| {
        if let Some(syllable) = syllable {
            // Behind every ASCII letter, and the tone behind the end of the syllable: xi before xian.
            out.push('~');
            out.push_str(syllable);
        }
        out.push(c);
    });
    out
}

fn tone(c: char) -> bool {
    c.is_ascii_digit()
}

/// Calls `each` with every folded character of a title and its syllable with tone number, if it has one.
fn read(title: &str, each: &mut impl FnMut(char, Option<&str>)) {
    let folded = fold_mapped(title);
    let mut rest = folded.text.as_str();
    let mut origins = folded.map.iter();
    let mut originals = (0u32..).zip(title.chars()).peekable();
    while let Some(c) = rest.chars().next() {
        if let Some((end, syllables)) = word(rest) {
            for (c, syllable) in rest[..end].chars().zip(syllables) {
                each(c, Some(syllable));
                origins.next();
            }
            rest = &rest[end..];
            continue;
        }
        let origin = origins.next().map_or(0, |(from, _)| *from);
        // 乾隆 and 活着 fold to 干隆 and 活著 but are read as they stand.
        while originals.next_if(|(at, _)| *at < origin).is_some() {}
        let original = originals.peek().map(|(_, c)| *c).filter(|&c| is_common(c));
        match original.unwrap_or(c).to_pinyin() {
            Some(syllable) => each(c, Some(&plain(syllable.with_tone_num_end()))),
            None => each(c, None),
        }
        rest = &rest[c.len_utf8()..];
    }
}

/// The longest word of the table that the folded text begins with: where it ends, and its syllables.
fn word(text: &str) -> Option<(usize, &'static [&'static str])> {
    if text.starts_with(|c: char| c.is_ascii()) {
        return None;
    }
    (2..=LONGEST).rev().find_map(|n| {
        let end = text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
        let syllables = PHRASES.get(&text[..end])?;
        (text[..end].chars().count() == syllables.len()).then_some((end, syllables.as_slice()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide_the_reading() {
        for (title, expect) in [
            ("三國演義", "san guo yan yi"),
            ("重庆的银行", "chong qing de yin hang"),
            ("中国音乐史", "zhong guo yin yue shi"),
            ("长江与朝阳", "chang jiang yu chao yang"),
            ("水浒传", "shui hu zhuan"),
            ("曾国藩家书", "zeng guo fan jia shu"),
            ("Java简明教程2", "java jian ming jiao cheng 2"),
            ("绿色", "lv se"),
            ("乾隆皇帝", "qian long huang di"),
            ("活着", "huo zhe"),
            ("世界名著", "shi jie ming zhu"),
            ("飞机着陆", "fei ji zhuo lu"),
            ("㈱三国", "zhu san guo"),
            ("ﬁⅡ三国Ⅳ卷", "fi ii san guo iv juan"),
            ("重庆㈱乾", "chong qing zhu qian"),
            ("", ""),
        ] {
            assert_eq!(reading(title), expect, "{title}");
        }
    }

    #[test]
    fn initials_of_titles() {
        for (title, expect) in [
            ("三国演义", "sgyy"),
            ("重庆", "cq"),
            ("Java 简明教程", "javajmjc"),
            ("《长江》（上）", "cjs"),
            ("한국", "한국"),
        ] {
            assert_eq!(initials(title), expect, "{title}");
        }
    }

    #[test]
    fn titles_sort_as_in_a_catalogue() {
        let sorted = [
            "1984",
            "2001",
            "ABC",
            "Java",
            "安徒生",
            "北京",
            "长江",
            "重庆",
            "三国",
            "西安",
            "西藏",
            "先生",
            "行政",
            "中国",
        ];
        for pair in sorted.windows(2) {
            assert!(
                sort_key(pair[0]) < sort_key(pair[1]),
                "{pair:?} {} {}",
                sort_key(pair[0]),
                sort_key(pair[1])
            );
        }
        assert_eq!(sort_key("三國"), sort_key("《三国》"));
    }
}
