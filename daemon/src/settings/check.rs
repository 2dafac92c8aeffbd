//! Holds a TOML table against the list of keys: one pass, every fault, every origin.

use std::fmt;

use toml::{Table, Value};

/// A key that may stand in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// `server.listen`; `source[].kind` for a key of each element; `mail.*` for a section left to others.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// TOML of the default; empty where the key may be absent.
    pub(super) default: &'static str,
}

/// What may stand behind a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Required,
    Texts,
    Url,
    TimeZone,
    Choice(&'static [&'static str]),
    Flag,
    Count,
    Fraction,
    Anything,
}

/// Something wrong in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, as it would be written: `source[2].kind`.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
}

impl Fault {
    pub(super) fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, self.message)
    }
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The file says so.
    File,
    /// The command line says so.
    CommandLine,
}

/// A key with the value in force.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// Its value; `None` where it is absent.
    pub value: Option<Value>,
    /// Where the value comes from.
    pub origin: Origin,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = match self.origin {
            Origin::Default => "default",
            Origin::File => "file",
            Origin::CommandLine => "command line",
        };
        match &self.value {
            Some(value) => write!(f, "{} = {value}  # {origin}", self.key),
            None => write!(f, "# {} is not set", self.key),
        }
    }
}

/// All values in force and all faults.
pub(super) fn check(table: &Table, keys: &[Key]) -> (Vec<Setting>, Vec<Fault>) {
    let mut settings = Vec::new();
    let mut faults = Vec::new();
    for key in keys.iter().filter(|k| !k.path.contains("[]") && !k.path.ends_with(".*")) {
        let given = lookup(table, key.path);
        if let Some(value) = given {
            complain(key.path, value, key.kind, &mut faults);
        }
        let (value, origin) = match given {
            Some(value) => (Some(value.clone()), Origin::File),
            None => (default_value(key), Origin::Default),
        };
        settings.push(Setting { key: key.path.to_owned(), value, origin });
    }
    for (name, value) in table {
        section(name, value, keys, &mut settings, &mut faults);
    }
    (settings, faults)
}

fn section(name: &str, value: &Value, keys: &[Key], settings: &mut Vec<Setting>, faults: &mut Vec<Fault>) {
    let list = format!("{name}[].");
    if keys.iter().any(|k| k.path.starts_with(&list)) {
        let Some(elements) = value.as_array() else {
            faults.push(Fault::new(name, format!("is a list of tables: write [[{name}]]")));
            return;
        };
        for (i, element) in elements.iter().enumerate() {
            element_of(&format!("{name}[{}]", i + 1), &list, element, keys, settings, faults);
        }
        return;
    }
    let inside = format!("{name}.");
    if keys.iter().any(|k| k.path.starts_with(&inside)) {
        let Some(table) = value.as_table() else {
            faults.push(Fault::new(name, format!("is a section: write [{name}]")));
            return;
        };
        unknown_keys(name, &inside, table, keys, faults);
    } else if !keys.iter().any(|k| k.path == name) {
        faults.push(Fault::new(name, "is no key that this version knows"));
    }
}

fn element_of(
    at: &str,
    list: &str,
    element: &Value,
    keys: &[Key],
    settings: &mut Vec<Setting>,
    faults: &mut Vec<Fault>,
) {
    let Some(table) = element.as_table() else {
        faults.push(Fault::new(at, "is not a table"));
        return;
    };
    unknown_keys(at, list, table, keys, faults);
    for key in keys.iter().filter(|k| k.path.starts_with(list)) {
        let name = &key.path[list.len()..];
        match table.get(name) {
            Some(value) => {
                complain(&format!("{at}.{name}"), value, key.kind, faults);
                let value = Some(value.clone());
                settings.push(Setting { key: format!("{at}.{name}"), value, origin: Origin::File });
            }
            None if matches!(key.kind, Kind::Required) => {
                faults.push(Fault::new(format!("{at}.{name}"), "is missing"));
            }
            None => {}
        }
    }
}

fn unknown_keys(at: &str, prefix: &str, table: &Table, keys: &[Key], faults: &mut Vec<Fault>) {
    let left_to_others = format!("{prefix}*");
    if keys.iter().any(|k| k.path == left_to_others) {
        return;
    }
    for name in table.keys() {
        if !keys.iter().any(|k| k.path.strip_prefix(prefix) == Some(name.as_str())) {
            faults.push(Fault::new(format!("{at}.{name}"), "is no key that this version knows"));
        }
    }
}

fn complain(key: &str, value: &Value, kind: Kind, faults: &mut Vec<Fault>) {
    if let Some(message) = objection(value, kind) {
        faults.push(Fault::new(key, message));
    }
}

fn objection(value: &Value, kind: Kind) -> Option<String> {
    let wrong = |right: bool, what: &str| (!right).then(|| format!("must be {what}, not {value}"));
    match kind {
        Kind::Text => wrong(value.is_str(), "a text"),
        Kind::Required => wrong(value.as_str().is_some_and(|t| !t.is_empty()), "a text"),
        Kind::Texts => {
            wrong(value.as_array().is_some_and(|a| a.iter().all(Value::is_str)), "a list of texts")
        }
        Kind::Url => {
            let web = |t: &str| t.starts_with("http://") || t.starts_with("https://");
            wrong(value.as_str().is_some_and(web), "an http: or https: address")
        }
        Kind::TimeZone => {
            let known = |name| jiff::tz::TimeZone::get(name).is_ok();
            wrong(value.as_str().is_some_and(known), "the name of a time zone such as \"Asia/Shanghai\"")
        }
        Kind::Choice(words) => {
            wrong(value.as_str().is_some_and(|t| words.contains(&t)), &format!("one of {}", words.join(", ")))
        }
        Kind::Flag => wrong(value.is_bool(), "true or false"),
        Kind::Count => {
            wrong(value.as_integer().is_some_and(|n| (0..=1_000_000).contains(&n)), "a number from 0")
        }
        Kind::Fraction => {
            wrong(as_fraction(value).is_some_and(|x| (0.0..=1.0).contains(&x)), "a share between 0 and 1")
        }
        Kind::Anything => None,
    }
}

fn as_fraction(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|n| n as f64))
}

fn lookup<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        Some((section, name)) => table.get(section)?.as_table()?.get(name),
        None => table.get(path),
    }
}

fn default_value(key: &Key) -> Option<Value> {
    let line = format!("value = {}", key.default);
    line.parse::<Table>().ok()?.remove("value")
}

fn value<'a>(settings: &'a [Setting], key: &str) -> Option<&'a Value> {
    settings.iter().find(|s| s.key == key)?.value.as_ref()
}

/// Text of a setting, empty where it is absent.
pub(super) fn text<'a>(settings: &'a [Setting], key: &str) -> &'a str {
    value(settings, key).and_then(Value::as_str).unwrap_or_default()
}

/// Texts of a list, none where it is absent.
pub(super) fn texts<'a>(settings: &'a [Setting], key: &str) -> impl Iterator<Item = &'a str> {
    value(settings, key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Flag of a setting, false where it is absent.
pub(super) fn flag(settings: &[Setting], key: &str) -> bool {
    value(settings, key).and_then(Value::as_bool).unwrap_or_default()
}

/// Number of a setting, 0 where it is absent.
pub(super) fn number(settings: &[Setting], key: &str) -> i64 {
    value(settings, key).and_then(Value::as_integer).unwrap_or_default()
}

/// Share of a setting, 0 where it is absent.
pub(super) fn fraction(settings: &[Setting], key: &str) -> f64 {
    value(settings, key).and_then(as_fraction).unwrap_or_default()
}
