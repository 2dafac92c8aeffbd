//! `/me/profile`: how a reader is reached, in which language, and the password.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use daemon::store::{Account, Profile};
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use super::super::account_form::{Faults, FormField, Sent};
use super::super::login;
use super::super::unfit;
use super::{Choosable, Ui, page, render};
use crate::blocking;
use crate::client::Client;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::delays::Subject;
use crate::login::secret::Secret;
use crate::login::{SignedIn, password, session};
use crate::reader::{self, Reader};
use crate::state::App;
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "me/profile.html")]
struct ProfilePage {
    ui: Ui,
    rows: Vec<(&'static str, String)>,
    contact: Vec<FormField>,
    langs: Vec<Choosable>,
    /// Whether letters go out by mail too; nothing where no mail does.
    by_mail: Option<bool>,
    passwords: Vec<FormField>,
    present_fault: Option<String>,
    is_password: bool,
    n_faults: usize,
    fault: Option<String>,
    said: Option<&'static str>,
}

/// What is shown in place of what is kept.
struct Typed {
    sent: Sent,
    faults: Faults,
    fault: Option<String>,
}

/// `GET /me/profile`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let typed = Typed { sent: kept(&account), faults: Faults::default(), fault: None };
    let result = shown(&app, &reader, &account, &typed);
    page(&app, &reader, result)
}

fn kept(account: &Account) -> Sent {
    Sent {
        code: account.code.clone(),
        email: account.email.clone(),
        phone: account.phone.clone(),
        lang: account.lang.clone(),
        by_mail: if account.by_mail { "1".to_owned() } else { String::new() },
        ..Sent::default()
    }
}

fn shown(app: &App, reader: &Reader, account: &Account, typed: &Typed) -> Result<Response, WebError> {
    let Typed { sent, faults, fault } = typed;
    let is_password = sent.act == "password";
    let lang_of = |lang: Lang| Choosable {
        value: lang.tag().to_owned(),
        label: lang.name().to_owned(),
        chosen: if sent.lang.is_empty() { lang == reader.lang } else { lang.tag() == sent.lang },
    };
    // Both forms stand on the page: what is wrong belongs to the one that was sent.
    let none = Faults::default();
    let (of_contact, of_password) = if is_password { (&none, faults) } else { (faults, &none) };
    let mut passwords = Sent::default().fields(&["password", "again"], of_password);
    if let Some(first) = passwords.first_mut() {
        first.label = "account.new_password";
    }
    render(&ProfilePage {
        ui: Ui::new(app, reader),
        rows: vec![
            ("account.name", account.name.clone()),
            ("account.barcode", account.barcode.clone()),
            ("account.library", library_name(&app.members(), &LibraryCode::new(account.library.as_str()))),
        ],
        contact: sent.fields(&["code", "email", "phone", "present"], of_contact),
        langs: Lang::ALL.map(lang_of).into(),
        by_mail: app.settings().mail.is_some().then_some(!sent.by_mail.is_empty()),
        passwords,
        present_fault: of_password.get("present").map(str::to_owned),
        is_password,
        n_faults: faults.len(),
        fault: fault.clone(),
        said: match reader.asked.get("said") {
            Some("saved") => Some("account.saved"),
            Some("password") => Some("account.password_changed"),
            _ => None,
        },
    })
}

