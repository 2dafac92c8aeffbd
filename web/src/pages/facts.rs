//! `/staff/library`: what a library says of itself. Staff speak for their own library, admins for every one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::directory::{FactFault, LibraryFacts, Place};
use daemon::requests::{LenderRules, Suspension};
use daemon::store::{Account, AccountRole};
use indexer::bib::LibraryCode;
use jiff::civil::Date;

use super::{Choosable, Ui, page, render, unfit};
use crate::ask::{self, Asked};
use crate::blocking;
use crate::error::WebError;
use crate::login::Staff;
use crate::reader::{Fields, Reader};
use crate::state::App;

/// Rows for closed periods beyond those that are kept.
const BLANK_ROWS: usize = 3;

#[derive(Template)]
#[template(path = "staff/library.html")]
struct FactsPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    saved: bool,
    libraries: Vec<Choosable>,
    code: String,
    name: String,
    typed: Typed,
}

/// The values as they were typed, sound or not.
#[derive(Clone, Default)]
struct Typed {
    desk: String,
    phone: String,
    email: String,
    address: String,
    hours: String,
    opac_url: String,
    latitude: String,
    longitude: String,
    /// First and last days.
    closures: Vec<(String, String)>,
    lends_nothing: bool,
    no_direct_form: bool,
    no_patron_cancel: bool,
    cancel_minutes: String,
    loan_days: String,
    renewals: String,
    monthly_quota: String,
}

/// `GET /staff/library?library=`
pub(crate) async fn show(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let asked = reader.asked.get("library").unwrap_or(&account.library).to_owned();
    let result = allowed(&app, &account, &asked)
        .and_then(|code| shown(&app, &reader, &account, &code, kept(&app, &code), None));
    page(&app, &reader, result)
}

/// `POST /staff/library`
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    Staff(account): Staff,
    Fields(asked): Fields,
) -> Response {
    let result = keep(&app, &reader, &account, &asked).await;
    page(&app, &reader, result)
}

fn allowed(app: &App, account: &Account, code: &str) -> Result<LibraryCode, WebError> {
    let known = LibraryCode::new(code);
    if account.role != AccountRole::Admin && account.library != code {
        return Err(WebError::Forbidden);
    }
    if app.members().get(&known).is_none() {
        return Err(WebError::UnknownLibrary(code.to_owned()));
    }
    Ok(known)
}

async fn keep(app: &App, reader: &Reader, account: &Account, asked: &Asked) -> Result<Response, WebError> {
    let code = allowed(app, account, asked.get("library").unwrap_or(&account.library))?;
    let typed = Typed::of(asked);
    let facts = match typed.facts() {
        Ok(facts) => facts,
        Err(fault) => {
            let fault = Some(reader.lang.t(words(fault)).to_owned());
            return Ok(unfit(shown(app, reader, account, &code, typed, fault)?));
        }
    };
    let mut facts = facts;
    if let Some(rules) = &mut facts.rules {
        // What it costs is written at `/admin/rules`.
        let before = app.directory().rules().of(code.as_str());
        (rules.fee, rules.free_until) = (before.fee, before.free_until);
    }
    let (own, of) = (app.clone(), code.clone());
    blocking::run(app.turns(), move || {
        own.store()?.keep_facts(&of, &facts).map_err(WebError::internal)?;
        own.look_at_directory()
    })
    .await?;
    tracing::info!(account = %account.id, library = %code, "a library's data was changed");
    let place = ask::link("/staff/library", [("library", code.as_str()), ("saved", "1")]);
    Ok(Redirect::to(&place).into_response())
}

fn words(fault: FactFault) -> &'static str {
    match fault {
        FactFault::Text => "facts.bad_text",
        FactFault::Email => "request.no_email",
        FactFault::Address => "facts.bad_url",
        FactFault::Place => "facts.bad_place",
        FactFault::Closures => "facts.bad_closures",
        FactFault::Rules => "facts.bad_rules",
    }
}

fn shown(
    app: &App,
    reader: &Reader,
    account: &Account,
    code: &LibraryCode,
    mut typed: Typed,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let members = app.members();
    let is_admin = account.role == AccountRole::Admin;
    let mine = members.iter().filter(|library| is_admin || account.library == library.code.as_str());
    typed.closures.extend((0..BLANK_ROWS).map(|_| Default::default()));
    render(&FactsPage {
        ui: Ui::new(app, reader),
        who: account.name.clone(),
        is_admin,
        fault,
        saved: reader.asked.has("saved", "1"),
        libraries: mine
            .map(|library| Choosable {
                value: library.code.to_string(),
                label: library.name.clone(),
                chosen: library.code == *code,
            })
            .collect(),
        code: code.to_string(),
        name: crate::wire::library_name(&members, code),
        typed,
    })
}

