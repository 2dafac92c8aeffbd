//! The boxes of a person's own data, shared by registration, profile and recovery: values, what is wrong with them,
//! and passwords, which are never given back.

use daemon::registration::{AccountFault, AccountForm};
use indexer::bib::LibraryCode;
use serde::Deserialize;

use super::Choosable;
use crate::i18n::Lang;
use crate::login::password;
use crate::state::App;

/// A box with its label.
pub(super) struct FormField {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) kind: &'static str,
    pub(super) complete: &'static str,
    pub(super) value: String,
    pub(super) is_required: bool,
    pub(super) hint: Option<&'static str>,
    pub(super) fault: Option<String>,
}

/// What is wrong, by the name of the box.
#[derive(Default)]
pub(super) struct Faults(Vec<(&'static str, String)>);

impl Faults {
    /// Those of the values.
    pub(super) fn of(form: &AccountForm, lang: Lang) -> Self {
        let said = |(name, fault): (&'static str, AccountFault)| (name, lang.t(fault_key(fault)).to_owned());
        Self(form.faults().into_iter().map(said).collect())
    }

    /// One more; the first of a box counts.
    pub(super) fn add(&mut self, name: &'static str, sentence: &str) {
        if self.get(name).is_none() {
            self.0.push((name, sentence.to_owned()));
        }
    }

    /// Those of a new password.
    pub(super) fn add_password(&mut self, chosen: &str, again: &str, about: &[&str], lang: Lang) {
        if let Err(unfit) = password::check(chosen, about) {
            let shortest = password::SHORTEST.to_string();
            self.add("password", &lang.fill(unfit.key(), &[("n", &shortest)]));
        } else if chosen != again {
            self.add("again", lang.t("account.not_the_same"));
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| *of == name).map(|(_, sentence)| sentence.as_str())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn fault_key(fault: AccountFault) -> &'static str {
    match fault {
        AccountFault::Missing => "account.missing",
        AccountFault::TooLong => "account.too_long",
        AccountFault::Unprintable => "account.unprintable",
        AccountFault::NoEmail => "account.no_email",
    }
}

/// What the forms send; passwords are taken as they were typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    pub(super) act: String,
    pub(super) library: String,
    pub(super) barcode: String,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) lang: String,
    /// A box that is ticked sends something.
    pub(super) by_mail: String,
    pub(super) present: String,
    pub(super) password: String,
    pub(super) again: String,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sent").field("act", &self.act).field("library", &self.library).finish_non_exhaustive()
    }
}

impl Sent {
    pub(super) fn form(&self) -> AccountForm {
        AccountForm {
            barcode: self.barcode.clone(),
            code: self.code.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
        }
        .tidied()
    }

    /// The boxes of these names, with what was typed and what is wrong.
    pub(super) fn fields(&self, names: &[&str], faults: &Faults) -> Vec<FormField> {
        let is_wanted = |(name, ..): &&(&'static str, _, _, _, _, _)| names.contains(name);
        FIELDS.iter().filter(is_wanted).map(|field| self.field(*field, faults)).collect()
    }

    fn field(&self, (name, label, kind, complete, is_required, hint): Row, faults: &Faults) -> FormField {
        let value = match name {
            "barcode" => &self.barcode,
            "code" => &self.code,
            "name" => &self.name,
            "email" => &self.email,
            "phone" => &self.phone,
            _ => "",
        };
        let fault = faults.get(name).map(str::to_owned);
        FormField { name, label, kind, complete, value: value.to_owned(), is_required, hint, fault }
    }
}

/// Name, label, kind of box, what a browser may fill in, whether it must be there, what is said below it.
type Row = (&'static str, &'static str, &'static str, &'static str, bool, Option<&'static str>);

const FIELDS: [Row; 8] = [
    ("barcode", "account.barcode", "text", "username", true, None),
    ("code", "account.code", "text", "off", false, Some("account.code_hint")),
    ("name", "account.name", "text", "name", true, None),
    ("email", "account.email", "email", "email", true, None),
    ("phone", "account.phone", "tel", "tel", false, None),
    (
        "present",
        "account.present_password",
        "password",
        "current-password",
        false,
        Some("account.present_hint"),
    ),
    ("password", "account.password", "password", "new-password", true, Some("account.password_hint")),
    ("again", "account.again", "password", "new-password", true, None),
];

/// All members, this one chosen; the library of this machine where none is.
pub(super) fn libraries(app: &App, chosen: &str) -> Vec<Choosable> {
    let home = app.home().map(|code| code.to_string()).unwrap_or_default();
    let chosen = if chosen.is_empty() { &home } else { chosen };
    let members = app.members();
    let library = |library: &indexer::library::Library| Choosable {
        value: library.code.to_string(),
        label: format!("{} {}", library.code, library.name),
        chosen: library.code.as_str() == chosen,
    };
    members.iter().map(library).collect()
}

/// Whether a member has this code.
pub(super) fn is_member(app: &App, code: &str) -> bool {
    app.members().get(&LibraryCode::new(code)).is_some()
}
