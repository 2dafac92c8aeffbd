//! The edition key: which edition a statement names, and whether it is revised or a facsimile.

use crate::analysis::fold::fold;

/// What an edition statement comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edition {
    /// 第2版 → 2, 第2次修订 → `REVISIONS` + 2; 0 where none is named.
    pub(super) number: u8,
    /// 修订, 增订, revised.
    pub(super) revised: bool,
    /// 影印, facsimile, reprint.
    pub(super) facsimile: bool,
}

/// Numbers of revisions begin here; editions have fewer.
pub(super) const REVISIONS: u8 = 100;

impl Edition {
    pub(super) fn of(statement: &str) -> Self {
        let statement = &statement[..statement.floor_char_boundary(120)];
        let folded = fold(statement);
        let has = |words: &[&str]| words.iter().any(|w| folded.contains(w));
        Self {
            number: number(&folded),
            revised: has(&[
                "修订",
                "改订",
                "重订",
                "校订",
                "新版",
                "新1版",
                "新一版",
                "修正",
                "增订",
                "增补",
                "增修",
                "rev",
                "enl",
                "expand",
                "abridg",
                "updated",
                "new ed",
                "erw",
                "uberarb",
                "neubearb",
                "corrected",
                "verb",
                "umgearb",
            ]),
            facsimile: has(&["影印", "缩印", "facsim"]),
        }
    }

    /// The number compared: no statement means the first.
    pub(super) fn ordinal(self) -> u8 {
        self.number.max(1)
    }

    /// Whether two statements name different editions; a revised second is still a second.
    pub(super) fn differs(self, other: Self) -> bool {
        self.ordinal() != other.ordinal()
            || self.facsimile != other.facsimile
            || (self.revised != other.revised && self.ordinal() == 1)
    }
}

fn number(folded: &str) -> u8 {
    if let Some(n) = number_before(folded, "版") {
        return n;
    }
    if let Some(n) = number_before(folded, "次修") {
        return REVISIONS + n;
    }
    // How often an edition was printed makes no other one of it.
    if ["printing", "impression", "次印刷"].iter().any(|word| folded.contains(word)) && !folded.contains("ed")
    {
        return 0;
    }
    let mut words = folded.split(' ');
    words.find_map(|word| ordinal_word(word).or_else(|| digits(word))).unwrap_or(0)
}

/// The numeral directly before 版 or 次修: 第二版, 2版, 新1版, 第3次修订; a year before it is none.
fn number_before(folded: &str, word: &str) -> Option<u8> {
    let mut rest = folded;
    while let Some(at) = rest.find(word) {
        let before = &rest[..at];
        let numerals: String = before.chars().rev().take_while(|c| is_numeral(*c)).collect();
        let numerals: String = numerals.chars().rev().collect();
        if let Some(n) = crate::analysis::numbers::part_number(&numerals)
            && (1..100).contains(&n)
        {
            return u8::try_from(n).ok();
        }
        rest = &rest[at + word.len()..];
    }
    None
}

fn is_numeral(c: char) -> bool {
    c.is_ascii_digit() || "一二三四五六七八九十".contains(c)
}

/// `2nd`, `3d`, `4e`, `2` before `ed`, `aufl`.
fn digits(word: &str) -> Option<u8> {
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (number, tail) = word.split_at(end);
    let known = matches!(tail, "" | "st" | "nd" | "rd" | "d" | "th" | "e" | "ed" | "a" | "er");
    number.parse().ok().filter(|n| known && (1..100).contains(n))
}

fn ordinal_word(word: &str) -> Option<u8> {
    const WORDS: [&str; 12] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
        "eleventh", "twelfth",
    ];
    const GERMAN: [&str; 6] = ["erste", "zweite", "dritte", "vierte", "funfte", "sechste"];
    let at = |words: &[&str]| words.iter().position(|w| *w == word);
    at(&WORDS).or_else(|| at(&GERMAN)).map(|i| i as u8 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_as_written() {
        for (text, number, revised, facsimile) in [
            ("第2版", 2, false, false),
            ("第二版", 2, false, false),
            ("2版", 2, false, false),
            ("第十二版", 12, false, false),
            ("修订本", 0, true, false),
            ("修訂版", 0, true, false),
            ("第3版(修订本)", 3, true, false),
            ("影印本", 0, false, true),
            ("2013年版", 0, false, false),
            ("北京第1版", 1, false, false),
            ("2nd ed.", 2, false, false),
            ("3d ed., rev. and enl.", 3, true, false),
            ("Second edition", 2, false, false),
            ("Rev. ed.", 0, true, false),
            ("1st American ed.", 1, false, false),
            ("改订版", 0, true, false),
            ("新版", 0, true, false),
            ("新1版", 1, true, false),
            ("Zweite Auflage", 2, false, false),
            ("Fünfte, überarb. Auflage", 5, true, false),
            ("Expanded ed.", 0, true, false),
            ("2nd printing.", 0, false, false),
            ("3rd ed., 2nd printing", 3, false, false),
            ("", 0, false, false),
        ] {
            assert_eq!(Edition::of(text), Edition { number, revised, facsimile }, "{text}");
        }
    }

    #[test]
    fn editions_differ() {
        let differ = |a: &str, b: &str| Edition::of(a).differs(Edition::of(b));
        for (a, b, expected) in [
            ("", "第1版", false),
            ("", "第2版", true),
            ("第2版", "第3版", true),
            ("修订本", "", true),
            ("第2版", "第2版修订本", false),
            ("第2次修订版", "第3次修订版", true),
            ("第2次修订版", "修订版", true),
            ("第2次修订版", "第二次修订本", false),
            ("缩印本", "", true),
            ("New ed.", "", true),
            ("影印本", "", true),
            ("2nd ed.", "第二版", false),
        ] {
            assert_eq!((differ(a, b), differ(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
