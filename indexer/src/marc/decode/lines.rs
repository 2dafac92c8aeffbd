//! One block of a text form → fields (DOMAIN §1.4). Lines are decoded before they are split: in GBK and Big5
//! half a character may look like a delimiter.

use super::super::{Carrier, Flaw, FlawCode, Leader, RawRecord, Record, Tag};
use super::ParseOptions;
use super::text::TextDecoder;

/// Signs that stand for the subfield delimiter, the unambiguous ones first.
const DELIMITERS: [char; 7] = ['\u{1F}', 'ǂ', '‡', '▼', '|', '$', '@'];

pub(super) fn parse(raw: &RawRecord, options: &ParseOptions, record: &mut Record) -> Result<(), Flaw> {
    let mut decoder = TextDecoder::new(raw, &raw.bytes, || None, options);
    let lines = logical_lines(raw, &mut decoder);
    let delimiter = match raw.carrier {
        Carrier::Mrk | Carrier::Line => '$',
        _ => delimiter(&lines),
    };
    let mut last_tag = None;
    for Line { at, text } in &lines {
        let (at, text) = (*at, text.as_str());
        let Some((tag, rest)) = tag_and_rest(text, raw.carrier, last_tag) else {
            if let Some(leader) = leader_line(text) {
                record.set_leader(leader);
            } else if text.starts_with('(') && raw.carrier == Carrier::Line {
                // A comment.
            } else {
                record.flaw_once(FlawCode::OddLine, at);
                if record.n_fields() > 0 {
                    record.extend_last(&format!(" {}", text.trim()));
                }
            }
            continue;
        };
        last_tag = Some(tag);
        decoder.begin_field();
        match &tag {
            b"LDR" | b"000" => record.set_leader(leader_of(&unblank(rest, raw.carrier))),
            _ if tag.starts_with(b"00") => control(tag, rest, raw.carrier, delimiter, record),
            _ => data(tag, rest, raw.carrier, delimiter, at, record),
        }
    }
    decoder.finish(record);
    if record.n_fields() == 0 {
        return Err(Flaw { code: FlawCode::Unreadable, at: raw.offset });
    }
    Ok(())
}

/// A field's line with its continuation lines.
struct Line {
    at: u64,
    text: String,
}

fn logical_lines(raw: &RawRecord, decoder: &mut TextDecoder<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut offset = raw.offset;
    for bytes in raw.bytes.split_inclusive(|&b| b == b'\n') {
        let at = offset;
        offset += bytes.len() as u64;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let mut text = String::with_capacity(bytes.len() * 2);
        // The real delimiter would fall out with the controls; tabs are blanks.
        for (i, piece) in bytes.split(|&b| b == 0x1F).enumerate() {
            if i > 0 {
                text.push('\u{1F}');
            }
            for (i, piece) in piece.split(|&b| b == b'\t').enumerate() {
                if i > 0 {
                    text.push('\t');
                }
                decoder.append(piece, at, &mut text);
            }
        }
        if text.trim().is_empty() {
            continue;
        }
        let continues = match raw.carrier {
            Carrier::Mrk => !text.starts_with('='),
            Carrier::Line => text.starts_with("    "),
            _ => false,
        };
        match lines.last_mut().filter(|_| continues) {
            Some(line) => {
                // The break stands for one blank, whether that was written or not.
                line.text.truncate(line.text.trim_end().len());
                line.text.push(' ');
                line.text.push_str(text.trim_start());
            }
            None => lines.push(Line { at, text }),
        }
    }
    lines
}

/// The sign after which a code stands at the beginning of most fields.
fn delimiter(lines: &[Line]) -> char {
    let begins = |sign: char| {
        lines
            .iter()
            .filter(|l| {
                let body = l.text.trim_start_matches(|c: char| c.is_ascii_digit() || " \t#_\\".contains(c));
                let mut chars = body.chars();
                chars.next() == Some(sign) && chars.next().is_some_and(|c| c.is_ascii_alphanumeric())
            })
            .count()
    };
    let mut best = ('$', 0);
    for sign in DELIMITERS {
        let count = begins(sign);
        if count > best.1 {
            best = (sign, count);
        }
    }
    best.0
}

/// Splits a line into its tag and what follows; none for a line that is no field.
fn tag_and_rest(text: &str, carrier: Carrier, last: Option<Tag>) -> Option<(Tag, &str)> {
    let body = match carrier {
        Carrier::Mrk => text.strip_prefix('=')?,
        _ => text,
    };
    let tag: Tag = body.as_bytes().get(..3)?.try_into().ok()?;
    let rest = body.get(3..)?;
    if carrier == Carrier::Mrk {
        let rest = rest.strip_prefix("  ").or_else(|| rest.strip_prefix('\t')).unwrap_or(rest.trim_start());
        return tag.iter().all(u8::is_ascii_alphanumeric).then_some((tag, rest));
    }
    if leader_line(text).is_some() && last.is_none() {
        return None;
    }
    if tag.iter().all(u8::is_ascii_digit) || (carrier == Carrier::Line && is_line_tag(body)) {
        return Some((tag, rest));
    }
    // A repeated field without its tag.
    let blank = body.starts_with([' ', '\t']);
    last.filter(|tag| blank && !tag.starts_with(b"00")).map(|tag| (tag, body.trim_start_matches(['\t', ' '])))
}

