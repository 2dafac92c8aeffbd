//! What an OAI-PMH reply says, sound or broken: headers, token, error. Pure.
//!
//! Looks for tags only, as the MARC framer does, so that one bad character does not cost a page; whether the
//! reply is well-formed is asked of a real parser and told apart. Knows nothing of what is in the records.

use memchr::{memchr, memmem};
use quick_xml::events::Event;

/// A reply, read as far as it can be.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Reply {
    /// It claims to be a reply at all.
    pub(super) is_oai: bool,
    /// Its end is there.
    pub(super) is_whole: bool,
    /// It holds a DOCTYPE: entities could be anything.
    pub(super) has_doctype: bool,
    pub(super) response_date: Option<String>,
    /// Code and message.
    pub(super) error: Option<(String, String)>,
    pub(super) headers: Vec<Header>,
    /// The token for what follows; empty or absent where nothing does.
    pub(super) token: Option<String>,
    /// What the provider believes the list's length to be: good for progress only.
    pub(super) list_size: Option<u64>,
    /// Fields of Identify.
    pub(super) granularity: Option<String>,
    pub(super) earliest: Option<String>,
    pub(super) deleted_record: Option<String>,
    pub(super) formats: Vec<Format>,
}

/// A record's header.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Header {
    /// Byte at which it begins.
    pub(super) at: usize,
    pub(super) identifier: String,
    pub(super) deleted: bool,
}

/// A metadata format.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Format {
    pub(super) prefix: String,
    pub(super) schema: String,
    pub(super) namespace: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    Envelope,
    Header,
    Metadata,
    Format,
}

/// Longest text that is taken out of a reply.
const LONGEST: usize = 1 << 16;

/// Reads a reply.
pub(super) fn read(bytes: &[u8]) -> Reply {
    let mut reply = Reply::default();
    let mut place = Place::Envelope;
    let mut at = 0;
    while let Some(found) = memchr(b'<', &bytes[at..]) {
        at += found;
        let rest = &bytes[at..];
        if let Some(until) = skipped(rest) {
            at += memmem::find(rest, until).map_or(rest.len(), |end| end + until.len());
            continue;
        }
        if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"<!doctype")) {
            reply.has_doctype = true;
        }
        let closing = rest.get(1) == Some(&b'/');
        let name = local_name(&rest[1 + usize::from(closing)..]);
        let end = memchr(b'>', rest).map_or(rest.len(), |end| end + 1);
        let tag = Tag { bytes, at, end: at + end };
        place = if closing { close(name, place, &mut reply) } else { open(name, place, &tag, &mut reply) };
        at += 1 + name.len();
    }
    reply
}

fn close(name: &[u8], place: Place, reply: &mut Reply) -> Place {
    match name {
        b"OAI-PMH" => {
            reply.is_whole = true;
            Place::Envelope
        }
        b"header" | b"metadata" | b"metadataFormat" | b"ListRecords" | b"GetRecord" => Place::Envelope,
        _ => place,
    }
}

fn open(name: &[u8], place: Place, tag: &Tag<'_>, reply: &mut Reply) -> Place {
    match (name, place) {
        (b"OAI-PMH", _) => reply.is_oai = true,
        // A record that was not closed ends where the next one, or the token, begins.
        (b"header", Place::Envelope | Place::Header | Place::Metadata) => {
            let deleted = tag.attribute(b"status").is_some_and(|status| status.trim() == "deleted");
            reply.headers.push(Header { at: tag.at, identifier: String::new(), deleted });
            return Place::Header;
        }
        (b"resumptionToken", Place::Envelope | Place::Header | Place::Metadata) => {
            reply.token = Some(tag.text());
            reply.list_size = tag.attribute(b"completeListSize").and_then(|size| size.trim().parse().ok());
            return Place::Envelope;
        }
        (b"identifier", Place::Header) => {
            if let Some(header) = reply.headers.last_mut() {
                header.identifier = tag.text();
            }
        }
        (b"metadata", Place::Envelope | Place::Header) if !tag.is_empty() => return Place::Metadata,
        (b"metadataFormat", Place::Envelope) => {
            reply.formats.push(Format::default());
            return Place::Format;
        }
        (b"metadataPrefix" | b"schema" | b"metadataNamespace", Place::Format) => {
            if let Some(format) = reply.formats.last_mut() {
                let field = match name {
                    b"schema" => &mut format.schema,
                    b"metadataNamespace" => &mut format.namespace,
                    _ => &mut format.prefix,
                };
                *field = tag.text();
            }
        }
        (b"error", Place::Envelope) => {
            let code = tag.attribute(b"code").unwrap_or_default();
            reply.error.get_or_insert_with(|| (code, tag.text()));
        }
        (b"responseDate", Place::Envelope) => reply.response_date = Some(tag.text()),
        (b"granularity", Place::Envelope) => reply.granularity = Some(tag.text()),
        (b"earliestDatestamp", Place::Envelope) => reply.earliest = Some(tag.text()),
        (b"deletedRecord", Place::Envelope) => reply.deleted_record = Some(tag.text()),
        _ => {}
    }
    place
}

