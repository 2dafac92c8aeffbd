//! A running program on a free port, and the plainest HTTP client that can ask it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::samples;

/// A served data directory; stops when dropped.
pub(crate) struct Site {
    child: Child,
    address: String,
    data: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// Fails with the page where it does not hold a text.
    #[track_caller]
    pub(crate) fn has(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "{text} is missing in:\n{}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn lacks(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "{text} is in:\n{}", self.body);
        self
    }
}

/// The program, ready for arguments.
pub(crate) fn lianmu(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lianmu"));
    command.env("LC_ALL", "en_US.UTF-8").env("LIANMU_LOG", "warn").current_dir(data).arg("--data").arg(data);
    command
}

impl Site {
    /// Serves the sample entries on the machine of BJFU.
    pub(crate) fn with_samples() -> Self {
        let data = tempfile::tempdir().unwrap();
        samples::build(data.path());
        Self::over(data, "library = \"BJFU\"\n")
    }

    /// Serves a data directory that holds nothing.
    pub(crate) fn empty() -> Self {
        Self::over(tempfile::tempdir().unwrap(), "")
    }

    /// The address of the other end: `127.0.0.1:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn over(data: TempDir, config: &str) -> Self {
        std::fs::write(data.path().join("lianmu.toml"), config).unwrap();
        Self::again(data)
    }

    /// The same with a log that can be read.
    pub(crate) fn logged(data: TempDir, config: &str, log: std::fs::File) -> Self {
        std::fs::write(data.path().join("lianmu.toml"), config).unwrap();
        Self::start(data, 0, log.into())
    }

    /// The same on a port that others know before.
    pub(crate) fn at(data: TempDir, config: &str, port: u16) -> Self {
        std::fs::write(data.path().join("lianmu.toml"), config).unwrap();
        Self::start(data, port, Stdio::inherit())
    }

    /// Kills the process, with nothing said or written; the data that it leaves.
    pub(crate) fn killed(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.data, tempfile::tempdir().unwrap())
    }

    /// Kills it, and starts another one over the same data.
    pub(crate) fn killed_and_started_again(self) -> Self {
        Self::again(self.killed())
    }

    fn again(data: TempDir) -> Self {
        Self::start(data, 0, Stdio::inherit())
    }

    fn start(data: TempDir, port: u16, log: Stdio) -> Self {
        let serve = ["serve".to_owned(), "--listen".to_owned(), format!("127.0.0.1:{port}")];
        Self::said(data, &serve, log).0
    }

    /// Serves an invented consortium of so many works; with what it said to try.
    pub(crate) fn demo(data: TempDir, works: &str) -> (Self, String) {
        let demo = ["demo", "--works", works, "--listen", "127.0.0.1:0"].map(str::to_owned);
        Self::said(data, &demo, Stdio::null())
    }

    // What it says before it listens comes along.
    fn said(data: TempDir, arguments: &[String], log: Stdio) -> (Self, String) {
        let mut child =
            lianmu(data.path()).args(arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        while !said.contains(" listens on ") && out.read_line(&mut said).unwrap() > 0 {}
        let address = said.trim().rsplit('/').next().unwrap().to_owned();
        (Self { child, address, data }, said)
    }

    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[("Accept-Language", "zh-CN")])
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, path, headers, b"")
    }

    /// Bytes of a compressed answer's body.
    pub(crate) fn weight(&self, path: &str) -> usize {
        let answer = self.raw("GET", path, &[("Accept-Encoding", "gzip"), ("Accept-Language", "zh-CN")], b"");
        let (head, body) = answer.split_at(end_of_head(&answer));
        assert!(String::from_utf8_lossy(head).contains("content-encoding: gzip"), "{path} is not compressed");
        body.len() - 4
    }

    /// Sends a body too; whoever sends one says its length among the headers.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let answer = self.raw(method, path, headers, body);
        let split = end_of_head(&answer);
        let head = String::from_utf8(answer[..split].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.into(), v.into())).collect();
        Answer { status, headers, body: String::from_utf8_lossy(&answer[split + 4..]).into_owned() }
    }

    fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let headers: String = headers.iter().map(|(n, v)| format!("{n}: {v}\r\n")).collect();
        // HTTP/1.0: the answer is neither chunked nor kept open.
        write!(stream, "{method} {} HTTP/1.0\r\nHost: {}\r\n{headers}\r\n", encoded(path), self.address)
            .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// Waits until a condition holds, at most thirty seconds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        self.within(Duration::from_secs(30), what, holds);
    }

    /// Waits until a condition holds, at most so long.
    #[track_caller]
    pub(crate) fn within(&self, time: Duration, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + time;
        while !holds(self) {
            assert!(Instant::now() < deadline, "{what} did not come true");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks the process to stop and waits for its end.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> std::process::ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn end_of_head(answer: &[u8]) -> usize {
    answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap()
}

/// A path with everything percent-encoded that may not stand in a request line.
fn encoded(path: &str) -> String {
    path.bytes()
        .map(|b| {
            if b.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}
