//! Which network addresses a source may be at: the rule against requests that are led inside. Pure.
//!
//! A harvester fetches what a configuration, or a redirect of some stranger, names. So the address is judged
//! when the connection is made, after the name was resolved, and again at every redirect. A source that is
//! marked `allow_private` may itself be on a private network; it may not lead to another host there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is, as far as the rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Anyone can reach it.
    Public,
    /// Only from inside some network, or this machine.
    Private(&'static str),
    /// Nobody's source is there: where clouds keep credentials, or no host at all.
    Never(&'static str),
}

/// What this address is.
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => reach_v4(v4),
            None => reach_v6(v6),
        },
    }
}

fn reach_v4(v4: Ipv4Addr) -> Reach {
    match v4.octets() {
        // Alibaba, Oracle and Tencent, besides the one that all others share.
        [169, 254, 169, 254] | [100, 100, 100, 200] | [192, 0, 0, 192] | [169, 254, 0, 23] => {
            Reach::Never("a cloud's metadata address")
        }
        [0, ..] => Reach::Never("no host's address"),
        [224..=255, ..] => Reach::Never("no single host's address"),
        [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [198, 18 | 19, ..] => {
            Reach::Never("set aside for examples and tests")
        }
        [127, ..] => Reach::Private("this machine's own address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reach::Private("a private address"),
        [100, 64..=127, ..] => Reach::Private("an address inside a provider's network"),
        [169, 254, ..] => Reach::Private("a link-local address"),
        _ => Reach::Public,
    }
}

fn reach_v6(v6: Ipv6Addr) -> Reach {
    match v6.segments() {
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] => Reach::Never("a cloud's metadata address"),
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Never("no host's address"),
        [0xff00..=0xffff, ..] => Reach::Never("no single host's address"),
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] | [0x0100, 0, 0, ..] => {
            Reach::Never("set aside for examples and tests")
        }
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private("this machine's own address"),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Reach::Private("a private address"),
        [0x0064, 0xff9b, 1, ..] => Reach::Private("an address inside a provider's network"),
        [0xfe80..=0xfebf, ..] => Reach::Private("a link-local address"),
        _ => Reach::Public,
    }
}

// Forms of IPv6 that carry an IPv4 address and end at its host: mapped, compatible, NAT64, 6to4.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x0064, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(of(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(of(high, low)),
        _ => None,
    }
}

/// Why a connection to this address is refused, if it is.
pub(super) fn objection(address: IpAddr, private_is_fine: bool) -> Option<&'static str> {
    match reach(address) {
        Reach::Public => None,
        Reach::Private(_) if private_is_fine => None,
        Reach::Private(what) | Reach::Never(what) => Some(what),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn addresses_are_what_the_registries_say() {
        let check = |text: &str, expect: char| {
            let got = match reach(text.parse().unwrap()) {
                Reach::Public => '+',
                Reach::Private(_) => 'p',
                Reach::Never(_) => '-',
            };
            assert_eq!(got, expect, "{text}");
        };
        for text in ["1.1.1.1", "202.204.115.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2001:da8::1"] {
            check(text, '+');
        }
        let private = [
            "127.0.0.1",
            "127.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "169.254.1.1",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "2002:0a00:0001::1",
        ];
        private.iter().for_each(|text| check(text, 'p'));
        let never = [
            "169.254.169.254",
            "100.100.100.200",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fd00:ec2::254",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "ff02::1",
            "192.0.2.1",
            "198.18.0.1",
            "2001:db8::1",
        ];
        never.iter().for_each(|text| check(text, '-'));
    }

    #[test]
    fn leave_for_private_addresses_opens_no_others() {
        assert_eq!(objection("10.0.0.1".parse().unwrap(), true), None);
        assert!(objection("10.0.0.1".parse().unwrap(), false).is_some());
        assert!(objection("169.254.169.254".parse().unwrap(), true).is_some());
        assert_eq!(objection("1.1.1.1".parse().unwrap(), false), None);
    }
}