/// Whether a real parser accepts the reply, and if not, why.
pub(super) fn fault(bytes: &[u8]) -> Option<String> {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut depth = 0usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::GeneralRef(name)) => {
                let known = matches!(&*name, "amp" | "lt" | "gt" | "quot" | "apos");
                if !known && !name.starts_with('#') {
                    return Some(format!("unknown entity {}", &*name));
                }
            }
            Ok(Event::Eof) if depth > 0 => return Some("it ends too early".to_owned()),
            Ok(Event::Eof) => return None,
            Ok(_) => {}
            Err(error) => return Some(format!("{error} at byte {}", reader.error_position())),
        }
        if depth > 64 {
            return Some("it is nested too deeply".to_owned());
        }
    }
}

struct Tag<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Behind its `>`.
    end: usize,
}

impl Tag<'_> {
    fn is_empty(&self) -> bool {
        self.bytes[self.at..self.end].ends_with(b"/>")
    }

    /// The text behind it, up to the next tag.
    fn text(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let rest = &self.bytes[self.end..];
        let rest = &rest[..rest.len().min(LONGEST)];
        if let Some(cdata) = rest.trim_ascii_start().strip_prefix(b"<![CDATA[") {
            let end = memmem::find(cdata, b"]]>").unwrap_or(cdata.len());
            return String::from_utf8_lossy(&cdata[..end]).trim().to_owned();
        }
        let end = memchr(b'<', rest).unwrap_or(rest.len());
        unescaped(&String::from_utf8_lossy(&rest[..end])).trim().to_owned()
    }

    fn attribute(&self, name: &[u8]) -> Option<String> {
        let tag = &self.bytes[self.at..self.end.min(self.at + 4096)];
        memmem::find_iter(tag, name).find_map(|found| {
            let before = tag.get(found.checked_sub(1)?)?;
            let rest = tag[found + name.len()..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
            let (quote, rest) = rest.split_first()?;
            if !before.is_ascii_whitespace() || !matches!(quote, b'"' | b'\'') {
                return None;
            }
            Some(unescaped(&String::from_utf8_lossy(&rest[..memchr(*quote, rest)?])))
        })
    }
}

// Comments, CDATA sections and instructions: up to where they go.
fn skipped(rest: &[u8]) -> Option<&'static [u8]> {
    if rest.starts_with(b"<!--") {
        return Some(b"-->");
    }
    if rest.starts_with(b"<![CDATA[") {
        return Some(b"]]>");
    }
    rest.starts_with(b"<?").then_some(b"?>")
}

fn local_name(rest: &[u8]) -> &[u8] {
    let end = rest
        .iter()
        .take(64)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-' | b'.'))
        .count();
    let name = &rest[..end];
    memchr(b':', name).map_or(name, |colon| &name[colon + 1..])
}

// A stray `&`, as tokens in the wild have it, stands for itself.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pieces = text.split('&');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let decoded = piece.split_once(';').and_then(|(name, rest)| Some((reference(name)?, rest)));
        match decoded {
            Some((c, rest)) => {
                out.push(c);
                out.push_str(rest);
            }
            None => {
                out.push('&');
                out.push_str(piece);
            }
        }
    }
    out
}

