//! `POST /iso18626`: messages of other systems (ISO 18626). Faults of the protocol are answers of 200 with what is
//! wrong; only what is no message at all gets another status.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use daemon::central::iso18626::{Agency, Confirmation, ErrorType, Message, Unread, Which, read, write};
use daemon::settings::Peer;
use daemon::store::Store;
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use crate::blocking;
use crate::client::Client;
use crate::error::WebError;
use crate::state::App;

const XML: &str = "application/xml; charset=utf-8";

/// Takes one message.
pub(crate) async fn take(
    State(app): State<App>,
    Client(address): Client,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !is_xml(&headers) {
        let said = "only application/xml and text/xml are taken\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, said).into_response();
    }
    let said = bearer(&headers);
    let taking = app.clone();
    let taken = blocking::run(app.turns(), move || {
        let now = Timestamp::now();
        let message = match read(&body) {
            Ok(Message::Confirmation(_)) => {
                return Ok(Err("a confirmation is no message to be taken".to_owned()));
            }
            Ok(message) => message,
            Err(Unread::Nothing(why)) => return Ok(Err(why)),
            Err(Unread::Faulty(faulty)) => {
                // To strangers nothing is said but that they are strangers.
                let author =
                    if faulty.which == Which::Supplying { &faulty.supplier } else { &faulty.requester };
                let is_known = author.as_ref().is_some_and(|author| peer(&taking, author).is_some());
                let confirmation = faulty.confirmation(now);
                let error = confirmation.error.clone().filter(|_| is_known);
                let error = error.or_else(|| Some(unknown(faulty.which)));
                return Ok(Ok(answer(Confirmation { error, ..confirmation })));
            }
        };
        taken(&taking, &message, address, said.as_deref(), now).map(Ok)
    });
    match taken.await {
        Ok(Ok(xml)) => ([(header::CONTENT_TYPE, XML)], xml).into_response(),
        Ok(Err(why)) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
        Err(cause) => {
            cause.log();
            (cause.status(), "it was not taken; send it again\n").into_response()
        }
    }
}

fn taken(
    app: &App,
    message: &Message,
    address: std::net::IpAddr,
    bearer: Option<&str>,
    now: Timestamp,
) -> Result<String, WebError> {
    let Some(header) = message.header() else { return Err(WebError::NotFound) };
    let (which, author, reader) = match message {
        Message::Supplying(_) => (Which::Supplying, &header.supplier, &header.requester),
        Message::Requesting(_) => (Which::Requesting, &header.requester, &header.supplier),
        _ => (Which::Request, &header.requester, &header.supplier),
    };
    let refused = |error| {
        let confirmation = message.confirmed(Some(error), now);
        Ok(confirmation.map(answer).unwrap_or_default())
    };
    let in_message = header.authentication.as_ref().map(|(_, code)| code.as_str());
    let said: Vec<&str> = in_message.into_iter().chain(bearer).collect();
    let Some(peer) = peer(app, author).filter(|peer| peer.is_it(address, &said)) else {
        tracing::warn!(%address, agency = author.value, "a message of ISO 18626 from nobody that is known");
        return refused(unknown(which));
    };
    let store = app.store()?;
    let Some(ours) = ours(app, &store, peer, reader)? else {
        return refused((
            ErrorType::UnrecognisedDataValue,
            "supplying agency not found or invalid".to_owned(),
        ));
    };
    store.take_from_peer(&peer.library, &ours, message, now).map_err(WebError::internal)
}

fn unknown(which: Which) -> (ErrorType, String) {
    let who = if which == Which::Supplying { "supplying" } else { "requesting" };
    (ErrorType::UnrecognisedDataValue, format!("{who} agency not found"))
}

fn answer(confirmation: Confirmation) -> String {
    write(&Message::Confirmation(Box::new(confirmation)))
}

fn peer<'a>(app: &'a App, agency: &Agency) -> Option<&'a Peer> {
    let is_it = |peer: &&Peer| {
        peer.agency == agency.value
            && (agency.scheme.is_empty() || agency.scheme.eq_ignore_ascii_case(&peer.scheme))
    };
    app.settings().peers.iter().find(is_it)
}

// The library that a peer means, if it is the one whose machine this is, or another one that is reached by this machine.
fn ours(app: &App, store: &Store, peer: &Peer, agency: &Agency) -> Result<Option<LibraryCode>, WebError> {
    let home = app.settings().library.clone();
    if !peer.own_agency.is_empty() && peer.own_agency == agency.value {
        return Ok(home);
    }
    let named = LibraryCode::new(agency.value.as_str());
    let is_ours = home.as_ref() == Some(&named)
        || named != peer.library && store.lends_here(&named).map_err(WebError::internal)?;
    Ok(is_ours.then_some(named))
}

fn is_xml(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "application/xml" | "text/xml")
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim().to_owned())
}
