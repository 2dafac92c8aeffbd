//! The program from outside: spawned as a user would, asked over a socket or by its exit code.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod api;
mod cli;
mod harvest;
mod journey;
mod kill;
mod pages;
mod samples;
mod security;
mod site;
mod systemd;
mod union;
