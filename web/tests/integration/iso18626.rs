//! ISO 18626 over HTTP: who is let in, what is refused, a loan between two machines that know each other by it alone, and
//! that a peer is told at its own address what became of its requests, whatever this machine is.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::counter::{Desk, requests, signed_in, submit};
use crate::site::{Answer, Site};

const NAMESPACE: &str = "http://illtransactions.org/2013/iso18626";

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn machine(library: &str, other: &str, other_port: u16, port: u16) -> Site {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("peer.secret"), "三十六计\n").unwrap();
    let url = format!("http://127.0.0.1:{other_port}/iso18626");
    let config = format!(
        "library = \"{library}\"\n[central]\nkind = \"iso18626\"\nurl = \"{url}\"\n[[peer]]\nlibrary = \"{other}\"\n\
         agency_type = \"LIANMU\"\nagency = \"{other}\"\nurl = \"{url}\"\nsecret_file = \"peer.secret\"\naddresses = \
         [\"127.0.0.0/8\"]\n"
    );
    Site::at(data, &config, port)
}

fn post(site: &Site, kind: &str, body: &[u8]) -> Answer {
    let length = body.len().to_string();
    site.send("POST", "/iso18626", &[("Content-Type", kind), ("Content-Length", &length)], body)
}

fn message(requester: &str, supplier: &str, secret: &str, id: &str, inside: &str, element: &str) -> String {
    let secret = match secret {
        "" => String::new(),
        code => format!(
            "<requestingAgencyAuthentication><accountId>x</accountId><securityCode>{code}</securityCode>\
             </requestingAgencyAuthentication>"
        ),
    };
    format!(
        "<ISO18626Message xmlns=\"{NAMESPACE}\" xmlns:ill=\"{NAMESPACE}\" ill:version=\"1.2\"><{element}><header>\
         <supplyingAgencyId><agencyIdType>LIANMU</agencyIdType><agencyIdValue>{supplier}</agencyIdValue>\
         </supplyingAgencyId><requestingAgencyId><agencyIdType>LIANMU</agencyIdType><agencyIdValue>{requester}\
         </agencyIdValue></requestingAgencyId><multipleItemRequestId></multipleItemRequestId>\
         <timestamp>2026-11-29T12:00:00Z</timestamp><requestingAgencyRequestId>{id}</requestingAgencyRequestId>{secret}\
         </header>{inside}</{element}></ISO18626Message>"
    )
}

const BOOK: &str = "<bibliographicInfo><title>三国演义</title></bibliographicInfo>";

#[test]
fn who_is_not_known_is_told_so_and_nothing_else() {
    let lender = machine("PKU", "BJFU", 1, free_port());
    let xml = "application/xml";
    let ask = |requester: &str, secret: &str, id: &str| {
        post(&lender, xml, message(requester, "PKU", secret, id, BOOK, "request").as_bytes())
    };
    let answer = ask("BJFU", "三十六计", "r1");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.has("<requestConfirmation>").has("<messageStatus>OK</messageStatus>").has(">r1<");
    assert_eq!(ask("BJFU", "三十六计", "r1").body, answer.body, "the same once more: the same answer");
    let other = message(
        "BJFU",
        "PKU",
        "三十六计",
        "r1",
        "<bibliographicInfo><title>红楼梦</title></bibliographicInfo>",
        "request",
    );
    post(&lender, xml, other.as_bytes()).has("ERROR").has("already exists");
    for (requester, secret) in [("BJFU", "wrong"), ("BJFU", ""), ("RUC", "三十六计")] {
        let answer = ask(requester, secret, "r2");
        assert_eq!(answer.status, 200);
        answer.has("<messageStatus>ERROR</messageStatus>").has("requesting agency not found");
    }
    let elsewhere = message("BJFU", "THU", "三十六计", "r2", BOOK, "request");
    post(&lender, xml, elsewhere.as_bytes()).has("supplying agency not found");
    let action =
        message("BJFU", "PKU", "三十六计", "r1", "<action>Explode</action>", "requestingAgencyMessage");
    post(&lender, xml, action.as_bytes()).has("UnsupportedActionType").has("Explode");
    let unknown =
        message("BJFU", "PKU", "三十六计", "r9", "<action>Cancel</action>", "requestingAgencyMessage");
    post(&lender, xml, unknown.as_bytes()).has("ERROR").has("not found");
    assert_eq!(post(&lender, "application/json", b"{}").status, 415);
    assert_eq!(post(&lender, xml, b"<request>").status, 400);
    assert_eq!(post(&lender, xml, b"<!DOCTYPE a [<!ENTITY b \"c\">]><request>&b;</request>").status, 400);
    assert_eq!(post(&lender, xml, &vec![b' '; 100_001]).status, 413);
    assert_eq!(lender.get("/iso18626").status, 405);
    let status =
        message("BJFU", "PKU", "三十六计", "r1", "<action>StatusRequest</action>", "requestingAgencyMessage");
    let answer = post(&lender, xml, status.as_bytes());
    answer.has("<messageStatus>OK</messageStatus>").has("<action>StatusRequest</action>");
    assert_eq!(post(&lender, xml, status.as_bytes()).body, answer.body);
    let kept = requests(&lender);
    assert_eq!((kept.len(), &kept[0]["title"], &kept[0]["library"]), (1, &"三国演义".into(), &"BJFU".into()));
}

