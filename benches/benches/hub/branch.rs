//! A branch as its hub sees it: a name, keys, signed calls.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use daemon::central::{AUTHOR, FEED_PATH, FeedAnswer, LETTERS_PATH, SIGNATURE, TIME, call_text, mark_of};
use daemon::delivery::{LETTER_VERSION, Letter};
use daemon::keys::{Identity, to_hex};
use daemon::requests::{Event, Party, Recorded, RequestId};
use indexer::bib::LibraryCode;
use jiff::Timestamp;

use crate::{bytes, form};

pub(crate) struct Branch {
    pub(crate) library: LibraryCode,
    pub(crate) identity: Identity,
    after: i64,
    mark: String,
}

impl Branch {
    pub(crate) fn new(n: usize) -> Self {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let identity = Identity::of(&seed, &seed).unwrap();
        Self { library: LibraryCode::new(format!("L{n:04}")), identity, after: 0, mark: String::new() }
    }

    /// Sends a new request; whether the hub has it.
    pub(crate) fn ask(&mut self, hub: &str, n: usize) -> bool {
        let now = Timestamp::now();
        let event = |clock: u32, party, event| Recorded {
            clock: clock.into(),
            library: self.library.clone(),
            seq: clock,
            life: 1,
            at: now,
            party,
            event,
            note: String::new(),
        };
        let form = form(n);
        let letter = Letter {
            v: LETTER_VERSION,
            request: RequestId::new(now, bytes(n)),
            n: 1,
            prev: 0,
            kind: "request".into(),
            number: format!("{}-261130-{n:06}", self.library),
            library: self.library.clone(),
            supplier: LibraryCode::new(form.supplier.as_str()),
            created: now,
            patron: "R1".into(),
            form: Some(form),
            events: vec![event(1, Party::Reader, Event::Submit), event(2, Party::Branch, Event::Transmit)],
        };
        let body = serde_json::json!({ "letters": [letter.to_json().unwrap()] }).to_string();
        let answer = self.call(hub, "POST", LETTERS_PATH, &body);
        answer.is_some_and(|answer| answer.contains("\"delivered\""))
    }

    /// Asks for what is new; whether the hub answered.
    pub(crate) fn poll(&mut self, hub: &str) -> bool {
        let path = format!("{FEED_PATH}?after={}&mark={}", self.after, self.mark);
        let Some(answer) = self.call(hub, "GET", &path, "") else { return false };
        let Ok(answer) = serde_json::from_str::<FeedAnswer>(&answer) else { return false };
        if let Some(last) = answer.items.last() {
            (self.after, self.mark) = (last.seq, mark_of(&last.body));
        }
        !answer.reset
    }

    fn call(&self, hub: &str, method: &str, path: &str, body: &str) -> Option<String> {
        let time = Timestamp::now().to_string();
        let text = call_text(method, path, self.library.as_str(), &time, body.as_bytes());
        let signature = to_hex(&self.identity.sign(text.as_bytes()));
        let mut stream = TcpStream::connect(hub).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        let (library, length) = (&self.library, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {hub}\r\nConnection: close\r\n{AUTHOR}: {library}\r\n{TIME}: \
             {time}\r\n{SIGNATURE}: {signature}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200").then(|| body.to_owned())
    }
}
