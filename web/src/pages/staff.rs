//! `/staff/…`: the counter of a library, and what staff say to readers. Staff of a library speak for that library,
//! admins for the consortium and for every library; requests are those of the own library for both.

pub(crate) mod audit;
pub(crate) mod calendars;
pub(crate) mod cards;
pub(crate) mod fines;
mod lenders;
pub(crate) mod parcels;
pub(crate) mod readers;
pub(crate) mod request;
mod sheets;
pub(crate) mod slips;
pub(crate) mod statistics;
pub(crate) mod work;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::{Account, AccountRole, Notice, Store};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use jiff::civil::Date;

use super::content::{self, PAGES, library_slug};
use super::notices::{Line, line, today};
use super::{Choosable, Ui, page, render, unfit};
use crate::ask::{self, Asked};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::Staff;
use crate::markdown;
use crate::reader::{Fields, Reader};
use crate::state::App;

/// Characters of the title of a notice.
const MOST_TITLE: usize = 120;
/// Notices that are listed to be taken down.
const LISTED: u32 = 200;

#[derive(Template)]
#[template(path = "staff/notices.html")]
struct NoticesPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    senders: Vec<Choosable>,
    typed: Notice,
    notices: Vec<Line>,
}

#[derive(Template)]
#[template(path = "staff/pages.html")]
struct PagesPage {
    ui: Ui,
    who: String,
    is_admin: bool,
    fault: Option<String>,
    saved: bool,
    /// Slug, title, address.
    choices: Vec<(String, String, String)>,
    editing: Option<Editing>,
}

struct Editing {
    slug: String,
    title: String,
    /// Tag, name, text.
    texts: Vec<(&'static str, &'static str, String)>,
    shown_at: String,
}

/// `/staff`
pub(crate) async fn home(_: Staff) -> Response {
    Redirect::to("/staff/requests").into_response()
}

fn is_admin(account: &Account) -> bool {
    account.role == AccountRole::Admin
}

/// Whose notices and page somebody may write: none for all.
fn bound_to(account: &Account) -> Option<&str> {
    (!is_admin(account)).then_some(account.library.as_str())
}

/// `GET /staff/notices`
pub(crate) async fn notices(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let typed = Notice { day: today(&app), ..Notice::default() };
    let result = notices_page(&app, &reader, account, typed, None).await;
    page(&app, &reader, result)
}

async fn notices_page(
    app: &App,
    reader: &Reader,
    account: Account,
    typed: Notice,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let (own, lang, of) = (app.clone(), reader.lang, bound_to(&account).map(str::to_owned));
    let listed = blocking::run(app.turns(), move || {
        let all = own.store()?.all_notices(LISTED).map_err(WebError::internal)?;
        let mine = all.into_iter().filter(|n| of.is_none() || n.library == of);
        Ok(mine.map(|notice| line(&own, notice, lang)).collect())
    });
    render(&NoticesPage {
        ui: Ui::new(app, reader),
        who: account.name.clone(),
        is_admin: is_admin(&account),
        fault,
        senders: senders(app, &account, typed.library.as_deref(), lang),
        typed,
        notices: listed.await?,
    })
}

fn senders(app: &App, account: &Account, chosen: Option<&str>, lang: Lang) -> Vec<Choosable> {
    let members = app.members();
    let all = members.iter().filter(|l| bound_to(account).is_none_or(|code| code == l.code.as_str()));
    let library = |l: &indexer::library::Library| Choosable {
        value: l.code.to_string(),
        label: l.name.clone(),
        chosen: chosen == Some(l.code.as_str()),
    };
    let consortium = is_admin(account).then(|| Choosable {
        value: String::new(),
        label: lang.t("notices.consortium").to_owned(),
        chosen: chosen.is_none(),
    });
    consortium.into_iter().chain(all.map(library)).collect()
}

/// `POST /staff/notices`: a new one, or `remove`.
pub(crate) async fn act(
    State(app): State<App>,
    reader: Reader,
    Staff(account): Staff,
    Fields(asked): Fields,
) -> Response {
    let typed = typed(&app, &asked);
    let (wanted, fault) = match asked.get("remove").map(str::parse::<i64>) {
        Some(Ok(id)) => (Wanted::Remove(id), None),
        Some(Err(_)) => (Wanted::Remove(0), Some("staff.no_such_notice")),
        None => (Wanted::Add(typed.clone()), fault(&app, &typed, &account)),
    };
    if let Some(fault) = fault {
        let fault = Some(reader.lang.t(fault).to_owned());
        return unfit(page(&app, &reader, notices_page(&app, &reader, account, typed, fault).await));
    }
    let (own, of) = (app.clone(), bound_to(&account).map(str::to_owned));
    let done = blocking::run(app.turns(), move || done(&own.store()?, &wanted, of.as_deref()));
    let result = done.await.map(|()| Redirect::to("/staff/notices").into_response());
    page(&app, &reader, result)
}

enum Wanted {
    Add(Notice),
    Remove(i64),
}

fn done(store: &Store, wanted: &Wanted, of: Option<&str>) -> Result<(), WebError> {
    match wanted {
        Wanted::Add(notice) => store.add_notice(notice).map(drop).map_err(WebError::internal),
        // Taken down twice, or never there: the list shows what is.
        Wanted::Remove(id) => store.remove_notice(*id, of).map(drop).map_err(WebError::internal),
    }
}

