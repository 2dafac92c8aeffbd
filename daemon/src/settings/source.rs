//! `[[source]]`: where a library's records come from, and when they are fetched.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use croner::Cron;
use indexer::archive::ImportMode;
use indexer::bib::LibraryCode;
use indexer::mapping::HoldingsProfile;

use super::check::{self, Fault, Setting};

/// A configured source.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// By what state, checkpoints and hashes know it; the same as long as library, kind and place are.
    pub id: SourceId,
    /// Whose records they are.
    pub library: LibraryCode,
    /// How they are fetched.
    pub kind: SourceKind,
    /// A path, already relative to the configuration file's folder, or a URL.
    pub location: String,
    /// What a set of this source says about the records that it does not contain.
    pub mode: ImportMode,
    /// Cron expression in the configured time zone; `None`: by hand, and a folder on arrival.
    pub schedule: Option<String>,
    /// OAI set; empty for all.
    pub set: String,
    /// OAI metadata prefix; empty lets the fetcher choose.
    pub metadata_prefix: String,
    /// `guess`, the name of a holdings profile, or empty.
    pub holdings: String,
    /// The profile that `holdings` names, of the configuration or built in.
    pub profile: Option<HoldingsProfile>,
    /// Whether this source may be at a private address.
    pub allow_private: bool,
}

/// Name of a source in the data directory: library, kind and a hash of the place as it was configured.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(String);

impl SourceId {
    /// The name as text; it can be that of a folder.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SourceId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Display for SourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a source is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A watched folder.
    Folder,
    /// A file behind an http: or https: address.
    Http,
    /// An OAI-PMH provider.
    Oai,
    /// A file or folder on an SFTP server.
    Sftp,
}

impl SourceKind {
    /// The word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Folder => "folder",
            SourceKind::Http => "http",
            SourceKind::Oai => "oai",
            SourceKind::Sftp => "sftp",
        }
    }
}

impl Source {
    /// When it runs by itself.
    pub fn cron(&self) -> Option<Cron> {
        // Checked when the settings were read.
        self.schedule.as_deref().and_then(|text| Cron::from_str(text).ok())
    }

    /// What reports call it: an address without credentials, or a place without the folders above it.
    pub fn shown(&self) -> String {
        if self.kind == SourceKind::Folder {
            let path = Path::new(&self.location);
            return path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        }
        let (scheme, rest) = self.location.split_once("://").unwrap_or(("", &self.location));
        let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let host = host.rsplit('@').next().unwrap_or(host);
        let path = path.split(['?', '#']).next().unwrap_or(path);
        if scheme.is_empty() { format!("{host}{path}") } else { format!("{scheme}://{host}{path}") }
    }
}

/// All sources of a checked file; `base` is the folder of the file.
pub(super) fn sources(
    in_force: &[Setting],
    base: &Path,
    profiles: &[HoldingsProfile],
    faults: &mut Vec<Fault>,
) -> Vec<Source> {
    (1..)
        .map(|n| format!("source[{n}]"))
        .take_while(|at| in_force.iter().any(|s| s.key.starts_with(&format!("{at}."))))
        .map(|at| source(in_force, &at, base, profiles, faults))
        .collect()
}

/// All holdings profiles of the file.
pub(super) fn profiles(table: &toml::Table, faults: &mut Vec<Fault>) -> Vec<HoldingsProfile> {
    let given = table.get("holdings_profile").and_then(toml::Value::as_array);
    let mut profiles = Vec::new();
    for (n, value) in given.into_iter().flatten().enumerate() {
        match value.clone().try_into() {
            Ok(profile) => profiles.push(profile),
            Err(cause) => faults.push(Fault::new(
                format!("holdings_profile[{}]", n + 1),
                format!("is none: {}", cause.message()),
            )),
        }
    }
    profiles
}

fn source(
    in_force: &[Setting],
    at: &str,
    base: &Path,
    profiles: &[HoldingsProfile],
    faults: &mut Vec<Fault>,
) -> Source {
    let text = |name: &str| check::text(in_force, &format!("{at}.{name}"));
    let kind = match text("kind") {
        "http" => SourceKind::Http,
        "oai" => SourceKind::Oai,
        "sftp" => SourceKind::Sftp,
        _ => SourceKind::Folder,
    };
    let place = text("location");
    let is_url = |schemes: &[&str]| schemes.iter().any(|scheme| place.starts_with(scheme));
    let fits = match kind {
        SourceKind::Folder => true,
        SourceKind::Http | SourceKind::Oai => is_url(&["http://", "https://"]),
        SourceKind::Sftp => is_url(&["sftp://"]),
    };
    if !fits {
        let wanted = if kind == SourceKind::Sftp { "an sftp: address" } else { "an http: or https: address" };
        faults.push(Fault::new(format!("{at}.location"), format!("must be {wanted} for this kind")));
    }
    let schedule = text("schedule");
    if let Some(message) = (!schedule.is_empty()).then(|| objection_to_cron(schedule)).flatten() {
        faults.push(Fault::new(format!("{at}.schedule"), message));
    }
    let library = LibraryCode::new(text("library"));
    let holdings = text("holdings");
    let own = profiles.iter().find(|profile| profile.name == holdings).cloned();
    let profile = own.or_else(|| HoldingsProfile::named(holdings));
    if profile.is_none() && !matches!(holdings, "" | "guess") {
        faults.push(Fault::new(format!("{at}.holdings"), "is neither guess nor the name of a profile"));
    }
    Source {
        id: source_id(&library, kind, place, text("set"), text("metadata_prefix")),
        library,
        kind,
        location: if kind == SourceKind::Folder { relative_to(base, place) } else { place.to_owned() },
        mode: match text("mode") {
            "delta" => ImportMode::Delta,
            "delete" => ImportMode::Delete,
            _ => ImportMode::Full,
        },
        schedule: (!schedule.is_empty()).then(|| schedule.to_owned()),
        set: text("set").to_owned(),
        metadata_prefix: text("metadata_prefix").to_owned(),
        holdings: holdings.to_owned(),
        profile,
        allow_private: check::flag(in_force, &format!("{at}.allow_private")),
    }
}

// The place as configured and not as resolved: the data directory may move together with the file.
fn source_id(library: &LibraryCode, kind: SourceKind, place: &str, set: &str, prefix: &str) -> SourceId {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in [place, set, prefix].join("\0").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    SourceId(format!("{library}-{}-{:08x}", kind.name(), (hash >> 32) ^ (hash & 0xffff_ffff)))
}

fn relative_to(base: &Path, place: &str) -> String {
    let joined: PathBuf = base.join(place);
    joined.to_string_lossy().into_owned()
}

fn objection_to_cron(text: &str) -> Option<String> {
    Cron::from_str(text).err().map(|cause| format!("is no cron expression: {cause}"))
}
