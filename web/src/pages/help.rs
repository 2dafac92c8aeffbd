//! `/help`: what can be typed, and what the answer means. `/help/branches`: hub and branches, for who runs them.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use indexer::search::SearchField;

use super::{Ui, page, render};
use crate::ask;
use crate::reader::Reader;
use crate::state::App;

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage {
    ui: Ui,
    title: &'static str,
    /// An asset and what it shows.
    picture: Option<(&'static str, &'static str)>,
    /// Anchor, title, text and commands.
    sections: Vec<Section>,
    /// Access point, an example and the link that tries it.
    fields: Vec<(String, String, String)>,
    /// A page that goes on from here, and its name.
    more: Option<(&'static str, &'static str)>,
}

type Section = (&'static str, &'static str, &'static str, &'static str);

/// How a hub and its branches are set up and what is done when something is in the way.
const BRANCHES: [Section; 7] = [
    ("hub", "guide.hub_title", "guide.hub_text", "lianmu snapshot init\nlianmu serve"),
    (
        "enrol",
        "guide.enrol_title",
        "guide.enrol_text",
        "lianmu branch enrol --library BJFU\nlianmu enrol --hub https://ill.example.org --code CODE",
    ),
    (
        "night",
        "guide.night_title",
        "guide.night_text",
        "lianmu snapshot pull --dry-run\nlianmu snapshot pull",
    ),
    ("cut", "guide.cut_title", "guide.cut_text", "lianmu queue list\nlianmu drill --minutes 10"),
    (
        "stick",
        "guide.stick_title",
        "guide.stick_text",
        "lianmu snapshot export /media/stick --for BJFU\nlianmu snapshot import /media/stick",
    ),
    (
        "look",
        "guide.look_title",
        "guide.look_text",
        "lianmu status\nlianmu doctor\nlianmu snapshot switch GENERATION",
    ),
    ("try", "guide.try_title", "guide.try_text", "make demo-consortium"),
];

/// `/help`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let text_only = |(id, title, text)| (id, title, text, "");
    let sections = [
        ("type", "help.type_title", "help.type_text"),
        ("several", "help.several_title", "help.several_text"),
        ("pinyin", "help.pinyin_title", "help.pinyin_text"),
        ("isbn", "help.isbn_title", "help.isbn_text"),
        ("libraries", "help.libraries_title", "help.libraries_text"),
        ("results", "help.results_title", "help.results_text"),
        ("lend", "help.lend_title", "help.lend_text"),
        ("keys", "help.keys_title", "help.keys_text"),
    ];
    let sections = sections.into_iter().map(text_only).collect();
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
    let (ui, more) = (Ui::new(&app, &reader), Some(("/help/branches", "guide.title")));
    let result = render(&HelpPage { ui, title: "help.title", picture: None, sections, fields, more });
    page(&app, &reader, result)
}

/// `/help/branches`
pub(crate) async fn branches(State(app): State<App>, reader: Reader) -> Response {
    let result = render(&HelpPage {
        ui: Ui::new(&app, &reader),
        title: "guide.title",
        picture: Some(("lines.svg", "guide.picture")),
        sections: BRANCHES.into(),
        fields: Vec::new(),
        more: Some(("/help", "help.title")),
    });
    page(&app, &reader, result)
}
