//! Everything accepted has one effect, over a line that does everything wrong and through kills at any moment.
//!
//! `LIANMU_KILLS` says how often processes are killed; 24 times by default.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

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

#[test]
fn killed_at_every_step_everything_accepted_has_one_effect() {
    let n_kills: usize = std::env::var("LIANMU_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let mut pair = Pair::new();
    let accepted = Arc::new(Mutex::new(Vec::<String>::new()));
    let mut dice = 0x9e37_79b9_u64;
    let mut roll = |bound: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % bound
    };
    for round in 0..n_kills {
        let port = pair.branch.port;
        let (token, known) = (pair.token.clone(), Arc::clone(&accepted));
        // A reader who goes on while machines die under him.
        let reader = std::thread::spawn(move || {
            let address = ("127.0.0.1", port);
            for n in 0..6 {
                let form = json!({
                    "title": format!("第{round}轮第{n}本"), "year": 2011, "call_number": "S72/12", "supplier": "PKU",
                    "delivery": "courier", "recipient": "林巧", "email": "l@example.org",
                })
                .to_string();
                let Ok(mut stream) = TcpStream::connect(address) else { continue };
                let sent = write!(
                    stream,
                    "POST /api/v1/requests HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: \
                     {}\r\n\r\n{form}",
                    form.len()
                );
                let mut answer = String::new();
                if sent.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.contains(" 201 ") {
                    let body = answer.split_once("\r\n\r\n").unwrap().1;
                    if let Ok(document) = serde_json::from_str::<Value>(body) {
                        known.lock().unwrap().push(document["id"].as_str().unwrap().to_owned());
                    }
                }
            }
        });
        std::thread::sleep(Duration::from_millis(roll(120)));
        let victim = if roll(2) == 0 { &mut pair.branch } else { &mut pair.hub };
        victim.kill();
        reader.join().unwrap();
        victim.start();
        // Not every round has time to deliver: what is under way piles up too.
        std::thread::sleep(Duration::from_millis(roll(300)));
    }
    pair.branch.run(&["queue", "retry", &accepted.lock().unwrap().last().unwrap().clone()]);
    until("all is delivered", 120, || {
        pair.branch.queue().iter().all(|message| message["delivery"] == "delivered")
    });
    let accepted = accepted.lock().unwrap().clone();
    let (at_hub, at_branch) = (pair.hub.requests(), pair.branch.requests());
    assert!(accepted.len() > n_kills, "only {} were accepted", accepted.len());
    for id in &accepted {
        let found: Vec<&Value> = at_hub.iter().filter(|request| request["id"] == **id).collect();
        assert_eq!(found.len(), 1, "{id} was accepted");
    }
    // What was kept although its answer was lost is there once too; nothing else is.
    let ids = |requests: &[Value]| {
        let mut ids: Vec<String> =
            requests.iter().map(|request| request["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&at_hub), ids(&at_branch));
    for request in &at_hub {
        let same = at_branch.iter().find(|other| other["id"] == request["id"]).unwrap();
        assert_eq!((&request["state"], &request["events"]), (&same["state"], &same["events"]));
        assert_eq!(request["events"].as_array().unwrap().len(), 3);
    }
    println!("{n_kills} kills, {} accepted, {} kept, each with one effect", accepted.len(), at_hub.len());
}
