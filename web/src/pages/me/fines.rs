//! `/me/fines`: what is owed, and every entry about it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::store::FineEntry;

use super::{Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::SignedIn;
use crate::money::yuan;
use crate::reader::Reader;
use crate::requests::{moment, zone};
use crate::state::App;

#[derive(Template)]
#[template(path = "me/fines.html")]
struct FinesPage {
    ui: Ui,
    owed: String,
    owes: bool,
    rows: Vec<Row>,
}

struct Row {
    at: String,
    kind: &'static str,
    yuan: String,
    reason: String,
    staff: String,
    open: Option<String>,
}

/// `GET /me/fines`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let reading = app.clone();
    let found = blocking::run(app.turns(), move || {
        let store = reading.store()?;
        let owed = store.owed_by(account.id).map_err(WebError::internal)?;
        Ok((owed, store.fines_of(account.id).map_err(WebError::internal)?))
    });
    let (zone, lang) = (zone(&app), reader.lang);
    let result = found.await.and_then(|(owed, entries)| {
        let row = |entry: FineEntry| Row {
            at: moment(entry.at, &zone),
            kind: kind_words(&entry, lang),
            yuan: yuan(entry.fen),
            open: (entry.open > 0).then(|| yuan(entry.open)),
            reason: entry.reason,
            staff: entry.staff,
        };
        let rows = entries.into_iter().map(row).collect();
        render(&FinesPage { ui: Ui::new(&app, &reader), owed: yuan(owed), owes: owed > 0, rows })
    });
    page(&app, &reader, result)
}

/// What an entry says, in a word.
pub(in crate::pages) fn kind_words(entry: &FineEntry, lang: Lang) -> &'static str {
    lang.find(&format!("fine_kind.{}", entry.kind.code())).unwrap_or_default()
}
