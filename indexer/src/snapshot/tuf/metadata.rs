//! The four roles of TUF as values, read out of signed JSON and written into it.
//!
//! What is read here is not yet trusted: `client` decides that. Unknown fields are passed over, as the specification
//! wants it; everything that is known must have its shape.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::key::PublicKey;
use super::targets::{TargetFile, target_file};

/// Who says what in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Which keys may sign what.
    Root,
    /// Which snapshot is the newest.
    Timestamp,
    /// Which versions belong together.
    Snapshot,
    /// Which files there are.
    Targets,
}

impl Role {
    /// The word in metadata and in names of files.
    pub fn name(self) -> &'static str {
        match self {
            Role::Root => "root",
            Role::Timestamp => "timestamp",
            Role::Snapshot => "snapshot",
            Role::Targets => "targets",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A moment in UTC, to the second, as metadata writes it: `2026-11-24T17:30:00Z`. Later is greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Time(String);

impl Time {
    /// Reads one; `None` for any other form, whose order would not be that of time.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let shape = b"0000-00-00T00:00:00Z";
        let fits = |(b, s): (u8, &u8)| if *s == b'0' { b.is_ascii_digit() } else { b == *s };
        (text.len() == shape.len() && text.bytes().zip(shape).all(fits)).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Time {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text).ok_or("is no time such as 2026-11-24T17:30:00Z")
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What every role has.
pub trait Metadata: Sized {
    /// Which it is.
    const ROLE: Role;
    /// Its version.
    fn version(&self) -> u64;
    /// Until when it holds.
    fn expires(&self) -> &Time;
    /// Reads the signed part; the error says what is wrong.
    fn of_json(value: &Value) -> Result<Self, String>;
    /// The signed part.
    fn to_json(&self) -> Value;
}

/// Who may sign for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKeys {
    /// The keys that count; of kinds that this program cannot verify there are none.
    pub keys: BTreeMap<String, PublicKey>,
    /// How many different keys must sign.
    pub threshold: u64,
}

impl RoleKeys {
    /// The same keys, whatever their names.
    pub(super) fn same_keys(&self, other: &Self) -> bool {
        let set = |keys: &BTreeMap<String, PublicKey>| keys.values().copied().collect::<BTreeSet<_>>();
        set(&self.keys) == set(&other.keys)
    }
}

/// Which keys may sign what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its version.
    pub version: u64,
    /// Until when it holds.
    pub expires: Time,
    /// Who may sign for each role.
    pub roles: BTreeMap<Role, RoleKeys>,
}

impl Root {
    pub(super) fn role(&self, role: Role) -> Option<&RoleKeys> {
        self.roles.get(&role)
    }
}

impl Metadata for Root {
    const ROLE: Role = Role::Root;

    fn version(&self) -> u64 {
        self.version
    }

    fn expires(&self) -> &Time {
        &self.expires
    }

    fn of_json(value: &Value) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Stored {
            version: u64,
            expires: Time,
            keys: BTreeMap<String, Value>,
            roles: BTreeMap<String, StoredRole>,
            #[serde(default)]
            consistent_snapshot: bool,
        }
        #[derive(Deserialize)]
        struct StoredRole {
            keyids: Vec<String>,
            threshold: u64,
        }
        let stored: Stored = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        if !stored.consistent_snapshot {
            return Err("names without versions (consistent_snapshot) are not followed".to_owned());
        }
        let mut roles = BTreeMap::new();
        for role in [Role::Root, Role::Timestamp, Role::Snapshot, Role::Targets] {
            let of_role =
                stored.roles.get(role.name()).ok_or_else(|| format!("it names no keys for {role}"))?;
            if of_role.threshold == 0 {
                return Err(format!("its threshold for {role} is 0"));
            }
            let known = |id: &String| Some((id.clone(), PublicKey::of_json(stored.keys.get(id)?)?));
            let keys = of_role.keyids.iter().filter_map(known).collect();
            roles.insert(role, RoleKeys { keys, threshold: of_role.threshold });
        }
        Ok(Self { version: stored.version, expires: stored.expires, roles })
    }

