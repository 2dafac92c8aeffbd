//! Every key of `lianmu.toml`, one line each: its name, what may stand there, its default.

use super::check::{Key, Kind};

const fn key(path: &'static str, kind: Kind, default: &'static str) -> Key {
    Key { path, kind, default }
}

/// Keys in the order of the contract; an empty default means that the key may be absent.
pub(super) const KEYS: &[Key] = &[
    key("role", Kind::Choice(&["standalone", "hub", "branch"]), "\"standalone\""),
    key("library", Kind::Text, ""),
    key("timezone", Kind::TimeZone, "\"Asia/Shanghai\""),
    key("server.listen", Kind::Text, "\"127.0.0.1:8046\""),
    key("server.public_url", Kind::Url, "\"http://127.0.0.1:8046\""),
    key("server.tls", Kind::Choice(&["off", "internal", "files"]), "\"off\""),
    key("server.tls_certificate", Kind::Text, ""),
    key("server.tls_key", Kind::Text, ""),
    key("server.trusted_proxies", Kind::Texts, "[]"),
    key("server.public_terminal", Kind::Flag, "false"),
    key("source[].library", Kind::Required, ""),
    key("source[].kind", Kind::Choice(&["folder", "http", "oai", "sftp"]), ""),
    key("source[].location", Kind::Required, ""),
    key("source[].mode", Kind::Choice(&["full", "delta", "delete"]), ""),
    key("source[].schedule", Kind::Text, ""),
    key("source[].set", Kind::Text, ""),
    key("source[].metadata_prefix", Kind::Text, ""),
    key("source[].holdings", Kind::Text, ""),
    key("source[].allow_private", Kind::Flag, ""),
    key("holdings_profile[].*", Kind::Anything, ""),
    key("schedule.window", Kind::Text, ""),
    key("gate.max_drop", Kind::Fraction, "0.05"),
    key("gate.max_change", Kind::Fraction, "0.5"),
    key("policy.max_libraries", Kind::Count, "10"),
    key("policy.max_requests", Kind::Count, "10"),
    key("policy.anonymise_days", Kind::Count, "180"),
    key("catalogue.marc", Kind::Flag, "true"),
    key("central.kind", Kind::Choice(&["hub", "iso18626", "none"]), ""),
    key("central.url", Kind::Url, ""),
    key("peer[].library", Kind::Required, ""),
    key("peer[].agency", Kind::Required, ""),
    key("peer[].agency_type", Kind::Text, ""),
    key("peer[].own_agency", Kind::Text, ""),
    key("peer[].own_agency_type", Kind::Text, ""),
    key("peer[].url", Kind::Url, ""),
    key("peer[].addresses", Kind::Texts, ""),
    key("peer[].secret_file", Kind::Text, ""),
    key("snapshot.repository", Kind::Text, ""),
    key("snapshot.minutes", Kind::Count, "15"),
    key("snapshot.megabytes", Kind::Count, "0"),
    key("snapshot.window", Kind::Text, ""),
    key("mail.host", Kind::Text, ""),
    key("mail.port", Kind::Count, ""),
    key("mail.security", Kind::Choice(&["tls", "starttls", "none"]), "\"tls\""),
    key("mail.from", Kind::Text, ""),
    key("mail.user", Kind::Text, ""),
    key("mail.password_file", Kind::Text, ""),
    key("alert.command", Kind::Text, ""),
];
