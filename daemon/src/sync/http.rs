//! A repository behind `http:` or `https:`, on any web server that knows ranges, or on one that does not.

use std::time::Duration;

use ureq::http::StatusCode;
use ureq::http::header::CONTENT_RANGE;
use ureq::http::uri::Uri;
use ureq::tls::RootCerts;

use super::carrier::{Carrier, Opened};
use crate::harvest::client::{Client, Patience, Trouble};
use crate::{Error, Result};

pub(super) struct HttpCarrier {
    client: Client,
    base: String,
    follows: bool,
}

// Who is on the same network answers at once or is not there.
const NEAR: Patience = Patience {
    connect: Duration::from_secs(2),
    silence: Duration::from_secs(5),
    head: Some(Duration::from_secs(5)),
    answer: None,
};

impl HttpCarrier {
    pub(super) fn new(repository: &str, roots: RootCerts) -> Result<Self> {
        Self::with(repository, roots, Patience::default(), true)
    }

    /// The carrier of a neighbour: nobody is waited for long, and nobody sends this machine elsewhere.
    pub(super) fn near(address: &str) -> Result<Self> {
        Self::with(address, RootCerts::PlatformVerifier, NEAR, false)
    }

    fn with(address: &str, roots: RootCerts, patience: Patience, follows: bool) -> Result<Self> {
        // Whoever configures a machine in the own network means it.
        let client = Client::trusting(address, true, patience, roots);
        let client = client.map_err(|trouble| error(address, trouble))?;
        let base = client.home().to_string().trim_end_matches('/').to_owned();
        Ok(Self { client, base, follows })
    }
}

impl Carrier for HttpCarrier {
    fn place(&self) -> &str {
        &self.base
    }

    fn is_a_line(&self) -> bool {
        true
    }

    fn open(&self, name: &str, at: u64) -> Result<Option<Opened>> {
        let text = format!("{}/{name}", self.base);
        let uri: Uri =
            text.parse().map_err(|_| error(&text, Trouble::lasting("the address cannot be understood")))?;
        let range = format!("bytes={at}-");
        let headers: &[(&str, &str)] = if at > 0 { &[("range", &range)] } else { &[] };
        let response =
            if self.follows { self.client.get(&uri, headers) } else { self.client.get_there(&uri, headers) };
        let response = response.map_err(|trouble| error(&self.base, trouble))?;
        let begins =
            response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).and_then(begin_of);
        let at = match (response.status(), begins) {
            (StatusCode::OK, _) => 0,
            (StatusCode::PARTIAL_CONTENT, Some(begins)) => begins,
            (StatusCode::NOT_FOUND | StatusCode::GONE, _) => return Ok(None),
            // The file ends where we want to begin: from the start, then.
            (StatusCode::RANGE_NOT_SATISFIABLE, _) if at > 0 => return self.open(name, 0),
            (status, _) => {
                let trouble = Trouble::of_status(status, response.headers(), jiff::Timestamp::UNIX_EPOCH);
                return Err(error(&self.base, trouble));
            }
        };
        let body = response.into_body().into_with_config().limit(u64::MAX).reader();
        Ok(Some(Opened { at, bytes: Box::new(body) }))
    }
}

// The first byte in `bytes 100-199/200`.
pub(super) fn begin_of(range: &str) -> Option<u64> {
    range.trim().strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

pub(super) fn error(place: &str, trouble: Trouble) -> Error {
    let place = place.to_owned();
    match trouble {
        Trouble::Passing { reason, .. } => Error::Line { place, reason },
        Trouble::Lasting { reason } => Error::Source { place, reason },
    }
}
