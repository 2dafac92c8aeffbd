//! Persons, bodies and meetings that are access points: 7xx, 1xx.

use crate::bib::{Agent, AgentKind};
use crate::marc::Field;

use super::punctuation::trim_isbd;

/// The access point in a field of the UNIMARC family (700–712).
pub(super) fn unimarc_agent(field: &Field<'_>, kind: AgentKind, main: bool) -> Option<Agent> {
    let raw = field.first('a')?.trim();
    let (country, bare) = split_country(raw);
    let mut name = trim_isbd(bare).to_owned();
    if let Some(rest) = field.first('b') {
        let joint = if kind == AgentKind::Person { ", " } else { ". " };
        name.push_str(joint);
        name.push_str(trim_isbd(rest));
    }
    if name.is_empty() {
        return None;
    }
    let qualifier = joined([country, field.first('c').map(without_brackets), field.first('f')]);
    // A numeric relator code says nothing to a reader.
    let role =
        field.first('4').map(trim_isbd).filter(|r| !r.is_empty() && !r.bytes().all(|b| b.is_ascii_digit()));
    let pinyin = field.first('9').or_else(|| field.first('A')).map(str::to_owned);
    let kind = match kind {
        AgentKind::Body if field.indicators()[0] == b'1' => AgentKind::Meeting,
        other => other,
    };
    Some(Agent { name, kind, role: role.map(str::to_owned), qualifier, pinyin, main })
}

/// The access point in a field of MARC21 (100 110 111 700 710 711).
pub(super) fn marc21_agent(field: &Field<'_>, kind: AgentKind, main: bool, subfields: &str) -> Option<Agent> {
    let mut name = String::new();
    for (code, text) in field.subfields().filter(|(c, t)| subfields.contains(*c) && !t.trim().is_empty()) {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(if code == 'a' && kind == AgentKind::Person { trim_isbd(text) } else { text.trim() });
    }
    let (country, bare) = split_country(&name);
    let bare = trim_isbd(bare);
    if bare.is_empty() {
        return None;
    }
    let qualifier = joined([country, field.first('c').map(trim_isbd), field.first('d').map(trim_isbd)]);
    let role = field.first('e').or_else(|| field.first('4')).map(trim_isbd).filter(|r| !r.is_empty());
    Some(Agent { name: bare.to_owned(), kind, role: role.map(str::to_owned), qualifier, pinyin: None, main })
}

/// `[美]布鲁斯`, `（英）詹姆斯`, `(美) Eckel`: the country in front, and the name.
fn split_country(text: &str) -> (Option<&str>, &str) {
    for (open, close) in [('[', ']'), ('(', ')'), ('（', '）'), ('〔', '〕'), ('［', '］')] {
        let Some(rest) = text.strip_prefix(open) else { continue };
        if let Some((inside, name)) = rest.split_once(close)
            && inside.chars().count() <= 6
            && !name.trim().is_empty()
        {
            return (Some(inside.trim()), name.trim());
        }
    }
    (None, text)
}

fn without_brackets(text: &str) -> &str {
    text.trim().trim_matches(|c| matches!(c, '(' | ')' | '（' | '）' | '[' | ']' | '〔' | '〕'))
}

fn joined<const N: usize>(parts: [Option<&str>; N]) -> Option<String> {
    let mut text = String::new();
    for part in parts.into_iter().flatten().filter(|p| !p.is_empty()) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(part);
    }
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_split_off() {
        for (given, expected) in [
            ("[美]布鲁斯·埃克尔", (Some("美"), "布鲁斯·埃克尔")),
            ("（英）詹姆斯", (Some("英"), "詹姆斯")),
            ("(美) Eckel, Bruce", (Some("美"), "Eckel, Bruce")),
            ("罗贯中", (None, "罗贯中")),
            ("[清]", (None, "[清]")),
        ] {
            assert_eq!(split_country(given), expected, "{given}");
        }
    }
}
