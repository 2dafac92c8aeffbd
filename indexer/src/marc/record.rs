//! A decoded MARC record of either family: one text buffer, spans for fields and subfields.
//!
//! A `Record` is meant to be used again and again: `clear` keeps the buffers, so that reading a million
//! records allocates nothing.

use std::ops::Range;

use crate::charset::Charset;

use super::{Flaw, FlawCode};

/// Three characters of a tag; any three (DOMAIN §1.4).
pub type Tag = [u8; 3];

/// A decoded record. Text is NFC without C0/C1 controls.
#[derive(Clone, Debug, Default)]
pub struct Record {
    leader: Leader,
    text: String,
    fields: Vec<FieldSpan>,
    subfields: Vec<SubfieldSpan>,
    /// What was wrong with it and has been repaired or survived.
    pub flaws: Vec<Flaw>,
    /// The charset its bytes were read as.
    pub charset: Charset,
}

/// The 24 characters in front of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader(pub [u8; 24]);

impl Default for Leader {
    fn default() -> Self {
        Self([b' '; 24])
    }
}

impl Leader {
    /// The character at a position of ISO 2709 leader, 0–23.
    pub fn at(&self, position: usize) -> u8 {
        self.0.get(position).copied().unwrap_or(b' ')
    }
}

#[derive(Clone, Debug)]
struct FieldSpan {
    tag: Tag,
    indicators: [u8; 2],
    // Text of a control field; empty for a data field.
    value: Range<u32>,
    subfields: Range<u32>,
}

#[derive(Clone, Debug)]
struct SubfieldSpan {
    code: char,
    value: Range<u32>,
}

impl Record {
    /// Forgets the content, keeps the buffers.
    pub fn clear(&mut self) {
        self.leader = Leader::default();
        self.text.clear();
        self.fields.clear();
        self.subfields.clear();
        self.flaws.clear();
        self.charset = Charset::default();
    }

    /// The leader.
    pub fn leader(&self) -> &Leader {
        &self.leader
    }

    /// Sets the leader.
    pub fn set_leader(&mut self, leader: Leader) {
        self.leader = leader;
    }

    /// Forgets the text and its fields only.
    pub(super) fn forget_fields(&mut self) {
        self.text.clear();
        self.fields.clear();
        self.subfields.clear();
    }

    /// The text, to be written first, and the spans, to be laid over it then.
    pub(super) fn parts_mut(&mut self) -> (&mut String, Spans<'_>) {
        (&mut self.text, Spans { fields: &mut self.fields, subfields: &mut self.subfields })
    }

    /// Notes a flaw at an absolute byte offset of the file.
    pub fn flaw(&mut self, code: FlawCode, at: u64) {
        self.flaws.push(Flaw { code, at });
    }

    /// Notes a flaw unless one of this kind has been noted.
    pub fn flaw_once(&mut self, code: FlawCode, at: u64) {
        if !self.flaws.iter().any(|f| f.code == code) {
            self.flaw(code, at);
        }
    }

    /// Adds a control field; `write` appends its text.
    pub fn push_control(&mut self, tag: Tag, write: impl FnOnce(&mut String)) {
        let value = self.written(write);
        let none = self.subfields.len() as u32;
        self.fields.push(FieldSpan { tag, indicators: *b"  ", value, subfields: none..none });
    }

    /// Opens a data field; its subfields follow by `push_subfield`.
    pub fn push_data(&mut self, tag: Tag, indicators: [u8; 2]) {
        let none = self.subfields.len() as u32;
        let here = self.text.len() as u32;
        self.fields.push(FieldSpan { tag, indicators, value: here..here, subfields: none..none });
    }

    /// Adds a subfield to the last data field; `write` appends its text.
    pub fn push_subfield(&mut self, code: char, write: impl FnOnce(&mut String)) {
        let value = self.written(write);
        self.subfields.push(SubfieldSpan { code, value });
        let n_subfields = self.subfields.len() as u32;
        if let Some(field) = self.fields.last_mut() {
            field.subfields.end = n_subfields;
        }
    }

    /// Lets `write` go on with the last subfield, opening subfield `a` where there is none.
    pub fn extend_subfield(&mut self, write: impl FnOnce(&mut String)) {
        if self.fields.last().is_none_or(|f| f.subfields.is_empty()) {
            self.push_subfield('a', write);
            return;
        }
        // The last subfield's text is the end of the buffer.
        write(&mut self.text);
        let end = self.text.len() as u32;
        if let Some(subfield) = self.subfields.last_mut() {
            subfield.value.end = end;
        }
    }

    /// Appends to the last text of the last field.
    pub(super) fn extend_last(&mut self, more: &str) {
        let Some(field) = self.fields.last_mut() else { return };
        self.text.push_str(more);
        let end = self.text.len() as u32;
        match self.subfields.last_mut().filter(|_| !field.subfields.is_empty()) {
            Some(subfield) => subfield.value.end = end,
            None => field.value.end = end,
        }
    }

