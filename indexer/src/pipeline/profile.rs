//! A library's holdings profile: stored beside its records, guessed from a sample where there is none.
//!
//! File `archive/<CODE>/profile.toml`: format `version`, `confirmed`, `guessed_from`, and the `profile` of
//! `mapping`. A guess is used at once but stays unconfirmed until a person has said that it is right (DOMAIN
//! §2.2). The last line is a comment with the hash of those before; whoever changes the file by hand removes it.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::file_set::files_of;
use super::library_records::LibraryRecords;
use crate::archive::{self, Archive, LibraryArchive, State};
use crate::bib::LibraryCode;
use crate::charset::Charset;
use crate::mapping::{Dialect, HoldingsProfile, Mapped, dialect, guess_profile, map};
use crate::marc::{Framed, ParseOptions, RawRecord, ReadOptions, Reader, Record, contained_files, parse};

const FILE: &str = "profile.toml";
const VERSION: u32 = 2;
const CHECK: &str = "# blake3 ";
/// Records that a guess is made from (DOMAIN §2.2 wants 500 at least).
const SAMPLE: usize = 2000;

/// A profile as a library's archive keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredProfile {
    /// Version of this file's format.
    pub version: u32,
    /// Whether a person has said that it is right.
    pub confirmed: bool,
    /// Charset of nearly all its records, for those too short to tell; absent where it writes in several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// Number of the state that it was guessed from: before that one it is not in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guessed_from: Option<u64>,
    /// The profile.
    pub profile: HoldingsProfile,
}

impl StoredProfile {
    /// As it stands in its file.
    pub fn to_text(&self) -> Result<String> {
        let text = toml::to_string_pretty(self).map_err(|source| Error::ProfileText { source })?;
        Ok(format!("{text}{CHECK}{}\n", check_of(&text)))
    }
}

fn check_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

/// The profile that is in force in a library.
pub fn stored_profile(library: &LibraryArchive) -> Result<Option<StoredProfile>> {
    profile_at(library, library.in_force()?.number)
}

fn profile_at(library: &LibraryArchive, number: u64) -> Result<Option<StoredProfile>> {
    let Some(text) = library.read_small(FILE)? else { return Ok(None) };
    let path = library.folder().join(FILE);
    if let Some((before, check)) = text.rsplit_once(CHECK)
        && check.trim_end() != check_of(before)
    {
        return Err(Error::ProfileChanged { path });
    }
    // A newer format may not even parse as ours: the version is looked at first.
    let profile_error = |source| Error::Profile { path: path.clone(), source };
    let table: toml::Table = toml::from_str(&text).map_err(profile_error)?;
    let found = table.get("version").and_then(toml::Value::as_integer).unwrap_or(0);
    let stored: StoredProfile = match u32::try_from(found) {
        Ok(found) if found > VERSION => {
            return Err(archive::Error::TooNew { path, found, known: VERSION }.into());
        }
        _ => table.try_into().map_err(profile_error)?,
    };
    let is_undone = !stored.confirmed && stored.guessed_from.is_some_and(|from| from > number);
    Ok((!is_undone).then_some(stored))
}

/// Guesses and keeps a profile where a library has records but none yet.
pub fn ensure_profile(archive: &Archive, code: &LibraryCode) -> Result<()> {
    let library = archive.library(code)?;
    if library.current_number()?.is_none() || stored_profile(&library)?.is_some() {
        return Ok(());
    }
    guess_from(&library, &library.state()?)
}

/// The same for a state that is not in force yet: a guess comes in force with the state that it was made from,
/// and goes when that is undone.
pub(super) fn prepare_profile(library: &LibraryArchive, state: &State) -> Result<()> {
    if stored_profile(library)?.is_some() { Ok(()) } else { guess_from(library, state) }
}

