//! One JSON line a record, one a file (CONTRACT §4); written by hand because it is the fast path.

use std::io::{self, Write};

use indexer::marc::{Account, Flaw, Record};

use super::{DialectChoice, Item, Sink};

pub(super) struct JsonLines<W> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> JsonLines<W> {
    pub(super) fn new(out: W, _dialect: DialectChoice) -> Self {
        Self { out, line: Vec::with_capacity(4096) }
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn item(&mut self, item: &Item<'_>) -> io::Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let mut object = Object::open(&mut line);
        object.text("file", item.file);
        object.number("n", item.n);
        object.number("offset", item.raw.offset);
        object.number("length", item.raw.length);
        let reject = item.reject.as_slice();
        let (status, flaws) = match reject {
            [] if item.record.flaws.is_empty() => ("ok", reject),
            [] => ("repaired", item.record.flaws.as_slice()),
            _ => ("rejected", reject),
        };
        object.text("status", status);
        push_flaws(object.key("flaws"), flaws);
        if reject.is_empty() {
            push_content(&mut object, item.record);
        }
        object.close();
        line.push(b'\n');
        let written = self.out.write_all(&line);
        self.line = line;
        written
    }

    fn summary(&mut self, file: &str, account: &Account) -> io::Result<()> {
        let mut line = Vec::new();
        let mut outer = Object::open(&mut line);
        let mut object = Object::open(outer.key("summary"));
        object.text("file", file);
        object.number("bytes", account.bytes);
        object.number("records", account.records);
        object.number("repaired", account.repaired);
        object.number("rejected", account.rejected);
        object.number("bytes_in_records", account.bytes_in_records);
        object.number("bytes_filler", account.bytes_filler);
        object.number("bytes_quarantined", account.bytes_quarantined);
        object.close();
        line.extend_from_slice(b"}\n");
        self.out.write_all(&line)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn push_content(object: &mut Object<'_>, record: &Record) {
    object.text("charset", record.charset.label());
    let control_number = record.field(b"001").map(|f| f.value().trim()).filter(|v| !v.is_empty());
    object.optional("control_number", control_number);
    let title = record
        .fields()
        .find(|f| matches!(&f.tag(), b"200" | b"245") && f.first('a').is_some())
        .and_then(|f| f.first('a'))
        .map(|t| t.trim_matches(|c: char| " /:;=,.".contains(c)));
    object.optional("title", title);
    object.number("fields", record.n_fields() as u64);
}

fn push_flaws(out: &mut Vec<u8>, flaws: &[Flaw]) {
    out.push(b'[');
    for (i, flaw) in flaws.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let mut object = Object::open(out);
        object.text("code", flaw.code.code());
        object.text("grade", flaw.code.grade().name());
        object.number("at", flaw.at);
        object.close();
    }
    out.push(b']');
}

/// A JSON object under construction.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Writes a key, which must need no escaping; the value goes to what is returned.
    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    fn text(&mut self, key: &str, value: &str) {
        push_text(self.key(key), value);
    }

    fn optional(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(key, value),
            None => self.key(key).extend_from_slice(b"null"),
        }
    }

    fn number(&mut self, key: &str, value: u64) {
        push_number(self.key(key), value);
    }

    fn close(self) {
        self.out.push(b'}');
    }
}

fn push_number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// A JSON string: quotes, backslashes and controls escaped, all else as it is.
fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (i, &b) in bytes.iter().enumerate() {
        if b >= 0x20 && b != b'"' && b != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[from..i]);
        from = i + 1;
        match b {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(b >> 4)]);
                out.push(HEX[usize::from(b & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}
