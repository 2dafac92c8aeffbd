//! `/`: the search box, the libraries to choose from, how fresh the data is.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use indexer::bib::LibraryCode;
use indexer::library::Members;
use indexer::search::{Query, SearchField};

use super::browse::LISTS;
use super::content::PAGES;
use super::notices::{self, Line};
use super::{Choosable, Ui, page, render};
use crate::ask::{self, Asked, Choice};
use crate::blocking;
use crate::error::WebError;
use crate::fresh::{Trouble, trouble};
use crate::i18n::{Lang, grouped};
use crate::reader::Reader;
use crate::state::{App, Open};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    ui: Ui,
    q: String,
    filter: String,
    filtered: bool,
    fields: Vec<Choosable>,
    n_members: usize,
    limit: Option<usize>,
    chosen: Vec<String>,
    groups: Vec<Group>,
    /// Chosen, but not among those that pass the filter.
    kept: Vec<Member>,
    freshness: Option<String>,
    /// Libraries whose data is older than it should be.
    stale: Vec<(String, Trouble)>,
    notices: Vec<Line>,
    pages: [(&'static str, &'static str); 6],
    lists: [(&'static str, &'static str); 6],
    notes: Vec<String>,
}

struct Group {
    name: String,
    n_members: usize,
    chosen: bool,
    open: bool,
    /// Entries of the query that the group has, where there is a query.
    hits: Option<String>,
    members: Vec<Member>,
}

struct Member {
    code: String,
    name: String,
    chosen: bool,
    /// A member since lately.
    new: bool,
    /// A campus of another institution.
    campus: bool,
    as_of: String,
    /// Entries of the query that it has, where there is a query.
    hits: Option<String>,
}

/// Up to so many members all groups stand open: one look finds everything.
const ALL_AT_ONE_LOOK: usize = 60;

/// `/`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    // Without counts one can still choose.
    let counts = counts(&app, &reader).await.unwrap_or_default();
    let notices = notices::few(&app, None, reader.lang).await;
    page(&app, &reader, home(&app, &reader, counts.as_ref(), notices))
}

/// Hits of the query by library and by group.
#[derive(Default)]
struct Counts {
    libraries: HashMap<LibraryCode, u64>,
    groups: HashMap<String, u64>,
}

/// Who asked something and goes back to choose libraries sees what each would give.
async fn counts(app: &App, reader: &Reader) -> Result<Option<Counts>, WebError> {
    let asked = reader.asked.get("q").is_some();
    let Some(open) = app.open().filter(|_| asked) else { return Ok(None) };
    let members = app.members();
    let query = ask::query(&reader.asked, Vec::new(), None)?;
    let counted = blocking::run(app.turns(), move || {
        let answer = open.catalogue.search(&Query { page: 1, per_page: 1, ..query.clone() });
        let answer = answer.map_err(WebError::internal)?;
        let mut counts = Counts { libraries: answer.libraries.into_iter().collect(), ..Counts::default() };
        for (name, libraries) in members.groups() {
            let libraries = libraries.iter().map(|library| library.code.clone()).collect();
            let of_group = Query { libraries, page: 1, per_page: 1, ..query.clone() };
            let (hits, _) = open.catalogue.ids(&of_group).map_err(WebError::internal)?;
            counts.groups.insert(name.to_owned(), hits);
        }
        Ok(counts)
    });
    counted.await.map(Some)
}

fn home(
    app: &App,
    reader: &Reader,
    counts: Option<&Counts>,
    notices: Vec<Line>,
) -> Result<Response, WebError> {
    let open = app.open();
    let members = app.members();
    let asked = with_memory(reader);
    let limit = app.settings().policy.max_libraries;
    let choice = ask::choice(&asked, &members, limit);
    let filter = asked.get("filter").unwrap_or_default();
    let (groups, kept) = groups(&members, open.as_deref(), &choice, &asked, counts);
    let field = asked.get("field").unwrap_or_default();
    render(&HomePage {
        ui: Ui::new(app, reader),
        q: asked.get("q").unwrap_or_default().to_owned(),
        filter: filter.to_owned(),
        filtered: !filter.is_empty(),
        fields: fields(reader.lang, field),
        n_members: members.iter().count(),
        limit,
        chosen: names(&members, &choice.libraries),
        groups,
        kept,
        freshness: open.map(|open| freshness(&open, members.iter().count(), reader.lang)),
        stale: stale(app, &[], reader.lang),
        notes: notes(&choice, limit, &members, reader.lang),
        notices,
        pages: PAGES,
        lists: LISTS,
    })
}

/// Of these libraries, or of all where none is named, those whose updates are not well.
pub(super) fn stale(app: &App, of: &[indexer::bib::LibraryCode], lang: Lang) -> Vec<(String, Trouble)> {
    let (members, fresh) = (app.members(), app.freshness());
    let asked = members.iter().filter(|library| of.is_empty() || of.contains(&library.code));
    let troubled = asked.filter_map(|library| {
        Some((library.name.clone(), trouble(fresh.get(&library.code), app.settings(), lang)?))
    });
    troubled.collect()
}

