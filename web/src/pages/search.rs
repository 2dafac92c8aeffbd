//! `/search`: counts of each library, facets, cards, pages, and ways on where there is nothing.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use indexer::bib::LibraryCode;
use indexer::library::Members;
use indexer::search::{Query, SearchField, Sort};

use super::home::{fields, names, notes};
use super::{Choosable, Ui, page, render};
use crate::ask::{self, Asked, Choice};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::reader::{Reader, set_cookie};
use crate::state::{App, Open};
use crate::wire::{AdviceDocument, FacetValue, RecordDocument, SearchDocument};

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

struct YearChart {
    label: String,
    bars: Vec<Bar>,
    width: usize,
}

struct Bar {
    x: usize,
    y: usize,
    height: usize,
    title: String,
}

pub(super) struct Card {
    id: String,
    title: Vec<(String, bool)>,
    rest: String,
    line: String,
    kind: String,
    call_number: Option<String>,
    holder: String,
    more: Option<String>,
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

struct AdviceLine {
    text: String,
    link: Option<(String, String)>,
}

struct Zero {
    heading: String,
    everywhere: Option<String>,
    any_field: Option<String>,
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
    let query = ask::query(&reader.asked, choice.libraries.clone(), app.home())?;
    let only = reader.asked.get("only").map(LibraryCode::new);
    let only = only.filter(|code| members.get(code).is_some());
    let open = app.opened()?;
    let document = answered(app, query.clone(), only.clone(), open, reader.lang).await?;
    let view = View { app, reader, members: &members, choice: &choice, query: &query, only: only.as_ref() };
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

struct View<'a> {
    app: &'a App,
    reader: &'a Reader,
    members: &'a Members,
    choice: &'a Choice,
    query: &'a Query,
    only: Option<&'a LibraryCode>,
}

impl View<'_> {
    fn lang(&self) -> Lang {
        self.reader.lang
    }

