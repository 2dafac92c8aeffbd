//! `/browse/new`: what was published last, by year and class: 新书通报.
//!
//! Exports say when a book was published, not when a library bought it; so the year of publication is what counts.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use indexer::search::{Answer, Query, Sort};

use super::{Browse, EntryRow, Frame, made};
use crate::ask;
use crate::error::WebError;
use crate::i18n::grouped;
use crate::pages::{Ui, render};
use crate::reader::Reader;
use crate::state::App;

/// Years to choose from.
const YEARS: usize = 6;
const PER_PAGE: u32 = 40;

#[derive(Template)]
#[template(path = "browse_new.html")]
struct NewPage {
    ui: Ui,
    frame: Frame,
    total: String,
    years: Vec<Pick>,
    classes: Vec<Pick>,
    rows: Vec<EntryRow>,
    search: String,
    previous: Option<String>,
    next: Option<String>,
}

/// A value that narrows the list.
struct Pick {
    label: String,
    entries: String,
    href: String,
    chosen: bool,
}

/// `/browse/new?year=&class=&library=&page=`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    made(&app, &reader, |browse| render(&new_page(&browse)?)).await
}

fn new_page(browse: &Browse) -> Result<NewPage, WebError> {
    let page = ask::number(&browse.reader.asked, "page", 1, ask::DEEPEST / PER_PAGE)?.unwrap_or(1);
    let class = browse.asked("class").map(|class| class.chars().take(24).collect::<String>());
    let answer = |year: Option<i16>, classes: Vec<String>, per_page| {
        let query = Query {
            libraries: browse.library.iter().cloned().collect(),
            classes,
            from: year,
            to: year,
            sort: Sort::Newest,
            home: browse.reader.home(&browse.app),
            page: if per_page == 1 { 1 } else { page },
            per_page,
            ..Query::default()
        };
        browse.open.catalogue.search(&query).map_err(WebError::internal)
    };
    let years = years(&answer(None, Vec::new(), 1)?, browse);
    let year = ask::number(&browse.reader.asked, "year", 1, 9_999)?.and_then(|year| i16::try_from(year).ok());
    let year = year.or_else(|| years.first().map(|(year, _)| *year));
    let found = answer(year, class.iter().cloned().collect(), PER_PAGE)?;
    // The main classes of the year, whichever is chosen.
    let classes = if class.is_some() {
        answer(year, Vec::new(), 1)?.facets.classes
    } else {
        found.facets.classes.clone()
    };
    let to = |n: u32| browse.link(&["page"], &[("page", &n.to_string())]);
    Ok(NewPage {
        ui: browse.ui(),
        frame: Frame {
            libraries: browse.libraries(),
            ..browse.frame("browse.new", "browse.new_lead", &["year", "class"])
        },
        total: grouped(found.total),
        years: years.iter().map(|(own, n)| year_pick(browse, *own, *n, year)).collect(),
        classes: class_picks(browse, &classes, class.as_deref()),
        rows: found.hits.iter().map(|hit| browse.row(&hit.entry)).collect(),
        search: search(browse, year, class.as_deref()),
        previous: (page > 1).then(|| to(page - 1)),
        next: (page < found.pages).then(|| to(page + 1)),
    })
}

/// The latest years with entries that are not behind the date of the data: 9999 and the like are slips.
fn years(answer: &Answer, browse: &Browse) -> Vec<(i16, u64)> {
    let dates = browse.open.libraries().filter_map(|(_, state)| state.as_of.as_deref());
    let last = dates.max().and_then(|date| date.get(..4)?.parse::<i16>().ok()).unwrap_or(i16::MAX);
    let all = answer.facets.years.iter().rev().filter_map(|(year, n)| Some((year.parse::<i16>().ok()?, *n)));
    all.filter(|(year, _)| *year <= last).take(YEARS).collect()
}

fn year_pick(browse: &Browse, own: i16, entries: u64, chosen: Option<i16>) -> Pick {
    Pick {
        label: own.to_string(),
        entries: grouped(entries),
        href: browse.link(&["year", "page"], &[("year", &own.to_string())]),
        chosen: chosen == Some(own),
    }
}

/// All classes together, then each in the order of its code.
fn class_picks(browse: &Browse, classes: &[(String, u64)], chosen: Option<&str>) -> Vec<Pick> {
    let all = Pick {
        label: browse.lang().t("browse.all_classes").to_owned(),
        entries: String::new(),
        href: browse.link(&["class", "page"], &[]),
        chosen: chosen.is_none(),
    };
    let mut classes: Vec<&(String, u64)> = classes.iter().collect();
    classes.sort();
    let pick = |(code, entries): &(String, u64)| {
        let name = browse.lang().label("class", code);
        Pick {
            label: if name == *code { name } else { format!("{code} {name}") },
            entries: grouped(*entries),
            href: browse.link(&["class", "page"], &[("class", code)]),
            chosen: chosen == Some(code),
        }
    };
    std::iter::once(all).chain(classes.into_iter().map(pick)).collect()
}

fn search(browse: &Browse, year: Option<i16>, class: Option<&str>) -> String {
    let year = year.map(|year| year.to_string());
    let mut pairs = vec![("sort", "newest")];
    pairs.extend(year.iter().flat_map(|year| [("from", year.as_str()), ("to", year.as_str())]));
    pairs.extend(class.map(|class| ("class", class)));
    pairs.extend(browse.library.iter().map(|library| ("library", library.as_str())));
    ask::link("/search", pairs)
}
