//! `/browse/class`: the class tree, a level at a time, each class with its name and its entries.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::{Browse, Frame, class_search, made};
use crate::error::WebError;
use crate::i18n::grouped;
use crate::pages::{Ui, render};
use crate::reader::Reader;
use crate::state::App;

/// Longer classes are not walked down: wrong data has them.
const DEEPEST: usize = 24;
/// Classes of one level that are listed: wrong data may have many.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "browse_class.html")]
struct ClassPage {
    ui: Ui,
    frame: Frame,
    /// The classes above with their links, the one at hand last.
    path: Vec<ClassLink>,
    /// Entries of the class at hand, and the search for them.
    all: (String, String),
    rows: Vec<ClassRow>,
}

struct ClassLink {
    code: String,
    name: String,
    href: String,
}

struct ClassRow {
    class: ClassLink,
    entries: String,
    search: String,
}

/// `/browse/class?class=&library=`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    made(&app, &reader, |browse| render(&class_page(&browse)?)).await
}

fn class_page(browse: &Browse) -> Result<ClassPage, WebError> {
    let asked: String = browse.asked("class").unwrap_or_default().chars().take(DEEPEST).collect();
    let library = browse.library.as_ref();
    let (all, below) = browse.open.catalogue.classes(&asked, library).map_err(WebError::internal)?;
    let form: String = asked.chars().filter(|c| *c != '.').collect::<String>().to_ascii_uppercase();
    let row = |(code, entries): &(String, u64)| ClassRow {
        class: link(browse, code),
        entries: grouped(*entries),
        search: class_search(&with_dot(code), library),
    };
    let mut below = below;
    // What has a name comes first: the rest is slips of cataloguing.
    below.sort_by_key(|(code, _)| form.is_empty() && name(browse, code).is_none());
    let ends =
        form.char_indices().map(|(at, c)| at + c.len_utf8()).filter(|end| !is_inside_letters(&form, *end));
    Ok(ClassPage {
        ui: browse.ui(),
        frame: Frame {
            libraries: browse.libraries(),
            ..browse.frame("browse.class", "browse.class_lead", &["class"])
        },
        path: ends.map(|end| link(browse, &form[..end])).collect(),
        all: (grouped(all), class_search(&with_dot(&form), library)),
        rows: below.iter().take(MOST).map(row).collect(),
    })
}

/// Letters behind digits are one step: TP312, TP312JA.
fn is_inside_letters(form: &str, end: usize) -> bool {
    let (before, after) = form.split_at(end);
    let letters = before.len() - before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    let has_digits = before[..before.len() - letters].contains(|c: char| c.is_ascii_digit());
    letters > 0 && has_digits && after.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn name(browse: &Browse, code: &str) -> Option<String> {
    let label = browse.lang().label("class", code);
    (label != code).then_some(label)
}

fn link(browse: &Browse, code: &str) -> ClassLink {
    ClassLink {
        code: with_dot(code),
        name: name(browse, code).unwrap_or_default(),
        href: browse.link(&["class"], &[("class", code)]),
    }
}

/// `TP3111` as it is written, `TP311.1`: a dot behind three digits.
fn with_dot(form: &str) -> String {
    let letters = form.chars().take_while(char::is_ascii_alphabetic).count();
    let digits = form[letters..].chars().take_while(char::is_ascii_digit).count();
    let (head, tail) = form.split_at(letters + digits.min(3));
    if digits > 3 { format!("{head}.{tail}") } else { form.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_get_their_dot_back() {
        for (form, expect) in [
            ("TP3111", "TP311.1"),
            ("TP312JA", "TP312JA"),
            ("I2475", "I247.5"),
            ("I", "I"),
            ("", ""),
            ("K825.4", "K825.4"),
            ("乱1234", "乱1234"),
        ] {
            assert_eq!(with_dot(form), expect, "{form}");
        }
    }
}
