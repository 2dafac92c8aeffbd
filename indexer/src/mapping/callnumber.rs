//! Call numbers (索书号): comparing, ordering and breaking them into the lines of a spine label (DOMAIN §5).
//!
//! A call number is shown as its library sent it. These forms exist beside it, never instead of it: S and 8,
//! O and 0 are not "corrected".

/// Order of the auxiliary marks of the CLC; the manual fixes one, libraries differ, so it is data.
const MARKS: &str = "-()\"=<>:+";

/// End of a class or line sorts before anything that follows in a longer one.
const END: u8 = 0x01;
const MARK: u8 = 0x10;
const DIGIT: u8 = 0x30;
const TEXT: u8 = 0x40;
const LETTER: u8 = 0x60;
const FOREIGN: u8 = 0xA0;

/// Bytes that compare as the books stand on the shelf.
///
/// The class goes character by character (nothing < marks < digits < letters, the dot skipped), so that
/// `TP311.1 < TP312 < TP312-43 < TP312BA`; in later lines runs of digits compare as integers, so `2 < 10`.
/// Equal parts fall back to the text itself.
pub fn sort_key(call_number: &str) -> Vec<u8> {
    let normal = compare_form(call_number);
    let mut key = Vec::with_capacity(normal.len() * 2 + 4);
    let mut lines = normal.split(is_line_break);
    class_key(lines.next().unwrap_or_default(), &mut key);
    for line in lines {
        line_key(line, &mut key);
    }
    key.push(0);
    key.extend_from_slice(call_number.as_bytes());
    key
}

/// The form in which two call numbers are compared: no spaces, half width, upper case.
pub fn compare_form(call_number: &str) -> String {
    call_number
        .chars()
        .map(|c| match c {
            '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            other => other,
        })
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_uppercase)
        .collect()
}

/// The lines of the label on the spine.
pub fn spine_lines(call_number: &str) -> Vec<&str> {
    call_number.split(is_line_break).map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn is_line_break(c: char) -> bool {
    matches!(c, '/' | '\\')
}

fn class_key(class: &str, key: &mut Vec<u8>) {
    for c in class.chars() {
        match c {
            '.' => {}
            '0'..='9' => key.push(DIGIT + (c as u8 - b'0')),
            'A'..='Z' => key.push(LETTER + (c as u8 - b'A')),
            other => match MARKS.find(other) {
                Some(rank) => key.push(MARK + rank as u8),
                None => push_foreign(other, key),
            },
        }
    }
    key.push(END);
}

/// A text run is closed by `END`; a digit run says its length first, so longer integers come later.
fn line_key(line: &str, key: &mut Vec<u8>) {
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if digits {
            let significant = run.trim_start_matches('0');
            key.push(DIGIT);
            key.push(significant.len().min(255) as u8);
            key.extend_from_slice(significant.as_bytes());
        } else {
            key.push(TEXT);
            key.extend_from_slice(run.as_bytes());
            key.push(END);
        }
        rest = after;
    }
    key.push(END);
}

fn push_foreign(c: char, key: &mut Vec<u8>) {
    key.push(FOREIGN);
    let mut bytes = [0u8; 4];
    key.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_shelf_is_in_order() {
        let shelf = [
            "H319.9/0809R",
            "TP3",
            "TP31",
            "TP311",
            "TP311.1",
            "TP312",
            "TP312-43",
            "TP312BA",
            "TP312C",
            "TP312JA/2",
            "TP312JA/8.5C",
            "TP312JA/10",
            "TP312JA/10:2",
            "TP312JA/L57",
            "TP313",
        ];
        for pair in shelf.windows(2) {
            assert!(sort_key(pair[0]) < sort_key(pair[1]), "{} before {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn forms_of_a_call_number() {
        assert_eq!(compare_form("ＴＰ３１２ｊａ／ S. 5C"), "TP312JA/S.5C");
        assert_eq!(spine_lines("TP312JA/8.5C"), ["TP312JA", "8.5C"]);
        assert_eq!(spine_lines("2013\\TP312\\1166"), ["2013", "TP312", "1166"]);
        assert_ne!(compare_form("TP312JA/8.5C"), compare_form("TP312JA/S.5C"));
    }

    proptest! {
        #[test]
        fn equal_keys_mean_equal_texts(a in "[A-Z]{1,2}[0-9./:-]{0,8}", b in "\\PC{0,12}") {
            prop_assert_eq!(sort_key(&a) == sort_key(&b), a == b);
            prop_assert_eq!(sort_key(&b), sort_key(&b));
        }
    }
}