    fn to_json(&self) -> Value {
        let all = self.roles.values().flat_map(|role| &role.keys);
        let keys: BTreeMap<&String, Value> = all.map(|(id, key)| (id, key.to_json())).collect();
        let of = |role: &RoleKeys| json!({"keyids": role.keys.keys().collect::<Vec<_>>(), "threshold": role.threshold});
        let roles: BTreeMap<&str, Value> =
            self.roles.iter().map(|(name, role)| (name.name(), of(role))).collect();
        json!({
            "_type": "root", "spec_version": "1.0.31", "consistent_snapshot": true, "version": self.version,
            "expires": self.expires.as_str(), "keys": keys, "roles": roles,
        })
    }
}

/// A file as another one names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaFile {
    /// Its version.
    pub version: u64,
    /// Its length, where it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Its hashes by the names of their algorithms, where they are said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hashes: BTreeMap<String, String>,
}

impl MetaFile {
    fn of(version: u64, bytes: &[u8]) -> Self {
        let TargetFile { length, hashes, .. } = target_file(bytes);
        Self { version, length: Some(length), hashes }
    }
}

/// Which snapshot is the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Its version.
    pub version: u64,
    /// Until when it holds.
    pub expires: Time,
    /// The newest snapshot.
    pub snapshot: MetaFile,
}

impl Timestamp {
    /// Says which snapshot is the newest.
    pub fn new(version: u64, expires: Time, snapshot_version: u64, snapshot: &[u8]) -> Self {
        Self { version, expires, snapshot: MetaFile::of(snapshot_version, snapshot) }
    }
}

#[derive(Deserialize)]
struct StoredMeta {
    version: u64,
    expires: Time,
    meta: BTreeMap<String, MetaFile>,
}

impl Metadata for Timestamp {
    const ROLE: Role = Role::Timestamp;

    fn version(&self) -> u64 {
        self.version
    }

    fn expires(&self) -> &Time {
        &self.expires
    }

    fn of_json(value: &Value) -> Result<Self, String> {
        let mut stored: StoredMeta = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        let snapshot = stored.meta.remove("snapshot.json").ok_or("it names no snapshot")?;
        Ok(Self { version: stored.version, expires: stored.expires, snapshot })
    }

    fn to_json(&self) -> Value {
        json!({
            "_type": "timestamp", "spec_version": "1.0.31", "version": self.version, "expires": self.expires.as_str(),
            "meta": {"snapshot.json": self.snapshot},
        })
    }
}

/// Which versions belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its version.
    pub version: u64,
    /// Until when it holds.
    pub expires: Time,
    /// The metadata of the targets, by name.
    pub meta: BTreeMap<String, MetaFile>,
}

pub(super) const TARGETS_JSON: &str = "targets.json";

impl Snapshot {
    /// Says which list of files belongs to it.
    pub fn new(version: u64, expires: Time, targets_version: u64, targets: &[u8]) -> Self {
        let targets = (TARGETS_JSON.to_owned(), MetaFile::of(targets_version, targets));
        Self { version, expires, meta: BTreeMap::from([targets]) }
    }
}

impl Metadata for Snapshot {
    const ROLE: Role = Role::Snapshot;

    fn version(&self) -> u64 {
        self.version
    }

    fn expires(&self) -> &Time {
        &self.expires
    }

    fn of_json(value: &Value) -> Result<Self, String> {
        let StoredMeta { version, expires, meta } =
            serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        Ok(Self { version, expires, meta })
    }

    fn to_json(&self) -> Value {
        json!({
            "_type": "snapshot", "spec_version": "1.0.31", "version": self.version, "expires": self.expires.as_str(),
            "meta": self.meta,
        })
    }
}
