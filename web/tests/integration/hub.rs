//! A hub and its branches: enrolled, cut off, put back, and in the end agreed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::machines::{Machine, Pair, copied, copy_into, enrol, until};
use crate::site::lianmu;

#[test]
fn a_branch_enrols_and_its_request_is_at_the_hub() {
    let pair = Pair::new();
    let id = pair.submit("森林培育学").unwrap();
    until("the centre has it", 30, || pair.branch.state_of(&id) == "at_centre");
    assert_eq!(pair.hub.state_of(&id), "at_centre");
    let of_hub = pair.hub.requests();
    assert_eq!(
        (of_hub.len(), &of_hub[0]["library"], &of_hub[0]["title"]),
        (1, &json!("BJFU"), &json!("森林培育学"))
    );
    assert_eq!(pair.branch.queue()[0]["delivery"], "delivered");
    let (_, status) = pair.branch.call("GET", "/api/v1/status", "", "").unwrap();
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["central"]["kind"], "hub");
    assert!(status["central"]["last_contact"].is_string(), "{status}");
    let path = format!("/api/v1/requests/{id}");
    let (_, shown) = pair.branch.call("GET", &path, &pair.token, "").unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let events: Vec<&str> =
        shown["events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["submit", "transmit", "centre_receipt"]);
    // The reader withdraws: that is a message behind it.
    let (status, _) = pair.branch.call("POST", &format!("{path}/cancel"), &pair.token, "").unwrap();
    assert_eq!(status, 200);
    until("the hub knows of the withdrawal", 30, || pair.hub.state_of(&id) == "cancel_pending");
    let letter = &pair.branch.lines(&["queue", "show", "--json", &format!("{id}#2")])[0];
    assert_eq!((&letter["kind"], &letter["letter"]["prev"]), (&json!("cancel"), &json!(1)));
}

#[test]
fn a_broken_stick_keeps_no_other_one_back() {
    let pair = Pair::new();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, broken, good2) = (path("good"), path("broken"), path("good2"));
    for stick in [&good, &good2] {
        let (well, said) = pair.branch.run(&["queue", "export", stick]);
        assert!(well, "{said}");
    }
    std::fs::write(&broken, "no stick").unwrap();
    let import = ["queue", "import", "--json", &good, &broken, &path("absent"), &good2];
    let output = lianmu(pair.hub.data.path()).args(import).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (taken, refused) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(taken.lines().count(), 2, "{taken}");
    assert!(taken.contains(&good2), "{taken}");
    assert!(refused.contains(&broken) && refused.contains("it is no stick of lianmu"), "{refused}");
    assert!(refused.contains("absent"), "{refused}");
}

#[test]
fn a_branch_that_enrolled_before_the_hub_published_is_told_whom_to_trust() {
    let mut pair = Pair::new();
    let trusted = pair.branch.data.path().join("sync/trusted.json");
    assert!(!trusted.exists(), "there is nothing to trust yet");
    let (well, said) = pair.hub.run(&["snapshot", "init"]);
    assert!(well, "{said}");
    // Otherwise it asks when its turn comes, some minutes later.
    pair.branch.kill();
    pair.branch.start();
    until("the branch has the root", 60, || trusted.exists());
    let root = std::fs::read_to_string(pair.hub.data.path().join("repository/metadata/1.root.json")).unwrap();
    let trusted: Value = serde_json::from_slice(&std::fs::read(&trusted).unwrap()).unwrap();
    assert_eq!(trusted["root"], json!(root));
}

