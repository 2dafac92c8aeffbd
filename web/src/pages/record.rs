//! `/record/{id}`: the description, who holds it, how to cite it; on request the members' records and their MARC.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use indexer::bib::{Bib, Entry};
use indexer::export::{citation_tags, schema_org, write_coins};
use indexer::pipeline::{decisions, member_bibs};
use indexer::search::{Marks, SearchField};

use super::beside::{self, Shelf};
use super::drawing::marked_by;
use super::holders::{HoldingRow, holdings};
use super::marc::{MarcPage, marc_page};
use super::union::{MembersView, OtherEdition, members_view, other_editions};
use super::{Ui, page, render};
use crate::ask;
use crate::blocking;
use crate::error::{BadRequest, WebError};
use crate::export::{self, Format};
use crate::i18n::{Lang, grouped};
use crate::reader::Reader;
use crate::state::{App, Open};
use crate::union::{holders, summary};
use crate::wire::{library_name, part_text};

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    ui: Ui,
    id: String,
    title: String,
    subtitle: String,
    kind: String,
    year: String,
    language: String,
    rows: Vec<Row>,
    holdings: Vec<HoldingRow>,
    holdings_sum: String,
    /// Records, copies, libraries, grounds in one line.
    union: String,
    /// Whether there is anything to show apart.
    is_union: bool,
    members: Option<MembersView>,
    editions: Vec<OtherEdition>,
    /// Style and reference.
    citations: Vec<(&'static str, String)>,
    /// The address that stays, and the square that leads to it.
    permalink: String,
    square: Option<(usize, String)>,
    shelf: Option<Shelf>,
    in_basket: bool,
    uses: Option<String>,
    /// Only what belongs on paper.
    is_sheet: bool,
    /// What programs read off the page.
    json_ld: String,
    coins: String,
    tags: Vec<(&'static str, String)>,
    exports: Vec<(String, &'static str)>,
    marc: Option<MarcPage>,
    /// What was asked for, where the reader comes from a list of hits.
    marks: Marks,
}

impl RecordPage {
    fn marked(&self, text: &str) -> Vec<(String, bool)> {
        marked_by(&self.marks, text)
    }
}

/// One line of the description.
struct Row {
    label: String,
    values: Vec<Value>,
}

struct Value {
    text: String,
    href: Option<String>,
    /// Leads out of this site.
    outside: bool,
}

/// `/record/{id}`
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>, reader: Reader) -> Response {
    let result = record(&app, id, &reader).await;
    page(&app, &reader, result)
}

async fn record(app: &App, id: String, reader: &Reader) -> Result<Response, WebError> {
    let open = app.opened()?;
    let (app, reader) = (app.clone(), reader.clone());
    let turns = app.turns().clone();
    blocking::run(&turns, move || render(&record_page(&app, &open, &open.find(&id)?, &reader)?)).await
}

/// `/record/{id}/export/{format}`
pub(crate) async fn export(
    State(app): State<App>,
    Path((id, format)): Path<(String, String)>,
    reader: Reader,
) -> Response {
    let result = exported(&app, id, format).await;
    page(&app, &reader, result)
}

async fn exported(app: &App, id: String, format: String) -> Result<Response, WebError> {
    let format = Format::from_name(&format)
        .ok_or_else(|| BadRequest::UnknownFormat { format, allowed: Format::names() })?;
    let open = app.opened()?;
    let reading = app.clone();
    blocking::run(app.turns(), move || export::response(format, &open.find(&id)?, reading.archive())).await
}

fn record_page(app: &App, open: &Open, entry: &Entry, reader: &Reader) -> Result<RecordPage, WebError> {
    let lang = reader.lang;
    let bib = &entry.bib;
    let copies: u64 = entry.holdings.iter().map(|h| u64::from(h.holding.copies)).sum();
    let sum = [("n", holders(entry).len().to_string()), ("copies", copies.to_string())];
    let sum: Vec<(&str, &str)> = sum.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let beside = open.beside(entry)?;
    // Who decided is worth a word, not a page: a file that cannot be read is told by `cluster list`.
    let decisions =
        if beside.siblings.is_empty() { Vec::new() } else { decisions(app.archive()).unwrap_or_default() };
    let table = app.members();
    let members = reader.asked.has("view", "members").then(|| {
        let said = member_bibs(app.archive(), entry);
        members_view(entry, &said, &table, lang)
    });
    let permalink = format!("{}/record/{}", app.settings().server.public_url, entry.id);
    let held_by: Vec<String> = holders(entry).iter().map(|code| library_name(&table, code)).collect();
    Ok(RecordPage {
        ui: Ui::new(app, reader),
        id: entry.id.to_string(),
        title: bib.title.clone().unwrap_or_else(|| lang.t("search.no_title").to_owned()),
        subtitle: [part_text(bib), bib.subtitle.clone()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" : "),
        kind: lang.label("type", bib.material_type.code()),
        year: bib.year.map(|y| y.to_string()).unwrap_or_default(),
        language: html_lang(bib),
        rows: rows(bib, lang),
        holdings: holdings(app, open, entry, reader),
        holdings_sum: lang.fill("record.holdings_sum", &sum),
        union: summary(entry, lang),
        is_union: entry.members.len() > 1,
        members,
        editions: other_editions(entry, &beside, &decisions, lang),
        citations: export::citations(bib),
        square: beside::square(&permalink),
        shelf: beside::shelf(app, open, entry, reader.home(app).as_ref())?,
        uses: uses(app, entry, lang)?,
        is_sheet: reader.asked.has("view", "print"),
        in_basket: reader.remembered.basket.has(entry.id.as_str()),
        json_ld: in_script(&schema_org(bib, &permalink, &held_by).to_string()),
        coins: write_coins(bib, Some(&permalink)),
        tags: citation_tags(bib),
        permalink,
        exports: export::formats_of(entry, app.archive())
            .map(|f| (format!("/record/{}/export/{}", entry.id, f.name()), f.label()))
            .collect(),
        marc: marc_page(app.archive(), entry, &table, reader),
        marks: marks(reader),
    })
}

/// How often the entry was looked at and asked for here, this time included.
fn uses(app: &App, entry: &Entry, lang: Lang) -> Result<Option<String>, WebError> {
    let Some(key) = entry.id.key() else { return Ok(None) };
    app.views().add(key);
    let kept = app.store_if_there()?.map(|store| store.uses(key)).transpose().map_err(WebError::internal)?;
    let kept = kept.unwrap_or_default();
    let gaps = [
        ("views", grouped(u64::from(kept.views) + u64::from(app.views().of(key)))),
        ("n", grouped(kept.requests.into())),
    ];
    Ok(Some(lang.fill("record.uses", &gaps.each_ref().map(|(name, value)| (*name, value.as_str())))))
}

/// JSON that may stand in a script element: nothing in it can end the element or begin a comment.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn marks(reader: &Reader) -> Marks {
    let field = reader.asked.get("field").and_then(SearchField::from_name).unwrap_or_default();
    Marks::of(reader.asked.get("q").unwrap_or_default(), field)
}

