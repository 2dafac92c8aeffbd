//! One JSON line a record, one a file (CONTRACT §4); written by hand because it is the fast path.

use std::io::{self, Write};

use indexer::bib::{Holding, Lendable};
use indexer::mapping::{Dialect, HoldingsProfile, dialect, map_brief};
use indexer::marc::{Account, Flaw, Record};

use super::{DialectChoice, Item, Sink};

pub(super) struct JsonLines<W> {
    out: W,
    line: Vec<u8>,
    choice: DialectChoice,
    // The usual holdings profile of each dialect, in the order of the dialects.
    profiles: [HoldingsProfile; 3],
}

impl<W: Write> JsonLines<W> {
    pub(super) fn new(out: W, choice: DialectChoice) -> Self {
        let profiles = [Dialect::Cnmarc, Dialect::Unimarc, Dialect::Marc21].map(HoldingsProfile::default_for);
        Self { out, line: Vec::with_capacity(4096), choice, profiles }
    }

    fn push_content(&self, object: &mut Object<'_>, record: &Record) {
        let dialect = match self.choice {
            DialectChoice::Auto => dialect(record),
            DialectChoice::Cnmarc => Dialect::Cnmarc,
            DialectChoice::Unimarc => Dialect::Unimarc,
            DialectChoice::Marc21 => Dialect::Marc21,
        };
        let mapped = map_brief(record, dialect, &self.profiles[dialect as usize]);
        let bib = &mapped.bib;
        object.text("dialect", dialect.name());
        object.text("charset", record.charset.label());
        object.optional("control_number", bib.control_number.as_deref());
        // The title as it stands in 200/245 itself, even where an 880 gives the original script.
        object.optional("title", bib.romanised_title.as_deref().or(bib.title.as_deref()));
        object.optional("subtitle", bib.subtitle.as_deref());
        object.optional("responsibility", bib.responsibility.as_deref());
        object.optional("publisher", bib.publisher.as_deref());
        match bib.year {
            Some(year) if year >= 0 => object.number("year", year as u64),
            _ => object.optional("year", None),
        }
        push_list(object.key("isbn"), &bib.isbns, |out, isbn| push_text(out, &isbn.to_string()));
        push_list(object.key("issn"), &bib.issns, |out, issn| push_text(out, &issn.to_string()));
        push_list(object.key("clc"), &bib.clc, |out, class| push_text(out, class));
        object.text("type", bib.material_type.code());
        object.optional("language", bib.languages.first().map(String::as_str));
        push_list(object.key("holdings"), &mapped.holdings, push_holding);
        object.number("fields", record.n_fields() as u64);
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
        push_list(object.key("flaws"), flaws, push_flaw);
        if reject.is_empty() {
            self.push_content(&mut object, item.record);
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

fn push_holding(out: &mut Vec<u8>, holding: &Holding) {
    let mut object = Object::open(out);
    object.optional("location", holding.location.as_deref());
    object.optional("call_number", holding.call_number.as_deref());
    object.number("copies", u64::from(holding.copies));
    push_list(object.key("barcodes"), &holding.barcodes, |out, barcode| push_text(out, barcode));
    object.optional("coverage", holding.coverage.as_deref());
    let (lendable, reason) = match &holding.lendable {
        Lendable::Yes => ("true", None),
        Lendable::No { reason } => ("false", Some(reason.as_str())),
        Lendable::Unknown => ("null", None),
    };
    object.key("lendable").extend_from_slice(lendable.as_bytes());
    object.optional("lendable_reason", reason);
    object.close();
}

fn push_list<T>(out: &mut Vec<u8>, items: &[T], push: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}

fn push_flaw(out: &mut Vec<u8>, flaw: &Flaw) {
    let mut object = Object::open(out);
    object.text("code", flaw.code.code());
    object.text("grade", flaw.code.grade().name());
    object.number("at", flaw.at);
    object.close();
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
    let is_odd = |b: u8| b < 0x20 || b == b'"' || b == b'\\';
    // One flat pass that compiles to vector compares: nearly no text has anything to escape.
    if !bytes.iter().fold(false, |any, &b| any | is_odd(b)) {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    let mut from = 0;
    for (i, &b) in bytes.iter().enumerate().filter(|(_, b)| is_odd(**b)) {
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
