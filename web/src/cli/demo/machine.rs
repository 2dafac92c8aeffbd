//! A machine of the demo consortium: a data directory with its configuration, and this program serving it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// How long a machine may take for anything that is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether somebody told the demo to stop: then its story ends with an error, and with it all machines.
#[derive(Clone, Default)]
pub(super) struct Told(Arc<AtomicBool>);

impl Told {
    pub(super) fn say(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn hear(&self) -> anyhow::Result<()> {
        ensure!(!self.0.load(Ordering::Relaxed), "told to stop in the middle of the day");
        Ok(())
    }
}

/// A machine.
pub(super) struct Machine {
    /// How people call it.
    pub(super) name: &'static str,
    pub(super) data: PathBuf,
    pub(super) address: SocketAddr,
    child: Option<Child>,
    told: Told,
}

impl Machine {
    /// A machine with this configuration, not started.
    pub(super) fn new(
        name: &'static str,
        data: PathBuf,
        address: SocketAddr,
        config: &str,
        told: &Told,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&data).with_context(|| format!("cannot make {}", data.display()))?;
        let path = data.join("lianmu.toml");
        std::fs::write(&path, config).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { name, data, address, child: None, told: told.clone() })
    }

    /// Starts it and waits until it listens. What it says goes to a file beside its data.
    pub(super) fn start(&mut self) -> anyhow::Result<()> {
        ensure!(TcpStream::connect(self.address).is_err(), "somebody listens at {} already", self.address);
        let path = self.data.with_extension("log");
        let log = std::fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut serve = self.command(&["serve", "--listen", &self.address.to_string()])?;
        self.child = Some(serve.stdout(Stdio::null()).stderr(log).spawn()?);
        let wait = format!("{} to listen; {} says why not", self.name, path.display());
        until(&self.told, &wait, || {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            ensure!(ended.is_none(), "{} ended; {} says why", self.name, path.display());
            Ok(TcpStream::connect(self.address).is_ok())
        })
    }

    fn command(&self, args: &[&str]) -> anyhow::Result<Command> {
        self.told.hear()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--data").arg(&self.data).arg("--config").arg(self.data.join("lianmu.toml")).args(args);
        command.stdin(Stdio::null());
        Ok(command)
    }

    /// What a command beside the machine says.
    pub(super) fn say(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.command(args)?.output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // 3: done, and something of it wants a look.
        if !matches!(output.status.code(), Some(0 | 3)) {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("{}: lianmu {}: {}{}", self.name, args.join(" "), said.trim(), errors.trim());
        }
        Ok(said)
    }

    /// The documents that it says, one a line.
    pub(super) fn ask(&self, args: &[&str]) -> anyhow::Result<Vec<Value>> {
        let said = self.say(args)?;
        let read = |line: &str| serde_json::from_str(line).with_context(|| format!("{}: {line}", self.name));
        said.lines().filter(|line| !line.is_empty()).map(read).collect()
    }

    /// The first of them.
    pub(super) fn document(&self, args: &[&str]) -> anyhow::Result<Value> {
        let first = self.ask(args)?.into_iter().next();
        first.with_context(|| format!("{}: lianmu {} says nothing", self.name, args.join(" ")))
    }

    /// The generation in force.
    pub(super) fn generation(&self) -> Option<String> {
        indexer::index::name_in_force(&self.data.join("catalogue"))
    }

    /// Posts a document with a token; the document that comes back.
    pub(super) fn post(&self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = body.to_string();
        write!(
            stream,
            "POST {path} HTTP/1.0\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).unwrap_or_default();
        ensure!(status.starts_with('2'), "{}: POST {path}: {status} {body}", self.name);
        Ok(serde_json::from_str(body)?)
    }

    /// Has it end by itself: an end that nobody asked for would count against its newest generation.
    pub(super) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        #[cfg(unix)]
        if let Some(id) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let _ = child.wait();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits for something.
pub(super) fn until(
    told: &Told,
    what: &str,
    mut holds: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    let began = Instant::now();
    while !holds()? {
        told.hear()?;
        ensure!(began.elapsed() < PATIENCE, "waited {} s for {what}", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
