//! What systemd is told of the process: that it is ready, that it stops, that it lives (sd_notify(3)).
//!
//! A datagram to the socket that `NOTIFY_SOCKET` names; without that variable nothing happens. A word that cannot be
//! sent stops nothing.

use std::time::{Duration, Instant};

/// Told when pages are served.
pub fn ready() {
    tell("READY=1");
}

/// Told when the end was asked for.
pub fn stopping() {
    tell("STOPPING=1");
}

/// Tells again and again that the loop lives, where a watchdog wants to know (`WATCHDOG_USEC`).
#[derive(Debug)]
pub(crate) struct Pulse {
    every: Option<Duration>,
    last: Option<Instant>,
}

impl Pulse {
    /// As the environment wants it.
    pub(crate) fn of_environment() -> Self {
        Self { every: every(std::env::var("WATCHDOG_USEC").ok().as_deref()), last: None }
    }

    /// A sign of life, if it is time for one.
    pub(crate) fn beat(&mut self) {
        let Some(every) = self.every else { return };
        if self.last.is_none_or(|last| last.elapsed() >= every) {
            self.last = Some(Instant::now());
            tell("WATCHDOG=1");
        }
    }
}

// Twice as often as is asked for, as the manual advises.
fn every(usec: Option<&str>) -> Option<Duration> {
    let usec: u64 = usec?.parse().ok()?;
    (usec > 0).then(|| Duration::from_micros(usec / 2))
}

#[cfg(unix)]
fn tell(word: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(name.as_encoded_bytes(), word) {
        tracing::debug!(%error, word, "systemd could not be told");
    }
}

#[cfg(unix)]
fn send(name: &[u8], word: &str) -> std::io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let socket = UnixDatagram::unbound()?;
    let address = match name.strip_prefix(b"@") {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            SocketAddr::from_abstract_name(name)?
        }
        _ => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))?,
    };
    socket.send_to_addr(word.as_bytes(), &address).map(drop)
}

#[cfg(not(unix))]
fn tell(_word: &str) {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_watchdog_hears_twice_as_often_as_it_asks() {
        for (text, expect) in
            [(None, None), (Some("30000000"), Some(15)), (Some("0"), None), (Some("三"), None)]
        {
            assert_eq!(every(text), expect.map(Duration::from_secs), "{text:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn words_arrive_at_both_kinds_of_sockets() {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let hidden = format!("lianmu-{}", std::process::id());
        let sockets = [
            (path.to_str().unwrap().to_owned(), UnixDatagram::bind(&path).unwrap()),
            (
                format!("@{hidden}"),
                UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(hidden.as_bytes()).unwrap()).unwrap(),
            ),
        ];
        for (name, socket) in sockets {
            send(name.as_bytes(), "READY=1").unwrap();
            let mut heard = [0; 32];
            let n = socket.recv(&mut heard).unwrap();
            assert_eq!(&heard[..n], b"READY=1");
        }
        assert!(send(b"/nowhere/notify", "READY=1").is_err());
    }
}
