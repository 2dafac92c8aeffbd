//! Text out of fields: wanted subfields, trimmed and joined, into an empty place or behind what is there.
//!
//! What a field means is for the declarations and the engine; nothing here looks at a tag.

use crate::marc::Field;

use super::punctuation::trim_isbd;
use super::rule::{Rule, Target};

/// The title in a linking field: embedded behind `$1200`, or `$t`, or a bare `$a`.
pub(super) fn linked_title(field: &Field<'_>) -> Option<String> {
    let mut embedded = None;
    let mut title = None;
    for (code, text) in field.subfields() {
        match code {
            '1' => embedded = Some(text.starts_with("200")),
            'a' if embedded != Some(false) => keep_first(&mut title, filled(trim_isbd(text))),
            't' => keep_first(&mut title, filled(trim_isbd(text))),
            _ => {}
        }
    }
    title
}

pub(super) fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn keep_first<T>(slot: &mut Option<T>, value: Option<T>) {
    if slot.is_none() {
        *slot = value;
    }
}

pub(super) fn append(slot: &mut Option<String>, text: Option<String>) {
    match (slot.as_mut(), text) {
        (Some(before), Some(text)) => {
            before.push(' ');
            before.push_str(&text);
        }
        (None, text) => *slot = text,
        (Some(_), None) => {}
    }
}

pub(super) fn push_new<T: PartialEq>(list: &mut Vec<T>, value: Option<T>) {
    if let Some(value) = value.filter(|v| !list.contains(v)) {
        list.push(value);
    }
}

/// Whether a rule names this subfield; `str::contains` would call out to a search for long texts.
pub(super) fn wants(wanted: &str, code: char) -> bool {
    wanted.bytes().any(|b| char::from(b) == code)
}

/// The wanted subfields of a field joined in record order.
pub(super) fn gather(field: &Field<'_>, wanted: &str, joint: &str) -> Option<String> {
    let mut text = String::new();
    for (_, part) in field.subfields().filter(|(code, _)| wants(wanted, *code)) {
        let part = trim_isbd(part);
        if part.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push_str(joint);
        }
        text.push_str(part);
    }
    (!text.is_empty()).then_some(text)
}

/// Each wanted subfield by itself.
pub(super) fn each<'a>(field: &Field<'a>, rule: &Rule) -> impl Iterator<Item = String> + use<'a> {
    let wanted = rule.subfields;
    let keep_punctuation = matches!(rule.to, Target::Note | Target::Url);
    field
        .subfields()
        .filter(|(code, _)| wants(wanted, *code))
        .filter_map(move |(_, text)| filled(if keep_punctuation { text } else { trim_isbd(text) }))
}

/// A heading with its subdivisions joined by `--`.
pub(super) fn subject(field: &Field<'_>, wanted: &str) -> Option<String> {
    let mut text = String::new();
    for (code, part) in field.subfields().filter(|(code, _)| wants(wanted, *code)) {
        let part = trim_isbd(part);
        if part.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push_str(if matches!(code, 'x' | 'y' | 'z' | 'j' | 'v') { "--" } else { " " });
        }
        text.push_str(part);
    }
    (!text.is_empty()).then_some(text)
}
