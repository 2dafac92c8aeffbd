//! `/admin/purchases`: what readers wish was bought, and how far the staff is with it. Staff see the wishes for their own
//! library, admins those for all.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::purchases::{Listed, PurchaseState};
use daemon::store::{Account, AccountRole};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Frame, Ui, local, page, render};
use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::login::Staff;
use crate::reader::Reader;
use crate::state::App;
use crate::{ask, blocking};

/// Wishes on a page.
const PER_PAGE: usize = 50;
const PATH: &str = "/admin/purchases";

#[derive(Template)]
#[template(path = "admin/purchases.html")]
struct PurchasesPage {
    ui: Ui,
    frame: Frame,
    /// This page with its choice, to come back to.
    here: String,
    choices: Vec<Choice>,
    rows: Vec<Row>,
    older: Option<String>,
    newer: Option<String>,
}

/// A state to look at alone.
struct Choice {
    href: String,
    label: String,
    n: String,
    here: bool,
}

struct Row {
    key: String,
    when: String,
    library: String,
    title: String,
    /// Author, publisher, ISBN, remarks.
    lines: Vec<String>,
    contact: String,
    state_label: String,
    by: String,
    /// The other states, by name and in words.
    others: Vec<(&'static str, String)>,
}

// Whether this wish is for somebody to read.
fn may_see(account: &Account, listed: &Listed) -> bool {
    let library = listed.suggested.purchase.library.as_ref().map(LibraryCode::as_str);
    account.role == AccountRole::Admin || library == Some(account.library.as_str())
}

fn row(app: &App, listed: Listed, lang: Lang) -> Row {
    let purchase = listed.suggested.purchase;
    let label = |state: PurchaseState| lang.label("purchase_state", state.name());
    let lines = [purchase.author, purchase.publisher, purchase.isbn, purchase.note];
    let others = PurchaseState::ALL.into_iter().filter(|state| *state != listed.state);
    Row {
        key: listed.key,
        when: local(app, listed.suggested.at.parse().ok()),
        library: purchase.library.map(|code| code.to_string()).unwrap_or_default(),
        title: purchase.title,
        lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
        contact: purchase.contact,
        state_label: label(listed.state),
        by: listed.by.unwrap_or_default(),
        others: others.map(|state| (state.name(), label(state))).collect(),
    }
}

/// `GET /admin/purchases?state=&page=`
pub(crate) async fn show(State(app): State<App>, reader: Reader, staff: Staff) -> Response {
    let state = reader.asked.get("state").and_then(PurchaseState::named);
    let asked_page = reader.asked.get("page").and_then(|text| text.parse().ok());
    let page_no = asked_page.unwrap_or(1usize).clamp(1, 100_000);
    let (looking, account) = (app.clone(), staff.0.clone());
    let listed = blocking::run(app.turns(), move || {
        let mut all = looking.purchases().list().map_err(WebError::internal)?.suggestions;
        all.retain(|listed| may_see(&account, listed));
        Ok(all)
    });
    let result = listed.await.and_then(|all| {
        let lang = reader.lang;
        let count = |wanted: Option<PurchaseState>| {
            all.iter().filter(|listed| wanted.is_none_or(|state| listed.state == state)).count()
        };
        let choice = |wanted: Option<PurchaseState>| Choice {
            href: ask::link(PATH, wanted.map(|state| ("state", state.name()))),
            label: wanted.map_or_else(
                || lang.t("purchases.all").to_owned(),
                |s| lang.label("purchase_state", s.name()),
            ),
            n: grouped(count(wanted) as u64),
            here: wanted == state,
        };
        let choices = [None].into_iter().chain(PurchaseState::ALL.map(Some)).map(choice).collect();
        let n_shown = count(state);
        let link = |n: usize| {
            let n = n.to_string();
            let named = state.map(|state| ("state", state.name()));
            ask::link(PATH, named.into_iter().chain([("page", n.as_str())]))
        };
        let newest = all.into_iter().rev().filter(|listed| state.is_none_or(|state| listed.state == state));
        let rows = newest.skip((page_no - 1) * PER_PAGE).take(PER_PAGE);
        render(&PurchasesPage {
            ui: Ui::new(&app, &reader),
            frame: Frame::of_staff(&app, &staff),
            here: link(page_no),
            choices,
            rows: rows.map(|listed| row(&app, listed, lang)).collect(),
            older: (page_no * PER_PAGE < n_shown).then(|| link(page_no + 1)),
            newer: (page_no > 1).then(|| link(page_no - 1)),
        })
    });
    page(&app, &reader, result)
}

/// What a button sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Pressed {
    key: String,
    state: String,
}

/// `POST /admin/purchases`
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    staff: Staff,
    Form(pressed): Form<Pressed>,
) -> Response {
    let deciding = app.clone();
    let back = reader.asked.link(PATH, &[], &[]);
    let decided = blocking::run(app.turns(), move || {
        let state = PurchaseState::named(&pressed.state).ok_or(WebError::NotFound)?;
        let purchases = deciding.purchases();
        let all = purchases.list().map_err(WebError::internal)?.suggestions;
        // Of another library's wishes nobody is told that they are there.
        let is_ours = |listed: &&Listed| listed.key == pressed.key && may_see(&staff.0, listed);
        all.iter().find(is_ours).ok_or(WebError::NotFound)?;
        let kept = purchases.decide(&pressed.key, state, &staff.0.name, Timestamp::now());
        kept.map(drop).map_err(WebError::internal)
    });
    match decided.await {
        Ok(()) => Redirect::to(&back).into_response(),
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}
