//! A night of the whole consortium through the daemon: 46 folders get a full file each, a few records of it
//! changed. How long, how much memory, and what does a reader notice meanwhile?
//!
//! `cargo build --release -p web`, then
//! `cargo run --release -p benches --example nightly -- files DIR [RECORDS [SHARE]]` writes two nights of files
//! (100,000 records a library, 2 in 100 changed), `-- first DIR` takes in the first by commands,
//! `-- second DIR` the second by `lianmu serve`, on a copy of the data, and prints the figures. `LIANMU` names the program.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod daemon;
mod files;
mod reader;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::daemon::Daemon;
use reader::{Reader, say};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How long readers are watched before anything comes.
const IDLE: Duration = Duration::from_secs(40);

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let step = args.first().ok_or("files, first or second?")?;
    let dir = PathBuf::from(args.get(1).ok_or("which folder?")?);
    match step.as_str() {
        "files" => {
            let n_records = args.get(2).map_or(Ok(100_000), |n| n.parse())?;
            files::write(&dir, n_records, args.get(3).map_or(Ok(0.02), |share| share.parse())?)
        }
        "first" => first(&std::fs::canonicalize(dir)?),
        "second" => second(&dir),
        other => Err(format!("{other}: files, first or second").into()),
    }
}

// By commands: they wait for nothing and are as quick as the machine.
fn first(dir: &Path) -> Result<()> {
    let site = dir.join("site");
    files::configure(&site)?;
    let began = Instant::now();
    let mut files: Vec<_> = std::fs::read_dir(dir.join("first"))?.collect::<std::io::Result<_>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    for file in &files {
        let library = file.file_name().to_string_lossy().into_owned();
        daemon::command(&site, &["import", "--library", &library, "--full", &file.path().to_string_lossy()])?;
    }
    let imported = began.elapsed().as_secs_f64();
    daemon::command(&site, &["build"])?;
    let all = began.elapsed().as_secs_f64();
    println!("first night: {} imports in {imported:.1} s, with the build {all:.1} s", files.len());
    Ok(())
}

fn second(dir: &Path) -> Result<()> {
    let site = dir.join("site-second");
    files::copy_site(&dir.join("site"), &site)?;
    let daemon = Daemon::start(&site)?;
    daemon.rest()?;
    let mut reader = Reader::new(daemon.address(), &dir.join("queries.tsv"))?;
    reader.ask_each()?;
    let idle = reader.watched(|_| Ok(true), IDLE)?;
    say("idle", &idle, None);

    let began = Instant::now();
    let n_sources = files::drop_in(&dir.join("second"), &site)?;
    let mut quiet_at = None;
    let night = reader.watched(
        |n_asked| {
            if n_asked % 50 == 0
                && daemon.done(n_sources)?.is_some()
                && quiet_at.is_none()
                && daemon.is_resting()?
            {
                quiet_at = Some(Instant::now());
            }
            Ok(quiet_at.is_none())
        },
        Duration::from_secs(290),
    )?;
    let done = daemon.done(n_sources)?.ok_or("the night did not come to its end, see daemon.log")?;
    let after = |moment: Instant| moment.duration_since(began).as_secs_f64();
    println!(
        "night: {n_sources} runs after {:.1} s, in service after {:.1} s, reports made after {:.1} s",
        after(done.runs_ended),
        after(done.in_service),
        quiet_at.map_or(f64::NAN, after)
    );
    println!(
        "memory: {} MB at most, {} MB of its own; processor {:.0} s",
        daemon.peak_bytes() >> 20,
        daemon.peak_own_bytes() >> 20,
        daemon.cpu_seconds()
    );
    let of = |from: Instant, to: Instant| {
        night.iter().filter(|asked| asked.at >= from && asked.at < to).copied().collect::<Vec<_>>()
    };
    let end = quiet_at.unwrap_or_else(Instant::now);
    say("the whole night", &of(began, end), Some(&idle));
    say("while files are taken in", &of(began, done.runs_ended), Some(&idle));
    say("while the last build runs", &of(done.runs_ended, done.in_service), Some(&idle));
    say("while reports are made", &of(done.in_service, end), Some(&idle));
    daemon.stop()
}
