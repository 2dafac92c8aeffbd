//! `/unapi`: a record on a page in a format that a reference manager asks for.
//!
//! Of the formats that such programs know, only those are offered in which one entry is one reference: the MARC of
//! a union is as many records as it has members, in their own dialects.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::page;
use crate::blocking;
use crate::error::WebError;
use crate::export::{self, Format};
use crate::reader::Reader;
use crate::state::App;

const OFFERED: [Format; 2] = [Format::Ris, Format::Bibtex];

/// `/unapi?id=&format=`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let result = answered(&app, &reader).await;
    page(&app, &reader, result)
}

async fn answered(app: &App, reader: &Reader) -> Result<Response, WebError> {
    let Some(id) = reader.asked.get("id").map(str::to_owned) else {
        return Ok(formats(None, StatusCode::OK));
    };
    let format = match reader.asked.get("format") {
        None => None,
        Some(name) => match OFFERED.into_iter().find(|f| f.name() == name) {
            Some(format) => Some(format),
            None => return Ok(StatusCode::NOT_ACCEPTABLE.into_response()),
        },
    };
    let open = app.opened()?;
    let own = app.clone();
    blocking::run(app.turns(), move || {
        let entry = open.find_now(&id)?;
        match format {
            None => Ok(formats(Some(entry.id.as_str()), StatusCode::MULTIPLE_CHOICES)),
            Some(format) => {
                let body = export::write(format, &entry, own.archive())?;
                Ok(([(header::CONTENT_TYPE, format.content_type())], body).into_response())
            }
        }
    })
    .await
}

/// Which formats there are. An id here is one that was found, so it is letters and digits.
fn formats(id: Option<&str>, status: StatusCode) -> Response {
    let of = id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default();
    let format = |f: &Format| {
        let kind = f.content_type().split(';').next().unwrap_or_default();
        format!("<format name=\"{}\" type=\"{kind}\"/>", f.name())
    };
    let list: String = OFFERED.iter().map(format).collect();
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<formats{of}>{list}</formats>\n");
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}
