//! Generations from a hub to its branches: the ten promises, each by its name; lines that break, disks that fill up,
//! power that goes; repositories that lie.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests may panic, and these say what they counted and what they skip"
)]

mod broken;
mod buckets;
mod counting;
mod engines;
mod forge;
mod hostile;
#[path = "../peers/moto.rs"]
mod moto;
mod neighbours;
#[path = "../peers/nginx.rs"]
mod nginx;
mod packs;
mod promises;
#[path = "../peers/running.rs"]
mod running;
mod scene;
