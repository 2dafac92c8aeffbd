//! How a file ends: as it should, inside a record, or without the end of what stands around its records.
//!
//! A file that was cut off between two records of a form without an envelope (ISO 2709, lines) looks whole; nobody
//! can tell. Knows the first and the last bytes and the last piece that was framed, nothing else.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use crate::marc::{Carrier, FlawCode, Framed, RawRecord};

/// Bytes that are kept of either end.
const KEPT: usize = 256;

/// The two ends of what was read.
#[derive(Debug, Default)]
pub(super) struct Ends {
    head: Vec<u8>,
    tail: Vec<u8>,
}

/// Lets bytes through and notes the first and the last of them.
struct Watched {
    input: Box<dyn Read + Send>,
    ends: Arc<Mutex<Ends>>,
}

/// The same input, and what can be looked at when it has been read.
pub(super) fn watch(input: Box<dyn Read + Send>) -> (Box<dyn Read + Send>, Arc<Mutex<Ends>>) {
    let ends = Arc::new(Mutex::new(Ends::default()));
    (Box::new(Watched { input, ends: Arc::clone(&ends) }), ends)
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buffer)?;
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).note(&buffer[..n]);
        Ok(n)
    }
}

impl Ends {
    fn note(&mut self, bytes: &[u8]) {
        let room = KEPT - self.head.len().min(KEPT);
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() >= KEPT {
            self.tail.clear();
        }
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT)..]);
        let surplus = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..surplus);
    }
}

/// The last piece of a file, as far as it tells how the file ends.
#[derive(Debug)]
pub(super) struct LastPiece {
    end: u64,
    breaks_off: bool,
}

impl LastPiece {
    pub(super) fn of(framed: Framed, raw: &RawRecord) -> Self {
        let is_cut = |code| matches!(code, FlawCode::TruncatedRecord | FlawCode::UnclosedRecord);
        let breaks_off = match framed {
            // Five digits alone pass for a record in words.
            Framed::Record => {
                raw.flaws.iter().any(|flaw| is_cut(flaw.code)) || begins_like_a_leader(&raw.bytes)
            }
            Framed::Reject(flaw) => match flaw.code {
                FlawCode::BadJson => true,
                FlawCode::StrayBytes | FlawCode::NoRecord => begins_like_a_leader(&raw.bytes),
                _ => false,
            },
        };
        Self { end: raw.offset.saturating_add(raw.length), breaks_off }
    }
}

/// What is wrong with the end of a file of so many bytes; nothing where it may be whole.
pub(super) fn fault(
    ends: &Ends,
    last: Option<&LastPiece>,
    carrier: Carrier,
    n_bytes: u64,
) -> Option<&'static str> {
    if last.is_some_and(|last| last.breaks_off && last.end >= n_bytes) {
        return Some("ends inside a record");
    }
    let (head, tail) = (ascii(&ends.head), ascii(&ends.tail));
    let lacks_its_end = match carrier {
        Carrier::Json => head.trim_start().starts_with('[') && !tail.trim_end().ends_with(']'),
        _ if head.trim_start().starts_with('<') => !is_closed(&head, &tail),
        _ => false,
    };
    lacks_its_end.then_some("breaks off before its end")
}

// Fewer bytes than a leader, of which the first would be its length.
fn begins_like_a_leader(bytes: &[u8]) -> bool {
    (1..24).contains(&bytes.len()) && bytes.iter().take(5).all(u8::is_ascii_digit)
}

// UTF-16 and marks of byte order fall away; what is not ASCII is not looked for.
fn ascii(bytes: &[u8]) -> String {
    bytes.iter().filter(|&&byte| byte != 0 && byte < 0x80).map(|&byte| char::from(byte)).collect()
}

// Whether the file ends in the end tag of its outermost element; comments may follow.
fn is_closed(head: &str, tail: &str) -> bool {
    let Some(root) = root_name(head) else { return true };
    let mut rest = tail.trim_end();
    while let Some(before) = rest.strip_suffix("-->").and_then(|text| text.rsplit_once("<!--")) {
        rest = before.0.trim_end();
    }
    let Some(inside) = rest.strip_suffix('>') else { return false };
    let Some((_, tag)) = inside.rsplit_once('<') else { return false };
    tag.strip_prefix('/').is_some_and(|name| name.trim() == root)
        || tag.starts_with(root) && tag.ends_with('/')
}

