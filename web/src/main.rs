//! `lianmu`: the one program. Every subcommand has its own file in `cli`.

mod answers;
mod api;
mod ask;
mod assets;
mod basket;
mod blocking;
mod card;
mod cli;
mod client;
mod counter;
mod decided;
mod error;
mod explained;
mod export;
mod fresh;
mod i18n;
mod iso18626;
mod login;
mod mailed;
mod markdown;
mod metrics;
mod money;
mod neighbour;
mod open;
mod pages;
mod reader;
mod repository;
mod requests;
mod robots;
mod router;
mod said;
mod state;
mod terminal;
mod timeline;
mod tls;
mod union;
mod views;
mod wire;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
