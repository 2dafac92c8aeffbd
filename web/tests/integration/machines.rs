//! Machines that are started, killed and enrolled: a hub and its branches as processes on one machine.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::samples;
use crate::site::lianmu;

/// A machine that is started and killed; its address stays.
pub(crate) struct Machine {
    pub(crate) data: TempDir,
    pub(crate) port: u16,
    child: Option<Child>,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn copied(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    copy_into(from, to.path());
    to
}

pub(crate) fn copy_into(from: &Path, to: &Path) {
    let from = format!("{}/.", from.display());
    assert!(Command::new("cp").args(["-a", &from]).arg(to).status().unwrap().success());
}

impl Machine {
    pub(crate) fn new(built: &Path, config: &str) -> Self {
        let data = copied(built);
        std::fs::write(data.path().join("lianmu.toml"), config).unwrap();
        let mut machine = Self { data, port: free_port(), child: None };
        machine.start();
        machine
    }

    pub(crate) fn start(&mut self) {
        self.start_with(&[]);
    }

    /// The same with variables of the environment.
    pub(crate) fn start_with(&mut self, variables: &[(&str, &str)]) {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut serve = lianmu(self.data.path());
        serve.envs(variables.iter().copied());
        let child =
            serve.args(["serve", "--listen", &listen]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.child = Some(child.unwrap());
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&listen).is_err() {
            // Told to die somewhere it may have done so already.
            if !variables.is_empty() && self.has_ended() {
                return;
            }
            assert!(Instant::now() < deadline, "no answer at {listen}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it has ended by itself, and not by its own will.
    pub(crate) fn has_ended(&mut self) -> bool {
        let child = self.child.as_mut().unwrap();
        child.try_wait().unwrap().inspect(|status| assert!(status.code().is_none(), "{status}")).is_some()
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    pub(crate) fn run(&self, args: &[&str]) -> (bool, String) {
        let output = lianmu(self.data.path()).args(args).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    pub(crate) fn last_word(&self, args: &[&str]) -> String {
        let (well, said) = self.run(args);
        assert!(well, "{args:?}: {said}");
        said.split_whitespace().last().unwrap().to_owned()
    }

    pub(crate) fn lines(&self, args: &[&str]) -> Vec<Value> {
        let (well, said) = self.run(args);
        assert!(well, "{args:?}: {said}");
        said.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    pub(crate) fn queue(&self) -> Vec<Value> {
        self.lines(&["queue", "list", "--json"])
    }

    pub(crate) fn requests(&self) -> Vec<Value> {
        self.lines(&["requests", "list", "--json"])
    }

    pub(crate) fn state_of(&self, id: &str) -> String {
        let all = self.requests();
        let of = all.iter().find(|request| request["id"] == id);
        of.map_or("none".to_owned(), |request| request["state"].as_str().unwrap().to_owned())
    }

    /// The body of an answer, if one came whole.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

#[track_caller]
pub(crate) fn until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come true");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A hub, and a branch of BJFU with a reader.
pub(crate) struct Pair {
    pub(crate) hub: Machine,
    pub(crate) branch: Machine,
    pub(crate) token: String,
}

pub(crate) const BRANCH: &str = "role = \"branch\"\nlibrary = \"BJFU\"\n[policy]\nmax_requests = 0\n";

/// A token of a reader who is made for it.
pub(crate) fn reader(data: &Path, library: &str) -> String {
    let add = ["user", "add", "--library", library, "--barcode", "R1", "--name", "林巧"];
    let made =
        lianmu(data).args(add).args(["--email", "l@example.org", "--role", "reader"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let token = lianmu(data).args(["user", "token", "--library", library, "R1"]).output().unwrap();
    String::from_utf8(token.stdout).unwrap().split_whitespace().last().unwrap().to_owned()
}

/// Makes a machine the branch of a library.
pub(crate) fn enrol(hub: &Machine, branch: &Machine, library: &str) {
    let code = hub.last_word(&["branch", "enrol", "--library", library]);
    let url = format!("http://127.0.0.1:{}", hub.port);
    let (well, said) = branch.run(&["enrol", "--hub", &url, "--code", &code]);
    assert!(well, "{said}");
    let (again, said) = hub.run(&["branch", "list", "--json"]);
    assert!(again && said.contains(library), "{said}");
}

impl Pair {
    pub(crate) fn new() -> Self {
        let built = tempfile::tempdir().unwrap();
        samples::build(built.path());
        let token = reader(built.path(), "BJFU");
        let hub = Machine::new(built.path(), "role = \"hub\"\n");
        let branch = Machine::new(built.path(), BRANCH);
        let pair = Self { hub, branch, token };
        assert!(!pair.branch.data.path().join("keys").exists(), "no keys before it enrols");
        enrol(&pair.hub, &pair.branch, "BJFU");
        pair
    }

    pub(crate) fn submit(&self, title: &str) -> Option<String> {
        let form = json!({
            "title": title, "year": 2011, "call_number": "S72/12", "supplier": "PKU", "delivery": "courier",
            "recipient": "林巧", "email": "l@example.org",
        });
        let (status, body) = self.branch.call("POST", "/api/v1/requests", &self.token, &form.to_string())?;
        assert_eq!(status, 201, "{body}");
        let document: Value = serde_json::from_str(&body).ok()?;
        Some(document["id"].as_str()?.to_owned())
    }
}
