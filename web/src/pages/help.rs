//! `/help`: what can be typed, and what the answer means. `/help/branches`: hub and branches, for who runs them.

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
    title: &'static str,
    /// An asset and what it shows.
    picture: Option<(&'static str, &'static str)>,
    /// Anchor, title, text and commands.
    sections: Vec<Section>,
    /// Access point, an example and the link that tries it.
    fields: Vec<(String, String, String)>,
}

type Section = (&'static str, &'static str, &'static str, &'static str);

/// How a hub and its branches are set up and what is done when something is in the way.
const BRANCHES: [Section; 8] = [
    ("hub", "branches_guide.hub_title", "branches_guide.hub_text", "lianmu snapshot init\nlianmu serve"),
    (
        "enrol",
        "branches_guide.enrol_title",
        "branches_guide.enrol_text",
        "lianmu branch enrol --library BJFU\nlianmu enrol --hub https://ill.example.org --code CODE",
    ),
    (
        "night",
        "branches_guide.night_title",
        "branches_guide.night_text",
        "lianmu snapshot pull --dry-run\nlianmu snapshot pull",
    ),
    (
        "near",
        "branches_guide.near_title",
        "branches_guide.near_text",
        "[snapshot]\nshare = true\nneighbours = [\"http://192.168.10.5:8046\"]",
    ),
    (
        "cut",
        "branches_guide.cut_title",
        "branches_guide.cut_text",
        "lianmu queue list\nlianmu drill --minutes 10",
    ),
    (
        "stick",
        "branches_guide.stick_title",
        "branches_guide.stick_text",
        "lianmu snapshot export /media/stick --for BJFU\nlianmu snapshot import /media/stick",
    ),
    (
        "look",
        "branches_guide.look_title",
        "branches_guide.look_text",
        "lianmu status\nlianmu doctor\nlianmu snapshot switch GENERATION",
    ),
    ("try", "branches_guide.try_title", "branches_guide.try_text", "make demo-consortium"),
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
    let ui = Ui::new(&app, &reader);
    let result =
        render(&HelpPage { ui, guides: &GUIDES, title: "help.title", picture: None, sections, fields });
    page(&app, &reader, result)
}

/// `/help/branches`
pub(crate) async fn branches(State(app): State<App>, reader: Reader) -> Response {
    let result = render(&HelpPage {
        ui: Ui::new(&app, &reader),
        guides: &GUIDES,
        title: "branches_guide.title",
        picture: Some(("lines.svg", "branches_guide.picture")),
        sections: BRANCHES.into(),
        fields: Vec::new(),
    });
    page(&app, &reader, result)
}
