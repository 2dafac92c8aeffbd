//! Numbers of parts and volumes: 第3卷, 第三卷, 卷Ⅲ and 下册 in one form.
//!
//! Two uses: a key that tells volumes apart, and the other spellings under which a title is indexed.
//! Knows nothing of years, pages or ISBNs.

use std::borrow::Cow;

use super::fold::{Class, class_of, fold};

/// A numeral directly behind one of these counts a part …
fn leads(c: char) -> bool {
    matches!(c, '第' | '卷' | '册' | '辑' | '集' | '部')
}

/// … and so does one directly before one of these.
fn follows(c: char) -> bool {
    matches!(c, '卷' | '册' | '版' | '辑' | '部' | '集' | '期' | '编' | '回' | '章' | '分')
}

/// The part number in one form: every number of the text as digits, joined by dots; the folded text where
/// there is no number in it.
///
/// ```
/// use indexer::analysis::numbers::normalise_part;
/// assert_eq!(normalise_part("第二卷·上册"), "2.1");
/// assert_eq!(normalise_part("Ⅱ"), "2");
/// assert_eq!(normalise_part("索引"), "索引");
/// ```
pub fn normalise_part(text: &str) -> String {
    let folded = fold(text);
    let mut out = String::new();
    for numeral in numerals(&folded) {
        let (Some(n), true) = (numeral.value, numeral.stands_alone(&folded)) else { continue };
        if numeral.is_word_volume(&folded) {
            continue;
        }
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(&n.to_string());
    }
    if out.is_empty() { folded } else { out }
}

/// The part number, if the text names exactly one.
pub fn part_number(text: &str) -> Option<u32> {
    normalise_part(text).parse().ok()
}

/// Calls `piece` with the other spellings of the part numbers of a folded text, each with the characters
/// beside it.
pub(super) fn respell(text: &str, piece: &mut impl FnMut(&str)) {
    if !text.contains(|c| leads(c) || follows(c)) {
        return;
    }
    let mut out = String::new();
    for numeral in numerals(text) {
        let Some(n) = numeral.value else { continue };
        let (before, after) = numeral.beside(text);
        let counts = before.is_some_and(leads) || after.is_some_and(follows);
        if !counts || numeral.level {
            continue;
        }
        let own = &text[numeral.start..numeral.end];
        for spelling in [Some(n.to_string()), chinese(n), roman(n)].into_iter().flatten() {
            if spelling != own {
                out.clear();
                out.extend(before);
                out.push_str(&spelling);
                out.extend(after);
                piece(&out);
            }
        }
    }
}

/// The folded text with every part number in digits: two spellings of a part give the same text.
pub fn parts_in_digits(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    for numeral in numerals(text) {
        let Some(n) = numeral.value.filter(|_| !numeral.level) else { continue };
        let (before, after) = numeral.beside(text);
        if before.is_some_and(leads) || after.is_some_and(follows) {
            out.push_str(&text[done..numeral.start]);
            out.push_str(&n.to_string());
            done = numeral.end;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// The folded text with each part number spelt in digits, Chinese and Roman: what a highlighter looks for.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    for numeral in numerals(text) {
        let Some(n) = numeral.value.filter(|_| !numeral.level) else { continue };
        let (before, after) = numeral.beside(text);
        if before.is_some_and(leads) || after.is_some_and(follows) {
            for spelling in [Some(n.to_string()), chinese(n), roman(n)].into_iter().flatten() {
                all.push(format!("{}{spelling}{}", &text[..numeral.start], &text[numeral.end..]));
            }
            break;
        }
    }
    all.dedup();
    all
}

struct Numeral {
    start: usize,
    end: usize,
    value: Option<u32>,
    /// 上, 中, 下: a place in a row rather than a number.
    level: bool,
}

impl Numeral {
    fn beside(&self, text: &str) -> (Option<char>, Option<char>) {
        (text[..self.start].chars().next_back(), text[self.end..].chars().next())
    }

    /// `v. 2`: the letter says volume and is no five.
    fn is_word_volume(&self, text: &str) -> bool {
        let behind = text[self.end..].trim_start_matches([' ', '.']);
        &text[self.start..self.end] == "v" && behind.starts_with(|c: char| c.is_ascii_digit())
    }

    /// 上 counts in 上, 上册 and 卷上, not in 上海.
    fn stands_alone(&self, text: &str) -> bool {
        let (before, after) = self.beside(text);
        let dense = |c: char| class_of(c) == Class::Dense;
        match after {
            _ if !self.level => true,
            Some(c) => follows(c) || !dense(c),
            None => before.is_none_or(|c| follows(c) || numeric(c) || !dense(c)),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Digits,
    Chinese,
    Letters,
    Level,
    Other,
}

fn kind(c: char) -> Kind {
    match c {
        '0'..='9' => Kind::Digits,
        '上' | '中' | '下' => Kind::Level,
        _ if numeric(c) => Kind::Chinese,
        _ if class_of(c) == Class::Word => Kind::Letters,
        _ => Kind::Other,
    }
}

fn numerals(text: &str) -> impl Iterator<Item = Numeral> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[at..];
            let first = kind(rest.chars().next()?);
            let single = matches!(first, Kind::Level | Kind::Other);
            let len = rest
                .char_indices()
                .skip(1)
                .find(|&(_, c)| single || kind(c) != first)
                .map_or(rest.len(), |(i, _)| i);
            let start = at;
            at += len;
            let own = &text[start..at];
            let value = match first {
                Kind::Digits => own.parse().ok().filter(|&n| n < 100_000),
                Kind::Chinese => from_chinese(own),
                Kind::Letters => from_roman(own).or_else(|| from_word(own)),
                Kind::Level => "上中下".chars().position(|c| own.starts_with(c)).map(|i| i as u32 + 1),
                Kind::Other => continue,
            };
            return Some(Numeral { start, end: at, value, level: first == Kind::Level });
        }
    })
}

