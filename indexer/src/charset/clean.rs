//! The last step of every decoder: NFC text without control characters.
//!
//! Most text needs nothing done; `is_clean_utf8` finds that out at memory speed.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Whether valid UTF-8 is certainly NFC and free of controls; `false` may also mean "look closer".
pub(super) fn is_clean_utf8(bytes: &[u8]) -> bool {
    is_clean_beside(bytes, |_| false)
}

/// The same for a whole record, whose field terminators and subfield delimiters are no text.
pub(super) fn is_clean_record(bytes: &[u8]) -> bool {
    is_clean_beside(bytes, |b| matches!(b, 0x1E | 0x1F))
}

#[inline]
fn is_clean_beside(bytes: &[u8], is_no_text: impl Fn(u8) -> bool) -> bool {
    const BLOCK: usize = 32;
    let mut from = 0;
    while from < bytes.len() {
        let to = (from + BLOCK).min(bytes.len());
        // One flat pass over a block compiles to vector compares; only blocks with punctuation look closer.
        let plain = bytes[from..to].iter().fold(true, |plain, &b| plain & (is_plain(b) | is_no_text(b)));
        let is_fine = |at: usize| {
            let b = bytes[at];
            PLAIN[usize::from(b)] || is_no_text(b) || is_harmless(&bytes[at..])
        };
        if !plain && !(from..to).all(is_fine) {
            return false;
        }
        from = to;
    }
    true
}

// ASCII text, continuation bytes, Latin letters up to U+02FF, Cyrillic, and Han U+4000–U+9FFF.
#[inline]
const fn is_plain(b: u8) -> bool {
    matches!(b, 0x20..=0x7E | 0x80..=0xC1 | 0xC3..=0xCB | 0xD0..=0xD1 | 0xE4..=0xE9)
}

// The same for one byte at a time.
static PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = is_plain(b as u8);
        b += 1;
    }
    table
};

// A character with a lead byte outside `is_plain` that still needs no work: marks of Chinese text, kana,
// Greek, Hangul, signs. Left out is what NFC changes or reorders: U+0387, U+2126, U+212A, U+2329, U+3099 …
fn is_harmless(rest: &[u8]) -> bool {
    match *rest {
        [0xC2, second, ..] => second >= 0xA0,
        [0xCE, second, ..] => second != 0x87,
        [0xCF, ..] => true,
        [0xE2, 0x80, third, ..] => third >= 0x82,
        [0xE2, 0x84, third, ..] => !matches!(third, 0xA6 | 0xAA | 0xAB),
        [0xE2, 0x8C, third, ..] => !matches!(third, 0xA9 | 0xAA),
        [0xE2, 0x81..=0x82 | 0x85..=0x8B | 0x8D..=0xAA, ..] => true,
        [0xE3, 0x80, third, ..] => !(0xAA..=0xAF).contains(&third),
        [0xE3, 0x82, third, ..] => !(0x99..=0x9A).contains(&third),
        [0xE3, second, ..] => second >= 0x81,
        [0xEA, 0xB0..=0xBF, ..] | [0xEB | 0xEC, ..] | [0xED, 0x80..=0x9D, ..] => true,
        [0xEF, 0xBC..=0xBE, ..] => true,
        [0xF0, 0xA0..=0xAE, ..] => true,
        _ => false,
    }
}

