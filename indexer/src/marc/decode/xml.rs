//! One record element → fields. Takes what can be read: text with stray `<`, unknown entities, odd tags.

use memchr::{memchr, memmem};

use super::super::frame::local_name;
use super::super::{Flaw, FlawCode, Leader, RawRecord, Record, Tag};
use super::ParseOptions;
use super::text::TextDecoder;

pub(super) fn parse(raw: &RawRecord, options: &ParseOptions, record: &mut Record) -> Result<(), Flaw> {
    let mut decoder = TextDecoder::new(raw, &raw.bytes, || None, options);
    let mut parser =
        Parser { raw, at: 0, inside: Inside::Nothing, chunk: Vec::new(), from: 0, in_field: false };
    parser.run(&mut decoder, record);
    decoder.finish(record);
    if record.n_fields() == 0 {
        record.flaw(FlawCode::NoFields, raw.offset);
    }
    Ok(())
}

/// The element whose text is being gathered.
#[derive(Clone, Copy)]
enum Inside {
    Nothing,
    Leader,
    Control(Tag),
    // A data field, between its subfields.
    Data,
    Subfield(char),
}

struct Parser<'a> {
    raw: &'a RawRecord,
    at: usize,
    inside: Inside,
    chunk: Vec<u8>,
    // Where the text in `chunk` begins.
    from: usize,
    in_field: bool,
}

impl<'a> Parser<'a> {
    fn run(&mut self, decoder: &mut TextDecoder<'_>, record: &mut Record) {
        let bytes = self.raw.bytes.as_slice();
        while self.at < bytes.len() {
            let rest = &bytes[self.at..];
            let text = memchr(b'<', rest).unwrap_or(rest.len());
            self.gather(&rest[..text]);
            self.at += text;
            let Some(markup) = bytes.get(self.at..).filter(|m| !m.is_empty()) else { break };
            let used = if let Some(cdata) = markup.strip_prefix(b"<![CDATA[") {
                let length = memmem::find(cdata, b"]]>").unwrap_or(cdata.len());
                // The text is taken as it stands: its ampersands are no references.
                for piece in cdata[..length].split_inclusive(|&b| b == b'&') {
                    self.gather(piece);
                    if piece.ends_with(b"&") {
                        self.gather(b"amp;");
                    }
                }
                (9 + length + 3).min(markup.len())
            } else if markup.starts_with(b"<!--") {
                memmem::find(markup, b"-->").map_or(markup.len(), |end| end + 3)
            } else if markup.starts_with(b"<?") {
                memmem::find(markup, b"?>").map_or(markup.len(), |end| end + 2)
            } else {
                self.element(markup, decoder, record)
            };
            self.at += used.max(1);
        }
        self.close(decoder, record);
    }

    fn gather(&mut self, text: &[u8]) {
        if !matches!(self.inside, Inside::Nothing) {
            if self.chunk.is_empty() {
                self.from = self.at;
            }
            self.chunk.extend_from_slice(text);
        }
    }

