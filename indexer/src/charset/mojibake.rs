//! A better reading of text that was decoded in the wrong charset before it came to us (DOMAIN §3).
//!
//! For overlays of index and display only; stored text stays as received. Silence is the usual answer: a
//! repair must explain the whole text, so that no good title is ever "repaired".

use std::sync::LazyLock;

use encoding_rs::{BIG5, Encoding, GB18030, WINDOWS_1252};

/// The text as it was meant, where that is certain.
pub fn repair_mojibake(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let is_western = text.chars().all(|c| u32::from(c) < 0x2123);
    let meant = if is_western { repair_from_latin(text) } else { repair_from_gbk(text) }?;
    let mut clean = String::with_capacity(meant.len());
    super::clean::push_clean(&meant, &mut clean);
    Some(clean)
}

/// `åŒ—äº¬` was UTF-8 and `±±¾©` was GBK before somebody read them as Windows-1252.
fn repair_from_latin(text: &str) -> Option<String> {
    let bytes = encode(WINDOWS_1252, text)?;
    if let Ok(meant) = std::str::from_utf8(&bytes) {
        return is_sound(meant).then(|| meant.to_owned());
    }
    // Only pairs of GB 2312: a Western word has its high letters one by one, between small ones.
    if !bytes.chunk_by(|a, b| (*a < 0x80) == (*b < 0x80)).all(|run| run[0] < 0x80 || is_gb2312(run)) {
        return None;
    }
    let meant = GB18030.decode_without_bom_handling_and_without_replacement(&bytes)?;
    let (n_han, n_other) = count_han(&meant);
    (n_han >= 2 && n_han >= 4 * n_other).then(|| meant.into_owned())
}

// A run of high bytes that is ideographs of level 1 for the most part, and punctuation.
fn is_gb2312(run: &[u8]) -> bool {
    let pairs = run.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return false;
    }
    let (mut n, mut n_common) = (0, 0);
    for pair in pairs {
        match pair {
            [0xA1 | 0xA3, 0xA1..=0xFF] => {}
            [0xB0..=0xD7, 0xA1..=0xFF] => (n, n_common) = (n + 1, n_common + 1),
            [0xD8..=0xF7, 0xA1..=0xFF] => n += 1,
            _ => return false,
        }
    }
    4 * n_common >= 3 * n
}

/// Characters whose two bytes in GBK are the front of a UTF-8 sequence, as a bit for each up to U+FFFF. Encoding one
/// to find that out would search a table of 20,000 from its beginning.
static FRONTS: LazyLock<Box<[u64; 1024]>> = LazyLock::new(|| {
    let pairs =
        (0xE2u8..=0xE9).chain([0xEF]).flat_map(|lead| (0x80u8..=0xBF).map(move |trail| [lead, trail]));
    let mut fronts = Box::new([0u64; 1024]);
    for pair in pairs {
        let text = GB18030.decode_without_bom_handling_and_without_replacement(&pair);
        if let Some(front) = text.as_deref().and_then(|text| text.chars().next())
            && let Some(word) = fronts.get_mut(front as usize / 64)
        {
            *word |= 1 << (front as u32 % 64);
        }
    }
    fronts
});

fn is_front(c: char) -> bool {
    FRONTS.get(c as usize / 64).is_some_and(|word| word >> (c as u32 % 64) & 1 == 1)
}

/// `鍖椾含鏋椾笟` was UTF-8 before somebody read it as GBK.
fn repair_from_gbk(text: &str) -> Option<String> {
    // Good text mostly ends here: its first ideograph is not the front of a UTF-8 sequence.
    let first = text.chars().find(|c| !c.is_ascii())?;
    if !is_front(first) {
        return None;
    }
    // The last character may be lost, and a mark may stand in its place.
    let whole = text.trim_end_matches(['?', '？', '\u{FFFD}']);
    let bytes = encode(GB18030, whole)?;
    let meant = match std::str::from_utf8(&bytes) {
        Ok(meant) => meant,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let (n_han, n_other) = count_han(meant);
    let is_text = is_sound(meant) && n_han >= 2 && n_han >= 4 * n_other;
    // Rare ideographs may happen to spell other rare ones: what was meant is mostly common.
    (is_text && 4 * n_common(meant) >= 3 * n_han).then(|| meant.to_owned())
}

// Ideographs of level 1 of GB 2312 or of Big5.
fn n_common(text: &str) -> usize {
    let mut buffer = [0u8; 4];
    let mut lead = |encoding: &'static Encoding, c: char| {
        encode(encoding, c.encode_utf8(&mut buffer)).filter(|b| b.len() == 2).map_or(0, |b| b[0])
    };
    let is_common =
        |c: &char| matches!(lead(GB18030, *c), 0xB0..=0xD7) || matches!(lead(BIG5, *c), 0xA4..=0xC6);
    text.chars().filter(is_common).count()
}

fn encode(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let (bytes, _, has_unmappable) = encoding.encode(text);
    (!has_unmappable).then(|| bytes.into_owned())
}

// No controls and nothing lost: text that somebody could have written.
fn is_sound(text: &str) -> bool {
    !text.is_ascii() && !text.chars().any(|c| super::clean::is_control(c) || c == '\u{FFFD}')
}

// Ideographs, and other characters beyond ASCII that are not Chinese punctuation.
fn count_han(text: &str) -> (usize, usize) {
    let (mut n_han, mut n_other) = (0, 0);
    for c in text.chars() {
        match c {
            '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}' => n_han += 1,
            '\0'..='\u{7F}' | '\u{2010}'..='\u{2026}' | '\u{3000}'..='\u{303F}' | '\u{FF00}'..='\u{FF5E}' => {
            }
            _ => n_other += 1,
        }
    }
    (n_han, n_other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::print_stderr, reason = "a skipped check is named")]

    use super::*;

    #[test]
    fn damaged_text_is_repaired() {
        for (text, expect) in [
            ("±±¾©ÁÖÒµ´óÑ§", "北京林业大学"),
            ("Java³ÌÐòÉè¼Æ", "Java程序设计"),
            ("鍖椾含鏋椾笟澶у", "北京林业大"),
            ("鍖椾含鏋椾笟澶у?", "北京林业大"),
            ("åŒ—äº¬", "北京"),
            ("dimineÅ£i cu pÄƒrintele StÄƒniloae", "dimineţi cu părintele Stăniloae"),
            ("CafÃ© MÃ¼ller", "Café Müller"),
            ("JoÌ„myoÌ„ genron", "Jōmyō genron"),
        ] {
            assert_eq!(repair_mojibake(text).as_deref(), Some(expect), "{text}");
        }
    }

    #[test]
    fn good_text_is_left_alone() {
        for text in [
            "北京林业大学",
            "一猫碌",
            "慊嶄垁",
            "三國演義",
            "Café Müller",
            "Ärzte ohne Grenzen",
            "Élan vital à l'œuvre",
            "Война и мир",
            "50 °C",
            "«Ça ira»",
            "日本語の文法",
            "锟斤拷",
            "",
            "Ångström & Øre",
        ] {
            assert_eq!(repair_mojibake(text), None, "{text}");
        }
    }

    #[test]
    fn no_real_title_is_repaired() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/zh_books.tsv");
        let Ok(rows) = std::fs::read_to_string(&path) else {
            eprintln!("skipped: no corpus");
            return;
        };
        for row in rows.lines() {
            for cell in row.split('\t').take(3) {
                assert_eq!(repair_mojibake(cell), None, "{cell}");
            }
        }
    }
}
