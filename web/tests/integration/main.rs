//! The program from outside: spawned as a user would, asked over a socket or by its exit code.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod admin;
mod api;
mod aside;
mod browse;
mod cli;
mod harvest;
mod house;
mod journey;
mod kill;
mod login;
mod pages;
mod requests;
mod samples;
mod security;
mod site;
mod staff;
mod systemd;
mod tls;
mod union;