/// Appends `text` as NFC without controls; returns how many controls fell out.
pub(super) fn push_clean(text: &str, out: &mut String) -> u32 {
    if is_clean_utf8(text.as_bytes()) {
        out.push_str(text);
        return 0;
    }
    let mut controls = 0u32;
    if !text.chars().any(is_control) {
        push_nfc(text, out);
        return 0;
    }
    let mut kept = String::with_capacity(text.len());
    let mut in_break = false;
    let mut in_double = false;
    for c in text.chars() {
        // A line break or tab separated words: it leaves one space, everything else leaves nothing.
        let is_break = matches!(c, '\t' | '\n' | '\r');
        if is_break {
            if !in_break && !kept.ends_with(' ') {
                kept.push(' ');
            }
            controls = controls.saturating_add(u32::from(!in_break));
        } else if in_double && let Some(shown) = of_windows_1252(c) {
            // UTF-8 once read as Latin-1: keep what `repair_mojibake` needs to undo it.
            kept.push(shown);
            controls = controls.saturating_add(1);
        } else if is_control(c) {
            // NSB/NSE enclose what sorting skips: no damage, but nothing to show either.
            let is_nonsort = matches!(c, '\u{88}' | '\u{89}' | '\u{98}' | '\u{9C}');
            controls = controls.saturating_add(u32::from(!is_nonsort));
        } else {
            kept.push(c);
        }
        in_break = is_break;
        in_double = matches!(c, '\u{C2}'..='\u{F4}') || (in_double && matches!(c, '\u{80}'..='\u{BF}'));
    }
    push_nfc(&kept, out);
    controls
}

// The printable character that Windows has in the place of a C1 control.
fn of_windows_1252(c: char) -> Option<char> {
    let byte = u8::try_from(u32::from(c)).ok().filter(|b| (0x80..0xA0).contains(b))?;
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(&byte));
    text.chars().next().filter(|c| !is_control(*c))
}

/// Cleans what was appended to `out` from `start` on; returns how many controls fell out.
pub(super) fn clean_from(start: usize, out: &mut String) -> u32 {
    if is_clean_utf8(&out.as_bytes()[start..]) {
        return 0;
    }
    let text = out.split_off(start);
    push_clean(&text, out)
}

fn push_nfc(text: &str, out: &mut String) {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => out.push_str(text),
        IsNormalized::No | IsNormalized::Maybe => out.extend(text.nfc()),
    }
}

/// C0, DEL, C1, and the noncharacters that no XML may carry.
pub(super) fn is_control(c: char) -> bool {
    matches!(c, '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_comes_out_clean() {
        for (text, expect, controls) in [
            ("三国演义", "三国演义", 0),
            ("《红楼梦》：“石头记”——曹雪芹", "《红楼梦》：“石头记”——曹雪芹", 0),
            ("e\u{301}tude", "étude", 0),
            ("か\u{3099}", "が", 0),
            ("\u{88}The \u{89}Odyssey", "The Odyssey", 0),
            ("中\0国\u{1}", "中国", 2),
            ("上册\r\n\t下册", "上册 下册", 1),
            ("\u{FEFF}论语", "论语", 1),
            ("\u{F900}", "豈", 0),
            ("St\u{C4}\u{83}niloae", "StÄƒniloae", 1),
            ("\u{2000}", "\u{2002}", 0),
        ] {
            let mut out = String::from("|");
            assert_eq!(push_clean(text, &mut out), controls, "{text:?}");
            assert_eq!(out, format!("|{expect}"), "{text:?}");
        }
    }

    #[test]
    fn every_pair_of_characters_is_judged_right() {
        // All characters up to U+FFFF, each behind letters that marks compose with.
        for c in (0..=0xFFFF).filter_map(char::from_u32) {
            for text in [format!("{c}"), format!("a{c}"), format!("か{c}"), format!("가{c}"), format!("α{c}")]
            {
                if is_clean_utf8(text.as_bytes()) {
                    assert_eq!(text.nfc().collect::<String>(), text);
                    assert!(!text.chars().any(is_control), "{text:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_quick_look_never_lies(text in "\\PC{0,20}[\u{0}-\u{3100}\u{F900}-\u{FFFF}]{0,8}") {
            if is_clean_utf8(text.as_bytes()) {
                prop_assert!(!text.chars().any(is_control));
                prop_assert_eq!(text.nfc().collect::<String>(), text);
            }
        }

        #[test]
        fn every_character_alone_is_judged_right(c in any::<char>()) {
            let text = c.to_string();
            if is_clean_utf8(text.as_bytes()) {
                prop_assert_eq!(text.nfc().collect::<String>(), text);
                prop_assert!(!is_control(c));
            }
        }
    }
}