    /// A tag, or a `<` that is only text; returns its length.
    fn element(&mut self, markup: &'a [u8], decoder: &mut TextDecoder<'_>, record: &mut Record) -> usize {
        let at = self.raw.offset + self.at as u64;
        let closing = markup.get(1) == Some(&b'/');
        let name = local_name(&markup[1 + usize::from(closing)..]);
        let is_text = matches!(self.inside, Inside::Subfield(_) | Inside::Control(_) | Inside::Leader);
        if name.is_empty() || !name[0].is_ascii_alphabetic() {
            record.flaw_once(FlawCode::BadMarkup, at);
            self.gather(b"&lt;");
            return 1;
        }
        let end = tag_length(markup);
        let attributes = &markup[1 + usize::from(closing)..end];
        if attributes.get(name.len()..).is_some_and(|rest| memchr(b'<', rest).is_some()) {
            record.flaw_once(FlawCode::BadMarkup, at);
        }
        match (name, closing) {
            (b"leader", false) => self.open(Inside::Leader, decoder, record),
            (b"controlfield" | b"fixfield", false) => {
                let tag = tag_of(attribute(attributes, &[b"tag", b"id"]));
                self.open(Inside::Control(tag), decoder, record);
            }
            (b"datafield" | b"varfield", false) => {
                self.close(decoder, record);
                let tag = tag_of(attribute(attributes, &[b"tag", b"id"]));
                let one = indicator(attribute(attributes, &[b"ind1", b"i1"]));
                let two = indicator(attribute(attributes, &[b"ind2", b"i2"]));
                decoder.begin_field();
                record.push_data(tag, [one, two]);
                self.in_field = true;
                self.inside = Inside::Data;
            }
            (b"subfield", false) => {
                let code = attribute(attributes, &[b"code", b"label"]);
                let code = code_of(code, at, record);
                if self.in_field {
                    self.open(Inside::Subfield(code), decoder, record);
                }
            }
            (b"leader" | b"controlfield" | b"fixfield" | b"datafield" | b"varfield" | b"subfield", true) => {
                self.close(decoder, record);
                self.in_field &= name == b"subfield";
            }
            (b"record" | b"oai_marc", _) => {}
            _ if is_text => record.flaw_once(FlawCode::BadMarkup, at),
            _ => {}
        }
        if markup[..end].ends_with(b"/>") && !closing && name != b"record" {
            self.close(decoder, record);
        }
        end
    }

    fn open(&mut self, inside: Inside, decoder: &mut TextDecoder<'_>, record: &mut Record) {
        self.close(decoder, record);
        if matches!(inside, Inside::Leader | Inside::Control(_)) {
            self.in_field = false;
        }
        if !matches!(inside, Inside::Subfield(_)) {
            decoder.begin_field();
        }
        self.inside = inside;
    }

    /// Ends the element whose text was gathered.
    fn close(&mut self, decoder: &mut TextDecoder<'_>, record: &mut Record) {
        let at = self.raw.offset + self.from as u64;
        match std::mem::replace(&mut self.inside, Inside::Nothing) {
            Inside::Nothing => {}
            Inside::Leader => record.set_leader(leader_of(&self.chunk)),
            Inside::Control(tag) if matches!(&tag, b"LDR" | b"000") => {
                record.set_leader(leader_of(&self.chunk))
            }
            Inside::Control(tag) => {
                let text = self.text(at, decoder, record);
                record.push_control(tag, |out| out.push_str(&text));
            }
            Inside::Data => {
                if self.chunk.iter().any(|b| !b.is_ascii_whitespace()) {
                    record.flaw_once(FlawCode::OddIndicators, at);
                    let text = self.text(at, decoder, record);
                    record.push_subfield('a', |out| out.push_str(&text));
                }
            }
            Inside::Subfield(code) => {
                let text = self.text(at, decoder, record);
                if text.is_empty() {
                    record.flaw_once(FlawCode::EmptySubfield, at);
                } else {
                    record.push_subfield(code, |out| out.push_str(&text));
                }
            }
        }
        self.chunk.clear();
    }

    /// The text gathered: decoded, references replaced, line breaks of pretty printing made blanks.
    fn text(&mut self, at: u64, decoder: &mut TextDecoder<'_>, record: &mut Record) -> String {
        let broken = self.chunk.iter().any(|b| matches!(b, b'\n' | b'\r' | b'\t'));
        if broken {
            let mut tidy = Vec::with_capacity(self.chunk.len());
            for word in self.chunk.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()) {
                if !tidy.is_empty() {
                    tidy.push(b' ');
                }
                tidy.extend_from_slice(word);
            }
            self.chunk = tidy;
        }
        let mut text = String::with_capacity(self.chunk.len());
        decoder.append(&self.chunk, at, &mut text);
        if memchr(b'&', text.as_bytes()).is_some() {
            text = resolve(&text, at, record);
        }
        text
    }
}

