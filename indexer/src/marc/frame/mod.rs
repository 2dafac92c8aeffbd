//! Framers: where a record begins and ends in each carrier form. Bytes only, no text.

mod iso2709;
mod json;
mod lines;
pub(crate) mod sniff;
mod xml;

use std::io::{self, Read};

use super::reader::{Framed, ReadOptions, Source};
use super::{Account, Carrier, Flaw, FlawCode, RawRecord};

use iso2709::Iso2709Framer;
use json::JsonFramer;
use lines::LineFramer;
pub(crate) use sniff::Form;
pub(super) use sniff::is_leader_line;
use xml::XmlFramer;
pub(super) use xml::local_name;

/// How many bytes of a quarantined fragment are handed on.
const KEPT_OF_REJECT: usize = 64 * 1024;

/// Cuts records out of a window that slides over the input.
pub(crate) enum Framer {
    Iso2709(Iso2709Framer),
    Xml(XmlFramer),
    Json(JsonFramer),
    Lines(LineFramer),
}

impl Framer {
    pub(crate) fn new(form: Form, head: &[u8], options: ReadOptions) -> Self {
        let max_record = options.max_record.max(1024);
        let max_markup = options.max_markup.max(1024);
        match form {
            Form::Xml => Framer::Xml(XmlFramer::new(max_markup, head)),
            Form::Json => Framer::Json(JsonFramer::new(max_markup, head)),
            Form::Lines(carrier) => Framer::Lines(LineFramer::new(max_record, carrier)),
            Form::Iso2709 => Framer::Iso2709(Iso2709Framer::new(max_record)),
        }
    }

    /// The next record or fragment; every byte consumed is entered in the account.
    pub(crate) fn next<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> io::Result<Option<Framed>> {
        match self {
            Framer::Iso2709(framer) => framer.next(window, raw, account),
            Framer::Xml(framer) => framer.next(window, raw, account),
            Framer::Json(framer) => framer.next(window, raw, account),
            Framer::Lines(framer) => framer.next(window, raw, account),
        }
    }
}

/// Takes `n` bytes as a record.
fn take_record<R: Read>(
    window: &mut Source<R>,
    n: usize,
    carrier: Carrier,
    raw: &mut RawRecord,
    account: &mut Account,
) -> Framed {
    raw.carrier = carrier;
    raw.offset = window.offset();
    raw.bytes.extend_from_slice(&window.data()[..n]);
    if window.measure() == super::window::Measure::Utf16 {
        raw.flaws.push(Flaw { code: FlawCode::Utf16File, at: raw.offset });
    }
    raw.length = window.consume(n);
    account.framed(raw.length);
    Framed::Record
}

/// Takes `n` bytes as filler.
fn take_filler<R: Read>(window: &mut Source<R>, n: usize, account: &mut Account) {
    account.filler(window.consume(n));
}

/// Begins or continues a quarantined fragment of which more may follow; `close_reject` books it.
fn take_reject<R: Read>(window: &mut Source<R>, n: usize, raw: &mut RawRecord) {
    if raw.length == 0 {
        raw.offset = window.offset();
    }
    let room = KEPT_OF_REJECT.saturating_sub(raw.bytes.len());
    raw.bytes.extend_from_slice(&window.data()[..n.min(room)]);
    raw.length += window.consume(n);
}

/// Books a quarantined fragment.
fn close_reject(raw: &mut RawRecord, carrier: Carrier, code: FlawCode, account: &mut Account) -> Framed {
    raw.carrier = carrier;
    raw.flaws.clear();
    account.quarantined(raw.length);
    Framed::Reject(Flaw { code, at: raw.offset })
}
