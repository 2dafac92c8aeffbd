//! Parsers: the bytes of one record → a decoded `Record`. Pure; one file a carrier form.

mod iso2709;
mod json;
mod lines;
mod text;
mod xml;

use crate::charset::Charset;

use super::{Carrier, Flaw, RawRecord, Record};

/// What is known beforehand about the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParseOptions {
    /// The charset to read with, whatever the bytes look like.
    pub charset: Option<Charset>,
    /// The charset of nearly all other records of the source: decides where a short record leaves it open.
    pub prior: Option<Charset>,
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
    note_text_damage(raw, record);
    Ok(())
}

fn note_text_damage(_raw: &RawRecord, _record: &mut Record) {}
