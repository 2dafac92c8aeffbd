//! Who this machine is to others: a key that signs (Ed25519) and one to which things are sealed (X25519 by HPKE, RFC 9180).
//!
//! Both are made by `enrol` or by a hub's first start, never else, and stay in `keys/`, which its owner alone can read.
//! They come out of 32 random bytes each; only those are kept.

use std::path::{Path, PathBuf};

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use indexer::files::{FileLayer, replace_private_file};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::{Error, Result};

const FOLDER: &str = "keys";
const FILE: &str = "identity";
const FIRST_LINE: &str = "lianmu identity 1";
const SEALED_FOR: &[u8] = b"lianmu stick 1";

type Sealing = X25519HkdfSha256;
type PrivateKey = <Sealing as Kem>::PrivateKey;
type PublicKey = <Sealing as Kem>::PublicKey;
type EncappedKey = <Sealing as Kem>::EncappedKey;
const ENCAPPED: usize = 32;

/// The keys of this machine.
pub struct Identity {
    signing: Ed25519KeyPair,
    sealing: PrivateKey,
    public: PublicKeys,
}

/// What others know of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// Ed25519.
    pub signing: [u8; 32],
    /// X25519.
    pub sealing: [u8; 32],
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("public", &self.public).finish_non_exhaustive()
    }
}

impl Identity {
    /// The keys of a data directory, if it has any.
    pub fn load(data_dir: &Path) -> Result<Option<Self>> {
        let path = data_dir.join(FOLDER).join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(Error::reading(&path)(cause)),
        };
        let mut lines = text.lines();
        let is_known = lines.next() == Some(FIRST_LINE);
        let mut seed = || lines.next().and_then(from_hex::<32>);
        match (is_known, seed(), seed()) {
            (true, Some(signing), Some(sealing)) => Self::of(&signing, &sealing).map(Some),
            _ => Err(Error::Identity { path }),
        }
    }

    /// The keys of a data directory, made where it has none.
    pub fn load_or_make(data_dir: &Path, files: &dyn FileLayer) -> Result<Self> {
        if let Some(known) = Self::load(data_dir)? {
            return Ok(known);
        }
        let (signing, sealing) = (random::<32>()?, random::<32>()?);
        let folder = data_dir.join(FOLDER);
        make_private(&folder)?;
        let path = folder.join(FILE);
        let text = format!("{FIRST_LINE}\n{}\n{}\n", to_hex(&signing), to_hex(&sealing));
        replace_private_file(files, &path, text.as_bytes()).map_err(Error::writing(&path))?;
        files.sync_dir(data_dir).map_err(Error::writing(data_dir))?;
        Self::of(&signing, &sealing)
    }

    /// Out of the random bytes.
    pub fn of(signing: &[u8; 32], sealing: &[u8; 32]) -> Result<Self> {
        let signing = Ed25519KeyPair::from_seed_unchecked(signing)
            .map_err(|_| Error::Identity { path: PathBuf::from(FOLDER).join(FILE) })?;
        let (sealing, sealed_to) = Sealing::derive_keypair(sealing);
        let public = PublicKeys {
            signing: array(signing.public_key().as_ref()),
            sealing: array(&sealed_to.to_bytes()),
        };
        Ok(Self { signing, sealing, public })
    }

    /// What others may know.
    pub fn public(&self) -> PublicKeys {
        self.public
    }

    /// A signature of these bytes.
    pub fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        array(self.signing.sign(bytes).as_ref())
    }

    /// What was sealed to this machine; `None` where it was not, or was changed.
    pub fn unseal(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (key, cipher) = sealed.split_at_checked(ENCAPPED)?;
        let key = EncappedKey::from_bytes(key).ok()?;
        let mode = OpModeR::Base;
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, Sealing>(
            &mode,
            &self.sealing,
            &key,
            SEALED_FOR,
            cipher,
            b"",
        )
        .ok()
    }
}

/// Whether these bytes were signed by the owner of a key.
pub fn is_signed(key: &[u8; 32], bytes: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key).verify(bytes, signature).is_ok()
}

/// Seals bytes to the owner of a key; `None` where it is no key.
pub fn seal(key: &[u8; 32], plain: &[u8]) -> Option<Vec<u8>> {
    let key = PublicKey::from_bytes(key).ok()?;
    let mode = OpModeS::Base;
    let sealed =
        hpke::single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Sealing>(&mode, &key, SEALED_FOR, plain, b"");
    let (encapped, cipher) = sealed.ok()?;
    Some([&encapped.to_bytes()[..], &cipher].concat())
}

/// Bytes from the system's source of randomness.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(bytes)
}

/// Bytes as hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes out of exactly so many hexadecimal digits.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(bytes)
}

// Keys and signatures are as long as their names say.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

#[cfg(unix)]
fn make_private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::writing(folder))?;
    let only_owner = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(folder, only_owner).map_err(Error::writing(folder))
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::writing(folder))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::files::Disk;

    use super::*;

    #[test]
    fn keys_are_made_once_and_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Identity::load(folder.path()).unwrap().is_none());
        let made = Identity::load_or_make(folder.path(), &Disk).unwrap().public();
        assert_eq!(Identity::load_or_make(folder.path(), &Disk).unwrap().public(), made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.path().join(FOLDER)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
        std::fs::write(folder.path().join(FOLDER).join(FILE), "lianmu identity 1\nabc\n").unwrap();
        assert!(matches!(Identity::load(folder.path()), Err(Error::Identity { .. })));
    }

    #[test]
    fn what_is_signed_or_sealed_is_found_out_when_it_is_changed() {
        let (one, other) =
            (Identity::of(&[1; 32], &[2; 32]).unwrap(), Identity::of(&[3; 32], &[4; 32]).unwrap());
        let signature = one.sign("森林".as_bytes());
        assert!(is_signed(&one.public().signing, "森林".as_bytes(), &signature));
        assert!(!is_signed(&other.public().signing, "森林".as_bytes(), &signature));
        assert!(!is_signed(&one.public().signing, "树木".as_bytes(), &signature));
        let mut sealed = seal(&one.public().sealing, "森林".as_bytes()).unwrap();
        assert_eq!(one.unseal(&sealed).unwrap(), "森林".as_bytes());
        assert!(other.unseal(&sealed).is_none());
        for place in 0..sealed.len() {
            sealed[place] ^= 1;
            assert!(one.unseal(&sealed).is_none(), "byte {place}");
            sealed[place] ^= 1;
        }
        assert!((0..sealed.len()).all(|end| one.unseal(&sealed[..end]).is_none()));
    }
}