/// What was typed as a notice.
fn typed(app: &App, asked: &Asked) -> Notice {
    let text = |name: &str| asked.get(name).unwrap_or_default().to_owned();
    Notice {
        id: 0,
        library: asked.get("library").map(str::to_owned),
        title: text("title").chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        markdown: text("markdown"),
        day: asked.get("day").map_or_else(|| today(app), str::to_owned),
        until: asked.get("until").map(str::to_owned),
    }
}

/// What is wrong with it, as the key of a sentence.
fn fault(app: &App, notice: &Notice, account: &Account) -> Option<&'static str> {
    let is_known = |code: &str| app.members().get(&LibraryCode::new(code)).is_some();
    let is_day = |day: &str| day.len() == 10 && day.parse::<Date>().is_ok();
    let is_too_long = notice.title.chars().count() > MOST_TITLE || notice.markdown.len() > markdown::MOST;
    let is_anothers = bound_to(account).is_some_and(|code| notice.library.as_deref() != Some(code));
    let faults = [
        (notice.library.as_deref().is_some_and(|code| !is_known(code)), "staff.no_such_library"),
        (is_anothers, "staff.not_yours"),
        (notice.title.trim().is_empty(), "staff.no_title"),
        (is_too_long, "staff.too_long"),
        (!is_day(&notice.day) || !notice.until.as_deref().is_none_or(is_day), "staff.no_day"),
    ];
    faults.into_iter().find(|(is_so, _)| *is_so).map(|(_, key)| key)
}

/// `GET /staff/pages?slug=`
pub(crate) async fn pages(State(app): State<App>, reader: Reader, Staff(account): Staff) -> Response {
    let slug = reader.asked.get("slug").map(str::to_owned);
    let result = pages_page(&app, &reader, account, slug, None, None).await;
    page(&app, &reader, result)
}

async fn pages_page(
    app: &App,
    reader: &Reader,
    account: Account,
    slug: Option<String>,
    typed: Option<[String; 3]>,
    fault: Option<String>,
) -> Result<Response, WebError> {
    let choices = choices(app, &account, reader.lang);
    let chosen = match slug {
        Some(slug) => Some(choices.iter().find(|c| c.0 == slug).cloned().ok_or(WebError::Forbidden)?),
        None => None,
    };
    let own = app.clone();
    let editing = blocking::run(app.turns(), move || {
        let Some((slug, title, shown_at)) = chosen else { return Ok(None) };
        let mut texts = Vec::new();
        for (at, lang) in Lang::ALL.into_iter().enumerate() {
            let text = match &typed {
                Some(typed) => typed[at].clone(),
                None => content::text(&own, &slug, lang)?,
            };
            texts.push((lang.tag(), lang.name(), text));
        }
        Ok(Some(Editing { slug, title, texts, shown_at }))
    });
    render(&PagesPage {
        ui: Ui::new(app, reader),
        who: account.name.clone(),
        is_admin: is_admin(&account),
        fault,
        saved: reader.asked.has("saved", "1"),
        choices,
        editing: editing.await?,
    })
}

/// The pages that somebody may write: slug, title, where it is shown.
fn choices(app: &App, account: &Account, lang: Lang) -> Vec<(String, String, String)> {
    let common = PAGES.into_iter().filter(|_| is_admin(account));
    let common = common.map(|(slug, key)| (slug.to_owned(), lang.t(key).to_owned(), format!("/page/{slug}")));
    let members = app.members();
    let own = members.iter().filter(|l| bound_to(account).is_none_or(|code| code == l.code.as_str()));
    let own = own.map(|l| (library_slug(l.code.as_str()), l.name.clone(), format!("/libraries/{}", l.code)));
    common.chain(own).collect()
}

/// `POST /staff/pages`
pub(crate) async fn write(
    State(app): State<App>,
    reader: Reader,
    Staff(account): Staff,
    Fields(asked): Fields,
) -> Response {
    let result = written(&app, &reader, account, &asked).await;
    page(&app, &reader, result)
}

async fn written(app: &App, reader: &Reader, account: Account, asked: &Asked) -> Result<Response, WebError> {
    let slug = asked.get("slug").unwrap_or_default().to_owned();
    if !choices(app, &account, reader.lang).iter().any(|(known, ..)| *known == slug) {
        return Err(WebError::Forbidden);
    }
    let texts = Lang::ALL.map(|lang| asked.get(lang.tag()).unwrap_or_default().replace("\r\n", "\n"));
    if texts.iter().any(|text| text.len() > markdown::MOST) {
        let fault = Some(reader.lang.t("staff.too_long").to_owned());
        return Ok(unfit(pages_page(app, reader, account, Some(slug), Some(texts), fault).await?));
    }
    let (own, place) = (app.clone(), ask::link("/staff/pages", [("slug", slug.as_str()), ("saved", "1")]));
    blocking::run(app.turns(), move || {
        let store = own.store()?;
        for (lang, text) in Lang::ALL.into_iter().zip(&texts) {
            // What is as it came stays what came: a later version may say it better.
            let came = data::pages::markdown(&slug, lang.tag()).is_some_and(|own| own.trim() == text.trim());
            let text = if came { "" } else { text };
            store.keep_page(&slug, lang.tag(), text, Timestamp::now()).map_err(WebError::internal)?;
        }
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&place).into_response())
}
