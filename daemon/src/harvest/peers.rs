//! Fetchers against servers that this project did not write, on loopback. A test whose peer is not installed
//! says so and passes, or fails where `LIANMU_PEERS=required`; `LIANMU_PYTHON` names a Python that has pyoai.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests may panic, and say what they skip")]

#[path = "../../tests/peers/nginx.rs"]
mod nginx;
#[path = "../../tests/peers/running.rs"]
mod running;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use indexer::archive::{ImportMode, RecordKey};

use nginx::nginx;
use running::{Running, skip};

use super::trial::{Dice, Trial, rounds, source};
use super::{Fetched, HttpFetcher, OaiFetcher};
use crate::settings::SourceKind;

fn pyoai() -> Option<(Running, String)> {
    let python = std::env::var("LIANMU_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let can = Command::new(&python).args(["-c", "import oaipmh.server"]).stderr(Stdio::null()).status();
    if !can.is_ok_and(|status| status.success()) {
        skip(&format!("{python} has no pyoai (pip install pyoai)"));
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/pyoai_provider.py");
    let child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut port = String::new();
    BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    Some((running, format!("http://127.0.0.1:{}/oai", port.trim())))
}

#[test]
fn pyoai_is_harvested_whole_and_in_deltas() {
    let Some((_running, url)) = pyoai() else { return };
    let mut source = source(SourceKind::Oai, &url);
    source.mode = ImportMode::Delta;
    let mut trial = Trial::new();
    let fetched = trial.fetch(&mut OaiFetcher::new(&source)).unwrap();
    assert!(fetched.complete && fetched.reason.is_none(), "{:?}", fetched.reason);
    assert_eq!(fetched.deleted.len(), 9);
    let keys = keys_in(&fetched);
    assert_eq!(keys.len(), 51);
    assert!(keys.contains(&RecordKey::of_control_number("000042").unwrap()));
    trial.settle(&fetched);
    let nothing = trial.fetch(&mut OaiFetcher::new(&source)).unwrap();
    assert!(nothing.complete && nothing.files.is_empty(), "{:?}", nothing.reason);
}

#[test]
fn pyoai_behind_a_line_that_breaks() {
    let Some((_running, url)) = pyoai() else { return };
    let behind = url.trim_start_matches("http://").trim_end_matches("/oai").to_owned();
    let proxy = breaking_proxy(behind, 20_000);
    let source = source(SourceKind::Oai, &format!("http://{proxy}/oai"));
    for _ in 0..rounds(20, 2) {
        let trial = Trial::new();
        let fetched = (0..5).map(|_| trial.fetch(&mut OaiFetcher::new(&source))).find_map(|fetched| {
            let fetched = fetched.ok()?;
            fetched.complete.then_some(fetched)
        });
        let fetched = fetched.unwrap();
        assert_eq!((keys_in(&fetched).len(), fetched.deleted.len()), (51, 9));
    }
}

fn keys_in(fetched: &Fetched) -> Vec<RecordKey> {
    let met = fetched
        .files
        .iter()
        .flat_map(|file| indexer::pipeline::record_keys(std::fs::File::open(file).unwrap()).unwrap());
    met.map(|met| met.key.unwrap()).collect()
}

#[test]
fn nginx_serves_a_file_through_cuts() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("www");
    std::fs::create_dir(&root).unwrap();
    let Some((_running, address)) = nginx(folder.path(), &root) else { return };
    let body: Vec<u8> = (0u32..2_000_000).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    std::fs::write(root.join("北林.iso"), &body).unwrap();
    let n_cuts = u64::from(rounds(200, 20));
    let proxy = breaking_proxy(address.clone(), 2 * body.len() as u64 / n_cuts);
    let mut trial = Trial::new();
    let mut through = HttpFetcher::new(&source(SourceKind::Http, &format!("http://{proxy}/北林.iso")));
    let fetched = trial.fetch(&mut through).unwrap();
    assert!(fetched.complete, "{:?}", fetched.reason);
    assert!(std::fs::read(&fetched.files[0]).unwrap() == body, "the bytes differ");
    trial.settle(&fetched);
    let mut direct = HttpFetcher::new(&source(SourceKind::Http, &format!("http://{address}/北林.iso")));
    let again = trial.fetch(&mut direct).unwrap();
    assert!(again.complete && again.files.is_empty() && again.bytes == 0);
}

/// Hands bytes on in both directions and cuts each connection after a random number of the answer's bytes.
fn breaking_proxy(behind: String, most: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut dice = Dice(0xC07);
        for client in listener.incoming().map_while(Result::ok) {
            let left = dice.below(most);
            let Ok(server) = TcpStream::connect(&behind) else { return };
            std::thread::spawn(move || hand_on(client, server, left));
        }
    });
    address
}

fn hand_on(mut client: TcpStream, mut server: TcpStream, mut left: u64) {
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
    });
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = server.read(&mut buffer) {
        let n = n.min(usize::try_from(left).unwrap_or(n));
        left -= n as u64;
        if n == 0 || client.write_all(&buffer[..n]).is_err() || left == 0 {
            break;
        }
    }
    let _ = client.shutdown(std::net::Shutdown::Both);
    let _ = server.shutdown(std::net::Shutdown::Both);
}
