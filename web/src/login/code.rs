//! One-time codes for a forgotten password: fifty random bits that a person can read out and type.

use daemon::keys;

/// Nothing that is taken for something else when it is read out.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const LENGTH: usize = 10;

/// A new one, as it is shown: `K7QX2-M9PTR`.
pub(crate) fn random() -> anyhow::Result<String> {
    let bytes: [u8; LENGTH] = keys::random()?;
    let letters = bytes.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let (first, last) = letters.split_at(LENGTH / 2);
    Ok(first.iter().chain(&['-']).chain(last).collect())
}

/// What the store keeps of it, however it is typed.
pub(crate) fn hash(typed: &str) -> [u8; 32] {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    blake3::derive_key("lianmu 2026 one-time codes", plain.to_ascii_uppercase().as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = random().unwrap();
        assert_eq!((code.len(), code.as_bytes()[5]), (11, b'-'));
        assert_ne!(random().unwrap(), code);
        let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
        assert_eq!(hash(&typed), hash(&code));
        assert_ne!(hash(&code[1..]), hash(&code));
    }
}
