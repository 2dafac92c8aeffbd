//! `lianmu harvest`: the configured sources, now.

use daemon::jobs::{Answer, Request};
use daemon::runs::Run;
use indexer::bib::LibraryCode;

use super::progress::Bars;
use super::{Global, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Code of a member library whose sources are to run; more may be named, none means all.
    #[arg(long, value_name = "CODE")]
    library: Vec<String>,
    /// Run them now, whatever their schedule says. Without a daemon nothing else is possible.
    #[arg(long, required = true)]
    now: bool,
    /// Print each run as a line of JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    let codes: Vec<LibraryCode> = args.library.iter().map(|code| LibraryCode::new(code.as_str())).collect();
    if !super::all_are_members(global, &codes)? {
        return Ok(Outcome::WrongUsage);
    }
    let request = Request::Harvest { libraries: args.library, sources: Vec::new() };
    let Answer::Harvested { runs } = super::submit(global, request, &Bars::new("harvest"))? else {
        anyhow::bail!("the daemon gave an answer to another question");
    };
    told(&runs, args.json)
}

/// Says how the runs went.
pub(super) fn told(runs: &[Run], json: bool) -> anyhow::Result<Outcome> {
    for run in runs {
        if json {
            println!("{}", serde_json::to_string(run)?);
        } else {
            print(run);
        }
    }
    Ok(outcome_of_all(runs))
}

fn print(run: &Run) {
    let Run { library, source, seen, new, changed, same, deleted, rejected, .. } = run;
    println!(
        "{library}: {}, {seen} records seen of {source}: {new} new, {changed} changed, {same} same, {rejected} rejected; \
         {deleted} deleted",
        run.state.name()
    );
    if let Some(reason) = &run.reason {
        println!("  {reason}");
    }
}

// One that failed outweighs one that was held.
fn outcome_of_all(runs: &[Run]) -> Outcome {
    let outcomes: Vec<Outcome> = runs.iter().map(super::outcome_of).collect();
    let worst = [Outcome::Failed, Outcome::DoneWithRejects];
    worst.into_iter().find(|outcome| outcomes.contains(outcome)).unwrap_or(Outcome::Done)
}
