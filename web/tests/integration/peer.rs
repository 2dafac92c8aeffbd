//! A file server on loopback that gives one file, as it is at the moment, in small pieces.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Serves until it is dropped.
pub(crate) struct FileServer {
    address: SocketAddr,
    file: Arc<Mutex<Arc<String>>>,
    gone: Arc<AtomicBool>,
}

impl FileServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let file = Arc::new(Mutex::new(Arc::new(String::new())));
        let gone = Arc::new(AtomicBool::new(false));
        let (given, ends) = (Arc::clone(&file), Arc::clone(&gone));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let body = Arc::clone(&given.lock().unwrap());
                // Whoever hangs up in the middle has been killed: that is what the tests do.
                std::thread::spawn(move || drop(give(stream, &body)));
            }
        });
        Self { address, file, gone }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on this is the file.
    pub(crate) fn serve(&self, text: String) {
        *self.file.lock().unwrap() = Arc::new(text);
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn give(stream: TcpStream, body: &str) -> std::io::Result<()> {
    let mut from = 0;
    for line in BufReader::new(&stream).lines() {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap_or(0);
        }
    }
    // The hash of the content is its version.
    let etag = format!(
        "\"{:x}\"",
        body.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()))
    );
    let (status, range) = match from {
        0 => ("200 OK", String::new()),
        _ => (
            "206 Partial Content",
            format!("Content-Range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len()),
        ),
    };
    let rest = &body.as_bytes()[from.min(body.len())..];
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: {etag}\r\n{range}Connection: close\r\n\r\n",
        rest.len()
    )?;
    for piece in rest.chunks(64 << 10) {
        stream.write_all(piece)?;
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
