//! `lianmu sources`: the configured sources, one by one: listed, run, paused.

use daemon::jobs::{Answer, Request};
use daemon::sources::{self, SourceStatus};
use daemon::store::Store;
use indexer::pipeline::Progress;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::progress::Bars;
use super::{Global, Outcome, harvest};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List the configured sources with their names, and how each fares.
    List {
        /// Print one line of JSON a source.
        #[arg(long)]
        json: bool,
    },
    /// Run one source now, paused or not.
    Run {
        /// Name of the source.
        #[arg(value_name = "NAME")]
        source: String,
        /// Print each run as a line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let a source rest: no schedule and no arrival runs it until it is resumed.
    Pause {
        /// Name of the source.
        #[arg(value_name = "NAME")]
        source: String,
    },
    /// Let a paused source go on.
    Resume {
        /// Name of the source.
        #[arg(value_name = "NAME")]
        source: String,
    },
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    match args.action {
        Action::List { json } => {
            for status in statuses(global)? {
                let document = document(&status);
                if json {
                    println!("{document}");
                } else {
                    print(&document);
                }
            }
            Ok(Outcome::Done)
        }
        Action::Run { source, json } => {
            let request = Request::Harvest { libraries: Vec::new(), sources: vec![source] };
            let bars = Bars::new("harvest");
            let progress: &dyn Progress = &bars;
            let Answer::Harvested { runs } = super::submit(global, request, progress)? else {
                anyhow::bail!("the daemon gave an answer to another question");
            };
            harvest::told(&runs, json)
        }
        Action::Pause { source } => pause(global, &source, true),
        Action::Resume { source } => pause(global, &source, false),
    }
}

fn pause(global: &Global, name: &str, paused: bool) -> anyhow::Result<Outcome> {
    sources::pause(&global.data, &super::settings(global)?, name, paused, Timestamp::now())?;
    println!("{name} {}", if paused { "rests" } else { "goes on" });
    Ok(Outcome::Done)
}

/// All sources of the configuration; without a `state.db` nothing is known of them, and none is made.
pub(super) fn statuses(global: &Global) -> anyhow::Result<Vec<SourceStatus>> {
    let is_there = global.data.join("state.db").is_file();
    let store = is_there.then(|| Store::open(&global.data)).transpose()?;
    Ok(sources::list(store.as_ref(), &super::settings(global)?, Timestamp::now())?)
}

/// One source as JSON.
pub(super) fn document(status: &SourceStatus) -> Value {
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    let known = status.known.as_ref();
    json!({
        "source": status.source.id.as_str(),
        "library": status.source.library.as_str(),
        "kind": status.source.kind.name(),
        "location": status.source.shown(),
        "schedule": status.source.schedule,
        "state": status.health.state,
        "reason": status.health.reason,
        "paused": known.is_some_and(|row| row.paused),
        "running": status.running.as_ref().map(|run| run.run.clone()),
        "next_run": time(status.next_run),
        "last_try": time(known.and_then(|row| row.last_try)),
        "last_good": time(known.and_then(|row| row.last_good)),
        "last_run": known.and_then(|row| row.last_run.clone()),
    })
}

/// One source in words.
pub(super) fn print(source: &Value) {
    let text = |key: &str| source[key].as_str().unwrap_or("-").to_owned();
    println!(
        "{}: {} from {}: {}, last try {}, last good {}, next {}",
        text("source"),
        text("library"),
        text("location"),
        text("state"),
        text("last_try"),
        text("last_good"),
        text("next_run")
    );
    if let Some(reason) = source["reason"].as_str() {
        println!("  {reason}");
    }
}
