//! ISO 18626 over HTTP: who is let in, what is refused, and a loan between two machines that know each other by it
//! alone.

use std::net::TcpListener;

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
    borrower.done(&borrow, &[("act", "return")]);
    borrowing.until("it is on its way back", |site| state(site).as_deref() == Some("returning"));
    lending.until("the lender knows", |site| state(site).as_deref() == Some("returning"));
    step(&lender, &lend, &[("act", "check_in")], "completed");
    // Nothing went twice.
    assert_eq!((requests(&borrowing).len(), requests(&lending).len()), (1, 1));
}
