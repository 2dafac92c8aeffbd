//! Everything accepted has one effect, over a line that does everything wrong.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::machines::{BRANCH, Pair, until};

/// A line that does to each connection what its number says.
fn bad_line(to: u16, n_good_after: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let n = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let n = n.fetch_add(1, Ordering::Relaxed);
            std::thread::spawn(move || carry(client, to, if n < n_good_after { n } else { usize::MAX }));
        }
    });
    port
}

// One request and its answer; which of them gets lost where is in `n`.
fn carry(mut client: TcpStream, to: u16, n: usize) {
    let _ = client.set_read_timeout(Some(Duration::from_millis(400)));
    let mut asked = Vec::new();
    let mut piece = [0; 65536];
    loop {
        match client.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => asked.extend_from_slice(&piece[..read]),
        }
        if is_whole(&asked) {
            break;
        }
    }
    let text = |body: &str, status: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    match n % 8 {
        _ if n == usize::MAX => {}
        0 => return drop(client.write_all(text("<h1>502</h1>", "500 Internal Server Error").as_bytes())),
        1 => {
            return drop(
                client.write_all(text("<h1>Please sign in to the network</h1>", "200 OK").as_bytes()),
            );
        }
        2 => asked.truncate(asked.len() / 2),
        3 => return,
        _ => {}
    }
    let Ok(mut hub) = TcpStream::connect(("127.0.0.1", to)) else { return };
    let _ = hub.set_read_timeout(Some(Duration::from_millis(if n == usize::MAX { 5000 } else { 700 })));
    if hub.write_all(&asked).is_err() {
        return;
    }
    let mut answer = Vec::new();
    loop {
        match hub.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
        if is_whole(&answer) {
            break;
        }
    }
    match n % 8 {
        _ if n == usize::MAX => {}
        // The answer is cut at some byte, comes from somebody else, or does not come.
        4 => answer.truncate(answer.len() * (n % 13) / 13),
        5 => {
            return drop(
                client.write_all(
                    text("{\"replies\":[],\"time\":\"2026-11-30T00:00:00Z\"}", "200 OK").as_bytes(),
                ),
            );
        }
        6 => return,
        // Sent once more by the line itself.
        7 => {
            if let Ok(mut again) = TcpStream::connect(("127.0.0.1", to)) {
                let _ = again.write_all(&asked);
                let _ = again.read(&mut piece);
            }
        }
        _ => {}
    }
    let _ = client.write_all(&answer);
}

fn is_whole(message: &[u8]) -> bool {
    let text = String::from_utf8_lossy(message);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap_or(0))
    });
    message.len() >= head.len() + 4 + length.unwrap_or(0)
}

#[test]
fn a_line_that_does_everything_wrong_brings_everything_once() {
    let pair = Pair::new();
    // The same hub by another way.
    let way = bad_line(pair.hub.port, 24);
    let config = format!("{BRANCH}[central]\nkind = \"hub\"\nurl = \"http://127.0.0.1:{way}\"\n");
    std::fs::write(pair.branch.data.path().join("lianmu.toml"), config).unwrap();
    let mut pair = pair;
    pair.branch.kill();
    pair.branch.start();
    let ids: Vec<String> = (0..6).map(|n| pair.submit(&format!("坏线{n}")).unwrap()).collect();
    until("all have arrived", 120, || {
        // While they wait a person tries again and again.
        pair.branch.run(&["queue", "retry", &ids[0]]);
        pair.branch.queue().iter().all(|message| message["delivery"] == "delivered")
    });
    let mut at_hub: Vec<String> =
        pair.hub.requests().iter().map(|request| request["id"].as_str().unwrap().to_owned()).collect();
    at_hub.sort();
    let mut expected = ids.clone();
    expected.sort();
    assert_eq!(at_hub, expected);
    for request in pair.hub.requests() {
        assert_eq!(request["events"].as_array().unwrap().len(), 3, "{request}");
    }
}
