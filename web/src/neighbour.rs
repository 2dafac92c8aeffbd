//! `/neighbour/{blake3}`: files of the generations here for machines of the own network, each by its hash, where
//! `[snapshot] share` says so. A branch keeps no repository, but it has the files.
//!
//! A file may have gigabytes: it goes piece by piece, each read in a turn of its own, so that readers come in between.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daemon::sync::share::file_by_hash;
use futures_util::stream;

use crate::blocking::{self, Turns};
use crate::error::WebError;
use crate::repository::{part_of, with_range};
use crate::state::App;

/// What is read in one turn.
const PIECE: u64 = 1 << 20;

/// A file of a generation, or a pack of original records.
pub(crate) async fn show(State(app): State<App>, Path(blake3): Path<String>, headers: HeaderMap) -> Response {
    if !app.settings().snapshot.share {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (data_dir, hash) = (app.data_dir().to_owned(), blake3.clone());
    let opened = blocking::run(app.turns(), move || {
        let Some(path) = file_by_hash(&data_dir, &hash) else { return Ok(None) };
        let file = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        Ok(Some(file.map_err(WebError::internal)?))
    });
    match opened.await {
        Ok(Some((length, file))) => {
            let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
            answer(app.turns().clone(), file, length, range.and_then(|range| part_of(range, length)), &blake3)
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(WebError::Busy) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(cause) => {
            cause.log();
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn answer(turns: Turns, file: File, length: u64, part: Option<(u64, u64)>, blake3: &str) -> Response {
    let tag = format!("\"{blake3}\"");
    let about = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::ETAG, &*tag),
        (header::ACCEPT_RANGES, "bytes"),
    ];
    let (from, to) = part.unwrap_or((0, length));
    if part.is_some() && from >= length {
        let response = (StatusCode::RANGE_NOT_SATISFIABLE, about).into_response();
        return with_range(response, &format!("bytes */{length}"));
    }
    let body =
        Body::from_stream(stream::try_unfold((turns, file, from), move |(turns, file, at)| async move {
            if at >= to {
                return Ok(None);
            }
            let read = blocking::run(&turns, move || Ok(piece(&file, at, to).map(|bytes| (bytes, file))));
            let (bytes, file) = read.await.map_err(io::Error::other)??;
            let next = at + bytes.len() as u64;
            Ok::<_, io::Error>(Some((bytes, (turns, file, next))))
        }));
    let length_of_body = [(header::CONTENT_LENGTH, (to - from).to_string())];
    if part.is_none() {
        return (about, length_of_body, body).into_response();
    }
    let range = format!("bytes {from}-{}/{length}", to - 1);
    with_range((StatusCode::PARTIAL_CONTENT, about, length_of_body, body).into_response(), &range)
}

fn piece(mut file: &File, at: u64, to: u64) -> io::Result<Bytes> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.take(PIECE.min(to - at)).read_to_end(&mut bytes)?;
    // Nobody shortens a file of a generation; a disk that fails may.
    if bytes.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes.into()) }
}
