//! `/admin/rules`: what each lender allows. It is kept with what the library says of itself, so a hub publishes it to
//! every branch; days stand in the calendars.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::requests::{LenderRules, Rules};
use daemon::settings::Role;
use daemon::store::{Account, NewAuditLine};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::civil::Date;

use super::super::unfit;
use super::Frame;
use crate::ask::{self, Asked};
use crate::blocking;
use crate::error::WebError;
use crate::login::Admin;
use crate::money::{fen, yuan};
use crate::pages::{Ui, page, render};
use crate::reader::{Fields, Reader};
use crate::state::App;

#[derive(Template)]
#[template(path = "admin/rules.html")]
struct RulesPage {
    ui: Ui,
    frame: Frame,
    fault: Option<String>,
    saved: bool,
    is_told: bool,
    rows: Vec<Row>,
    lender: Option<Lender>,
}

/// A lender in the table.
struct Row {
    code: String,
    name: String,
    is_own: bool,
    loan_days: u16,
    renewals: u8,
    cancel_minutes: u32,
    quota: u32,
    remarks: Vec<&'static str>,
}

/// A lender in the form.
struct Lender {
    code: String,
    name: String,
    is_own: bool,
    /// Name, label, whether it is so.
    flags: [(&'static str, &'static str, bool); 3],
    numbers: [(&'static str, &'static str, u32); 4],
    fee: String,
    free_until: String,
}

/// `GET /admin/rules?library=`
pub(crate) async fn show(State(app): State<App>, reader: Reader, admin: Admin) -> Response {
    let result = shown(&app, &reader, &admin, None);
    page(&app, &reader, result)
}

/// `POST /admin/rules?library=`: the fields of the rules, or `act=usual` for those of the table.
pub(crate) async fn save(
    State(app): State<App>,
    reader: Reader,
    admin: Admin,
    Fields(sent): Fields,
) -> Response {
    if is_told(&app) {
        let why = reader.lang.t("rules.at_hub").to_owned();
        return page(&app, &reader, Err(WebError::Refused(why)));
    }
    let code = LibraryCode::new(reader.asked.get("library").unwrap_or_default());
    if app.members().get(&code).is_none() {
        return page(&app, &reader, Err(WebError::UnknownLibrary(code.to_string())));
    }
    let rules = match typed(app.directory().rules().of(code.as_str()), &sent) {
        Ok(rules) => Some(rules).filter(|_| !sent.has("act", "usual")),
        Err(fault) => {
            return unfit(page(&app, &reader, shown(&app, &reader, &admin, Some(fault))));
        }
    };
    let place = ask::link("/admin/rules", [("library", code.as_str()), ("saved", "1")]);
    let own = app.clone();
    let kept = blocking::run(app.turns(), move || kept(&own, &admin.0, &code, rules));
    let result = kept.await.map(|()| Redirect::to(&place).into_response());
    page(&app, &reader, result)
}

// A branch gets its rules from the centre.
fn is_told(app: &App) -> bool {
    app.settings().role == Role::Branch
}

fn kept(app: &App, who: &Account, code: &LibraryCode, rules: Option<LenderRules>) -> Result<(), WebError> {
    let store = app.store()?;
    let all = store.all_facts().map_err(WebError::internal)?;
    let mut facts =
        all.into_iter().find(|(known, _)| known == code).map(|(_, facts)| facts).unwrap_or_default();
    facts.rules = rules;
    store.keep_facts(code, &facts).map_err(WebError::internal)?;
    let note = serde_json::to_string(&facts.rules).map_err(WebError::internal)?;
    let line = NewAuditLine {
        account: who.id,
        library: &who.library,
        what: "rules",
        subject: code.as_str(),
        note: &note,
    };
    store.note_audit(&line, Timestamp::now()).map_err(WebError::internal)?;
    app.look_at_directory()
}

