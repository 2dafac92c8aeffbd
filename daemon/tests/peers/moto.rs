//! moto, a store with the manners of S3. `LIANMU_MOTO` names its program where it is not in `target/peers`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::running::{Running, skip};

/// A running store with a bucket `union`, and its address.
pub(crate) fn moto() -> Option<(Running, String)> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/moto/bin/moto_server");
    let program = std::env::var_os("LIANMU_MOTO").map_or(own, PathBuf::from);
    if !program.exists() {
        skip("moto is not installed (`.ci/install.sh test` puts it into target/peers/moto)");
        return None;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut start = Command::new(program);
    // A page of a list is short here, so that there are several.
    start.env("MOTO_S3_DEFAULT_MAX_KEYS", "100").args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    let running = Running(start.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let address = format!("127.0.0.1:{port}");
    for _ in 0..600 {
        if let Ok(mut line) = TcpStream::connect(&address) {
            let mut answer = Vec::new();
            write!(line, "PUT /union HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n").unwrap();
            line.read_to_end(&mut answer).unwrap();
            assert!(answer.windows(7).any(|part| part == b" 200 OK"), "moto made no bucket");
            return Some((running, format!("http://{address}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("moto does not start")
}
