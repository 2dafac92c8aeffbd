//! The command line: one file a subcommand, exit codes of CONTRACT §2, printing allowed only here.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line is where the program speaks"
)]

mod marc;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Read any MARC file without a data directory.
    Marc(marc::Args),
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
    let cli = Cli::parse();
    let global = cli.global;
    let outcome = match cli.command {
        Command::Marc(args) => marc::run(&global, args),
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

/// Whoever read our output has gone: `lianmu … | head` is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