/// What counts now, as it would be typed.
fn kept(app: &App, code: &LibraryCode) -> Typed {
    let directory = app.directory();
    let facts = directory.facts(code).cloned().unwrap_or_default();
    let rules = directory.rules().of(code.as_str());
    Typed {
        opac_url: app.opac_url(code).unwrap_or_default(),
        desk: facts.desk,
        phone: facts.phone,
        email: facts.email,
        address: facts.address,
        hours: facts.hours,
        latitude: facts.place.map(|p| p.latitude.to_string()).unwrap_or_default(),
        longitude: facts.place.map(|p| p.longitude.to_string()).unwrap_or_default(),
        closures: rules.closures.iter().map(|c| (c.from.to_string(), c.to.to_string())).collect(),
        lends_nothing: rules.lends_nothing,
        no_direct_form: rules.no_direct_form,
        no_patron_cancel: rules.no_patron_cancel,
        cancel_minutes: rules.cancel_minutes.to_string(),
        loan_days: rules.loan_days.to_string(),
        renewals: rules.renewals.to_string(),
        monthly_quota: rules.monthly_quota.to_string(),
    }
}

impl Typed {
    fn of(asked: &Asked) -> Self {
        let text = |name: &str| asked.get(name).unwrap_or_default().to_owned();
        let numbered = |name: &str, n: usize| text(&format!("{name}_{n}"));
        let rows = daemon::directory::MOST_CLOSURES + BLANK_ROWS;
        let closures = (0..rows).map(|n| (numbered("from", n), numbered("to", n)));
        Self {
            desk: text("desk"),
            phone: text("phone"),
            email: text("email"),
            address: text("address"),
            hours: text("hours").replace("\r\n", "\n"),
            opac_url: text("opac_url"),
            latitude: text("latitude"),
            longitude: text("longitude"),
            closures: closures.filter(|(from, to)| !from.is_empty() || !to.is_empty()).collect(),
            lends_nothing: asked.has("lends_nothing", "1"),
            no_direct_form: asked.has("no_direct_form", "1"),
            no_patron_cancel: asked.has("no_patron_cancel", "1"),
            cancel_minutes: text("cancel_minutes"),
            loan_days: text("loan_days"),
            renewals: text("renewals"),
            monthly_quota: text("monthly_quota"),
        }
    }

    /// The values, or the first thing that is wrong with them.
    fn facts(&self) -> Result<LibraryFacts, FactFault> {
        let facts = LibraryFacts {
            desk: self.desk.clone(),
            phone: self.phone.clone(),
            email: self.email.clone(),
            address: self.address.clone(),
            hours: self.hours.clone(),
            opac_url: self.opac_url.clone(),
            place: self.place()?,
            rules: Some(self.rules()?),
        };
        facts.faults().into_iter().next().map_or(Ok(facts), Err)
    }

    fn place(&self) -> Result<Option<Place>, FactFault> {
        if self.latitude.is_empty() && self.longitude.is_empty() {
            return Ok(None);
        }
        let degrees = |text: &str| text.parse::<f64>().map_err(|_| FactFault::Place);
        Place::of(degrees(&self.latitude)?, degrees(&self.longitude)?).map(Some).ok_or(FactFault::Place)
    }

    fn rules(&self) -> Result<LenderRules, FactFault> {
        fn number<T: std::str::FromStr + Default>(text: &str) -> Result<T, FactFault> {
            if text.is_empty() { Ok(T::default()) } else { text.parse().map_err(|_| FactFault::Rules) }
        }
        let day = |text: &str| text.parse::<Date>().map_err(|_| FactFault::Closures);
        let closure = |(from, to): &(String, String)| Ok(Suspension { from: day(from)?, to: day(to)? });
        Ok(LenderRules {
            code: String::new(),
            lends_nothing: self.lends_nothing,
            no_direct_form: self.no_direct_form,
            no_patron_cancel: self.no_patron_cancel,
            cancel_minutes: number(&self.cancel_minutes)?,
            loan_days: number(&self.loan_days)?,
            renewals: number(&self.renewals)?,
            monthly_quota: number(&self.monthly_quota)?,
            closures: self.closures.iter().map(closure).collect::<Result<_, _>>()?,
            ..LenderRules::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_read_or_told() {
        let facts = |query: &str| Typed::of(&Asked::parse(Some(query))).facts();
        let sound =
            "loan_days=30&cancel_minutes=60&latitude=40&longitude=116.3&from_0=2026-01-20&to_0=2026-02-15";
        let read = facts(sound);
        assert!(
            read.as_ref().is_ok_and(|f| f.rules.as_ref().is_some_and(|r| r.closures.len() == 1)),
            "{read:?}"
        );
        for (more, fault) in [
            ("&from_1=2026-03-01", FactFault::Closures),
            ("&from_1=2026-03-02&to_1=2026-03-01", FactFault::Closures),
            ("&latitude=north", FactFault::Place),
            ("&latitude=91", FactFault::Place),
            ("&loan_days=0", FactFault::Rules),
            ("&renewals=300", FactFault::Rules),
            ("&opac_url=javascript:alert(1)", FactFault::Address),
            ("&email=x", FactFault::Email),
        ] {
            assert_eq!(facts(&format!("{sound}{more}")), Err(fault), "{more}");
        }
    }
}
