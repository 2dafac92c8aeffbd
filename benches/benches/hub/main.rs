//! What a hub takes: a branch's queue after a month without a line, and the branches of a whole country.
//!
//! `cargo build --release -p web`, then `cargo bench -p benches --bench hub -- burst [REQUESTS]` drains a queue (100,000)
//! from one `lianmu serve` into another, and `-- load [BRANCHES [REQUESTS_A_SECOND [SECONDS]]]` (5,000, 120, 60) calls a
//! hub at fixed moments: every branch asks for its feed each five minutes, as a branch with nothing under way does.
//! `-- looks [BRANCHES [SECONDS]]` (5,000, 60) is what they fetch out of its repository.
//! `LIANMU` names the program.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints and may panic")]

mod branch;
mod load;
mod looks;
mod machine;

use std::path::Path;
use std::time::{Duration, Instant};

use daemon::requests::{Party, RequestForm, RequestId};
use daemon::store::{AccountRole, NewAccount, NewRequest, Store, Submitted};
use indexer::bib::LibraryCode;
use jiff::Timestamp;
use machine::Machine;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |at: usize, usual: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(usual);
    match words.first().map(String::as_str) {
        Some("burst") => burst(number(1, 100_000)),
        Some("looks") => looks::looks(number(1, 5_000), number(2, 60)),
        Some("load") => load::load(number(1, 5_000), number(2, 120), number(3, 60)),
        _ => {
            // As one of all benches: small, so that it is seen to work.
            burst(2_000);
            load::load(200, 20, 5);
            looks::looks(900, 5);
        }
    }
}

/// A form that nothing stands against.
fn form(n: usize) -> RequestForm {
    RequestForm {
        title: format!("森林培育学 第{n}册"),
        year: "2011".into(),
        call_number: "S72/12".into(),
        supplier: "PKU".into(),
        delivery: "courier".into(),
        recipient: "林巧".into(),
        email: "linqiao@example.org".into(),
        ..RequestForm::default()
    }
}

/// Ten bytes that no other number has.
fn bytes(n: usize) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
    bytes
}

fn fill(data: &Path, n_requests: usize) {
    let (store, now, library) = (Store::open(data).unwrap(), Timestamp::now(), LibraryCode::new("BJFU"));
    let new = NewAccount {
        library: "BJFU",
        barcode: "R1",
        code: "R1",
        name: "林巧",
        email: "linqiao@example.org",
        phone: "",
        lang: "",
        role: AccountRole::Reader,
        password: None,
    };
    let account = store.add_account(&new, now).unwrap().unwrap();
    for n in 0..n_requests {
        let new = NewRequest {
            id: RequestId::new(now, bytes(n)),
            number: &format!("BJFU-261130-{n:06}"),
            account,
            library: &library,
            form: &form(n),
            party: Party::Reader,
            key: None,
            is_barred: false,
        };
        assert_eq!(store.submit_request(&new, now).unwrap(), Submitted::New);
    }
}

fn burst(n_requests: usize) {
    let folder = tempfile::tempdir().unwrap();
    let [hub, branch] = ["hub", "branch"].map(|side| folder.path().join(side));
    let mut hub = Machine::start(&hub, "role = \"hub\"\n");
    std::fs::create_dir_all(&branch).unwrap();
    let began = Instant::now();
    fill(&branch, n_requests);
    println!("burst: {n_requests} requests kept in {:.1} s, each synced", began.elapsed().as_secs_f64());
    let code = hub.last_word(&["branch", "enrol", "--library", "BJFU"]);
    let config = "role = \"branch\"\nlibrary = \"BJFU\"\n[policy]\nmax_requests = 0\n";
    machine::configure(&branch, config);
    machine::command(&branch, &["enrol", "--hub", &hub.url(), "--code", &code]);
    let began = Instant::now();
    let mut other = Machine::start(&branch, config);
    let store = Store::open(&branch).unwrap();
    let n_there = || -> usize {
        let depths = store.depths().unwrap();
        depths.iter().filter(|depth| !depth.delivery.is_waiting()).map(|depth| depth.n as usize).sum()
    };
    let mut shown = began;
    while n_there() < n_requests {
        if shown.elapsed() > Duration::from_secs(10) {
            shown = Instant::now();
            println!("  {} after {:.0} s", n_there(), began.elapsed().as_secs_f64());
        }
        assert!(began.elapsed() < Duration::from_secs(1200), "it does not end");
        std::thread::sleep(Duration::from_millis(200));
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "burst: {n_requests} requests at the hub in {seconds:.1} s from the branch's start, {:.0} a second; processor \
         seconds: hub {:.1}, branch {:.1}",
        n_requests as f64 / seconds,
        hub.processor_seconds(),
        other.processor_seconds()
    );
    other.kill();
    hub.kill();
}