/// `POST /me/profile`: `act=password`, or contact and language.
pub(crate) async fn act(
    State(app): State<App>,
    Client(address): Client,
    SignedIn(account): SignedIn,
    reader: Reader,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let is_password = sent.act == "password";
    let lang = reader.lang;
    // What the form does not ask for is as it was.
    let base = if is_password { kept(&account) } else { sent.clone() };
    let sent = Sent {
        barcode: account.barcode.clone(),
        name: account.name.clone(),
        act: sent.act,
        ..Sent { present: sent.present, password: sent.password, again: sent.again, ..base }
    };
    let form = sent.form();
    let mut faults = Faults::default();
    if is_password {
        let about = [&account.barcode, &account.code, &account.name, &account.email].map(String::as_str);
        faults.add_password(&sent.password, &sent.again, &about, lang);
    } else {
        faults = Faults::of(&form, lang);
    }
    let asks_password = is_password || form.email != account.email;
    let subjects =
        [Subject::Account(account.library.clone(), account.barcode.clone()), Subject::Address(address)];
    let mut fault = None;
    if faults.is_empty()
        && asks_password
        && let Err(wait) = app.with_delays(|delays, now| delays.begin(&subjects, now))
    {
        fault = Some(login::wait_sentence(wait, lang));
    }
    if faults.is_empty() && fault.is_none() {
        let wish = Wish { account: account.clone(), sent: sent.clone(), asks_password, subjects };
        let old = session::carried(&app, &headers);
        let place = login::place(address, &headers);
        let acting = app.clone();
        let done = blocking::run(app.hashing(), move || done(&acting, &wish, old.is_some().then_some(place)));
        match done.await {
            Err(cause) => return page(&app, &reader, Err(cause)),
            Ok(Done::Saved) => {
                let cookie = Lang::from_tag(&sent.lang).map(|lang| reader::set_cookie("lang", lang.tag()));
                let cookies: Vec<_> = cookie.map(|cookie| (header::SET_COOKIE, cookie)).into_iter().collect();
                return (AppendHeaders(cookies), Redirect::to("/me/profile?said=saved")).into_response();
            }
            Ok(Done::NewPassword(secret)) => {
                let cookie = secret.map(|secret| (header::SET_COOKIE, session::set_cookie(&app, &secret)));
                let cookies: Vec<_> = cookie.into_iter().collect();
                return (AppendHeaders(cookies), Redirect::to("/me/profile?said=password")).into_response();
            }
            Ok(Done::CodeTaken) => faults.add("code", lang.t("account.code_taken")),
            Ok(Done::WrongPassword) => faults.add("present", lang.t("account.wrong_password")),
        }
    }
    let typed = Typed { sent, faults, fault };
    let result = shown(&app, &reader, &account, &typed);
    unfit(page(&app, &reader, result))
}

struct Wish {
    account: Account,
    sent: Sent,
    asks_password: bool,
    subjects: [Subject; 2],
}

enum Done {
    Saved,
    /// With the session that takes the place of all others.
    NewPassword(Option<Secret>),
    CodeTaken,
    WrongPassword,
}

fn done(app: &App, wish: &Wish, place: Option<String>) -> Result<Done, WebError> {
    let Wish { account, sent, asks_password, subjects } = wish;
    let (store, now) = (app.store()?, Timestamp::now());
    if *asks_password {
        login::keep_tries(app, &store, subjects, now);
        if !password::fits(&sent.present, account.password.as_deref()) {
            tracing::warn!(account = %account.id, "the present password was wrong");
            return Ok(Done::WrongPassword);
        }
        app.with_delays(|delays, _| delays.was_right(subjects));
        login::keep_tries(app, &store, subjects, now);
    }
    if sent.act == "password" {
        let hash = password::hash(&sent.password).map_err(WebError::Internal)?;
        store.set_password(account.id, &hash).map_err(WebError::internal)?;
        let Some(place) = place else { return Ok(Done::NewPassword(None)) };
        let secret = Secret::random().map_err(WebError::Internal)?;
        let begun = store.begin_session(secret.hash(), account.id, &place, session::limits(app), now);
        begun.map_err(WebError::internal)?;
        return Ok(Done::NewPassword(Some(secret)));
    }
    let form = sent.form();
    let lang = Lang::from_tag(&sent.lang).map_or("", Lang::tag);
    // Where no mail goes out nobody was asked.
    let by_mail = if app.settings().mail.is_some() { !sent.by_mail.is_empty() } else { account.by_mail };
    let profile = Profile { code: &form.code, email: &form.email, phone: &form.phone, lang, by_mail };
    let is_set = store.set_profile(account.id, &profile).map_err(WebError::internal)?;
    Ok(if is_set { Done::Saved } else { Done::CodeTaken })
}
