//! A repository behind `http:` or `https:`, on any web server that knows ranges, or on one that does not.

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
}

impl HttpCarrier {
    pub(super) fn new(repository: &str, roots: RootCerts) -> Result<Self> {
        // Whoever configures a hub in the own network means it.
        let client = Client::trusting(repository, true, Patience::default(), roots);
        let client = client.map_err(|trouble| error(repository, trouble))?;
        let base = client.home().to_string().trim_end_matches('/').to_owned();
        Ok(Self { client, base })
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
        let response = self.client.get(&uri, headers).map_err(|trouble| error(&self.base, trouble))?;
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
