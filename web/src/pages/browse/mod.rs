//! `/browse/…`: the catalogue without a question: classes, shelves, headings, what is new, journals.
//!
//! Every page stands in one frame: the lists there are, the library that is looked at, how old the data is. Where a
//! page begins is in its address.

pub(crate) mod classes;
pub(crate) mod headings;
pub(crate) mod journals;
pub(crate) mod newest;
pub(crate) mod shelf;

use std::sync::Arc;

use askama::Template;
use indexer::bib::{Entry, LibraryCode};

use super::home::freshness;
use super::{Choosable, Ui};
use crate::ask;
use crate::blocking;
use crate::error::{BadRequest, WebError};
use crate::i18n::Lang;
use crate::reader::Reader;
use crate::state::{App, Open};
use crate::wire::{library_name, part_text};

/// The lists there are: address and name.
pub(crate) const LISTS: [(&str, &str); 6] = [
    ("/browse/class", "browse.class"),
    ("/browse/call-number", "browse.call_number"),
    ("/browse/author", "browse.author"),
    ("/browse/subject", "browse.subject"),
    ("/browse/new", "browse.new"),
    ("/browse/journals", "browse.journals"),
];

/// Rows of a page.
const ROWS: usize = 40;
/// Letters with which a reading in pinyin begins.
const LETTERS: &str = "ABCDEFGHJKLMNOPQRSTWXYZ";

/// What all of these pages show.
pub(super) struct Frame {
    heading: String,
    lead: String,
    lists: Vec<(String, &'static str, bool)>,
    path: String,
    freshness: String,
    /// The libraries to choose from; empty where the list is the same for all.
    libraries: Vec<Choosable>,
    /// What the form that chooses a library keeps.
    kept: Vec<(String, String)>,
    /// Letters to jump to; empty where there are none.
    letters: Vec<(char, String)>,
    from: String,
}

/// A page of entries in an order of their own: journals, a shelf.
#[derive(Template)]
#[template(path = "browse_rows.html")]
struct RowsPage {
    ui: Ui,
    frame: Frame,
    rows: Vec<EntryRow>,
    empty: String,
    previous: Option<String>,
    next: Option<String>,
}

/// One entry of a list.
pub(super) struct EntryRow {
    id: String,
    title: String,
    line: String,
    call_number: Option<String>,
    marked: bool,
}

/// What a page of these lists is made from.
pub(super) struct Browse {
    app: App,
    reader: Reader,
    open: Arc<Open>,
    library: Option<LibraryCode>,
}

impl Browse {
    fn new(app: &App, reader: &Reader) -> Result<Self, WebError> {
        let library = reader.asked.get("library").map(LibraryCode::new);
        if let Some(unknown) = library.as_ref().filter(|code| app.members().get(code).is_none()) {
            return Err(BadRequest::UnknownLibrary(unknown.to_string()).into());
        }
        Ok(Self { app: app.clone(), reader: reader.clone(), open: app.opened()?, library })
    }

    fn lang(&self) -> Lang {
        self.reader.lang
    }

    fn ui(&self) -> Ui {
        Ui::new(&self.app, &self.reader)
    }

    fn asked(&self, name: &str) -> Option<&str> {
        self.reader.asked.get(name)
    }

    /// The same list from another place on.
    fn link(&self, replaced: &[&str], by: &[(&str, &str)]) -> String {
        self.reader.asked.link(&self.reader.path, replaced, by)
    }

    fn frame(&self, heading: &str, lead: &str, kept: &[&str]) -> Frame {
        let lang = self.lang();
        let path = self.reader.path.clone();
        let members = self.app.members();
        let fresh = match &self.library {
            None => freshness(&self.open, members.iter().count(), lang),
            Some(code) => {
                let date = self.open.library(code).and_then(|l| l.as_of.clone());
                let name = library_name(&members, code);
                let gaps = [("library", name.as_str()), ("date", date.as_deref().unwrap_or_default())];
                lang.fill(if date.is_some() { "browse.as_of" } else { "browse.undated" }, &gaps)
            }
        };
        let kept = kept.iter().filter_map(|name| Some(((*name).to_owned(), self.asked(name)?.to_owned())));
        Frame {
            heading: lang.t(heading).to_owned(),
            lead: lang.t(lead).to_owned(),
            lists: LISTS.map(|(href, key)| (lang.t(key).to_owned(), href, href == path)).into(),
            path,
            freshness: fresh,
            libraries: Vec::new(),
            kept: kept.collect(),
            letters: Vec::new(),
            from: self.asked("from").unwrap_or_default().to_owned(),
        }
    }

    /// The libraries with data, to choose one from.
    fn libraries(&self) -> Vec<Choosable> {
        let members = self.app.members();
        let known = members.iter().filter(|library| self.open.library(&library.code).is_some());
        let choice = |library: &indexer::library::Library| Choosable {
            value: library.code.to_string(),
            label: library.name.clone(),
            chosen: self.library.as_ref() == Some(&library.code),
        };
        known.map(choice).collect()
    }

    fn letters(&self) -> Vec<(char, String)> {
        let link = |letter: char| {
            let from = letter.to_ascii_lowercase().to_string();
            (letter, self.link(&["from", "at", "heading", "page"], &[("from", &from)]))
        };
        LETTERS.chars().map(link).collect()
    }

    /// An entry as a line, with the call number of the library at hand.
    fn row(&self, entry: &Entry) -> EntryRow {
        let bib = &entry.bib;
        let lang = self.lang();
        let title = bib.title.as_deref().unwrap_or(lang.t("search.no_title"));
        let title = [Some(title.to_owned()), part_text(bib)];
        let year = bib.year.map(|year| year.to_string());
        let line = [bib.responsibility.clone(), bib.publisher.clone(), year];
        let wanted = self.library.clone().or_else(|| self.reader.home(&self.app));
        let own = entry.holdings.iter().find(|held| Some(&held.library) == wanted.as_ref());
        EntryRow {
            id: entry.id.as_str().to_owned(),
            title: title.into_iter().flatten().collect::<Vec<_>>().join(" : "),
            line: line.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            call_number: own.and_then(|held| held.holding.call_number.clone()),
            marked: false,
        }
    }

    /// Two links by the ids or texts with which pages begin.
    fn around(&self, previous: Option<&str>, next: Option<&str>) -> (Option<String>, Option<String>) {
        let link = |at: &str| self.link(&["from", "at", "near"], &[("at", at)]);
        (previous.map(link), next.map(link))
    }
}

/// Makes a page where blocking is allowed.
async fn made(
    app: &App,
    reader: &Reader,
    make: impl FnOnce(Browse) -> Result<axum::response::Response, WebError> + Send + 'static,
) -> axum::response::Response {
    let result = match Browse::new(app, reader) {
        Ok(browse) => blocking::run(app.turns(), move || make(browse)).await,
        Err(cause) => Err(cause),
    };
    super::page(app, reader, result)
}

/// A search for everything of a class.
fn class_search(class: &str, library: Option<&LibraryCode>) -> String {
    let library = library.map(|code| ("library", code.as_str()));
    ask::link("/search", [("class", class)].into_iter().chain(library))
}
