//! Where the records of a text form begin and end: `.mrk`, YAZ lines, Chinese worksheets (DOMAIN §1.4).
//!
//! Looks at line beginnings only, which are ASCII in every charset here.

use std::io::{self, Read};

use memchr::memchr;

use super::super::reader::{Framed, Source};
use super::super::{Account, Carrier, FlawCode, RawRecord};
use super::sniff::is_leader_line;
use super::{close_reject, take_filler, take_record, take_reject};

pub(crate) struct LineFramer {
    max_record: usize,
    carrier: Carrier,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    // Ends a record and belongs to none.
    Separator,
    // Begins a record.
    First,
    // Belongs to no record where none is open.
    Comment,
    Field,
}

impl LineFramer {
    pub(super) fn new(max_record: usize, carrier: Carrier) -> Self {
        Self { max_record, carrier }
    }

    pub(super) fn next<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> io::Result<Option<Framed>> {
        // Length of the record so far, which begins at the start of the window.
        let mut length = 0;
        loop {
            let Some(line) = self.line(window, length)? else {
                return Ok(Some(self.skip_overlong(window, raw, account)?));
            };
            if line == 0 {
                break;
            }
            let text = &window.data()[length..length + line];
            match self.kind(text) {
                Kind::Separator | Kind::Comment if length == 0 => take_filler(window, line, account),
                Kind::Separator => break,
                Kind::First if length > 0 => break,
                _ => length += line,
            }
        }
        if length == 0 {
            return Ok(None);
        }
        Ok(Some(take_record(window, length, self.carrier, raw, account)))
    }

    /// Length of the line at `from`, its end included; 0 at the end of the input, none beyond the limit.
    fn line<R: Read>(&self, window: &mut Source<R>, from: usize) -> io::Result<Option<usize>> {
        let mut seen = from;
        loop {
            let data = window.data();
            if let Some(at) = memchr(b'\n', &data[seen..]) {
                return Ok((seen + at < self.max_record).then_some(seen + at + 1 - from));
            }
            seen = data.len();
            if seen > self.max_record {
                return Ok(None);
            }
            if !window.more()? {
                return Ok(Some(seen - from));
            }
        }
    }

    fn kind(&self, line: &[u8]) -> Kind {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        let line = line.trim_ascii_end();
        if line.is_empty() || line.starts_with(b"***") || matches!(line, [0x1A] | [0x1D]) {
            return Kind::Separator;
        }
        match self.carrier {
            Carrier::Mrk if line.starts_with(b"=LDR") || line.starts_with(b"=000") => Kind::First,
            Carrier::Line if line.starts_with(b"$") => Kind::Separator,
            Carrier::Line if line.starts_with(b"(") => Kind::Comment,
            Carrier::Line | Carrier::Worksheet if is_leader_line(line) => Kind::First,
            _ => Kind::Field,
        }
    }

    /// Quarantines a block beyond the limit, to the next empty line or end of the input.
    fn skip_overlong<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> io::Result<Framed> {
        let n = window.data().len().min(self.max_record);
        take_reject(window, n, raw);
        loop {
            if let Some(at) = memchr(b'\n', window.data()) {
                take_reject(window, at + 1, raw);
                break;
            }
            let n = window.data().len();
            take_reject(window, n, raw);
            if !window.more()? {
                break;
            }
        }
        Ok(close_reject(raw, self.carrier, FlawCode::TooLong, account))
    }
}
