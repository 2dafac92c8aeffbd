//! `lianmu build`: archive → generation.

use std::time::Instant;

use daemon::jobs::{Answer, Request};

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
    let request = Request::Build { full };
    let Answer::Built { mut document } = super::submit(global, request, &Bars::new("build"))? else {
        anyhow::bail!("the daemon gave an answer to another question");
    };
    let seconds = (began.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    document["seconds"] = seconds.into();
    if json {
        println!("{document}");
    } else {
        println!("{}", sentence(&document, seconds));
    }
    Ok(Outcome::Done)
}

fn sentence(document: &serde_json::Value, seconds: f64) -> String {
    let text = |key: &str| document[key].as_str().unwrap_or_default();
    let number = |key: &str| document[key].as_u64().unwrap_or_default();
    if text("state") == "nothing-to-do" {
        return format!(
            "nothing to do: the archives are as they were when generation {} was built",
            text("generation")
        );
    }
    let way = match text("way") {
        "incremental" => format!(
            ", built on the one before ({} entries written, {} taken out)",
            number("entries_written"),
            number("entries_retired")
        ),
        _ => String::new(),
    };
    let reviews = match number("reviews") {
        0 => String::new(),
        n => format!("; left to a person: {n}, see `lianmu cluster review`"),
    };
    format!(
        "generation {} is in force{way}: {} entries from {} records ({} holdings and {} authority records, {} \
         unreadable), {:.1} MB, {seconds:.1} s{reviews}",
        text("generation"),
        number("entries"),
        number("records"),
        number("holdings_records"),
        number("authority_records"),
        number("unreadable"),
        number("bytes") as f64 / 1e6,
    )
}
