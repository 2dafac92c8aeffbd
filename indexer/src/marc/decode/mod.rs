//! Parsers: the bytes of one record → a decoded `Record`. Pure; one file a carrier form.

mod iso2709;
mod json;
mod lines;
mod recover;
mod sound;
mod text;
mod xml;

use crate::charset::{Charset, decode_entities, repair_mojibake};

use super::{Carrier, Flaw, FlawCode, RawRecord, Record};

/// What is known beforehand about the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParseOptions {
    /// The charset to read with, whatever the bytes look like.
    pub charset: Option<Charset>,
    /// The charset of nearly all other records of the source: decides where a short record leaves it open.
    pub prior: Option<Charset>,
    /// Leaves text as it was decoded where a better reading is known, and only notes the flaw.
    pub as_decoded: bool,
}

/// Decodes one framed record into `record`, whose buffers are used again.
///
/// An error is the reason why nothing could be read of it: the record is a reject.
pub fn parse(raw: &RawRecord, options: &ParseOptions, record: &mut Record) -> Result<(), Flaw> {
    record.clear();
    record.flaws.extend_from_slice(&raw.flaws);
    match raw.carrier {
        Carrier::Iso2709 => iso2709::parse(raw, options, record)?,
        Carrier::Xml => xml::parse(raw, options, record)?,
        Carrier::Json => json::parse(raw, options, record)?,
        Carrier::Mrk | Carrier::Line | Carrier::Worksheet => lines::parse(raw, options, record)?,
    }
    note_text_damage(raw, options, record);
    Ok(())
}

/// Text that had been damaged before it was exported: a better reading takes its place, the bytes stay as they are.
fn note_text_damage(raw: &RawRecord, options: &ParseOptions, record: &mut Record) {
    if memchr::memchr(b'&', record.text().as_bytes()).is_some() && mend(record, decode_entities, options) {
        record.flaw(FlawCode::EntitiesInText, raw.offset);
    }
    if record.charset == Charset::Ascii {
        return;
    }
    // The title stands for the record: a wrong charset garbles all of it.
    let title = record.fields().find(|f| matches!(&f.tag(), b"200" | b"245")).and_then(|f| f.first('a'));
    let garbled = title.is_some_and(|title| repair_mojibake(title).is_some());
    if garbled && mend(record, repair_mojibake, options) {
        record.flaw(FlawCode::TextRepaired, raw.offset);
    }
}

fn mend(record: &mut Record, better: impl Fn(&str) -> Option<String>, options: &ParseOptions) -> bool {
    if options.as_decoded {
        return record.texts().any(|text| better(text).is_some());
    }
    record.rewrite(better)
}
