//! `/staff/slips`: what is printed: pull slips in the order of the shelves, packing slips, address labels; for A4 or
//! for a roll of 80 mm.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::counter::{Clerk, Work};
use daemon::requests::{Side, State as RequestState};
use daemon::store::{Account, WorkFilter};
use indexer::mapping::callnumber::{sort_key, spine_lines};
use jiff::Timestamp;
use jiff::civil::Date;

use super::parcels::{Shown, chosen};
use super::{Choosable, Ui, is_admin, page, render};
use crate::blocking;
use crate::counter::{self, Row};
use crate::error::{BadRequest, WebError};
use crate::login::Staff;
use crate::reader::Reader;
use crate::requests::{moment, zone};
use crate::state::App;

#[derive(Template)]
#[template(path = "staff/slips.html")]
struct SlipsPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    kinds: Vec<Choosable>,
    papers: Vec<Choosable>,
    kind: &'static str,
    is_narrow: bool,
    day: String,
    parcel: String,
    pulls: Vec<Pull>,
    parcels: Vec<Shown>,
    printed: String,
}

/// A slip with which a book is fetched.
struct Pull {
    row: Row,
    spine: Vec<String>,
    author: String,
    year: String,
    asked: String,
    note: String,
}

const KINDS: [&str; 3] = ["pull", "packing", "labels"];
const PAPERS: [&str; 2] = ["a4", "80mm"];

/// `GET /staff/slips?kind=pull|packing|labels&paper=a4|80mm&day=&parcel=`
pub(crate) async fn show(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let result = shown(&app, &reader, account).await;
    page(&app, &reader, result)
}

fn one_of(
    reader: &Reader,
    name: &'static str,
    words: &'static [&'static str],
) -> Result<&'static str, WebError> {
    let Some(asked) = reader.asked.get(name) else { return Ok(words[0]) };
    let found = words.iter().find(|word| **word == asked).copied();
    found.ok_or_else(|| {
        WebError::from(BadRequest::WrongValue { name, value: asked.to_owned(), allowed: words.join(" ") })
    })
}

async fn shown(app: &App, reader: &Reader, account: Account) -> Result<Response, WebError> {
    let (kind, paper) = (one_of(reader, "kind", &KINDS)?, one_of(reader, "paper", &PAPERS)?);
    let now = Timestamp::now();
    let today = now.to_zoned_datetime(zone(app)).date();
    let day: Date = reader.asked.get("day").map_or(Ok(today), str::parse).map_err(|_| WebError::NotFound)?;
    let pulls = if kind == "pull" { pulls(app, reader, &account).await? } else { Vec::new() };
    let parcels = match kind {
        "pull" => Vec::new(),
        _ => chosen(app, &account, reader.asked.get("parcel"), day).await?,
    };
    let choosable = |chosen: &'static str, section: &'static str| {
        move |word: &str| Choosable {
            value: word.to_owned(),
            label: reader.lang.label(section, word),
            chosen: word == chosen,
        }
    };
    render(&SlipsPage {
        ui: Ui::new(app, reader),
        is_admin: is_admin(&account),
        who: account.name,
        fault: None,
        kinds: KINDS.into_iter().map(choosable(kind, "slip_kind")).collect(),
        papers: PAPERS.into_iter().map(choosable(paper, "slip_paper")).collect(),
        kind,
        is_narrow: paper == "80mm",
        day: day.to_string(),
        parcel: reader.asked.get("parcel").unwrap_or_default().to_owned(),
        pulls,
        parcels: parcels.into_iter().map(|parcel| Shown::new(app, parcel)).collect(),
        printed: moment(now, &zone(app)),
    })
}

async fn pulls(app: &App, reader: &Reader, account: &Account) -> Result<Vec<Pull>, WebError> {
    let (own, who, lang) = (app.clone(), account.clone(), reader.lang);
    blocking::run(app.turns(), move || {
        let clerk = Clerk { account: &who, side: Side::Lending };
        let work = counter::counter(&own)?.work(clerk, &WorkFilter::default(), Timestamp::now());
        let is_to_fetch = |work: &Work| {
            use RequestState::{Accepted, Acknowledged, AtCentre};
            matches!(work.item.request.state, AtCentre | Acknowledged | Accepted)
        };
        let mut work: Vec<Work> = work.map_err(WebError::internal)?.into_iter().filter(is_to_fetch).collect();
        work.sort_by_cached_key(|work| sort_key(&work.item.request.form.call_number));
        let pull = |work: &Work| {
            let (row, form) = (Row::new(&own, Side::Lending, work, lang), &work.item.request.form);
            Pull {
                spine: spine_lines(&form.call_number).into_iter().map(str::to_owned).collect(),
                author: form.author.clone(),
                year: form.year.clone(),
                asked: moment(work.item.request.created, &zone(&own)),
                note: form.note.clone(),
                row,
            }
        };
        Ok(work.iter().map(pull).collect())
    })
    .await
}
