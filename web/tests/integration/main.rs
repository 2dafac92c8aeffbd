//! The program from outside: spawned as a user would, asked over a socket or by its exit code.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests may panic, and say what they did or skip"
)]

mod access;
mod accounts;
mod admin;
mod api;
mod aside;
mod asking;
mod bad_line;
mod browse;
mod cli;
mod consortium;
mod counter;
mod decisions;
mod demo;
mod desk;
mod directory;
mod full_disk;
mod harvest;
mod hostile;
mod hostile_records;
mod house;
mod hub;
mod iso18626;
mod journey;
mod kill;
mod killed;
mod login;
mod machines;
#[path = "../../../daemon/tests/peers/moto.rs"]
mod moto;
mod pages;
mod peer;
mod requests;
#[path = "../../../daemon/tests/peers/running.rs"]
mod running;
mod samples;
mod security;
mod site;
mod staff;
mod systemd;
mod tls;
mod union;
mod walk;
