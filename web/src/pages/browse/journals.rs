//! `/browse/journals`: journals and newspapers by title, A to Z by pinyin.

use axum::extract::State;
use axum::response::Response;
use indexer::bib::EditionId;
use indexer::search::Start;

use super::{Browse, Frame, ROWS, RowsPage, made};
use crate::error::WebError;
use crate::i18n::grouped;
use crate::pages::render;
use crate::reader::Reader;
use crate::state::App;

/// `/browse/journals?library=&from=&at=`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    made(&app, &reader, |browse| render(&journals_page(&browse)?)).await
}

fn journals_page(browse: &Browse) -> Result<RowsPage, WebError> {
    let start =
        browse.asked("from").map_or(Start::First, |from| Start::Pinyin(from.chars().take(80).collect()));
    let at = browse.asked("at").map(EditionId::new);
    let library = browse.library.as_ref();
    let found = browse.open.catalogue.journals(library, &start, at.as_ref(), ROWS);
    let (total, page) = found.map_err(WebError::internal)?;
    let id = |id: &Option<EditionId>| id.as_ref().map(|id| id.as_str().to_owned());
    let (previous, next) = browse.around(id(&page.previous).as_deref(), id(&page.next).as_deref());
    let frame = browse.frame("browse.journals", "browse.journals_lead", &[]);
    let lead = browse.lang().fill("browse.journals_lead", &[("n", &grouped(total))]);
    let empty = if total == 0 { "browse.no_journals" } else { "browse.list_end" };
    Ok(RowsPage {
        ui: browse.ui(),
        frame: Frame { libraries: browse.libraries(), letters: browse.letters(), lead, ..frame },
        rows: page.entries.iter().map(|entry| browse.row(entry)).collect(),
        empty: browse.lang().t(empty).to_owned(),
        previous,
        next,
    })
}
