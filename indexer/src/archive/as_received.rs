//! A library's current records, written out byte for byte as they came.
//!
//! ISO 2709 records stand one after the other; what was XML gets one element around it, which says in which encoding
//! the records are, text forms a blank line and JSON a line end between records: each can be read again by this program.
//! It parses nothing.

use std::io::Write;
use std::path::PathBuf;

use super::error::{Error, Result};
use super::library_archive::LibraryArchive;
use crate::charset::Charset;
use crate::marc::{Carrier, RawRecord};

/// Records may use the prefix without binding it: their own collection did.
const COLLECTION: &str =
    "<collection xmlns=\"http://www.loc.gov/MARC21/slim\" xmlns:marc=\"http://www.loc.gov/MARC21/slim\">";
const CLOSE: &[u8] = b"</collection>\n";

impl LibraryArchive {
    /// Writes the current records in the order in which they were received; how many there are.
    pub fn write_as_received(&self, out: &mut dyn Write) -> Result<u64> {
        let state = self.state()?;
        let mut slots: Vec<(usize, u32)> =
            state.slots.iter().map(|slot| (slot.pack_idx(), slot.slot)).collect();
        slots.sort_unstable();
        let writing = || |source| Error::Write { path: PathBuf::from("the output"), source };
        let mut in_xml = None;
        let mut wanted = slots.iter().copied().peekable();
        while let Some(&(pack_idx, first)) = wanted.peek() {
            let pack = self.pack(&state.packs[pack_idx])?;
            let block = pack.block_of(first).ok_or_else(|| pack.damaged("a slot is out of range"))?;
            let mut outcome = Ok(());
            pack.for_each_in(
                block,
                |_| true,
                |slot, raw, _| {
                    if outcome.is_ok() && wanted.next_if_eq(&(pack_idx, slot)).is_some() {
                        outcome = put(out, &mut in_xml, raw);
                    }
                },
            )?;
            outcome.map_err(writing())?;
            // Blocks are met in order, so what is left of this one is not there.
            if wanted.peek() == Some(&(pack_idx, first)) {
                return Err(pack.damaged("a block holds fewer records than the index says"));
            }
        }
        if in_xml.is_some() {
            out.write_all(CLOSE).map_err(writing())?;
        }
        out.flush().map_err(writing())?;
        Ok(slots.len() as u64)
    }
}

/// Writes a record; `in_xml` is the encoding of the collection that is open.
fn put(out: &mut dyn Write, in_xml: &mut Option<&'static str>, raw: &RawRecord) -> std::io::Result<()> {
    let encoding = (raw.carrier == Carrier::Xml).then(|| encoding_of(raw));
    if encoding != *in_xml {
        if in_xml.is_some() {
            out.write_all(CLOSE)?;
        }
        if let Some(encoding) = encoding {
            writeln!(out, "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n{COLLECTION}")?;
        }
        *in_xml = encoding;
    }
    out.write_all(&raw.bytes)?;
    match raw.carrier {
        Carrier::Iso2709 => Ok(()),
        Carrier::Xml | Carrier::Json => out.write_all(b"\n"),
        Carrier::Mrk | Carrier::Line | Carrier::Worksheet => out.write_all(b"\n\n"),
    }
}

/// What the file of an XML record declared; UTF-16 is UTF-8 by now.
fn encoding_of(raw: &RawRecord) -> &'static str {
    match raw.declared.map(Charset::label) {
        Some(label) if !label.starts_with("utf") && label != "ascii" => label,
        _ => "UTF-8",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_collection_says_its_encoding() {
        let record = |carrier, declared| {
            let mut raw = RawRecord::new(b"<marc:record/>".to_vec(), 0, carrier);
            raw.declared = declared;
            raw
        };
        let (mut out, mut in_xml) = (Vec::new(), None);
        for raw in [
            record(Carrier::Xml, Some(Charset::Gb18030)),
            record(Carrier::Xml, Some(Charset::Gb18030)),
            record(Carrier::Xml, None),
            record(Carrier::Json, None),
        ] {
            put(&mut out, &mut in_xml, &raw).unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.matches("<collection ").count(), 2, "{text}");
        assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"gb18030\"?>"), "{text}");
        assert!(text.contains("</collection>\n<?xml version=\"1.0\" encoding=\"UTF-8\"?>"), "{text}");
        assert!(text.contains(r#"xmlns:marc="http://www.loc.gov/MARC21/slim""#), "{text}");
    }
}
