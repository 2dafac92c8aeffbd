//! `/me/requests/print`: requests as sheets of A4, or as slips to put into the book.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use daemon::store::REQUESTS_A_PAGE;

use super::super::beside::square;
use super::request::rows;
use super::{Ui, page, render};
use crate::blocking;
use crate::error::WebError;
use crate::login::SignedIn;
use crate::reader::Reader;
use crate::requests::{self, state_words};
use crate::state::App;

#[derive(Template)]
#[template(path = "me/print.html")]
struct PrintPage {
    ui: Ui,
    is_slip: bool,
    sheets: Vec<Sheet>,
    library: String,
    patron: (String, String),
}

struct Sheet {
    number: String,
    title: String,
    call_number: String,
    supplier: String,
    state: &'static str,
    rows: Vec<(&'static str, String)>,
    /// The number, to be read by a machine.
    square: Option<(usize, String)>,
}

/// `GET /me/requests/print?kind=a4|slip&id=…`
pub(crate) async fn show(State(app): State<App>, SignedIn(account): SignedIn, reader: Reader) -> Response {
    let ids: Vec<String> = reader.asked.all("id").take(REQUESTS_A_PAGE as usize).map(str::to_owned).collect();
    let (own, lang, who) = (app.clone(), reader.lang, account.clone());
    let sheets = blocking::run(app.turns(), move || {
        let sheet = |id: &String| {
            let request = requests::own(&own, &who, id)?;
            let supplier = indexer::bib::LibraryCode::new(request.form.supplier.as_str());
            Ok(Sheet {
                number: request.number.clone(),
                title: request.form.title.clone(),
                call_number: request.form.call_number.clone(),
                supplier: crate::wire::library_name(&own.members(), &supplier),
                state: state_words(request.state, lang),
                rows: rows(&own, &request, lang),
                square: square(&request.number),
            })
        };
        ids.iter().map(sheet).collect::<Result<Vec<_>, WebError>>()
    });
    let library = indexer::bib::LibraryCode::new(account.library.as_str());
    let result = sheets.await.and_then(|sheets| {
        render(&PrintPage {
            ui: Ui::new(&app, &reader),
            is_slip: reader.asked.has("kind", "slip"),
            sheets,
            library: crate::wire::library_name(&app.members(), &library),
            patron: (account.name, account.barcode),
        })
    });
    page(&app, &reader, result)
}
