//! How a branch fares, as it says itself whenever it asks for its feed, and what its hub makes of that. Pure.

use indexer::index;
use jiff::Timestamp;

use crate::store::Branch;
use crate::sync::status::Status;

/// What a branch may say of its trouble.
const MOST_CHARS: usize = 300;
/// A branch asks every few minutes; one that was not here for longer has something in its way.
const SILENT: i64 = 24 * 3600;
/// A clock that is further off makes times on pages wrong.
const SKEW: i64 = 120;

/// What a branch says of its catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fares {
    /// The generation in force there.
    pub generation: Option<String>,
    /// Bytes that it has fetched in all.
    pub bytes: u64,
    /// Why it has not got what it should; a sentence in English.
    pub trouble: Option<String>,
}

impl Fares {
    /// Of a machine whose catalogue comes from a repository.
    pub fn of(status: &Status) -> Self {
        Self { generation: status.generation.clone(), bytes: status.bytes, trouble: status.reason.clone() }
    }

    /// As part of an address.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let generation = self.generation.iter().map(|name| ("generation", name.clone()));
        let short = |said: &String| said.chars().take(MOST_CHARS).collect();
        let trouble = self.trouble.iter().map(|said| ("trouble", short(said)));
        query.extend_pairs(generation.chain([("bytes", self.bytes.to_string())]).chain(trouble)).finish()
    }

    /// Out of the parts of an address; `None` where the branch says nothing of itself.
    pub fn read<'a>(of: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let bytes = of("bytes")?.parse::<u64>().ok()?.min(i64::MAX as u64);
        let plain =
            |said: &str| said.chars().filter(|c| !c.is_control()).take(MOST_CHARS).collect::<String>();
        Some(Self {
            generation: of("generation").filter(|name| index::is_generation_name(name)).map(str::to_owned),
            bytes,
            trouble: of("trouble").map(plain).filter(|said| !said.is_empty()),
        })
    }
}

/// Why a branch wants a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worry {
    /// It enrolled and never asked for anything.
    NeverHere,
    /// It was not here for so many hours.
    Silent(i64),
    /// It says why.
    Trouble(String),
    /// Its clock is ahead by so many seconds, or behind.
    Clock(i64),
    /// It has not got the newest generation yet.
    Behind,
}

impl Worry {
    /// The worst of a branch; `newest` is the generation that the hub has published.
    pub fn of(branch: &Branch, newest: Option<&str>, now: Timestamp) -> Option<Self> {
        let Some(last) = branch.last_contact else { return Some(Self::NeverHere) };
        let silent = now.as_second() - last.as_second();
        if silent > SILENT {
            return Some(Self::Silent(silent / 3600));
        }
        if let Some(trouble) = &branch.fares.trouble {
            return Some(Self::Trouble(trouble.clone()));
        }
        if branch.skew.abs() > SKEW {
            return Some(Self::Clock(branch.skew));
        }
        let is_behind = newest.is_some() && branch.fares.generation.as_deref() != newest;
        is_behind.then_some(Self::Behind)
    }

    /// Its name, by which pages find their words.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NeverHere => "never_here",
            Self::Silent(_) => "silent",
            Self::Trouble(_) => "trouble",
            Self::Clock(seconds) if *seconds < 0 => "clock_behind",
            Self::Clock(_) => "clock_ahead",
            Self::Behind => "behind",
        }
    }

    /// What is filled into the words.
    pub fn value(&self) -> String {
        match self {
            Self::Silent(n) | Self::Clock(n) => n.abs().to_string(),
            Self::Trouble(said) => said.clone(),
            Self::NeverHere | Self::Behind => String::new(),
        }
    }
}

impl std::fmt::Display for Worry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NeverHere => write!(f, "it enrolled and has not been here yet"),
            Self::Silent(hours) => write!(f, "it has not been here for {hours} hours"),
            Self::Trouble(said) => write!(f, "{said}"),
            Self::Clock(seconds) if *seconds < 0 => {
                write!(f, "its clock is behind by {} seconds", seconds.abs())
            }
            Self::Clock(seconds) => write!(f, "its clock is ahead by {seconds} seconds"),
            Self::Behind => write!(f, "it has not got the newest generation yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use indexer::bib::LibraryCode;

    use super::*;
    use crate::keys::PublicKeys;

    const NEWEST: &str = "000012-0a1b2c3d";

    #[test]
    fn what_a_branch_says_comes_through_and_is_bounded() {
        let said = Fares {
            generation: Some(NEWEST.to_owned()),
            bytes: 4_711,
            trouble: Some("no room: 3 MiB & 50 % short\u{7}".to_owned()),
        };
        let query = said.to_query();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let get = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let read = Fares::read(get).unwrap();
        assert_eq!(read, Fares { trouble: Some("no room: 3 MiB & 50 % short".to_owned()), ..said });
        assert_eq!(Fares::read(|_| None), None, "an older branch says nothing");
        let long = "x".repeat(9_999);
        let read =
            Fares::read(|key| Some(if key == "bytes" { "18446744073709551615" } else { &long })).unwrap();
        assert_eq!((read.generation, read.bytes, read.trouble.unwrap().len()), (None, i64::MAX as u64, 300));
    }

    #[test]
    fn the_worst_is_said_first() {
        let now: Timestamp = "2026-11-30T02:00:00Z".parse().unwrap();
        let hours_ago = |hours: i64| now.checked_sub(jiff::SignedDuration::from_hours(hours)).ok();
        let fares = |generation: &str, trouble: Option<&str>| Fares {
            generation: Some(generation.to_owned()),
            bytes: 1,
            trouble: trouble.map(str::to_owned),
        };
        for (last, fares, skew, expect) in [
            (None, Fares::default(), 0, "never_here"),
            (hours_ago(50), fares(NEWEST, Some("no line")), 900, "silent"),
            (hours_ago(1), fares("000011-0a1b2c3d", Some("no line")), 900, "trouble"),
            (hours_ago(1), fares("000011-0a1b2c3d", None), -900, "clock_behind"),
            (hours_ago(1), fares("000011-0a1b2c3d", None), 900, "clock_ahead"),
            (hours_ago(1), fares("000011-0a1b2c3d", None), 9, "behind"),
            (hours_ago(1), fares(NEWEST, None), 9, ""),
        ] {
            let branch = Branch {
                library: LibraryCode::new("BJFU"),
                keys: PublicKeys { signing: [0; 32], sealing: [0; 32] },
                enrolled: now,
                last_contact: last,
                skew,
                acked: 0,
                fares,
            };
            let worry = Worry::of(&branch, Some(NEWEST), now);
            assert_eq!(worry.as_ref().map_or("", Worry::code), expect, "{branch:?}");
        }
    }
}
