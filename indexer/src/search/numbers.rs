//! Standard numbers in any form → the terms of the index: ISBN, ISSN, 统一书号.
//!
//! What was typed may be all three; the index tells them apart by a letter. It knows no index.

use crate::bib::{Isbn, Issn};
use crate::index::number_form;
use crate::search::SearchField;

/// The terms under which a number may be indexed, as typed into `field`.
pub(crate) fn terms(typed: &str, field: SearchField) -> Vec<String> {
    let mut terms = Vec::new();
    if field != SearchField::Issn {
        terms.extend(Isbn::scan(typed).into_iter().map(|isbn| format!("i{isbn}")));
        // Numbers that are not valid are indexed as they stand.
        let mut form = number_form(typed);
        for name in ["ISBN", "ISSN", "CSBN"] {
            if let Some(rest) = form.strip_prefix(name) {
                form = rest.to_owned();
            }
        }
        if form.len() >= 7 || field == SearchField::Isbn && !form.is_empty() {
            terms.push(format!("i{form}"));
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
        ] {
            assert!(terms(typed, field).iter().any(|t| t == expect), "{typed}: {:?}", terms(typed, field));
        }
        assert!(terms("1234567890", SearchField::Any).iter().all(|t| !t.starts_with("i978")));
        assert!(terms("三国", SearchField::Any).is_empty());
    }
}
