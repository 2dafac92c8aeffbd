//! `lianmu serve`: daemon, pages and API over one data directory, until told to stop.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use anyhow::Context;
use daemon::settings::{Settings, Tls};
use daemon::systemd;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::{Global, Outcome};
use crate::blocking;
use crate::client::Peer;
use crate::mailed;
use crate::router::router;
use crate::state::{App, MAX_HASHING};
use crate::tls::{Certificates, TlsListener};

/// How long open answers may go on after the signal to stop.
const FAREWELL: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address to listen on, instead of the configured one; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Print the settings in force and where each comes from, then stop.
    #[arg(long)]
    print_config: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let mut settings = super::settings(global)?;
    if let Some(listen) = args.listen {
        settings.listen_on(listen);
    }
    if args.print_config {
        println!("data = {:?}  # command line or default", global.data.display().to_string());
        settings.in_force().iter().for_each(|setting| println!("{setting}"));
        return Ok(Outcome::Done);
    }
    serve(settings, global)
}

/// Serves until ctrl-c or SIGTERM; used by `demo` too.
pub(crate) fn serve(mut settings: Settings, global: &Global) -> anyhow::Result<Outcome> {
    log();
    // The lock comes first: a second daemon is refused before it listens.
    let running = daemon::run::start(&global.data, &settings, mailed::write(&settings))?;
    let listener = match listen(&mut settings) {
        Ok(listener) => listener,
        Err(cause) => {
            running.stop();
            return Err(cause);
        }
    };
    let app = App::new(settings, &global.data)?;
    // The first page says already how old the data is and whom to ask.
    app.look_around();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(blocking::threads(MAX_HASHING))
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve_until_told(app, listener));
    runtime.shutdown_timeout(FAREWELL);
    running.stop();
    served?;
    Ok(Outcome::Done)
}

// Pages name the port that was given, so it is known before they are.
fn listen(settings: &mut Settings) -> anyhow::Result<std::net::TcpListener> {
    let asked = settings.server.listen;
    let listener = std::net::TcpListener::bind(asked).with_context(|| format!("cannot listen on {asked}"))?;
    listener.set_nonblocking(true)?;
    settings.listens_at(listener.local_addr()?);
    Ok(listener)
}

/// Events go to standard error: as JSON, one a line, with `LIANMU_LOG_FORMAT=json`; in colours to a terminal only.
/// `LIANMU_LOG` says which.
fn log() {
    let filter = EnvFilter::try_from_env("LIANMU_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let is_json = std::env::var("LIANMU_LOG_FORMAT").is_ok_and(|format| format == "json");
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let builder = builder.with_ansi(!is_json && std::io::stderr().is_terminal());
    // A second subscriber is refused; the first one serves as well.
    let _ = if is_json { builder.json().flatten_event(true).try_init() } else { builder.try_init() };
}

async fn serve_until_told(app: App, listener: std::net::TcpListener) -> anyhow::Result<()> {
    let server = app.settings().server.clone();
    let certificates = Certificates::open(&server, app.data_dir())?;
    let listener = TcpListener::from_std(listener)?;
    let scheme = if certificates.is_some() { "https" } else { "http" };
    // The one line on standard output: whoever asked for port 0 reads the port from it.
    println!("lianmu listens on {scheme}://{}", listener.local_addr()?);
    if app.open().is_none() {
        eprintln!("lianmu: no generation yet: run `lianmu import`, then `lianmu build`");
    }
    if server.tls == Tls::Internal {
        eprintln!("lianmu: /trust on this site says how a PC comes to trust its certificate");
    }
    tokio::spawn(app.clone().keep_glancing());
    systemd::ready();
    let (told, wait) = tokio::sync::oneshot::channel::<()>();
    let stopping = async move {
        told_to_stop().await;
        systemd::stopping();
        let _ = told.send(());
    };
    let service = router(app).into_make_service_with_connect_info::<Peer>();
    // Keep-alive connections would hold the process for ever.
    let farewell = async {
        let _ = wait.await;
        tokio::time::sleep(FAREWELL).await;
    };
    let serving: Pin<Box<dyn Future<Output = std::io::Result<()>> + Send>> = match certificates {
        Some(certificates) => {
            let listener = TlsListener::over(listener, certificates)?;
            Box::pin(axum::serve(listener, service).with_graceful_shutdown(stopping).into_future())
        }
        None => Box::pin(axum::serve(listener, service).with_graceful_shutdown(stopping).into_future()),
    };
    tokio::select! {
        ended = serving => ended.context("serving ended"),
        () = farewell => Ok(()),
    }
}

/// Waits for ctrl-c or SIGTERM.
#[cfg(unix)]
pub(super) async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}

#[cfg(not(unix))]
pub(super) async fn told_to_stop() {
    drop(tokio::signal::ctrl_c().await);
}
