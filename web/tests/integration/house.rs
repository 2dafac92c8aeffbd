//! A served data directory with an admin who is signed in, and what he does by pages.

use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::site::{Answer, Site, lianmu};

pub(crate) const PASSWORD: &str = "绿水青山就是金山银山，从北林做起";

/// A served data directory with a source, and an admin who is signed in.
pub(crate) struct House {
    pub(crate) site: Site,
    pub(crate) cookie: String,
}

pub(crate) fn record(n: u32, isbn: &str) -> String {
    format!(
        "=LDR  00000nam0 2200000   450 \n=001  {n}\n=010  \\\\$a{isbn}\n=100  \\\\$a20130101d2013    em \
         y0chiy0110    ea\n=101  0\\$achi\n=200  1\\$a第{n}种书\n=690  \\\\$aTP312\n=905  \\\\$a中文库$dTP312$e{n}\n\n"
    )
}

pub(crate) fn export(n_records: u32) -> String {
    (1..=n_records).map(|n| record(n, "978-7-02-000872-8")).collect()
}

/// The command that makes an account of BJFU.
pub(crate) fn add_account(data: &std::path::Path, barcode: &str, name: &str, role: &str) -> Command {
    let mut command = lianmu(data);
    command.args(["user", "add", "--library", "BJFU", "--email", "wf@example.cn"]);
    command.args(["--barcode", barcode, "--name", name, "--role", role]);
    command
}

/// The password that is made for a new account.
pub(crate) fn made_password(account: &mut Command) -> String {
    let made = account.arg("--json").output().unwrap();
    let account: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    account["password"].as_str().unwrap().to_owned()
}

fn add_admin(data: &std::path::Path, config: Option<&str>) {
    if let Some(config) = config {
        std::fs::write(data.join("lianmu.toml"), config).unwrap();
    }
    let mut child = add_account(data, "0001", "王芳", "admin")
        .arg("--password-stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(child.wait().unwrap().success());
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        let value: String = value
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect();
        query += &format!("{}{name}={value}", if query.is_empty() { "" } else { "&" });
    }
    query
}

pub(crate) fn post(site: &Site, path: &str, headers: &[(&str, &str)], pairs: &[(&str, &str)]) -> Answer {
    let body = form(pairs);
    let length = body.len().to_string();
    let mut all = vec![("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", &length)];
    all.extend(headers);
    site.send("POST", path, &all, body.as_bytes())
}

pub(crate) fn sign_in(site: &Site, barcode: &str, password: &str) -> Answer {
    sign_in_at(site, "BJFU", barcode, password)
}

pub(crate) fn sign_in_at(site: &Site, library: &str, barcode: &str, password: &str) -> Answer {
    post(site, "/login", &[], &[("library", library), ("barcode", barcode), ("password", password)])
}

pub(crate) fn cookie_of(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie: {}", answer.body));
    cookie.split(';').next().unwrap().to_owned()
}

impl House {
    pub(crate) fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }

    /// The same in a data directory where something may be.
    pub(crate) fn on(data: TempDir) -> Self {
        let config = "library = \"BJFU\"\n[[source]]\nlibrary = \"BJFU\"\nkind = \"folder\"\nlocation = \"exports\"\n\
                      mode = \"full\"\nschedule = \"30 1 * * *\"\n";
        add_admin(data.path(), Some(config));
        std::fs::create_dir(data.path().join("exports")).unwrap();
        Self::over(data, config)
    }

    fn over(data: TempDir, config: &str) -> Self {
        let site = Site::over(data, config);
        let answer = sign_in(&site, "0001", PASSWORD);
        assert_eq!((answer.status, answer.header("location")), (303, Some("/admin")), "{}", answer.body);
        let cookie = cookie_of(&answer);
        Self { site, cookie }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.site.ask("GET", path, &[("Accept-Language", "en"), ("Cookie", &self.cookie)])
    }

    pub(crate) fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        post(&self.site, path, &[("Cookie", &self.cookie), ("Accept-Language", "en")], pairs)
    }

    /// Presses a button and waits until the daemon has done what it asks for.
    #[track_caller]
    pub(crate) fn done(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let pressed = self.post(path, pairs);
        assert_eq!(pressed.status, 303, "{}", pressed.body);
        let place = pressed.header("location").unwrap().to_owned();
        self.site.until("the job ends", |_| !self.get(&place).body.contains("data-again"));
        self.get(&place)
    }

    /// The newest run.
    pub(crate) fn newest_run(&self) -> String {
        let body = self.get("/admin/runs").body;
        let after = body.split("<tbody>").nth(1).unwrap_or_else(|| panic!("no runs: {body}"));
        after.split("/admin/runs/").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    pub(crate) fn upload(&self, mode: &str, name: &str, bytes: &[u8]) -> Answer {
        let mut body = format!(
            "--XX\r\nContent-Disposition: form-data; name=\"mode\"\r\n\r\n{mode}\r\n--XX\r\nContent-Disposition: \
             form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--XX--\r\n");
        let length = body.len().to_string();
        let headers = [
            ("Content-Type", "multipart/form-data; boundary=XX"),
            ("Content-Length", length.as_str()),
            ("Cookie", &self.cookie),
            ("Accept-Language", "en"),
        ];
        self.site.send("POST", "/admin/libraries/BJFU/upload", &headers, &body)
    }
}