// The rules before with what was typed, or what is wrong with it as the key of a sentence.
fn typed(before: LenderRules, sent: &Asked) -> Result<LenderRules, &'static str> {
    if sent.has("act", "usual") {
        return Ok(before);
    }
    let number = |name: &str, least: u32, most: u32| {
        let number = sent.get(name).and_then(|text| text.parse::<u32>().ok());
        number.filter(|number| (least..=most).contains(number)).ok_or("rules.no_number")
    };
    let free_until = match sent.get("free_until") {
        None => None,
        Some(day) => Some(day.parse::<Date>().map_err(|_| "rules.no_days")?),
    };
    Ok(LenderRules {
        lends_nothing: sent.has("lends_nothing", "1"),
        no_direct_form: sent.has("no_direct_form", "1"),
        no_patron_cancel: sent.has("no_patron_cancel", "1"),
        cancel_minutes: number("cancel_minutes", 0, 100_000)?,
        loan_days: number("loan_days", 1, 366)?.try_into().unwrap_or(u16::MAX),
        renewals: number("renewals", 0, 99)?.try_into().unwrap_or(u8::MAX),
        monthly_quota: number("monthly_quota", 0, 1_000_000)?,
        fee: fen(sent.get("fee").unwrap_or("0")).ok_or("rules.no_money")?,
        free_until,
        ..before
    })
}

fn shown(
    app: &App,
    reader: &Reader,
    admin: &Admin,
    fault: Option<&'static str>,
) -> Result<Response, WebError> {
    let (members, directory) = (app.members(), app.directory());
    let is_own = |code: &LibraryCode| directory.facts(code).is_some_and(|facts| facts.rules.is_some());
    let lender = match reader.asked.get("library").map(LibraryCode::new) {
        Some(code) => {
            let library = members.get(&code).ok_or_else(|| WebError::UnknownLibrary(code.to_string()))?;
            Some(form(directory.rules(), &code, library.name.clone(), is_own(&code)))
        }
        None => None,
    };
    let rows =
        members.iter().map(|one| row(directory.rules(), &one.code, one.name.clone(), is_own(&one.code)));
    render(&RulesPage {
        ui: Ui::new(app, reader),
        frame: Frame::of(app, admin, None),
        fault: fault.map(|key| reader.lang.t(key).to_owned()),
        saved: reader.asked.has("saved", "1"),
        is_told: is_told(app),
        rows: rows.collect(),
        lender,
    })
}

fn row(rules: &Rules, code: &LibraryCode, name: String, is_own: bool) -> Row {
    let own = rules.of(code.as_str());
    let remarks = [
        (own.lends_nothing, "rules.lends_nothing"),
        (own.no_direct_form, "rules.no_direct_form"),
        (own.no_patron_cancel, "rules.no_patron_cancel"),
        (own.fee > 0, "rules.fee"),
        (own.free_until.is_some(), "rules.free_until"),
    ];
    Row {
        code: code.to_string(),
        name,
        is_own,
        loan_days: own.loan_days,
        renewals: own.renewals,
        cancel_minutes: own.cancel_minutes,
        quota: own.monthly_quota,
        remarks: remarks.into_iter().filter(|(is, _)| *is).map(|(_, key)| key).collect(),
    }
}

fn form(rules: &Rules, code: &LibraryCode, name: String, is_own: bool) -> Lender {
    let own = rules.of(code.as_str());
    Lender {
        code: code.to_string(),
        name,
        is_own,
        flags: [
            ("lends_nothing", "rules.lends_nothing", own.lends_nothing),
            ("no_direct_form", "rules.no_direct_form", own.no_direct_form),
            ("no_patron_cancel", "rules.no_patron_cancel", own.no_patron_cancel),
        ],
        numbers: [
            ("cancel_minutes", "rules.cancel_minutes", own.cancel_minutes),
            ("loan_days", "rules.loan_days", own.loan_days.into()),
            ("renewals", "rules.renewals", own.renewals.into()),
            ("monthly_quota", "rules.monthly_quota", own.monthly_quota),
        ],
        fee: yuan(own.fee),
        free_until: own.free_until.map(|day| day.to_string()).unwrap_or_default(),
    }
}
