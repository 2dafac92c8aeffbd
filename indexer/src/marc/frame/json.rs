//! Where the MARC-in-JSON objects of a file are: alone, in an array, one a line, or deep inside other JSON.
//!
//! Follows braces and strings only. An object is a record when its own keys are `leader` and some fields;
//! everything around records is filler.

use std::io::{self, Read};

use super::super::reader::{Framed, Source};
use super::super::{Account, Carrier, FlawCode, RawRecord};
use super::{close_reject, take_filler, take_record, take_reject};

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 128;
/// Longest key that matters.
const MAX_KEY: usize = 16;

pub(crate) struct JsonFramer {
    max_record: usize,
    // Bytes from the start of the window that have been looked at.
    seen: usize,
    open: Vec<Opened>,
    string: Option<Text>,
    // A byte above 0x7F takes the next one with it: text in GBK or Big5.
    double_byte: bool,
}

/// An object or array that has not been closed.
struct Opened {
    // Where it begins in the window; none when that has been let go.
    start: Option<usize>,
    is_object: bool,
    // The next string is a key.
    at_key: bool,
    leader: bool,
    fields: bool,
}

/// A string that has not been closed.
struct Text {
    start: usize,
    escaped: bool,
}

impl JsonFramer {
    pub(super) fn new(max_record: usize, head: &[u8]) -> Self {
        let valid = match simdutf8::compat::from_utf8(head) {
            Ok(_) => true,
            // The head may end inside a character.
            Err(error) => error.error_len().is_none(),
        };
        Self { max_record, seen: 0, open: Vec::new(), string: None, double_byte: !valid }
    }

    pub(super) fn next<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> io::Result<Option<Framed>> {
        loop {
            while let Some(&byte) = window.data().get(self.seen) {
                if self.double_byte && byte > 0x80 {
                    if window.ensure(self.seen + 2)? <= self.seen + 1 {
                        self.seen += 1;
                        continue;
                    }
                    self.seen += 2;
                    continue;
                }
                if self.step(byte, window.data())
                    && let Some(framed) = self.close_object(window, raw, account)
                {
                    return Ok(Some(framed));
                }
            }
            if let Some(framed) = self.make_room(window, raw, account) {
                return Ok(Some(framed));
            }
            if !window.more()? {
                return Ok(self.end(window, raw, account));
            }
        }
    }

    /// Looks at one byte; true when it closes an object or array.
    fn step(&mut self, byte: u8, data: &[u8]) -> bool {
        self.seen += 1;
        if let Some(string) = &mut self.string {
            match byte {
                _ if string.escaped => string.escaped = false,
                b'\\' => string.escaped = true,
                b'"' => {
                    let text = &data[string.start.min(self.seen - 1)..self.seen - 1];
                    note_key(self.open.last_mut(), text);
                    self.string = None;
                }
                // No string holds a line break: its quote was lost.
                b'\n' => self.string = None,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.string = Some(Text { start: self.seen, escaped: false }),
            b'{' | b'[' => {
                if self.open.len() == MAX_DEPTH {
                    self.open.remove(0);
                }
                let is_object = byte == b'{';
                let start = Some(self.seen - 1);
                self.open.push(Opened { start, is_object, at_key: is_object, leader: false, fields: false });
            }
            b',' => {
                if let Some(open) = self.open.last_mut() {
                    open.at_key = open.is_object;
                }
            }
            b'}' | b']' => return true,
            _ => {}
        }
        false
    }

    fn close_object<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> Option<Framed> {
        let closed = self.open.pop()?;
        let start = closed.start.filter(|_| closed.leader && closed.fields)?;
        take_filler(window, start, account);
        let framed = take_record(window, self.seen - start, Carrier::Json, raw, account);
        self.let_go(self.seen);
        Some(framed)
    }

    /// What has been consumed is out of reach for the objects that are still open.
    fn let_go(&mut self, n: usize) {
        for open in &mut self.open {
            open.start = open.start.and_then(|start| start.checked_sub(n));
            // Its fields are those of a record that was taken out of it.
            open.leader &= open.start.is_some();
        }
        if let Some(string) = &mut self.string {
            string.start = string.start.saturating_sub(n);
        }
        self.seen -= n;
    }

    /// Lets go of what cannot be part of a record, and of a record beyond the limit.
    fn make_room<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> Option<Framed> {
        if self.open.is_empty() && self.string.is_none() {
            take_filler(window, self.seen, account);
            self.let_go(self.seen);
            return None;
        }
        if self.seen <= self.max_record {
            return None;
        }
        let n = match self.open.iter().find(|o| o.start.is_some_and(|s| s > 0)) {
            // The outermost object is too long to be a record, but what is in it may be one.
            Some(inner) => inner.start.unwrap_or(self.seen),
            None => self.seen,
        };
        let was_record = self.open.iter().any(|o| o.leader && o.start.is_some_and(|s| s < n));
        if was_record {
            take_reject(window, n, raw);
            self.let_go(n);
            return Some(close_reject(raw, Carrier::Json, FlawCode::TooLong, account));
        }
        take_filler(window, n, account);
        self.let_go(n);
        None
    }

    fn end<R: Read>(
        &mut self,
        window: &mut Source<R>,
        raw: &mut RawRecord,
        account: &mut Account,
    ) -> Option<Framed> {
        let n = window.data().len();
        let broken = self.open.iter().find(|o| o.leader || o.fields).and_then(|o| o.start);
        self.open.clear();
        self.string = None;
        self.seen = 0;
        let Some(start) = broken.filter(|&start| start < n) else {
            take_filler(window, n, account);
            return None;
        };
        take_filler(window, start, account);
        take_reject(window, n - start, raw);
        Some(close_reject(raw, Carrier::Json, FlawCode::BadJson, account))
    }
}

fn note_key(open: Option<&mut Opened>, text: &[u8]) {
    let Some(open) = open.filter(|o| o.at_key) else { return };
    open.at_key = false;
    if text.len() > MAX_KEY {
        return;
    }
    match text {
        b"leader" => open.leader = true,
        b"fields" | b"controlfield" | b"datafield" | b"controlfields" | b"datafields" => open.fields = true,
        _ => {}
    }
}
