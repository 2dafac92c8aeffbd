//! `lianmu`: the one program. Every subcommand has its own file in `cli`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
