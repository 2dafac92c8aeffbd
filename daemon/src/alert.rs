//! The alert hook: a command that is run when a source changes its state, with JSON on its standard input.
//!
//! It is told once of each change. A command that fails or hangs stops nothing.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::Result;
use crate::health::{self, Health};
use crate::settings::Source;
use crate::store::Store;

/// A change of a source's state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Name of the source.
    pub source: String,
    /// Code of the library.
    pub library: String,
    /// What it is now.
    pub state: &'static str,
    /// What was told last.
    pub was: String,
    /// Why.
    pub reason: Option<String>,
    /// The last run.
    pub run: Option<String>,
    /// When this was seen.
    pub at: String,
}

/// A command gets so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every source's health, in the order of the configuration.
pub fn healths(store: &Store, sources: &[Source], now: Timestamp) -> Result<Vec<Health>> {
    let rows = store.source_rows()?;
    let holds = store.open_holds()?;
    let mut healths = Vec::new();
    for source in sources {
        let mut held = None;
        for hold in holds.iter().filter(|hold| hold.library == source.library.as_str()) {
            let is_of_it = store.run(&hold.run)?.is_some_and(|run| run.source.as_ref() == Some(&source.id));
            held = held.or_else(|| is_of_it.then_some(hold.reason.as_str()));
        }
        healths.push(match rows.iter().find(|row| row.source == source.id) {
            Some(row) => health::of(row, held, now),
            None => Health { state: "new", reason: None },
        });
    }
    Ok(healths)
}

/// The changes since somebody was told, which count as told from now on.
pub fn changes(store: &Store, sources: &[Source], now: Timestamp) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for (source, health) in sources.iter().zip(healths(store, sources, now)?) {
        let Some(row) = store.source_row(&source.id)? else { continue };
        let was = row.told.unwrap_or_else(|| "new".to_owned());
        if was == health.state {
            continue;
        }
        store.source_told(&source.id, health.state)?;
        if health::is_news(Some(&was), health.state) {
            changes.push(Change {
                source: source.id.to_string(),
                library: source.library.to_string(),
                state: health.state,
                was,
                reason: health.reason,
                run: row.last_run,
                at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            });
        }
    }
    Ok(changes)
}

/// Tells of a change: a log event, and the command if there is one. It may take `PATIENCE`.
pub fn tell(command: &str, change: &Change) {
    let reason = change.reason.as_deref().unwrap_or_default();
    tracing::warn!(source = change.source, was = change.was, reason, "source is {}", change.state);
    if command.is_empty() {
        return;
    }
    if let Err(error) = run(command, change) {
        tracing::error!(%error, command, "the alert command failed");
    }
}

fn run(command: &str, change: &Change) -> std::io::Result<()> {
    let mut child = shell(command).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        let mut text = serde_json::to_vec(change)?;
        text.push(b'\n');
        // A command that does not read its input is none the worse.
        if let Err(error) = input.write_all(&text)
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            return Err(error);
        }
    }
    wait(&mut child)
}

#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command);
    shell
}

#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    shell.arg("/C").arg(command);
    shell
}

fn wait(child: &mut Child) -> std::io::Result<()> {
    let step = Duration::from_millis(50);
    for _ in 0..PATIENCE.as_millis() / step.as_millis() {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(std::io::Error::other(format!("it ended with {status}"))),
            None => std::thread::sleep(step),
        }
    }
    child.kill()?;
    child.wait()?;
    Err(std::io::ErrorKind::TimedOut.into())
}
