//! `/admin/quality/{code}`: what is wrong with a library's own records, by its own record numbers, and how that went.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use daemon::quality::{MAX_NAMED, report};
use daemon::store::QualityRow;
use indexer::bib::LibraryCode;
use indexer::pipeline::{FaultKind, Finding};

use super::quality_table::{self, Trend};
use super::{Frame, Ui, page, render, with_store};
use crate::ask;
use crate::error::WebError;
use crate::i18n::grouped;
use crate::login::Admin;
use crate::reader::Reader;
use crate::state::App;

/// Faults on a page.
const PER_PAGE: usize = 50;
/// Nights that the trend shows.
const N_NIGHTS: u32 = 90;

#[derive(Template)]
#[template(path = "admin/quality.html")]
struct QualityPage {
    ui: Ui,
    frame: Frame,
    code: String,
    name: String,
    day: String,
    records: String,
    has_report: bool,
    kinds: Vec<Kind>,
    chosen: Option<String>,
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
    trend: Option<Trend>,
    max_named: String,
}

struct Kind {
    label: String,
    advice: String,
    count: String,
    share: String,
    href: String,
    chosen: bool,
    is_none: bool,
}

struct Row {
    kind: String,
    control_number: String,
    title: String,
    sentence: String,
}

/// What the store and the archive hold of a library.
type Kept = (Vec<QualityRow>, Vec<Finding>);

async fn kept(app: &App, code: &str) -> Result<(LibraryCode, Kept), WebError> {
    let known = LibraryCode::new(code);
    if app.members().get(&known).is_none() {
        return Err(WebError::UnknownLibrary(code.to_owned()));
    }
    let wanted = known.clone();
    let kept = with_store(app, move |app, store| {
        let rows = store.quality_rows(wanted.as_str(), N_NIGHTS).map_err(WebError::internal)?;
        let findings =
            report(app.data_dir(), &wanted).map_err(WebError::internal)?.unwrap_or_default().findings;
        Ok((rows, findings))
    });
    Ok((known, kept.await?))
}

/// `/admin/quality/{code}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(code): Path<String>,
    reader: Reader,
    admin: Admin,
) -> Response {
    let result =
        kept(&app, &code).await.and_then(|(code, kept)| rendered(&app, &reader, &admin, &code, kept));
    page(&app, &reader, result)
}

fn rendered(
    app: &App,
    reader: &Reader,
    admin: &Admin,
    code: &LibraryCode,
    kept: Kept,
) -> Result<Response, WebError> {
    let (nights, findings) = kept;
    let lang = reader.lang;
    let path = format!("/admin/quality/{code}");
    let latest = nights.last().cloned().unwrap_or_default();
    let chosen = reader.asked.get("kind").and_then(FaultKind::named);
    let page_no: usize =
        reader.asked.get("page").and_then(|text| text.parse().ok()).unwrap_or(1).clamp(1, 1_000_000);
    let kind = |kind: FaultKind| {
        let count = latest.count(kind);
        Kind {
            label: lang.label("fault", kind.name()),
            advice: lang.label("fault_advice", kind.name()),
            count: grouped(count),
            share: format!("{:.2} %", 100.0 * count as f64 / latest.records.max(1) as f64),
            href: ask::link(&path, [("kind", kind.name())]),
            chosen: chosen == Some(kind),
            is_none: count == 0,
        }
    };
    let mut wanted = findings
        .iter()
        .filter(|finding| chosen.is_none_or(|kind| finding.kind == kind))
        .skip((page_no - 1) * PER_PAGE);
    let rows = wanted.by_ref().take(PER_PAGE).map(|finding| Row {
        kind: lang.label("fault", finding.kind.name()),
        control_number: finding.control_number.clone(),
        title: finding.title.clone(),
        sentence: quality_table::sentence(finding, lang),
    });
    let rows: Vec<Row> = rows.collect();
    let has_more = wanted.next().is_some();
    let link = |n: usize| reader.asked.link(&path, &["page"], &[("page", n.to_string().as_str())]);
    render(&QualityPage {
        ui: Ui::new(app, reader),
        frame: Frame::of(app, admin, None),
        name: app.members().get(code).map(|l| l.name.clone()).unwrap_or_default(),
        code: code.to_string(),
        day: latest.day.clone(),
        records: grouped(latest.records),
        has_report: !nights.is_empty(),
        kinds: FaultKind::ALL.map(kind).into(),
        chosen: chosen.map(|kind| lang.label("fault", kind.name())),
        rows,
        newer: (page_no > 1).then(|| link(page_no - 1)),
        older: has_more.then(|| link(page_no + 1)),
        trend: quality_table::trend(&nights, lang),
        max_named: grouped(MAX_NAMED),
    })
}

/// `/admin/quality/{code}/csv`
pub(crate) async fn csv(
    State(app): State<App>,
    Path(code): Path<String>,
    reader: Reader,
    _admin: Admin,
) -> Response {
    let result = kept(&app, &code).await.map(|(code, (nights, findings))| {
        let day = nights.last().map(|row| row.day.clone()).unwrap_or_default();
        let name = format!("attachment; filename=\"quality-{code}-{day}.csv\"");
        let about =
            [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, name.as_str())];
        (about, quality_table::csv(&findings, reader.lang)).into_response()
    });
    page(&app, &reader, result)
}
