//! Why the word of a repository is not taken: a sentence for a person, and a kind that tests and callers can tell.

use super::tuf::{Role, Time};

/// Why something of a repository is refused. Nothing of it is used then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A file that must be there is not.
    #[error("{name} is missing")]
    Missing {
        /// Its name in the repository.
        name: String,
    },
    /// A file is longer than it may be.
    #[error("{name} is longer than {most} bytes")]
    TooLong {
        /// Its name in the repository.
        name: String,
        /// The most it may have.
        most: u64,
    },
    /// A file is not what was signed.
    #[error("{name} is not the file that was signed: its {what} is another")]
    Altered {
        /// Its name in the repository.
        name: String,
        /// `length` or `hash`.
        what: &'static str,
    },
    /// A file cannot be read as what its name says.
    #[error("{name} cannot be read: {what}")]
    Malformed {
        /// Its name in the repository.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// Too few of those who may sign have signed.
    #[error("{role} has {found} of the {threshold} signatures that {by} asks for")]
    Unsigned {
        /// What should have been signed.
        role: Role,
        /// Valid signatures by different keys.
        found: usize,
        /// How many there must be.
        threshold: u64,
        /// `the trusted root` or `the new root`.
        by: &'static str,
    },
    /// Something older than what is known is offered.
    #[error("{role} went back: version {offered} is offered where version {trusted} is known")]
    RolledBack {
        /// What went back; for a file named in the snapshot, the snapshot.
        role: Role,
        /// The version offered.
        offered: u64,
        /// The version known.
        trusted: u64,
    },
    /// Something has another version than the file that names it says.
    #[error("{role} has version {found}, {expected} was announced: the files do not belong together")]
    Mixed {
        /// What does not fit.
        role: Role,
        /// Its version.
        found: u64,
        /// What was announced.
        expected: u64,
    },
    /// The same version with another content.
    #[error("{role} of version {version} says something else than before: one of the two is a forgery")]
    Equivocating {
        /// What has two contents.
        role: Role,
        /// The version of both.
        version: u64,
    },
    /// What was signed holds no longer.
    #[error(
        "{role} held until {expires}, and it is {now}: the repository is not kept up, or the clock is wrong"
    )]
    Expired {
        /// What expired.
        role: Role,
        /// Until when it held.
        expires: Time,
        /// The time by which it was judged.
        now: Time,
    },
    /// The repository gives a part of its word to others, which this program does not follow.
    #[error("targets delegates to {name}: delegations are not followed")]
    Delegated {
        /// The first of those it delegates to.
        name: String,
    },
    /// More new roots than one update follows.
    #[error("there are more than {most} roots after the known one")]
    TooManyRoots {
        /// The most that are followed.
        most: u64,
    },
    /// The signed list names no generation.
    #[error("the repository holds no generation {name}")]
    NoGeneration {
        /// Its name, or what was asked for.
        name: String,
    },
    /// A generation of another version of the program.
    #[error(
        "generation {generation} is written in {found}, this program reads {expected}: update the program"
    )]
    OtherVersion {
        /// The generation.
        generation: String,
        /// What it is written in.
        found: String,
        /// What this program reads.
        expected: String,
    },
    /// A generation answers otherwise than it did where it was made.
    #[error("generation {generation} answers wrongly to {question:?}")]
    Canary {
        /// The generation.
        generation: String,
        /// What was asked.
        question: String,
    },
}

impl Refusal {
    pub(crate) fn malformed(name: &str, what: impl ToString) -> Self {
        Self::Malformed { name: name.to_owned(), what: what.to_string() }
    }

    pub(crate) fn altered(name: &str, what: &'static str) -> Self {
        Self::Altered { name: name.to_owned(), what }
    }

    /// Whether the clock of this machine had a part in it: then waiting, or setting the clock, may help.
    pub fn is_about_time(&self) -> bool {
        matches!(self, Self::Expired { .. })
    }
}
