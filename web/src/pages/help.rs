//! `/help`: what can be typed, and what the answer means.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use indexer::search::SearchField;

use super::guide::{GUIDES, Guide};
use super::{Ui, page, render};
use crate::ask;
use crate::reader::Reader;
use crate::state::App;

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    ui: Ui,
    guides: &'static [Guide],
    sections: Vec<(&'static str, &'static str, &'static str)>,
    /// Access point, an example and the link that tries it.
    fields: Vec<(String, String, String)>,
}

/// `/help`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let sections = vec![
        ("type", "help.type_title", "help.type_text"),
        ("several", "help.several_title", "help.several_text"),
        ("pinyin", "help.pinyin_title", "help.pinyin_text"),
        ("isbn", "help.isbn_title", "help.isbn_text"),
        ("libraries", "help.libraries_title", "help.libraries_text"),
        ("results", "help.results_title", "help.results_text"),
        ("lend", "help.lend_title", "help.lend_text"),
        ("keys", "help.keys_title", "help.keys_text"),
    ];
    let example = |field: SearchField| {
        let example = match field {
            SearchField::Any => return None,
            SearchField::Title => "title:三国演义",
            SearchField::Author => "author:罗贯中",
            SearchField::Subject => "subject:程序设计",
            SearchField::Publisher => "publisher:清华大学",
            SearchField::Isbn => "isbn:978-7-302-31234-5",
            SearchField::Issn => "issn:1000-1239",
            SearchField::CallNumber => "call_number:TP312JA",
            SearchField::Class => "class:TP3",
            SearchField::Series => "series:丛书",
            SearchField::Pinyin => "pinyin:sgyy",
        };
        let label = reader.lang.label("field", field.name());
        Some((label, example.to_owned(), ask::link("/search", [("q", example)])))
    };
    let fields = SearchField::ALL.into_iter().filter_map(example).collect();
    page(&app, &reader, render(&HelpPage { ui: Ui::new(&app, &reader), guides: &GUIDES, sections, fields }))
}
