//! The alert hook: a command that is run when a source changes its state, or when a request has waited for a day to be
//! delivered, with JSON on its standard input.
//!
//! It is told once of each. A command that fails or hangs stops nothing.

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

/// Messages to the centre have waited for a day and more.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slow {
    /// Where they were to go: `centre`.
    pub queue: &'static str,
    /// `slow`.
    pub state: &'static str,
    /// How many have reached that age since somebody was told.
    pub n: usize,
    /// Since when the eldest of all that wait does.
    pub since: Option<String>,
    /// What stands between this machine and the centre.
    pub reason: Option<String>,
    /// When this was seen.
    pub at: String,
}

/// A message that has waited for so many seconds of the machine's life is spoken of.
const SLOW_AFTER: i64 = 24 * 3600;
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
                at: written(now),
            });
        }
    }
    Ok(changes)
}

/// Messages that have become old since somebody was told; they count as told from now on.
pub fn slow(store: &Store, now: Timestamp) -> Result<Option<Slow>> {
    let n = store.warn_of_slow(SLOW_AFTER)?;
    if n == 0 {
        return Ok(None);
    }
    let depths = store.depths()?;
    let since = depths.iter().filter(|depth| depth.delivery.is_waiting()).map(|depth| depth.oldest).min();
    let reason = store.machine()?.trouble;
    Ok(Some(Slow { queue: "centre", state: "slow", n, since: since.map(written), reason, at: written(now) }))
}

fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Tells of a change: a log event, and the command if there is one. It may take `PATIENCE`.
pub fn tell(command: &str, change: &Change) {
    let reason = change.reason.as_deref().unwrap_or_default();
    tracing::warn!(source = change.source, was = change.was, reason, "source is {}", change.state);
    call(command, change);
}

/// Tells of messages that wait: a log event, and the command if there is one. It may take `PATIENCE`.
pub fn tell_slow(command: &str, slow: &Slow) {
    let (n, reason) = (slow.n, slow.reason.as_deref().unwrap_or_default());
    tracing::warn!(
        n,
        reason,
        "messages have waited for a day to be delivered; `lianmu queue list` shows them"
    );
    call(command, slow);
}

fn call(command: &str, what: &impl Serialize) {
    if command.is_empty() {
        return;
    }
    if let Err(error) = run(command, what) {
        tracing::error!(%error, command, "the alert command failed");
    }
}

fn run(command: &str, what: &impl Serialize) -> std::io::Result<()> {
    let mut child = shell(command).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    if let Some(mut input) = child.stdin.take() {
        let mut text = serde_json::to_vec(what)?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::trial;

    #[test]
    fn a_request_that_waits_for_a_day_is_told_of_once() {
        let (store, now) = (Store::in_memory(), Timestamp::UNIX_EPOCH);
        store.begin_life(1, now).unwrap();
        trial::submitted(&store, now);
        store.note_trouble("there is no host of this name").unwrap();
        assert_eq!(slow(&store, now).unwrap(), None);
        store.live_on(Duration::from_secs(25 * 3600), now).unwrap();
        let found = slow(&store, now).unwrap().unwrap();
        assert_eq!((found.n, found.since.as_deref()), (1, Some("1970-01-01T00:00:00Z")));
        assert_eq!(slow(&store, now).unwrap(), None, "once");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("told");
        tell_slow(&format!("cat > {}", path.display()), &found);
        let told: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!((&told["state"], &told["n"]), (&"slow".into(), &1.into()));
        assert_eq!(told["reason"], "there is no host of this name");
    }
}
