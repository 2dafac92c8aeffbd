//! The keys of a repository, and how it is begun: root keys that belong offline, one key for the daily work.
//!
//! Root keys sign which key may publish, and until when. They are made into a folder that is to be carried away;
//! the daily key stays beside the data. Beginning again, with the root keys at hand, follows one root by the next:
//! a new date, a new daily key, other root keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indexer::files::replace_private_file;
use indexer::snapshot::tuf::{Expiry, Failure, Role, RoleKeys, Root, SigningKey, Time, signed};
use indexer::snapshot::{Refusal, metadata_name};

use super::carrier::Folder;
use super::repository::{Repository, put};
use super::{Site, time_of};
use crate::keys::random;
use crate::{Error, Result};

const DAY: i64 = 86_400;
/// A root holds for two years: it is renewed by hand.
const ROOT_HOLDS: i64 = 730 * DAY;
const ONLINE_KEY: &str = "publisher.key";
/// Root keys that one folder may hold.
const MOST_ROOT_KEYS: usize = 16;

/// How a repository is begun.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Where the root keys are, or are made.
    pub root_keys: PathBuf,
    /// How many root keys are made where there are none.
    pub n_root_keys: usize,
    /// How many of them must sign a root.
    pub threshold: usize,
    /// Whether the daily key is replaced by a new one.
    pub new_publisher_key: bool,
    /// Whether from now on the root keys at hand count, and no others.
    pub new_root_keys: bool,
}

/// What was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Version of the root.
    pub version: u64,
    /// Until when it holds.
    pub expires: String,
    /// Names of the root keys.
    pub root_keys: Vec<String>,
    /// Whether root keys were made now.
    pub made_root_keys: bool,
}

/// Where the daily key lies.
pub(super) fn publisher_key_path(data_dir: &Path) -> PathBuf {
    data_dir.join("keys").join(ONLINE_KEY)
}

/// The key that signs what is published.
pub(super) fn publisher_key(site: &Site) -> Result<SigningKey> {
    let path = publisher_key_path(&site.data_dir);
    match read_key(&path)? {
        Some(key) => Ok(key),
        None => Err(Error::NoKey { path }),
    }
}

/// Begins a repository, or follows its root by a new one.
pub fn begin(site: &Site, repository: &Path, beginning: &Beginning) -> Result<Begun> {
    let repository = Repository::lock(site, repository)?;
    let carrier = Folder::new(repository.root());
    let known = repository.newest_root(&carrier)?;
    let mut root_keys = read_keys(&beginning.root_keys)?;
    let made_root_keys = root_keys.is_empty();
    if made_root_keys {
        if let Some(root) = &known {
            return Err(Error::NoRootKeys { folder: beginning.root_keys.clone(), version: root.version });
        }
        for nth in 1..=beginning.n_root_keys.clamp(1, MOST_ROOT_KEYS) {
            root_keys.push(make_key(site, &beginning.root_keys.join(format!("root-{nth}.key")))?);
        }
    }
    let path = publisher_key_path(&site.data_dir);
    let publisher = match read_key(&path)?.filter(|_| !beginning.new_publisher_key) {
        Some(key) => key,
        None => make_key(site, &path)?,
    };
    let expires = after(site, ROOT_HOLDS);
    let root = Root {
        version: known.as_ref().map_or(1, |root| root.version + 1),
        expires: expires.clone(),
        roles: roles(&root_keys, beginning, known.as_ref(), &publisher),
    };
    let signers: Vec<&SigningKey> = root_keys.iter().collect();
    let bytes = signed(&root, &signers);
    check_succession(&repository, &carrier, &root, &bytes)?;
    put(&*site.files, &repository.path(&metadata_name(Role::Root, root.version)), &bytes)?;
    if known.is_none() || beginning.new_publisher_key {
        // What the old key signed counts no longer, so all of it is signed anew.
        super::publish::sign_anew(site, &repository, &publisher)?;
    }
    let ids = root_keys.iter().map(|key| key.public().id()).collect();
    Ok(Begun { version: root.version, expires: expires.to_string(), root_keys: ids, made_root_keys })
}

// Nobody may be left behind: whoever trusts the known root must accept the new one.
fn check_succession(repository: &Repository<'_>, carrier: &Folder, root: &Root, bytes: &[u8]) -> Result<()> {
    let Some(mut client) = repository.client(carrier)? else { return Ok(()) };
    let next = metadata_name(Role::Root, root.version);
    let outcome = client.refresh::<()>(&root.expires, Expiry::Told, &mut |name, _| {
        Ok((name == next).then(|| bytes.to_vec()))
    });
    match outcome {
        Err(Failure::Refused(refusal @ Refusal::Unsigned { .. })) => Err(refusal.into()),
        // The rest was not offered, and is not asked about here.
        _ => Ok(()),
    }
}

// Those who may sign roots stay who they are, whether their keys are at hand or in a safe, until it is said otherwise.
fn roles(
    root_keys: &[SigningKey],
    beginning: &Beginning,
    known: Option<&Root>,
    publisher: &SigningKey,
) -> BTreeMap<Role, RoleKeys> {
    let of = |keys: &[&SigningKey], threshold: usize| RoleKeys {
        keys: keys.iter().map(|key| (key.public().id(), key.public())).collect(),
        threshold: threshold.clamp(1, keys.len().max(1)) as u64,
    };
    let all: Vec<&SigningKey> = root_keys.iter().collect();
    let daily = || of(&[publisher], 1);
    let before = known.and_then(|root| root.roles.get(&Role::Root)).filter(|_| !beginning.new_root_keys);
    BTreeMap::from([
        (Role::Root, before.cloned().unwrap_or_else(|| of(&all, beginning.threshold))),
        (Role::Timestamp, daily()),
        (Role::Snapshot, daily()),
        (Role::Targets, daily()),
    ])
}

/// A time so many seconds from now.
pub(super) fn after(site: &Site, seconds: i64) -> Time {
    time_of(
        site.clock
            .now()
            .checked_add(jiff::SignedDuration::from_secs(seconds))
            .unwrap_or(jiff::Timestamp::MAX),
    )
}

fn read_keys(folder: &Path) -> Result<Vec<SigningKey>> {
    let items = match std::fs::read_dir(folder) {
        Ok(items) => items,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(Error::reading(folder)(cause)),
    };
    let mut paths: Vec<PathBuf> = items.flatten().map(|item| item.path()).collect();
    paths.retain(|path| {
        path.extension().is_some_and(|extension| extension == "key") && !path.ends_with(ONLINE_KEY)
    });
    paths.sort();
    paths.iter().take(MOST_ROOT_KEYS).filter_map(|path| read_key(path).transpose()).collect()
}

fn read_key(path: &Path) -> Result<Option<SigningKey>> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let none = || Error::Source {
                place: path.display().to_string(),
                reason: "it is no key of ours".to_owned(),
            };
            SigningKey::from_text(&text).ok_or_else(none).map(Some)
        }
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::reading(path)(cause)),
    }
}

// Readable by its owner alone, before a byte of it is there.
fn make_key(site: &Site, path: &Path) -> Result<SigningKey> {
    let key = SigningKey::from_seed(random()?).ok_or_else(|| Error::NoKey { path: path.to_owned() })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    site.files.create_dir_all(folder).map_err(Error::writing(folder))?;
    replace_private_file(site.files.as_ref(), path, key.to_text().as_bytes())
        .map_err(Error::writing(path))?;
    Ok(key)
}
