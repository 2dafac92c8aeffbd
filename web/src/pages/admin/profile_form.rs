//! The form of a holdings profile: fields side by side, a line a meaning, the subfield codes in the cells.
//!
//! Pure: form to profile, with a sentence for whatever cannot be, and profile to form.

use std::collections::BTreeMap;

use indexer::mapping::{FieldProfile, Grouping, HoldingsProfile, Role};

use crate::ask::Asked;
use crate::i18n::Lang;

/// Fields that a profile may have here; more are written as TOML by hand.
pub(super) const MAX_FIELDS: usize = 6;
/// Lines of a list in the form.
const MAX_LINES: usize = 2000;

/// The meanings in the order of the form, with their words in files and form.
pub(super) const ROLES: [(Role, &str); 11] = [
    (Role::Location, "location"),
    (Role::Barcode, "barcode"),
    (Role::Class, "class"),
    (Role::BookNumber, "book-number"),
    (Role::CallNumber, "call-number"),
    (Role::Copies, "copies"),
    (Role::CopiesOrCallNumber, "copies-or-call-number"),
    (Role::Prefix, "prefix"),
    (Role::Suffix, "suffix"),
    (Role::Coverage, "coverage"),
    (Role::Status, "status"),
];

/// One field as the form shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) tag: String,
    pub(super) joint: String,
    pub(super) is_group: bool,
    /// Subfield codes by the place of the meaning in `ROLES`.
    pub(super) codes: Vec<String>,
}

/// The whole form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProfileForm {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) locations: String,
    pub(super) lent: String,
    pub(super) not_lent: String,
}

impl ProfileForm {
    /// A profile as a form, with one empty column to write into.
    pub(super) fn of(profile: &HoldingsProfile) -> Self {
        let mut columns: Vec<Column> = profile.fields.iter().map(column).collect();
        if columns.len() < MAX_FIELDS {
            columns.push(Column {
                joint: "/".to_owned(),
                codes: vec![String::new(); ROLES.len()],
                ..Column::default()
            });
        }
        let locations = profile.locations.iter().map(|(code, name)| format!("{code}={name}\n"));
        Self {
            name: profile.name.clone(),
            columns,
            locations: locations.collect(),
            lent: profile.lent.join("\n"),
            not_lent: profile.not_lent.join("\n"),
        }
    }

    /// What was sent, as it was sent.
    pub(super) fn sent(asked: &Asked) -> Self {
        let get = |name: &str| asked.get(name).unwrap_or_default().to_owned();
        let n_columns = get("columns").parse().unwrap_or(0).min(MAX_FIELDS);
        let column = |n: usize| Column {
            tag: get(&format!("tag.{n}")),
            joint: get(&format!("joint.{n}")),
            is_group: get(&format!("grouping.{n}")) == "group",
            codes: ROLES.iter().map(|(_, word)| get(&format!("{word}.{n}"))).collect(),
        };
        Self {
            name: get("name"),
            columns: (0..n_columns).map(column).collect(),
            locations: get("locations"),
            lent: get("lent"),
            not_lent: get("not_lent"),
        }
    }