#[test]
fn a_code_is_good_once_and_nobody_is_believed_without_a_signature() {
    let pair = Pair::new();
    let code = pair.hub.last_word(&["branch", "enrol", "--library", "PKU"]);
    let url = format!("http://127.0.0.1:{}", pair.hub.port);
    let (well, said) = pair.branch.run(&["enrol", "--hub", &url, "--code", &code]);
    assert!(!well && said.contains("another library"), "{said}");
    let (well, said) = pair.branch.run(&["enrol", "--hub", "http://10.0.0.5", "--code", &code]);
    assert!(!well && said.contains("https:"), "{said}");
    let other = tempfile::tempdir().unwrap();
    let enrol = |data: &Path| {
        let output = lianmu(data).args(["enrol", "--hub", &url, "--code", &code]).output().unwrap();
        output.status.success()
    };
    assert!(enrol(other.path()));
    assert!(enrol(other.path()), "run again after a kill");
    let third = tempfile::tempdir().unwrap();
    assert!(!enrol(third.path()), "another machine has other keys");
    for (method, path) in [("GET", "/api/v1/hub/feed?after=0&mark="), ("POST", "/api/v1/hub/letters")] {
        let mut stream = TcpStream::connect(("127.0.0.1", pair.hub.port)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: x\r\nLianmu-Branch: BJFU\r\nLianmu-Time: 2026-11-30T00:00:00Z\r\n\
             Lianmu-Signature: {}\r\nContent-Length: 2\r\n\r\n{{}}",
            "0".repeat(128)
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 401"), "{answer}");
    }
    let (status, _) = pair.branch.call("GET", "/api/v1/hub/feed", "", "").unwrap();
    assert_eq!(status, 404, "a branch is no hub");
    let (well, said) = pair.branch.run(&["branch", "enrol", "--library", "PKU"]);
    assert!(!well && said.contains("hub"), "{said}");
}

#[test]
fn with_a_long_poll_news_are_there_at_once() {
    let pair = Pair::new();
    let config = "role = \"branch\"\nlibrary = \"PKU\"\n[central]\nwait = 25\n";
    let empty = tempfile::tempdir().unwrap();
    let lends = Machine::new(empty.path(), config);
    enrol(&pair.hub, &lends, "PKU");
    // Whatever its carrier has to ask at the beginning it has asked by then; the next time is in five minutes.
    std::thread::sleep(Duration::from_secs(2));
    let id = pair.submit("长轮询").unwrap();
    until("the lender knows", 40, || lends.state_of(&id) == "at_centre");
    let (status, _) = pair.branch.call("GET", "/api/v1/hub/feed?wait=25", "", "").unwrap();
    assert_eq!(status, 404, "a branch is no hub, and says so at once");
}

#[test]
fn what_waits_goes_at_once_and_what_is_withdrawn_at_home_never_leaves() {
    let mut pair = Pair::new();
    pair.hub.kill();
    // So long after the last word of the hub it is looked for before anything is sent.
    std::thread::sleep(Duration::from_millis(2200));
    let ids: Vec<String> = (0..5).map(|n| pair.submit(&format!("书{n}")).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(ids.iter().all(|id| pair.branch.state_of(id) == "queued"), "a cable that is out sends nothing");
    let (_, _) =
        pair.branch.call("POST", &format!("/api/v1/requests/{}/cancel", ids[0]), &pair.token, "").unwrap();
    assert_eq!(pair.branch.state_of(&ids[0]), "cancelled");
    let (well, said) = pair.branch.run(&["queue", "hold", &ids[1]]);
    assert!(well, "{said}");
    let (well, said) = pair.branch.run(&["queue", "cancel", &ids[2]]);
    assert!(well, "{said}");
    assert_eq!(pair.branch.state_of(&ids[2]), "cancelled");
    let (well, said) = pair.branch.run(&["doctor"]);
    assert!(!well && said.contains("cannot be reached"), "{said}");
    pair.hub.start();
    until("the rest has arrived", 40, || {
        pair.branch.state_of(&ids[3]) == "at_centre" && pair.branch.state_of(&ids[4]) == "at_centre"
    });
    assert_eq!((pair.hub.requests().len(), pair.branch.state_of(&ids[1])), (2, "queued".to_owned()));
    assert!(pair.branch.run(&["queue", "release", &ids[1]]).0);
    until("the held one has arrived", 30, || pair.hub.state_of(&ids[1]) == "at_centre");
    assert_eq!(pair.hub.requests().len(), 3);
    let (well, said) = pair.branch.run(&["queue", "cancel", &ids[1]]);
    assert!(!well && said.contains("delivered"), "{said}");
    // A drill is the same without pulling a cable.
    assert!(pair.branch.run(&["drill", "--minutes", "5"]).0);
    let id = pair.submit("演习").unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(pair.branch.state_of(&id), "queued");
    assert!(pair.branch.run(&["drill", "--minutes", "0"]).0);
    until("the drill is over", 30, || pair.branch.state_of(&id) == "at_centre");
}

#[test]
fn a_directory_put_back_from_an_older_copy_learns_what_it_forgot() {
    let mut pair = Pair::new();
    let first = pair.submit("第一本").unwrap();
    until("the first has arrived", 30, || pair.branch.state_of(&first) == "at_centre");
    pair.branch.kill();
    let image = copied(pair.branch.data.path());
    pair.branch.start();
    let second = pair.submit("第二本").unwrap();
    let cancel = format!("/api/v1/requests/{first}/cancel");
    pair.branch.call("POST", &cancel, &pair.token, "").unwrap();
    until("both are known", 40, || {
        pair.hub.state_of(&second) == "at_centre" && pair.hub.state_of(&first) == "cancel_pending"
    });
    pair.branch.kill();
    std::fs::remove_dir_all(pair.branch.data.path()).unwrap();
    std::fs::create_dir(pair.branch.data.path()).unwrap();
    copy_into(image.path(), pair.branch.data.path());
    assert_eq!(pair.branch.state_of(&second), "none");
    pair.hub.kill();
    pair.branch.start();
    // What it does not remember it asks for again, under a number that was used.
    pair.branch.call("POST", &cancel, &pair.token, "").unwrap();
    pair.hub.start();
    until("it knows again", 60, || {
        pair.branch.state_of(&second) == "at_centre"
            && pair.branch.queue().iter().all(|message| message["delivery"] == "delivered")
    });
    let mut numbers: Vec<u64> = pair
        .branch
        .queue()
        .iter()
        .filter(|message| message["request"] == *first)
        .map(|message| message["n"].as_u64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(pair.branch.state_of(&first), pair.hub.state_of(&first));
    let mine = pair.branch.call("GET", "/api/v1/requests", &pair.token, "").unwrap().1;
    assert!(mine.contains("第二本"), "it is its reader's again: {mine}");
}
