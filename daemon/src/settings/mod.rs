//! `lianmu.toml`: what is in force, and where each value comes from (CONTRACT §7).
//!
//! The whole file is checked at once and every fault is named by its key. An empty file, or none, is a
//! working `standalone`. Which keys there are stands in `keys.rs`, one line a key.

mod check;
mod keys;
mod mail;
mod peer;
mod server;
mod snapshot;
mod source;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexer::bib::LibraryCode;
use indexer::mapping::HoldingsProfile;

use crate::central::LONGEST_POLL;
use crate::harvest::schedule::Window;
pub use check::{Fault, Origin, Setting};
pub use mail::{MailSecurity, MailSettings};
pub use peer::Peer;
pub use server::{Network, Server, Tls};
pub use snapshot::{BucketAccess, Snapshot};
pub use source::{Source, SourceId, SourceKind};

/// The settings that the program acts on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What this machine is for.
    pub role: Role,
    /// Whose machine this is.
    pub library: Option<LibraryCode>,
    /// Name of the time zone in which dates are shown.
    pub timezone: String,
    /// `[server]`
    pub server: Server,
    /// `[policy]`
    pub policy: Policy,
    /// `[mail]`; `None` where no mail is sent.
    pub mail: Option<MailSettings>,
    /// `[gate]`
    pub gate: Gate,
    /// `[[peer]]`
    pub peers: Vec<Peer>,
    /// `[[source]]`
    pub sources: Vec<Source>,
    /// `[[holdings_profile]]`
    pub holdings_profiles: Vec<HoldingsProfile>,
    /// `schedule.window`: when scheduled runs may begin.
    pub window: Option<String>,
    /// `[central]`
    pub central: Central,
    /// `[snapshot]`
    pub snapshot: Snapshot,
    /// `alert.command`: what is run when a source changes its state; empty for nothing.
    pub alert_command: String,
    in_force: Vec<Setting>,
}

/// What a machine is for (DESIGN §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Harvests, builds and serves for itself.
    Standalone,
    /// The centre of the consortium.
    Hub,
    /// A member library that pulls what the hub built.
    Branch,
}

impl Role {
    /// The word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Role::Standalone => "standalone",
            Role::Hub => "hub",
            Role::Branch => "branch",
        }
    }

    /// Whether it makes its catalogue itself.
    pub fn builds(self) -> bool {
        self != Role::Branch
    }
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Central {
    /// What is there.
    pub kind: CentralKind,
    /// Its address; a hub's is known since `enrol` too.
    pub url: Option<String>,
    /// `central.wait`: how long a hub may keep the question for news until it has any; zero: it is asked now and then.
    pub wait: Duration,
}

/// What is at the centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CentralKind {
    /// Our hub.
    Hub,
    /// A system that speaks ISO 18626.
    Iso18626,
    /// Nobody.
    None,
}

impl CentralKind {
    /// The word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Iso18626 => "iso18626",
            Self::None => "none",
        }
    }
}

/// What readers may do.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Libraries that one search may choose; `None` is no limit.
    pub max_libraries: Option<usize>,
    /// Requests that a reader may have open at once; 0 is no limit.
    pub max_requests: u32,
    /// Days after which a request that has ended loses everything personal; 0 is never.
    pub anonymise_days: u32,
}

/// When an import is held for a person to look at.
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// Share of a library's records that may vanish.
    pub max_drop: f64,
    /// Share that may change.
    pub max_change: f64,
}

/// Why there are no settings: a file that cannot be read, or everything that is wrong in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is not there or cannot be read.
    #[error("cannot read the configuration {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is no TOML.
    #[error("{} is not TOML", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// It holds faults; the message lists all of them.
    #[error("{} has {}", path.display(), FaultList(faults))]
    Faults {
        /// The file.
        path: PathBuf,
        /// All that is wrong.
        faults: Vec<Fault>,
    },
}

struct FaultList<'a>(&'a [Fault]);

