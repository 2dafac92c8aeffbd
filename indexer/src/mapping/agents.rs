//! Persons, bodies and meetings that are access points: 7xx, 1xx, and their original script in 880.
//!
//! One person is one agent: a romanised form beside the name in its own script is its reading, no second agent.

use crate::analysis::fold::fold;
use crate::analysis::pinyin::reads_as;
use crate::bib::{Agent, AgentKind};
use crate::marc::Field;

use super::dialect::Dialect;
use super::punctuation::trim_isbd;
use super::titles::{is_original_script, link_number};

/// The access point in a field.
pub(super) fn agent(
    field: &Field<'_>,
    dialect: Dialect,
    kind: AgentKind,
    main: bool,
    subfields: &str,
) -> Option<Agent> {
    if dialect.is_unimarc_family() {
        unimarc_agent(field, kind, main)
    } else {
        marc21_agent(field, kind, main, subfields)
    }
}

/// The numbers by which fields are linked to their 880, and the places of their agents.
#[derive(Default)]
pub(super) struct AgentLinks(Vec<([u8; 2], usize)>);

impl AgentLinks {
    /// Enters an agent whose name is not there yet.
    pub(super) fn enter(&mut self, field: &Field<'_>, agent: Option<Agent>, agents: &mut Vec<Agent>) {
        let Some(agent) = agent else { return };
        let place = agents.iter().position(|known| known.name == agent.name).unwrap_or_else(|| {
            agents.push(agent);
            agents.len() - 1
        });
        self.0.extend(link_number(field).map(|number| (number, place)));
    }

    /// Enters the agent of an 880: its name takes the place of the romanised one, which becomes the reading.
    pub(super) fn enter_original(&self, field: &Field<'_>, agent: Option<Agent>, agents: &mut Vec<Agent>) {
        let Some(agent) = agent else { return };
        let number = link_number(field);
        let place = self.0.iter().find(|link| number == Some(link.0)).map(|link| link.1);
        if let Some(known) = place.and_then(|place| agents.get_mut(place))
            && is_original_script(&agent.name)
            && !is_original_script(&known.name)
        {
            known.pinyin = Some(std::mem::replace(&mut known.name, agent.name));
        } else if agents.iter().all(|known| known.name != agent.name) {
            agents.push(agent);
        }
    }
}

/// Takes out the agents whose name is only the romanised name of another one.
pub(crate) fn drop_romanised(agents: &mut Vec<Agent>) {
    let romanised = |agent: &Agent| !is_original_script(&agent.name);
    if agents.len() < 2 || !agents.iter().any(romanised) || agents.iter().all(romanised) {
        return;
    }
    let mut at = 0;
    while at < agents.len() {
        let letters = romanised(&agents[at]).then(|| letters_of(&agents[at].name));
        let same = |other: &Agent| letters.as_ref().is_some_and(|letters| is_reading(letters, other));
        let Some(place) = agents.iter().position(same) else {
            at += 1;
            continue;
        };
        let Agent { name, main, .. } = agents[at].clone();
        agents[place].main |= main;
        agents[place].pinyin.get_or_insert(name);
        agents.remove(at);
    }
}

fn letters_of(name: &str) -> String {
    fold(name).chars().filter(char::is_ascii_alphabetic).collect()
}

/// Whether the letters are the reading of an agent's name, by the cataloguer or by its characters.
fn is_reading(letters: &str, agent: &Agent) -> bool {
    is_original_script(&agent.name)
        && !letters.is_empty()
        && (agent.pinyin.as_ref().is_some_and(|given| letters_of(given) == letters)
            || reads_as(letters, &fold(&agent.name)))
}

/// The access point in a field of the UNIMARC family (700–712).
fn unimarc_agent(field: &Field<'_>, kind: AgentKind, main: bool) -> Option<Agent> {
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
fn marc21_agent(field: &Field<'_>, kind: AgentKind, main: bool, subfields: &str) -> Option<Agent> {
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
    fn a_romanised_name_is_no_second_agent() {
        for (names, expect) in [
            (&["Luo, Guanzhong", "罗贯中"][..], &["罗贯中"][..]),
            (&["羅貫中", "Luo guan zhong"], &["羅貫中"]),
            (&["Lin Xun", "鲁迅"], &["Lin Xun", "鲁迅"]),
            (&["Lü, Simian", "吕思勉"], &["吕思勉"]),
            (&["Knuth, Donald E.", "苏运霖"], &["Knuth, Donald E.", "苏运霖"]),
            (&["Luo Guanzhong", "Luo, Guanzhong"], &["Luo Guanzhong", "Luo, Guanzhong"]),
            (&["罗贯", "Luo Guanzhong"], &["罗贯", "Luo Guanzhong"]),
        ] {
            let mut agents: Vec<Agent> =
                names.iter().map(|name| Agent::new(name, AgentKind::Person)).collect();
            drop_romanised(&mut agents);
            let left: Vec<&str> = agents.iter().map(|a| a.name.as_str()).collect();
            assert_eq!(left, expect, "{names:?}");
        }
    }

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
