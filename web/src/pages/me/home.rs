//! `/me`: the reader's desk, what is under way and where everything is.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::store::Account;
use indexer::bib::LibraryCode;

use super::{Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::login::SignedIn;
use crate::money::yuan;
use crate::reader::Reader;
use crate::requests::state_words;
use crate::state::App;
use crate::wire::library_name;

#[derive(Template)]
#[template(path = "me/home.html")]
struct HomePage {
    ui: Ui,
    name: String,
    of_library: String,
    valid_until: Option<String>,
    n_open: u32,
    owed: Option<String>,
    loans: Vec<Loan>,
}

struct Loan {
    id: String,
    title: String,
    state: &'static str,
    state_words: &'static str,
    due: Option<String>,
    supplier: String,
}

/// `GET /me`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let result = shown(&app, account, &reader).await;
    page(&app, &reader, result)
}

async fn shown(app: &App, account: Account, reader: &Reader) -> Result<Response, WebError> {
    let (reading, id) = (app.clone(), account.id);
    let (n_open, owed, loans) = blocking::run(app.turns(), move || {
        let store = reading.store()?;
        let n_open = store.open_requests(id).map_err(WebError::internal)?;
        let owed = store.owed_by(id).map_err(WebError::internal)?;
        Ok((n_open, owed, store.loans_of(id).map_err(WebError::internal)?))
    })
    .await?;
    let (members, lang) = (app.members(), reader.lang);
    let library = library_name(&members, &LibraryCode::new(account.library.as_str()));
    let loans = loans.into_iter().map(|request| Loan {
        id: request.id.to_string(),
        supplier: library_name(&members, &LibraryCode::new(request.form.supplier.as_str())),
        title: request.form.title,
        state: request.state.code(),
        state_words: state_words(request.state, lang),
        due: request.due.map(|day| day.to_string()),
    });
    render(&HomePage {
        ui: Ui::new(app, reader),
        of_library: lang.fill("account.of_library", &[("library", &library), ("barcode", &account.barcode)]),
        name: account.name,
        valid_until: account.valid_until,
        n_open,
        owed: (owed > 0).then(|| yuan(owed)),
        loans: loans.collect(),
    })
}
