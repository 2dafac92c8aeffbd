//! Plain HTTP on the door of `https:`: the browser is sent to the same address, encrypted.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The head of a request is not read further.
const MAX_HEAD: usize = 4096;

pub(super) async fn send_elsewhere(mut stream: TcpStream) {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while head.len() < MAX_HEAD && !head.windows(4).any(|w| w == b"\r\n\r\n") {
        match stream.read(&mut chunk).await {
            Ok(n) if n > 0 => head.extend_from_slice(&chunk[..n]),
            _ => break,
        }
    }
    let answer = match target(&String::from_utf8_lossy(&head)) {
        Some(url) => format!("HTTP/1.1 308 Permanent Redirect\r\nLocation: {url}\r\n"),
        None => "HTTP/1.1 400 Bad Request\r\n".to_owned(),
    };
    let _ =
        stream.write_all(format!("{answer}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn target(head: &str) -> Option<String> {
    let mut lines = head.split("\r\n");
    let path = lines.next()?.split(' ').nth(1)?;
    let host =
        lines.find_map(|line| line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("host")))?;
    let host = host.1.trim();
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    let is_sound = !host.is_empty() && host.chars().all(is_host) && path.starts_with('/');
    let is_path = path.chars().all(|c| c.is_ascii_graphic());
    (is_sound && is_path).then(|| format!("https://{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_address_encrypted_or_none() {
        let check = |head: &str, expect: Option<&str>| assert_eq!(target(head).as_deref(), expect, "{head}");
        check("GET /search?q=a HTTP/1.1\r\nHost: pc7:8046\r\n\r\n", Some("https://pc7:8046/search?q=a"));
        check("GET / HTTP/1.1\r\nAccept: */*\r\nhost:[::1]:8046\r\n\r\n", Some("https://[::1]:8046/"));
        check("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", None);
        check("GET http://other/ HTTP/1.1\r\nHost: pc7\r\n\r\n", None);
        check("GET / HTTP/1.0\r\n\r\n", None);
        check("\u{0}\u{1}", None);
    }
}
