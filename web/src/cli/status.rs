//! `lianmu status`: how sources, libraries and the catalogue fare; it runs beside a daemon and changes nothing.

use daemon::central::Worry;
use daemon::freshness::{self, Freshness};
use daemon::settings::{CentralKind, Role, Settings};
use daemon::store::{Branch, Hold, Store};
use daemon::sync::status;
use indexer::archive::Archive;
use indexer::index::manifest_in_force;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Global, Outcome, sources};
use crate::wire::snapshot::SnapshotStatus;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let settings = super::settings(global)?;
    let now = Timestamp::now();
    let is_there = global.data.join("state.db").is_file();
    let holds = if is_there { Store::open(&global.data)?.open_holds()? } else { Vec::new() };
    let sources: Vec<Value> = sources::statuses(global)?.iter().map(sources::document).collect();
    let document = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "role": settings.role.name(),
        "daemon": daemon::lock::daemon_runs(&global.data)?,
        "generation": generation(global),
        "reviews": reviews(global, &settings),
        "snapshot": status::of(&global.data, now)?.map(|fares| SnapshotStatus::new(&fares, now)),
        "libraries": libraries(global, &settings, now)?,
        "sources": sources,
        "held": holds.iter().map(hold_document).collect::<Vec<Value>>(),
        "central": central(global, &settings, is_there)?,
        "branches": if is_there && settings.role == Role::Hub { branches(global, now)? } else { Vec::new() },
    });
    if args.json {
        println!("{document}");
    } else {
        print(&document);
    }
    Ok(Outcome::Done)
}

// Whom this machine sends requests to, and what waits for that.
fn central(global: &Global, settings: &Settings, is_there: bool) -> anyhow::Result<Value> {
    let mut document = json!({"kind": settings.central.kind.name(), "last_contact": null, "waiting": 0});
    if is_there {
        let store = Store::open(&global.data)?;
        let (machine, depths) = (store.machine()?, store.depths()?);
        let waiting = || depths.iter().filter(|depth| depth.delivery.is_waiting());
        let contact = machine.last_contact.filter(|_| settings.central.kind != CentralKind::None);
        document["last_contact"] = json!(contact.map(|at| at.to_string()));
        document["trouble"] = json!(machine.trouble);
        document["waiting"] = json!(waiting().map(|depth| depth.n).sum::<u32>());
        document["oldest"] = json!(waiting().map(|depth| depth.oldest).min().map(|at| at.to_string()));
    }
    Ok(document)
}

fn branches(global: &Global, now: Timestamp) -> anyhow::Result<Vec<Value>> {
    let newest = generation(global);
    let document = |branch: &Branch| {
        let worry = Worry::of(branch, newest.as_deref(), now).map(|worry| worry.to_string());
        json!({
            "library": branch.library.as_str(), "generation": branch.fares.generation,
            "last_contact": branch.last_contact.map(|at| at.to_string()), "bytes_fetched": branch.fares.bytes,
            "trouble": worry,
        })
    };
    Ok(Store::open(&global.data)?.branches()?.iter().map(document).collect())
}

fn hold_document(hold: &Hold) -> Value {
    json!({"run": hold.run, "library": hold.library, "mode": hold.mode, "reason": hold.reason, "since": hold.held.to_string()})
}

fn generation(global: &Global) -> Option<String> {
    let name = std::fs::read_to_string(global.data.join("catalogue").join("current")).ok()?;
    Some(name.trim().to_owned())
}

// Entries that the rules leave to a person. Those of a branch are settled at its hub.
fn reviews(global: &Global, settings: &Settings) -> Option<usize> {
    let is_ours = settings.role != Role::Branch;
    let manifest = is_ours.then(|| manifest_in_force(&global.data.join("catalogue"))).flatten()?;
    Some(manifest.union.reviews.len())
}

fn libraries(global: &Global, settings: &Settings, now: Timestamp) -> anyhow::Result<Vec<Value>> {
    let archive = Archive::open(&global.data)?;
    let mut libraries = Vec::new();
    for Freshness { library, as_of, last_try, state, reason, .. } in
        freshness::of_all(&global.data, settings, now)?
    {
        let records = archive.library(&library)?.stamp()?.map_or(0, |stamp| stamp.n_records);
        let last_try = last_try.map(|time| time.to_string());
        libraries.push(json!({
            "code": library.as_str(), "as_of": as_of, "last_try": last_try, "state": state, "reason": reason,
            "records": records,
        }));
    }
    Ok(libraries)
}

fn print(document: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    println!(
        "{}, generation {}, {}",
        text(&document["role"]),
        text(&document["generation"]),
        if document["daemon"] == true { "a daemon runs" } else { "no daemon runs" }
    );
    if let Some(n) = document["reviews"].as_u64().filter(|n| *n > 0) {
        println!("left to a person: {n}, see `lianmu cluster review`");
    }
    let central = &document["central"];
    println!(
        "centre: {}, answered last {}, {} messages wait{}",
        text(&central["kind"]),
        text(&central["last_contact"]),
        central["waiting"],
        central["oldest"].as_str().map(|at| format!(" since {at}")).unwrap_or_default()
    );
    let snapshot = &document["snapshot"];
    if snapshot.is_object() {
        let [source, published, freshness, state] =
            ["source", "published_at", "freshness", "state"].map(|key| text(&snapshot[key]));
        println!("catalogue of {published} from {source}: {freshness}, {state}");
        let [fetched, near] = ["bytes_fetched", "bytes_from_neighbours"].map(|key| &snapshot[key]);
        println!("  {fetched} bytes came from there, {near} bytes from neighbours");
        if let Some(reason) = snapshot["reason"].as_str() {
            println!("  {reason}");
        }
    }
    for branch in document["branches"].as_array().into_iter().flatten() {
        let [library, generation, heard, trouble] =
            ["library", "generation", "last_contact", "trouble"].map(|key| text(&branch[key]));
        println!("branch {library}: generation {generation}, heard from {heard}, trouble: {trouble}");
    }
    for library in document["libraries"].as_array().into_iter().flatten() {
        println!(
            "{}: {} records, as of {}",
            text(&library["code"]),
            library["records"],
            text(&library["as_of"])
        );
    }
    document["sources"].as_array().into_iter().flatten().for_each(sources::print);
    for hold in document["held"].as_array().into_iter().flatten() {
        println!("held: {} of {}: {}", text(&hold["run"]), text(&hold["library"]), text(&hold["reason"]));
    }
}
