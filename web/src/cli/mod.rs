//! The command line: one file a subcommand, exit codes of CONTRACT §2, printing allowed only here.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line is where the program speaks"
)]

mod branch;
mod build;
mod cluster;
mod demo;
mod doctor;
mod drill;
mod enrol;
mod entries;
mod explain;
mod harvest;
mod import;
mod library;
mod marc;
mod progress;
mod purchases;
mod queue;
mod record;
mod requests;
mod runs;
mod search;
mod serve;
mod snapshot;
mod sources;
mod status;
mod user;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, Subcommand};
use daemon::clock::SystemClock;
use daemon::jobs::{Answer, Request};
use daemon::runs::{Run, RunState};
use daemon::settings::Settings;
use indexer::bib::{Entry, LibraryCode};
use indexer::library::Members;
use indexer::pipeline::Progress;
use indexer::search::Catalogue;

use crate::error::WebError;
use crate::i18n::Lang;
use crate::state::{App, Open};

/// 联目 Lianmu: the offline union catalogue of a library consortium.
#[derive(Parser)]
#[command(name = "lianmu", version, about)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every subcommand accepts.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Global {
    /// Configuration file.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory.
    #[arg(long, global = true, value_name = "DIR", default_value = "lianmu-data")]
    pub(crate) data: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Invent a consortium, import and build it, serve it; afterwards only serve.
    Demo(demo::Args),
    /// Take a set of files into a library's archive.
    Import(import::Args),
    /// List and show what was done to the libraries' archives, and undo it.
    Runs(runs::Args),
    /// Make a generation of the catalogue of what the archives hold.
    Build(build::Args),
    /// Run the configured sources.
    Harvest(harvest::Args),
    /// List, run and pause the configured sources.
    Sources(sources::Args),
    /// How sources, libraries and the catalogue fare.
    Status(status::Args),
    /// Serve pages and API.
    Serve(serve::Args),
    /// Read any MARC file without a data directory.
    Marc(marc::Args),
    /// Search the catalogue.
    Search(search::Args),
    /// Show one entry of the catalogue.
    Record(record::Args),
    /// Print every entry with its member records, one a line.
    Entries(entries::Args),
    /// Say why the records of an entry are one.
    Explain(explain::Args),
    /// Decide by hand which records are one entry.
    Cluster(cluster::Args),
    /// Make accounts, change their passwords, give them tokens.
    User(user::Args),
    /// List, add or edit member libraries.
    Library(library::Args),
    /// List what readers suggested for purchase.
    Purchases(purchases::Args),
    /// List readers' requests for interlibrary loan.
    Requests(requests::Args),
    /// List the messages that requests have become, hold, release, retry and cancel them.
    Queue(queue::Args),
    /// Let machines become branches of this hub, and list them.
    Branch(branch::Args),
    /// Make this machine a branch of a hub.
    Enrol(enrol::Args),
    /// What is well on this machine and what is not, with the remedy.
    Doctor(doctor::Args),
    /// Take the centre for away for some minutes.
    Drill(drill::Args),
    /// Publish the catalogue into a repository, pull it out of one, choose which generation is in force.
    Snapshot(snapshot::Args),
}

/// How a command ended, as its exit code says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 0
    Done,
    /// 1
    Failed,
    /// 2
    WrongUsage,
    /// 3: done, but something was rejected or is held, and the report says so.
    DoneWithRejects,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::WrongUsage => 2,
            Outcome::DoneWithRejects => 3,
        })
    }
}

/// Parses the command line, runs the subcommand, turns its end into an exit code.
pub(crate) fn run() -> ExitCode {
    leave_where_nobody_reads();
    let cli = Cli::parse();
    let global = cli.global;
    let outcome = match cli.command {
        Command::Demo(args) => demo::run(&global, args),
        Command::Import(args) => import::run(&global, args),
        Command::Runs(args) => runs::run(&global, args),
        Command::Build(args) => build::run(&global, args),
        Command::Harvest(args) => harvest::run(&global, args),
        Command::Sources(args) => sources::run(&global, args),
        Command::Status(args) => status::run(&global, args),
        Command::Serve(args) => serve::run(&global, args),
        Command::Marc(args) => marc::run(&global, args),
        Command::Search(args) => search::run(&global, args),
        Command::Record(args) => record::run(&global, args),
        Command::Entries(args) => entries::run(&global, args),
        Command::Explain(args) => explain::run(&global, args),
        Command::Cluster(args) => cluster::run(&global, args),
        Command::User(args) => user::run(&global, args),
        Command::Library(args) => library::run(&global, args),
        Command::Purchases(args) => purchases::run(&global, args),
        Command::Requests(args) => requests::run(&global, args),
        Command::Queue(args) => queue::run(&global, args),
        Command::Branch(args) => branch::run(&global, args),
        Command::Enrol(args) => enrol::run(&global, args),
        Command::Doctor(args) => doctor::run(&global, args),
        Command::Drill(args) => drill::run(&global, args),
        Command::Snapshot(args) => snapshot::run(&global, args),
    };
    match outcome {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            if is_broken_pipe(&error) {
                return Outcome::Done.into();
            }
            eprintln!("lianmu: {error:#}");
            Outcome::Failed.into()
        }
    }
}

