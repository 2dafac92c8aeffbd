//! The certificate authority of a hub that nobody else knows (`tls = "internal"`): a branch gets its root with the
//! enrolment and trusts it for that hub alone. The code that the hub printed ends with the mark of the root, so that
//! nobody on the line can put another in its place.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indexer::files::{FileLayer, replace_private_file};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::keys::to_hex;
use crate::{Error, Result};

/// Digits of a mark: 128 bits.
pub const MARK_LENGTH: usize = 32;
/// Where a hub shows its root.
const ROOT_PATH: &str = "/trust/lianmu.crt";
const PATIENCE: Duration = Duration::from_secs(30);
const MOST_BYTES: u64 = 64 << 10;

/// By what a root certificate is known in a code: the first digits of its SHA-256.
pub fn mark_of_root(pem: &str) -> Option<String> {
    let root = Certificate::from_pem(pem.as_bytes()).ok()?;
    let digest = ring::digest::digest(&ring::digest::SHA256, root.der());
    Some(to_hex(digest.as_ref())[..MARK_LENGTH].to_uppercase())
}

/// Fetches the root of the hub at `url`, as PEM. The line is not trusted, the mark is.
pub(crate) fn fetch(url: &str, mark: &str) -> std::result::Result<String, String> {
    let tls = TlsConfig::builder().disable_verification(true).build();
    let config = ureq::Agent::config_builder().max_redirects(0).proxy(None).tls_config(tls);
    let agent: ureq::Agent = config.timeout_global(Some(PATIENCE)).build().into();
    let answer = agent.get(format!("{url}{ROOT_PATH}")).call().map_err(crate::harvest::sentence_of)?;
    let pem = answer.into_body().into_with_config().limit(MOST_BYTES).read_to_string();
    let pem = pem.map_err(crate::harvest::sentence_of)?;
    if mark_of_root(&pem).as_deref() == Some(mark) {
        Ok(pem)
    } else {
        Err("its certificate is not the one that the code names: somebody else answers there".to_owned())
    }
}

fn path_in(data_dir: &Path) -> PathBuf {
    data_dir.join("keys").join("hub.crt")
}

/// Keeps the root for the hub at `url`.
pub(crate) fn keep(data_dir: &Path, files: &dyn FileLayer, url: &str, pem: &str) -> Result<()> {
    let path = path_in(data_dir);
    replace_private_file(files, &path, format!("# {url}\n{pem}").as_bytes()).map_err(Error::writing(&path))
}

/// Whom to trust by this root alone.
pub(crate) fn roots_of(pem: &str) -> Option<RootCerts> {
    Some(RootCerts::new_with_certs(&[Certificate::from_pem(pem.as_bytes()).ok()?]))
}

/// Whom to trust at an address: the root that was kept where it is that hub, else as the system does.
pub(crate) fn roots_for(data_dir: &Path, url: &str) -> RootCerts {
    let kept = std::fs::read_to_string(path_in(data_dir)).unwrap_or_default();
    let root = kept.split_once('\n').and_then(|(first, pem)| {
        let rest = url.strip_prefix(first.strip_prefix("# ")?)?;
        let is_it = rest.is_empty() || rest.starts_with('/');
        is_it.then(|| roots_of(pem)).flatten()
    });
    root.unwrap_or(RootCerts::PlatformVerifier)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::files::Disk;

    use super::*;

    // A certificate of nobody.
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_root_is_trusted_for_its_hub_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        let hub = "https://ill.example.org:8046";
        let is_own = |url: &str| matches!(roots_for(folder.path(), url), RootCerts::Specific(_));
        assert!(!is_own(hub));
        keep(folder.path(), &Disk, hub, PEM).unwrap();
        for (url, expect) in [
            (hub, true),
            ("https://ill.example.org:8046/repository", true),
            ("https://ill.example.org:80460", false),
            ("https://ill.example.org", false),
            ("https://other.example.org:8046", false),
        ] {
            assert_eq!(is_own(url), expect, "{url}");
        }
        assert_eq!(mark_of_root(PEM).unwrap().len(), MARK_LENGTH);
        assert_eq!(mark_of_root("nothing"), None);
    }
}
