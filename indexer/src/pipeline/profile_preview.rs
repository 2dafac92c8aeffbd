//! A holdings profile before it comes in force: how it would read some of the library's own records, what would be
//! guessed now, and a person's word that one is right.

use super::error::Result;
use super::library_records::LibraryRecords;
use super::profile::{self, StoredProfile, stored_profile};
use crate::archive::LibraryArchive;
use crate::bib::Holding;
use crate::mapping::{Guess, HoldingsProfile, guess_profile};
use crate::marc::Record;

/// Records that a guess is made from.
const SAMPLE: usize = 2000;
/// Of a record so many fields are shown.
const MAX_FIELDS: usize = 12;

/// A record as a profile would read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// The library's number of the record.
    pub control_number: String,
    /// Its title proper.
    pub title: String,
    /// The fields of the profile as they stand: `905 $a01$dTP312`.
    pub fields: Vec<String>,
    /// What the profile makes of them.
    pub holdings: Vec<Holding>,
}

/// How a profile would read some records from all over the library.
pub fn preview_profile(
    library: &LibraryArchive,
    profile: &HoldingsProfile,
    n_records: usize,
) -> Result<Vec<Preview>> {
    let stored = stored_profile(library)?;
    let tried = StoredProfile {
        version: 0,
        confirmed: false,
        charset: stored.as_ref().and_then(|stored| stored.charset.clone()),
        guessed_from: None,
        profile: profile.clone(),
    };
    let records = LibraryRecords::open(library, stored.as_ref())?;
    let sample = records.sample(n_records)?;
    Ok(sample.iter().take(n_records).map(|record| preview(record, &tried)).collect())
}

fn preview(record: &Record, tried: &StoredProfile) -> Preview {
    let mapped = profile::mapped(record, Some(tried));
    let is_of_it = |tag: &[u8]| tried.profile.fields.iter().any(|field| field.tag.as_bytes() == tag);
    let fields = record.fields().filter(|field| is_of_it(&field.tag())).take(MAX_FIELDS).map(|field| {
        let subfields: String = field.subfields().map(|(code, value)| format!("${code}{value}")).collect();
        format!("{} {subfields}", field.tag_text())
    });
    Preview {
        control_number: mapped.bib.control_number.unwrap_or_default(),
        title: mapped.bib.title.unwrap_or_default(),
        fields: fields.collect(),
        holdings: mapped.holdings,
    }
}

/// What would be guessed of the library's records now, with its grounds.
pub fn guess_again(library: &LibraryArchive) -> Result<Guess> {
    let stored = stored_profile(library)?;
    let records = LibraryRecords::open(library, stored.as_ref())?;
    Ok(guess_profile(&records.sample(SAMPLE)?))
}

/// Keeps a profile as one that a person has called right; whether it is another one than was in force.
pub fn confirm_profile(library: &LibraryArchive, profile: HoldingsProfile) -> Result<bool> {
    let stored = stored_profile(library)?;
    let is_other = stored.as_ref().is_none_or(|stored| stored.profile != profile);
    profile::keep_confirmed(library, stored.and_then(|stored| stored.charset), profile)?;
    Ok(is_other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::archive::{Archive, ImportMode};
    use crate::bib::LibraryCode;
    use crate::pipeline::{ImportRequest, import};

    #[test]
    fn a_profile_is_seen_before_it_is_confirmed() {
        let folder = tempfile::tempdir().unwrap();
        let export = folder.path().join("北林.mrk");
        let text: String = (0..30)
            .map(|n| {
                format!(
                    "=LDR  00000nam0 2200000   450 \n=001  {n}\n=200  1\\$a第{n}种书\n=690  \\\\$aTP312\n\
                     =905  \\\\$a中文库$dTP312$e{n}\n\n"
                )
            })
            .collect();
        std::fs::write(&export, text).unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        let code = LibraryCode::new("BJFU");
        let request = ImportRequest {
            library: code.clone(),
            mode: ImportMode::Full,
            paths: vec![export],
            run: "1".into(),
        };
        import(&archive, &request, &()).unwrap();
        let library = archive.library(&code).unwrap();

        let tried = HoldingsProfile::named("cnmarc-905-d-class").unwrap();
        let previews = preview_profile(&library, &tried, 5).unwrap();
        assert_eq!(previews.len(), 5);
        assert!(previews[0].fields[0].starts_with("905 $a中文库$dTP312$e"), "{:?}", previews[0]);
        let holding = &previews[0].holdings[0];
        assert_eq!(holding.location.as_deref(), Some("中文库"));
        assert!(holding.call_number.as_deref().unwrap().starts_with("TP312/"), "{holding:?}");
        assert!(!stored_profile(&library).unwrap().unwrap().confirmed, "looking changes nothing");

        assert!(guess_again(&library).unwrap().n_records >= 30);
        assert!(confirm_profile(&library, tried.clone()).unwrap());
        assert!(!confirm_profile(&library, tried.clone()).unwrap(), "the same again");
        let stored = stored_profile(&library).unwrap().unwrap();
        assert_eq!((stored.confirmed, stored.profile), (true, tried));
    }
}
