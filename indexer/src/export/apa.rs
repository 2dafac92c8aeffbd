//! `Bib` → a reference by APA, 7th edition: `Knuth, D. E. (1997). The art of computer programming (3rd ed.). Addison-Wesley.`
//!
//! The slant of the title is left to whoever pastes it. Chinese names stay whole.

use crate::bib::Bib;

use super::contributors::{Name, contributors};

/// Beyond so many names, the first nineteen and the last are given.
const MAX_NAMES: usize = 20;

/// Appends the reference, without a line break.
pub fn write_apa(bib: &Bib, out: &mut String) {
    let names = contributors(bib);
    let year = bib.year.map(|y| y.to_string()).or_else(|| bib.date_text.clone());
    let date = format!("({}).", year.unwrap_or_else(|| "n.d.".to_owned()));
    let titled =
        format!("{}.", [title(bib), brackets(bib, &names.translators)].concat().trim_end_matches('.'));
    let mut parts = match leading(&names.authors, &names.editors) {
        Some(leading) => vec![leading, date, titled],
        // Without a name the title comes first.
        None => vec![titled, date],
    };
    parts.extend(bib.publisher.as_deref().map(|p| format!("{}.", p.trim_end_matches('.'))));
    out.push_str(&parts.join(" "));
}

fn leading(authors: &[Name], editors: &[Name]) -> Option<String> {
    let (names, role) = match (authors, editors) {
        ([], []) => return None,
        ([], [_]) => (editors, " (Ed.)."),
        ([], _) => (editors, " (Eds.)."),
        _ => (authors, ""),
    };
    let listed = list(names, shortened);
    let stop = if role.is_empty() && !listed.ends_with('.') { "." } else { role };
    Some(format!("{listed}{stop}"))
}

fn list(names: &[Name], write: impl Fn(&Name) -> String) -> String {
    let mut all: Vec<String> = names.iter().map(write).collect();
    if all.len() > MAX_NAMES {
        let last = all.split_off(all.len() - 1);
        all.truncate(MAX_NAMES - 1);
        return format!("{}, … {}", all.join(", "), last.concat());
    }
    match all.pop() {
        Some(last) if all.is_empty() => last,
        Some(last) => format!("{}, & {last}", all.join(", ")),
        None => String::new(),
    }
}

// `Knuth, Donald E.` → `Knuth, D. E.`, `Godard, Jean-Luc` → `Godard, J.-L.`
fn shortened(name: &Name) -> String {
    match name {
        Name::Inverted { family, given } => format!("{family}, {}", initials(given)),
        Name::Whole(name) | Name::Body(name) => name.clone(),
    }
}

fn initials(given: &str) -> String {
    let first =
        |part: &str| part.chars().find(|c| c.is_alphabetic()).map(|c| format!("{}.", c.to_uppercase()));
    let word = |word: &str| word.split('-').filter_map(first).collect::<Vec<_>>().join("-");
    let words: Vec<String> = given.split([' ', '.', '·']).map(word).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

fn title(bib: &Bib) -> String {
    let part = bib.part.iter().flat_map(|p| [&p.number, &p.title]).flatten().cloned();
    let part = part.collect::<Vec<_>>().join(" ");
    let pieces = [bib.title.clone(), bib.subtitle.clone(), Some(part)];
    pieces.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(": ")
}

// ` (董秋斯, Trans.; 2nd ed.)`
fn brackets(bib: &Bib, translators: &[Name]) -> String {
    let direct = |name: &Name| match name {
        Name::Inverted { family, given } => format!("{} {family}", initials(given)),
        Name::Whole(name) | Name::Body(name) => name.clone(),
    };
    let translators = (!translators.is_empty()).then(|| format!("{}, Trans.", list(translators, direct)));
    let edition = bib.edition.clone().filter(|e| !e.trim().is_empty());
    let inside: Vec<String> = translators.into_iter().chain(edition).collect();
    if inside.is_empty() { String::new() } else { format!(" ({})", inside.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::{Agent, AgentKind, MaterialType};

    fn check(bib: &Bib, expect: &str) {
        let mut out = String::new();
        write_apa(bib, &mut out);
        assert_eq!(out, expect);
    }

    fn book(title: &str, names: &[(&str, &str)]) -> Bib {
        let agent = |(name, role): &(&str, &str)| Agent {
            role: Some((*role).to_owned()),
            ..Agent::new(name, AgentKind::Person)
        };
        Bib {
            title: Some(title.to_owned()),
            agents: names.iter().map(agent).collect(),
            publisher: Some("清华大学出版社".to_owned()),
            year: Some(2013),
            ..Bib::empty(MaterialType::BookChi)
        }
    }

    #[test]
    fn books_are_cited() {
        check(&book("Java简明教程", &[("林巧民", "著")]), "林巧民. (2013). Java简明教程. 清华大学出版社.");
        let translated = book("双城记", &[("Dickens, Charles", "著"), ("董秋斯", "译")]);
        check(
            &Bib { edition: Some("第2版".to_owned()), ..translated },
            "Dickens, C. (2013). 双城记 (董秋斯, Trans.; 第2版). 清华大学出版社.",
        );
        check(
            &book("软件工程", &[("张甲", "主编"), ("李乙", "主编")]),
            "张甲, & 李乙 (Eds.). (2013). 软件工程. 清华大学出版社.",
        );
        check(
            &Bib { year: None, publisher: None, ..book("Histoire", &[("Godard, Jean-Luc", "")]) },
            "Godard, J.-L. (n.d.). Histoire.",
        );
        check(&book("无名氏集", &[]), "无名氏集. (2013). 清华大学出版社.");
    }

    #[test]
    fn many_names_are_cut() {
        let names: Vec<String> = (1..=25).map(|n| format!("作者{n}")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|n| (n.as_str(), "著")).collect();
        let mut out = String::new();
        write_apa(&book("大书", &many), &mut out);
        assert!(out.starts_with("作者1, 作者2, ") && out.contains("作者19, … 作者25. (2013)"), "{out}");
        assert!(!out.contains("作者20"), "{out}");
    }
}