impl fmt::Display for FaultList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fault{}", self.0.len(), if self.0.len() == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl Settings {
    /// Reads the file; without one the defaults are in force.
    pub fn load(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Self::parse("", Path::new("lianmu.toml")) };
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let table: toml::Table = text
            .parse()
            .map_err(|source| Error::Syntax { path: path.to_owned(), source: Box::new(source) })?;
        let (in_force, mut faults) = check::check(&table, keys::KEYS);
        let listen = check::text(&in_force, "server.listen").parse();
        if listen.is_err() {
            faults.push(Fault::new("server.listen", "is no address with a port, such as 127.0.0.1:8046"));
        }
        let window = check::text(&in_force, "schedule.window");
        if !window.is_empty() && Window::parse(window).is_none() {
            faults.push(Fault::new("schedule.window", "is no part of the day, such as 01:00-05:00"));
        }
        let wait = Duration::from_secs(u64::try_from(check::number(&in_force, "central.wait")).unwrap_or(0));
        if wait > LONGEST_POLL {
            faults.push(Fault::new("central.wait", "is longer than the 25 seconds that proxies let through"));
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let tls = server::tls(&in_force, folder, &mut faults);
        let trusted_proxies = server::trusted_proxies(&in_force, &mut faults);
        let mail = mail::mail(&in_force, folder, &mut faults);
        let snapshot = snapshot::snapshot(&in_force, folder, &mut faults);
        let profiles = source::profiles(&table, &mut faults);
        let peers = peer::peers(&in_force, folder, &mut faults);
        let sources = source::sources(&in_force, folder, &profiles, &mut faults);
        match listen {
            Ok(listen) if faults.is_empty() => {
                let public_url = check::text(&in_force, "server.public_url").trim_end_matches('/').to_owned();
                let public_terminal = check::flag(&in_force, "server.public_terminal");
                let server = Server { listen, public_url, tls, trusted_proxies, public_terminal };
                let mut settings = Self::from_values(in_force, server, sources, snapshot);
                settings.holdings_profiles = profiles;
                settings.mail = mail;
                settings.peers = peers;
                settings.central.wait = wait;
                settings.follow_listen();
                Ok(settings)
            }
            _ => Err(Error::Faults { path: path.to_owned(), faults }),
        }
    }

    fn from_values(in_force: Vec<Setting>, server: Server, sources: Vec<Source>, snapshot: Snapshot) -> Self {
        let role = match check::text(&in_force, "role") {
            "hub" => Role::Hub,
            "branch" => Role::Branch,
            _ => Role::Standalone,
        };
        let library = check::text(&in_force, "library");
        let window = check::text(&in_force, "schedule.window");
        let max_requests = check::number(&in_force, "policy.max_requests");
        let anonymise_days = check::number(&in_force, "policy.anonymise_days");
        let max_libraries = usize::try_from(check::number(&in_force, "policy.max_libraries")).unwrap_or(0);
        Self {
            role,
            library: (!library.is_empty()).then(|| LibraryCode::new(library)),
            timezone: check::text(&in_force, "timezone").to_owned(),
            server,
            policy: Policy {
                max_libraries: (max_libraries > 0).then_some(max_libraries),
                max_requests: u32::try_from(max_requests).unwrap_or(0),
                anonymise_days: u32::try_from(anonymise_days).unwrap_or(0),
            },
            gate: Gate {
                max_drop: check::fraction(&in_force, "gate.max_drop"),
                max_change: check::fraction(&in_force, "gate.max_change"),
            },
            sources,
            mail: None,
            holdings_profiles: Vec::new(),
            peers: Vec::new(),
            window: (!window.is_empty()).then(|| window.to_owned()),
            snapshot,
            alert_command: check::text(&in_force, "alert.command").to_owned(),
            central: Central {
                kind: match check::text(&in_force, "central.kind") {
                    "hub" => CentralKind::Hub,
                    "iso18626" => CentralKind::Iso18626,
                    "" if role == Role::Branch => CentralKind::Hub,
                    _ => CentralKind::None,
                },
                url: Some(check::text(&in_force, "central.url").trim_end_matches('/').to_owned())
                    .filter(|url| !url.is_empty()),
                wait: Duration::ZERO,
            },
            in_force,
        }
    }

    /// Under which name a hub records what it does: its library's, or that of the centre.
    pub fn hub_name(&self) -> LibraryCode {
        self.library.clone().unwrap_or_else(|| LibraryCode::new("CENTRE"))
    }

    /// Listens elsewhere than the file says: `--listen`.
    pub fn listen_on(&mut self, listen: SocketAddr) {
        self.server.listen = listen;
        for setting in &mut self.in_force {
            if setting.key == "server.listen" {
                setting.value = Some(toml::Value::String(listen.to_string()));
                setting.origin = Origin::CommandLine;
            }
        }
        self.follow_listen();
    }

    /// Knows the port that it was given where it asked for any.
    pub fn listens_at(&mut self, listen: SocketAddr) {
        self.server.listen = listen;
        self.follow_listen();
    }

    // Who said nothing of the public address is reached where the server listens.
    fn follow_listen(&mut self) {
        let unsaid = |s: &&mut Setting| s.key == "server.public_url" && s.origin == Origin::Default;
        let Some(setting) = self.in_force.iter_mut().find(unsaid) else { return };
        self.server.public_url = self.server.url_of_listen();
        setting.value = Some(toml::Value::String(self.server.public_url.clone()));
    }

    /// The folder of the repository that this machine publishes into; nothing where it is no hub.
    pub fn own_repository(&self, data_dir: &Path) -> Option<PathBuf> {
        let is_hub = self.role == Role::Hub;
        is_hub.then(|| self.snapshot.folder().unwrap_or_else(|| data_dir.join("repository")))
    }

    /// Every key with the value in force and where it comes from, in the order of the contract.
    pub fn in_force(&self) -> &[Setting] {
        &self.in_force
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    fn parse(text: &str) -> Result<Settings, Error> {
        Settings::parse(text, Path::new("lianmu.toml"))
    }

    #[test]
    fn nothing_is_a_working_standalone() {
        let settings = parse("").unwrap();
        assert_eq!(settings.role, Role::Standalone);
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8046");
        assert_eq!(settings.policy.max_libraries, Some(10));
        assert!(settings.library.is_none());
        assert!(settings.in_force().iter().all(|s| s.origin == Origin::Default));
    }

    #[test]
    fn the_example_of_the_contract_is_valid() {
        let settings = parse(
            r#"
            role = "branch"
            library = "BJFU"
            [server]
            listen = "0.0.0.0:80"
            public_url = "http://lianmu.example.edu.cn/"
            trusted_proxies = ["10.0.0.1"]
            [[source]]
            library = "BJFU"
            kind = "folder"
            location = "exports/bjfu"
            [policy]
            max_libraries = 0
            [gate]
            max_drop = 0.1
            "#,
        )
        .unwrap();
        assert_eq!(settings.role, Role::Branch);
        assert_eq!(settings.server.public_url, "http://lianmu.example.edu.cn");
        assert_eq!(settings.policy.max_libraries, None);
        assert_eq!(settings.gate.max_drop, 0.1);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let error = parse(
            r#"
            role = "king"
            librrary = "BJFU"
            [server]
            listen = "here"
            public_terminal = "yes"
            [policy]
            max_libraries = -1
            [gate]
            max_drop = 5
            [[source]]
            kind = "pigeon"
            "#,
        )
        .unwrap_err()
        .to_string();
        for key in [
            "role",
            "librrary",
            "server.listen",
            "server.public_terminal",
            "policy.max_libraries",
            "gate.max_drop",
            "source[1].kind",
            "source[1].library",
        ] {
            assert!(error.contains(&format!("\n  {key}")), "{key} is missing in: {error}");
        }
    }

    #[test]
    fn a_source_names_a_profile_of_the_file_or_a_built_in_one() {
        let source = "[[source]]\nlibrary = \"BJFU\"\nkind = \"folder\"\nlocation = \"x\"\nholdings = ";
        let built_in = indexer::mapping::HoldingsProfile::built_in().remove(0).name;
        for (name, expect) in [("guess", None), (&*built_in, Some(&*built_in)), ("北林", Some("北林"))] {
            let text = format!("{source}{name:?}\n[[holdings_profile]]\nname = \"北林\"\n");
            let profile = parse(&text).unwrap().sources.remove(0).profile;
            assert_eq!(profile.as_ref().map(|profile| &*profile.name), expect);
        }
        for wrong in ["\"没有\"\n", "\"guess\"\n[[holdings_profile]]\nfield = 3\n"] {
            assert!(matches!(parse(&format!("{source}{wrong}")), Err(Error::Faults { .. })), "{wrong}");
        }
    }

    #[test]
    fn broken_toml_and_missing_files_are_sentences() {
        assert!(matches!(parse("role = ").unwrap_err(), Error::Syntax { .. }));
        let missing = Settings::load(Some(Path::new("/nowhere/lianmu.toml"))).unwrap_err();
        assert!(matches!(missing, Error::Read { .. }));
    }

    #[test]
    fn the_command_line_wins() {
        let mut settings = parse("[server]\nlisten = \"127.0.0.1:1\"").unwrap();
        settings.listen_on("127.0.0.1:0".parse().unwrap());
        let listen = settings.in_force().iter().find(|s| s.key == "server.listen").unwrap();
        assert_eq!(listen.to_string(), "server.listen = \"127.0.0.1:0\"  # command line");
    }

    #[test]
    fn the_public_address_follows_the_listener_unless_it_is_said() {
        let url = |text: &str, listen: Option<&str>| {
            let mut settings = parse(text).unwrap();
            if let Some(listen) = listen {
                settings.listens_at(listen.parse().unwrap());
            }
            settings.server.public_url
        };
        assert_eq!(url("", None), "http://127.0.0.1:8046");
        assert_eq!(url("", Some("127.0.0.1:9000")), "http://127.0.0.1:9000");
        assert_eq!(url("[server]\nlisten = \"0.0.0.0:80\"", None), "http://127.0.0.1");
        assert_eq!(url("[server]\ntls = \"internal\"\nlisten = \"[::1]:443\"", None), "https://[::1]");
        let said = "[server]\npublic_url = \"https://ill.example.org\"";
        assert_eq!(url(said, Some("127.0.0.1:9000")), "https://ill.example.org");
    }
}
