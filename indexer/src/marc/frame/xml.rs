//! Where the record elements of an XML file are, in any envelope, well-formed or not.
//!
//! Looks for tags only: a `<record>` of any prefix is a record once it holds a leader or a field. What stands
//! around records is filler. A DOCTYPE is refused: entities could be anything.

use std::io::{self, Read};

use memchr::{memchr, memmem};

use super::super::reader::{Framed, Source};
use super::super::{Account, Carrier, Flaw, FlawCode, RawRecord};
use super::{close_reject, take_filler, take_record, take_reject};
use crate::charset::Charset;

/// Longest tag name that matters.
const NAME: usize = 64;

pub(crate) struct XmlFramer {
    max_record: usize,
    declared: Option<Charset>,
    // Bytes from the start of the window that have been looked at.
    seen: usize,
    // A record element begins at the start of the window.
    open: bool,
    // It holds a leader or a field.
    is_marc: bool,
    // Skipping a comment, instruction or CDATA section until this comes.
    until: Option<&'static [u8]>,
}

enum Tag {
    RecordStart,
    RecordEnd,
    Marc,
    // End of an element that can only stand around records.
    EnvelopeEnd,
    Doctype,
    Skip(&'static [u8]),
    Other,
}

impl XmlFramer {
    pub(super) fn new(max_record: usize, head: &[u8]) -> Self {
        let declared = declared_charset(head);
        Self { max_record, declared, seen: 0, open: false, is_marc: false, until: None }
    }

    pub(super) fn next<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> io::Result<Option<Framed>> {
        loop {
            if self.open && self.seen > self.max_record {
                return Ok(Some(self.skip_overlong(window, raw, account)?));
            }
            if !self.find_tag(window, account)? {
                return Ok(self.end(window, raw, account));
            }
            if self.open && self.seen > self.max_record {
                // Not at a tag, but beyond the limit.
                continue;
            }
            window.ensure(self.seen + NAME)?;
            let at = self.seen;
            match tag(&window.data()[at..]) {
                Tag::Skip(until) => {
                    self.seen += 2;
                    self.until = Some(until);
                }
                Tag::Doctype => {
                    self.reset();
                    return Ok(Some(refuse(window, raw, account)?));
                }
                Tag::RecordStart if self.open && self.is_marc => {
                    return Ok(Some(self.take(window, at, true, raw, account)));
                }
                Tag::RecordStart => {
                    take_filler(window, at, account);
                    self.open = true;
                    self.seen = 1;
                }
                Tag::RecordEnd if self.open => {
                    let end = self.tag_end(window)?;
                    if self.is_marc {
                        return Ok(Some(self.take(window, end, false, raw, account)));
                    }
                    take_filler(window, end, account);
                    self.reset();
                }
                Tag::EnvelopeEnd if self.open && self.is_marc => {
                    return Ok(Some(self.take(window, at, true, raw, account)));
                }
                Tag::Marc => {
                    self.is_marc |= self.open;
                    self.seen += 1;
                }
                _ => self.seen += 1,
            }
        }
    }

    fn reset(&mut self) {
        self.open = false;
        self.is_marc = false;
        self.seen = 0;
    }

