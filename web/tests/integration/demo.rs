//! The day of a consortium, as `make demo-consortium` tells it, with few works.

use std::process::Stdio;

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
