//! `lianmu build`: archive → generation.

use std::time::Instant;

use indexer::pipeline::{Built, Way};
use jiff::Timestamp;

use super::progress::Bars;
use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build from scratch even where nothing changed.
    #[arg(long)]
    full: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    build(global, args.full, args.json)
}

/// Builds what changed and says so.
pub(super) fn now(global: &Global) -> anyhow::Result<Outcome> {
    build(global, false, false)
}

fn build(global: &Global, full: bool, json: bool) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let built = daemon::build::build(&global.data, full, Timestamp::now(), &Bars::new("build"))?;
    let seconds = (began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    if json {
        println!("{}", document(&built, seconds));
    } else {
        println!("{}", sentence(&built, seconds));
    }
    Ok(Outcome::Done)
}

fn document(built: &Built, seconds: f64) -> serde_json::Value {
    match built {
        Built::NothingToDo { generation } => serde_json::json!({
            "state": "nothing-to-do", "generation": generation, "seconds": seconds,
        }),
        Built::New { summary, counts, way } => serde_json::json!({
            "state": "ok",
            "way": match way { Way::Full => "full", Way::Delta { .. } => "incremental" },
            "generation": summary.generation,
            "entries": summary.entries,
            "bytes": summary.bytes,
            "records": counts.records,
            "holdings_records": counts.holdings_records,
            "authority_records": counts.authority_records,
            "unreadable": counts.unreadable,
            "seconds": seconds,
        }),
    }
}

fn sentence(built: &Built, seconds: f64) -> String {
    match built {
        Built::NothingToDo { generation } => {
            format!("nothing to do: the archives are as they were when generation {generation} was built")
        }
        Built::New { summary, counts, way } => format!(
            "generation {} is in force{}: {} entries from {} records ({} holdings and {} authority records, {} \
             unreadable), {:.1} MB, {seconds:.1} s",
            summary.generation,
            match way {
                Way::Full => String::new(),
                Way::Delta { retired, written } => {
                    format!(", built on the one before ({written} entries written, {retired} taken out)")
                }
            },
            summary.entries,
            counts.records,
            counts.holdings_records,
            counts.authority_records,
            counts.unreadable,
            summary.bytes as f64 / 1e6,
        ),
    }
}