    fn take<R: Read>(
        &mut self,
        window: &mut Source<R>,
        n: usize,
        unclosed: bool,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> Framed {
        raw.declared = self.declared;
        if unclosed {
            raw.flaws.push(Flaw { code: FlawCode::UnclosedRecord, at: window.offset() + n as u64 });
        }
        self.reset();
        take_record(window, n, Carrier::Xml, raw, account)
    }

    /// Moves `seen` to the next tag; false at the end of the input.
    fn find_tag<R: Read>(&mut self, window: &mut Source<R>, account: &mut Account) -> io::Result<bool> {
        loop {
            let data = &window.data()[self.seen..];
            let found = match self.until {
                None => memchr(b'<', data),
                Some(until) => memmem::find(data, until),
            };
            match (found, self.until) {
                (Some(at), None) => {
                    self.seen += at;
                    return Ok(true);
                }
                (Some(at), Some(until)) => {
                    self.seen += at + until.len();
                    self.until = None;
                    continue;
                }
                (None, until) => self.seen += data.len().saturating_sub(until.map_or(0, |u| u.len() - 1)),
            }
            if !self.open {
                take_filler(window, self.seen, account);
                self.seen = 0;
            } else if self.seen > self.max_record {
                return Ok(true);
            }
            if !window.more()? {
                return Ok(false);
            }
        }
    }

    /// Index after the `>` of the tag at `seen`.
    fn tag_end<R: Read>(&mut self, window: &mut Source<R>) -> io::Result<usize> {
        let stop = self.seen + NAME;
        window.ensure(stop)?;
        let data = window.data();
        let tail = &data[self.seen..stop.min(data.len())];
        Ok(self.seen + memchr(b'>', tail).map_or(tail.len(), |at| at + 1))
    }

    fn end<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> Option<Framed> {
        let n = window.data().len();
        if self.open && self.is_marc && n > 0 {
            return Some(self.take(window, n, true, raw, account));
        }
        take_filler(window, n, account);
        self.reset();
        None
    }

    /// Quarantines a record beyond the limit, to the end of its element.
    fn skip_overlong<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> io::Result<Framed> {
        self.until = None;
        take_reject(window, self.seen.min(self.max_record), raw);
        loop {
            let data = window.data();
            let close = memmem::find_iter(data, b"record>").find(|&at| {
                data[at.saturating_sub(NAME)..at]
                    .iter()
                    .rposition(|&b| b == b'<')
                    .is_some_and(|lt| data[at.saturating_sub(NAME) + lt..].starts_with(b"</"))
            });
            if let Some(at) = close {
                take_reject(window, at + b"record>".len(), raw);
                break;
            }
            let n = data.len().saturating_sub(2 * NAME);
            take_reject(window, n, raw);
            if !window.more()? {
                let n = window.data().len();
                take_reject(window, n, raw);
                break;
            }
        }
        self.reset();
        Ok(close_reject(raw, Carrier::Xml, FlawCode::TooLong, account))
    }
}

/// Quarantines everything from a DOCTYPE on.
fn refuse<R: Read>(window: &mut Source<R>, raw: &mut RawRecord, account: &mut Account) -> io::Result<Framed> {
    loop {
        let n = window.data().len();
        take_reject(window, n, raw);
        if !window.more()? {
            return Ok(close_reject(raw, Carrier::Xml, FlawCode::Doctype, account));
        }
    }
}

fn tag(data: &[u8]) -> Tag {
    if data.starts_with(b"<!--") {
        return Tag::Skip(b"-->");
    }
    if data.starts_with(b"<![CDATA[") {
        return Tag::Skip(b"]]>");
    }
    if data.starts_with(b"<?") {
        return Tag::Skip(b"?>");
    }
    if data.get(..9).is_some_and(|d| d.eq_ignore_ascii_case(b"<!doctype")) {
        return Tag::Doctype;
    }
    let closing = data.get(1) == Some(&b'/');
    match (local_name(&data[1 + usize::from(closing)..]), closing) {
        (b"record" | b"oai_marc", false) => Tag::RecordStart,
        (b"record" | b"oai_marc", true) => Tag::RecordEnd,
        (b"leader" | b"controlfield" | b"datafield" | b"fixfield" | b"varfield", false) => Tag::Marc,
        (
            b"collection"
            | b"recordData"
            | b"metadata"
            | b"ListRecords"
            | b"GetRecord"
            | b"OAI-PMH"
            | b"records"
            | b"searchRetrieveResponse",
            true,
        ) => Tag::EnvelopeEnd,
        _ => Tag::Other,
    }
}

/// The name of a tag without its prefix.
pub(in crate::marc) fn local_name(data: &[u8]) -> &[u8] {
    let end = data
        .iter()
        .take(NAME)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-' | b'.') || **b >= 0x80)
        .count();
    let name = &data[..end];
    name.iter().rposition(|&b| b == b':').map_or(name, |colon| &name[colon + 1..])
}

/// The charset of the XML declaration.
fn declared_charset(head: &[u8]) -> Option<Charset> {
    let declaration = &head[..head.len().min(200)];
    let end = memmem::find(declaration, b"?>")?;
    let at = memmem::find(&declaration[..end], b"encoding")?;
    let value = &declaration[at + b"encoding".len()..end];
    let quote = value.iter().position(|b| matches!(b, b'"' | b'\''))?;
    let label = value[quote + 1..].split(|&b| b == value[quote]).next()?;
    Charset::from_label(std::str::from_utf8(label).ok()?.trim())
}
