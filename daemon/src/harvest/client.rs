//! One HTTP request at a time to one source: addresses, redirects, credentials and patience under control.
//!
//! Knows nothing of what is fetched. A name is resolved once a connection, the address is judged
//! (`address.rs`), and the connection goes to that address; redirects are followed here, one by one, under
//! the same rule. Nothing is decompressed. Credentials of the location go to its own origin only and into no
//! message.

use std::io::Read;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use ureq::config::Config;
use ureq::http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER};
use ureq::http::uri::{Scheme, Uri};
use ureq::http::{HeaderMap, Response, StatusCode};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Timeout};

use super::address;
use super::location::{joined, parse, percent_decoded, same_origin};
use super::retry::retry_after;

const MOST_REDIRECTS: usize = 5;

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For a name, a connection and its encryption.
    pub(crate) connect: Duration,
    /// For the next bytes, the first ones too: a provider may have to search long for a page.
    pub(crate) silence: Duration,
    /// For the head of an answer, where nothing has to be searched for.
    pub(crate) head: Option<Duration>,
    /// For an answer altogether, where it has no business being long.
    pub(crate) answer: Option<Duration>,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), silence: Duration::from_secs(120), head: None, answer: None }
    }
}

/// Why a request brought nothing usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The same may well succeed in a while.
    Passing {
        /// A sentence.
        reason: String,
        /// How long the other side asks to wait.
        wish: Option<Duration>,
    },
    /// It will not, until somebody changes something.
    Lasting {
        /// A sentence.
        reason: String,
    },
}

impl Trouble {
    pub(crate) fn passing(reason: impl Into<String>) -> Self {
        Self::Passing { reason: reason.into(), wish: None }
    }

    pub(crate) fn lasting(reason: impl Into<String>) -> Self {
        Self::Lasting { reason: reason.into() }
    }

    /// The sentence.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Passing { reason, .. } | Self::Lasting { reason } => reason,
        }
    }

    /// What a status says that brings no data.
    pub(crate) fn of_status(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Self {
        let reason = format!("the server answered {status}");
        let wish = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(|v| retry_after(v, now));
        match status.as_u16() {
            408 | 425 | 429 | 500..=599 => Self::Passing { reason, wish },
            401 | 403 => Self::lasting(format!("{reason}: it wants a name and password, or other ones")),
            _ => Self::Lasting { reason },
        }
    }

    fn of(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Other(inner) if inner.is::<Refused>() => Self::lasting(inner.to_string()),
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                Self::lasting("the address cannot be understood")
            }
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => {
                Self::lasting(format!("no safe connection: {error}"))
            }
            // A certificate that nobody vouches for comes out of the handshake as this.
            ureq::Error::Io(inner) if inner.kind() == std::io::ErrorKind::InvalidData => {
                Self::lasting(format!("no safe connection: {inner}"))
            }
            ureq::Error::Timeout(Timeout::PerRead) => Self::passing("the server fell silent"),
            ureq::Error::Timeout(Timeout::RecvBody) => Self::passing("the server sends too slowly"),
            ureq::Error::Timeout(_) => Self::passing("the server could not be reached in time"),
            ureq::Error::HostNotFound => Self::passing("there is no host of this name"),
            ureq::Error::LargeResponseHeader(..) => Self::lasting("the server's headers are too large"),
            other => Self::passing(format!("the connection failed: {other}")),
        }
    }
}

/// A client for one source.
pub(crate) struct Client {
    agent: Agent,
    home: Uri,
    // Value of `Authorization`, for the origin of `home` alone.
    credentials: Option<String>,
}

impl Client {
    /// A client for a location as configured.
    pub(crate) fn new(location: &str, allow_private: bool, patience: Patience) -> Result<Self, Trouble> {
        Self::trusting(location, allow_private, patience, RootCerts::PlatformVerifier)
    }

    /// The same with other roots than the system's.
    pub(crate) fn trusting(
        location: &str,
        allow_private: bool,
        patience: Patience,
        roots: RootCerts,
    ) -> Result<Self, Trouble> {
        let (home, userinfo) = parse(location)?;
        let private_host = allow_private.then(|| home.host().unwrap_or_default().to_ascii_lowercase());
        let agent = agent(private_host, patience, roots);
        let credentials = userinfo.map(|userinfo| {
            format!("Basic {}", BASE64_STANDARD.encode(percent_decoded(userinfo.as_bytes())))
        });
        Ok(Self { agent, home, credentials })
    }

    /// The location without credentials.
    pub(crate) fn home(&self) -> &Uri {
        &self.home
    }