fn is_line_tag(body: &str) -> bool {
    let bytes = body.as_bytes();
    bytes.len() > 7
        && bytes[..3].iter().all(u8::is_ascii_alphanumeric)
        && bytes[3] == b' '
        && bytes[6] == b' '
}

fn leader_line(text: &str) -> Option<Leader> {
    let text = text.trim_end();
    super::super::frame::is_leader_line(text.as_bytes()).then(|| {
        let words = ["头标区", "頭標區", "LDR", "Leader"];
        let rest = words.iter().find_map(|word| text.strip_prefix(word));
        leader_of(rest.map_or(text, |rest| rest.trim_start_matches([' ', '\t', ':'])))
    })
}

fn leader_of(text: &str) -> Leader {
    let mut leader = [b' '; 24];
    for (slot, c) in leader.iter_mut().zip(text.chars()) {
        *slot = if (' '..'\u{7F}').contains(&c) { c as u8 } else { b' ' };
    }
    Leader(leader)
}

/// `.mrk` writes a blank as a backslash where blanks would get lost.
fn unblank(text: &str, carrier: Carrier) -> String {
    if carrier == Carrier::Mrk { text.replace('\\', " ") } else { text.to_owned() }
}

fn control(tag: Tag, rest: &str, carrier: Carrier, delimiter: char, record: &mut Record) {
    let rest = match carrier {
        Carrier::Line => rest.strip_prefix(' ').unwrap_or(rest),
        Carrier::Worksheet => rest.trim_start_matches('\t'),
        _ => rest,
    };
    // Some worksheets write `001  ǂa…`.
    let text = rest.trim_start().strip_prefix(delimiter).map_or(rest, |t| t.get(1..).unwrap_or_default());
    let text = if carrier == Carrier::Worksheet { text.trim_start() } else { text };
    record.push_control(tag, |out| out.push_str(&unblank(text, carrier)));
}

fn data(tag: Tag, rest: &str, carrier: Carrier, delimiter: char, at: u64, record: &mut Record) {
    let rest = match carrier {
        Carrier::Line => rest.strip_prefix(' ').unwrap_or(rest),
        _ => rest,
    };
    let Some(first) = find_delimiter(rest, delimiter, carrier) else {
        record.flaw_once(FlawCode::OddLine, at);
        record.push_control(tag, |out| out.push_str(rest.trim()));
        return;
    };
    record.push_data(tag, indicators(&rest[..first], carrier));
    let mut rest = &rest[first + delimiter.len_utf8()..];
    loop {
        let next = find_delimiter(rest, delimiter, carrier);
        subfield(&rest[..next.unwrap_or(rest.len())], carrier, at, record);
        match next {
            Some(next) => rest = &rest[next + delimiter.len_utf8()..],
            None => break,
        }
    }
}

fn indicators(before: &str, carrier: Carrier) -> [u8; 2] {
    let mut indicators = [b' '; 2];
    let signs = before.bytes().filter(|&b| carrier != Carrier::Worksheet || b != b'\t');
    for (slot, b) in indicators.iter_mut().zip(signs) {
        *slot = match b {
            b'\\' | b'#' | b'_' => b' ',
            b if (b' '..0x7F).contains(&b) => b,
            _ => b' ',
        };
    }
    indicators
}

fn subfield(piece: &str, carrier: Carrier, at: u64, record: &mut Record) {
    let mut chars = piece.chars();
    let Some(code) = chars.next() else { return record.flaw_once(FlawCode::EmptySubfield, at) };
    let text = match carrier {
        // ` $a Title $b Rest`: one blank belongs to the form on either side.
        Carrier::Line => {
            let text = chars.as_str();
            let text = text.strip_prefix(' ').unwrap_or(text);
            text.strip_suffix(' ').unwrap_or(text)
        }
        Carrier::Mrk => chars.as_str(),
        _ => chars.as_str().trim_matches(['\t', ' ']),
    };
    if text.is_empty() {
        return record.flaw_once(FlawCode::EmptySubfield, at);
    }
    record.push_subfield(code, |out| match carrier {
        Carrier::Mrk if text.contains('{') => out.push_str(&unescape(text)),
        _ => out.push_str(text),
    });
}

/// Where the next delimiter is: the sign followed by a code, but for prices and addresses.
fn find_delimiter(text: &str, sign: char, carrier: Carrier) -> Option<usize> {
    text.match_indices(sign).map(|(at, _)| at).find(|&at| {
        let mut after = text[at + sign.len_utf8()..].chars();
        let Some(code) = after.next().filter(char::is_ascii_alphanumeric) else { return false };
        let next = after.next();
        match sign {
            '$' if carrier == Carrier::Line => next == Some(' '),
            // `$25.00`
            '$' if carrier == Carrier::Worksheet => {
                !(code.is_ascii_digit() && next.is_some_and(|c| c.is_ascii_digit() || c == '.'))
            }
            // `name@example.org`
            '@' => {
                let word = text[at..].split([' ', '　', '@']).nth(1).unwrap_or_default();
                !(text[..at].ends_with(|c: char| c.is_ascii_alphanumeric())
                    && word.contains('.')
                    && word.is_ascii())
            }
            _ => true,
        }
    })
}

fn unescape(text: &str) -> String {
    let mut out = text.to_owned();
    for (name, sign) in
        [("{dollar}", "$"), ("{lcub}", "{"), ("{rcub}", "}"), ("{bsol}", "\\"), ("{pipe}", "|")]
    {
        if out.contains(name) {
            out = out.replace(name, sign);
        }
    }
    out
}