/// The settings in force; a configuration beside the working directory is found by itself.
fn settings(global: &Global) -> anyhow::Result<Settings> {
    let beside = Path::new("lianmu.toml");
    let path = global.config.as_deref().or_else(|| beside.is_file().then_some(beside));
    let settings = Settings::load(path)?;
    let (members, _) = Members::load(overrides(global)?.as_deref());
    let own = settings.library.iter().map(|code| ("library".to_owned(), code));
    let sources = settings.sources.iter().enumerate();
    let of_sources = sources.map(|(n, source)| (format!("source[{}].library", n + 1), &source.library));
    for (key, code) in own.chain(of_sources) {
        anyhow::ensure!(members.get(code).is_some(), "{key} = \"{code}\" in the configuration is no member");
    }
    Ok(settings)
}

/// Has the one writer do something: this process where nobody else is it, the daemon where one runs.
fn submit(global: &Global, request: Request, progress: &dyn Progress) -> anyhow::Result<Answer> {
    let clock = Arc::new(SystemClock::default());
    match daemon::jobs::submit(&global.data, &settings(global)?, request, clock, progress)? {
        Answer::Failed { message } => Err(anyhow::anyhow!(message)),
        answer => Ok(answer),
    }
}

/// How a command ends that ended in a run.
fn outcome_of(run: &Run) -> Outcome {
    match run.state {
        RunState::Failed => Outcome::Failed,
        RunState::Partial | RunState::Held => Outcome::DoneWithRejects,
        RunState::Ok | RunState::OkNothingNew if run.rejected > 0 => Outcome::DoneWithRejects,
        RunState::Ok | RunState::OkNothingNew => Outcome::Done,
    }
}

/// Whether all are members; otherwise the one that is not, as a sentence on standard error.
fn all_are_members(global: &Global, codes: &[LibraryCode]) -> anyhow::Result<bool> {
    let (members, _) = Members::load(overrides(global)?.as_deref());
    let Some(unknown) = codes.iter().find(|code| members.get(code).is_none()) else { return Ok(true) };
    eprintln!(
        "lianmu: no member library has the code {unknown}; `lianmu library list` shows them all, `lianmu library add` \
         adds one"
    );
    Ok(false)
}

/// The members that the data directory adds or changes.
fn overrides(global: &Global) -> anyhow::Result<Option<String>> {
    let path = global.data.join("members.tsv");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Settings, members and the generation in force, for commands that look and do not write.
fn open_app(global: &Global) -> anyhow::Result<App> {
    App::new(settings(global)?, &global.data)
}

/// The open generation, or why there is none: one that another version made says so.
fn opened(global: &Global, app: &App, lang: Lang) -> anyhow::Result<Arc<Open>> {
    if let Some(open) = app.open() {
        return Ok(open);
    }
    let catalogue = global.data.join("catalogue");
    if catalogue.join("current").exists() {
        Catalogue::open(&catalogue)?;
    }
    Err(anyhow::anyhow!("{}", lang.t("error.not_ready")))
}

/// The entry with this id; an old id leads to its successor, which is said.
fn entry(open: &Open, id: &str, lang: Lang) -> anyhow::Result<Entry> {
    match open.find(id) {
        Ok(entry) => Ok(entry),
        Err(moved @ WebError::Merged { .. }) => {
            eprintln!("lianmu: {}", moved.sentence(lang));
            let WebError::Merged { new, .. } = moved else { return Err(moved.into()) };
            Ok(open.find(new.as_str())?)
        }
        Err(cause) => Err(anyhow::anyhow!("{}", cause.sentence(lang))),
    }
}

/// `println!` panics where whoever read our output has gone.
fn leave_where_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>();
        if message.is_some_and(|m| m.starts_with("failed printing to stdout") && m.contains("Broken pipe")) {
            std::process::exit(0);
        }
        usual(panic);
    }));
}

/// Whoever read our output has gone: `lianmu … | head` is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