fn reference(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix("#x") {
            Some(hex) => number(hex, 16),
            None => number(name.strip_prefix('#')?, 10),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use proptest::prelude::*;

    use super::super::super::trial::corpus;
    use super::*;

    const PAGE: &str = r#"<?xml version="1.0"?><!-- <resumptionToken>no</resumptionToken> -->
        <oai:OAI-PMH xmlns:oai="x"><responseDate>2026-11-25T01:30:00Z</responseDate><ListRecords>
        <record><header><identifier>oai:lib:甲&amp;1</identifier><datestamp>2026-01-01</datestamp></header>
        <metadata><record><identifier>not me</identifier><error code="no"/>
          <datafield tag="200"/></record></metadata></record>
        <record><header status = 'deleted'><identifier> oai:lib:2 </identifier></header></record>
        <resumptionToken completeListSize="12" cursor="0">a=1&b=2&amp;c</resumptionToken>
        </ListRecords></oai:OAI-PMH>"#;

    #[test]
    fn a_page_is_its_headers_and_its_token() {
        let reply = read(PAGE.as_bytes());
        let headers: Vec<_> = reply.headers.iter().map(|h| (h.identifier.as_str(), h.deleted)).collect();
        assert_eq!(headers, [("oai:lib:甲&1", false), ("oai:lib:2", true)]);
        assert_eq!(reply.token.as_deref(), Some("a=1&b=2&c"));
        assert_eq!((reply.list_size, reply.error), (Some(12), None));
        assert_eq!(reply.response_date.as_deref(), Some("2026-11-25T01:30:00Z"));
        assert!(reply.is_oai && reply.is_whole && !reply.has_doctype);
        assert_eq!(fault(PAGE.replace("&b", "&amp;b").as_bytes()), None);
        assert!(fault(PAGE.as_bytes()).is_some());
    }

    #[test]
    fn broken_pages_still_say_what_follows() {
        let check = |from: &str, to: &str| {
            let page = PAGE.replace(from, to);
            let reply = read(page.as_bytes());
            assert_eq!(reply.headers.len(), 2, "{from} -> {to}");
            assert_eq!(reply.token.as_deref(), Some("a=1&b=2&c"), "{from} -> {to}");
            assert!(fault(page.as_bytes()).is_some());
        };
        check("</metadata></record>", "");
        check("</metadata>", "</meta>");
        check("not me", "&nichts; < \u{1}");
        check("</header>", "");
        assert!(!read(&PAGE.as_bytes()[..PAGE.len() - 20]).is_whole);
    }

    #[test]
    fn errors_and_empty_tokens() {
        let check = |inside: &str| read(format!("<OAI-PMH>{inside}</OAI-PMH>").as_bytes());
        let error = check(r#"<error code="noRecordsMatch">nichts &lt;da&gt;</error>"#).error;
        assert_eq!(error, Some(("noRecordsMatch".into(), "nichts <da>".into())));
        assert_eq!(check("<resumptionToken cursor='3'/>").token.as_deref(), Some(""));
        assert_eq!(check("<resumptionToken>\n</resumptionToken>").token.as_deref(), Some(""));
        assert_eq!(check("<resumptionToken><![CDATA[a&b]]></resumptionToken>").token.as_deref(), Some("a&b"));
        assert!(read(b"<!DOCTYPE html><html><error code=''>").has_doctype);
    }

    #[test]
    fn recorded_replies_are_understood() {
        // File, headers, deleted, token, error.
        let table = [
            ("mloesch+sickle/sickle/tests/sample_data/ListRecords.xml", 2, 1, true, ""),
            ("mloesch+sickle/sickle/tests/sample_data/ListRecords4.xml", 2, 1, false, ""),
            ("mloesch+sickle/sickle/tests/sample_data/badArgument.xml", 0, 0, false, "badArgument"),
            ("vufind-org+vufindharvest/tests/fixtures/marc.xml", 100, 0, true, ""),
            (
                "vufind-org+vufindharvest/tests/fixtures/token_error_response.xml",
                0,
                0,
                false,
                "badResumptionToken",
            ),
            ("caseyamcl+phpoaipmh/tests/SampleXML/GoodResponseFourPage_3.xml", 200, 0, true, ""),
            (
                "folio-org+mod-reservoir/util/src/test/resources/oai-response-2.xml",
                0,
                0,
                false,
                "noRecordsMatch",
            ),
            ("folio-org+mod-reservoir/util/src/test/resources/oai-response-5.xml", 3, 2, true, ""),
            ("indexdata+idzebra/examples/oai-pmh/data/oai-caltech.xml", 100, 0, true, ""),
            ("rero+rero-mef/tests/data/aggnd_oai_list_records_empty.xml", 0, 0, false, ""),
            (
                "folio-org+mod-oai-pmh/ramls/examples/service_unavailable.sample",
                0,
                0,
                false,
                "serviceUnavailable",
            ),
        ];
        for (file, headers, deleted, token, error) in table {
            let Some(bytes) = corpus(&format!("marc/{file}")) else { continue };
            let reply = read(&bytes);
            assert!(reply.is_oai, "{file}");
            assert_eq!(reply.headers.len(), headers, "{file}");
            assert_eq!(reply.headers.iter().filter(|h| h.deleted).count(), deleted, "{file}");
            assert_eq!(reply.token.is_some_and(|t| !t.is_empty()), token, "{file}");
            assert_eq!(reply.error.map(|e| e.0).unwrap_or_default(), error, "{file}");
        }
    }

    #[test]
    fn recorded_formats_are_understood() {
        let file = "marc/folio-org+mod-oai-pmh/ramls/examples/metadata_formats.sample";
        let Some(bytes) = corpus(file) else { return };
        let formats = read(&bytes).formats;
        assert!(
            formats.iter().any(|f| f.prefix == "oai_dc" && f.namespace.contains("oai_dc")),
            "{formats:?}"
        );
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes: Vec<u8>, cut in 0usize..2000, with: u8) {
            let _ = (read(&bytes), fault(&bytes));
            let mut page = PAGE.as_bytes().to_vec();
            page.truncate(cut.min(page.len()));
            if let Some(byte) = page.last_mut() {
                *byte = with;
            }
            let _ = (read(&page), fault(&page));
        }
    }
}
