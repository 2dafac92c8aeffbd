//! The authority of our own: a key in `<data>/tls/`, the root certificate that a reading-room PC is told to trust,
//! and the certificates issued under it, which live in memory only and are made anew at every start.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use daemon::settings::Server;
use indexer::files::{Disk, replace_file, replace_private_file};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const FOLDER: &str = "tls";
const KEY: &str = "authority.key";
const CERTIFICATE: &str = "authority.crt";
/// The root outlives the PCs that trust it.
const ROOT_DAYS: i64 = 20 * 365;
/// Renewed every hour while the program runs: a PC that was off for months starts with a new one.
const LEAF_DAYS: i64 = 90;

/// The authority of a data directory.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

/// The root certificate as a page shows it.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// The certificate, for download.
    pub(crate) pem: String,
    /// Its SHA-256 as browsers write it.
    pub(crate) fingerprint: String,
}

impl Authority {
    /// Opens the authority; makes it where there is none.
    pub(crate) fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let folder = data_dir.join(FOLDER);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let key = key(&folder.join(KEY))?;
        let params = root_params(&key);
        let path = folder.join(CERTIFICATE);
        // With the key alone the same authority signs itself again: whoever trusts the old root trusts this name
        // and key, and is told to renew.
        if !path.is_file() {
            let root = params.self_signed(&key).context("cannot sign the root certificate")?;
            replace_file(&Disk, &path, root.pem().as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let root = CertificateDer::from_pem_file(&path)
            .with_context(|| format!("cannot read the root certificate {}", path.display()))?;
        Ok(Self { issuer: Issuer::new(params, key), root })
    }

    /// A certificate for this server, with the root behind it, and its key.
    pub(crate) fn issue(
        &self,
        server: &Server,
    ) -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let names = names(server, fs::read_to_string("/etc/hostname").ok().as_deref());
        let mut params =
            CertificateParams::new(names).context("a name of this server fits no certificate")?;
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "Lianmu");
        params.distinguished_name = name;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        validity(LEAF_DAYS, &mut params);
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &self.issuer).context("cannot sign a certificate")?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|cause| anyhow::anyhow!("{cause}"))?;
        Ok((vec![leaf.der().clone(), self.root.clone()], key))
    }
}

/// The root certificate of a data directory, if it has an authority.
pub(crate) fn root(data_dir: &Path) -> Option<Root> {
    let pem = fs::read_to_string(data_dir.join(FOLDER).join(CERTIFICATE)).ok()?;
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let digest = Sha256::digest(&der);
    let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    Some(Root { pem, fingerprint: pairs.join(":") })
}

/// The key in a file that only its owner can read; made where there is none.
fn key(path: &PathBuf) -> anyhow::Result<KeyPair> {
    if path.is_file() {
        let pem = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        return KeyPair::from_pem(&pem).with_context(|| format!("{} is no private key", path.display()));
    }
    let key = KeyPair::generate()?;
    replace_private_file(&Disk, path, key.serialize_pem().as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(key)
}

fn root_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    // Known again among others of the same house.
    let number = blake3::hash(key.public_key_raw()).to_hex();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, format!("Lianmu {}", &number[..8]));
    params.distinguished_name = name;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    validity(ROOT_DAYS, &mut params);
    params
}

/// Valid for so many days, and from two days ago: a PC whose clock is behind shall not refuse.
fn validity(days: i64, params: &mut CertificateParams) {
    let day = |offset: i64| {
        let time = Timestamp::now() + SignedDuration::from_hours(24 * offset);
        let date = time.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (day(-2), day(days));
}

/// All names by which readers may call this server.
fn names(server: &Server, host: Option<&str>) -> Vec<String> {
    let public = server.public_url.split_once("://").map_or("", |(_, rest)| rest);
    let public = public.split('/').next().unwrap_or_default();
    let public = match public.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => public.split(':').next().unwrap_or_default(),
    };
    let listen = server.listen.ip();
    let mut names: Vec<String> = vec!["localhost".into(), "127.0.0.1".into(), "::1".into()];
    if !listen.is_unspecified() {
        names.push(listen.to_string());
    }
    let host = host.unwrap_or_default().trim();
    let is_name = |name: &&str| {
        !name.is_empty()
            && (name.parse::<IpAddr>().is_ok()
                || name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')))
    };
    names.extend([public, host].iter().filter(|name| is_name(name)).map(|name| (*name).to_owned()));
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::sync::Arc;

    use daemon::settings::Tls;
    use tokio_rustls::rustls::RootCertStore;
    use tokio_rustls::rustls::client::WebPkiServerVerifier;
    use tokio_rustls::rustls::client::danger::ServerCertVerifier;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::{ServerName, UnixTime};

    use super::*;

    fn server() -> Server {
        Server {
            public_terminal: false,
            listen: "0.0.0.0:8046".parse().unwrap(),
            public_url: "https://lianmu.example.edu.cn:8046".to_owned(),
            tls: Tls::Internal,
            trusted_proxies: Vec::new(),
        }
    }

    fn verify(root: &CertificateDer<'static>, chain: &[CertificateDer<'static>], name: &str) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(root.clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now()).is_ok()
    }

    #[test]
    fn whoever_trusts_the_root_trusts_every_certificate_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path()).unwrap();
        let (first, _) = authority.issue(&server()).unwrap();
        let again = Authority::open(folder.path()).unwrap();
        let (second, _) = again.issue(&server()).unwrap();
        assert_eq!(authority.root, again.root, "the root stays");
        assert_ne!(first[0], second[0]);
        for chain in [&first, &second] {
            for (name, expect) in [
                ("lianmu.example.edu.cn", true),
                ("localhost", true),
                ("127.0.0.1", true),
                ("evil.example", false),
            ] {
                assert_eq!(verify(&authority.root, chain, name), expect, "{name}");
            }
        }
        let stranger = tempfile::tempdir().unwrap();
        let stranger = Authority::open(stranger.path()).unwrap();
        assert!(!verify(&stranger.root, &first, "localhost"));
        let shown = root(folder.path()).unwrap();
        assert_eq!(shown.fingerprint.len(), 32 * 3 - 1);
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Authority::open(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join("tls/authority.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_server_has_all_its_names() {
        let names = names(&server(), Some("pc7\n"));
        assert_eq!(names, ["localhost", "127.0.0.1", "::1", "lianmu.example.edu.cn", "pc7"]);
        let on_lan = Server {
            listen: "192.168.1.5:443".parse().unwrap(),
            public_url: "https://[fd00::5]:443".to_owned(),
            ..server()
        };
        assert_eq!(super::names(&on_lan, None), ["localhost", "127.0.0.1", "::1", "192.168.1.5", "fd00::5"]);
    }
}
