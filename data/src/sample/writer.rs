//! A MARC writer of its own: test data must not come from the code under test.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::catalogue::MarcRecord;
use super::eacc;
use super::habits::{ExportCharset, Habits};

const RECORD_TERMINATOR: u8 = 0x1D;
const FIELD_TERMINATOR: u8 = 0x1E;
const SUBFIELD: u8 = 0x1F;

/// Traditional forms of simplified characters that Big5 has, from the fold table read backwards.
static TRADITIONAL: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let mut forms = HashMap::new();
    for line in crate::fold::TABLE.lines().filter(|l| !l.starts_with(['#', '='])) {
        let Some((target, sources)) = line.split_once('\t') else { continue };
        let mut chars = target.chars();
        let (Some(simple), None) = (chars.next(), chars.next()) else { continue };
        if !('\u{4e00}'..='\u{9fff}').contains(&simple) || in_big5(simple) {
            continue;
        }
        if let Some(form) = sources.chars().find(|c| ('\u{4e00}'..='\u{9fff}').contains(c) && in_big5(*c)) {
            forms.insert(simple, form);
        }
    }
    forms
});

fn in_big5(c: char) -> bool {
    let mut buffer = [0u8; 4];
    let (_, _, unmappable) = encoding_rs::BIG5.encode(c.encode_utf8(&mut buffer));
    !unmappable
}

/// Writes a record as ISO 2709, lengths counted in bytes.
pub(super) fn iso2709(record: &MarcRecord, habits: &Habits) -> Vec<u8> {
    let charset = effective_charset(record, habits);
    let mut directory = Vec::new();
    let mut data = Vec::new();
    for field in &record.fields {
        let start = data.len();
        if field.indicators.is_empty() {
            data.extend(field.subfields.iter().flat_map(|(_, text)| encode(text, charset, false)));
        } else {
            data.extend_from_slice(field.indicators.as_bytes());
            for (code, text) in &field.subfields {
                data.push(SUBFIELD);
                data.push(*code as u8);
                data.extend(encode(text, charset, habits.traditional));
            }
        }
        data.push(FIELD_TERMINATOR);
        directory.extend_from_slice(format!("{}{:04}{start:05}", field.tag, data.len() - start).as_bytes());
    }
    directory.push(FIELD_TERMINATOR);
    let base = 24 + directory.len();
    let length = base + data.len() + 1;
    let mut bytes = record.leader.to_vec();
    bytes[..5].copy_from_slice(format!("{length:05}").as_bytes());
    bytes[12..17].copy_from_slice(format!("{base:05}").as_bytes());
    if bytes[9] == b'a' && charset != ExportCharset::Utf8 {
        bytes[9] = b' ';
    }
    bytes.extend(directory);
    bytes.extend(data);
    bytes.push(RECORD_TERMINATOR);
    bytes
}

/// Big5 or MARC-8 where the whole record can be written so, else UTF-8: real exports mix them as well.
fn effective_charset(record: &MarcRecord, habits: &Habits) -> ExportCharset {
    let texts = record.fields.iter().flat_map(|f| f.subfields.iter().map(|(_, text)| text));
    let mut chars = texts.flat_map(|t| t.chars()).filter(|c| !c.is_ascii());
    let fits = match habits.charset {
        ExportCharset::Gb18030 | ExportCharset::Utf8 => true,
        ExportCharset::Big5 => chars.all(|c| in_big5(traditional(c))),
        ExportCharset::Marc8 => chars.all(eacc::has),
    };
    if fits { habits.charset } else { ExportCharset::Utf8 }
}

fn traditional(c: char) -> char {
    TRADITIONAL.get(&c).copied().unwrap_or(c)
}

fn encode(text: &str, charset: ExportCharset, in_traditional: bool) -> Vec<u8> {
    let text: String = if in_traditional { text.chars().map(traditional).collect() } else { text.to_owned() };
    match charset {
        ExportCharset::Utf8 => text.into_bytes(),
        ExportCharset::Gb18030 => encoding_rs::GB18030.encode(&text).0.into_owned(),
        ExportCharset::Big5 => encoding_rs::BIG5.encode(&text).0.into_owned(),
        ExportCharset::Marc8 => eacc::encode(&text),
    }
}