#[test]
fn a_loan_between_two_machines_by_iso_18626() {
    let (here, there) = (free_port(), free_port());
    let borrowing = machine("BJFU", "PKU", there, here);
    let lending = machine("PKU", "BJFU", here, there);
    let reader = signed_in(&borrowing, "BJFU", "R001", "林巧", "reader");
    let borrower = signed_in(&borrowing, "BJFU", "S001", "李红", "staff");
    let lender = signed_in(&lending, "PKU", "S001", "王强", "staff");
    let id = submit(&reader, "三国演义");
    let state = |site: &Site| requests(site).first().map(|one| one["state"].as_str().unwrap().to_owned());
    lending.until("the lender has it", |site| state(site).as_deref() == Some("at_centre"));
    borrowing.until("the receipt is there", |site| state(site).as_deref() == Some("at_centre"));
    lender.get("/staff/lending").has("三国演义").lacks("林巧@");
    let theirs = requests(&lending)[0]["id"].as_str().unwrap().to_owned();
    let (lend, borrow) = (format!("/staff/lending/{theirs}"), format!("/staff/requests/{id}"));
    let step = |desk: &Desk<'_>, path: &str, pairs: &[(&str, &str)], expect: &str| {
        desk.done(path, pairs);
        for site in [&borrowing, &lending] {
            site.until(expect, |site| state(site).as_deref() == Some(expect));
        }
    };
    step(&lender, &lend, &[("act", "accept")], "accepted");
    // A librarian asks how it stands, and is told so; nothing moves by that.
    borrower.done(&borrow, &[("act", "ask_status")]);
    let is_told = |site: &Site| {
        let events = requests(site)[0]["events"].clone();
        events.as_array().unwrap().iter().filter(|event| event["event"] == "tell_status").count() == 1
    };
    lending.until("the lender is asked", is_told);
    borrowing.until("the answer is there", is_told);
    borrower.get(&borrow).has("The lender said how it stands");
    lender.get(&lend).lacks("ask_status");
    step(&lender, &lend, &[("act", "ship"), ("due", "2999-01-31"), ("barcodes", "00123")], "shipped");
    borrower.get(&borrow).has("00123").has("2999-01-31");
    step(&borrower, &borrow, &[("act", "receive")], "received");
    // The lender hears of no check-out, and renews all the same.
    borrower.done(&borrow, &[("act", "check_out")]);
    borrower.done(&borrow, &[("act", "ask_renew")]);
    let due = |site: &Site| requests(site)[0]["due"].as_str().map(str::to_owned);
    lending.until("the renewal is asked for", |_| lender.get(&lend).body.contains("grant_renew"));
    lender.done(&lend, &[("act", "grant_renew"), ("due", "2999-02-28")]);
    borrowing.until("the new day is there", |site| due(site).as_deref() == Some("2999-02-28"));
    borrower.done(&borrow, &[("act", "return")]);
    borrowing.until("it is on its way back", |site| state(site).as_deref() == Some("returning"));
    lending.until("the lender knows", |site| state(site).as_deref() == Some("returning"));
    step(&lender, &lend, &[("act", "check_in")], "completed");
    // The centre that speaks ISO 18626 was there all the time.
    assert_eq!(finding(&borrowing, "centre")["ok"], true, "{}", finding(&borrowing, "centre"));
    // Nothing went twice.
    assert_eq!((requests(&borrowing).len(), requests(&lending).len()), (1, 1));
}

