//! Which charset one record is in, judged by its bytes (DOMAIN §3). Total: any bytes get an answer.
//!
//! Always asked for a whole record: single fields are too short to tell GBK from UTF-8.

use encoding_rs::Encoding;

use super::{Charset, marc8, plausible};

/// What is known besides the bytes; it only ever tips a balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// What the record says of itself: leader/09, 100/26–29. Often wrong.
    pub declared: Option<Charset>,
    /// What nearly all records of the same file are in.
    pub prior: Option<Charset>,
}

// A reading that explains less than this share of the bytes is no better than what the hints say.
const PLAUSIBLE: f32 = 0.3;
// How much a hint adds to the reading it names.
const DECLARED: f32 = 0.12;
const PRIOR: f32 = 0.25;

/// The charset of a record whose subfields are `parts`.
pub fn detect(parts: &[&[u8]], hint: Hint) -> Charset {
    let has_escape = parts.iter().any(|p| marc8::has_escape(p));
    if !has_escape && parts.iter().all(|p| p.is_ascii()) {
        return Charset::Ascii;
    }
    if parts.iter().all(|p| simdutf8::basic::from_utf8(p).is_ok()) {
        let has_longer = parts.iter().any(|p| p.iter().any(|&b| b >= 0xE0));
        let has_pairs = parts.iter().any(|p| !p.is_ascii());
        match (has_longer, has_pairs) {
            (true, _) => return Charset::Utf8,
            (false, true) if !is_short_gbk(parts, hint) => return Charset::Utf8,
            _ if has_escape => return Charset::Marc8,
            _ => return Charset::Gb18030,
        }
    }
    if !has_escape && let Some(charset) = plausible::obvious(parts, hint.prior) {
        return charset;
    }
    let gb18030 = plausible::gb18030(parts);
    let is_open = gb18030 < plausible::CERTAIN && !has_escape && hint.prior != Some(Charset::Gb18030);
    if is_open && plausible::is_mostly_big5(parts) {
        return Charset::Big5;
    }
    if gb18030 < plausible::CERTAIN && is_damaged_utf8(parts, hint) {
        return Charset::Utf8;
    }
    if has_escape {
        return Charset::Marc8;
    }
    if gb18030 >= plausible::CERTAIN && gb18030 > plausible::big5(parts) {
        return Charset::Gb18030;
    }
    best_of_the_others(parts, gb18030, hint)
}

/// UTF-8 with a few bad bytes, or with one field in GBK.
fn is_damaged_utf8(parts: &[&[u8]], hint: Hint) -> bool {
    let (mut pairs, mut longer, mut bad) = (0u32, 0u32, 0u32);
    for chunk in parts.iter().flat_map(|part| part.utf8_chunks()) {
        for lead in chunk.valid().bytes().filter(|b| *b >= 0xC0) {
            *(if lead < 0xE0 { &mut pairs } else { &mut longer }) += 1;
        }
        bad += u32::from(!chunk.invalid().is_empty());
    }
    // In another charset valid sequences are accidents: of three bytes in one of a hundred characters, of two
    // more often.
    let declared = hint.declared == Some(Charset::Utf8);
    let good = pairs + 3 * longer;
    let wanted = bad.saturating_mul(if declared { 2 } else { 8 });
    good > 0 && (longer.saturating_mul(2) >= bad || good >= wanted)
}

/// Whether text that passes as two-byte UTF-8 is Chinese in GBK: 一 is D2 BB, 猫 is C3 A8.
fn is_short_gbk(parts: &[&[u8]], hint: Hint) -> bool {
    let (mut changes_script, mut in_latin_word) = (false, false);
    for part in parts {
        let mut script_before = None;
        for (at, &byte) in part.iter().enumerate().filter(|(_, b)| **b < 0x80 || **b >= 0xC0) {
            if byte < 0x80 {
                script_before = None;
                continue;
            }
            let trail = part.get(at + 1).copied().unwrap_or(0);
            let is_level_1 = byte <= 0xD7 && trail >= 0xA1;
            let before = at.checked_sub(1).map_or(b' ', |i| part[i]);
            let after = part.get(at + 2).copied().unwrap_or(b' ');
            if !is_level_1 {
                return false;
            }
            // A letter within a Latin word speaks for UTF-8.
            in_latin_word |= before.is_ascii_lowercase() || after.is_ascii_lowercase();
            changes_script |= script_before.is_some_and(|s| s != script(byte));
            script_before = Some(script(byte));
        }
    }
    let hinted = hint.prior.or(hint.declared);
    // A word keeps to one alphabet; Chinese read as UTF-8 jumps about.
    match hinted {
        Some(Charset::Gb18030) => changes_script || !in_latin_word,
        Some(Charset::Utf8) => false,
        _ => changes_script,
    }
}

// The alphabet that a two-byte sequence with this lead byte belongs to.
fn script(lead: u8) -> u8 {
    match lead {
        ..=0xCD => 0,
        0xCE..=0xCF => 1,
        0xD0..=0xD3 => 2,
        0xD4..=0xD5 => 3,
        _ => 4,
    }
}

fn best_of_the_others(parts: &[&[u8]], gb18030: f32, hint: Hint) -> Charset {
    let western = plausible::western(parts);
    let (code_page, cyrillic) = plausible::cyrillic(parts);
    let candidates = [
        (Charset::Gb18030, gb18030),
        (Charset::Big5, plausible::big5(parts)),
        (Charset::Marc8, western.marc8),
        (Charset::Latin1, western.latin1),
        (Charset::CodePage(code_page), cyrillic),
        (Charset::Iso5426, western.iso5426 * 0.9),
    ];
    let mut best = (fallback(parts, hint), PLAUSIBLE);
    for (charset, share) in candidates {
        let declared = if hint.declared == Some(charset) { weight(charset) } else { 0.0 };
        let prior = if hint.prior == Some(charset) { PRIOR } else { 0.0 };
        let score = share + declared + prior;
        if score > best.1 {
            best = (charset, score);
        }
    }
    best.0
}

