//! Unified book numbers (统一书号), which Chinese books bore from 1956 to 1988 (DOMAIN §4.2).

/// `13071·24`: class and publisher, a dot, the number within it, at times a letter.
///
/// The many dots and hyphens in use become one; what is no such number stays as it stands.
pub(super) fn cn_book_no(text: &str) -> String {
    parsed(text).unwrap_or_else(|| text.trim().to_owned())
}

fn parsed(text: &str) -> Option<String> {
    let narrow: String = text
        .chars()
        .take(60)
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            '·' | '・' | '•' | '‧' | '∙' | '‐' | '–' | '—' | '。' => '.',
            other => other,
        })
        .collect();
    let bare = narrow.trim_start_matches(|c: char| !c.is_ascii_digit());
    let (publisher, rest) = bare.split_once(['.', '-'])?;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (serial, tail) = rest.split_at(digits);
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_number(publisher) || !matches!(publisher.len(), 4 | 5) || !matches!(digits, 1..=5) {
        return None;
    }
    let letter = tail.trim_matches(['(', ')']);
    match letter.bytes().next() {
        None => Some(format!("{publisher}·{serial}")),
        Some(l @ (b'K' | b'M' | b'W' | b'R' | b'T')) if letter.len() == 1 => {
            Some(format!("{publisher}·{serial}{}", l as char))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_all_dots() {
        for (given, expected) in [
            ("13071·24", "13071·24"),
            ("9231.47", "9231·47"),
            ("１３０７１・２４", "13071·24"),
            ("统一书号: 10019-3210", "10019·3210"),
            ("7100 · 12 (K)", "7100·12K"),
            ("R11018.556", "11018·556"),
            ("978-7-5339-1845-3", "978-7-5339-1845-3"),
            ("无", "无"),
            ("", ""),
        ] {
            assert_eq!(cn_book_no(given), expected, "{given}");
        }
    }
}