    fn asked(&self) -> &Asked {
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
            cards: document.records.iter().map(|record| self.card(record)).collect(),
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
            name: library.name.trim_end_matches("图书馆").to_owned(),
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

    fn card(&self, record: &RecordDocument) -> Card {
        let lang = self.lang();
        let ranges = record.highlight.as_ref().map_or(&[][..], |h| &h.title);
        let title = record.title.as_deref().unwrap_or(lang.t("search.no_title"));
        let rest = [&record.part, &record.subtitle].into_iter().flatten().cloned().collect::<Vec<_>>();
        let year = record.year.map(|y| y.to_string());
        let line = [&record.responsibility, &record.publisher, &year];
        let held = self.only.and_then(|only| record.holdings.iter().find(|h| h.library == only.as_str()));
        let held = held.or_else(|| record.holdings.first());
        let mut libraries: Vec<&str> = record.holdings.iter().map(|h| h.library.as_str()).collect();
        libraries.sort_unstable();
        libraries.dedup();
        let others = libraries.len().saturating_sub(1);
        let copies = held.map(|h| h.copies).filter(|copies| *copies > 0);
        let name = |h: &crate::wire::HoldingDocument| {
            let name = crate::wire::library_name(self.members, &LibraryCode::new(h.library.as_str()));
            match copies {
                Some(n) => format!("{name} {}", lang.fill("search.copies", &[("n", &n.to_string())])),
                None => name,
            }
        };
        Card {
            id: record.id.clone(),
            title: marked(title, ranges),
            rest: rest.join(" : "),
            line: line.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · "),
            kind: record.type_label.clone(),
            call_number: held.and_then(|h| h.call_number.clone()),
            holder: held.map_or_else(|| lang.t("search.no_holdings").to_owned(), name),
            more: (others > 0).then(|| lang.fill("search.holders_more", &[("n", &others.to_string())])),
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

    fn advice(&self, advice: &AdviceDocument) -> AdviceLine {
        let lang = self.lang();
        let n = grouped(advice.hits.unwrap_or_default());
        let q = advice.q.as_deref().unwrap_or(&self.query.text);
        let gaps = [("n", n.as_str()), ("q", q)];
        let asked = self.asked();
        let href = match advice.kind {
            "other-libraries" => asked.link("/search", &["library", "group", "only", "page"], &[]),
            "pinyin-offered" => asked.link("/search", &["field", "page"], &[("field", "pinyin")]),
            "fewer-words" | "other-spelling" => asked.link("/search", &["q", "page"], &[("q", q)]),
            "fewer-filters" => {
                asked.link("/search", &["type", "language", "class", "from", "to", "page"], &[])
            }
            _ => String::new(),
        };
        let label = format!("advice.{}-link", advice.kind);
        let link = (!href.is_empty()).then(|| (href, lang.fill(&label, &gaps)));
        AdviceLine { text: lang.fill(&format!("advice.{}", advice.kind), &gaps), link }
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
        }
    }
}

/// The pages whose numbers stand in the pager: the ends, and those around this one.
fn pages_shown(page: u32, pages: u32) -> Vec<u32> {
    let around = page.saturating_sub(2)..=page.saturating_add(2);
    let mut shown: Vec<u32> =
        [1, pages].into_iter().chain(around).filter(|p| (1..=pages).contains(p)).collect();
    shown.sort_unstable();
    shown.dedup();
    shown
}

/// A title in pieces, each with whether it matches; ranges count Unicode scalar values.
fn marked(title: &str, ranges: &[[u32; 2]]) -> Vec<(String, bool)> {
    let is_hit = |i: usize| ranges.iter().any(|[start, end]| (*start as usize..*end as usize).contains(&i));
    let mut pieces: Vec<(String, bool)> = Vec::new();
    for (i, c) in title.chars().enumerate() {
        match pieces.last_mut() {
            Some((piece, hit)) if *hit == is_hit(i) => piece.push(c),
            _ => pieces.push((c.to_string(), is_hit(i))),
        }
    }
    pieces
}

const CHART_HEIGHT: u64 = 40;

/// Bars of the years; of many years several share a bar.
fn year_chart(years: &[FacetValue], lang: Lang) -> Option<YearChart> {
    let mut counts: Vec<(i32, u64)> =
        years.iter().filter_map(|v| Some((v.value.parse().ok()?, v.hits))).collect();
    counts.sort_unstable();
    let (first, last) = (counts.first()?.0, counts.last()?.0);
    let (top, most) = *counts.iter().max_by_key(|(_, hits)| *hits)?;
    let step = usize::try_from(last - first).ok()? / 40 + 1;
    let mut bars = vec![0u64; usize::try_from(last - first).ok()? / step + 1];
    for (year, hits) in &counts {
        bars[usize::try_from(year - first).ok()? / step] += hits;
    }
    let highest = bars.iter().max().copied()?.max(1);
    let gaps = [
        ("from", first.to_string()),
        ("to", last.to_string()),
        ("top", top.to_string()),
        ("n", grouped(most)),
    ];
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let bar = |(i, hits): (usize, &u64)| {
        let height = usize::try_from((hits * CHART_HEIGHT).div_ceil(highest)).unwrap_or(0);
        let from = first + i32::try_from(i * step).unwrap_or(0);
        Bar {
            x: i * 6,
            y: CHART_HEIGHT as usize - height,
            height,
            title: format!("{from}: {}", grouped(*hits)),
        }
    };
    Some(YearChart {
        label: lang.fill("search.year_chart", &gaps),
        width: bars.len() * 6,
        bars: bars.iter().enumerate().map(bar).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_title_join_to_the_title() {
        let pieces = marked("𠀀Java简明教程", &[[1, 5], [7, 90]]);
        let expect = [("𠀀", false), ("Java", true), ("简明", false), ("教程", true)];
        assert_eq!(pieces, expect.map(|(text, hit)| (text.to_owned(), hit)));
        assert!(marked("", &[[0, 1]]).is_empty());
    }

    #[test]
    fn the_pager_shows_ends_and_neighbours() {
        assert_eq!(pages_shown(1, 23), [1, 2, 3, 23]);
        assert_eq!(pages_shown(10, 23), [1, 8, 9, 10, 11, 12, 23]);
        assert_eq!(pages_shown(1, 1), [1]);
        assert_eq!(pages_shown(9, 0), Vec::<u32>::new());
        assert_eq!(pages_shown(u32::MAX, 3), [1, 3]);
    }

    #[test]
    fn years_become_bars() {
        let value = |year: &str, hits| FacetValue { value: year.into(), label: year.into(), hits };
        let chart = year_chart(&[value("1998", 1), value("2008", 61), value("abc", 9)], Lang::ZhHans);
        let chart = chart.map(|c| (c.bars.len(), c.bars[10].height, c.bars[0].height, c.bars[5].height));
        assert_eq!(chart, Some((11, 40, 1, 0)));
        assert!(year_chart(&[], Lang::ZhHans).is_none());
        assert!(year_chart(&[value("-3000", 1), value("9999", u64::MAX / 64)], Lang::En).is_some());
    }
}