    /// The profile, or all that is wrong with the form.
    pub(super) fn profile(&self, lang: Lang) -> Result<HoldingsProfile, Vec<String>> {
        let mut faults = Vec::new();
        let columns = self.columns.iter().filter(|column| !column.tag.is_empty() || !column.is_empty());
        let fields: Vec<FieldProfile> = columns.map(|column| column.field(lang, &mut faults)).collect();
        if fields.is_empty() {
            faults.push(lang.t("profile.no_field").to_owned());
        }
        let mut locations = BTreeMap::new();
        for line in lines(&self.locations) {
            match line.split_once('=') {
                Some((code, name)) if !code.trim().is_empty() && !name.trim().is_empty() => {
                    locations.insert(code.trim().to_owned(), name.trim().to_owned());
                }
                _ => faults.push(lang.fill("profile.bad_location", &[("line", line)])),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let words = |text: &str| lines(text).map(str::to_owned).collect();
        let name = if self.name.is_empty() { "own" } else { &self.name };
        Ok(HoldingsProfile {
            name: name.chars().take(60).collect(),
            fields,
            locations,
            not_lent: words(&self.not_lent),
            lent: words(&self.lent),
        })
    }
}

impl Column {
    fn is_empty(&self) -> bool {
        self.codes.iter().all(|codes| codes.trim().is_empty())
    }

    fn field(&self, lang: Lang, faults: &mut Vec<String>) -> FieldProfile {
        let tag = self.tag.trim();
        if tag.len() != 3 || !tag.bytes().all(|b| b.is_ascii_alphanumeric()) {
            faults.push(lang.fill("profile.bad_tag", &[("tag", tag)]));
        }
        let mut subfields = BTreeMap::new();
        for ((role, _), codes) in ROLES.iter().zip(&self.codes) {
            for code in codes.chars().filter(|c| !c.is_whitespace() && !matches!(c, '$' | ',' | '，' | '、'))
            {
                if !code.is_ascii_graphic() {
                    faults.push(lang.fill("profile.bad_code", &[("tag", tag), ("code", &code.to_string())]));
                } else if subfields.insert(code, *role).is_some() {
                    faults
                        .push(lang.fill("profile.code_twice", &[("tag", tag), ("code", &code.to_string())]));
                }
            }
        }
        if subfields.is_empty() {
            faults.push(lang.fill("profile.no_code", &[("tag", tag)]));
        }
        FieldProfile {
            tag: tag.to_owned(),
            grouping: if self.is_group { Grouping::Group } else { Grouping::Field },
            // A space cannot be seen in a form: nothing written means a space.
            joint: if self.joint.is_empty() { " ".to_owned() } else { self.joint.chars().take(8).collect() },
            subfields,
        }
    }
}

fn column(field: &FieldProfile) -> Column {
    let codes =
        |role: &Role| field.subfields.iter().filter(|(_, r)| *r == role).map(|(code, _)| *code).collect();
    Column {
        tag: field.tag.clone(),
        joint: field.joint.trim().to_owned(),
        is_group: field.grouping == Grouping::Group,
        codes: ROLES.iter().map(|(role, _)| codes(role)).collect(),
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).take(MAX_LINES)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> ProfileForm {
        ProfileForm::sent(&Asked::from_pairs(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))))
    }

    #[test]
    fn every_built_in_profile_goes_through_the_form_unchanged() {
        for profile in HoldingsProfile::built_in() {
            let read = ProfileForm::of(&profile).profile(Lang::En).unwrap();
            let but_for_joints = |profile: &HoldingsProfile| {
                let mut profile = profile.clone();
                profile.fields.iter_mut().for_each(|field| field.joint = field.joint.trim().to_owned());
                profile
            };
            assert_eq!(but_for_joints(&read), but_for_joints(&profile), "{}", profile.name);
        }
    }

    #[test]
    fn what_is_sent_becomes_a_profile() {
        let form = sent(&[
            ("columns", "2"),
            ("tag.0", "905"),
            ("joint.0", "/"),
            ("location.0", "a"),
            ("class.0", "$d"),
            ("book-number.0", "e、f"),
            ("locations", "01=中文外借书库\n\n02 = 阅览室\n"),
            ("not_lent", "阅览\n"),
        ]);
        let profile = form.profile(Lang::ZhHans).unwrap();
        assert_eq!(profile.fields.len(), 1, "an empty column is none");
        assert_eq!(profile.fields[0].subfields[&'f'], Role::BookNumber);
        assert_eq!(profile.locations["02"], "阅览室");
        assert_eq!(profile.not_lent, ["阅览"]);
    }

    #[test]
    fn every_fault_is_said_at_once() {
        let form = sent(&[
            ("columns", "99"),
            ("tag.0", "90"),
            ("location.0", "a"),
            ("barcode.0", "a"),
            ("tag.1", "905"),
            ("class.2", "馆"),
            ("locations", "阅览室"),
        ]);
        let faults = form.profile(Lang::ZhHans).unwrap_err();
        assert_eq!(faults.len(), 7, "{faults:?}");
        assert_eq!(sent(&[]).profile(Lang::En).unwrap_err().len(), 1);
    }
}