fn finding(site: &Site, check: &str) -> serde_json::Value {
    let output = crate::site::lianmu(site.data()).args(["doctor", "--json"]).output().unwrap();
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    findings.into_iter().find(|finding| finding["check"] == check).unwrap()
}

/// A peer's address: keeps what comes, confirms it, and breaks down once at the first message. It takes no `Cancel`.
struct FakePeer {
    port: u16,
    taken: Arc<Mutex<Vec<String>>>,
}

impl FakePeer {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = Self { port: listener.local_addr().unwrap().port(), taken: Arc::default() };
        let taken = Arc::clone(&peer.taken);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let body = body_of(&mut stream);
                let answer = if body.is_empty() {
                    "HTTP/1.1 405 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
                } else {
                    taken.lock().unwrap().push(body.clone());
                    confirmed(&body, taken.lock().unwrap().len() == 1)
                };
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        peer
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/iso18626", self.port)
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }
}

fn body_of(stream: &mut TcpStream) -> String {
    let (mut reader, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn confirmed(message: &str, breaks: bool) -> String {
    if breaks {
        return "HTTP/1.1 503 Away\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned();
    }
    let text = |element: &str| {
        let (_, rest) = message.split_once(&format!("<{element}>")).unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    let kinds = ["request", "supplyingAgencyMessage", "requestingAgencyMessage"];
    let kind = kinds.into_iter().find(|kind| message.contains(&format!("<{kind}>"))).unwrap();
    let (status, error) = match message.contains("<action>Cancel<") {
        true => ("ERROR", "<errorData><errorType>UnsupportedActionType</errorType></errorData>"),
        false => ("OK", ""),
    };
    let body = format!(
        "<ISO18626Message xmlns=\"{NAMESPACE}\" xmlns:ill=\"{NAMESPACE}\" ill:version=\"1.2\">\
         <{kind}Confirmation><confirmationHeader><timestamp>2026-11-29T12:00:00Z</timestamp>\
         <requestingAgencyRequestId>{}</requestingAgencyRequestId><timestampReceived>{}</timestampReceived>\
         <messageStatus>{status}</messageStatus></confirmationHeader>{error}</{kind}Confirmation></ISO18626Message>",
        text("requestingAgencyRequestId"),
        text("timestamp")
    );
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

/// A machine that a peer asks, at whose own address it is told.
fn asked_by(peer: &FakePeer, head: &str, tail: &str) -> Site {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("peer.secret"), "三十六计\n").unwrap();
    let config = format!(
        "{head}\n[[peer]]\nlibrary = \"THU\"\nagency_type = \"LIANMU\"\nagency = \"CN-THU\"\nurl = \"{}\"\n\
         secret_file = \"peer.secret\"\naddresses = [\"127.0.0.0/8\"]\n{tail}",
        peer.url()
    );
    Site::at(data, &config, free_port())
}

#[test]
fn a_peer_is_told_at_its_own_address_whatever_this_machine_is() {
    // Nobody is there, and nothing of this must go there.
    let central = format!("[central]\nkind = \"iso18626\"\nurl = \"http://127.0.0.1:{}/iso\"", free_port());
    for (role, more) in [("hub", ""), ("standalone", ""), ("branch", central.as_str())] {
        let peer = FakePeer::new();
        let lending = asked_by(&peer, &format!("role = \"{role}\"\nlibrary = \"PKU\"\n{more}"), "");
        // An account of the peer's library on this machine takes nothing away from the peer.
        let _ = signed_in(&lending, "THU", "S002", "张兰", "staff");
        let lender = signed_in(&lending, "PKU", "S001", "王强", "staff");
        let ask = message("CN-THU", "PKU", "三十六计", "r1", BOOK, "request");
        post(&lending, "application/xml", ask.as_bytes()).has("<messageStatus>OK</messageStatus>");
        let id = requests(&lending)[0]["id"].as_str().unwrap().to_owned();
        let lend = format!("/staff/lending/{id}");
        lender.done(&lend, &[("act", "accept")]);
        lender.done(&lend, &[("act", "ship"), ("due", "2999-01-31"), ("barcodes", "00123")]);
        let queue = |site: &Site| {
            let output = crate::site::lianmu(site.data()).args(["queue", "list", "--json"]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        lending.until("both reports are delivered", |site| queue(site).matches("\"delivered\"").count() == 2);
        let taken = peer.taken();
        assert_eq!(taken.len(), 3, "{role}: {taken:?}");
        assert_eq!(finding(&lending, "keys")["ok"], true, "{role}: {}", finding(&lending, "keys"));
        assert_eq!(taken[0], taken[1], "{role}: after a breakdown the same bytes");
        assert!(taken[1].contains("<status>WillSupply<"), "{role}: {}", taken[1]);
        for part in ["<status>Loaned<", "2999-01-31T23:59:59+08:00", ">CN-THU<", ">PKU<", ">r1<"] {
            assert!(taken[2].contains(part), "{role}: {part} in {}", taken[2]);
        }
    }
}

#[test]
fn a_hub_of_no_library_takes_requests_for_the_libraries_of_its_desks() {
    let peer = FakePeer::new();
    let hub = asked_by(&peer, "role = \"hub\"", "");
    let ask = |id: &str, supplier: &str| {
        let text = message("CN-THU", supplier, "三十六计", id, BOOK, "request");
        post(&hub, "application/xml", text.as_bytes())
    };
    ask("r1", "PKU").has("supplying agency not found");
    let lender = signed_in(&hub, "PKU", "S001", "王强", "staff");
    ask("r2", "PKU").has("<messageStatus>OK</messageStatus>");
    ask("r3", "THU").has("supplying agency not found");
    let id = requests(&hub)[0]["id"].as_str().unwrap().to_owned();
    lender.done(&format!("/staff/lending/{id}"), &[("act", "accept")]);
    hub.until("the peer is told", |_| peer.taken().len() == 2);
    let told = peer.taken();
    assert!(told[1].contains(">PKU<") && told[1].contains("<status>WillSupply<"), "{}", told[1]);
}

#[test]
fn a_withdrawal_that_a_peer_does_not_take_is_said_to_reader_and_staff() {
    let peer = FakePeer::new();
    let head = format!("library = \"BJFU\"\n[central]\nkind = \"iso18626\"\nurl = \"{}\"", peer.url());
    let borrowing = asked_by(&peer, &head, "");
    let reader = signed_in(&borrowing, "BJFU", "R001", "林巧", "reader");
    let borrower = signed_in(&borrowing, "BJFU", "S001", "李红", "staff");
    let id = submit(&reader, "三国演义");
    let state = |site: &Site| requests(site)[0]["state"].as_str().unwrap().to_owned();
    borrowing.until("the receipt is there", |site| state(site) == "at_centre");
    for n in [1, 2] {
        reader.post(&format!("/me/requests/{id}"), &[("act", "withdraw")]);
        borrowing.until("the no is there", |site| {
            let n_answers = |event: &&serde_json::Value| event["event"] == "answer_cancel";
            requests(site)[0]["events"].as_array().unwrap().iter().filter(n_answers).count() == n
        });
        assert_eq!(state(&borrowing), "at_centre", "it goes on, and may be withdrawn again");
    }
    reader.get("/me/messages").has("did not accept the withdrawal").has("UnsupportedActionType");
    borrower.get("/staff/requests").has("the other side did not take the last message");
    borrower.get(&format!("/staff/requests/{id}")).has("Not granted: the other side did not take");
}
