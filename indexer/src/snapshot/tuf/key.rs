//! Ed25519 keys and their signatures, and the hashes of TUF.

use ring::digest;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde_json::{Value, json};

use super::canonical::canonical;

/// A key that can verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key that metadata describes; `None` for any other kind, whose signatures then count nothing.
    pub(super) fn of_json(value: &Value) -> Option<Self> {
        let kind = (value.get("keytype")?.as_str()?, value.get("scheme")?.as_str()?);
        let public = value.get("keyval")?.get("public")?.as_str()?;
        let bytes = unhex(public)?;
        (kind == ("ed25519", "ed25519")).then_some(Self(bytes.try_into().ok()?))
    }

    /// As metadata describes it.
    pub fn to_json(self) -> Value {
        json!({"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": hex(&self.0)}})
    }

    /// Its name in metadata: the SHA-256 of its description. People compare keys by it.
    pub fn id(self) -> String {
        sha256(&canonical(&self.to_json()).unwrap_or_default())
    }

    pub(super) fn verifies(self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }
}

/// A key that can sign.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    seed: [u8; 32],
}

impl SigningKey {
    /// The key of 32 bytes that came from a source of randomness; `None` never but for a broken library.
    pub fn from_seed(seed: [u8; 32]) -> Option<Self> {
        Some(Self { pair: Ed25519KeyPair::from_seed_unchecked(&seed).ok()?, seed })
    }

    /// The key of a file that `to_text` made.
    pub fn from_text(text: &str) -> Option<Self> {
        let hexed = text.lines().find_map(|line| line.strip_prefix("ed25519 "))?;
        Self::from_seed(unhex(hexed.trim())?.try_into().ok()?)
    }

    /// The content of a key file. It is a secret.
    pub fn to_text(&self) -> String {
        format!("# lianmu signing key {}\ned25519 {}\n", self.public().id(), hex(&self.seed))
    }

    /// What verifies its signatures.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    pub(super) fn sign(&self, message: &[u8]) -> String {
        hex(self.pair.sign(message).as_ref())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public().id()).finish()
    }
}

/// SHA-256 as small hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

pub(super) fn sha512(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA512, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]);
    digits.map(char::from).collect()
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[a, b]| Some(digit(*a)? << 4 | digit(*b)?)).collect()
}