// The outermost element's name; none where it lies beyond the bytes that are kept.
fn root_name(head: &str) -> Option<&str> {
    let mut rest = head.trim_start();
    loop {
        let inside = rest.strip_prefix('<')?;
        let end = if inside.starts_with("!--") { "-->" } else { ">" };
        if !inside.starts_with(['?', '!']) {
            let name = inside.split(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').next()?;
            return (!name.is_empty() && name.len() < inside.len()).then_some(name);
        }
        rest = inside.split_once(end)?.1.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marc::{ReadOptions, Reader};

    fn fault_of(bytes: &[u8]) -> Option<&'static str> {
        let (input, ends) = watch(Box::new(io::Cursor::new(bytes.to_vec())));
        let mut reader = Reader::new(input, ReadOptions::default());
        let mut raw = RawRecord::default();
        let (mut last, mut carrier) = (None, Carrier::default());
        while let Some(framed) = reader.next(&mut raw).expect("memory can be read") {
            last = Some(LastPiece::of(framed, &raw));
            carrier = raw.carrier;
        }
        let n_bytes = reader.account().bytes;
        fault(&ends.lock().unwrap_or_else(PoisonError::into_inner), last.as_ref(), carrier, n_bytes)
    }

    fn iso2709(number: &str) -> Vec<u8> {
        let title = "1 \u{1f}a三国演义";
        let directory =
            format!("001{:04}00000200{:04}{:05}\u{1e}", number.len() + 1, title.len() + 1, number.len() + 1);
        let base = 24 + directory.len();
        let length = base + number.len() + title.len() + 3;
        format!("{length:05}nam0 22{base:05}   450 {directory}{number}\u{1e}{title}\u{1e}\u{1d}").into_bytes()
    }

    // Every cut but those that leave nothing to see.
    #[test]
    fn every_cut_is_seen_but_those_between_records() {
        let bytes = [iso2709("001"), iso2709("002")].concat();
        let one = iso2709("001").len();
        for cut in 1..=bytes.len() {
            // Only a record terminator is missing: the record is whole.
            let looks_whole = [one - 1, one, bytes.len() - 1, bytes.len()].contains(&cut);
            assert_eq!(fault_of(&bytes[..cut]).is_none(), looks_whole, "cut at {cut}");
        }
    }

    #[test]
    fn an_envelope_must_be_closed() {
        let record = "<record><leader>00000nam0 2200000   450 </leader><controlfield tag=\"001\">1</controlfield>\
                      <datafield tag=\"200\" ind1=\"1\" ind2=\" \"><subfield code=\"a\">红楼梦</subfield></datafield>\
                      </record>";
        let whole = format!(
            "<?xml version=\"1.0\"?>\n<!-- 北林 -->\n<collection xmlns=\"x\">{record}{record}</collection>\n"
        );
        assert_eq!(fault_of(whole.as_bytes()), None);
        let first = whole.find("<collection").unwrap_or_default() + "<collection>".len();
        for cut in (first..whole.trim_end().len()).filter(|&cut| whole.is_char_boundary(cut)) {
            assert!(fault_of(&whole.as_bytes()[..cut]).is_some(), "cut at {cut}");
        }
        for (text, expect) in [
            (format!("{record}{record}"), false),
            (format!("<collection>{record}</collection><!-- Ende --> "), false),
            (format!("<m:collection>{record}</m:collection>"), false),
            (format!("<collection>{record}"), true),
            (format!("<collection>{record}</record>"), true),
            ("<collection/>".to_owned(), false),
            ("<html><body>404</body></html>".to_owned(), false),
        ] {
            assert_eq!(fault_of(text.as_bytes()).is_some(), expect, "{text}");
        }
    }

    #[test]
    fn json_ends_too() {
        let record = r#"{"leader":"00000nam0 2200000   450 ","fields":[{"001":"1"}]}"#;
        for (text, expect) in [
            (format!("[{record},{record}]"), false),
            (format!("{record}\n{record}\n"), false),
            (format!("[{record},{record}"), true),
            (format!("[{record},"), true),
            (format!("{record}\n{}", &record[..40]), true),
        ] {
            assert_eq!(fault_of(text.as_bytes()).is_some(), expect, "{text}");
        }
    }
}