/// The language of the title for `lang=""`, where a browser picks glyphs and voices by it.
fn html_lang(bib: &Bib) -> String {
    let code = bib.languages.first().map_or("", String::as_str);
    let known = [
        ("chi", "zh"),
        ("eng", "en"),
        ("jpn", "ja"),
        ("rus", "ru"),
        ("kor", "ko"),
        ("fre", "fr"),
        ("ger", "de"),
        ("uig", "ug"),
        ("tib", "bo"),
        ("mon", "mn"),
        ("kaz", "kk"),
        ("ara", "ar"),
    ];
    known.iter().find(|(c, _)| *c == code).map_or(String::new(), |(_, tag)| (*tag).to_owned())
}

fn rows(bib: &Bib, lang: Lang) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut push = |label: &str, values: Vec<Value>| {
        if !values.is_empty() {
            rows.push(Row { label: lang.t(label).to_owned(), values });
        }
    };
    let published = [bib.place.as_deref(), bib.publisher.as_deref()].into_iter().flatten();
    let published = published.collect::<Vec<_>>().join(" : ");
    let date = bib.date_text.clone().or_else(|| bib.year.map(|y| y.to_string()));
    let published = [Some(published).filter(|p| !p.is_empty()), date].into_iter().flatten();
    let published = published.collect::<Vec<_>>().join(", ");
    push("record.responsibility", plain(&bib.responsibility));
    push(
        "record.agents",
        bib.agents.iter().map(|a| searched("author", &a.name, a.role.as_deref())).collect(),
    );
    push("record.part", plain(&part_text(bib)));
    push("record.edition", plain(&bib.edition));
    push("record.published", plain(&Some(published).filter(|p| !p.is_empty())));
    push("record.extent", plain(&bib.extent));
    push("record.isbn", bib.isbns.iter().map(|i| text(i.to_string())).collect());
    push("record.invalid_isbn", bib.invalid_isbns.iter().map(text).collect());
    push("record.issn", bib.issns.iter().map(|i| text(i.to_string())).collect());
    push("record.cn_book_no", plain(&bib.cn_book_no));
    push("record.price", plain(&bib.price));
    push("record.language", bib.languages.iter().map(|l| text(lang.label("language", l))).collect());
    push(
        "record.original_language",
        plain(&bib.original_language.as_ref().map(|l| lang.label("language", l))),
    );
    push("record.classes", bib.clc.iter().map(|c| searched("class", c, None)).collect());
    push("record.subjects", bib.subjects.iter().map(|s| searched("subject", s, None)).collect());
    push(
        "record.series",
        bib.series.iter().map(|s| searched("series", &s.title, s.volume.as_deref())).collect(),
    );
    push("record.parallel", bib.parallel_titles.iter().map(text).collect());
    push("record.other_titles", bib.other_titles.iter().map(text).collect());
    push("record.coverage", plain(&bib.serial_coverage));
    push("record.abstract", plain(&bib.abstract_text));
    push("record.contents", plain(&bib.contents));
    push("record.notes", bib.notes.iter().map(text).collect());
    push("record.links", bib.urls.iter().map(link).collect());
    rows
}

