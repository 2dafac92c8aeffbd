//! A line between two machines on one: it carries every connection to its far end until it is cut, and again when it
//! is whole.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// A line. It ends with its runtime.
pub(super) struct Line {
    /// Where the near end is.
    pub(super) near: SocketAddr,
    cut: watch::Sender<bool>,
}

impl Line {
    /// A line to `far`, whole.
    pub(super) fn to(far: SocketAddr, runtime: &Handle) -> std::io::Result<Self> {
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let near = listener.local_addr()?;
        let (cut, is_cut) = watch::channel(false);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(carry(stream, far, is_cut.clone()));
            }
        });
        Ok(Self { near, cut })
    }

    /// Cuts it, with all that is on it, or makes it whole again.
    pub(super) fn cut(&self, cut: bool) {
        self.cut.send_replace(cut);
    }
}

async fn carry(mut near: TcpStream, far: SocketAddr, mut is_cut: watch::Receiver<bool>) {
    if *is_cut.borrow() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(far).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = is_cut.wait_for(|cut| *cut) => {}
    }
}
