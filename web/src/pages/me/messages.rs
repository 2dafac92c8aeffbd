//! `/me/messages`: what the reader was told, with marks of what was read.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use daemon::store::{Account, LETTERS_A_PAGE, Letter};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Ui, page, render};
use crate::blocking;
use crate::error::{BadRequest, WebError};
use crate::i18n::Lang;
use crate::login::SignedIn;
use crate::mailed::{answered, reminded};
use crate::reader::{Fields, Reader};
use crate::requests::{moment, state_words, zone};
use crate::state::App;
use crate::timeline::notes;

#[derive(Template)]
#[template(path = "me/messages.html")]
struct MessagesPage {
    ui: Ui,
    letters: Vec<Line>,
    n_unread: u32,
    /// The newest on this page: what is marked as read at once goes up to it.
    newest: i64,
    page_of: String,
    newer: Option<String>,
    older: Option<String>,
    number: u32,
}

struct Line {
    id: i64,
    at: String,
    /// Address, number and title of the request.
    request: Option<(String, String, String)>,
    said: String,
    text: String,
    is_new: bool,
}

/// `GET /me/messages?page=`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let result = shown(&app, account, &reader).await;
    page(&app, &reader, result)
}

fn page_number(reader: &Reader) -> Result<u32, WebError> {
    let Some(text) = reader.asked.get("page") else { return Ok(1) };
    let number = text.parse().ok().filter(|page| (1..=100_000).contains(page));
    number.ok_or_else(|| {
        let allowed = "1–100000".to_owned();
        BadRequest::WrongNumber { name: "page", value: text.to_owned(), allowed }.into()
    })
}

async fn shown(app: &App, account: Account, reader: &Reader) -> Result<Response, WebError> {
    let (number, reading) = (page_number(reader)?, app.clone());
    let (found, (total, n_unread)) = blocking::run(app.turns(), move || {
        let store = reading.store()?;
        let found = store.letters(account.id, number).map_err(WebError::internal)?;
        Ok((found, store.count_letters(account.id).map_err(WebError::internal)?))
    })
    .await?;
    let pages = total.div_ceil(LETTERS_A_PAGE).max(1);
    let link = |page: u32| reader.asked.link("/me/messages", &["page"], &[("page", &page.to_string())]);
    let gaps = [("page", number.to_string()), ("pages", pages.to_string())];
    let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (zone, lang) = (zone(app), reader.lang);
    render(&MessagesPage {
        ui: Ui::new(app, reader),
        newest: found.first().map_or(0, |letter| letter.id),
        letters: found.into_iter().map(|letter| line(letter, &zone, lang)).collect(),
        n_unread,
        page_of: lang.fill("search.page_of", &gaps),
        newer: (number > 1).then(|| link(number - 1)),
        older: (number < pages).then(|| link(number + 1)),
        number,
    })
}

/// How a letter reads in the reader's language.
pub(super) fn said(letter: &Letter, lang: Lang) -> String {
    if let Some(answer) = letter.answer {
        return answered(answer, &letter.day, lang);
    }
    if let Some(reminder) = letter.reminder {
        return reminded(reminder, &letter.day, lang);
    }
    match letter.state {
        Some(state) => lang.fill("message.moved", &[("state", state_words(state, lang))]),
        None if letter.sender.is_empty() => lang.t("message.from_library").to_owned(),
        None => lang.fill("message.from", &[("name", &letter.sender)]),
    }
}

// What came with an event reads as it does at the request; what staff write stays as it is.
fn text(letter: &Letter, lang: Lang) -> String {
    if letter.request.is_some() { notes(&letter.text, lang).join("\n") } else { letter.text.clone() }
}

fn line(letter: Letter, zone: &TimeZone, lang: Lang) -> Line {
    let text = text(&letter, lang);
    Line {
        id: letter.id,
        at: moment(letter.at, zone),
        said: said(&letter, lang),
        request: letter.request.map(|(id, number, title)| (id.to_string(), number, title)),
        text,
        is_new: letter.read.is_none(),
    }
}

/// `POST /me/messages`: `read` or `unread` with a number, or `all` up to one.
pub(crate) async fn mark(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    reader: Reader,
    Fields(sent): Fields,
) -> Response {
    let marking = app.clone();
    let place = sent.get("page").and_then(|page| page.parse::<u32>().ok()).unwrap_or(1);
    let done = blocking::run(app.turns(), move || {
        let (store, now) = (marking.store()?, Timestamp::now());
        let number = |name: &str| sent.get(name).and_then(|text| text.parse::<i64>().ok());
        let done = match (number("read"), number("unread"), number("all")) {
            (Some(id), ..) => store.mark_letter(account.id, id, Some(now)),
            (_, Some(id), _) => store.mark_letter(account.id, id, None),
            (.., Some(id)) => store.read_letters(account.id, id, now),
            _ => return Err(WebError::NotFound),
        };
        done.map_err(WebError::internal)
    });
    let result = done.await.map(|()| Redirect::to(&format!("/me/messages?page={place}")).into_response());
    page(&app, &reader, result)
}