/// The description as labels and texts, for the command line.
pub(crate) fn description(bib: &Bib, lang: Lang) -> Vec<(String, Vec<String>)> {
    let title =
        [bib.title.clone(), bib.subtitle.clone()].into_iter().flatten().collect::<Vec<_>>().join(" : ");
    let texts = |row: Row| (row.label, row.values.into_iter().map(|v| v.text).collect());
    [(lang.label("field", "title"), vec![title])]
        .into_iter()
        .chain(rows(bib, lang).into_iter().map(texts))
        .collect()
}

fn text(text: impl ToString) -> Value {
    Value { text: text.to_string(), href: None, outside: false }
}

fn plain(value: &Option<String>) -> Vec<Value> {
    value.iter().map(text).collect()
}

/// A heading that leads to everything under it; what follows it is not part of the question.
fn searched(field: &str, heading: &str, after: Option<&str>) -> Value {
    let q = if field == "class" { heading.to_owned() } else { format!("\"{}\"", heading.replace('"', " ")) };
    let shown = match after {
        Some(after) => format!("{heading} {after}"),
        None => heading.to_owned(),
    };
    Value {
        text: shown,
        href: Some(ask::link("/search", [("field", field), ("q", q.as_str())])),
        outside: false,
    }
}

/// A link of the record: only what a browser may follow without harm, the rest stands as text.
fn link(url: impl AsRef<str>) -> Value {
    let url = url.as_ref().trim();
    let harmless = ["http://", "https://", "ftp://", "mailto:"];
    let lower = url.to_ascii_lowercase();
    let href = harmless.iter().any(|scheme| lower.starts_with(scheme)).then(|| url.to_owned());
    Value { text: url.to_owned(), outside: href.is_some(), href }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_links_are_links() {
        for url in
            ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "//x.org", ""]
        {
            assert_eq!(link(url).href, None, "{url}");
        }
        for url in ["http://example.org/三国", "HTTPS://example.org", "mailto:a@example.org"] {
            assert_eq!(link(url).href.as_deref(), Some(url), "{url}");
        }
    }

    #[test]
    fn no_json_ends_its_script() {
        assert_eq!(in_script(r#"{"a":"</script><!--&"}"#), r#"{"a":"\u003c/script\u003e\u003c!--\u0026"}"#);
    }

    #[test]
    fn headings_are_searched_as_phrases() {
        let value = searched("author", "林\"巧民", Some("主编"));
        assert_eq!(value.text, "林\"巧民 主编");
        assert_eq!(value.href.as_deref(), Some("/search?field=author&q=%22%E6%9E%97+%E5%B7%A7%E6%B0%91%22"));
    }
}
