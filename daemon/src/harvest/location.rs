//! Addresses as people and servers write them: Chinese paths, credentials, references. Pure.

use ureq::http::uri::{Scheme, Uri};

use super::client::Trouble;

/// An address without credentials, and those apart.
pub(super) fn parse(location: &str) -> Result<(Uri, Option<String>), Trouble> {
    let (whole, _) = location.trim().split_once('#').unwrap_or((location.trim(), ""));
    let (scheme, rest) = whole.split_once("://").unwrap_or_default();
    if !matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") {
        return Err(Trouble::lasting("only http: and https: addresses are fetched"));
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (userinfo, host) = match authority.rsplit_once('@') {
        Some((userinfo, host)) => (Some(userinfo.to_owned()), host),
        None => (None, authority),
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let text = format!("{}://{host}{slash}{}", scheme.to_ascii_lowercase(), ascii(path));
    let uri = text.parse::<Uri>().map_err(|_| Trouble::lasting("the address cannot be understood"))?;
    if uri.host().is_none_or(str::is_empty) {
        return Err(Trouble::lasting("the address names no host"));
    }
    Ok((uri, userinfo))
}

/// Where a reference found at `base` leads; credentials in it are not used.
pub(super) fn joined(base: &Uri, reference: &str) -> Result<Uri, Trouble> {
    let reference = reference.trim();
    let has_scheme = reference
        .split_once(':')
        .is_some_and(|(scheme, _)| !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric()));
    if has_scheme {
        return parse(reference).map(|(uri, _)| uri);
    }
    let scheme = base.scheme_str().unwrap_or("http");
    if reference.starts_with("//") {
        return parse(&format!("{scheme}:{reference}")).map(|(uri, _)| uri);
    }
    let authority = base.authority().map_or("", |authority| authority.as_str());
    let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = match reference.as_bytes().first() {
        Some(b'/') => reference.to_owned(),
        Some(b'?') => format!("{}{reference}", base.path()),
        _ => format!("{folder}/{reference}"),
    };
    parse(&format!("{scheme}://{authority}{path}")).map(|(uri, _)| uri)
}

/// Whether credentials for the one are credentials for the other.
pub(super) fn same_origin(one: &Uri, other: &Uri) -> bool {
    let port =
        |uri: &Uri| uri.port_u16().unwrap_or(if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 });
    let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
    one.scheme() == other.scheme() && host(one) == host(other) && port(one) == port(other)
}

// A path as people write it, with Chinese names and spaces, as it goes over the line.
fn ascii(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0..=b' ' | 0x7f.. => {
                out.push_str(&format!("%{byte:02X}"));
            }
            _ => out.push(char::from(byte)),
        }
    }
    out
}

/// What `%E5%8C%97` stands for.
pub(super) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}
