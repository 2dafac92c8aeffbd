//! `/search`: counts of each library, facets, cards, pages, and ways on where there is nothing.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use indexer::bib::LibraryCode;
use indexer::library::Members;
use indexer::search::{Marks, Query, SearchField, Sort};

use super::cards::{AdviceLine, Card, as_of};
use super::drawing::{YearChart, pages_shown, year_chart};
use super::home::{fields, names, notes, stale};
use super::{Choosable, Ui, page, render};
use crate::ask::{self, Asked, Choice};
use crate::blocking;
use crate::error::WebError;
use crate::fresh::Trouble;
use crate::i18n::{Lang, grouped};
use crate::reader::{Reader, set_cookie};
use crate::state::{App, Open};
use crate::wire::{FacetValue, SearchDocument};

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    ui: Ui,
    title: String,
    q: String,
    fields: Vec<Choosable>,
    sorts: Vec<Choosable>,
    /// The question without what the form at hand sets itself.
    kept_by_box: Vec<(String, String)>,
    kept_by_sort: Vec<(String, String)>,
    kept_by_facets: Vec<(String, String)>,
    kept_by_jump: Vec<(String, String)>,
    notes: Vec<String>,
    scope: String,
    as_of: Option<String>,
    stale: Vec<(String, Trouble)>,
    change: String,
    summary: Summary,
    strip: Vec<StripItem>,
    facets: Vec<FacetBox>,
    n_filters: usize,
    reset: String,
    years: Option<YearChart>,
    from: String,
    to: String,
    counts: Vec<CountList>,
    cards: Vec<Card>,
    /// The ids of this page, and where it is.
    ids: String,
    here: String,
    pager: Pager,
    advice: Vec<AdviceLine>,
    zero: Option<Zero>,
}

struct Summary {
    found: String,
    page_of: String,
    took: String,
    past_end: Option<String>,
}

struct StripItem {
    name: String,
    hits: String,
    href: String,
    current: bool,
}

struct FacetBox {
    name: &'static str,
    legend: String,
    values: Vec<Tick>,
}

struct Tick {
    value: String,
    label: String,
    hits: String,
    chosen: bool,
}

/// Values that have no filter of their own: each leads to a search.
struct CountList {
    legend: String,
    values: Vec<(String, String, String)>,
}

#[derive(Default)]
struct Pager {
    previous: Option<String>,
    next: Option<String>,
    items: Vec<PagerItem>,
    last: u32,
}

enum PagerItem {
    Page { number: u32, href: String, current: bool },
    Gap,
}

struct Zero {
    heading: String,
    everywhere: Option<String>,
    any_field: Option<String>,
    purchase: String,
}

/// `/search`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let result = search(&app, &reader).await;
    page(&app, &reader, result)
}

async fn search(app: &App, reader: &Reader) -> Result<Response, WebError> {
    let members = app.members();
    let limit = app.settings().policy.max_libraries;
    let choice = ask::choice(&reader.asked, &members, limit);
    let query = ask::query(&reader.asked, choice.libraries.clone(), reader.home(app))?;
    let only = reader.asked.get("only").map(LibraryCode::new);
    let only = only.filter(|code| members.get(code).is_some());
    let open = app.opened()?;
    let document = answered(app, query.clone(), only.clone(), open, reader.lang).await?;
    let view = View {
        app,
        reader,
        members: &members,
        choice: &choice,
        query: &query,
        only: only.as_ref(),
        marks: &Marks::of(&query.text, query.field),
    };
    let mut response = render(&view.page(document, limit))?;
    remember(&mut response, &query);
    Ok(response)
}

/// The answer; where one library's list is shown, the counts are still those of all that were chosen.
async fn answered(
    app: &App,
    query: Query,
    only: Option<LibraryCode>,
    open: Arc<Open>,
    lang: Lang,
) -> Result<SearchDocument, WebError> {
    let (counting, members) = (app.clone(), app.members());
    blocking::run(app.turns(), move || {
        let started = Instant::now();
        let libraries = match &only {
            None => None,
            Some(_) => {
                let counts = Query { page: 1, per_page: 1, ..query.clone() };
                Some(open.catalogue.search(&counts).map_err(WebError::internal)?.libraries)
            }
        };
        let query = Query { libraries: only.map_or(query.libraries.clone(), |code| vec![code]), ..query };
        let mut answer = open.catalogue.search(&query).map_err(WebError::internal)?;
        if let Some(libraries) = libraries {
            answer.libraries = libraries;
        }
        let took = started.elapsed();
        counting.metrics().searched(took);
        Ok(SearchDocument::new(&query, answer, took.as_secs_f64() * 1e3, &open, &members, lang))
    })
    .await
}