/// Puts a profile in force in a library that has records, as one that a person has chosen; whether that changed
/// anything. A profile of another name that a person has confirmed stays: it is an edited one, and knows better.
pub fn use_profile(library: &LibraryArchive, profile: &HoldingsProfile) -> Result<bool> {
    let stored = stored_profile(library)?;
    let is_there = stored.as_ref().is_some_and(|stored| {
        stored.confirmed && (stored.profile == *profile || stored.profile.name != profile.name)
    });
    if is_there || library.current_number()?.is_none() {
        return Ok(false);
    }
    let stored = StoredProfile {
        version: VERSION,
        confirmed: true,
        charset: stored.and_then(|stored| stored.charset),
        guessed_from: None,
        profile: profile.clone(),
    };
    library.write_small(FILE, &stored.to_text()?)?;
    Ok(true)
}

fn guess_from(library: &LibraryArchive, state: &State) -> Result<()> {
    let records = LibraryRecords::of_state(library, None, state)?;
    let sample = records.sample(SAMPLE)?;
    if sample.is_empty() {
        return Ok(library.remove_small(FILE)?);
    }
    let stored = StoredProfile {
        version: VERSION,
        confirmed: false,
        charset: records.usual_charset()?.map(|charset| charset.label().to_owned()),
        guessed_from: Some(state.number),
        profile: guess_profile(&sample).profile,
    };
    library.write_small(FILE, &stored.to_text()?)?;
    Ok(())
}

/// Keeps a profile that a person has called right.
pub(super) fn keep_confirmed(
    library: &LibraryArchive,
    charset: Option<String>,
    profile: HoldingsProfile,
) -> Result<()> {
    let stored = StoredProfile { version: VERSION, confirmed: true, charset, guessed_from: None, profile };
    library.write_small(FILE, &stored.to_text()?)?;
    Ok(())
}

/// Records from the beginning of a set, to guess a profile from without keeping anything.
pub fn sample_of(paths: &[PathBuf]) -> Result<Vec<Record>> {
    let mut sample = Vec::new();
    for file in files_of(paths)? {
        let read_error = |source| Error::Read { file: file.name.clone(), source };
        for (_, input) in contained_files(&file.path).map_err(read_error)? {
            let mut reader = Reader::new(input, ReadOptions::default());
            let mut raw = RawRecord::default();
            while let Some(framed) = reader.next(&mut raw).map_err(read_error)? {
                let mut record = Record::default();
                let readable =
                    framed == Framed::Record && parse(&raw, &ParseOptions::default(), &mut record).is_ok();
                if readable {
                    sample.push(record);
                }
                if sample.len() >= SAMPLE {
                    return Ok(sample);
                }
            }
        }
    }
    Ok(sample)
}

/// How the bytes of a library's records are read.
pub(super) fn parse_options(stored: Option<&StoredProfile>) -> ParseOptions {
    let label = stored.and_then(|stored| stored.charset.as_deref());
    ParseOptions { prior: label.and_then(Charset::from_label), ..ParseOptions::default() }
}

/// A record as its library's profile reads it.
///
/// A library may mix families; a record without any field of the profile is read as its family is.
pub(super) fn mapped(record: &Record, stored: Option<&StoredProfile>) -> Mapped {
    let dialect = dialect(record);
    let applies = |stored: &&StoredProfile| {
        let mut fields = stored.profile.fields.iter();
        fields.any(|field| record.fields().any(|f| f.tag() == *field.tag.as_bytes()))
    };
    let profile = stored.filter(applies).map_or_else(|| default_for(dialect), |stored| &stored.profile);
    map(record, dialect, profile)
}

/// The profile for records of a dialect in a library that has none.
fn default_for(dialect: Dialect) -> &'static HoldingsProfile {
    static CNMARC: LazyLock<HoldingsProfile> =
        LazyLock::new(|| HoldingsProfile::default_for(Dialect::Cnmarc));
    static UNIMARC: LazyLock<HoldingsProfile> =
        LazyLock::new(|| HoldingsProfile::default_for(Dialect::Unimarc));
    static MARC21: LazyLock<HoldingsProfile> =
        LazyLock::new(|| HoldingsProfile::default_for(Dialect::Marc21));
    match dialect {
        Dialect::Cnmarc => &CNMARC,
        Dialect::Unimarc => &UNIMARC,
        Dialect::Marc21 => &MARC21,
    }
}