/// What was chosen last time stands unless the address says something about libraries itself.
pub(super) fn with_memory(reader: &Reader) -> Asked {
    let said = ["library", "group", "filter", "clear"].iter().any(|name| reader.asked.get(name).is_some());
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut pairs: Vec<_> = reader.asked.without(&[]).map(own).collect();
    if !said {
        pairs.extend(reader.remembered.libraries.iter().map(|code| ("library".to_owned(), code.clone())));
    }
    if let (None, Some(field)) = (reader.asked.get("field"), &reader.remembered.field) {
        pairs.push(("field".to_owned(), field.clone()));
    }
    Asked::from_pairs(pairs)
}

/// The access points as a list to choose from.
pub(super) fn fields(lang: Lang, chosen: &str) -> Vec<Choosable> {
    let field = |field: SearchField| Choosable {
        value: field.name().to_owned(),
        label: lang.label("field", field.name()),
        chosen: field.name() == chosen,
    };
    SearchField::ALL.into_iter().map(field).collect()
}

/// Names of libraries.
pub(super) fn names(members: &Members, codes: &[indexer::bib::LibraryCode]) -> Vec<String> {
    codes.iter().map(|code| crate::wire::library_name(members, code)).collect()
}

/// What became of a choice that could not be kept whole.
pub(super) fn notes(choice: &Choice, limit: Option<usize>, members: &Members, lang: Lang) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(max), false) = (limit, choice.left_out.is_empty()) {
        let left_out = names(members, &choice.left_out).join(if lang == Lang::En { ", " } else { "、" });
        notes.push(lang.fill("search.left_out", &[("max", &max.to_string()), ("names", &left_out)]));
    }
    for code in &choice.unknown {
        let code: String = code.chars().take(40).collect();
        notes.push(lang.fill("search.unknown_library", &[("code", &code)]));
    }
    notes
}

/// A campus is set in where the institution that it belongs to stands in the same group.
fn is_below_its_parent(members: &Members, library: &indexer::library::Library) -> bool {
    let parent = library.parent.as_ref().and_then(|code| members.get(code));
    parent.is_some_and(|parent| parent.group == library.group)
}

fn groups(
    members: &Members,
    open: Option<&Open>,
    choice: &Choice,
    asked: &Asked,
    counts: Option<&Counts>,
) -> (Vec<Group>, Vec<Member>) {
    let filter = asked.get("filter").unwrap_or_default();
    let passing = (!filter.is_empty()).then(|| members.filter(filter));
    let passes = |library: &indexer::library::Library| {
        passing.as_ref().is_none_or(|p| p.iter().any(|found| found.code == library.code))
    };
    let member = |library: &indexer::library::Library| Member {
        code: library.code.to_string(),
        name: library.name.clone(),
        chosen: choice.libraries.contains(&library.code),
        new: library.new,
        campus: is_below_its_parent(members, library),
        as_of: open.and_then(|o| o.library(&library.code)).and_then(|l| l.as_of.clone()).unwrap_or_default(),
        hits: counts.map(|c| grouped(c.libraries.get(&library.code).copied().unwrap_or(0))),
    };
    let few = members.iter().count() <= ALL_AT_ONE_LOOK;
    let mut groups = Vec::new();
    for (name, libraries) in members.groups() {
        let shown: Vec<Member> = libraries.iter().filter(|l| passes(l)).map(|l| member(l)).collect();
        if shown.is_empty() {
            continue;
        }
        let any_chosen = shown.iter().any(|m| m.chosen);
        groups.push(Group {
            name: name.to_owned(),
            n_members: libraries.len(),
            // A whole group that the limit cut is shown by its members instead.
            chosen: asked.has("group", name) && shown.iter().all(|m| m.chosen),
            open: few || any_chosen || passing.is_some(),
            hits: counts.map(|c| grouped(c.groups.get(name).copied().unwrap_or(0))),
            members: shown,
        });
    }
    let kept = members.iter().filter(|l| choice.libraries.contains(&l.code) && !passes(l)).map(member);
    (groups, kept.collect())
}

/// How fresh the data is, in one line.
pub(super) fn freshness(open: &Open, n_members: usize, lang: Lang) -> String {
    let mut dates: Vec<&str> = open.libraries().filter_map(|(_, state)| state.as_of.as_deref()).collect();
    dates.sort_unstable();
    let n = open.libraries().count();
    let entries = grouped(open.catalogue.manifest().entries);
    let (first, last) = (dates.first().copied(), dates.last().copied());
    let key = match (first, last) {
        (Some(first), Some(last)) if first != last => "fresh.range",
        (Some(_), _) => "fresh.one",
        _ => "fresh.undated",
    };
    let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
    let gaps =
        [("entries", &*entries), ("n", &n.to_string()), ("first", first), ("last", last), ("date", last)];
    let mut line = lang.fill(key, &gaps);
    if n < n_members {
        if lang == Lang::En {
            line.push(' ');
        }
        line.push_str(&lang.fill("fresh.missing", &[("n", &(n_members - n).to_string())]));
    }
    line
}
