//! `lianmu runs list|show|release|discard|undo`: what was done to the libraries' archives, and how to take it back.

use daemon::jobs::{Answer, Request};
use daemon::runs::{History, Run, WrittenRun};
use daemon::undo::Undone;

use super::progress::Bars;
use super::{Global, Outcome};

/// What was done to the libraries' archives, oldest first, and how to take it back.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// List all runs, oldest first.
    List {
        /// Print one line of JSON a run.
        #[arg(long)]
        json: bool,
    },
    /// Show one run.
    Show {
        /// Name of the run.
        #[arg(value_name = "ID")]
        run: String,
        /// Print the run as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take in what the gate holds back, without asking it again.
    Release {
        /// Name of the held run.
        #[arg(value_name = "ID")]
        run: String,
        /// Print the run that took it in as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Read again what a run had to reject, after a repair of the program.
    ///
    /// What can be read now comes in by a run of its own; a record that came in another way since is left alone.
    Retry {
        /// Name of the run whose rejects are read again.
        #[arg(value_name = "ID")]
        run: String,
        /// Print the run that read them as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Throw away what the gate holds back; what is in force stays in force.
    Discard {
        /// Name of the held run.
        #[arg(value_name = "ID")]
        run: String,
        /// Print what was done as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Bring back what was in force before a run.
    ///
    /// Records, the day as which they count, and a holdings profile that the run guessed go back together; the
    /// next build makes it searchable. Runs of a library are undone in order, the latest first: a run on which
    /// later ones stand is refused, and these are named. What a library was before its last 5 changes is kept.
    /// An undo is a run too: undoing it brings the undone run back. Undoing twice does nothing the second time.
    #[command(verbatim_doc_comment)]
    Undo {
        /// Name of the run.
        #[arg(value_name = "ID")]
        run: String,
        /// Print the run that did it as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(global: &Global, args: Args) -> anyhow::Result<Outcome> {
    match args.action {
        Action::List { json } => list(&read(global)?, json)?,
        Action::Show { run, json } => {
            let history = read(global)?;
            let Some(written) = history.find(&run) else {
                return Err(daemon::Error::NoSuchRun { run }.into());
            };
            if json {
                println!("{}", serde_json::to_string(&written.run)?);
            } else {
                show(&history, written);
            }
        }
        Action::Undo { run, json } => {
            let answer = super::submit(global, Request::Undo { run: run.clone() }, &())?;
            let Answer::Undone { before, run: by } = answer else {
                anyhow::bail!("the daemon gave an answer to another question");
            };
            let undone = if before { Undone::Before(by) } else { Undone::Now(by) };
            report(&run, &undone, json)?;
        }
        Action::Release { run, json } => return taken_in(global, Request::Release { run }, json),
        Action::Retry { run, json } => return taken_in(global, Request::Retry { run }, json),
        Action::Discard { run, json } => {
            super::submit(global, Request::Discard { run: run.clone() }, &())?;
            if json {
                println!("{}", serde_json::json!({"run": run, "discarded": true}));
            } else {
                println!("{run} was discarded; what was in force stays in force");
            }
        }
    }
    Ok(Outcome::Done)
}

fn taken_in(global: &Global, request: Request, json: bool) -> anyhow::Result<Outcome> {
    let Answer::Ran { run, report } = super::submit(global, request, &Bars::new("runs"))? else {
        anyhow::bail!("the daemon gave an answer to another question");
    };
    if json {
        println!("{}", serde_json::to_string(&run)?);
    } else {
        super::import::print_report(global, &run, &report);
    }
    Ok(super::outcome_of(&run))
}

fn read(global: &Global) -> anyhow::Result<History> {
    let history = History::of_all(&global.data)?;
    if history.n_damaged > 0 {
        let n = history.n_damaged;
        eprintln!(
            "lianmu: {n} {} damaged and left out",
            if n == 1 { "line of runs is" } else { "lines of runs are" }
        );
    }
    Ok(history)
}

fn list(history: &History, json: bool) -> anyhow::Result<()> {
    for WrittenRun { run, .. } in &history.runs {
        if json {
            println!("{}", serde_json::to_string(run)?);
            continue;
        }
        let undone = if history.undone_by(&run.run).is_some() { "  (undone)" } else { "" };
        let Run { run: name, mode, source, new, changed, same, deleted, .. } = run;
        let state = run.state.name();
        println!(
            "{name}  {mode:<6}  {state:<14}  {new} new, {changed} changed, {same} same, {deleted} deleted  {source}{undone}"
        );
    }
    Ok(())
}

fn show(history: &History, written: &WrittenRun) {
    let Run { run, library, source, mode, seen, new, changed, same, .. } = &written.run;
    let Run { deleted, repaired, rejected, duplicate, bytes, seconds, reason, .. } = &written.run;
    println!("{run}: {mode} of {source} into {library}: {}", written.run.state.name());
    println!("  {seen} records seen, {:.1} MB, {seconds:.1} s", *bytes as f64 / 1e6);
    println!(
        "  {new} new, {changed} changed, {same} same, {duplicate} duplicate, {rejected} rejected; {deleted} deleted; \
         {repaired} repaired"
    );
    if let Some(reason) = reason {
        println!("  {reason}");
    }
    if let Some(day) = written.effect.as_ref().and_then(|effect| effect.as_of.as_ref()) {
        println!("  the data counts as of {day}");
    }
    if let Some(undo) = history.undone_by(run) {
        println!("  undone by {}", undo.run.run);
    }
}

fn report(name: &str, undone: &Undone, json: bool) -> anyhow::Result<()> {
    let (Undone::Now(run) | Undone::Before(run)) = undone;
    if json {
        println!("{}", serde_json::to_string(run)?);
        return Ok(());
    }
    match undone {
        Undone::Before(run) => println!("{name} is undone already, by {}", run.run),
        Undone::Now(run) => {
            println!("{name} is undone, by {}", run.run);
            println!(
                "  {} records are back, {} as they were before, {} gone",
                run.new, run.changed, run.deleted
            );
            println!("  `lianmu build` makes it searchable; undoing {} brings it back", run.run);
        }
    }
    Ok(())
}
