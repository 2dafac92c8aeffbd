//! A title as cataloguers write it, taken apart: title proper, other title information, part, edition.
//!
//! Libraries put the subtitle, the volume and even 全三册 into one subfield; here each goes where it is compared.
//! Knows neither records nor weights.

use crate::analysis::fold::{Class, class_of, fold_into};
use crate::analysis::numbers::part_number;

use super::part::is_whole;

/// Longer titles are compared by their beginning.
const LONGEST: usize = 400;

/// What a title says, in pieces of the text given.
#[derive(Debug, Default, PartialEq)]
pub(super) struct TitleParts<'a> {
    pub(super) proper: &'a str,
    /// What stands behind the first colon.
    pub(super) other: &'a str,
    /// Volume designations at the end: `（上）`, `第2卷`, ` 3`.
    pub(super) part: Option<&'a str>,
    /// `（第2版）`.
    pub(super) edition: Option<&'a str>,
    /// 全三册, 共2卷: a set in one record.
    pub(super) set: bool,
}

impl<'a> TitleParts<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self::read(text, true)
    }

    /// The same of a subtitle.
    pub(super) fn of_subtitle(text: &'a str) -> Self {
        Self::read(text, false)
    }

    fn read(text: &'a str, is_title: bool) -> Self {
        let mut parts = Self::default();
        let text = &text[..text.floor_char_boundary(LONGEST)];
        // `Studies in … / by X`: the statement of responsibility within the title.
        let text = text.split_once(" / ").map_or(text, |(title, _)| title);
        let (proper, other) = split_subtitle(text);
        parts.proper = parts.shed(proper, is_title);
        parts.other = parts.shed(other, false);
        if parts.proper.is_empty() {
            parts.proper = text.trim();
        }
        parts
    }

    /// Takes designations off the end, again and again; never the whole. A bare number counts a part behind the
    /// title proper only: subtitles are left out too often.
    fn shed(&mut self, text: &'a str, is_proper: bool) -> &'a str {
        let mut rest = without_price(text.trim_end_matches(is_loose));
        // A subtitle may be nothing but a designation: `中国通史：上册`.
        let whole = rest.trim_start_matches(is_loose);
        if !is_proper && says_volume(whole) && self.note(whole) {
            return "";
        }
        for _ in 0..4 {
            let Some((before, tail)) = designation(rest) else { break };
            if before.is_empty() || !is_proper && tail.bytes().all(|b| b.is_ascii_digit()) {
                break;
            }
            if !self.note(tail) {
                break;
            }
            rest = before;
        }
        rest
    }

    /// Takes a designation down; whether it is one.
    fn note(&mut self, tail: &'a str) -> bool {
        match kind_of(tail) {
            Some(Kind::Part) => self.part = self.part.or(Some(tail)),
            Some(Kind::Edition) => self.edition = self.edition.or(Some(tail)),
            Some(Kind::Set) => self.set = true,
            Some(Kind::Binding) => {}
            None => return false,
        }
        true
    }
}

fn is_loose(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | ',' | ';' | '/' | '=' | '·' | '。' | '，' | '；' | '-' | '—')
}

/// The title proper, and what stands behind the first colon or dash.
fn split_subtitle(text: &str) -> (&str, &str) {
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        let found = match c {
            ':' | '：' | '∶' | '﹕' => Some(&rest[c.len_utf8()..]),
            '—' => rest.strip_prefix("——"),
            '-' => rest.strip_prefix("--"),
            ' ' => rest.strip_prefix(" = "),
            _ => None,
        };
        if let Some(other) = found
            && enough(&text[..at])
        {
            return (&text[..at], other);
        }
    }
    (text, "")
}

/// Whether a piece can be a title of its own: `Re: …` cannot.
fn enough(text: &str) -> bool {
    let mut letters = 0;
    for c in text.chars() {
        match class_of(c) {
            Class::Dense => letters += 2,
            Class::Word => letters += 1,
            _ => {}
        }
    }
    letters >= 4
}

#[derive(Debug, PartialEq)]
enum Kind {
    Part,
    Edition,
    Set,
    Binding,
}

