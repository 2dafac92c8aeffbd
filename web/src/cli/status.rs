//! `lianmu status`: how sources, libraries and the catalogue fare; it runs beside a daemon and changes nothing.

use daemon::alert;
use daemon::health::Health;
use daemon::settings::Source;
use daemon::store::{Hold, SourceRow, Store};
use indexer::archive::Archive;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let settings = super::settings(global)?;
    let now = Timestamp::now();
    let (mut healths, mut rows, mut holds) = (Vec::new(), Vec::new(), Vec::new());
    if global.data.join("state.db").is_file() {
        let store = Store::open(&global.data)?;
        healths = alert::healths(&store, &settings.sources, now)?;
        rows = store.source_rows()?;
        holds = store.open_holds()?;
    }
    let sources: Vec<Value> = settings
        .sources
        .iter()
        .enumerate()
        .map(|(n, source)| source_document(source, healths.get(n), &rows))
        .collect();
    let document = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "role": settings.role.name(),
        "daemon": daemon::lock::daemon_runs(&global.data)?,
        "generation": generation(global),
        "libraries": libraries(global)?,
        "sources": sources,
        "held": holds.iter().map(hold_document).collect::<Vec<Value>>(),
    });
    if args.json {
        println!("{document}");
    } else {
        print(&document);
    }
    Ok(Outcome::Done)
}

fn source_document(source: &Source, health: Option<&Health>, rows: &[SourceRow]) -> Value {
    let row = rows.iter().find(|row| row.source == source.id);
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "source": source.id.as_str(),
        "library": source.library.as_str(),
        "kind": source.kind.name(),
        "location": source.shown(),
        "state": health.map_or("new", |health| health.state),
        "reason": health.and_then(|health| health.reason.clone()),
        "last_try": time(row.and_then(|row| row.last_try)),
        "last_good": time(row.and_then(|row| row.last_good)),
        "last_run": row.and_then(|row| row.last_run.clone()),
    })
}

fn hold_document(hold: &Hold) -> Value {
    json!({"run": hold.run, "library": hold.library, "mode": hold.mode, "reason": hold.reason, "since": hold.held.to_string()})
}

fn generation(global: &Global) -> Option<String> {
    let name = std::fs::read_to_string(global.data.join("catalogue").join("current")).ok()?;
    Some(name.trim().to_owned())
}

fn libraries(global: &Global) -> anyhow::Result<Vec<Value>> {
    let archive = Archive::open(&global.data)?;
    let mut libraries = Vec::new();
    for code in archive.libraries()? {
        let library = archive.library(&code)?;
        let records = library.stamp()?.map_or(0, |stamp| stamp.n_records);
        libraries.push(json!({"code": code.as_str(), "as_of": library.as_of(), "records": records}));
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
    for library in document["libraries"].as_array().into_iter().flatten() {
        println!(
            "{}: {} records, as of {}",
            text(&library["code"]),
            library["records"],
            text(&library["as_of"])
        );
    }
    for source in document["sources"].as_array().into_iter().flatten() {
        println!(
            "{} from {}: {}, last try {}, last good {}",
            text(&source["library"]),
            text(&source["location"]),
            text(&source["state"]),
            text(&source["last_try"]),
            text(&source["last_good"])
        );
        if let Some(reason) = source["reason"].as_str() {
            println!("  {reason}");
        }
    }
    for hold in document["held"].as_array().into_iter().flatten() {
        println!("held: {} of {}: {}", text(&hold["run"]), text(&hold["library"]), text(&hold["reason"]));
    }
}
