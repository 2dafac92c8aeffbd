//! A file of metadata as it came, and as it is written: a signed part and those who signed it.
//!
//! Reading looks at no signature; `verified` counts the valid ones of those who may sign.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::canonical::canonical;
use super::key::{PublicKey, SigningKey, unhex};
use super::metadata::{Metadata, RoleKeys};
use crate::snapshot::Refusal;

/// A file of metadata before anybody has looked who signed it.
pub(super) struct Envelope {
    signed: Value,
    message: Vec<u8>,
    signatures: Vec<(String, Vec<u8>)>,
}

impl Envelope {
    /// Reads a file; nothing in it is trusted.
    pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Stored {
            signed: Value,
            signatures: Vec<Signature>,
        }
        #[derive(Deserialize)]
        struct Signature {
            keyid: String,
            sig: String,
        }
        let stored: Stored = serde_json::from_slice(bytes).map_err(|e| Refusal::malformed(name, e))?;
        let message = canonical(&stored.signed);
        let message =
            message.ok_or_else(|| Refusal::malformed(name, "it holds a number that is no integer"))?;
        // §5: a key signs once; what is there twice was not made by a tool that knows what it does.
        let names: BTreeSet<&str> = stored.signatures.iter().map(|s| s.keyid.as_str()).collect();
        if names.len() < stored.signatures.len() {
            return Err(Refusal::malformed(name, "a key has signed it twice"));
        }
        // What is no signature counts as none.
        let signature = |s: Signature| Some((s.keyid, unhex(&s.sig)?));
        let signatures = stored.signatures.into_iter().filter_map(signature).collect();
        Ok(Self { signed: stored.signed, message, signatures })
    }

    /// The signed part, if enough of `by` have signed it; two names of one key are one key.
    pub(super) fn verified<M: Metadata>(
        &self,
        name: &str,
        by: Option<&RoleKeys>,
        whose: &'static str,
    ) -> Result<M, Refusal> {
        let mut signers: BTreeSet<PublicKey> = BTreeSet::new();
        for (id, signature) in &self.signatures {
            let key = by.and_then(|by| by.keys.get(id)).filter(|key| key.verifies(&self.message, signature));
            signers.extend(key);
        }
        let threshold = by.map_or(u64::MAX, |by| by.threshold.max(1));
        if (signers.len() as u64) < threshold {
            return Err(Refusal::Unsigned { role: M::ROLE, found: signers.len(), threshold, by: whose });
        }
        self.parsed(name)
    }

    /// The signed part without a look at the signatures.
    pub(super) fn parsed<M: Metadata>(&self, name: &str) -> Result<M, Refusal> {
        let text = |field: &str| self.signed.get(field).and_then(Value::as_str).unwrap_or_default();
        if text("_type") != M::ROLE.name() {
            return Err(Refusal::malformed(name, format!("it is no {}", M::ROLE)));
        }
        if !text("spec_version").starts_with("1.") {
            return Err(Refusal::malformed(name, "it follows another version of TUF than 1"));
        }
        let parsed = M::of_json(&self.signed).map_err(|what| Refusal::malformed(name, what))?;
        if parsed.version() == 0 {
            return Err(Refusal::malformed(name, "its version is 0"));
        }
        Ok(parsed)
    }

    /// What was signed, for comparing two of them.
    pub(super) fn message(&self) -> &[u8] {
        &self.message
    }
}

/// A file of metadata signed by `keys`.
pub fn signed(metadata: &impl Metadata, keys: &[&SigningKey]) -> Vec<u8> {
    signed_by(&metadata.to_json(), keys)
}

/// The same over any value: tests make what no honest publisher would.
pub fn signed_by(value: &Value, keys: &[&SigningKey]) -> Vec<u8> {
    let message = canonical(value).unwrap_or_default();
    let signature = |key: &&SigningKey| json!({"keyid": key.public().id(), "sig": key.sign(&message)});
    let signatures: Vec<Value> = keys.iter().map(signature).collect();
    serde_json::to_vec(&json!({"signatures": signatures, "signed": value})).unwrap_or_default()
}
