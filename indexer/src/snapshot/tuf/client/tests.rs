//! The workflow of the specification, one step a test.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::BTreeMap;

use super::*;
use crate::snapshot::tuf::{RoleKeys, SigningKey, signed, target_file};

type Files = BTreeMap<String, Vec<u8>>;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32]).unwrap()
}

fn time(text: &str) -> Time {
    Time::new(text).unwrap()
}

fn now() -> Time {
    time("2026-11-24T00:00:00Z")
}

fn later() -> Time {
    time("2026-12-24T00:00:00Z")
}

fn role(keys: &[&SigningKey], threshold: u64) -> RoleKeys {
    RoleKeys { keys: keys.iter().map(|key| (key.public().id(), key.public())).collect(), threshold }
}

fn root(version: u64, roots: &[&SigningKey], daily: &SigningKey) -> Root {
    let daily = || role(&[daily], 1);
    let roles = [
        (Role::Root, role(roots, roots.len() as u64)),
        (Role::Timestamp, daily()),
        (Role::Snapshot, daily()),
        (Role::Targets, daily()),
    ];
    Root { version, expires: later(), roles: roles.into() }
}

/// Lists of one version, signed by the daily key.
fn lists(files: &mut Files, version: u64, daily: &SigningKey) {
    let targets = Targets::new(version, later(), BTreeMap::from([("a".to_owned(), target_file(b"a"))]));
    let targets = signed(&targets, &[daily]);
    let snapshot = signed(&Snapshot::new(version, later(), version, &targets), &[daily]);
    let timestamp = signed(&Timestamp::new(version, later(), version, &snapshot), &[daily]);
    files.insert(metadata_name(Role::Targets, version), targets);
    files.insert(metadata_name(Role::Snapshot, version), snapshot);
    files.insert(metadata_name(Role::Timestamp, version), timestamp);
}

fn begun() -> (Files, Client) {
    let mut files = Files::new();
    let first = signed(&root(1, &[&key(1), &key(2)], &key(9)), &[&key(1), &key(2)]);
    files.insert(metadata_name(Role::Root, 1), first.clone());
    lists(&mut files, 1, &key(9));
    (files, Client::pinned(&first).unwrap())
}

fn refresh_at(client: &mut Client, files: &Files, now: &Time, expiry: Expiry) -> Result<Refreshed, Refusal> {
    let outcome = client.refresh::<()>(now, expiry, &mut |name, most| {
        Ok(files.get(name).map(|bytes| bytes.iter().copied().take(most as usize + 1).collect()))
    });
    outcome.map_err(|failure| match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Carrier(()) => unreachable!("nothing breaks here"),
    })
}

fn refresh(client: &mut Client, files: &Files) -> Result<Refreshed, Refusal> {
    refresh_at(client, files, &now(), Expiry::Enforced)
}

#[test]
fn what_was_signed_is_taken_over_and_kept() {
    let (mut files, mut client) = begun();
    assert!(refresh(&mut client, &files).unwrap().is_newer);
    assert!(!refresh(&mut client, &files).unwrap().is_newer, "nothing changed");
    let mut client = Client::of(&client.trusted()).unwrap();
    lists(&mut files, 2, &key(9));
    assert!(refresh(&mut client, &files).unwrap().is_newer);
    assert_eq!((client.timestamp_version(), client.targets().unwrap().version), (Some(2), 2));
}

#[test]
fn roots_follow_each_other_by_old_and_new_keys() {
    let (mut files, mut client) = begun();
    refresh(&mut client, &files).unwrap();
    let second = root(2, &[&key(2), &key(3)], &key(9));
    let next = metadata_name(Role::Root, 2);
    for (signers, refused_by) in
        [(vec![key(1), key(2)], "the new root"), (vec![key(2), key(3)], "the trusted root")]
    {
        files.insert(next.clone(), signed(&second, &signers.iter().collect::<Vec<_>>()));
        let refused = refresh(&mut client, &files).unwrap_err();
        assert!(
            matches!(refused, Refusal::Unsigned { role: Role::Root, by, .. } if by == refused_by),
            "{refused}"
        );
        assert_eq!(client.root().version, 1);
    }
    files.insert(next.clone(), signed(&root(3, &[&key(1), &key(2)], &key(9)), &[&key(1), &key(2)]));
    let refused = refresh(&mut client, &files).unwrap_err();
    assert_eq!(refused, Refusal::Mixed { role: Role::Root, found: 3, expected: 2 });
    files.insert(next, signed(&second, &[&key(1), &key(2), &key(3)]));
    refresh(&mut client, &files).unwrap();
    assert_eq!(client.root().version, 2);
    assert_eq!(client.timestamp_version(), Some(1), "the daily key is the same, so nothing was forgotten");
}

#[test]
fn new_keys_recover_from_versions_that_ran_ahead() {
    let (mut files, mut client) = begun();
    lists(&mut files, u64::MAX - 1, &key(9));
    refresh(&mut client, &files).unwrap();
    lists(&mut files, 3, &key(9));
    let refused = refresh(&mut client, &files).unwrap_err();
    assert!(matches!(refused, Refusal::RolledBack { role: Role::Timestamp, offered: 3, .. }), "{refused}");
    files.insert(
        metadata_name(Role::Root, 2),
        signed(&root(2, &[&key(1), &key(2)], &key(8)), &[&key(1), &key(2)]),
    );
    lists(&mut files, 3, &key(8));
    refresh(&mut client, &files).unwrap();
    assert_eq!(client.timestamp_version(), Some(3));
}

#[test]
fn one_key_under_two_names_is_one_key() {
    let twice = {
        let mut twice = root(1, &[&key(1), &key(2)], &key(9));
        let keys = &mut twice.roles.get_mut(&Role::Root).unwrap().keys;
        keys.insert("another name".to_owned(), key(1).public());
        keys.remove(&key(2).public().id());
        twice
    };
    let bytes = signed(&twice, &[&key(1), &key(1)]);
    assert!(matches!(Client::pinned(&bytes), Err(Refusal::Malformed { .. })), "signed twice under one name");
    let mut file: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    file["signatures"][1]["keyid"] = "another name".into();
    let bytes = serde_json::to_vec(&file).unwrap();
    assert!(matches!(Client::pinned(&bytes), Err(Refusal::Unsigned { found: 1, threshold: 2, .. })));
}

#[test]
fn time_is_judged_or_told_and_leaves_no_trace() {
    let (files, mut client) = begun();
    let in_2040 = time("2040-01-01T00:00:00Z");
    let refused = refresh_at(&mut client, &files, &in_2040, Expiry::Enforced).unwrap_err();
    assert!(refused.is_about_time(), "{refused}");
    let told = refresh_at(&mut client, &files, &in_2040, Expiry::Told).unwrap().expired;
    assert!(told.is_some_and(|told| told.is_about_time()));
    assert!(refresh(&mut client, &files).is_ok(), "the clock is right again, and so is everything else");
    assert!(refresh_at(&mut client, &files, &time("1970-01-01T00:00:00Z"), Expiry::Enforced).is_ok());
}
