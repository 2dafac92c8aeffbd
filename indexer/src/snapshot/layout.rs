//! Where what lies in a repository: one layout for a folder, a stick and a web server.
//!
//! Names are small letters, digits, dots and hyphens, far below 255 characters, and never tell two files apart by
//! their case: FAT32 and Windows keep them. Objects lie in 256 folders by the beginning of their names.

use super::tuf::Role;

/// Place of signed metadata: `metadata/7.snapshot.json`; the timestamp alone has no version in its name.
pub fn metadata_name(role: Role, version: u64) -> String {
    match role {
        Role::Timestamp => "metadata/timestamp.json".to_owned(),
        _ => format!("metadata/{version}.{role}.json"),
    }
}

/// Place of a signed file by its SHA-256.
pub fn target_name(name: &str, sha256: &str) -> String {
    format!("targets/{sha256}.{name}")
}

/// Place of a block by its BLAKE3.
pub fn object_name(blake3: &str) -> String {
    format!("objects/{}/{blake3}", blake3.get(..2).unwrap_or_default())
}

/// Whether a text can stand in a place: no folder up, none hidden, nothing that a file system reads otherwise.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=96).contains(&name.len())
        && name.bytes().all(plain)
        && !name.starts_with('.')
        && !name.ends_with('.')
        && !is_device(name)
}

// Windows opens a device for these, whatever follows the dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// Whether a text is a hash as we write them: 64 small hexadecimal digits.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for name in ["manifest.json", "000001.by-id", "0a1b.term", "X"] {
            assert!(is_plain_name(name), "{name}");
        }
        let long = "a".repeat(97);
        for name in [
            "", ".", "..", "../x", "a/b", "a\\b", "/etc", "c:", "a b", ".hidden", "a.", "nul", "COM1.txt",
            "三国", "a\0", &long,
        ] {
            assert!(!is_plain_name(name), "{name}");
        }
        assert!(is_hash(&"0af9".repeat(16)) && !is_hash(&"0AF9".repeat(16)) && !is_hash("00"));
    }
}
