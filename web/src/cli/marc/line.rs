//! One JSON line a record, one a file (CONTRACT §4); written by hand because it is the fast path.

use std::io::{self, Write};

use indexer::bib::{Holding, Isbn, Lendable};
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

    fn push_content(&self, line: &mut Line<'_>, record: &Record) {
        let dialect = match self.choice {
            DialectChoice::Auto => dialect(record),
            DialectChoice::Cnmarc => Dialect::Cnmarc,
            DialectChoice::Unimarc => Dialect::Unimarc,
            DialectChoice::Marc21 => Dialect::Marc21,
        };
        let mapped = map_brief(record, dialect, &self.profiles[dialect as usize]);
        let bib = &mapped.bib;
        line.text(",\"dialect\":", dialect.name());
        line.text(",\"charset\":", record.charset.label());
        line.optional(",\"control_number\":", bib.control_number.as_deref());
        // The title as it stands in 200/245 itself, even where an 880 gives the original script.
        line.optional(",\"title\":", bib.romanised_title.as_deref().or(bib.title.as_deref()));
        line.optional(",\"subtitle\":", bib.subtitle.as_deref());
        line.optional(",\"responsibility\":", bib.responsibility.as_deref());
        line.optional(",\"publisher\":", bib.publisher.as_deref());
        match bib.year {
            Some(year) if year >= 0 => line.number(",\"year\":", year as u64),
            _ => line.optional(",\"year\":", None),
        }
        line.list(",\"isbn\":", &bib.isbns, push_isbn);
        line.list(",\"issn\":", &bib.issns, |line, issn| line.text("", &issn.to_string()));
        line.list(",\"clc\":", &bib.clc, |line, class| line.text("", class));
        line.text(",\"type\":", bib.material_type.code());
        line.optional(",\"language\":", bib.languages.first().map(String::as_str));
        line.list(",\"holdings\":", &mapped.holdings, push_holding);
        line.number(",\"fields\":", record.n_fields() as u64);
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn item(&mut self, item: &Item<'_>) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.line);
        buffer.clear();
        let mut line = Line(&mut buffer);
        line.text("{\"file\":", item.file);
        line.number(",\"n\":", item.n);
        line.number(",\"offset\":", item.raw.offset);
        line.number(",\"length\":", item.raw.length);
        let reject = item.reject.as_slice();
        let (status, flaws) = match reject {
            [] if item.record.flaws.is_empty() => ("ok", reject),
            [] => ("repaired", item.record.flaws.as_slice()),
            _ => ("rejected", reject),
        };
        line.text(",\"status\":", status);
        line.list(",\"flaws\":", flaws, push_flaw);
        if reject.is_empty() {
            self.push_content(&mut line, item.record);
        }
        line.raw("}\n");
        let written = self.out.write_all(&buffer);
        self.line = buffer;
        written
    }

    fn summary(&mut self, file: &str, account: &Account) -> io::Result<()> {
        let mut buffer = Vec::new();
        let mut line = Line(&mut buffer);
        line.text("{\"summary\":{\"file\":", file);
        line.number(",\"bytes\":", account.bytes);
        line.number(",\"records\":", account.records);
        line.number(",\"repaired\":", account.repaired);
        line.number(",\"rejected\":", account.rejected);
        line.number(",\"bytes_in_records\":", account.bytes_in_records);
        line.number(",\"bytes_filler\":", account.bytes_filler);
        line.number(",\"bytes_quarantined\":", account.bytes_quarantined);
        line.raw("}}\n");
        self.out.write_all(&buffer)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn push_holding(line: &mut Line<'_>, holding: &Holding) {
    line.optional("{\"location\":", holding.location.as_deref());
    line.optional(",\"call_number\":", holding.call_number.as_deref());
    line.number(",\"copies\":", u64::from(holding.copies));
    line.list(",\"barcodes\":", &holding.barcodes, |line, barcode| line.text("", barcode));
    line.optional(",\"coverage\":", holding.coverage.as_deref());
    match &holding.lendable {
        Lendable::Yes => line.raw(",\"lendable\":true,\"lendable_reason\":null}"),
        Lendable::Unknown => line.raw(",\"lendable\":null,\"lendable_reason\":null}"),
        Lendable::No { reason } => {
            line.text(",\"lendable\":false,\"lendable_reason\":", reason);
            line.raw("}");
        }
    }
}

fn push_isbn(line: &mut Line<'_>, isbn: &Isbn) {
    // Thirteen digits, no more and no less.
    let mut text = [b'0'; 15];
    (text[0], text[14]) = (b'"', b'"');
    let mut rest = isbn.0;
    for digit in text[1..14].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    line.0.extend_from_slice(&text);
}

fn push_flaw(line: &mut Line<'_>, flaw: &Flaw) {
    line.text("{\"code\":", flaw.code.code());
    line.text(",\"grade\":", flaw.code.grade().name());
    line.number(",\"at\":", flaw.at);
    line.raw("}");
}

/// A line under construction. What stands before a value (comma, key, colon) is given as it is written, so that
/// it is one copy of a known length.
struct Line<'a>(&'a mut Vec<u8>);

impl Line<'_> {
    #[inline]
    fn raw(&mut self, text: &'static str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    #[inline]
    fn text(&mut self, before: &'static str, value: &str) {
        self.raw(before);
        push_text(self.0, value);
    }

    #[inline]
    fn optional(&mut self, before: &'static str, value: Option<&str>) {
        self.raw(before);
        match value {
            Some(value) => push_text(self.0, value),
            None => self.raw("null"),
        }
    }

    #[inline]
    fn number(&mut self, before: &'static str, value: u64) {
        self.raw(before);
        push_number(self.0, value);
    }

    #[inline]
    fn list<T>(&mut self, before: &'static str, items: &[T], push: impl Fn(&mut Line<'_>, &T)) {
        self.raw(before);
        self.0.push(b'[');
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.0.push(b',');
            }
            push(self, item);
        }
        self.0.push(b']');
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
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    // Nearly no text has anything to escape.
    if !has_odd(bytes) {
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

fn is_odd(b: u8) -> bool {
    b < 0x20 || b == b'"' || b == b'\\'
}

/// Eight bytes at a time; most texts are too short for anything wider.
fn has_odd(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    // The top of a byte is set where it is zero; a borrow may set more above it, but only then.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & TOPS;
    let (words, rest) = bytes.as_chunks::<8>();
    let odd = words.iter().fold(0, |odd, word| {
        let word = u64::from_le_bytes(*word);
        odd | zero(word & (0xE0 * ONES))
            | zero(word ^ (u64::from(b'"') * ONES))
            | zero(word ^ (u64::from(b'\\') * ONES))
    });
    odd != 0 || rest.iter().any(|&b| is_odd(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_json() {
        for text in [
            "",
            "三国演义",
            "Java \"简明\" 教程",
            "C:\\书",
            "上\u{1}下\u{1f}",
            "abcdefg\"hijklmnop",
            "abcdefgh\\",
            "\u{7f}\u{80}\u{a2}é",
        ] {
            let mut out = Vec::new();
            push_text(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).ok().as_deref(), Some(text), "{text:?}");
            assert_eq!(has_odd(text.as_bytes()), text.bytes().any(is_odd), "{text:?}");
        }
    }

    #[test]
    fn every_byte_is_judged_right_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..19 {
                let mut bytes = [b'a'; 19];
                bytes[place] = byte;
                assert_eq!(has_odd(&bytes), is_odd(byte), "{byte:02X} at {place}");
            }
        }
    }
}
