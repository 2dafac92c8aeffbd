//! `/browse/call-number`: a library's books as they stand on its shelves.

use axum::extract::State;
use axum::response::Response;
use indexer::bib::EditionId;
use indexer::search::ShelfStart;

use super::{Browse, EntryRow, Frame, ROWS, RowsPage, made};
use crate::error::WebError;
use crate::pages::render;
use crate::reader::Reader;
use crate::state::App;

/// `/browse/call-number?library=&from=&at=&near=`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    made(&app, &reader, |browse| render(&shelf_page(browse)?)).await
}

fn shelf_page(mut browse: Browse) -> Result<RowsPage, WebError> {
    let shelves = browse.open.catalogue.shelves();
    let first = || shelves.iter().max_by_key(|(_, n)| *n).map(|(code, _)| code.clone());
    let home = browse.reader.home(&browse.app).filter(|home| shelves.iter().any(|(code, _)| code == home));
    browse.library = browse.library.or(home).or_else(first);
    let start = match (browse.asked("near"), browse.asked("at"), browse.asked("from")) {
        (Some(id), ..) => ShelfStart::Around(EditionId::new(id)),
        (None, Some(id), _) => ShelfStart::At(EditionId::new(id)),
        (None, None, Some(call)) => ShelfStart::Call(call.chars().take(80).collect()),
        (None, None, None) => ShelfStart::First,
    };
    let page = match &browse.library {
        Some(library) => {
            Some(browse.open.catalogue.shelf(library, &start, ROWS).map_err(WebError::internal)?)
        }
        None => None,
    };
    let mut rows: Vec<EntryRow> =
        page.iter().flat_map(|p| &p.entries).map(|entry| browse.row(entry)).collect();
    if let Some(row) = page.as_ref().and_then(|page| page.marked).and_then(|at| rows.get_mut(at)) {
        row.marked = true;
    }
    let id = |id: &Option<EditionId>| id.as_ref().map(|id| id.as_str().to_owned());
    let (previous, next) = page.map_or((None, None), |page| (id(&page.previous), id(&page.next)));
    let (previous, next) = browse.around(previous.as_deref(), next.as_deref());
    let mut libraries = browse.libraries();
    libraries.retain(|library| shelves.iter().any(|(code, _)| code.as_str() == library.value));
    Ok(RowsPage {
        ui: browse.ui(),
        frame: Frame { libraries, ..browse.frame("browse.call_number", "browse.call_number_lead", &[]) },
        empty: browse.lang().t("browse.shelf_end").to_owned(),
        rows,
        previous,
        next,
    })
}