/// The access point and the libraries used last stand on the home page next time.
fn remember(response: &mut Response, query: &Query) {
    let field = if query.field == SearchField::Any { "" } else { query.field.name() };
    let codes: Vec<&str> = query.libraries.iter().map(LibraryCode::as_str).collect();
    for cookie in [set_cookie("field", field), set_cookie("libraries", &codes.join("."))] {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

pub(super) struct View<'a> {
    pub(super) app: &'a App,
    pub(super) reader: &'a Reader,
    pub(super) members: &'a Members,
    pub(super) choice: &'a Choice,
    pub(super) query: &'a Query,
    pub(super) only: Option<&'a LibraryCode>,
    pub(super) marks: &'a Marks,
}

/// `北京林业大学图书馆` is known without its last word, `国家图书馆` is not.
fn without_library(name: &str) -> &str {
    name.strip_suffix("图书馆").filter(|rest| rest.chars().count() > 3).unwrap_or(name)
}

impl View<'_> {
    pub(super) fn lang(&self) -> Lang {
        self.reader.lang
    }

    pub(super) fn asked(&self) -> &Asked {
        &self.reader.asked
    }

    /// Hidden fields of a form that sets `names` itself; a new question starts on page 1.
    fn kept(&self, names: &[&str]) -> Vec<(String, String)> {
        let names: Vec<&str> = names.iter().copied().chain(["page", "filter"]).collect();
        self.asked().without(&names).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
    }

    fn page(&self, document: SearchDocument, limit: Option<usize>) -> SearchPage {
        let lang = self.lang();
        let q = document.query.clone();
        let zero = (document.total == 0).then(|| self.zero(&q));
        let facets = &document.facets;
        let filters = ["type", "language", "class", "from", "to"];
        SearchPage {
            ui: Ui::new(self.app, self.reader),
            title: if q.is_empty() {
                lang.t("search.title").to_owned()
            } else {
                lang.fill("search.title_of", &[("q", &q)])
            },
            fields: fields(lang, self.query.field.name()),
            sorts: self.sorts(),
            kept_by_box: self.kept(&["q", "field"]),
            kept_by_sort: self.kept(&["sort"]),
            kept_by_facets: self.kept(&filters),
            kept_by_jump: self.kept(&[]),
            notes: notes(self.choice, limit, self.members, lang),
            scope: self.scope(),
            as_of: as_of(&document, lang),
            stale: stale(self.app, &self.choice.libraries, lang),
            change: self.asked().link(
                "/",
                &["page", "only", "type", "language", "class", "from", "to", "sort"],
                &[],
            ),
            summary: self.summary(&document),
            strip: self.strip(&document),
            n_filters: filters.iter().map(|name| self.asked().all(name).count()).sum(),
            reset: self.asked().link("/search", &[&filters[..], &["page"]].concat(), &[]),
            years: year_chart(&facets.years, lang),
            from: self.query.from.map(|y| y.to_string()).unwrap_or_default(),
            to: self.query.to.map(|y| y.to_string()).unwrap_or_default(),
            facets: vec![
                self.facet("type", "search.type", &facets.types, "type"),
                self.facet("language", "search.language", &facets.languages, "language"),
                self.facet("class", "search.class", &facets.classes, "class"),
            ],
            counts: vec![
                self.count_list("search.author", "author", &facets.authors),
                self.count_list("search.subject", "subject", &facets.subjects),
            ],
            ids: document.records.iter().map(|r| r.id.as_str()).collect::<Vec<_>>().join("."),
            here: self.asked().link("/search", &[], &[]),
            cards: document.records.iter().map(|r| self.card(r, &document.libraries)).collect(),
            pager: self.pager(document.page, document.pages),
            advice: document.advice.iter().map(|advice| self.advice(advice)).collect(),
            zero,
            q,
        }
    }

    fn sorts(&self) -> Vec<Choosable> {
        let sort = |sort: Sort| Choosable {
            value: sort.name().to_owned(),
            label: self.lang().label("sort", sort.name()),
            chosen: sort == self.query.sort,
        };
        Sort::ALL.into_iter().map(sort).collect()
    }

    fn scope(&self) -> String {
        if self.choice.libraries.is_empty() {
            return self.lang().fill("search.in_all", &[("n", &self.members.iter().count().to_string())]);
        }
        let separator = if self.lang() == Lang::En { ", " } else { "、" };
        let names = names(self.members, &self.choice.libraries).join(separator);
        self.lang().fill("search.in_libraries", &[("names", &names)])
    }

    fn summary(&self, document: &SearchDocument) -> Summary {
        let lang = self.lang();
        let found = if document.total_is == "exact" { "search.found" } else { "search.about" };
        let (page, pages) = (grouped(document.page.into()), grouped(document.pages.into()));
        let past_end = document.total > 0 && document.page > document.pages.max(1);
        Summary {
            found: lang.fill(found, &[("n", &grouped(document.total))]),
            page_of: lang.fill("search.page_of", &[("page", &page), ("pages", &pages)]),
            took: lang.fill("search.took", &[("ms", &document.took_ms.to_string())]),
            past_end: past_end.then(|| self.asked().link("/search", &["page"], &[])),
        }
    }

    /// Most hits first; libraries without a hit are left to the list of members.
    fn strip(&self, document: &SearchDocument) -> Vec<StripItem> {
        let lang = self.lang();
        let all = if self.choice.libraries.is_empty() { "search.all" } else { "search.all_chosen" };
        let mut items = vec![StripItem {
            name: lang.t(all).to_owned(),
            hits: if self.only.is_none() { grouped(document.total) } else { String::new() },
            href: self.asked().link("/search", &["only", "page"], &[]),
            current: self.only.is_none(),
        }];
        let chosen = !self.choice.libraries.is_empty();
        let mut libraries: Vec<_> = document.libraries.iter().filter(|l| chosen || l.hits > 0).collect();
        libraries.sort_by_key(|l| std::cmp::Reverse(l.hits));
        items.extend(libraries.into_iter().map(|library| StripItem {
            name: without_library(&library.name).to_owned(),
            hits: grouped(library.hits),
            href: self.asked().link("/search", &["only", "page"], &[("only", &library.code)]),
            current: self.only.is_some_and(|only| only.as_str() == library.code),
        }));
        items
    }

    fn facet(&self, name: &'static str, legend: &str, values: &[FacetValue], section: &str) -> FacetBox {
        let lang = self.lang();
        let mut ticks: Vec<Tick> = values
            .iter()
            .take(30)
            .map(|v| Tick {
                value: v.value.clone(),
                label: v.label.clone(),
                hits: grouped(v.hits),
                chosen: self.asked().has(name, &v.value),
            })
            .collect();
        // What is set can always be taken back, even where it has no hit.
        for value in self.asked().all(name) {
            if !ticks.iter().any(|tick| tick.value == value) {
                let label = lang.label(section, value);
                let tick = Tick { value: value.to_owned(), label, hits: String::new(), chosen: true };
                ticks.insert(0, tick);
            }
        }
        FacetBox { name, legend: lang.t(legend).to_owned(), values: ticks }
    }

    fn count_list(&self, legend: &str, field: &str, values: &[FacetValue]) -> CountList {
        let link = |value: &FacetValue| {
            let phrase = format!("\"{}\"", value.value.replace('"', " "));
            let pairs = [("field", field), ("q", phrase.as_str())];
            let href = self.asked().link("/search", &["q", "field", "page"], &pairs);
            (value.label.clone(), grouped(value.hits), href)
        };
        CountList {
            legend: self.lang().t(legend).to_owned(),
            values: values.iter().take(10).map(link).collect(),
        }
    }

    fn pager(&self, page: u32, pages: u32) -> Pager {
        let href = |page: u32| self.asked().link("/search", &["page"], &[("page", &page.to_string())]);
        let mut items = Vec::new();
        let mut before = 0;
        for number in pages_shown(page, pages) {
            if number > before + 1 {
                items.push(PagerItem::Gap);
            }
            items.push(PagerItem::Page { number, href: href(number), current: number == page });
            before = number;
        }
        Pager {
            previous: (page > 1 && page <= pages).then(|| href(page - 1)),
            next: (page < pages).then(|| href(page + 1)),
            items,
            last: pages,
        }
    }

    fn zero(&self, q: &str) -> Zero {
        let lang = self.lang();
        let asked = self.asked();
        let everywhere = ["library", "group", "only", "page"];
        Zero {
            heading: if q.is_empty() {
                lang.t("zero.title_filters").to_owned()
            } else {
                lang.fill("zero.title", &[("q", q)])
            },
            everywhere: (!self.choice.libraries.is_empty() || self.only.is_some())
                .then(|| asked.link("/search", &everywhere, &[])),
            any_field: (self.query.field != SearchField::Any)
                .then(|| asked.link("/search", &["field", "page"], &[])),
            purchase: super::purchase::link(q, self.query.field),
        }
    }
}
