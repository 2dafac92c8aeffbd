//! The consortium card: what its square says, signed, so that a lender believes it without asking anybody.
//!
//! The square holds `LMCARD1.<claims>.<signature>` in base64url. The key lies in the data directory, readable by its
//! owner alone; lenders know the public one.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, anyhow};
use barcoders::sym::code128::Code128;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daemon::keys::{from_hex, is_signed, random, to_hex};
use jiff::civil::Date;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};

const KEY_FILE: &str = "card.key";
const PREFIX: &str = "LMCARD1";
/// A square of more is no card of ours.
const MOST_BYTES: usize = 1_500;

/// What a card says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    /// Code of the library that issued it.
    pub(crate) library: String,
    /// What stands below the bars.
    pub(crate) number: String,
    /// Name of the holder.
    pub(crate) name: String,
    /// First day.
    pub(crate) first: Date,
    /// Last day.
    pub(crate) last: Date,
}

impl Claims {
    fn to_text(&self) -> String {
        [&self.library, &self.number, &self.name, &self.first.to_string(), &self.last.to_string()]
            .map(|part| part.replace('\n', " "))
            .join("\n")
    }

    fn of_text(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('\n').collect();
        let [library, number, name, first, last] = parts[..] else { return None };
        let [library, number, name] = [library, number, name].map(str::to_owned);
        Some(Self { library, number, name, first: first.parse().ok()?, last: last.parse().ok()? })
    }
}

/// Why a square is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// It is no card.
    NoCard,
    /// The library's key is not known here.
    UnknownKey,
    /// Nobody whose key is known signed this.
    Forged,
}

/// The key by which this machine signs cards.
pub(crate) struct Signer(Ed25519KeyPair);

impl Signer {
    /// The key of a data directory, made where there is none.
    pub(crate) fn open(data_dir: &Path) -> anyhow::Result<Self> {
        match Self::find(data_dir)? {
            Some(signer) => Ok(signer),
            None => {
                make_key(data_dir)?;
                Self::find(data_dir)?
                    .ok_or_else(|| anyhow!("the key of cards is gone as soon as it was written"))
            }
        }
    }

    /// The key of a data directory, if there is one.
    pub(crate) fn find(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = data_dir.join(KEY_FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(cause).with_context(|| format!("cannot read {}", path.display())),
        };
        let key = Ed25519KeyPair::from_pkcs8(&bytes)
            .map_err(|cause| anyhow!("{} holds no key: {cause}", path.display()))?;
        Ok(Some(Self(key)))
    }

    /// What others need to believe its cards.
    pub(crate) fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.0.public_key().as_ref());
        public
    }

    /// The text of the square.
    pub(crate) fn sign(&self, claims: &Claims) -> String {
        let claims = claims.to_text();
        let signature = self.0.sign(claims.as_bytes());
        let [claims, signature] = [claims.as_bytes(), signature.as_ref()].map(|b| URL_SAFE_NO_PAD.encode(b));
        format!("{PREFIX}.{claims}.{signature}")
    }
}

// Beside its place and renamed: a key is whole or not there. Two that begin at once agree on one.
fn make_key(data_dir: &Path) -> anyhow::Result<()> {
    let key =
        Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| anyhow!("no random numbers"))?;
    let path = data_dir.join(KEY_FILE);
    let mut file = tempfile::Builder::new().prefix(".card").tempfile_in(data_dir)?;
    file.write_all(key.as_ref())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(fs::File::open(data_dir)?.sync_all()?),
        Err(cause) if cause.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(cause.error).with_context(|| format!("cannot write {}", path.display())),
    }
}

/// What a square says, where somebody signed it whose key is known for that library; `known` are libraries with keys,
/// `own` is believed for all.
pub(crate) fn check(
    text: &str,
    own: Option<[u8; 32]>,
    known: &[(String, [u8; 32])],
) -> Result<Claims, Doubt> {
    let text = text.trim();
    let mut parts = text.split('.');
    let (Some(PREFIX), Some(claims), Some(signature), None, true) =
        (parts.next(), parts.next(), parts.next(), parts.next(), text.len() <= MOST_BYTES)
    else {
        return Err(Doubt::NoCard);
    };
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| Doubt::NoCard);
    let (bytes, signature) = (decode(claims)?, decode(signature)?);
    let claims = std::str::from_utf8(&bytes).ok().and_then(Claims::of_text).ok_or(Doubt::NoCard)?;
    let of_library = known.iter().filter(|(library, _)| *library == claims.library).map(|(_, key)| *key);
    let keys: Vec<[u8; 32]> = own.into_iter().chain(of_library.clone()).collect();
    if keys.iter().any(|key| is_signed(key, &bytes, &signature)) {
        return Ok(claims);
    }
    Err(if of_library.count() == 0 { Doubt::UnknownKey } else { Doubt::Forged })
}

