//! Barcode ranges: `20295403-5408` is six barcodes (DOMAIN §2.2).

/// More than this is no range of one edition's copies but a slip of the pen.
const MAX_EXPANSION: u64 = 500;

/// The barcodes a text stands for: a range expanded, anything else as it stands.
pub(super) fn expand(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    expand_into(text, &mut codes);
    codes
}

/// The same, behind those that are known.
pub(super) fn expand_into(text: &str, codes: &mut Vec<String>) {
    let text = text.trim();
    match expanded(text) {
        Some(range) => codes.extend(range),
        None if text.is_empty() => {}
        None => codes.push(text.to_owned()),
    }
}

/// The right side replaces the last digits of the left one and must not be smaller.
fn expanded(text: &str) -> Option<impl Iterator<Item = String>> {
    let (left, right) = text.split_once('-')?;
    let (left, right) = (left.trim(), right.trim());
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let n_digits = left.bytes().rev().take_while(u8::is_ascii_digit).count();
    if !all_digits(right) || right.len() > n_digits || n_digits > 18 {
        return None;
    }
    let (prefix, number) = left.split_at(left.len() - n_digits);
    let (kept, replaced) = number.split_at(n_digits - right.len());
    let first: u64 = replaced.parse().ok()?;
    let last: u64 = right.parse().ok()?;
    let n_codes = last.checked_sub(first)? + 1;
    if n_codes > MAX_EXPANSION {
        return None;
    }
    let width = right.len();
    Some((first..=last).map(move |n| format!("{prefix}{kept}{n:0width$}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (given, first, n) in [
            ("20295403-5408", "20295403", 6),
            ("0010201-10", "0010201", 10),
            ("A0012-14", "A0012", 3),
            ("123", "123", 1),
            ("12-345", "12-345", 1),
            ("1000001-9999999", "1000001-9999999", 1),
            ("ISBN-X", "ISBN-X", 1),
        ] {
            let codes = expand(given);
            assert_eq!((codes[0].as_str(), codes.len()), (first, n), "{given}");
        }
        assert_eq!(expand("20295403-5408").last().map(String::as_str), Some("20295408"));
        assert!(expand(" ").is_empty());
    }
}