// What a declaration is worth: a blank leader/09 is mostly right about MARC-8, others are mostly inherited.
fn weight(declared: Charset) -> f32 {
    if declared == Charset::Marc8 { 0.3 } else { DECLARED }
}

fn fallback(parts: &[&[u8]], hint: Hint) -> Charset {
    let hinted = [hint.prior, hint.declared].into_iter().flatten().find(|c| *c != Charset::Ascii);
    let is_valid = |e: &'static Encoding| {
        parts.iter().all(|p| e.decode_without_bom_handling_and_without_replacement(p).is_some())
    };
    match hinted {
        Some(charset) => charset,
        None if is_valid(encoding_rs::GB18030) => Charset::Gb18030,
        None => Charset::Latin1,
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{BIG5, GB18030, IBM866, KOI8_R, WINDOWS_1251, WINDOWS_1252};
    use proptest::prelude::*;

    use super::*;

    fn check(parts: &[&[u8]], declared: Option<Charset>, expect: &str) {
        let hint = Hint { declared, prior: None };
        assert_eq!(detect(parts, hint).label(), expect, "{parts:02X?} declared {declared:?}");
    }

    #[test]
    fn chinese_is_told_apart() {
        for text in [
            "三国演义",
            "红楼梦 / 曹雪芹著",
            "Java程序设计教程",
            "论语",
            "𠮷野家的㐂事",
            "数据库系统概论（第5版）",
        ] {
            check(&[text.as_bytes()], None, "utf-8");
            check(&[&GB18030.encode(text).0], None, "gb18030");
            check(&[&GB18030.encode(text).0], Some(Charset::Utf8), "gb18030");
        }
        for text in ["三國演義", "紅樓夢 / 曹雪芹著", "臺灣文學史綱", "資料庫系統理論與實務"]
        {
            check(&[&BIG5.encode(text).0], None, "big5");
            check(&[text.as_bytes()], None, "utf-8");
        }
        check(&[b"\xAD\xBB\xB4\xE4\x9D\xEE\x9E\x4E"], None, "big5");
        for text in ["紅樓夢評論選集", "資治通鑑"] {
            check(&[&GB18030.encode(text).0], None, "gb18030");
        }
        for text in ["ئۇيغۇر تىلى", "བོད་ཀྱི་ལོ་རྒྱུས།", "ᠮᠣᠩᠭᠣᠯ"]
        {
            check(&[&GB18030.encode(text).0], None, "gb18030");
            check(&[text.as_bytes()], None, "utf-8");
        }
    }

    #[test]
    fn short_gbk_is_not_taken_for_utf8() {
        check(&[b"\xD2\xBB\xC3\xA8\xC2\xB5"], None, "gb18030");
        check(&[b"\xD2\xBB"], Some(Charset::Gb18030), "gb18030");
        check(&[b"\xC3\xA8"], Some(Charset::Utf8), "utf-8");
        check(&["Café Müller".as_bytes()], None, "utf-8");
        check(&["Война и мир".as_bytes()], None, "utf-8");
        check(&["Ελλάδα".as_bytes()], Some(Charset::Utf8), "utf-8");
    }

    #[test]
    fn western_text_is_told_apart() {
        check(&[b"Java"], Some(Charset::Utf8), "ascii");
        check(&[b"aQu\xE2ebec : po\xE2esie r\xE2eunie"], Some(Charset::Marc8), "marc-8");
        check(&[b"li\xE9cnosta, \xE9zivotot i rad"], Some(Charset::Marc8), "marc-8");
        check(&[b"\x1FaK\xB2benhavn :\x1FbGyldendal"], Some(Charset::Marc8), "marc-8");
        check(&[b"\x1Fa0901905305 :\x1Fc\xB916.50"], Some(Charset::Marc8), "marc-8");
        check(&[b"\xEBi\xECa. Andre\xE6i, zhizn\xA7"], None, "marc-8");
        check(&[b"\x1B$1!0!\x1B(B"], None, "marc-8");
        check(&[b"medi\xE6val history, N\xE6ss"], Some(Charset::Marc8), "windows-1252");
        check(&[&WINDOWS_1252.encode("Étude du développement économique à Genève").0], None, "windows-1252");
        check(&[&WINDOWS_1252.encode("Die europäische Größe über München").0], None, "windows-1252");
        check(&[b"Z\xC9ahlung und Periodizit\xC9at"], None, "iso-5426");
        for text in ["Москва и москвичи", "Уездное, Тула, романы"] {
            check(&[&WINDOWS_1251.encode(text).0], None, "windows-1251");
            check(&[&KOI8_R.encode(text).0], None, "koi8-r");
            check(&[&IBM866.encode(text).0], None, "ibm866");
        }
    }

    #[test]
    fn a_few_bad_bytes_leave_utf8_what_it_is() {
        let mut bytes = "中国古代史研究，第三卷，校订本".as_bytes().to_vec();
        bytes.push(0xE4);
        check(&[&bytes], None, "utf-8");
    }

    proptest! {
        #[test]
        fn every_input_has_an_answer(parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6)) {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let first = detect(&parts, Hint::default());
            prop_assert_eq!(first, detect(&parts, Hint::default()));
        }

        #[test]
        fn simplified_text_is_recognised(text in "[的一是了我不人在他有这上们来到时大地为子中你说生国年着就那和要]{4,20}") {
            prop_assert_eq!(detect(&[&GB18030.encode(&text).0], Hint::default()), Charset::Gb18030);
        }
    }
}