/// The bracketed or bare designation at the end, and what stands before it.
fn designation(text: &str) -> Option<(&str, &str)> {
    let last = text.chars().next_back()?;
    if let Some(open) = match last {
        ')' | '）' => Some(['(', '（']),
        ']' | '］' => Some(['[', '［']),
        '】' | '〕' => Some(['【', '〔']),
        '〉' | '》' => Some(['〈', '《']),
        _ => None,
    } {
        let inner = &text[..text.len() - last.len_utf8()];
        let at = inner.rfind(open)?;
        let opener = inner[at..].chars().next()?;
        return Some((trimmed(&text[..at]), inner[at + opener.len_utf8()..].trim()));
    }
    let at = bare_designation(text)?;
    Some((trimmed(&text[..at]), text[at..].trim_start_matches(is_loose)))
}

/// A bare number or letter is too little to be read as a volume where subtitles stand: 一九四九.
fn says_volume(text: &str) -> bool {
    text.contains(|c| is_unit(c) || matches!(c, '上' | '中' | '下' | '版' | '本'))
        || text.contains([' ', '.'])
}

/// `… CNY38.00`: what it costs is no part of a title.
fn without_price(text: &str) -> &str {
    let stem = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ');
    match stem.strip_suffix("CNY").or_else(|| stem.strip_suffix("RMB")) {
        Some(before) if stem.len() < text.len() && !trimmed(before).is_empty() => trimmed(before),
        _ => text,
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_end_matches(is_loose)
}

/// Where a designation without brackets begins: 第二卷, 卷三, 上册, 全三册, 修订版, ` 2`, ` vol. 2`.
fn bare_designation(text: &str) -> Option<usize> {
    let mut back = text.char_indices().rev();
    let (last_at, last) = back.next()?;
    if last.is_ascii_digit() {
        return bare_number(text);
    }
    if last.is_ascii_lowercase() {
        let (stem, word) = text.rsplit_once(' ')?;
        return part_number(word).and_then(|_| worded_at(stem));
    }
    if matches!(last, '上' | '中' | '下') {
        return bare_level(text);
    }
    if last.is_ascii_uppercase() || ('Ⅰ'..='Ⅻ').contains(&last) {
        return bare_letter(text);
    }
    if !is_unit(last) && last != '版' {
        return (numeral(last) && text[..last_at].ends_with('卷')).then(|| last_at - '卷'.len_utf8());
    }
    let mut at = None;
    for (i, c) in back.take(8) {
        match c {
            '第' | '全' | '共' | '卷' => return Some(i),
            '修' | '增' | '新' if last == '版' => return Some(i),
            '上' | '中' | '下' if last != '版' => return Some(first_level(text, i)),
            '订' | '补' | '一' if last == '版' && !numeral(c) => {}
            _ if numeral(c) || c.is_ascii_digit() => at = Some(i),
            _ => break,
        }
    }
    // 三国演义2册 but not 十二册 out of 二十二册; a bare Chinese numeral is too often a word.
    at.filter(|&i| text[i..].starts_with(|c: char| c.is_ascii_digit()))
}

/// `通史 上`, `通史·上`; 陆上 is a word.
fn bare_level(text: &str) -> Option<usize> {
    let at = first_level(text, text.len() - '上'.len_utf8());
    (at < text.len() - '上'.len_utf8() || text[..at].ends_with(is_loose)).then_some(at).filter(|at| *at > 0)
}

/// Where 上下, 上中下 or 上、下 begin, of which the last stands at `at`.
fn first_level(text: &str, at: usize) -> usize {
    let levels = text[..at].trim_end_matches(['上', '中', '下', '、', '，', ',', '·', ' ', '和', '及']);
    let run = &text[levels.len()..at];
    // 在上中学 has the same characters; two of them in their order are volumes.
    match run.find('上') {
        Some(first) if !text[at..].starts_with('上') => levels.len() + first,
        _ => at,
    }
}

/// `高等数学Ⅱ`, `大学物理 A`, `Calculus II`, `Vol. I`: a Roman numeral or, behind Han, one letter.
fn bare_letter(text: &str) -> Option<usize> {
    let stem = text.trim_end_matches(|c: char| matches!(c, 'I' | 'V' | 'X') || ('Ⅰ'..='Ⅻ').contains(&c));
    let before = stem.chars().next_back()?;
    let is_dense = |text: &str| text.chars().any(|c| class_of(c) == Class::Dense);
    if stem.len() < text.len() {
        let is_numeral = part_number(&text[stem.len()..]).is_some_and(|n| (1..=30).contains(&n));
        return match class_of(before) {
            _ if !is_numeral => None,
            Class::Dense => Some(stem.len()),
            Class::Word => None,
            _ if matches!(before, '-' | '/' | '\'' | '’' | '&' | '+') => None,
            _ => Some(worded_at(stem).unwrap_or(stem.len())),
        };
    }
    let stem = &text[..text.len() - 1];
    let before = stem.chars().next_back()?;
    let fits = text.ends_with(|c| matches!(c, 'A'..='H')) && is_dense(stem);
    (fits && (class_of(before) == Class::Dense || before == ' ')).then_some(stem.len())
}

/// Where `vol.` before a number begins, at the end of a title.
fn worded_at(stem: &str) -> Option<usize> {
    let bare = trimmed(stem);
    let at = bare.rfind([' ', ',', ';', '.']).map_or(0, |i| i + 1);
    (at > 0 && designates(&bare[at..])).then_some(at)
}

fn designates(word: &str) -> bool {
    const WORDS: [&str; 10] = ["v", "vol", "volume", "pt", "part", "bd", "band", "t", "tome", "book"];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// `猪 1`, `英语2`, `(万千心理)3`, `vol. 2`: at most two digits; a year is no part.
fn bare_number(text: &str) -> Option<usize> {
    let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - stem.len();
    let before = stem.chars().next_back()?;
    if digits > 2 || before == '第' || before.is_ascii_alphabetic() {
        return None;
    }
    if class_of(before) == Class::Dense {
        return Some(stem.len());
    }
    let bare = trimmed(stem);
    let word_at = bare.rfind([' ', ',', ';', '.']).map_or(0, |i| i + 1);
    let word = &bare[word_at..];
    let is_dense = || stem.chars().any(|c| class_of(c) == Class::Dense);
    match designates(word) {
        true if word_at > 0 => Some(word_at),
        // A decimal or a range belongs to the title.
        _ if !matches!(before, '.' | '-' | '/' | ':') && is_dense() => Some(stem.len()),
        _ => None,
    }
}

fn is_unit(c: char) -> bool {
    matches!(c, '卷' | '巻' | '册' | '冊' | '辑' | '輯' | '集' | '部' | '编' | '編' | '篇')
}

fn numeral(c: char) -> bool {
    "一二三四五六七八九十百零两壹贰叁肆伍陆柒捌玖拾廿".contains(c)
}

/// What a designation designates; `None` where it is part of the title.
fn kind_of(tail: &str) -> Option<Kind> {
    let mut folded = String::with_capacity(tail.len());
    fold_into(tail, &mut folded);
    let first = folded.chars().next()?;
    let last = folded.chars().next_back()?;
    let n_chars = folded.chars().count();
    let counted = |text: &str| text.chars().any(|c| numeral(c) || c.is_ascii_digit());
    if is_whole(tail) || folded.ends_with('元') && folded.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(if is_whole(tail) { Kind::Set } else { Kind::Binding });
    }
    let all = matches!(first, '全' | '共' | '套') && n_chars <= 7;
    if all && (counted(&folded) && (is_unit(last) || last == '本') || matches!(last, '套' | '装')) {
        return Some(Kind::Set);
    }
    if matches!(folded.as_str(), "精装" | "平装" | "精" | "平" | "精装本" | "平装本" | "珍藏本" | "软精装")
    {
        return Some(Kind::Binding);
    }
    if last == '版' && n_chars <= 8 {
        let known = first == '第' || counted(&folded) || first == '修' || first == '增' || first == '新';
        return known.then_some(Kind::Edition);
    }
    if matches!(folded.as_str(), "修订本" | "增订本" | "影印本") {
        return Some(Kind::Edition);
    }
    let letter = n_chars == 1 && first.is_ascii_alphabetic();
    let korean = matches!(folded.as_str(), "상" | "중" | "하" | "상권" | "중권" | "하권");
    let level = matches!(first, '上' | '中' | '下') && (n_chars == 1 || (n_chars <= 3 && is_unit(last)));
    let roman = n_chars <= 5 && part_number(&folded).is_some();
    let whole =
        folded.chars().all(|c| numeral(c) || c.is_ascii_digit() || is_unit(c) || matches!(c, '第' | '之'));
    let worded = folded.split_once(' ').is_some_and(|(word, n)| designates(word) && part_number(n).is_some());
    let year = folded.len() == 4 && folded.bytes().all(|b| b.is_ascii_digit());
    (!year && (level || letter || korean || worded || roman && first.is_ascii() || whole && counted(&folded)))
        .then_some(Kind::Part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_taken_apart() {
        for (text, proper, other, part) in [
            ("三国演义", "三国演义", "", None),
            ("三国演义（上）", "三国演义", "", Some("上")),
            ("三国演义(全三册)", "三国演义", "", None),
            ("红楼梦全三册", "红楼梦", "", None),
            ("高等数学 : 习题集", "高等数学", "习题集", None),
            ("高等数学：上册", "高等数学", "", Some("上册")),
            ("中国通史上下册", "中国通史", "", None),
            ("中国通史（上、中、下册）", "中国通史", "", None),
            ("中国通史 上", "中国通史", "", Some("上")),
            ("中国通史·下", "中国通史", "", Some("下")),
            ("大陆上", "大陆上", "", None),
            ("高等数学Ⅱ", "高等数学", "", Some("Ⅱ")),
            ("高等数学 II", "高等数学", "", Some("II")),
            ("大学物理 A", "大学物理", "", Some("A")),
            ("大学物理（B）", "大学物理", "", Some("B")),
            ("Calculus II", "Calculus", "", Some("II")),
            ("Calculus. Vol. I", "Calculus", "", Some("Vol. I")),
            ("O'Neill : part I", "O'Neill", "", Some("part I")),
            ("Plan B", "Plan B", "", None),
            ("Great lives, volume two", "Great lives", "", Some("volume two")),
            ("Number one", "Number one", "", None),
            ("日记：一九四九", "日记", "一九四九", None),
            ("红楼梦 CNY38.00", "红楼梦", "", None),
            ("红楼梦（38.00元）", "红楼梦", "", None),
            ("近代史上巻", "近代史", "", Some("上巻")),
            ("高等数学上册", "高等数学", "", Some("上册")),
            ("写给孩子的哲学启蒙书（第2卷）", "写给孩子的哲学启蒙书", "", Some("第2卷")),
            ("佛陀与想太多的猪 1", "佛陀与想太多的猪", "", Some("1")),
            ("新概念英语2", "新概念英语", "", Some("2")),
            ("我把一切告诉你3 2", "我把一切告诉你", "", Some("2")),
            ("认知心理学(万千心理)3", "认知心理学(万千心理)", "", Some("3")),
            ("Linux 2.6", "Linux 2.6", "", None),
            ("资治通鉴卷三", "资治通鉴", "", Some("卷三")),
            ("我在上海", "我在上海", "", None),
            ("唐诗三百首", "唐诗三百首", "", None),
            ("1984", "1984", "", None),
            ("Java编程（第4版）", "Java编程", "", None),
            ("现代汉语（修订版）", "现代汉语", "", None),
            ("现代汉语 增订版", "现代汉语", "", None),
            ("明史[一]", "明史", "", Some("一")),
            ("History of Rome. Vol. 2", "History of Rome", "", Some("Vol. 2")),
            ("Catch 22", "Catch 22", "", None),
            ("鲁迅全集", "鲁迅全集", "", None),
            ("中国版", "中国版", "", None),
            ("", "", "", None),
            ("：", "：", "", None),
            ("（上）", "（上）", "", None),
        ] {
            let found = TitleParts::of(text);
            assert_eq!((found.proper, found.other.trim(), found.part), (proper, other, part), "{text}");
        }
        assert!(TitleParts::of("三国演义（全三册）").set);
        assert_eq!(TitleParts::of("Java编程（第4版）").edition, Some("第4版"));
    }
}
