//! `Bib` → a reference by GB/T 7714: `林巧民. Java简明教程[M]. 北京: 清华大学出版社, 2013.`
//!
//! Half-width punctuation, no role words, three authors and 等, the first edition unsaid (DOMAIN §9.3). Of 2025
//! the rules for names are followed: family names keep their case, initials their hyphen. That names in pinyin be
//! written out cannot be told from the letters, so they are shortened like all others.

use crate::bib::{Bib, MaterialType};

use super::contributors::{Name, contributors};

const MAX_NAMES: usize = 3;

/// Which GB/T 7714.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gb7714 {
    /// Of 2015: `KNUTH D E`.
    Of2015,
    /// In force since 2026-07-01: `Knuth D E`.
    Of2025,
}

/// Appends the reference, without a line break.
pub fn write_gb7714(bib: &Bib, year: Gb7714, out: &mut String) {
    let names = contributors(bib);
    let name_list = |names: &[Name], is_chinese| name_list(names, is_chinese, year);
    let is_chinese = is_chinese(bib);
    let mut parts: Vec<String> = Vec::new();
    let leading = name_list(names.leading(), is_chinese);
    parts.extend(leading);
    parts.push(format!("{}[{}]", title(bib), code(bib)));
    if let Some(translators) = name_list(&names.translators, is_chinese) {
        // "译" tells a Chinese reader what the second names are; the standard allows it.
        parts.push(if is_chinese { format!("{translators}, 译") } else { translators });
    }
    parts.extend(bib.edition.as_deref().and_then(edition));
    parts.extend(imprint(bib, is_chinese));
    let sentences: Vec<String> =
        parts.iter().map(|p| format!("{}.", p.trim().trim_end_matches('.'))).collect();
    out.push_str(&sentences.join(" "));
}

// The language of the reference is that of its title.
fn is_chinese(bib: &Bib) -> bool {
    bib.title
        .iter()
        .flat_map(|t| t.chars())
        .any(|c| matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}'))
}

fn name_list(names: &[Name], is_chinese: bool, year: Gb7714) -> Option<String> {
    let mut list: Vec<String> = names.iter().take(MAX_NAMES).map(|name| cited(name, year)).collect();
    if list.is_empty() {
        return None;
    }
    if names.len() > MAX_NAMES {
        list.push(if is_chinese { "等" } else { "et al" }.to_owned());
    }
    Some(list.join(", "))
}

// `Knuth, Donald E.` is cited as `KNUTH D E` or `Knuth D E`, `Godard, Jean-Luc` as `GODARD J L` or `Godard J-L`.
fn cited(name: &Name, year: Gb7714) -> String {
    match name {
        Name::Inverted { family, given } if family.chars().all(|c| (c as u32) < 0x250) => {
            let (family, hyphen) = match year {
                Gb7714::Of2015 => (family.to_uppercase(), " "),
                Gb7714::Of2025 => (family.clone(), "-"),
            };
            let words = given.split([' ', '.', '·']).map(|word| initials(word, hyphen));
            let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
            format!("{family} {}", words.join(" ")).trim().to_owned()
        }
        Name::Inverted { .. } => name.heading(),
        Name::Whole(name) | Name::Body(name) => name.clone(),
    }
}

fn initials(word: &str, hyphen: &str) -> String {
    let first = |part: &str| part.chars().find(|c| c.is_alphabetic()).map(|c| c.to_uppercase().to_string());
    word.split('-').filter_map(first).collect::<Vec<_>>().join(hyphen)
}

fn title(bib: &Bib) -> String {
    let part = bib.part.iter().flat_map(|p| [&p.number, &p.title]).flatten().cloned();
    let part = part.collect::<Vec<_>>().join(" ");
    let pieces = [bib.title.clone(), bib.subtitle.clone(), Some(part)];
    pieces.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(": ")
}

fn code(bib: &Bib) -> &'static str {
    match bib.material_type {
        MaterialType::SerialChi | MaterialType::SerialWes | MaterialType::SerialOth => "J",
        MaterialType::Newspaper => "N",
        MaterialType::Thesis => "D",
        MaterialType::Map => "CM",
        MaterialType::Electronic if bib.urls.is_empty() => "CP/CD",
        MaterialType::Electronic if bib.isbns.is_empty() => "EB/OL",
        MaterialType::Electronic => "M/OL",
        MaterialType::Audiovisual | MaterialType::Graphic | MaterialType::Other => "Z",
        MaterialType::Authority | MaterialType::Holdings => "Z",
        _ => "M",
    }
}

/// `第2版` → `2版`; the first edition and what is no edition number at all in front of nothing → `None`.
fn edition(statement: &str) -> Option<String> {
    let statement = statement.trim();
    let text = statement.strip_prefix('第').unwrap_or(statement);
    let number: String = text.chars().take_while(|c| is_numeral(*c)).collect();
    let rest = &text[number.len()..];
    match (numeral(&number), rest) {
        (Some(1), "版") => None,
        (Some(n), rest) if rest.starts_with('版') => Some(format!("{n}{rest}")),
        _ if matches!(statement, "初版" | "1st ed." | "1st ed" | "First edition" | "First edition.") => {
            None
        }
        _ => Some(statement.trim_end_matches('.').to_owned()).filter(|s| !s.is_empty()),
    }
}

fn is_numeral(c: char) -> bool {
    c.is_ascii_digit() || "一二三四五六七八九十".contains(c)
}

