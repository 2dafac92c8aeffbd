//! Our TUF client behind the command line that the public conformance suite (theupdateframework/tuf-conformance) asks
//! for: `init`, `refresh` and `download`. `make tuf-conformance` runs the suite over it.
//!
//! It adds nothing but files and a line: what is trusted is decided by `indexer::snapshot::tuf`, as in a branch.
#![allow(clippy::print_stderr, reason = "the suite shows what is said here")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indexer::snapshot::tuf::{Client, Expiry, Failure, TargetFile, Time, Trusted};

type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Outcome<()> {
    let (mut options, mut rest) = (BTreeMap::<String, Vec<String>>::new(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.strip_prefix("--") {
            Some(name) => options.entry(name.to_owned()).or_default().extend(arguments.next()),
            None => rest.push(argument),
        }
    }
    let option = |name: &str| -> Outcome<&str> {
        let value = options.get(name).and_then(|values| values.last());
        value.map(String::as_str).ok_or_else(|| format!("--{name} is missing"))
    };
    let dir = PathBuf::from(option("metadata-dir")?);
    match &*rest.iter().map(String::as_str).collect::<Vec<_>>() {
        ["init", root] => {
            let root = fs::read(root).map_err(|cause| cause.to_string())?;
            Client::pinned(&root).map_err(|refusal| refusal.to_string())?;
            write(&dir.join("root.json"), &root)
        }
        ["refresh"] => refreshed(&dir, option("metadata-url")?).map(drop),
        ["download"] => {
            let client = refreshed(&dir, option("metadata-url")?)?;
            let (place, folder) = (option("target-base-url")?, PathBuf::from(option("target-dir")?));
            let names = options.get("target-name").map(Vec::as_slice).unwrap_or_default();
            names.iter().try_for_each(|name| download(&client, place, &folder, name))
        }
        _ => Err("init ROOT, refresh or download".to_owned()),
    }
}

fn refreshed(dir: &Path, place: &str) -> Outcome<Client> {
    let kept = |role: &str| fs::read_to_string(dir.join(format!("{role}.json"))).ok();
    let trusted = Trusted {
        root: kept("root").ok_or("nobody is trusted yet")?,
        timestamp: kept("timestamp"),
        snapshot: kept("snapshot"),
        targets: kept("targets"),
    };
    let mut client = Client::of(&trusted).map_err(|refusal| refusal.to_string())?;
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let now = Time::new(now).ok_or("the clock shows no year of four digits")?;
    let outcome = client.refresh(&now, Expiry::Enforced, &mut |name, most| {
        let name = name.strip_prefix("metadata/").unwrap_or(name);
        get(&format!("{}/{name}", place.trim_end_matches('/')), most)
    });
    keep(dir, &client.trusted())?;
    match outcome {
        Ok(_) => Ok(client),
        Err(Failure::Refused(refusal)) => Err(refusal.to_string()),
        Err(Failure::Carrier(reason)) => Err(reason),
    }
}

fn keep(dir: &Path, trusted: &Trusted) -> Outcome<()> {
    let files = [
        ("root", Some(&trusted.root)),
        ("timestamp", trusted.timestamp.as_ref()),
        ("snapshot", trusted.snapshot.as_ref()),
        ("targets", trusted.targets.as_ref()),
    ];
    for (role, text) in files {
        let path = dir.join(format!("{role}.json"));
        match text {
            Some(text) => write(&path, text.as_bytes())?,
            None if path.exists() => fs::remove_file(&path).map_err(|cause| cause.to_string())?,
            None => {}
        }
    }
    Ok(())
}

fn download(client: &Client, place: &str, folder: &Path, name: &str) -> Outcome<()> {
    let target = client.targets().and_then(|targets| targets.targets.get(name));
    let target: &TargetFile = target.ok_or_else(|| format!("the list names no {name}"))?;
    // No name of a list becomes a path of this disk.
    let path = folder.join(form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>());
    if fs::read(&path).is_ok_and(|bytes| target.check(name, &bytes).is_ok()) {
        return Ok(());
    }
    let hash = target.hashes.get("sha256").or_else(|| target.hashes.values().next());
    let hash = hash.ok_or_else(|| format!("{name} has no hash"))?;
    let (above, last) = name.rsplit_once('/').map_or(("", name), |(above, last)| (above, last));
    let above = if above.is_empty() { String::new() } else { format!("{above}/") };
    let address = format!("{}/{above}{hash}.{last}", place.trim_end_matches('/'));
    let bytes = get(&address, target.length)?.ok_or_else(|| format!("{name} is missing"))?;
    target.check(name, &bytes).map_err(|refusal| refusal.to_string())?;
    write(&path, &bytes)
}

fn get(address: &str, most: u64) -> Outcome<Option<Vec<u8>>> {
    let config = ureq::config::Config::builder().http_status_as_error(false).build();
    let response = ureq::Agent::from(config).get(address).call().map_err(|cause| cause.to_string())?;
    match response.status().as_u16() {
        200 => {}
        403 | 404 => return Ok(None),
        status => return Err(format!("{address} answered {status}")),
    }
    let mut bytes = Vec::new();
    let mut body = response.into_body().into_reader().take(most.saturating_add(1));
    body.read_to_end(&mut bytes).map_err(|cause| cause.to_string())?;
    Ok(Some(bytes))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome<()> {
    fs::write(path, bytes).map_err(|cause| format!("cannot write {}: {cause}", path.display()))
}