/// Length of a tag up to its `>`; a `<` in between means that the tag was never closed.
fn tag_length(markup: &[u8]) -> usize {
    let mut quote = None;
    for (i, &b) in markup.iter().enumerate().skip(1) {
        match (quote, b) {
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(q), b) if b == q => quote = None,
            (None, b'>') => return i + 1,
            (None, b'<') => return i,
            // An attribute does not span elements: its quote was lost.
            (Some(_), b'\n') => break,
            _ => {}
        }
    }
    memchr(b'>', markup).map_or(markup.len(), |i| i + 1)
}

fn attribute<'a>(tag: &'a [u8], names: &[&[u8]]) -> &'a [u8] {
    let mut rest = tag;
    while let Some(equals) = memchr(b'=', rest) {
        let before = rest[..equals].trim_ascii_end();
        let name_from = before.iter().rposition(|b| b.is_ascii_whitespace()).map_or(0, |i| i + 1);
        let value = rest[equals + 1..].trim_ascii_start();
        let Some(&quote) = value.first().filter(|b| matches!(b, b'"' | b'\'')) else {
            rest = &rest[equals + 1..];
            continue;
        };
        let value = &value[1..];
        let length = memchr(quote, value).unwrap_or(value.len());
        if names.contains(&&before[name_from..]) {
            return &value[..length];
        }
        rest = value.get(length + 1..).unwrap_or_default();
    }
    &[]
}

fn tag_of(value: &[u8]) -> Tag {
    let value = value.trim_ascii();
    let mut tag = *b"   ";
    if value.len() < 3 && !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
        tag = *b"000";
        tag[3 - value.len()..].copy_from_slice(value);
    } else {
        for (slot, &b) in tag.iter_mut().zip(value) {
            *slot = b;
        }
    }
    tag
}

fn indicator(value: &[u8]) -> u8 {
    match value {
        [b, ..] if (b' '..0x7F).contains(b) => *b,
        _ => b' ',
    }
}

fn code_of(value: &[u8], at: u64, record: &mut Record) -> char {
    let code = match value {
        b"&lt;" => Some('<'),
        b"&gt;" => Some('>'),
        b"&amp;" => Some('&'),
        b"&quot;" => Some('"'),
        _ => std::str::from_utf8(value).ok().and_then(|v| v.chars().next()).filter(|c| c.is_ascii_graphic()),
    };
    code.unwrap_or_else(|| {
        record.flaw_once(FlawCode::BadSubfieldCode, at);
        'a'
    })
}

fn leader_of(text: &[u8]) -> Leader {
    let text = text.trim_ascii_end();
    // A leader may begin with blanks of its own, but never with a line break.
    let text = if text.len() > 24 { text.trim_ascii_start() } else { text };
    let mut leader = [b' '; 24];
    for (slot, &b) in leader.iter_mut().zip(text) {
        *slot = if (b' '..0x7F).contains(&b) { b } else { b' ' };
    }
    Leader(leader)
}

/// Replaces the references of XML; one that names no character stays as it stands.
fn resolve(text: &str, at: u64, record: &mut Record) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(amp) = rest.find('&') {
        out.push_str(&rest[..amp]);
        rest = &rest[amp..];
        let end = rest.as_bytes().iter().take(32).position(|&b| b == b';');
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((c, end)) => {
                if !c.is_control() {
                    out.push(c);
                }
                rest = &rest[end + 1..];
            }
            None => {
                record.flaw_once(FlawCode::BadReference, at);
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    if out.is_ascii() { out } else { nfc(out) }
}

fn nfc(text: String) -> String {
    use unicode_normalization::{UnicodeNormalization, is_nfc};
    if is_nfc(&text) { text } else { text.nfc().collect() }
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        _ => return None,
    })
}
