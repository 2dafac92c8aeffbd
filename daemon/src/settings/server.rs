//! `[server]`: where pages are served, how they are encrypted, and whose word on a reader's address is taken.
//!
//! It reads no file: whether a certificate is there and fits its key is found when the server starts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::check::{self, Fault, Setting};

/// Where and how pages are served.
#[derive(Clone, Debug)]
pub struct Server {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Address under which readers know the site, without a slash at its end.
    pub public_url: String,
    /// How pages are encrypted on their way.
    pub tls: Tls,
    /// Whose word on the address of a reader is taken.
    pub trusted_proxies: Vec<Network>,
    /// Whether this serves a PC in the reading room: large type, and nothing is remembered.
    pub public_terminal: bool,
}

impl Server {
    /// Where a browser on this machine finds it.
    pub(super) fn url_of_listen(&self) -> String {
        let (scheme, usual) = if self.tls == Tls::Off { ("http", 80) } else { ("https", 443) };
        let ip = match self.listen.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let address = SocketAddr::new(ip, self.listen.port()).to_string();
        let address = address.strip_suffix(&format!(":{usual}")).unwrap_or(&address);
        format!("{scheme}://{address}")
    }

    /// Whether readers reach the site by `https:`, through this program or a proxy in front of it.
    pub fn is_encrypted(&self) -> bool {
        self.tls != Tls::Off || self.public_url.starts_with("https:")
    }
}

/// How pages are encrypted on their way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: `http:`.
    Off,
    /// By a certificate of an authority of our own, which is kept in the data directory.
    Internal,
    /// By PEM files.
    Files {
        /// The certificate, then those between it and the root.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// A part of the address space: `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads `address` or `address/bits`.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.trim().parse().ok()?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.trim().parse::<u32>()).ok()?;
        (bits <= most).then_some(Self { base, bits })
    }

    /// Whether an address is in it; an IPv4 address in the clothes of IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |a: u128, b: u128, width: u32| self.bits == 0 || (a ^ b) >> (width - self.bits) == 0;
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

pub(super) fn tls(settings: &[Setting], folder: &Path, faults: &mut Vec<Fault>) -> Tls {
    let path = |key: &str| {
        let text = check::text(settings, key);
        (!text.is_empty()).then(|| folder.join(text))
    };
    match check::text(settings, "server.tls") {
        "internal" => Tls::Internal,
        "files" => match (path("server.tls_certificate"), path("server.tls_key")) {
            (Some(certificate), Some(key)) => Tls::Files { certificate, key },
            (certificate, _) => {
                let key = if certificate.is_none() { "server.tls_certificate" } else { "server.tls_key" };
                faults.push(Fault::new(key, "must name a PEM file, because server.tls is \"files\""));
                Tls::Off
            }
        },
        _ => Tls::Off,
    }
}

pub(super) fn trusted_proxies(settings: &[Setting], faults: &mut Vec<Fault>) -> Vec<Network> {
    let mut networks = Vec::new();
    for text in check::texts(settings, "server.trusted_proxies") {
        match Network::parse(text) {
            Some(network) => networks.push(network),
            None => faults.push(Fault::new(
                "server.trusted_proxies",
                format!("{text:?} is neither an address nor a network such as 10.0.0.0/8"),
            )),
        }
    }
    networks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn a_network_holds_its_addresses() {
        for (network, address, expect) in [
            ("10.0.0.0/8", "10.200.1.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "fe80::1", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "fd12::1", false),
        ] {
            let is_in = Network::parse(network).unwrap().contains(address.parse().unwrap());
            assert_eq!(is_in, expect, "{address} in {network}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0", "proxy", "10.0.0.1/", "::1/129", "10.0.0.1/-1"] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn encryption_by_files_names_both() {
        let parse = |text: &str| Settings::parse(text, Path::new("/etc/lianmu/lianmu.toml"));
        let tls = |text: &str| parse(text).unwrap().server.tls;
        assert_eq!(tls(""), Tls::Off);
        assert_eq!(tls("[server]\ntls = \"internal\""), Tls::Internal);
        let both = "[server]\ntls = \"files\"\ntls_certificate = \"site.pem\"\ntls_key = \"/run/site.key\"";
        assert_eq!(
            tls(both),
            Tls::Files { certificate: "/etc/lianmu/site.pem".into(), key: "/run/site.key".into() }
        );
        let error =
            parse("[server]\ntls = \"files\"\ntrusted_proxies = [\"nginx\"]").unwrap_err().to_string();
        assert!(error.contains("server.tls_certificate"), "{error}");
        assert!(error.contains("server.trusted_proxies"), "{error}");
    }
}
