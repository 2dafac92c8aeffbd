//! `[[peer]]`: libraries that speak ISO 18626 with this machine, and by what each of them is known.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use indexer::bib::LibraryCode;

use super::check::{self, Fault, Setting};
use super::server::Network;

/// A library or system at the other end of ISO 18626.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The member whose requests it carries.
    pub library: LibraryCode,
    /// The scheme of its agency id.
    pub scheme: String,
    /// Its agency id, as its messages say it.
    pub agency: String,
    /// The scheme of our own agency id there.
    pub own_scheme: String,
    /// Our own agency id there; empty: the code of our library.
    pub own_agency: String,
    /// Where its messages are taken; empty: it only asks.
    pub url: String,
    /// From where its messages come; empty: from anywhere, if the secret is right.
    pub addresses: Vec<Network>,
    /// File whose first line is the secret; without one the environment's `LIANMU_PEER_<CODE>_SECRET` counts.
    pub secret_file: Option<PathBuf>,
}

impl Peer {
    /// A system of which nothing is known but where it is.
    pub(crate) fn at(url: String) -> Self {
        Self {
            library: LibraryCode::new("*"),
            scheme: "ISIL".to_owned(),
            agency: String::new(),
            own_scheme: "ISIL".to_owned(),
            own_agency: String::new(),
            url,
            addresses: Vec::new(),
            secret_file: None,
        }
    }

    /// The secret, read anew each time: a file may be changed while the program runs.
    pub fn secret(&self) -> Option<String> {
        let text = match &self.secret_file {
            Some(file) => std::fs::read_to_string(file).ok()?,
            None => std::env::var(format!("LIANMU_PEER_{}_SECRET", self.library)).ok()?,
        };
        let secret = text.lines().next().unwrap_or_default().trim().to_owned();
        (!secret.is_empty()).then_some(secret)
    }

    /// Whether a message with these secrets from this address is this peer's. Everything that it is known by must be
    /// right; a peer that is known by nothing is nobody.
    pub fn is_it(&self, address: IpAddr, said: &[&str]) -> bool {
        let secret = self.secret();
        let has_secret = self.secret_file.is_some() || secret.is_some();
        // Hashes take as long to compare wherever they differ, and tell nothing of the secret.
        let hash = |text: &str| blake3::hash(text.as_bytes());
        let is_right = secret.is_some_and(|secret| said.iter().any(|text| hash(text) == hash(&secret)));
        let is_near = self.addresses.iter().any(|network| network.contains(address));
        (has_secret || !self.addresses.is_empty())
            && (!has_secret || is_right)
            && (self.addresses.is_empty() || is_near)
    }
}

/// All peers of a checked file; `folder` is that of the file.
pub(super) fn peers(settings: &[Setting], folder: &Path, faults: &mut Vec<Fault>) -> Vec<Peer> {
    let mut peers: Vec<Peer> = Vec::new();
    for n in 1.. {
        let at = format!("peer[{n}]");
        if !settings.iter().any(|setting| setting.key.starts_with(&format!("{at}."))) {
            break;
        }
        let peer = peer(settings, &at, folder, faults);
        if peers.iter().any(|known| known.library == peer.library || known.agency == peer.agency) {
            faults.push(Fault::new(at, "has the library or the agency of an earlier one"));
        }
        peers.push(peer);
    }
    peers
}

fn peer(settings: &[Setting], at: &str, folder: &Path, faults: &mut Vec<Fault>) -> Peer {
    let text = |name: &str| check::text(settings, &format!("{at}.{name}"));
    let or = |name: &str, usual: &str| match text(name) {
        "" => usual.to_owned(),
        text => text.to_owned(),
    };
    let mut addresses = Vec::new();
    for address in check::texts(settings, &format!("{at}.addresses")) {
        match Network::parse(address) {
            Some(network) => addresses.push(network),
            None => faults.push(Fault::new(
                format!("{at}.addresses"),
                format!("{address:?} is neither an address nor a network such as 10.0.0.0/8"),
            )),
        }
    }
    let file = text("secret_file");
    Peer {
        library: LibraryCode::new(text("library")),
        scheme: or("agency_type", "ISIL"),
        agency: text("agency").to_owned(),
        own_scheme: or("own_agency_type", "ISIL"),
        own_agency: text("own_agency").to_owned(),
        url: text("url").to_owned(),
        addresses,
        secret_file: (!file.is_empty()).then(|| folder.join(file)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::super::Settings;
    use super::*;

    const PEER: &str =
        "[[peer]]\nlibrary = \"PKU\"\nagency = \"CN-PKU\"\nurl = \"https://ill.example.edu.cn/iso18626\"\n";

    #[test]
    fn a_peer_is_known_by_all_that_it_is_known_by() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pku.secret"), "三十六计\nsecond line").unwrap();
        let parse = |more: &str| {
            let path = folder.path().join("lianmu.toml");
            Settings::parse(&format!("{PEER}{more}"), &path).map(|settings| settings.peers[0].clone())
        };
        let (near, far): (IpAddr, IpAddr) = ("10.1.2.3".parse().unwrap(), "203.0.113.9".parse().unwrap());
        let by_secret = parse("secret_file = \"pku.secret\"\n").unwrap();
        assert!(by_secret.is_it(far, &["x", "三十六计"]) && !by_secret.is_it(near, &["三十六", ""]));
        let by_address = parse("addresses = [\"10.0.0.0/8\"]\n").unwrap();
        assert!(by_address.is_it(near, &[]) && !by_address.is_it(far, &[]));
        let by_both = parse("addresses = [\"10.0.0.0/8\"]\nsecret_file = \"pku.secret\"\n").unwrap();
        assert!(
            by_both.is_it(near, &["三十六计"])
                && !by_both.is_it(far, &["三十六计"])
                && !by_both.is_it(near, &[])
        );
        let by_nothing = parse("").unwrap();
        assert!(!by_nothing.is_it(near, &[""]));
        let by_lost_file = parse("secret_file = \"nowhere\"\n").unwrap();
        assert!(!by_lost_file.is_it(near, &[""]), "a file that is gone opens no door");
        assert!(!format!("{by_secret:?}").contains("三十六计"));
    }

    #[test]
    fn two_peers_are_two() {
        let parse = |text: &str| Settings::parse(text, Path::new("lianmu.toml")).unwrap_err().to_string();
        assert!(parse(&format!("{PEER}{PEER}")).contains("peer[2]"));
        assert!(parse("[[peer]]\nlibrary = \"PKU\"\n").contains("peer[1].agency"));
        assert!(parse(&format!("{PEER}addresses = [\"here\"]\n")).contains("peer[1].addresses"));
    }
}
