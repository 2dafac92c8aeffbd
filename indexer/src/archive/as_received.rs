//! A library's current records, written out byte for byte as they came.
//!
//! ISO 2709 records stand one after the other; what was XML gets one element around it, text forms a blank line and
//! JSON a line end between records: each can be read again by this program. It parses nothing.

use std::io::Write;
use std::path::PathBuf;

use super::error::{Error, Result};
use super::library_archive::LibraryArchive;
use crate::marc::Carrier;

const OPEN: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<collection>\n";
const CLOSE: &[u8] = b"</collection>\n";

impl LibraryArchive {
    /// Writes the current records in the order in which they were received; how many there are.
    pub fn write_as_received(&self, out: &mut dyn Write) -> Result<u64> {
        let state = self.state()?;
        let mut slots: Vec<(usize, u32)> =
            state.slots.iter().map(|slot| (slot.pack_idx(), slot.slot)).collect();
        slots.sort_unstable();
        let writing = || |source| Error::Write { path: PathBuf::from("the output"), source };
        let mut in_xml = false;
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
                        outcome = put(out, &mut in_xml, raw.carrier, &raw.bytes);
                    }
                },
            )?;
            outcome.map_err(writing())?;
            // Blocks are met in order, so what is left of this one is not there.
            if wanted.peek() == Some(&(pack_idx, first)) {
                return Err(pack.damaged("a block holds fewer records than the index says"));
            }
        }
        if in_xml {
            out.write_all(CLOSE).map_err(writing())?;
        }
        out.flush().map_err(writing())?;
        Ok(slots.len() as u64)
    }
}

fn put(out: &mut dyn Write, in_xml: &mut bool, carrier: Carrier, bytes: &[u8]) -> std::io::Result<()> {
    let is_xml = carrier == Carrier::Xml;
    if is_xml != *in_xml {
        out.write_all(if is_xml { OPEN } else { CLOSE })?;
        *in_xml = is_xml;
    }
    out.write_all(bytes)?;
    match carrier {
        Carrier::Iso2709 => Ok(()),
        Carrier::Xml | Carrier::Json => out.write_all(b"\n"),
        Carrier::Mrk | Carrier::Line | Carrier::Worksheet => out.write_all(b"\n\n"),
    }
}
