//! `/me/card`: the consortium card, to be printed or shown.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::store::{Account, Card};
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use super::super::beside::square;
use super::super::today;
use super::{Ui, page, render};
use crate::blocking;
use crate::card::{self, Claims, Signer};
use crate::error::WebError;
use crate::login::SignedIn;
use crate::reader::Reader;
use crate::state::App;
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "me/card.html")]
struct CardPage {
    ui: Ui,
    library: String,
    card: Option<Drawn>,
}

struct Drawn {
    number: String,
    name: String,
    first: String,
    last: String,
    counts: bool,
    bars: Option<(usize, String)>,
    square: Option<(usize, String)>,
}

/// `GET /me/card`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let (reading, today) = (app.clone(), today(&app));
    let library = library_name(&app.members(), &LibraryCode::new(account.library.as_str()));
    let found = blocking::run(app.turns(), move || {
        let card = reading.store()?.card_of(account.id).map_err(WebError::internal)?;
        card.map(|card| drawn(&reading, &account, card, &today)).transpose()
    });
    let result = found.await.and_then(|card| render(&CardPage { ui: Ui::new(&app, &reader), library, card }));
    page(&app, &reader, result)
}

/// What signs the cards of a library here. Its key is known to the store, from where the hub learns it.
pub(in crate::pages) fn signer(app: &App, library: &str) -> Result<Signer, WebError> {
    let signer = Signer::open(app.data_dir()).map_err(WebError::Internal)?;
    let (store, key) = (app.store()?, (library.to_owned(), signer.public()));
    if !store.card_keys().map_err(WebError::internal)?.contains(&key) {
        store.know_card_key(library, key.1, Timestamp::now()).map_err(WebError::internal)?;
    }
    Ok(signer)
}

fn drawn(app: &App, account: &Account, card: Card, today: &str) -> Result<Drawn, WebError> {
    let signer = signer(app, &account.library)?;
    let claims = Claims {
        library: account.library.clone(),
        number: card.number.clone(),
        name: account.name.clone(),
        first: card.first,
        last: card.last,
    };
    let (first, last) = (card.first.to_string(), card.last.to_string());
    Ok(Drawn {
        bars: card::bars(&card.number),
        square: square(&signer.sign(&claims)),
        counts: first.as_str() <= today && today <= last.as_str(),
        number: card.number,
        name: claims.name,
        first,
        last,
    })
}
