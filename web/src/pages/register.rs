//! `/register`: a reader asks for an account, and the own library confirms it.
//!
//! The answer is the same whether the barcode has an account or not.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::NewRegistration;
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use super::account_form::{self, Faults, FormField, Sent};
use super::{Choosable, Ui, login, page, render, unfit, with_status};
use crate::ask;
use crate::blocking;
use crate::client::Client;
use crate::error::WebError;
use crate::login::delays::Subject;
use crate::login::password;
use crate::reader::Reader;
use crate::state::App;
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage {
    ui: Ui,
    /// Name of the library where a registration was just kept.
    done: Option<String>,
    libraries: Vec<Choosable>,
    library_fault: Option<String>,
    fields: Vec<FormField>,
    n_faults: usize,
    fault: Option<String>,
}

const NAMES: [&str; 7] = ["barcode", "code", "name", "email", "phone", "password", "again"];

/// `GET /register`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let done = reader.asked.get("done").filter(|code| account_form::is_member(&app, code));
    let done = done.map(|code| library_name(&app.members(), &LibraryCode::new(code)));
    let shown = shown(&app, &reader, &Sent::default(), &Faults::default(), done, None);
    page(&app, &reader, shown)
}

fn shown(
    app: &App,
    reader: &Reader,
    sent: &Sent,
    faults: &Faults,
    done: Option<String>,
    fault: Option<String>,
) -> Result<Response, WebError> {
    render(&RegisterPage {
        ui: Ui::new(app, reader),
        done,
        libraries: account_form::libraries(app, &sent.library),
        library_fault: faults.get("library").map(str::to_owned),
        fields: sent.fields(&NAMES, faults),
        n_faults: faults.len(),
        fault,
    })
}

/// `POST /register`
pub(crate) async fn take(
    State(app): State<App>,
    Client(address): Client,
    reader: Reader,
    Form(sent): Form<Sent>,
) -> Response {
    let (lang, form) = (reader.lang, sent.form());
    let mut faults = Faults::of(&form, lang);
    let about = [&form.barcode, &form.code, &form.name, &form.email].map(String::as_str);
    faults.add_password(&sent.password, &sent.again, &about, lang);
    if !account_form::is_member(&app, &sent.library) {
        faults.add("library", lang.t("account.no_library"));
    }
    if !faults.is_empty() {
        let answer = shown(&app, &reader, &sent, &faults, None, None);
        return unfit(page(&app, &reader, answer));
    }
    if let Err(wait) = app.with_delays(|delays, now| delays.begin(&[Subject::Registration(address)], now)) {
        let answer = shown(&app, &reader, &sent, &faults, None, Some(login::wait_sentence(wait, lang)));
        return login::too_many(page(&app, &reader, answer), wait);
    }
    let (keeping, kept_of) = (app.clone(), sent.library.clone());
    let chosen = sent.password.clone();
    let kept = blocking::run(app.hashing(), move || {
        let hash = password::hash(&chosen).map_err(WebError::Internal)?;
        let new = NewRegistration {
            library: &kept_of,
            barcode: &form.barcode,
            code: &form.code,
            name: &form.name,
            email: &form.email,
            phone: &form.phone,
            lang: lang.tag(),
            password: &hash,
        };
        keeping.store()?.add_registration(&new, Timestamp::now()).map_err(WebError::internal)
    });
    match kept.await {
        Ok(true) => Redirect::to(&ask::link("/register", [("done", sent.library.as_str())])).into_response(),
        Ok(false) => {
            let fault = Some(lang.t("account.too_many").to_owned());
            let answer = shown(&app, &reader, &sent, &faults, None, fault);
            with_status(page(&app, &reader, answer), StatusCode::SERVICE_UNAVAILABLE)
        }
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}
