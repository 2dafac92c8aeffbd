//! `POST /admin/libraries/{code}/upload`: a file of a library that has no other way, straight to disk and then into
//! the same import as all others.
//!
//! Nothing of it is held in memory but a piece; its size, its time and how many come at once are bounded.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use axum::extract::multipart::Field;
use axum::extract::{Multipart, Path, State};
use axum::response::Response;
use daemon::jobs::{Mode, Request};
use daemon::uploads;
use indexer::bib::LibraryCode;

use super::{ask_daemon, back_to, page, with_store};
use crate::blocking;
use crate::error::WebError;
use crate::i18n::Lang;
use crate::login::Admin;
use crate::login::secret::Secret;
use crate::reader::Reader;
use crate::state::App;

/// Largest file that a page takes; larger ones are put into a watched folder.
pub(crate) const MAX_BYTES: u64 = 2_000_000_000;
/// Bytes that are collected before they are written.
const PIECE: usize = 1 << 20;
/// Longest silence of the browser.
const SILENCE: Duration = Duration::from_secs(30);

/// Takes the form: `mode`, then `file`.
pub(crate) async fn take(
    State(app): State<App>,
    Path(code): Path<String>,
    reader: Reader,
    admin: Admin,
    form: Multipart,
) -> Response {
    let result = take_form(&app, &code, reader.lang, &admin, form).await;
    page(&app, &reader, result)
}

async fn take_form(
    app: &App,
    code: &str,
    lang: Lang,
    admin: &Admin,
    mut form: Multipart,
) -> Result<Response, WebError> {
    let code = LibraryCode::new(code);
    if app.members().get(&code).is_none() {
        return Err(WebError::UnknownLibrary(code.to_string()));
    }
    let Some(_place) = app.upload_place() else { return Err(WebError::Busy) };
    let refused = |key: &str| WebError::Refused(lang.t(key).to_owned());
    let mut mode = Mode::Delta;
    loop {
        let next = tokio::time::timeout(SILENCE, form.next_field()).await;
        let field = next.map_err(|_| refused("upload.silent"))?.map_err(|_| refused("upload.broken"))?;
        let Some(field) = field else { return Err(refused("upload.no_file")) };
        match field.name() {
            Some("mode") => {
                mode = match field.text().await.map_err(|_| refused("upload.broken"))?.as_str() {
                    "full" => Mode::Full,
                    "delete" => Mode::Delete,
                    _ => Mode::Delta,
                };
            }
            Some("file") => {
                let folder = uploads::place(
                    app.data_dir(),
                    &code,
                    &Secret::random().map_err(WebError::Internal)?.reveal()[..16],
                );
                let path = folder.join(safe_name(field.file_name().unwrap_or_default()));
                let bytes = match write(app, field, path.clone(), lang).await {
                    Ok(0) => Err(refused("upload.no_file")),
                    other => other,
                };
                if bytes.is_err() {
                    let _ = std::fs::remove_dir_all(&folder);
                }
                let bytes = bytes?;
                tracing::info!(by = %admin.0.id, library = %code, bytes, "a file was uploaded");
                let request = Request::Import { library: code.to_string(), mode, paths: vec![path] };
                let asked = with_store(app, move |app, _| ask_daemon(app, lang, &[request])).await;
                if asked.is_err() {
                    let _ = std::fs::remove_dir_all(&folder);
                }
                return Ok(back_to("/admin/runs", asked?));
            }
            _ => {}
        }
    }
}

async fn write(app: &App, mut field: Field<'_>, path: PathBuf, lang: Lang) -> Result<u64, WebError> {
    let refused = |key: &str| WebError::Refused(lang.t(key).to_owned());
    let place = path.clone();
    let mut file = blocking::run(app.turns(), move || create(&place)).await?;
    let (mut bytes, mut piece) = (0, Vec::with_capacity(PIECE));
    loop {
        let chunk =
            tokio::time::timeout(SILENCE, field.chunk()).await.map_err(|_| refused("upload.silent"))?;
        let chunk = chunk.map_err(|_| refused("upload.broken"))?;
        let is_last = chunk.is_none();
        if let Some(chunk) = chunk {
            bytes += chunk.len() as u64;
            piece.extend_from_slice(&chunk);
        }
        if bytes > MAX_BYTES {
            return Err(refused("upload.too_large"));
        }
        if is_last || piece.len() >= PIECE {
            let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE));
            file = blocking::run(app.turns(), move || {
                file.write_all(&full)
                    .and_then(|()| if is_last { file.sync_all() } else { Ok(()) })
                    .map_err(WebError::internal)?;
                Ok(file)
            })
            .await?;
        }
        if is_last {
            return Ok(bytes);
        }
    }
}

fn create(path: &std::path::Path) -> Result<File, WebError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(WebError::internal)?;
    }
    File::create_new(path).map_err(WebError::internal)
}

/// A name that can be no path: what reports show, and by whose end nothing is decided.
fn safe_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String =
        name.chars().filter(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')).take(60).collect();
    let kept = kept.trim_start_matches('.');
    if kept.is_empty() { "upload".to_owned() } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere() {
        for (name, expect) in [
            ("北林 2026.mrc", "北林2026.mrc"),
            ("../../etc/passwd", "passwd"),
            ("C:\\exports\\a.iso", "a.iso"),
            ("..", "upload"),
            ("", "upload"),
            (".hidden.mrc", "hidden.mrc"),
            ("a\0b\n.mrc", "ab.mrc"),
        ] {
            assert_eq!(safe_name(name), expect, "{name:?}");
        }
        assert!(safe_name(&"长".repeat(500)).chars().count() <= 60);
    }
}
