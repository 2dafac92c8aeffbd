//! `https:`: the listener that speaks TLS, and the certificate that it shows.
//!
//! A handshake never keeps others waiting, and is bounded in number and time. Who speaks plain HTTP to it is sent to
//! the right address. The certificate is looked at again every hour, so that a renewed one needs no restart.

pub(crate) mod authority;
mod plain;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use arc_swap::ArcSwap;
use axum::serve::Listener;
use daemon::settings::{Server, Tls};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use authority::Authority;

/// Handshakes at the same time.
const MAX_HANDSHAKES: usize = 256;
/// How long one may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often the certificate is made or read again.
const RENEWAL: Duration = Duration::from_secs(3600);

/// Where the certificate comes from.
#[derive(Debug)]
enum Origin {
    Authority(Box<Authority>, Server),
    Files { certificate: PathBuf, key: PathBuf },
}

impl Origin {
    fn certified(&self, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
        let (chain, key) = match self {
            Origin::Authority(authority, server) => authority.issue(server)?,
            Origin::Files { certificate, key } => {
                let chain = CertificateDer::pem_file_iter(certificate)
                    .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                    .with_context(|| format!("cannot read the certificate {}", certificate.display()))?;
                let key = PrivateKeyDer::from_pem_file(key)
                    .with_context(|| format!("cannot read the key {}", key.display()))?;
                (chain, key)
            }
        };
        CertifiedKey::from_der(chain, key, provider).context("certificate and key do not fit each other")
    }
}

/// The certificate in force.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// What serving by `https:` needs; `None` where it is off.
pub(crate) struct Certificates {
    origin: Origin,
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
}

impl Certificates {
    /// Reads or makes the certificate; fails with a sentence where there is none.
    pub(crate) fn open(server: &Server, data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let origin = match &server.tls {
            Tls::Off => return Ok(None),
            Tls::Internal => Origin::Authority(Box::new(Authority::open(data_dir)?), server.clone()),
            Tls::Files { certificate, key } => {
                Origin::Files { certificate: certificate.clone(), key: key.clone() }
            }
        };
        let provider = Arc::new(ring::default_provider());
        let shown = Arc::new(Shown(ArcSwap::from_pointee(origin.certified(&provider)?)));
        Ok(Some(Self { origin, provider, shown }))
    }

    fn config(&self) -> Result<ServerConfig, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&self.shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn renew(&self) {
        match self.origin.certified(&self.provider) {
            Ok(certified) => self.shown.0.store(Arc::new(certified)),
            Err(cause) => tracing::warn!("the certificate in force stays: {cause:#}"),
        }
    }
}

/// Accepts connections and hands over those whose handshake is done.
pub(crate) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Speaks TLS on a listener.
    pub(crate) fn over(listener: TcpListener, certificates: Certificates) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(certificates.config()?));
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(accept(listener, acceptor, sender));
        tokio::spawn(keep_renewing(certificates));
        Ok(Self { ready, address })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn accept(
    mut listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    loop {
        let Ok(turn) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let (stream, peer) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = ready.closed() => return,
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            let shaken = tokio::time::timeout(HANDSHAKE, shake(stream, acceptor)).await;
            drop(turn);
            if let Ok(Some(stream)) = shaken {
                let _ = ready.send((stream, peer)).await;
            }
        });
    }
}

async fn shake(stream: TcpStream, acceptor: TlsAcceptor) -> Option<TlsStream<TcpStream>> {
    const HANDSHAKE_RECORD: u8 = 22;
    let mut first = [0];
    if stream.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    if first[0] != HANDSHAKE_RECORD {
        plain::send_elsewhere(stream).await;
        return None;
    }
    acceptor.accept(stream).await.ok()
}

async fn keep_renewing(certificates: Certificates) {
    let certificates = Arc::new(certificates);
    let mut ticks = tokio::time::interval(RENEWAL);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let renewing = Arc::clone(&certificates);
        // A small file an hour, or a signature: not worth a turn at the door.
        renewing.renew();
    }
}
