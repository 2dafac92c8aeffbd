//! Branches that look for a newer catalogue at their hub: each a connection of its own, at fixed moments.
//!
//! First as on any day, when there is nothing new: the next root, which is not there, and the timestamp. Then as after a
//! night or an outage, when all come within seconds and each takes all lists and the pack of the night.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::load::{at_moments, say};
use crate::machine::{Machine, command, configure};

/// A branch looks so often.
const EVERY: f64 = 900.0;
/// Within so many seconds all come at once.
const RUSH: f64 = 20.0;

pub(crate) fn looks(n_branches: usize, seconds: usize) {
    let folder = tempfile::tempdir().unwrap();
    publish(folder.path());
    let mut hub = Machine::start(folder.path(), "role = \"hub\"\n");
    let (quiet, rush) = paths(folder.path());
    let a_second = n_branches as f64 / EVERY;
    run(&mut hub, "nothing new", (a_second * seconds as f64) as usize, a_second, &quiet);
    run(&mut hub, "all at once", n_branches, n_branches as f64 / RUSH, &rush);
    hub.kill();
}

fn run(hub: &mut Machine, what: &str, n_looks: usize, a_second: f64, paths: &[String]) {
    let n_failed = AtomicUsize::new(0);
    let [looks, files] = [(); 2].map(|()| Mutex::new(Vec::new()));
    let spent = hub.processor_seconds();
    let lasted = at_moments(n_looks, a_second, |_, due| {
        let waits = look(&hub.address, paths);
        n_failed.fetch_add(usize::from(waits.is_none()), Ordering::Relaxed);
        looks.lock().unwrap().push(due.elapsed());
        files.lock().unwrap().extend(waits.unwrap_or_default());
    });
    let (n_failed, spent) = (n_failed.into_inner(), hub.processor_seconds() - spent);
    println!(
        "{what}: {n_looks} looks in {lasted:.1} s, {n_failed} failed; the hub spent {spent:.1} processor seconds"
    );
    say(what, "looks", looks.into_inner().unwrap(), lasted);
    say(what, "files", files.into_inner().unwrap(), lasted);
}

// How long each file took; nothing where one is not as it should be.
fn look(hub: &str, paths: &[String]) -> Option<Vec<Duration>> {
    let stream = TcpStream::connect(hub).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut waits = Vec::new();
    for path in paths {
        let asked = Instant::now();
        let head = format!("GET /repository/{path} HTTP/1.1\r\nHost: {hub}\r\n\r\n");
        reader.get_mut().write_all(head.as_bytes()).ok()?;
        let (mut line, mut length, mut status) = (String::new(), 0, String::new());
        while reader.read_line(&mut line).ok()? > 2 {
            if status.is_empty() {
                status = line.split(' ').nth(1)?.to_owned();
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            line.clear();
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let expected = if path.ends_with(NEXT_ROOT) { "404" } else { "200" };
        if status != expected {
            return None;
        }
        waits.push(asked.elapsed());
    }
    Some(waits)
}

const NEXT_ROOT: &str = "2.root.json";

// What a look asks for where there is nothing new, and where there is a night.
fn paths(hub: &Path) -> (Vec<String>, Vec<String>) {
    let repository = hub.join("repository");
    let newest = |folder: &str, end: &str| {
        let names = std::fs::read_dir(repository.join(folder)).unwrap().map(|item| item.unwrap());
        let all = names.map(|item| (item.metadata().unwrap().modified().unwrap(), item.file_name()));
        let (_, name) = all.filter(|(_, name)| name.to_string_lossy().ends_with(end)).max().unwrap();
        format!("{folder}/{}", name.to_string_lossy())
    };
    let quiet = vec![format!("metadata/{NEXT_ROOT}"), "metadata/timestamp.json".to_owned()];
    let mut rush = quiet.clone();
    rush.extend([
        newest("metadata", ".snapshot.json"),
        newest("metadata", ".targets.json"),
        newest("targets", ".json.zst"),
    ]);
    // The pieces that came last are those of the night; a branch takes the pack of changes and the manifest.
    let mut pieces: Vec<_> = std::fs::read_dir(repository.join("objects"))
        .unwrap()
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|item| item.unwrap())
        .map(|item| (item.metadata().unwrap().modified().unwrap(), item.path()))
        .collect();
    pieces.sort_unstable();
    let last = pieces.iter().rev().take(2);
    rush.extend(last.map(|(_, path)| path.strip_prefix(&repository).unwrap().display().to_string()));
    (quiet, rush)
}

// Two nights of a small catalogue.
fn publish(hub: &Path) {
    configure(hub, "role = \"hub\"\n");
    for (night, numbers) in [0..5_000, 0..200].into_iter().enumerate() {
        let file = hub.join(format!("{night}.xml"));
        std::fs::write(&file, records(night, numbers)).unwrap();
        command(hub, &["import", "--library", "BJFU", "--delta", file.to_str().unwrap()]);
        command(hub, &["build"]);
        if night == 0 {
            command(hub, &["snapshot", "init"]);
        }
        command(hub, &["snapshot", "publish"]);
    }
}

fn records(night: usize, numbers: std::ops::Range<usize>) -> String {
    let mut text = "<collection xmlns=\"http://www.loc.gov/MARC21/slim\">".to_owned();
    for n in numbers {
        let _ = write!(
            text,
            "<record><leader>00000nam a2200000 a 4500</leader><controlfield tag=\"001\">{n}</controlfield><datafield \
             tag=\"245\" ind1=\"1\" ind2=\"0\"><subfield code=\"a\">森林培育学 第{n}册 第{night}版</subfield></datafield></record>"
        );
    }
    text + "</collection>"
}
