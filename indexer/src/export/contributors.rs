//! Who made a book and in which part, as citations want it: authors, then translators, roles dropped.

use crate::bib::{Agent, AgentKind, Bib};
use crate::mapping::statement::{split_origin, split_role};

/// Names in the order of the record.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Contributors {
    pub(super) authors: Vec<Name>,
    pub(super) editors: Vec<Name>,
    pub(super) translators: Vec<Name>,
}

impl Contributors {
    /// Those whose name stands where a citation begins.
    pub(super) fn leading(&self) -> &[Name] {
        if self.authors.is_empty() { &self.editors } else { &self.authors }
    }
}

/// A name as far as it can be taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Name {
    /// A person whose heading is inverted: `Knuth, Donald E.`
    Inverted { family: String, given: String },
    /// A person's name in one piece: 罗贯中.
    Whole(String),
    /// A body or a meeting.
    Body(String),
}

impl Name {
    /// The name as a heading has it.
    pub(super) fn heading(&self) -> String {
        match self {
            Self::Inverted { family, given } => format!("{family}, {given}"),
            Self::Whole(name) | Self::Body(name) => name.clone(),
        }
    }
}

/// Sorts the access points by role; where there are none, reads the statement of responsibility.
pub(super) fn contributors(bib: &Bib) -> Contributors {
    let mut found = Contributors::default();
    for agent in &bib.agents {
        let role = agent.role.as_deref().unwrap_or_default();
        found.add(name_of(agent), role);
    }
    if found == Contributors::default()
        && let Some(statement) = &bib.responsibility
    {
        found.read_statement(statement);
    }
    found
}

impl Contributors {
    fn add(&mut self, name: Name, role: &str) {
        let role = role.to_lowercase();
        let names = match role.as_str() {
            r if r.contains('译') || r.contains('譯') || r.starts_with("tr") => &mut self.translators,
            r if r.contains("编著") || r.contains("編著") => &mut self.authors,
            r if r.contains('编') || r.contains('編') || r.contains('校') || r.starts_with("ed") => {
                &mut self.editors
            }
            _ => &mut self.authors,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }

    // `（英）狄更斯著；董秋斯译`: groups end at a semicolon, the role is glued to the last name of a group.
    fn read_statement(&mut self, statement: &str) {
        for group in statement.split([';', '；']) {
            let group = group.trim().trim_end_matches(['.', '。', '…']);
            let (names, role) = split_role(group);
            for name in names.split([',', '，', '、', '/']) {
                let name = split_origin(name).1.trim_end_matches('等').trim();
                if !name.is_empty() {
                    self.add(Name::Whole(name.to_owned()), role);
                }
            }
        }
    }
}

fn name_of(agent: &Agent) -> Name {
    let name = agent.name.trim();
    if agent.kind != AgentKind::Person {
        return Name::Body(name.to_owned());
    }
    match name.split_once(", ") {
        Some((family, given)) if !given.trim().is_empty() => {
            Name::Inverted { family: family.trim().to_owned(), given: given.trim().to_owned() }
        }
        _ => Name::Whole(name.trim_end_matches(',').to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bib::MaterialType;

    #[test]
    fn statements_are_read() {
        for (statement, authors, editors, translators) in [
            ("林巧民著", "林巧民", "", ""),
            ("（英）狄更斯著；董秋斯译", "狄更斯", "", "董秋斯"),
            ("张三, 李四主编", "", "张三|李四", ""),
            ("[美] 高德纳著 ; 苏运霖, 王五译", "高德纳", "", "苏运霖|王五"),
            ("王珊、萨师煊编著", "王珊|萨师煊", "", ""),
            ("钱锺书", "钱锺书", "", ""),
            ("谭浩强等编著", "谭浩强", "", ""),
            ("著", "著", "", ""),
            ("", "", "", ""),
        ] {
            let bib = Bib { responsibility: Some(statement.into()), ..Bib::empty(MaterialType::BookChi) };
            let found = contributors(&bib);
            let join = |names: &[Name]| names.iter().map(Name::heading).collect::<Vec<_>>().join("|");
            assert_eq!(join(&found.authors), authors, "{statement}");
            assert_eq!(join(&found.editors), editors, "{statement}");
            assert_eq!(join(&found.translators), translators, "{statement}");
        }
    }
}
