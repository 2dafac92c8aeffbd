//! `/`: the search box, the libraries to choose from, how fresh the data is.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use indexer::library::Members;
use indexer::search::SearchField;

use super::browse::LISTS;
use super::{Choosable, Ui, page, render};
use crate::ask::{self, Asked, Choice};
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
    lists: [(&'static str, &'static str); 6],
    notes: Vec<String>,
}

struct Group {
    name: String,
    n_members: usize,
    chosen: bool,
    open: bool,
    members: Vec<Member>,
}

struct Member {
    code: String,
    name: String,
    chosen: bool,
    as_of: String,
}

/// Up to so many members all groups stand open: one look finds everything.
const ALL_AT_ONE_LOOK: usize = 60;

/// `/`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    page(&app, &reader, home(&app, &reader))
}

fn home(app: &App, reader: &Reader) -> Result<Response, WebError> {
    let open = app.open();
    let members = app.members();
    let asked = with_memory(reader);
    let limit = app.settings().policy.max_libraries;
    let choice = ask::choice(&asked, &members, limit);
    let filter = asked.get("filter").unwrap_or_default();
    let (groups, kept) = groups(&members, open.as_deref(), &choice, &asked, filter);
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
fn with_memory(reader: &Reader) -> Asked {
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

fn groups(
    members: &Members,
    open: Option<&Open>,
    choice: &Choice,
    asked: &Asked,
    filter: &str,
) -> (Vec<Group>, Vec<Member>) {
    let passing = (!filter.is_empty()).then(|| members.filter(filter));
    let passes = |library: &indexer::library::Library| {
        passing.as_ref().is_none_or(|p| p.iter().any(|found| found.code == library.code))
    };
    let member = |library: &indexer::library::Library| Member {
        code: library.code.to_string(),
        name: library.name.clone(),
        chosen: choice.libraries.contains(&library.code),
        as_of: open.and_then(|o| o.library(&library.code)).and_then(|l| l.as_of.clone()).unwrap_or_default(),
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
