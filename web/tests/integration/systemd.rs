//! The program as a service: what systemd hears, what a probe and a monitor see, how it stops.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::site::{Site, lianmu};

#[test]
fn systemd_hears_that_it_is_ready_lives_and_stops() {
    let data = tempfile::tempdir().unwrap();
    let socket = UnixDatagram::bind(data.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut child = lianmu(data.path())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("NOTIFY_SOCKET", data.path().join("notify"))
        .env("WATCHDOG_USEC", "1000000")
        .env("LIANMU_LOG", "info")
        .env("LIANMU_LOG_FORMAT", "json")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut heard = Vec::new();
    let mut hear_until = |word: &str| {
        while heard.iter().filter(|heard| *heard == word).count() < 1 {
            let mut bytes = [0; 64];
            let n = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{word} was not heard: {error}"));
            heard.push(String::from_utf8_lossy(&bytes[..n]).into_owned());
        }
    };
    hear_until("READY=1");
    hear_until("WATCHDOG=1");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    hear_until("STOPPING=1");
    let stderr = child.stderr.take().unwrap();
    assert!(child.wait().unwrap().success(), "a stop that was asked for is no failure");
    // What is no event is said to a person.
    let lines =
        BufReader::new(stderr).lines().map(Result::unwrap).filter(|line| !line.starts_with("lianmu: "));
    let events: Vec<serde_json::Value> = lines
        .map(|line| serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line} is no JSON")))
        .collect();
    assert!(events.iter().any(|event| event["message"] == "the daemon is running"), "{events:?}");
    assert!(events.iter().all(|event| event["timestamp"].is_string() && event["level"].is_string()));
}

#[test]
fn a_monitor_sees_states_and_days() {
    let site = Site::empty();
    assert_eq!((site.get("/healthz").status, site.get("/readyz").status), (200, 503));
    let file = site.data().join("export.xml");
    let record = "<record><leader>00000nam0 2200000   450 </leader><controlfield tag=\"001\">1</controlfield>\
                  <datafield tag=\"200\" ind1=\"1\" ind2=\" \"><subfield code=\"a\">红楼梦</subfield></datafield>\
                  </record>";
    std::fs::write(&file, format!("<collection>{record}</collection>")).unwrap();
    let import = lianmu(site.data()).args(["import", "--library", "BJFU", "export.xml"]).output().unwrap();
    assert_eq!(import.status.code(), Some(0), "{import:?}");
    site.until("readiness", |site| site.get("/readyz").status == 200);
    site.until("the state", |site| {
        site.get("/metrics").body.contains("lianmu_library_state{library=\"BJFU\",state=\"ok\"} 1")
    });
    site.get("/metrics")
        .has("lianmu_records{library=\"BJFU\"} 1")
        .has("lianmu_library_last_try_timestamp_seconds{library=\"BJFU\"} ")
        .has("lianmu_library_as_of_timestamp_seconds{library=\"BJFU\"} ")
        .has("process_resident_memory_bytes ");
}
