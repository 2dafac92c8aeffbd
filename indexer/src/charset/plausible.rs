//! How much a record's bytes look like text of a charset that is not UTF-8: a share between 0 and 1.
//!
//! Multi-byte sets are judged by common ideographs, alphabets by letters that stand where letters stand.

use encoding_rs::{Encoding, IBM866, KOI8_R, WINDOWS_1251};
use unicode_normalization::char::compose;

use super::{Charset, marc8};

// So many characters with so large a share of common ones are GB 18030 beyond doubt: in Big5 two bytes of five
// come from rows that make rare characters of GBK, in UTF-8 even more.
const SAMPLE: u32 = 32;
// Where nearly all records of the file are in it, fewer will do.
const SAMPLE_AFTER_OTHERS: u32 = 12;
const OBVIOUS: f32 = 0.92;
// Of UTF-8 read as Big5, a third is common characters and the rest rare ones.
const MOSTLY: f32 = 0.85;

/// GB 18030 this good needs no comparison with the Western sets, and leaves no room for Big5.
pub(super) const CERTAIN: f32 = 0.75;

/// The two-byte set that the first characters alone show beyond doubt.
pub(super) fn obvious(parts: &[&[u8]], prior: Option<Charset>) -> Option<Charset> {
    let is_among_others = matches!(prior, Some(Charset::Gb18030 | Charset::Big5));
    let limit = if is_among_others { SAMPLE_AFTER_OTHERS } else { SAMPLE };
    let is_obvious = |share: f32, n: u32| 4 * n >= 3 * limit && share >= OBVIOUS;
    let (gb18030, n) = double_byte(parts, limit, gb18030_code);
    if prior != Some(Charset::Big5) && is_obvious(gb18030, n) {
        return Some(Charset::Gb18030);
    }
    if gb18030 >= CERTAIN || prior == Some(Charset::Gb18030) {
        return None;
    }
    // Nor is it UTF-8 with a bad byte: read as Big5, its characters of three bytes are mostly rare ones.
    let (big5, n) = double_byte(parts, limit, big5_code);
    is_obvious(big5, n).then_some(Charset::Big5)
}

/// Share of characters that are in the 3,755 ideographs of GB 2312 level 1, or in four-byte codes.
pub(super) fn gb18030(parts: &[&[u8]]) -> f32 {
    double_byte(parts, u32::MAX, gb18030_code).0
}

#[inline]
fn gb18030_code(code: &[u8]) -> Option<(usize, Worth)> {
    match *code {
        [0xB0..=0xD6, 0xA1..=0xFE, ..] | [0xD7, 0xA1..=0xF9, ..] => Some((2, Worth::Common)),
        [0x81..=0x84 | 0x90..=0xE3, 0x30..=0x39, 0x81..=0xFE, 0x30..=0x39, ..] => Some((4, Worth::Common)),
        [0xA4..=0xA5, 0xA1..=0xF6, 0xA4..=0xA5, 0xA1..=0xF6, ..] => Some((2, Worth::Common)),
        // Punctuation and single kana stand beside any text.
        [0xA1..=0xA9, 0xA1..=0xFE, ..] => Some((2, Worth::Beside)),
        // Level 2 and GBK: traditional characters, where they stand in rows.
        [0x81..=0xFE, 0x40..=0x7E | 0x80..=0xFE, ..] => Some((2, Worth::Rare)),
        _ => None,
    }
}

/// Whether all of it can hardly be anything but Big5, where it is no good GB 18030.
pub(super) fn is_mostly_big5(parts: &[&[u8]]) -> bool {
    let (share, n) = double_byte(parts, u32::MAX, big5_code);
    4 * n >= 3 * SAMPLE_AFTER_OTHERS && share >= MOSTLY
}

/// Share of characters that are in the 5,401 ideographs of Big5 level 1.
pub(super) fn big5(parts: &[&[u8]]) -> f32 {
    double_byte(parts, u32::MAX, big5_code).0
}

