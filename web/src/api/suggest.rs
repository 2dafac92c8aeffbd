//! `/api/v1/suggest`: completions while a reader types.

use axum::extract::State;
use axum::response::Response;
use indexer::search::MOST_SUGGESTIONS;
use serde::Serialize;

use super::answer;
use crate::error::WebError;
use crate::reader::Reader;
use crate::state::App;
use crate::{ask, blocking};

/// Completions where the address says no number.
const USUAL: u32 = 10;

#[derive(Serialize)]
struct SuggestDocument {
    query: String,
    suggestions: Vec<SuggestionDocument>,
}

#[derive(Serialize)]
struct SuggestionDocument {
    kind: &'static str,
    text: String,
    hits: u64,
}

/// `/api/v1/suggest?q=&limit=`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    answer(&reader, document(app, &reader).await)
}

async fn document(app: App, reader: &Reader) -> Result<SuggestDocument, WebError> {
    let limit = ask::number(&reader.asked, "limit", 1, MOST_SUGGESTIONS as u32)?.unwrap_or(USUAL);
    let query = reader.asked.get("q").unwrap_or_default().to_owned();
    let open = app.opened()?;
    blocking::run(app.turns(), move || {
        let found = open.catalogue.suggest(&query, limit as usize).map_err(WebError::internal)?;
        let suggestions = found
            .into_iter()
            .map(|s| SuggestionDocument { kind: s.kind.name(), text: s.text, hits: s.hits })
            .collect();
        Ok(SuggestDocument { query, suggestions })
    })
    .await
}
