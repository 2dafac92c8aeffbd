//! `/staff/audit`: who at the desks of the own library did or tried what.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::store::Account;

use super::request::{Line, audit_line};
use super::{Ui, is_admin, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::login::Staff;
use crate::reader::Reader;
use crate::requests::zone;
use crate::state::App;

const A_PAGE: u32 = 100;

#[derive(Template)]
#[template(path = "staff/audit.html")]
struct AuditPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    lines: Vec<Line>,
    newer: Option<String>,
    older: Option<String>,
}

/// `GET /staff/audit?page=`
pub(crate) async fn show(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let result = shown(&app, &reader, account).await;
    page(&app, &reader, result)
}

async fn shown(app: &App, reader: &Reader, account: Account) -> Result<Response, WebError> {
    let number: u32 = reader.asked.get("page").and_then(|n| n.parse().ok()).unwrap_or(1).clamp(1, 10_000);
    let (own, library) = (app.clone(), account.library.clone());
    let lines = blocking::run(app.turns(), move || {
        own.store()?.audit_of(&library, A_PAGE + 1, (number - 1) * A_PAGE).map_err(WebError::internal)
    })
    .await?;
    let zone = zone(app);
    let link = |n: u32| reader.asked.link("/staff/audit", &["page"], &[("page", &n.to_string())]);
    render(&AuditPage {
        ui: Ui::new(app, reader),
        is_admin: is_admin(&account),
        who: account.name,
        fault: None,
        lines: lines.iter().take(A_PAGE as usize).map(|line| audit_line(line, &zone, reader.lang)).collect(),
        newer: (number > 1).then(|| link(number - 1)),
        older: (lines.len() > A_PAGE as usize).then(|| link(number + 1)),
    })
}