#[inline]
fn big5_code(code: &[u8]) -> Option<(usize, Worth)> {
    match *code {
        // Three in a row of these are kana of GB 2312 rather than the simplest characters of Big5.
        [0xA4..=0xA5, 0xA1..=0xFE, 0xA4..=0xA5, 0xA1..=0xFE, 0xA4..=0xA5, 0xA1..=0xFE, ..] => {
            Some((2, Worth::Rare))
        }
        [0xA4..=0xC5, 0x40..=0x7E | 0xA1..=0xFE, ..] | [0xC6, 0x40..=0x7E, ..] => Some((2, Worth::Common)),
        [0xA1..=0xA3, 0x40..=0x7E | 0xA1..=0xFE, ..] => Some((2, Worth::Beside)),
        [0x87..=0xFE, 0x40..=0x7E | 0xA1..=0xFE, ..] => Some((2, Worth::Rare)),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Worth {
    Common,
    Rare,
    Beside,
}

// The share and the number of characters it was found with, at most `limit`. `read` tells length and worth of the
// code at the front of its argument, if there is one.
#[inline]
fn double_byte(parts: &[&[u8]], limit: u32, read: impl Fn(&[u8]) -> Option<(usize, Worth)>) -> (f32, u32) {
    let (mut n, mut broken) = (0u32, 0u32);
    let mut worth_of_all = 0.0f32;
    for part in parts {
        let mut at = 0;
        let mut after_code = false;
        while at < part.len() && n < limit {
            if part[at] < 0x80 {
                after_code = false;
                at += ascii_run(&part[at..]);
                continue;
            }
            let Some((length, worth)) = read(&part[at..]) else {
                broken += 1;
                after_code = false;
                at += 1;
                continue;
            };
            let before_code = part.get(at + length).is_some_and(|&b| b >= 0x80);
            // A letter as second byte within a Latin word is no ideograph: "K\xB2benhavn" is Danish.
            let is_alone = part[at + length - 1] < 0x80 && !after_code && !before_code;
            if worth != Worth::Beside {
                n += 1;
                worth_of_all += match worth {
                    _ if is_alone => 0.0,
                    Worth::Common => 1.0,
                    Worth::Rare if after_code || before_code => 0.4,
                    _ => 0.0,
                };
            }
            after_code = true;
            at += length;
        }
    }
    // A broken code weighs more than a rare one: real text has none but where a field was cut.
    (worth_of_all / (n + 2 * broken).max(1) as f32, n)
}

/// How many bytes at the front are ASCII; eight at a time, for the runs are short.
#[inline]
fn ascii_run(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let high = u64::from_le_bytes(*word) & 0x8080_8080_8080_8080;
        if high != 0 {
            return 8 * i + high.trailing_zeros() as usize / 8;
        }
    }
    8 * words.len() + rest.iter().take_while(|b| b.is_ascii()).count()
}

/// The Cyrillic code page that fits best, and how well.
pub(super) fn cyrillic(parts: &[&[u8]]) -> (&'static Encoding, f32) {
    let mut best: (&'static Encoding, f32) = (WINDOWS_1251, 0.0);
    for encoding in [WINDOWS_1251, KOI8_R, IBM866] {
        let share = cyrillic_share(parts, encoding);
        if share > best.1 {
            best = (encoding, share);
        }
    }
    best
}

// Words of small letters, perhaps with a capital in front, in which the frequent letters are frequent.
fn cyrillic_share(parts: &[&[u8]], encoding: &'static Encoding) -> f32 {
    let (mut n_bytes, mut n_frequent) = (0u32, 0u32);
    let mut fitting = 0.0;
    for part in parts {
        let (text, _) = encoding.decode_without_bom_handling(part);
        let mut before = ' ';
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if !c.is_ascii() {
                n_bytes += 1;
                let after = chars.peek().copied().unwrap_or(' ');
                let is_small = matches!(c, 'а'..='я' | 'ё' | 'і' | 'ї' | 'є' | 'ў');
                let is_capital = matches!(c, 'А'..='Я' | 'Ё' | 'І' | 'Ї' | 'Є' | 'Ў');
                let in_word = matches!(before, 'а'..='я' | 'ё');
                let beside_latin = before.is_ascii_alphabetic() || after.is_ascii_alphabetic();
                if !beside_latin && (is_small || (is_capital && !in_word)) {
                    // Words of one letter exist, but few.
                    fitting += if before.is_ascii() && after.is_ascii() { 0.5 } else { 1.0 };
                }
                n_frequent += u32::from("оеаинтсрвлОЕАИНТСРВЛ".contains(c));
            }
            before = c;
        }
    }
    let n_bytes = n_bytes.max(1) as f32;
    // The ten frequent letters are five of eight in Russian text.
    fitting / n_bytes * (n_frequent as f32 / n_bytes / 0.5).min(1.0)
}

/// The three readings of Western text, as shares of its high bytes that make sense where they stand.
pub(super) struct Western {
    pub(super) latin1: f32,
    pub(super) marc8: f32,
    pub(super) iso5426: f32,
}

/// How well the readings of Western text fit.
pub(super) fn western(parts: &[&[u8]]) -> Western {
    let mut sum = Western { latin1: 0.0, marc8: 0.0, iso5426: 0.0 };
    let mut n_bytes = 0u32;
    for part in parts {
        for (at, &byte) in part.iter().enumerate().filter(|(_, b)| **b >= 0x80) {
            n_bytes += 1;
            let before = letter_before(part, at);
            let rest = &part[at + 1..];
            sum.latin1 += latin1(byte, before, rest.first().copied().unwrap_or(b' '));
            sum.marc8 += marked(marc8::ansel, byte, before, rest) * marc8_habit(byte);
            sum.iso5426 += marked(marc8::iso_5426, byte, before, rest);
        }
    }
    let n_bytes = n_bytes.max(1) as f32;
    Western { latin1: sum.latin1 / n_bytes, marc8: sum.marc8 / n_bytes, iso5426: sum.iso5426 / n_bytes }
}

// The byte before, unless it is a subfield code: that belongs to no word.
fn letter_before(part: &[u8], at: usize) -> u8 {
    match part[..at] {
        [.., 0x1F, _] | [] => b' ',
        [.., before] => before,
    }
}

fn latin1(byte: u8, before: u8, after: u8) -> f32 {
    let is_vowel = |b: u8| b"aeiouyAEIOUY".contains(&b);
    match byte {
        // A capital stands at the front of a word or among capitals.
        0xC0..=0xDE if before.is_ascii_lowercase() || before >= 0x80 => 0.0,
        0xC0..=0xDE if after.is_ascii_alphabetic() => 0.8,
        0xC0..=0xDE => 0.2,
        _ if before >= 0x80 || after >= 0x80 => 0.2,
        0xDF => 1.0,
        0xF0 | 0xFD | 0xFE | 0xFF | 0xF7 => 0.1,
        // Marked vowels mostly stand between consonants or end a word; before a vowel they are rare.
        0xE0..=0xE6 | 0xE8..=0xFC if byte != 0xF1 && is_vowel(after) => 0.3,
        0xE0..=0xFC if before.is_ascii_alphabetic() || after.is_ascii_alphabetic() => 0.9,
        0xA9 | 0xAE | 0xB0 | 0xAB | 0xBB | 0xBF | 0xA1 | 0xA3 | 0xB7 => 0.6,
        0x91..=0x97 | 0x80 | 0x85 => 0.5,
        _ => 0.1,
    }
}

// A mark must find its letter; a letter or sign of the right half must stand in or before a word.
fn marked(table: fn(u8) -> Option<(char, bool)>, byte: u8, before: u8, rest: &[u8]) -> f32 {
    match table(byte) {
        Some((mark, true)) => {
            let base = rest.iter().copied().find(|&b| !matches!(table(b), Some((_, true)) if b >= 0x80));
            match base.filter(u8::is_ascii_alphabetic).map(char::from) {
                Some(base) if compose(base, mark).is_some() => 1.0,
                // Ligatures and dots of transliteration make no single character.
                Some(_) if matches!(mark, '\u{FE20}' | '\u{FE21}' | '\u{323}' | '\u{304}') => 0.9,
                Some(_) => 0.2,
                None => 0.0,
            }
        }
        Some((c, false)) => {
            let after = rest.first().copied().unwrap_or(b' ');
            let in_word = before.is_ascii_alphabetic() || after.is_ascii_alphabetic();
            let is_sign = matches!(c, '©' | '®' | '℗' | '£' | '°' | '¿' | '¡' | '€' | '±');
            match (in_word, is_sign) {
                (true, false) => 0.8,
                (false, true) if after.is_ascii_digit() || before.is_ascii_digit() => 0.8,
                _ => 0.2,
            }
        }
        None if matches!(byte, 0x88 | 0x89) => 0.8,
        None => 0.0,
    }
}

// E9 is é in Latin-1 and a caron in ANSEL: the same place, but the first is far more frequent.
fn marc8_habit(byte: u8) -> f32 {
    match byte {
        0xE9 => 0.7,
        0xED | 0xEE | 0xEF | 0xF3..=0xFE => 0.6,
        0xE4 | 0xE7 | 0xEA => 0.8,
        _ => 1.0,
    }
}