/// A public key as people pass it on: 64 hexadecimal digits, blanks between them do not matter.
pub(crate) fn parse_key(text: &str) -> Option<[u8; 32]> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    from_hex(&digits)
}

/// A key in groups of eight digits, so that two people can compare it.
pub(crate) fn show_key(key: &[u8; 32]) -> String {
    key.chunks(4).map(to_hex).collect::<Vec<_>>().join(" ")
}

/// A number for a new card: the library and ten digits that were drawn.
pub(crate) fn number(library: &str) -> anyhow::Result<String> {
    Ok(format!("{library}-{:010}", u64::from_le_bytes(random()?) % 10_000_000_000))
}

/// The bars of a number in Code 128: width in modules, and the path of the dark ones, one high.
pub(crate) fn bars(number: &str) -> Option<(usize, String)> {
    let modules = Code128::new(format!("\u{181}{number}")).ok()?.encode();
    let mut path = String::new();
    let mut at = 0;
    for run in modules.chunk_by(|a, b| a == b) {
        if run.first() == Some(&1) {
            path += &format!("M{at} 0h{}v1H{at}z", run.len());
        }
        at += run.len();
    }
    Some((at, path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use jiff::civil::date;

    use super::*;

    fn claims() -> Claims {
        let [library, number, name] = ["BJFU", "BJFU-0123456789", "林巧"].map(str::to_owned);
        Claims { library, number, name, first: date(2026, 11, 29), last: date(2027, 11, 28) }
    }

    #[test]
    fn a_card_is_believed_by_whoever_knows_the_key_of_its_library() {
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::open(folder.path()).unwrap();
        assert_eq!(Signer::open(folder.path()).unwrap().public(), signer.public(), "the key is kept");
        let square = signer.sign(&claims());
        let key = signer.public();
        let knows = |library: &str| vec![(library.to_owned(), key)];
        assert_eq!(check(&square, None, &knows("BJFU")), Ok(claims()));
        assert_eq!(check(&format!(" {square}\n"), Some(key), &[]), Ok(claims()));
        assert_eq!(check(&square, None, &[]), Err(Doubt::UnknownKey));
        assert_eq!(check(&square, None, &knows("PKU")), Err(Doubt::UnknownKey), "a key is for its library");
        let other = Signer::open(tempfile::tempdir().unwrap().path()).unwrap().public();
        assert_eq!(check(&square, Some(other), &[("BJFU".to_owned(), other)]), Err(Doubt::Forged));
    }

    #[test]
    fn a_changed_card_is_forged_and_anything_else_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::open(folder.path()).unwrap();
        let known = [("BJFU".to_owned(), signer.public())];
        let square = signer.sign(&claims());
        let longer = Claims { last: date(2099, 1, 1), ..claims() };
        let (other, signature) =
            (URL_SAFE_NO_PAD.encode(longer.to_text()), square.rsplit('.').next().unwrap());
        assert_eq!(check(&format!("{PREFIX}.{other}.{signature}"), None, &known), Err(Doubt::Forged));
        for text in [
            "",
            "LMCARD1",
            "LMCARD1..",
            "LMCARD2.a.b",
            "LMCARD1.%.b",
            &"x".repeat(9_999),
            &format!("{square}.x"),
        ] {
            assert_eq!(check(text, None, &known), Err(Doubt::NoCard), "{text}");
        }
    }

    #[test]
    fn a_key_is_read_as_it_is_shown() {
        let key = std::array::from_fn(|n| n as u8);
        assert_eq!(parse_key(&show_key(&key)), Some(key));
        for wrong in ["", "00", &"0".repeat(63), &"g".repeat(64)] {
            assert_eq!(parse_key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bars_are_those_of_code_128() {
        // Start B, one character, its check character and the stop: 11 + 11 + 11 + 13 modules.
        let (width, path) = bars("A").unwrap();
        assert_eq!(width, 46);
        assert!(path.starts_with("M0 0h2v1H0zM3 0h1v1H3z") && path.ends_with("h2v1H44z"), "{path}");
        assert!(bars(&number("BJFU").unwrap()).is_some());
        assert_eq!(bars("证"), None);
    }
}
