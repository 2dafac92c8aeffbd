//! Standard numbers in any form → the terms of the index: ISBN, ISSN, 统一书号.
//!
//! What was typed may be all three; the index tells them apart by a letter. It knows no index.

use crate::index::number_form;
use crate::search::SearchField;

/// The terms under which a number may be indexed, as typed into `field`.
pub(crate) fn terms(typed: &str, field: SearchField) -> Vec<String> {
    let mut form = number_form(typed);
    for name in ["ISBN", "ISSN", "CSBN"] {
        if let Some(rest) = form.strip_prefix(name) {
            form = rest.to_owned();
        }
    }
    let mut terms = Vec::new();
    let (isbn, issn) = (field != SearchField::Issn, field != SearchField::Isbn);
    if isbn {
        if let Some(long) = long_isbn(&form) {
            terms.push(format!("i{long}"));
        }
        if form.len() >= 7 || field == SearchField::Isbn && !form.is_empty() {
            terms.push(format!("i{form}"));
            terms.push(format!("u{form}"));
        }
    }
    if issn && form.len() == 8 {
        terms.push(format!("s{form}"));
    }
    terms.sort();
    terms.dedup();
    terms
}

/// The 13 digits of an ISBN of ten whose check digit is right.
fn long_isbn(form: &str) -> Option<String> {
    let bytes = form.as_bytes();
    if bytes.len() != 10 || !bytes[..9].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |b: u8| if b == b'X' { 10 } else { u32::from(b.wrapping_sub(b'0')) };
    let sum: u32 = (1..).zip(bytes).map(|(weight, &b)| (11 - weight) * digit(b)).sum();
    if sum % 11 != 0 {
        return None;
    }
    let long = format!("978{}", &form[..9]);
    let sum: u32 =
        long.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 }).sum();
    Some(format!("{long}{}", (10 - sum % 10) % 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_form() {
        for (typed, field, expect) in [
            ("7-302-12260-1", SearchField::Any, "i9787302122609"),
            ("ISBN 978-7-302-12260-9", SearchField::Any, "i9787302122609"),
            ("９７８７３０２１２２６０９", SearchField::Isbn, "i9787302122609"),
            ("1000-0135", SearchField::Issn, "s10000135"),
            ("issn 1000-0135", SearchField::Any, "s10000135"),
            ("10019·1234", SearchField::Isbn, "u100191234"),
        ] {
            assert!(terms(typed, field).iter().any(|t| t == expect), "{typed}: {:?}", terms(typed, field));
        }
        assert!(terms("1234567890", SearchField::Any).iter().all(|t| t != "i978123456789"));
        assert!(terms("三国", SearchField::Any).is_empty());
    }
}
