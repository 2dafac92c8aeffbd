//! The client's workflow of the TUF specification (§5), step by step, over values.
//!
//! A `Client` starts from a root that somebody vouched for, or from what an earlier one trusted. `refresh` asks for
//! files by name and keeps each as soon as it is verified, as the specification wants it: what a newer list says is
//! known even where what it names was refused, so nobody can go back behind it. What it trusts never gets older.
//! Whoever calls keeps `trusted()`, says what time it is, and keeps no time of its own: a clock that once stood
//! wrong leaves no trace.

use serde::{Deserialize, Serialize};

use super::envelope::Envelope;
use super::metadata::{MetaFile, Metadata, Role, Root, Snapshot, TARGETS_JSON, Time, Timestamp};
use super::targets::Targets;
use crate::snapshot::{Refusal, metadata_name};

/// New roots that one update follows.
const MOST_ROOTS: u64 = 256;
const LARGEST_ROOT: u64 = 512 << 10;
const LARGEST_TIMESTAMP: u64 = 16 << 10;
/// Where the file that names it does not say how long it is.
const LARGEST_SNAPSHOT: u64 = 2 << 20;
const LARGEST_TARGETS: u64 = 8 << 20;

/// What is made of metadata that holds no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It is refused: whoever serves it may keep newer things back.
    Enforced,
    /// It is told: a stick is always somewhat old, and an older one than is known is refused all the same.
    Told,
}

/// Asks a repository for a file by its name and the most bytes that are wanted.
pub type Ask<'a, E> = dyn FnMut(&str, u64) -> Result<Option<Vec<u8>>, E> + 'a;

/// What came of an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// Whether anything is newer than before.
    pub is_newer: bool,
    /// What holds no longer, where that is told.
    pub expired: Option<Refusal>,
}

/// Why an update brought nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure<E> {
    /// The repository's word is not taken.
    Refused(Refusal),
    /// The repository could not be read.
    Carrier(E),
}

impl<E> From<Refusal> for Failure<E> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What is trusted, to be kept: files of metadata as they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// The newest root.
    pub root: String,
    /// The newest timestamp.
    pub timestamp: Option<String>,
    /// The snapshot that it names.
    pub snapshot: Option<String>,
    /// The list of files that that names.
    pub targets: Option<String>,
}

/// Whom a branch trusts and what it was told.
pub struct Client {
    root: Kept<Root>,
    timestamp: Option<Kept<Timestamp>>,
    snapshot: Option<Kept<Snapshot>>,
    targets: Option<Kept<Targets>>,
}

struct Kept<M> {
    metadata: M,
    text: String,
    message: Vec<u8>,
}

impl<M: Metadata> Kept<M> {
    fn verified(name: &str, bytes: &[u8], root: &Root) -> Result<Self, Refusal> {
        let envelope = Envelope::read(name, bytes)?;
        let metadata = envelope.verified(name, root.role(M::ROLE), "the trusted root")?;
        Self::of(name, bytes, &envelope, metadata)
    }

    fn of(name: &str, bytes: &[u8], envelope: &Envelope, metadata: M) -> Result<Self, Refusal> {
        let text =
            String::from_utf8(bytes.to_vec()).map_err(|_| Refusal::malformed(name, "it is no text"))?;
        Ok(Self { metadata, text, message: envelope.message().to_vec() })
    }
}

impl Client {
    /// Trusts a root for which somebody vouches: it came with the enrolment, or by hand.
    pub fn pinned(root: &[u8]) -> Result<Self, Refusal> {
        Ok(Self { root: own_root(root)?, timestamp: None, snapshot: None, targets: None })
    }

    /// Goes on with what was trusted before.
    pub fn of(trusted: &Trusted) -> Result<Self, Refusal> {
        fn kept<M: Metadata>(text: Option<&String>, root: &Root) -> Result<Option<Kept<M>>, Refusal> {
            let name = format!("the trusted {}", M::ROLE);
            text.map(|text| Kept::verified(&name, text.as_bytes(), root)).transpose()
        }
        let root = own_root(trusted.root.as_bytes())?;
        let timestamp = kept(trusted.timestamp.as_ref(), &root.metadata)?;
        let snapshot = kept(trusted.snapshot.as_ref(), &root.metadata)?;
        let targets = kept(trusted.targets.as_ref(), &root.metadata)?;
        Ok(Self { root, timestamp, snapshot, targets })
    }