// Arabic, or Chinese up to 99.
fn numeral(text: &str) -> Option<u32> {
    if text.is_empty() || text.is_ascii() {
        return text.parse().ok();
    }
    let digit = |c: char| "一二三四五六七八九".chars().position(|d| d == c).map(|d| d as u32 + 1);
    let mut chars = text.chars();
    match (chars.next()?, chars.next(), chars.next(), chars.next()) {
        ('十', None, None, None) => Some(10),
        ('十', Some(unit), None, None) => Some(10 + digit(unit)?),
        (unit, None, None, None) => digit(unit),
        (tens, Some('十'), None, None) => Some(10 * digit(tens)?),
        (tens, Some('十'), Some(unit), None) => Some(10 * digit(tens)? + digit(unit)?),
        _ => None,
    }
}

fn imprint(bib: &Bib, is_chinese: bool) -> Option<String> {
    let year = bib.year.map(|y| y.to_string()).or_else(|| bib.date_text.clone());
    let (no_place, no_publisher) =
        if is_chinese { ("[出版地不详]", "[出版者不详]") } else { ("[S.l.]", "[s.n.]") };
    let imprint = match (bib.place.as_deref(), bib.publisher.as_deref()) {
        (None, None) => None,
        (place, publisher) => {
            Some(format!("{}: {}", place.unwrap_or(no_place), publisher.unwrap_or(no_publisher)))
        }
    };
    let pieces: Vec<String> = imprint.into_iter().chain(year).collect();
    (!pieces.is_empty()).then(|| pieces.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::{Agent, AgentKind, Part};

    fn check(bib: &Bib, expect: &str) {
        let mut out = String::new();
        write_gb7714(bib, Gb7714::Of2015, &mut out);
        assert_eq!(out, expect);
    }

    fn check_2025(bib: &Bib, expect: &str) {
        let mut out = String::new();
        write_gb7714(bib, Gb7714::Of2025, &mut out);
        assert_eq!(out, expect);
    }

    fn book(title: &str, responsibility: &str, place: &str, publisher: &str, year: i16) -> Bib {
        let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        Bib {
            title: some(title),
            responsibility: some(responsibility),
            place: some(place),
            publisher: some(publisher),
            year: Some(year),
            ..Bib::empty(MaterialType::BookChi)
        }
    }

    #[test]
    fn books_are_cited() {
        let java = book("Java简明教程", "林巧民编著", "北京", "清华大学出版社", 2013);
        check(&java, "林巧民. Java简明教程[M]. 北京: 清华大学出版社, 2013.");
        let second =
            Bib { edition: Some("第二版".into()), subtitle: Some("微课版".into()), ..java.clone() };
        check(&second, "林巧民. Java简明教程: 微课版[M]. 2版. 北京: 清华大学出版社, 2013.");
        check(
            &book("双城记", "（英）狄更斯著；董秋斯译", "上海", "骆驼书店", 1947),
            "狄更斯. 双城记[M]. 董秋斯, 译. 上海: 骆驼书店, 1947.",
        );
        check(
            &book("软件工程", "张甲, 李乙, 王丙, 赵丁主编", "", "高等教育出版社", 2001),
            "张甲, 李乙, 王丙, 等. 软件工程[M]. [出版地不详]: 高等教育出版社, 2001.",
        );
        let part = Part { number: Some("第3册".into()), title: Some("周纪".into()), volume: None };
        let set =
            Bib { part: Some(part), ..book("资治通鉴", "司马光撰", "北京", "中华书局", 1956) };
        check(&set, "司马光. 资治通鉴: 第3册 周纪[M]. 北京: 中华书局, 1956.");
    }

    #[test]
    fn western_names_are_shortened() {
        let agent = |name: &str| Agent::new(name, AgentKind::Person);
        let bib = Bib {
            agents: ["Cormen, Thomas H.", "Leiserson, Charles E.", "Rivest, Ronald L.", "Stein, Clifford"]
                .map(agent)
                .into(),
            edition: Some("2nd ed.".into()),
            material_type: MaterialType::BookWes,
            ..book("Introduction to algorithms", "", "Cambridge", "MIT Press", 2001)
        };
        check(
            &bib,
            "CORMEN T H, LEISERSON C E, RIVEST R L, et al. Introduction to algorithms[M]. 2nd ed. Cambridge: MIT Press, 2001.",
        );
        check_2025(
            &bib,
            "Cormen T H, Leiserson C E, Rivest R L, et al. Introduction to algorithms[M]. 2nd ed. Cambridge: MIT Press, 2001.",
        );
        let hyphen = Bib {
            agents: vec![agent("Godard, Jean-Luc")],
            ..book("Histoire", "", "Paris", "Gallimard", 1998)
        };
        check(&hyphen, "GODARD J L. Histoire[M]. Paris: Gallimard, 1998.");
        check_2025(&hyphen, "Godard J-L. Histoire[M]. Paris: Gallimard, 1998.");
        let java = book("Java简明教程", "林巧民编著", "北京", "清华大学出版社", 2013);
        check_2025(&java, "林巧民. Java简明教程[M]. 北京: 清华大学出版社, 2013.");
    }

    #[test]
    fn editions_are_shortened() {
        for (statement, expect) in [
            ("第2版", Some("2版")),
            ("2版", Some("2版")),
            ("第十二版", Some("12版")),
            ("1版", None),
            ("第1版", None),
            ("初版", None),
            ("修订版", Some("修订版")),
            ("第3版(修订本)", Some("3版(修订本)")),
            ("3rd ed.", Some("3rd ed")),
            ("", None),
        ] {
            assert_eq!(edition(statement).as_deref(), expect, "{statement}");
        }
    }
}
