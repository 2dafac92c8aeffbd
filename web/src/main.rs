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
mod reviews;
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
    take_small_pages();
    cli::run()
}

/// The allocator asks for pages of 2 MB where it can. Few of them are ever filled: a server of ten million entries
/// holds a hundred megabytes more with them and answers no sooner, and a night's build takes a seventh more time.
fn take_small_pages() {
    // Where the system knows no such pages there are none to refuse.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
