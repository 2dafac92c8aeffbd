//! The list of signed files, and how bytes are compared with what was signed of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::key::{sha256, sha512};
use super::metadata::{MetaFile, Metadata, Role, Time};
use crate::snapshot::Refusal;
use crate::snapshot::layout::is_hash;

/// A signed file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFile {
    /// Its length.
    pub length: u64,
    /// Its hashes by the names of their algorithms.
    pub hashes: BTreeMap<String, String>,
    /// What the publisher says besides.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub custom: Value,
}

/// Length and hash of a file that is to be signed.
pub fn target_file(bytes: &[u8]) -> TargetFile {
    let hashes = BTreeMap::from([("sha256".to_owned(), sha256(bytes))]);
    TargetFile { length: bytes.len() as u64, hashes, custom: Value::Null }
}

impl TargetFile {
    /// Its SHA-256, by which it is found.
    pub fn sha256(&self) -> Option<&str> {
        self.hashes.get("sha256").map(String::as_str).filter(|hash| is_hash(hash))
    }

    /// Compares bytes with what was signed.
    pub fn check(&self, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
        check(name, Some(self.length), &self.hashes, bytes)
    }
}

impl MetaFile {
    pub(super) fn check(&self, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
        if self.hashes.is_empty() {
            return self.length.map_or(Ok(()), |n| check_length(name, n, bytes));
        }
        check(name, self.length, &self.hashes, bytes)
    }
}

fn check_length(name: &str, length: u64, bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() as u64 == length { Ok(()) } else { Err(Refusal::altered(name, "length")) }
}

// At least one hash must be of a kind that is known, and all of those must be right.
fn check(
    name: &str,
    length: Option<u64>,
    hashes: &BTreeMap<String, String>,
    bytes: &[u8],
) -> Result<(), Refusal> {
    if let Some(length) = length {
        check_length(name, length, bytes)?;
    }
    let found = [("sha256", sha256(bytes)), ("sha512", sha512(bytes))];
    let known: Vec<bool> = found.iter().filter_map(|(kind, hash)| Some(hashes.get(*kind)? == hash)).collect();
    if !known.is_empty() && known.iter().all(|same| *same) {
        Ok(())
    } else {
        Err(Refusal::altered(name, "hash"))
    }
}

/// Which files there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Its version.
    pub version: u64,
    /// Until when it holds.
    pub expires: Time,
    /// The files by name.
    pub targets: BTreeMap<String, TargetFile>,
    /// To whom it delegates, if to anybody.
    pub(super) delegates_to: Option<String>,
}

impl Targets {
    /// A list of files.
    pub fn new(version: u64, expires: Time, targets: BTreeMap<String, TargetFile>) -> Self {
        Self { version, expires, targets, delegates_to: None }
    }
}

impl Metadata for Targets {
    const ROLE: Role = Role::Targets;

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
            targets: BTreeMap<String, TargetFile>,
            #[serde(default)]
            delegations: Value,
        }
        let stored: Stored = serde_json::from_value(value.clone()).map_err(|e| e.to_string())?;
        let roles = stored.delegations.get("roles").and_then(Value::as_array);
        let named = roles.and_then(|roles| roles.first()).map(|role| {
            role.get("name").and_then(Value::as_str).unwrap_or("a role without a name").to_owned()
        });
        let hashed = stored.delegations.get("succinct_roles").map(|_| "hashed bins".to_owned());
        let Stored { version, expires, targets, .. } = stored;
        Ok(Self { version, expires, targets, delegates_to: named.or(hashed) })
    }

    fn to_json(&self) -> Value {
        json!({
            "_type": "targets", "spec_version": "1.0.31", "version": self.version, "expires": self.expires.as_str(),
            "targets": self.targets,
        })
    }
}
