//! Which carrier form an input is in, from its first bytes.

use super::super::Carrier;
use super::super::utf16::ByteOrder;

/// How many bytes are looked at.
pub(crate) const HEAD: usize = 4096;

/// The carrier forms as far as framing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Iso2709,
    Xml,
    Json,
    Lines(Carrier),
}

/// Whether the bytes are UTF-16: by their mark, or by the NULs of ASCII text.
pub(crate) fn utf16(head: &[u8]) -> Option<ByteOrder> {
    match head {
        [0xFF, 0xFE, ..] => return Some(ByteOrder::Little),
        [0xFE, 0xFF, ..] => return Some(ByteOrder::Big),
        _ => {}
    }
    // A leader, a tag or a bracket at the start is ASCII: every second byte is NUL, none of the others.
    let sample = head.get(..16)?;
    let zero = |start: usize| sample.iter().skip(start).step_by(2).all(|&b| b == 0);
    let text = |start: usize| {
        sample.iter().skip(start).step_by(2).all(|&b| (b' '..0x7F).contains(&b) || b == b'\n' || b == b'\r')
    };
    if zero(1) && text(0) {
        Some(ByteOrder::Little)
    } else if zero(0) && text(1) {
        Some(ByteOrder::Big)
    } else {
        None
    }
}

/// The form of text that begins so.
pub(crate) fn form(head: &[u8]) -> Form {
    let head = &head[..head.len().min(HEAD)];
    let text = trim_start(after_tar_header(head));
    match text.first() {
        Some(b'<') => return Form::Xml,
        Some(b'{' | b'[') if looks_like_json(text) => return Form::Json,
        _ => {}
    }
    if head.iter().any(|b| matches!(b, 0x1D | 0x1E)) {
        return Form::Iso2709;
    }
    // A directory may be longer than what is looked at; a leader of a text form ends with its line.
    if super::iso2709::is_leader(text) && !text.iter().take(36).any(|b| matches!(b, b'\r' | b'\n')) {
        return Form::Iso2709;
    }
    let mut lines = text.split(|&b| b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    let first = lines.by_ref().find(|l| !l.is_empty() && !l.starts_with(b"(")).unwrap_or_default();
    if is_mrk_line(first) {
        return Form::Lines(Carrier::Mrk);
    }
    if is_leader_line(first) {
        let next = lines.find(|l| !l.is_empty() && !l.starts_with(b"(")).unwrap_or_default();
        return Form::Lines(if is_yaz_line(next) { Carrier::Line } else { Carrier::Worksheet });
    }
    if is_tag_line(first) {
        return Form::Lines(Carrier::Worksheet);
    }
    if text.first().is_some_and(|b| matches!(b, b'"')) {
        return Form::Json;
    }
    Form::Iso2709
}

/// What follows the header block of a tar archive: the framers take the blocks for padding.
fn after_tar_header(head: &[u8]) -> &[u8] {
    let mut rest = head;
    while rest.get(257..262) == Some(b"ustar".as_slice()) {
        rest = &rest[512.min(rest.len())..];
    }
    rest
}

fn looks_like_json(text: &[u8]) -> bool {
    let rest = trim_start(&text[1..]);
    matches!(rest.first(), Some(b'"' | b'{' | b'[' | b'}' | b']') | None)
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let blank = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    // A leader may begin with blanks, and a second mark may follow the blanks of an empty line.
    let rest = &bytes[blank..];
    rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest)
}

pub(super) fn is_mrk_line(line: &[u8]) -> bool {
    line.len() >= 6
        && line[0] == b'='
        && line[1..4].iter().all(u8::is_ascii_alphanumeric)
        && line[4..6].iter().all(|b| matches!(b, b' ' | b'\t'))
}

/// A leader alone on its line: five digits or blanks, then leader characters, no delimiter.
pub(in crate::marc) fn is_leader_line(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    let line = ["头标区", "頭標區", "LDR", "Leader"]
        .iter()
        .find_map(|word| line.strip_prefix(word.as_bytes()))
        .map_or(line, |rest| &rest[rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b':')).count()..]);
    (20..=40).contains(&line.len())
        && line[..5].iter().all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'|' | b'*' | b'-'))
        && line[5].is_ascii_alphabetic()
        && line[6].is_ascii_alphabetic()
        && line.is_ascii()
        && line[8..].iter().any(|b| b.is_ascii_digit() || *b == b' ')
}

/// `245 10 $a Title`, `001 12345`, of the YAZ line form.
fn is_yaz_line(line: &[u8]) -> bool {
    line.len() >= 5
        && line[..3].iter().all(u8::is_ascii_alphanumeric)
        && line[3] == b' '
        && (line.starts_with(b"00") || (line.get(6) == Some(&b' ') && line.get(7) == Some(&b'$')))
}

/// A line that begins with a tag: `2001 ǂa…`, `905\t|a…`.
pub(super) fn is_tag_line(line: &[u8]) -> bool {
    line.len() >= 5 && line[..3].iter().all(u8::is_ascii_digit) && {
        let rest = &line[3..];
        let indicator = |b: &u8| b.is_ascii_digit() || matches!(b, b' ' | b'\t' | b'#' | b'_' | b'\\');
        indicator(&rest[0]) && (line.starts_with(b"00") || indicator(&rest[1]) || rest[0] == b'\t')
    }
}
