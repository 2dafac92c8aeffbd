//! One MARC-in-JSON object → fields. Takes the shapes that are seen: a key a tag, `tag` and `data`, lists of
//! control and data fields.

use serde_json::{Map, Value};

use crate::charset::Charset;

use super::super::{Flaw, FlawCode, Leader, RawRecord, Record, Tag};
use super::ParseOptions;
use super::text::TextDecoder;

pub(super) fn parse(raw: &RawRecord, options: &ParseOptions, record: &mut Record) -> Result<(), Flaw> {
    let bad = Flaw { code: FlawCode::BadJson, at: raw.offset };
    let mut decoder = TextDecoder::new(raw, &raw.bytes, || None, options);
    let value: Value = match decoder.charset() {
        Charset::Ascii | Charset::Utf8 => serde_json::from_slice(&raw.bytes),
        _ => {
            // Backslashes may be halves of characters: the text is decoded before it is read.
            let mut text = String::new();
            decoder.append(&raw.bytes, raw.offset, &mut text);
            serde_json::from_str(&text)
        }
    }
    .map_err(|_| bad)?;
    let object = value.as_object().ok_or(bad)?;
    record.set_leader(leader(object.get("leader")));
    let mut reader = FieldReader { at: raw.offset, record, controls: false };
    for (key, plain) in [("fields", false), ("controlfields", true), ("controlfield", true)] {
        reader.list(object.get(key), plain);
    }
    for key in ["datafields", "datafield"] {
        reader.list(object.get(key), false);
    }
    if reader.controls {
        record.flaw_once(FlawCode::ControlCharacters, raw.offset);
    }
    decoder.finish(record);
    if record.n_fields() == 0 {
        record.flaw(FlawCode::NoFields, raw.offset);
    }
    Ok(())
}

fn leader(value: Option<&Value>) -> Leader {
    let mut leader = [b' '; 24];
    let text = value.and_then(Value::as_str).unwrap_or_default();
    for (slot, c) in leader.iter_mut().zip(text.chars()) {
        *slot = if (' '..'\u{7F}').contains(&c) { c as u8 } else { b' ' };
    }
    Leader(leader)
}

struct FieldReader<'a> {
    at: u64,
    record: &'a mut Record,
    controls: bool,
}

impl FieldReader<'_> {
    fn list(&mut self, fields: Option<&Value>, plain: bool) {
        match fields {
            None | Some(Value::Null) => {}
            Some(Value::Array(fields)) => fields.iter().for_each(|field| self.field(field, plain)),
            Some(Value::Object(fields)) => {
                for (tag, content) in fields {
                    match content {
                        Value::Array(repeats) => repeats.iter().for_each(|one| self.tagged(tag, one)),
                        one => self.tagged(tag, one),
                    }
                }
            }
            Some(_) => self.odd(),
        }
    }

    fn odd(&mut self) {
        self.record.flaw_once(FlawCode::OddJson, self.at);
    }

    fn field(&mut self, field: &Value, plain: bool) {
        let Some(object) = field.as_object() else { return self.odd() };
        if let Some(tag) = object.get("tag").and_then(Value::as_str) {
            let text = ["data", "value", "content"].iter().find_map(|key| object.get(*key)?.as_str());
            match text.filter(|_| plain || !has_subfields(object)) {
                Some(text) => self.control(tag_of(tag), text),
                None => self.data(tag_of(tag), object),
            }
            return;
        }
        for (tag, content) in object {
            self.tagged(tag, content);
        }
    }

    fn tagged(&mut self, tag: &str, content: &Value) {
        match content {
            Value::String(text) => self.control(tag_of(tag), text),
            Value::Object(object) => self.data(tag_of(tag), object),
            _ => self.odd(),
        }
    }

    fn control(&mut self, tag: Tag, text: &str) {
        let controls = &mut self.controls;
        self.record.push_control(tag, |out| *controls |= push_text(text, out));
    }

    fn data(&mut self, tag: Tag, object: &Map<String, Value>) {
        let indicators = match object.get("ind").and_then(Value::as_str).map(str::as_bytes) {
            Some([one, two]) => [*one, *two],
            _ => [indicator(object, ["ind1", "indicator1"]), indicator(object, ["ind2", "indicator2"])],
        };
        self.record.push_data(tag, indicators.map(|b| if (b' '..0x7F).contains(&b) { b } else { b' ' }));
        match subfields(object) {
            Some(Value::Array(list)) => list.iter().for_each(|subfield| self.subfield(subfield)),
            Some(Value::Object(map)) => self.subfields_of(map),
            _ => self.odd(),
        }
    }

    fn subfield(&mut self, subfield: &Value) {
        let Some(object) = subfield.as_object() else { return self.odd() };
        match object.get("code").and_then(Value::as_str) {
            Some(code) if object.len() > 1 => {
                let text = ["data", "value", "content"].iter().find_map(|key| object.get(*key)?.as_str());
                self.text(code, text.unwrap_or_default());
            }
            _ => self.subfields_of(object),
        }
    }

    fn subfields_of(&mut self, map: &Map<String, Value>) {
        for (code, value) in map {
            match value {
                Value::String(text) => self.text(code, text),
                Value::Array(texts) => {
                    for text in texts {
                        self.text(code, text.as_str().unwrap_or_default());
                    }
                }
                Value::Number(number) => self.text(code, &number.to_string()),
                Value::Null => {}
                _ => self.odd(),
            }
        }
    }

    fn text(&mut self, code: &str, text: &str) {
        if text.is_empty() {
            return self.record.flaw_once(FlawCode::EmptySubfield, self.at);
        }
        let code = code.chars().next().filter(char::is_ascii_graphic).unwrap_or_else(|| {
            self.record.flaw_once(FlawCode::BadSubfieldCode, self.at);
            'a'
        });
        let controls = &mut self.controls;
        self.record.push_subfield(code, |out| *controls |= push_text(text, out));
    }
}

fn subfields(object: &Map<String, Value>) -> Option<&Value> {
    ["subfields", "subfield"].iter().find_map(|key| object.get(*key))
}

fn has_subfields(object: &Map<String, Value>) -> bool {
    subfields(object).is_some()
}

fn indicator(object: &Map<String, Value>, keys: [&str; 2]) -> u8 {
    let value = keys.iter().find_map(|key| object.get(*key)?.as_str());
    value.and_then(|v| v.bytes().next()).unwrap_or(b' ')
}

fn tag_of(text: &str) -> Tag {
    let mut tag = *b"   ";
    for (slot, b) in tag.iter_mut().zip(text.bytes()) {
        *slot = b;
    }
    tag
}

/// Appends text that JSON has already decoded; true where controls fell out.
fn push_text(text: &str, out: &mut String) -> bool {
    crate::charset::decode(Charset::Utf8, text.as_bytes(), out).controls > 0
}
