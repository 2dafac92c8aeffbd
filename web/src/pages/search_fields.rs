//! `/search/fields`: a box for each access point (多字段检索), put together to one query of the language that the
//! search box takes too, so that what was asked can be read, changed and sent on as a link.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use indexer::search::SearchField;

use super::home::with_memory;
use super::{Ui, page, render};
use crate::ask::{self, Asked};
use crate::reader::Reader;
use crate::state::App;

/// The boxes, in their order.
const BOXES: [SearchField; 9] = [
    SearchField::Any,
    SearchField::Title,
    SearchField::Author,
    SearchField::Subject,
    SearchField::Publisher,
    SearchField::Series,
    SearchField::CallNumber,
    SearchField::Isbn,
    SearchField::Issn,
];
/// Words that must not be there.
const WITHOUT: &str = "without";
/// The years from and to.
const YEARS: [&str; 2] = ["from", "to"];

#[derive(Template)]
#[template(path = "search_fields.html")]
struct FieldsPage {
    ui: Ui,
    boxes: Vec<(&'static str, String)>,
    /// The libraries that were chosen before.
    kept: Vec<(String, String)>,
}

/// `/search/fields?title=&author=&…`: the form, or on to the results where a box is filled in.
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let q = query_of(&reader.asked);
    let with_years = YEARS.iter().any(|name| reader.asked.get(name).is_some());
    if !q.is_empty() || with_years {
        let boxes: Vec<&str> = BOXES.iter().map(|field| field.name()).chain([WITHOUT]).collect();
        let q = (!q.is_empty()).then_some(("q", q.as_str()));
        return Redirect::to(&ask::link("/search", q.into_iter().chain(reader.asked.without(&boxes))))
            .into_response();
    }
    let boxes = BOXES.iter().map(|field| (field.name(), reader.lang.label("field", field.name()))).collect();
    let chosen = with_memory(&reader);
    let kept = chosen.pairs().filter(|(name, _)| matches!(*name, "library" | "group"));
    let kept = kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    page(&app, &reader, render(&FieldsPage { ui: Ui::new(&app, &reader), boxes, kept }))
}

/// What the boxes ask for together.
fn query_of(asked: &Asked) -> String {
    let mut words = Vec::new();
    for field in BOXES {
        let Some(typed) = asked.get(field.name()) else { continue };
        match field {
            SearchField::Any => words.push(typed.to_owned()),
            SearchField::CallNumber | SearchField::Isbn | SearchField::Issn => {
                let code: String = typed.chars().filter(|c| !c.is_whitespace() && !is_quote(*c)).collect();
                words.push(format!("{}:{code}", field.name()));
            }
            _ if typed.contains(is_quote) => {
                words.push(format!("{}:\"{}\"", field.name(), typed.replace(is_quote, " ").trim()));
            }
            _ => words.extend(words_of(typed).map(|word| format!("{}:{word}", field.name()))),
        }
    }
    words.extend(asked.get(WITHOUT).into_iter().flat_map(words_of).map(|word| format!("-{word}")));
    words.join(" ")
}

fn words_of(typed: &str) -> impl Iterator<Item = &str> {
    typed.split_whitespace().map(|word| word.trim_start_matches(['-', '－'])).filter(|word| !word.is_empty())
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '＂')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boxes_become_one_query() {
        for (asked, expect) in [
            ("", ""),
            ("title=三国 演义&author=罗贯中", "title:三国 title:演义 author:罗贯中"),
            ("any=java OR rust&without=入门 -图解", "java OR rust -入门 -图解"),
            ("title=“程序设计”&publisher=清华", "title:\"程序设计\" publisher:清华"),
            ("call_number=TP312JA/8.5C&isbn=978 7 302", "call_number:TP312JA/8.5C isbn:9787302"),
            ("series=高等教育&subject=-", "series:高等教育"),
        ] {
            assert_eq!(query_of(&Asked::parse(Some(asked))), expect, "{asked}");
        }
    }
}
