//! `/trust`: how a reading-room PC comes to trust the authority of our own.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use daemon::settings::Tls;

use super::{Ui, page, render};
use crate::error::WebError;
use crate::reader::Reader;
use crate::state::App;
use crate::tls::authority::{self, Root};

#[derive(Template)]
#[template(path = "trust.html")]
struct TrustPage {
    ui: Ui,
    fingerprint: String,
}

/// Only where the authority is in use: elsewhere there is nothing to trust.
fn root(app: &App) -> Result<Root, WebError> {
    if app.settings().server.tls != Tls::Internal {
        return Err(WebError::NotFound);
    }
    // One small file that the system has at hand.
    authority::root(app.data_dir()).ok_or(WebError::NotFound)
}

/// `/trust`
pub(crate) async fn show(State(app): State<App>, reader: Reader) -> Response {
    let result = root(&app)
        .and_then(|root| render(&TrustPage { ui: Ui::new(&app, &reader), fingerprint: root.fingerprint }));
    page(&app, &reader, result)
}

/// `/trust/lianmu.crt`
pub(crate) async fn certificate(State(app): State<App>, reader: Reader) -> Response {
    match root(&app) {
        Ok(root) => ([(header::CONTENT_TYPE, "application/x-x509-ca-cert")], root.pem).into_response(),
        Err(cause) => page(&app, &reader, Err(cause)),
    }
}