    /// What is trusted now.
    pub fn trusted(&self) -> Trusted {
        Trusted {
            root: self.root.text.clone(),
            timestamp: self.timestamp.as_ref().map(|kept| kept.text.clone()),
            snapshot: self.snapshot.as_ref().map(|kept| kept.text.clone()),
            targets: self.targets.as_ref().map(|kept| kept.text.clone()),
        }
    }

    /// Who may sign.
    pub fn root(&self) -> &Root {
        &self.root.metadata
    }

    /// The files that the trusted list names.
    pub fn targets(&self) -> Option<&Targets> {
        self.targets.as_ref().map(|kept| &kept.metadata)
    }

    /// Version of the trusted timestamp: it only ever grows.
    pub fn timestamp_version(&self) -> Option<u64> {
        self.timestamp.as_ref().map(|kept| kept.metadata.version)
    }

    /// Until when the trusted timestamp holds.
    pub fn holds_until(&self) -> Option<&Time> {
        self.timestamp.as_ref().map(|kept| &kept.metadata.expires)
    }

    /// Brings everything up to date. `fetch` is asked for a file by its name and the most bytes that are wanted; it
    /// answers with no more than one byte above that, or with nothing where there is no such file.
    pub fn refresh<E>(
        &mut self,
        now: &Time,
        expiry: Expiry,
        fetch: &mut Ask<'_, E>,
    ) -> Result<Refreshed, Failure<E>> {
        let before = (self.root.metadata.version, self.timestamp_version());
        self.follow_roots(fetch)?;
        let mut judge = Judge { now, expiry, expired: None };
        judge.look(&self.root.metadata)?;
        let root = &self.root.metadata;

        let name = metadata_name(Role::Timestamp, 0);
        let bytes = needed(fetch, &name, LARGEST_TIMESTAMP)?;
        let timestamp = Kept::<Timestamp>::verified(&name, &bytes, root)?;
        self.is_no_older(&timestamp)?;
        judge.look(&timestamp.metadata)?;
        let timestamp = self.timestamp.insert(timestamp);

        let announced = &timestamp.metadata.snapshot;
        let snapshot = follow(self.snapshot.as_ref(), announced, LARGEST_SNAPSHOT, root, fetch)?;
        self.keeps_what_was_listed(&snapshot.metadata)?;
        judge.look(&snapshot.metadata)?;
        let snapshot = self.snapshot.insert(snapshot);

        let announced = snapshot.metadata.meta.get(TARGETS_JSON);
        let announced =
            announced.ok_or_else(|| Refusal::malformed("snapshot.json", "it names no targets"))?;
        let targets = follow(self.targets.as_ref(), announced, LARGEST_TARGETS, root, fetch)?;
        judge.look(&targets.metadata)?;
        if let Some(name) = &targets.metadata.delegates_to {
            return Err(Refusal::Delegated { name: name.clone() }.into());
        }
        let expired = judge.expired;
        self.targets = Some(targets);
        let is_newer = before != (self.root.metadata.version, self.timestamp_version());
        Ok(Refreshed { is_newer, expired })
    }

    // §5.3: one version after the other, each signed by those whom the one before names, and by its own.
    fn follow_roots<E>(&mut self, fetch: &mut Ask<'_, E>) -> Result<(), Failure<E>> {
        for n_followed in 0.. {
            let next = self.root.metadata.version.saturating_add(1);
            let name = metadata_name(Role::Root, next);
            let Some(bytes) = fetch(&name, LARGEST_ROOT).map_err(Failure::Carrier)? else { return Ok(()) };
            if n_followed == MOST_ROOTS {
                return Err(Refusal::TooManyRoots { most: MOST_ROOTS }.into());
            }
            not_too_long(&name, &bytes, LARGEST_ROOT)?;
            let envelope = Envelope::read(&name, &bytes)?;
            let by_old = self.root.metadata.role(Role::Root);
            let root: Root = envelope.verified(&name, by_old, "the trusted root")?;
            let root: Root = envelope.verified(&name, root.role(Role::Root), "the new root")?;
            if root.version != next {
                return Err(Refusal::Mixed { role: Role::Root, found: root.version, expected: next }.into());
            }
            self.forget_what_old_keys_said(&root);
            self.root = Kept::of(&name, &bytes, &envelope, root)?;
        }
        Ok(())
    }

    // §5.3.11: whoever stole a key may have given out the highest of all versions; new keys begin anew.
    fn forget_what_old_keys_said(&mut self, new: &Root) {
        let changed = |role| match (self.root.metadata.role(role), new.role(role)) {
            (Some(old), Some(new)) => !old.same_keys(new),
            _ => true,
        };
        let (timestamp, snapshot, targets) =
            (changed(Role::Timestamp), changed(Role::Snapshot), changed(Role::Targets));
        if timestamp || snapshot {
            self.timestamp = None;
            self.snapshot = None;
        }
        if targets {
            self.snapshot = None;
            self.targets = None;
        }
    }

