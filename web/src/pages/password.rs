//! `/password`: a forgotten password is replaced with a one-time code, which the desk gives, or a mail where mail is set.
//!
//! Neither form tells whether there is such an account: what can differ is done after the answer.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::NewMail;
use jiff::{SignedDuration, Timestamp};

use super::account_form::{self, Faults, FormField, Sent};
use super::{Choosable, Ui, login, page, render, unfit};
use crate::blocking;
use crate::client::Client;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::delays::Subject;
use crate::login::{code, password};
use crate::reader::Reader;
use crate::requests::{moment, zone};
use crate::state::App;

/// A code that came by mail is good for so long.
const BY_MAIL: SignedDuration = SignedDuration::from_hours(1);

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    ui: Ui,
    libraries: Vec<Choosable>,
    barcode: String,
    passwords: Vec<FormField>,
    fault: Option<String>,
    may_mail: bool,
    mail_sent: bool,
}

/// `GET /password`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let shown = shown(&app, &reader, &Sent::default(), &Faults::default(), None);
    page(&app, &reader, shown)
}

fn shown(
    app: &App,
    reader: &Reader,
    sent: &Sent,
    faults: &Faults,
    fault: Option<String>,
) -> Result<Response, WebError> {
    render(&PasswordPage {
        ui: Ui::new(app, reader),
        libraries: account_form::libraries(app, &sent.library),
        barcode: sent.barcode.clone(),
        passwords: sent.fields(&["password", "again"], faults),
        fault,
        may_mail: app.settings().mail.is_some(),
        mail_sent: reader.asked.has("sent", "1"),
    })
}

/// `POST /password`: `act=mail` asks for a code, anything else uses one.
pub(crate) async fn act(
    State(app): State<App>,
    Client(address): Client,
    reader: Reader,
    Form(sent): Form<Sent>,
) -> Response {
    let (library, typed) = (sent.library.clone(), sent.barcode.trim().to_owned());
    let is_mail = sent.act == "mail" && app.settings().mail.is_some();
    let mut faults = Faults::default();
    if !is_mail {
        faults.add_password(&sent.password, &sent.again, &[&typed], reader.lang);
    }
    if !faults.is_empty() {
        let answer = shown(&app, &reader, &sent, &faults, None);
        return unfit(page(&app, &reader, answer));
    }
    let subject = if is_mail { Subject::Mail(library, typed) } else { Subject::Account(library, typed) };
    let subjects = [subject, Subject::Address(address)];
    if let Err(wait) = app.with_delays(|delays, now| delays.begin(&subjects, now)) {
        let answer = shown(&app, &reader, &sent, &faults, Some(login::wait_sentence(wait, reader.lang)));
        return login::too_many(page(&app, &reader, answer), wait);
    }
    if is_mail {
        // After the answer: how long it takes must not tell whether there is such an account.
        tokio::spawn(mail_code(app, sent));
        return Redirect::to("/password?sent=1").into_response();
    }
    let (acting, given) = (app.clone(), sent.clone());
    match blocking::run(app.hashing(), move || recovered(&acting, &given, &subjects)).await {
        Ok(true) => Redirect::to("/login?recovered=1").into_response(),
        Ok(false) => {
            tracing::warn!(library = sent.library, %address, "a one-time code was wrong");
            let fault = Some(reader.lang.t("account.wrong_code").to_owned());
            let answer = shown(&app, &reader, &sent, &faults, fault);
            unfit(page(&app, &reader, answer))
        }
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}

fn recovered(app: &App, sent: &Sent, subjects: &[Subject; 2]) -> Result<bool, WebError> {
    let (store, now) = (app.store()?, Timestamp::now());
    login::keep_tries(app, &store, subjects, now);
    // As much work for nobody as for somebody.
    let hash = password::hash(&sent.password).map_err(WebError::Internal)?;
    let account = store.account(&sent.library, sent.barcode.trim()).map_err(WebError::internal)?;
    let Some(account) = account else { return Ok(false) };
    let code = code::hash(&sent.code);
    let is_right = store.recover_password(account.id, code, &hash, now).map_err(WebError::internal)?;
    if is_right {
        tracing::info!(account = %account.id, "a password was replaced by a one-time code");
        app.with_delays(|delays, _| delays.was_right(subjects));
        login::keep_tries(app, &store, subjects, now);
    }
    Ok(is_right)
}

async fn mail_code(app: App, sent: Sent) {
    let mailing = app.clone();
    let mailed = blocking::run(app.turns(), move || {
        let store = mailing.store()?;
        let account = store.account(&sent.library, sent.barcode.trim()).map_err(WebError::internal)?;
        let typed = sent.email.trim().to_lowercase();
        let Some(account) = account.filter(|account| account.email.to_lowercase() == typed) else {
            return Ok(());
        };
        let lang = Lang::from_tag(&account.lang).unwrap_or_default();
        let (code, until) = (code::random().map_err(WebError::Internal)?, Timestamp::now() + BY_MAIL);
        let url = format!("{}/password", mailing.settings().server.public_url);
        let shown_until = moment(until, &zone(&mailing));
        let gaps = [("code", code.as_str()), ("until", &shown_until), ("url", &url)];
        let (subject, body) = (lang.t("account.mail_subject"), lang.fill("account.mail_body", &gaps));
        let mail = NewMail { subject, body: &body, until };
        store.add_recovery_code(account.id, code::hash(&code), until, Some(&mail)).map_err(WebError::internal)
    });
    if let Err(cause) = mailed.await {
        cause.log();
    }
}
