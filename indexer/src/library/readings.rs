//! The syllables of a library's name: as curated, else by the pinyin of its words.

use crate::analysis::fold::fold;
use crate::analysis::pinyin;

/// One character of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sound {
    /// The folded character.
    pub(super) c: char,
    /// Spellings of its right reading, the first one proper; several for ü.
    pub(super) right: Vec<String>,
    /// Readings that are wrong but common, tolerated with a lower rank.
    pub(super) tolerated: Vec<String>,
}

/// Readings that readers give these characters besides the right one (DOMAIN §6, the rows marked yes).
const TOLERATED: [(char, &[&str]); 24] = [
    ('乐', &["le", "yue"]),
    ('重', &["zhong", "chong"]),
    ('长', &["zhang", "chang"]),
    ('行', &["hang", "xing"]),
    ('会', &["hui", "kuai"]),
    ('厦', &["sha", "xia"]),
    ('藏', &["cang", "zang"]),
    ('朝', &["zhao", "chao"]),
    ('传', &["zhuan", "chuan"]),
    ('番', &["fan", "pan"]),
    ('莞', &["wan", "guan"]),
    ('都', &["dou", "du"]),
    ('单', &["dan", "shan"]),
    ('调', &["tiao", "diao"]),
    ('阿', &["e", "a"]),
    ('六', &["liu", "lu"]),
    ('蚌', &["bang", "beng"]),
    ('铅', &["qian", "yan"]),
    ('尉', &["wei", "yu"]),
    ('蔚', &["wei", "yu"]),
    ('歙', &["xi", "she"]),
    ('莘', &["xin", "shen"]),
    ('什', &["shen", "shi"]),
    ('佛', &["fu", "fo"]),
];

/// The part of a name that its initials are taken from: no brackets, and no 图书馆 unless that is all but a place.
pub(super) fn spoken_name(name: &str, initials: &str) -> String {
    let folded = fold(name);
    let short = folded.replacen("图书馆", "", 1);
    // 国家图书馆 and 上海图书馆 keep the word: their initials say so.
    if short.is_empty() || (!initials.is_empty() && initials.chars().count() == folded.chars().count()) {
        return folded;
    }
    short
}

/// The sounds of `name`; `curated` is `zhong guo yin yue/le xue yuan`, or the same without blanks, or empty.
/// `None` if the curated reading does not fit the name.
pub(super) fn sounds(name: &str, curated: &str) -> Option<Vec<Sound>> {
    let chars: Vec<char> = name.chars().collect();
    let given: Vec<Vec<String>> = if curated.trim().is_empty() {
        let read = pinyin::reading(name);
        let mut syllables = read.split(' ');
        chars
            .iter()
            .map(|&c| {
                vec![if c.is_ascii_alphanumeric() {
                    c.to_string()
                } else {
                    syllables.next().unwrap_or("").to_owned()
                }]
            })
            .collect()
    } else if curated.trim().contains(' ') {
        curated.split_whitespace().map(|s| s.split('/').map(spelling).collect()).collect()
    } else {
        aligned(&chars, &spelling(curated))?.into_iter().map(|s| vec![s]).collect()
    };
    if given.len() != chars.len() {
        return None;
    }
    let sound = |(c, mut own): (char, Vec<String>)| {
        let right = own.remove(0);
        let table = TOLERATED.iter().find(|(t, _)| *t == c).map_or(&[][..], |(_, all)| all);
        own.extend(table.iter().filter(|t| **t != right).map(|t| (*t).to_owned()));
        own.dedup();
        Sound { c, right: spellings(&right), tolerated: own }
    };
    Some(chars.into_iter().zip(given).map(sound).collect())
}

fn spelling(syllable: &str) -> String {
    syllable.trim().to_lowercase().replace("u:", "v").replace('ü', "v")
}

/// nü is typed nv, nu and nyu.
fn spellings(syllable: &str) -> Vec<String> {
    let mut all = vec![syllable.to_owned()];
    if syllable.starts_with(['l', 'n']) && syllable[1..].starts_with('v') {
        all.push(syllable.replace('v', "u"));
        all.push(syllable.replace('v', "yu"));
    }
    all
}

/// Splits letters without blanks by the readings that the characters can have.
fn aligned(chars: &[char], letters: &str) -> Option<Vec<String>> {
    // The ways that reach a place in the letters, one for each: names are short, and any split serves.
    let mut ways: Vec<(usize, Vec<String>)> = vec![(0, Vec::new())];
    for &c in chars {
        let mut next: Vec<(usize, Vec<String>)> = Vec::new();
        for (at, way) in &ways {
            let own: Vec<String> = match c.is_ascii_alphanumeric() {
                true => vec![c.to_string()],
                false => pinyin::syllables(c).map(str::to_owned).collect(),
            };
            for syllable in own {
                let end = at + syllable.len();
                if letters.get(*at..).is_some_and(|r| r.starts_with(&syllable))
                    && next.iter().all(|(e, _)| *e != end)
                {
                    next.push((end, [way.as_slice(), &[syllable]].concat()));
                }
            }
        }
        ways = next;
    }
    ways.into_iter().find(|(end, _)| *end == letters.len()).map(|(_, way)| way)
}
