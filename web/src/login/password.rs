//! Passwords: which may be chosen, and their argon2id hashes as PHC strings.
//!
//! A hash takes 19 MiB and a tenth of a second on purpose; whoever calls takes a turn of the bounded pool for it.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::secret::Secret;

/// Characters at least.
pub(crate) const SHORTEST: usize = 12;
/// Bytes at most: enough for any sentence.
const LONGEST: usize = 512;
/// OWASP's least: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Fewer than `SHORTEST` characters.
    Short,
    /// More than anybody types.
    Long,
    /// Among the first that a stranger tries.
    Guessable,
}

impl Unfit {
    /// Key of its sentence.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Unfit::Short => "login.password_short",
            Unfit::Long => "login.password_long",
            Unfit::Guessable => "login.password_guessable",
        }
    }
}

/// Pieces of which guessable passwords are made; what is left besides them must not be nothing.
const GUESSED: &[&str] = &[
    "password",
    "passw0rd",
    "admin",
    "administrator",
    "lianmu",
    "library",
    "tushuguan",
    "welcome",
    "letmein",
    "qwertyuiop",
    "qwerty",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx",
    "iloveyou",
    "woaini",
    "abc",
    "1234567890",
    "123456789",
    "12345678",
    "123456",
    "12345",
    "1234",
    "123",
    "0987654321",
    "图书馆",
    "管理员",
    "密码",
    "联目",
    "changeme",
    "secret",
];

/// Whether this may be the password of a person of whom `about` is known.
pub(crate) fn check(password: &str, about: &[&str]) -> Result<(), Unfit> {
    if password.len() > LONGEST {
        return Err(Unfit::Long);
    }
    if password.chars().count() < SHORTEST {
        return Err(Unfit::Short);
    }
    let mut rest = password.to_lowercase();
    let about = about.iter().filter(|known| known.chars().count() > 2);
    for known in about.map(|known| known.to_lowercase()).chain(GUESSED.iter().map(|g| (*g).to_owned())) {
        rest = rest.replace(&known, "");
    }
    let mut different: Vec<char> = rest.chars().filter(|c| c.is_alphanumeric()).collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 4 { Err(Unfit::Guessable) } else { Ok(()) }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash of a password.
pub(crate) fn hash(password: &str) -> anyhow::Result<String> {
    let salt = Secret::random()?.hash();
    let hash: PasswordHash = argon2()
        .hash_password_with_salt(password.as_bytes(), &salt[..16])
        .map_err(|cause| anyhow::anyhow!("cannot hash a password: {cause}"))?;
    Ok(hash.to_string())
}

/// Whether the password is that of the hash. Without a hash it takes as long: nobody learns who has an account.
pub(crate) fn fits(password: &str, hash: Option<&str>) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$0000000000000000000000000000000000000000000";
    if password.len() > LONGEST {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    let fits = argon2().verify_password(password.as_bytes(), &parsed).is_ok();
    fits && hash.is_some()
}

/// Whether a hash was made with less work than is asked for now.
pub(crate) fn is_outdated(hash: &str) -> bool {
    !hash.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1$"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_password_is_long_and_no_guess() {
        for (password, expect) in [
            ("short", Err(Unfit::Short)),
            ("三个字", Err(Unfit::Short)),
            ("图书馆管理员密码一二三四", Ok(())),
            ("correct horse battery", Ok(())),
            ("password1234", Err(Unfit::Guessable)),
            ("aaaaaaaaaaaaaaaa", Err(Unfit::Guessable)),
            ("Lianmu123456789", Err(Unfit::Guessable)),
            ("B20260001B20260001", Err(Unfit::Guessable)),
            ("管理员密码管理员密码管理员", Err(Unfit::Guessable)),
        ] {
            assert_eq!(check(password, &["B20260001", "王芳"]), expect, "{password}");
        }
        assert_eq!(check(&"长".repeat(200), &[]), Err(Unfit::Long));
    }

    #[test]
    fn a_hash_knows_its_password() {
        let hash = hash("正确的马电池订书钉").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(fits("正确的马电池订书钉", Some(&hash)));
        assert!(!fits("错误的马电池订书钉", Some(&hash)));
        assert!(!fits("", Some(&hash)));
        assert!(!fits("x", Some("no hash")));
        assert!(!is_outdated(&hash));
        assert!(is_outdated("$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$aaaa"));
    }

    #[test]
    fn nobody_takes_as_long_as_somebody() {
        let hash = hash("正确的马电池订书钉").unwrap();
        let took = |hash: Option<&str>| {
            let began = Instant::now();
            assert!(!fits("猜一猜猜一猜", hash));
            began.elapsed()
        };
        let somebody = (0..3).map(|_| took(Some(&hash))).min().unwrap();
        let nobody = (0..3).map(|_| took(None)).min().unwrap();
        assert!(nobody * 3 > somebody, "{nobody:?} for nobody, {somebody:?} for somebody");
    }
}
