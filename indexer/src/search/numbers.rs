//! Standard numbers in any form → the terms of the index: ISBN, ISSN, 统一书号.
//!
//! What was typed may be all three; the index tells them apart by a letter. It knows no index.

use crate::bib::{Isbn, Issn};
use crate::index::number_form;
use crate::search::SearchField;

/// What people write in front of a number.
const NAMES: [&str; 8] = ["ISBN", "ISSN", "CSBN", "isbn", "issn", "csbn", "统一书号", "統一書號"];
/// Shorter forms are no number that a record may have wrong.
const LEAST: usize = 7;
/// The shortest 统一书号 have a class, a publisher of three digits and a number: `9231·4`.
const LEAST_CN: usize = 5;

/// The terms under which a number may be indexed, as typed into `field`.
pub(crate) fn terms(typed: &str, field: SearchField) -> Vec<String> {
    let mut terms = Vec::new();
    if field != SearchField::Issn {
        terms.extend(Isbn::scan(typed).into_iter().map(|isbn| format!("i{isbn}")));
        // Numbers that are not valid are indexed as they stand.
        let mut form = number_form(typed);
        for name in NAMES {
            if let Some(rest) = form.strip_prefix(name) {
                form = rest.to_owned();
            }
        }
        let asked = field == SearchField::Isbn && !form.is_empty();
        if form.len() >= LEAST || asked {
            terms.push(format!("i{form}"));
        }
        if form.len() >= LEAST || form.len() >= LEAST_CN && is_number(typed) || asked {
            terms.push(format!("u{form}"));
        }
    }
    if field != SearchField::Isbn {
        terms.extend(Issn::parse(typed).map(|issn| format!("s{}", String::from_utf8_lossy(&issn.0))));
    }
    terms.sort();
    terms.dedup();
    terms
}

/// Whether a text is digits and the marks between them, the name of the number in front or not.
pub(crate) fn is_number(text: &str) -> bool {
    let bare = NAMES.iter().find_map(|name| text.strip_prefix(name)).unwrap_or(text);
    let bare = bare.trim_start_matches([':', '：', ' ']);
    let mark = |c: char| matches!(c, '-' | '－' | '·' | '・' | '．' | '.' | 'x' | 'X' | ' ' | '‐'..='―');
    bare.chars().any(char::is_numeric) && bare.chars().all(|c| c.is_numeric() || mark(c))
}

/// Whether a number is written as 统一书号 are: class and publisher, a point, the number of the book.
pub(crate) fn is_cn_book_no(text: &str) -> bool {
    let digits = |c: char| c.is_numeric();
    let Some((head, tail)) = text.rsplit_once(['·', '・', '．', '.']) else { return false };
    let n_head = head.chars().rev().take_while(|c| digits(*c)).count();
    is_number(text)
        && (4..=5).contains(&n_head)
        && (1..=6).contains(&tail.chars().count())
        && tail.chars().all(digits)
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
            ("9787302122608", SearchField::Isbn, "i9787302122608"),
            ("1000-0135", SearchField::Issn, "s10000135"),
            ("issn 1000-0135", SearchField::Any, "s10000135"),
            ("10019·1234", SearchField::Isbn, "u100191234"),
            ("统一书号：10019·1234", SearchField::Any, "u100191234"),
            ("9231.47", SearchField::Any, "u923147"),
            ("13017·2", SearchField::Any, "u130172"),
        ] {
            assert!(terms(typed, field).iter().any(|t| t == expect), "{typed}: {:?}", terms(typed, field));
        }
        assert!(terms("1234567890", SearchField::Any).iter().all(|t| !t.starts_with("i978")));
        assert!(terms("三国", SearchField::Any).is_empty());
    }
}
