//! `/basket`: what was put aside while searching; to print, to export, to take out again.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use daemon::requests::RequestId;
use indexer::bib::{Entry, LibraryCode};

use super::holders::can_be_asked_for;
use super::{Ui, page, render};
use crate::basket::{Basket, MOST};
use crate::blocking;
use crate::error::{BadRequest, WebError};
use crate::export::{self, Format};
use crate::reader::{Fields, Reader};
use crate::state::{App, Open};
use crate::union::holders;
use crate::wire::{library_name, part_text};

#[derive(Template)]
#[template(path = "basket.html")]
struct BasketPage {
    ui: Ui,
    rows: Vec<Row>,
    formats: Vec<(&'static str, &'static str)>,
    /// Ids that are in no catalogue any more.
    n_gone: usize,
    /// So many found no room.
    too_many: Option<String>,
    most: usize,
    /// A request that was kept just now, to be looked at.
    asked: Option<String>,
}

struct Row {
    id: String,
    title: String,
    rest: String,
    line: String,
    call_number: Option<String>,
    holder: Option<String>,
    citation: String,
    can_be_asked_for: bool,
}

/// `GET /basket`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let result = listed(&app, &reader).await;
    page(&app, &reader, result)
}

async fn listed(app: &App, reader: &Reader) -> Result<Response, WebError> {
    let open = app.opened()?;
    let (own, reading) = (app.clone(), reader.clone());
    blocking::run(app.turns(), move || {
        let basket = &reading.remembered.basket;
        let (entries, home) = (entries(&open, basket)?, reading.home(&own));
        render(&BasketPage {
            ui: Ui::new(&own, &reading),
            n_gone: basket.ids().len() - entries.len(),
            rows: entries.iter().map(|entry| row(&own, entry, home.as_ref())).collect(),
            formats: Format::ALL.map(|f| (f.name(), f.label())).into(),
            too_many: reading.asked.get("over").and_then(|n| n.parse::<u32>().ok()).map(|n| n.to_string()),
            most: MOST,
            asked: reading.asked.get("asked").and_then(RequestId::parse).map(|id| id.to_string()),
        })
    })
    .await
}

/// What is in the basket, in its order; an entry that became part of another is that one.
fn entries(open: &Open, basket: &Basket) -> Result<Vec<Entry>, WebError> {
    let mut entries: Vec<Entry> = Vec::new();
    for id in basket.ids() {
        match open.find_now(id.as_str()) {
            Ok(entry) if entries.iter().all(|known| known.id != entry.id) => entries.push(entry),
            Ok(_) | Err(WebError::Gone(_) | WebError::UnknownRecord(_)) => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(entries)
}

fn row(app: &App, entry: &Entry, home: Option<&LibraryCode>) -> Row {
    let bib = &entry.bib;
    let members = app.members();
    let is_home = |code: &LibraryCode| home == Some(code);
    let held = entry.holdings.iter().find(|h| is_home(&h.library)).or_else(|| entry.holdings.first());
    let year = bib.year.map(|y| y.to_string());
    let line = [&bib.responsibility, &bib.publisher, &year].into_iter().flatten();
    let more = holders(entry).len().saturating_sub(1);
    let name = |h: &indexer::bib::LibraryHolding| match more {
        0 => library_name(&members, &h.library),
        n => format!("{} +{n}", library_name(&members, &h.library)),
    };
    Row {
        id: entry.id.to_string(),
        title: bib.title.clone().unwrap_or_else(|| "—".to_owned()),
        rest: [part_text(bib), bib.subtitle.clone()].into_iter().flatten().collect::<Vec<_>>().join(" : "),
        line: line.map(String::as_str).collect::<Vec<_>>().join(" · "),
        call_number: held.and_then(|h| h.holding.call_number.clone()),
        holder: held.map(name),
        can_be_asked_for: entry.holdings.iter().any(|h| can_be_asked_for(app, h, home)),
        citation: export::citations(bib).into_iter().next().map(|(_, text)| text).unwrap_or_default(),
    }
}

/// `GET /basket/export?format=`: all that is in it, as one file.
pub(crate) async fn export(State(app): State<App>, reader: Reader) -> Response {
    let result = exported(&app, &reader).await;
    page(&app, &reader, result)
}

async fn exported(app: &App, reader: &Reader) -> Result<Response, WebError> {
    let name = reader.asked.get("format").unwrap_or("ris").to_owned();
    let format = Format::from_name(&name)
        .ok_or_else(|| BadRequest::UnknownFormat { format: name, allowed: Format::names() })?;
    let open = app.opened()?;
    let (own, basket) = (app.clone(), reader.remembered.basket.clone());
    blocking::run(app.turns(), move || {
        let body = export::write_all(format, &entries(&open, &basket)?, own.archive())?;
        Ok(export::file(format, "lianmu", body))
    })
    .await
}

/// `POST /basket`: `ids` and `id` are put in, `out` is taken out, `clear` empties; then back to where it was pressed.
pub(crate) async fn change(reader: Reader, Fields(asked): Fields) -> Response {
    let mut basket = if asked.get("clear").is_some() { Basket::default() } else { reader.remembered.basket };
    for id in asked.all("out") {
        basket.remove(id);
    }
    let too_many: usize = asked.all("id").chain(asked.all("ids")).map(|ids| basket.add(ids)).sum();
    let place = if too_many > 0 {
        format!("/basket?over={too_many}")
    } else if asked.has("then", "basket") {
        "/basket".to_owned()
    } else {
        asked.get("back").filter(|back| is_ours(back)).unwrap_or("/basket").to_owned()
    };
    let mut response = Redirect::to(&place).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&basket.set_cookie()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A list of hits or a record of this site; nothing else.
fn is_ours(back: &str) -> bool {
    let known = ["/search?", "/record/"].iter().any(|place| back.starts_with(place));
    known && back.len() < 4_000 && back.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_leads_back_within_the_site() {
        for (back, expect) in [
            ("/search?q=java&page=2", true),
            ("/record/0000000000abc", true),
            ("//evil.example", false),
            ("/search/../\\evil", false),
            ("https://evil.example/search?", false),
            ("/search?q=a\r\nSet-Cookie: x", false),
            ("/logout", false),
        ] {
            assert_eq!(is_ours(back), expect, "{back}");
        }
    }
}
