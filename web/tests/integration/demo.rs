//! The day of a consortium, as `make demo-consortium` tells it, with few works.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::site::lianmu;

#[test]
fn a_hub_and_two_branches_live_through_a_day() {
    let data = tempfile::tempdir().unwrap();
    let day = ["demo", "--consortium", "--once", "--works", "60", "--listen", "127.0.0.1:0"];
    // The second start finds everything as the first one left it.
    for start in 1..=2 {
        let output = lianmu(data.path()).args(day).stdin(Stdio::null()).output().unwrap();
        let (said, errors) = (String::from_utf8(output.stdout).unwrap(), output.stderr);
        let errors = String::from_utf8_lossy(&errors);
        assert!(output.status.success(), "start {start}: {said}{errors}");
        println!("{said}");
        let has = |what: &str, text: &str| {
            let mut lines = said.lines().filter(|line| line.split_whitespace().next() == Some(what));
            assert!(lines.any(|line| line.contains(text)), "{what}: {text} is missing in\n{said}{errors}");
        };
        has("hub", "bytes published");
        ["BJFU", "PKU"].iter().for_each(|branch| has(branch, "bytes fetched"));
        has("night", "BJFU took the night by packs");
        has("night", "PKU took the night by packs");
        has("cut", "(queued)");
        has("heal", "the hub has the request after");
    }
}

#[test]
fn who_is_told_to_stop_in_the_middle_leaves_no_machine_running() {
    let data = tempfile::tempdir().unwrap();
    let day = ["demo", "--consortium", "--works", "60", "--listen", "127.0.0.1:0"];
    let mut command = lianmu(data.path());
    let mut demo = command.args(day).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let hub = data.path().join("consortium/hub");
    let serves = || std::fs::read(hub.join("lock-holder")).is_ok_and(|word| word == b"daemon\n");
    let began = Instant::now();
    while !serves() {
        assert!(began.elapsed() < Duration::from_secs(60), "the hub does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    let own = rustix::process::Pid::from_child(&demo);
    rustix::process::kill_process(own, rustix::process::Signal::TERM).unwrap();
    assert!(!demo.wait().unwrap().success(), "its day has not ended");
    let lock = std::fs::File::open(hub.join("lock")).unwrap();
    assert!(lock.try_lock().is_ok(), "the hub has ended with it");
}
