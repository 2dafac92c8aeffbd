//! `/staff/requests` and `/staff/lending`: the work of a desk, what waits for a librarian first.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::counter::Clerk;
use daemon::requests::{Side, State as RequestState};
use daemon::store::{Account, WorkFilter};
use jiff::Timestamp;

use super::{Choosable, Ui, is_admin, page, render};
use crate::blocking;
use crate::counter::{self, Row};
use crate::error::{BadRequest, WebError};
use crate::login::Staff;
use crate::reader::Reader;
use crate::requests::state_words;
use crate::state::App;

/// Rows below those that wait.
const A_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "staff/work.html")]
struct WorkPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    said: Option<String>,
    title: &'static str,
    lead: &'static str,
    place: &'static str,
    is_lending: bool,
    states: Vec<Choosable>,
    q: String,
    is_filtered: bool,
    with_ended: bool,
    groups: [Group; 2],
    newer: Option<String>,
    older: Option<String>,
}

/// Rows under a heading.
struct Group {
    title: &'static str,
    none: &'static str,
    n: usize,
    rows: Vec<Row>,
}

/// `GET /staff/requests?state=&q=&ended=&page=`
pub(crate) async fn borrowing(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let result = shown(&app, &reader, account, Side::Borrowing).await;
    page(&app, &reader, result)
}

/// `GET /staff/lending?state=&q=&ended=&page=`
pub(crate) async fn lending(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let result = shown(&app, &reader, account, Side::Lending).await;
    page(&app, &reader, result)
}

async fn shown(app: &App, reader: &Reader, account: Account, side: Side) -> Result<Response, WebError> {
    let (asked, lang) = (&reader.asked, reader.lang);
    let filter = filter(reader)?;
    let (own, clerk_account, wanted) = (app.clone(), account.clone(), filter.clone());
    let all = blocking::run(app.turns(), move || {
        let clerk = Clerk { account: &clerk_account, side };
        counter::counter(&own)?.work(clerk, &wanted, Timestamp::now()).map_err(WebError::internal)
    })
    .await?;
    let row = |work| Row::new(app, side, work, lang);
    let n_waiting = all.iter().filter(|work| work.attention.is_some()).count();
    let (waiting, others) = all.split_at(n_waiting);
    let number: usize = asked.get("page").and_then(|n| n.parse().ok()).unwrap_or(1).clamp(1, 1_000);
    let link = |n: usize| asked.link(counter::place(side), &["page"], &[("page", &n.to_string())]);
    let (title, lead) = match side {
        Side::Borrowing => ("counter.borrowing", "counter.borrowing_lead"),
        Side::Lending => ("counter.lending", "counter.lending_lead"),
    };
    render(&WorkPage {
        ui: Ui::new(app, reader),
        is_admin: is_admin(&account),
        who: account.name,
        fault: None,
        said: asked.get("done").map(|number| lang.fill("counter.done", &[("number", number)])),
        title,
        lead,
        place: counter::place(side),
        is_lending: side == Side::Lending,
        states: states(filter.state, lang),
        q: filter.words.clone(),
        is_filtered: filter.state.is_some() || filter.with_ended || !filter.words.is_empty(),
        with_ended: filter.with_ended,
        groups: [
            // What waits stands above the first page of the others.
            Group {
                title: "counter.waiting",
                none: "counter.nothing_waits",
                n: waiting.len(),
                rows: waiting.iter().filter(|_| number == 1).map(row).collect(),
            },
            Group {
                title: "counter.others",
                none: "counter.no_others",
                n: others.len(),
                rows: others.iter().skip((number - 1) * A_PAGE).take(A_PAGE).map(row).collect(),
            },
        ],
        newer: (number > 1).then(|| link(number - 1)),
        older: (others.len() > number * A_PAGE).then(|| link(number + 1)),
    })
}

fn filter(reader: &Reader) -> Result<WorkFilter, WebError> {
    let asked = &reader.asked;
    let state = asked.get("state").map(|code| {
        RequestState::from_code(code).ok_or_else(|| BadRequest::WrongValue {
            name: "state",
            value: code.to_owned(),
            allowed: RequestState::ALL.map(RequestState::code).join(" "),
        })
    });
    let state = state.transpose()?;
    Ok(WorkFilter {
        // Who asks for an end wants all that ended so.
        with_ended: asked.has("ended", "1") || state.is_some_and(RequestState::is_final),
        state,
        words: asked.get("q").unwrap_or_default().to_owned(),
        ended_since: Timestamp::UNIX_EPOCH,
    })
}

fn states(chosen: Option<RequestState>, lang: crate::i18n::Lang) -> Vec<Choosable> {
    let shown = RequestState::ALL.into_iter().filter(|state| *state != RequestState::Draft);
    let choosable = |state: RequestState| Choosable {
        value: state.code().to_owned(),
        label: state_words(state, lang).to_owned(),
        chosen: chosen == Some(state),
    };
    shown.map(choosable).collect()
}
