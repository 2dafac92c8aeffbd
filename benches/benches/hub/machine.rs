//! `lianmu serve` as a process, and commands beside it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) struct Machine {
    child: Child,
    data: PathBuf,
    pub(crate) address: String,
}

fn program(data: &Path) -> Command {
    let program = std::env::var("LIANMU").unwrap_or_else(|_| {
        // Benches run in the folder of their crate.
        concat!(env!("CARGO_MANIFEST_DIR"), "/../target/release/lianmu").to_owned()
    });
    let mut command = Command::new(program);
    command.current_dir(data).arg("--data").arg(data);
    command
}

/// Has a command done; what it printed.
pub(crate) fn command(data: &Path, arguments: &[&str]) -> String {
    let output = program(data).args(arguments).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

pub(crate) fn configure(data: &Path, config: &str) {
    std::fs::create_dir_all(data).unwrap();
    std::fs::write(data.join("lianmu.toml"), config).unwrap();
}

impl Machine {
    pub(crate) fn start(data: &Path, config: &str) -> Self {
        configure(data, config);
        let mut child = program(data)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap_or_default().to_owned();
        assert!(address.contains(':'), "{line}");
        Self { child, data: data.to_owned(), address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn last_word(&self, arguments: &[&str]) -> String {
        command(&self.data, arguments).split_whitespace().last().unwrap().to_owned()
    }

    /// What it has spent so far, of user and system.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        // Ticks of a hundredth of a second; state is the first field behind the name.
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}