    /// Asks for something at the source's place or where it redirects to.
    pub(crate) fn get(&self, uri: &Uri, headers: &[(&str, &str)]) -> Result<Response<Body>, Trouble> {
        let mut uri = uri.clone();
        for _ in 0..=MOST_REDIRECTS {
            let response = self.get_there(&uri, headers)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let location = response.headers().get(LOCATION).map(|value| value.as_bytes());
            let location = location.ok_or_else(|| Trouble::lasting("the server redirects to nowhere"))?;
            let next = joined(&uri, &String::from_utf8_lossy(location))?;
            if uri.scheme() == Some(&Scheme::HTTPS) && next.scheme() != Some(&Scheme::HTTPS) {
                return Err(Trouble::lasting(
                    "the server redirects from https: to http:, which is not followed",
                ));
            }
            uri = next;
        }
        Err(Trouble::lasting(format!("the server redirects more than {MOST_REDIRECTS} times")))
    }

    /// Asks for something there and nowhere else: a redirect is the answer.
    pub(crate) fn get_there(&self, uri: &Uri, headers: &[(&str, &str)]) -> Result<Response<Body>, Trouble> {
        let mut request = self.agent.get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(credentials) = self.credentials.as_ref().filter(|_| same_origin(uri, &self.home)) {
            request = request.header(AUTHORIZATION, credentials);
        }
        request.call().map_err(Trouble::of)
    }
}

impl Client {
    /// Puts bytes at a place. A redirect is not followed: what was signed holds for that place.
    pub(crate) fn put(&self, uri: &Uri, bytes: &[u8]) -> Result<Response<Body>, Trouble> {
        self.agent.put(uri).send(bytes).map_err(Trouble::of)
    }

    /// Removes what is at a place.
    pub(crate) fn delete(&self, uri: &Uri) -> Result<Response<Body>, Trouble> {
        self.agent.delete(uri).call().map_err(Trouble::of)
    }
}

fn agent(private_host: Option<String>, patience: Patience, roots: RootCerts) -> Agent {
    let config = Config::builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("lianmu/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("identity")
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_send_request(Some(patience.silence))
        .timeout_recv_response(patience.head)
        .timeout_recv_body(patience.answer)
        .timeout_per_read(Some(patience.silence))
        .timeout_per_write(Some(patience.silence))
        .max_idle_connections_per_host(1)
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Judged { private_host })
}

/// A client for a machine that a person has named, wherever it is: a hub may be at a private address. It follows no
/// redirect.
pub(crate) fn agent_for(url: &str, roots: RootCerts, connect: Duration, answer: Duration) -> Agent {
    let host = parse(url).ok().and_then(|(uri, _)| uri.host().map(str::to_ascii_lowercase));
    let patience = Patience { connect, silence: answer, head: None, answer: Some(answer) };
    agent(host, patience, roots)
}

/// Whether bytes of a request that failed may have left this machine.
pub(crate) fn has_left(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Other(inner) => !inner.is::<Refused>(),
        ureq::Error::Io(cause) => cause.kind() != std::io::ErrorKind::ConnectionRefused,
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::BadUri(_)
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => false,
        _ => true,
    }
}

/// What went wrong, as a sentence.
pub(crate) fn sentence_of(error: ureq::Error) -> String {
    Trouble::of(error).reason().to_owned()
}

/// Reads a body to its end, no more than `most` bytes of it.
pub(crate) fn read_whole(response: Response<Body>, most: u64) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader().take(most + 1);
    body.read_to_end(&mut bytes).map_err(broken_body)?;
    if bytes.len() as u64 > most {
        return Err(Trouble::lasting(format!("the answer is longer than {} MiB", most >> 20)));
    }
    Ok(bytes)
}

/// What an error in the middle of a body means.
pub(crate) fn broken_body(error: std::io::Error) -> Trouble {
    match error.downcast::<ureq::Error>() {
        Ok(error) => match Trouble::of(error) {
            Trouble::Lasting { reason } | Trouble::Passing { reason, .. } => Trouble::passing(reason),
        },
        Err(error) => Trouble::passing(format!("the connection broke off: {error}")),
    }
}

/// Resolves names and lets only addresses through at which this source may be.
#[derive(Debug)]
struct Judged {
    // The one host that may be at a private address, in small letters.
    private_host: Option<String>,
}

impl Resolver for Judged {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let private_is_fine = self.private_host.as_ref() == Some(&host);
        let mut allowed = self.empty();
        let mut objection = "no address";
        for address in found.iter() {
            match address::objection(address.ip(), private_is_fine) {
                None => allowed.push(*address),
                Some(what) => objection = what,
            }
        }
        if allowed.is_empty() {
            let allow_private = self.private_host.is_some();
            return Err(ureq::Error::Other(Box::new(Refused { host, what: objection, allow_private })));
        }
        Ok(allowed)
    }
}

/// A host at an address where this source may not be.
#[derive(Debug, thiserror::Error)]
#[error("{host} has {what}, {}", if *allow_private {
    "and only the host of the source's own location may be at a private one"
} else {
    "and this source is not marked allow_private"
})]
struct Refused {
    host: String,
    what: &'static str,
    allow_private: bool,
}