/// `volume two`.
fn from_word(text: &str) -> Option<u32> {
    const WORDS: [&str; 12] =
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.iter().position(|word| *word == text).map(|at| at as u32 + 1)
}

const DIGITS: &str = "零一二三四五六七八九";

fn digit(c: char) -> Option<u32> {
    let formal = "零壹贰叁肆伍陆柒捌玖";
    let at = |set: &str| set.chars().position(|d| d == c).map(|i| i as u32);
    at(DIGITS).or_else(|| at(formal)).or((c == '两').then_some(2))
}

fn unit(c: char) -> Option<u32> {
    match c {
        '十' | '拾' => Some(10),
        '百' | '佰' => Some(100),
        '千' | '仟' => Some(1000),
        _ => None,
    }
}

fn numeric(c: char) -> bool {
    digit(c).is_some() || unit(c).is_some() || matches!(c, '廿' | '卅')
}

fn from_chinese(text: &str) -> Option<u32> {
    if text.chars().count() > 8 {
        return None;
    }
    if text.chars().all(|c| digit(c).is_some()) {
        return text.chars().try_fold(0u32, |n, c| n.checked_mul(10)?.checked_add(digit(c)?));
    }
    let (mut sum, mut pending) = (0u32, None);
    for c in text.chars() {
        match (digit(c), unit(c), c) {
            (Some(d), _, _) => pending = Some(d),
            (_, Some(u), _) => sum += pending.take().unwrap_or(1) * u,
            (_, _, '廿') => sum += 20,
            _ => sum += 30,
        }
    }
    Some(sum + pending.unwrap_or(0))
}

fn chinese(n: u32) -> Option<String> {
    if n >= 10_000 {
        return None;
    }
    let numeral = |d: u32| DIGITS.chars().nth(d as usize);
    let (mut out, mut gap) = (String::new(), false);
    for (size, name) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let d = n / size % 10;
        if d == 0 {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push('零');
            gap = false;
        }
        // 十五, but 一百一十五.
        if !(size == 10 && d == 1 && out.is_empty()) {
            out.extend(numeral(d));
        }
        out.push_str(name);
    }
    if n == 0 { Some("零".to_owned()) } else { Some(out) }
}

fn from_roman(text: &str) -> Option<u32> {
    (1..40).find(|&n| roman(n).is_some_and(|r| r == text))
}

fn roman(n: u32) -> Option<String> {
    const ONES: [&str; 10] = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    const TENS: [&str; 4] = ["", "x", "xx", "xxx"];
    let tens = TENS.get(n as usize / 10)?;
    (n > 0).then(|| format!("{tens}{}", ONES[n as usize % 10]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_one_form() {
        for (text, expect) in [
            ("第3卷", "3"),
            ("第三卷", "3"),
            ("卷Ⅲ", "3"),
            ("卷三", "3"),
            ("第３册", "3"),
            ("III", "3"),
            ("上", "1"),
            ("上册", "1"),
            ("（中）", "2"),
            ("下卷", "3"),
            ("卷下", "3"),
            ("第二十一辑", "21"),
            ("第一百零五回", "105"),
            ("第一〇五回", "105"),
            ("第二卷 上册", "2.1"),
            ("第二卷·上", "2.1"),
            ("叁", "3"),
            ("廿四", "24"),
            ("上海卷", "上海卷"),
            ("索引", "索引"),
            ("Part B", "part b"),
            ("99999999999999999999", "99999999999999999999"),
            ("", ""),
        ] {
            assert_eq!(normalise_part(text), expect, "{text}");
        }
        assert_eq!(part_number("第二卷"), Some(2));
        assert_eq!(part_number("第二卷上"), None);
        assert_eq!(part_number("千千千千千千千千"), Some(8000));
    }

    #[test]
    fn parts_are_compared_in_digits() {
        for (text, expect) in [
            ("鲁迅全集 第三卷", "鲁迅全集 第3卷"),
            ("全集第ⅲ卷上册", "全集第ⅲ卷上册"),
            ("第iii卷第二十一回", "第3卷第21回"),
            ("三国演义", "三国演义"),
            ("", ""),
        ] {
            assert_eq!(parts_in_digits(text), expect, "{text}");
        }
    }

    #[test]
    fn numbers_are_spelt_and_read() {
        for n in (0..2000).chain([9999]) {
            assert_eq!(chinese(n).as_deref().and_then(from_chinese), Some(n), "{n}");
        }
        for (n, expect) in [
            (10, "十"),
            (15, "十五"),
            (20, "二十"),
            (105, "一百零五"),
            (115, "一百一十五"),
            (1001, "一千零一"),
            (110, "一百一十"),
        ] {
            assert_eq!(chinese(n).as_deref(), Some(expect));
        }
    }
}
