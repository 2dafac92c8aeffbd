//! Ids of sessions and tokens: 256 random bits, of which only the hash is kept.

use std::fmt;

use daemon::keys;

/// A session id or a token, as the browser or program holds it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret([u8; 32]);

impl Secret {
    /// A new one.
    pub(crate) fn random() -> anyhow::Result<Self> {
        Ok(Self(keys::random()?))
    }

    /// Reads 64 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        keys::from_hex(text).map(Self)
    }

    /// 64 hexadecimal digits.
    pub(crate) fn reveal(&self) -> String {
        keys::to_hex(&self.0)
    }

    /// What the store keeps: from it the secret cannot be found.
    pub(crate) fn hash(&self) -> [u8; 32] {
        blake3::derive_key("lianmu 2026 sessions and tokens", &self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_is_revealed_is_read_again() {
        let secret = Secret::random().unwrap();
        let text = secret.reveal();
        assert_eq!(Secret::parse(&text), Some(secret.clone()));
        assert_ne!(Secret::random().unwrap(), secret);
        assert_ne!(secret.hash().to_vec(), secret.0.to_vec());
        for wrong in ["", &text[..63], &format!("{text}0"), &format!("+{}", &text[1..]), &"联".repeat(22)] {
            assert_eq!(Secret::parse(wrong), None, "{wrong}");
        }
        assert!(!format!("{secret:?}").contains(&text[..8]));
    }
}
