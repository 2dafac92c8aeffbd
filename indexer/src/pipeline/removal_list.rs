//! A plain list of control numbers, one a line, as a library sends it for its withdrawn records.
//!
//! MARC records may be sent for the same purpose; which of the two a file is, its first bytes tell.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Longest line of a list; nobody's control numbers are longer.
const MAX_LINE: usize = 256;

/// So much of a file tells what it is.
const HEAD: usize = 1 << 16;

/// One line of a list.
pub(super) struct Removal {
    pub(super) control_number: String,
    pub(super) n_bytes: u64,
}

/// Whether a file is a list rather than MARC in any form.
pub(super) fn looks_like_one(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.is_ok() && is_list(whole_lines(&head))
}

// The rest of a long file was cut off, perhaps inside a character.
fn whole_lines(head: &[u8]) -> &[u8] {
    match head.iter().rposition(|&byte| byte == b'\n') {
        Some(last) if head.len() == HEAD => &head[..=last],
        _ => head,
    }
}

fn is_list(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let printable = head.iter().all(|&b| b >= b' ' || matches!(b, b'\t' | b'\r' | b'\n'));
    let Ok(text) = std::str::from_utf8(head) else { return false };
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let marked = |line: &str| line.trim_start().starts_with(['<', '{', '[', '=']) || is_leader(line);
    printable && text.lines().all(|line| line.len() <= MAX_LINE) && !lines.any(marked)
}

// `00714nam  2200241   450 ` opens a record of the line and worksheet forms.
fn is_leader(line: &str) -> bool {
    let bytes = line.as_bytes();
    bytes.len() >= 22
        && bytes[..5].iter().all(|b| b.is_ascii_digit() || *b == b' ' || *b == b'*')
        && bytes[5].is_ascii_lowercase()
        && (bytes[10..12] == *b"22" || bytes[20..22] == *b"45")
}

/// The lines of a list; a line that is too long is cut, the rest of it read as another.
pub(super) fn lines(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Removal>>> {
    let mut input = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    Ok(std::iter::from_fn(move || {
        line.clear();
        let read = (&mut input).take(MAX_LINE as u64).read_until(b'\n', &mut line);
        match read {
            Ok(0) => None,
            Ok(n_bytes) => {
                let text = String::from_utf8_lossy(&line);
                let control_number = text.trim_start_matches('\u{FEFF}').trim().to_owned();
                Some(Ok(Removal { control_number, n_bytes: n_bytes as u64 }))
            }
            Err(error) => Some(Err(error)),
        }
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_long_list_is_one_wherever_its_head_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("注销.txt");
        for n_before in 0..14 {
            let before = format!("{}\n", "0".repeat(n_before));
            std::fs::write(&path, before + &"北林-000001\n".repeat(5000)).unwrap();
            assert!(looks_like_one(&path), "{n_before}");
        }
        std::fs::write(&path, "北林".repeat(HEAD)).unwrap();
        assert!(!looks_like_one(&path), "it has no lines");
    }

    #[test]
    fn lists_and_records_are_told_apart() {
        let table: [(&[u8], bool); 9] = [
            (b"012005000123\r\n012005000124\r\n", true),
            (b"\xEF\xBB\xBF001\n\n002", true),
            ("北林-0001\n".as_bytes(), true),
            (b"", true),
            (b"00714nam0 2200241   450 001001300000\x1e0120\x1e\x1d", false),
            (b"00714nam  2200241   450 \n001 012005000123\n", false),
            (b"<collection><record/>", false),
            (b"{\"leader\":\"\"}", false),
            (b"=LDR  00714nam  2200241   450 \n", false),
        ];
        for (bytes, expect) in table {
            assert_eq!(is_list(bytes), expect, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
