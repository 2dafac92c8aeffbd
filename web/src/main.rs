//! `lianmu`: the one program. Every subcommand has its own file in `cli`.

mod api;
mod ask;
mod assets;
mod blocking;
mod cli;
mod decided;
mod error;
mod explained;
mod export;
mod fresh;
mod i18n;
mod metrics;
mod pages;
mod reader;
mod router;
mod state;
mod union;
mod wire;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
