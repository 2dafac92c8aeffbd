//! `lianmu serve` as a process of its own, watched from outside: what it logs, holds and spends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Result;

/// Below so much processor time in a second it rests; a reader's questions take some.
const RESTING: f64 = 0.5;

pub(crate) struct Daemon {
    child: Child,
    address: String,
    events: Arc<Mutex<Events>>,
    peak_own: Arc<AtomicU64>,
    // When it was looked last, and what it had spent.
    spent: Mutex<(Instant, f64)>,
    has_ended: Arc<AtomicBool>,
}

#[derive(Default)]
struct Events {
    runs_ended: Vec<(Instant, bool)>,
    built: Vec<Instant>,
}

/// When a night was done.
pub(crate) struct Done {
    pub(crate) runs_ended: Instant,
    pub(crate) in_service: Instant,
}

fn program(site: &Path) -> Result<Command> {
    let program = std::env::var("LIANMU").unwrap_or_else(|_| "target/release/lianmu".to_owned());
    let mut command = Command::new(std::fs::canonicalize(&program).map_err(|e| format!("{program}: {e}"))?);
    command.current_dir(site).env("LIANMU_LOG", "info");
    Ok(command)
}

/// Has a command done.
pub(crate) fn command(site: &Path, arguments: &[&str]) -> Result<()> {
    let output = program(site)?.args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into())
}

impl Daemon {
    pub(crate) fn start(site: &Path) -> Result<Self> {
        let mut child = program(site)?
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (stdout, stderr) =
            (child.stdout.take().ok_or("no output")?, child.stderr.take().ok_or("no log")?);
        let events = Arc::new(Mutex::new(Events::default()));
        let heard = Arc::clone(&events);
        let path = site.join("daemon.log");
        std::thread::spawn(move || listen(BufReader::new(stderr), &heard, &path));
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().rsplit('/').next().unwrap_or_default().to_owned();
        let (peak_own, has_ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (id, peak, ended) = (child.id(), Arc::clone(&peak_own), Arc::clone(&has_ended));
        std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                peak.fetch_max(kilobytes(id, "RssAnon:") << 10, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        Ok(Self { child, address, events, peak_own, spent: Mutex::new((Instant::now(), 0.0)), has_ended })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// When so many runs and the build after them were done, if they are.
    pub(crate) fn done(&self, n_runs: usize) -> Result<Option<Done>> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.runs_ended.iter().any(|(_, is_ok)| !is_ok) {
            return Err("a run did not end well, see daemon.log".into());
        }
        let Some((runs_ended, _)) = n_runs.checked_sub(1).and_then(|n| events.runs_ended.get(n)).copied()
        else {
            return Ok(None);
        };
        let built = events.built.iter().find(|built| **built > runs_ended).copied();
        Ok(built.map(|in_service| Done { runs_ended, in_service }))
    }

    /// Waits until it does no more than answer.
    pub(crate) fn rest(&self) -> Result<()> {
        std::thread::sleep(Duration::from_secs(2));
        while !self.is_resting()? {
            std::thread::sleep(Duration::from_secs(1));
        }
        Ok(())
    }

    pub(crate) fn is_resting(&self) -> Result<bool> {
        let mut last = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, spent) = (Instant::now(), self.cpu_seconds());
        let share = (spent - last.1) / now.duration_since(last.0).as_secs_f64();
        *last = (now, spent);
        Ok(share < RESTING)
    }

    pub(crate) fn peak_bytes(&self) -> u64 {
        kilobytes(self.child.id(), "VmHWM:") << 10
    }

    pub(crate) fn peak_own_bytes(&self) -> u64 {
        self.peak_own.load(Ordering::Relaxed)
    }

    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok());
        ticks.sum::<u64>() as f64 / 100.0
    }

    pub(crate) fn stop(mut self) -> Result<()> {
        self.has_ended.store(true, Ordering::Relaxed);
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

// Keeps the log, and when what was said.
fn listen(log: impl BufRead, events: &Mutex<Events>, path: &Path) {
    let mut kept = String::new();
    for line in log.lines().map_while(std::result::Result::ok) {
        let now = Instant::now();
        {
            let mut events = events.lock().unwrap_or_else(PoisonError::into_inner);
            if line.contains("a run has ended") {
                events.runs_ended.push((now, line.contains("state=\"ok")));
            } else if line.contains(": built ") {
                events.built.push(now);
            }
        }
        kept.push_str(&line);
        kept.push('\n');
        let _ = std::fs::write(path, &kept);
    }
}

fn kilobytes(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