    // §5.4.3: neither the timestamp nor what it names goes back.
    fn is_no_older(&self, new: &Kept<Timestamp>) -> Result<(), Refusal> {
        let Some(known) = &self.timestamp else { return Ok(()) };
        let went_back = |role, offered, trusted| Err(Refusal::RolledBack { role, offered, trusted });
        let (offered, trusted) = (new.metadata.version, known.metadata.version);
        if offered < trusted {
            return went_back(Role::Timestamp, offered, trusted);
        }
        if offered == trusted && new.message != known.message {
            return Err(Refusal::Equivocating { role: Role::Timestamp, version: offered });
        }
        let (offered, trusted) = (new.metadata.snapshot.version, known.metadata.snapshot.version);
        if offered < trusted { went_back(Role::Snapshot, offered, trusted) } else { Ok(()) }
    }

    // §5.5.5: every list that was named is named still, and is no older.
    fn keeps_what_was_listed(&self, new: &Snapshot) -> Result<(), Refusal> {
        let known = self.snapshot.iter().flat_map(|known| &known.metadata.meta);
        for (name, known) in known {
            let offered = new.meta.get(name).ok_or_else(|| Refusal::Missing { name: name.clone() })?.version;
            if offered < known.version {
                return Err(Refusal::RolledBack { role: Role::Targets, offered, trusted: known.version });
            }
        }
        Ok(())
    }
}

fn own_root(bytes: &[u8]) -> Result<Kept<Root>, Refusal> {
    let name = "the trusted root";
    let envelope = Envelope::read(name, bytes)?;
    let root: Root = envelope.parsed(name)?;
    let root: Root = envelope.verified(name, root.role(Role::Root), "itself")?;
    Kept::of(name, bytes, &envelope, root)
}

/// The file that another one announces: the known one where it is that, else the repository's.
fn follow<M: Metadata, E>(
    known: Option<&Kept<M>>,
    announced: &MetaFile,
    most: u64,
    root: &Root,
    fetch: &mut Ask<'_, E>,
) -> Result<Kept<M>, Failure<E>> {
    let name = metadata_name(M::ROLE, announced.version);
    let same_version = known.filter(|known| known.metadata.version() == announced.version);
    let bytes = match same_version {
        Some(known) if announced.check(&name, known.text.as_bytes()).is_ok() => {
            known.text.clone().into_bytes()
        }
        _ => {
            let most = announced.length.map_or(most, |length| length.min(most));
            let bytes = needed(fetch, &name, most)?;
            announced.check(&name, &bytes)?;
            bytes
        }
    };
    let new = Kept::<M>::verified(&name, &bytes, root)?;
    let found = new.metadata.version();
    if found != announced.version {
        return Err(Refusal::Mixed { role: M::ROLE, found, expected: announced.version }.into());
    }
    if same_version.is_some_and(|known| known.message != new.message) {
        return Err(Refusal::Equivocating { role: M::ROLE, version: found }.into());
    }
    Ok(new)
}

fn needed<E>(fetch: &mut Ask<'_, E>, name: &str, most: u64) -> Result<Vec<u8>, Failure<E>> {
    let bytes = fetch(name, most).map_err(Failure::Carrier)?;
    let bytes = bytes.ok_or_else(|| Refusal::Missing { name: name.to_owned() })?;
    not_too_long(name, &bytes, most)?;
    Ok(bytes)
}

fn not_too_long(name: &str, bytes: &[u8], most: u64) -> Result<(), Refusal> {
    if bytes.len() as u64 > most { Err(Refusal::TooLong { name: name.to_owned(), most }) } else { Ok(()) }
}

struct Judge<'a> {
    now: &'a Time,
    expiry: Expiry,
    expired: Option<Refusal>,
}

impl Judge<'_> {
    fn look<M: Metadata>(&mut self, metadata: &M) -> Result<(), Refusal> {
        if metadata.expires() > self.now {
            return Ok(());
        }
        let (role, expires, now) = (M::ROLE, metadata.expires().clone(), self.now.clone());
        let refusal = Refusal::Expired { role, expires, now };
        match self.expiry {
            Expiry::Enforced => Err(refusal),
            Expiry::Told => {
                self.expired.get_or_insert(refusal);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests;