    /// Every text of a control field or subfield.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let values = self.fields.iter().map(|f| &f.value).chain(self.subfields.iter().map(|s| &s.value));
        values.map(|value| &self.text[range(value)])
    }

    /// Replaces texts by better ones; `better` answers `None` for those that are good. True if any was replaced.
    pub(super) fn rewrite(&mut self, better: impl Fn(&str) -> Option<String>) -> bool {
        let mut any = false;
        let mut text = String::with_capacity(self.text.len());
        let mut moved = |value: &mut Range<u32>| {
            let old = &self.text[range(value)];
            let start = text.len() as u32;
            match better(old) {
                Some(new) => {
                    any = true;
                    text.push_str(&new);
                }
                None => text.push_str(old),
            }
            *value = start..text.len() as u32;
        };
        for field in &mut self.fields {
            // In the order of the text: a field's own value stands before its subfields.
            moved(&mut field.value);
            self.subfields[range(&field.subfields)].iter_mut().for_each(|s| moved(&mut s.value));
        }
        self.text = text;
        any
    }

    fn written(&mut self, write: impl FnOnce(&mut String)) -> Range<u32> {
        let start = self.text.len() as u32;
        write(&mut self.text);
        start..self.text.len() as u32
    }

    /// All fields in record order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.fields.iter().map(|span| Field { record: self, span })
    }

    /// The fields with this tag.
    pub fn fields_tagged<'a>(&'a self, tag: &'a [u8; 3]) -> impl Iterator<Item = Field<'a>> {
        self.fields().filter(move |f| f.span.tag == *tag)
    }

    /// The first field with this tag.
    pub fn field(&self, tag: &[u8; 3]) -> Option<Field<'_>> {
        self.fields().find(|f| f.span.tag == *tag)
    }

    /// Number of fields.
    pub fn n_fields(&self) -> usize {
        self.fields.len()
    }

    /// The whole decoded text, field after field; delimiters may stand between the pieces.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    record: &'a Record,
    span: &'a FieldSpan,
}

impl<'a> Field<'a> {
    /// Its tag.
    pub fn tag(&self) -> Tag {
        self.span.tag
    }

    /// The tag as text, unreadable bytes shown as `?`.
    pub fn tag_text(&self) -> String {
        self.span.tag.iter().map(|&b| if b.is_ascii_graphic() { b as char } else { '?' }).collect()
    }

    /// Its two indicators, blanks for a control field.
    pub fn indicators(&self) -> [u8; 2] {
        self.span.indicators
    }

    /// Whether it has no subfields but bare text.
    pub fn is_control(&self) -> bool {
        self.span.subfields.is_empty()
    }

    /// Text of a control field, else empty.
    pub fn value(&self) -> &'a str {
        &self.record.text[range(&self.span.value)]
    }

    /// Its subfields in order: code and text.
    pub fn subfields(&self) -> impl Iterator<Item = (char, &'a str)> + use<'a> {
        let record = self.record;
        record.subfields[range(&self.span.subfields)]
            .iter()
            .map(move |s| (s.code, &record.text[range(&s.value)]))
    }

    /// Text of the first subfield with this code that is not empty.
    pub fn first(&self, code: char) -> Option<&'a str> {
        self.subfields().find(|(c, text)| *c == code && !text.is_empty()).map(|(_, text)| text)
    }
}

/// Fields and subfields of a record whose text stands already.
pub(super) struct Spans<'a> {
    fields: &'a mut Vec<FieldSpan>,
    subfields: &'a mut Vec<SubfieldSpan>,
}

impl Spans<'_> {
    /// Adds a control field.
    pub(super) fn push_control(&mut self, tag: Tag, value: Range<usize>) {
        let none = self.subfields.len() as u32;
        self.fields.push(FieldSpan { tag, indicators: *b"  ", value: narrow(value), subfields: none..none });
    }

    /// Opens a data field; its subfields follow.
    pub(super) fn push_data(&mut self, tag: Tag, indicators: [u8; 2]) {
        let none = self.subfields.len() as u32;
        self.fields.push(FieldSpan { tag, indicators, value: 0..0, subfields: none..none });
    }

    /// Adds a subfield to the last data field.
    pub(super) fn push_subfield(&mut self, code: char, value: Range<usize>) {
        self.subfields.push(SubfieldSpan { code, value: narrow(value) });
        if let Some(field) = self.fields.last_mut() {
            field.subfields.end += 1;
        }
    }
}

// A record is shorter than its reader's limit, which is far below four gigabytes.
fn narrow(span: Range<usize>) -> Range<u32> {
    span.start as u32..span.end as u32
}

fn range(span: &Range<u32>) -> Range<usize> {
    span.start as usize..span.end as usize
}
