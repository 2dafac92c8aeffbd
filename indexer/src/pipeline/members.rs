//! What each member record behind an entry says for itself: read from the archive, mapped as a build maps it.
//!
//! For those who ask why records are one entry. It knows nothing of what becomes of the answers.

use rustc_hash::FxHashMap;

use super::error::Result;
use super::profile::{StoredProfile, mapped, parse_options, stored_profile};
use crate::archive::{Archive, StoredRecord};
use crate::bib::{Bib, Entry, LibraryCode, Member};
use crate::marc::{Record, parse};

/// Why the description of a member record cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemberError {
    /// Its bytes are not on this machine, or are damaged.
    #[error("the original record is not on this machine")]
    Missing(#[source] super::Error),
    /// This version cannot read it although an earlier one could.
    #[error("the original record cannot be read")]
    Unreadable,
}

/// The descriptions of an entry's member records, in the order of its members.
///
/// Records are read pack by pack, each library's profile once.
pub fn member_bibs(archive: &Archive, entry: &Entry) -> Vec<std::result::Result<Bib, MemberError>> {
    let mut profiles = Profiles { archive, known: FxHashMap::default() };
    entry.members.iter().map(|member| profiles.bib(member)).collect()
}

struct Profiles<'a> {
    archive: &'a Archive,
    known: FxHashMap<&'a LibraryCode, Option<StoredProfile>>,
}

impl<'a> Profiles<'a> {
    fn bib(&mut self, member: &'a Member) -> std::result::Result<Bib, MemberError> {
        let read =
            || -> Result<StoredRecord> { Ok(self.archive.stored_record(&member.library, member.locator)?) };
        let raw = read().map_err(MemberError::Missing)?.raw;
        let profile = self.profile(&member.library);
        let mut record = Record::default();
        parse(&raw, &parse_options(profile), &mut record).map_err(|_| MemberError::Unreadable)?;
        Ok(mapped(&record, profile).bib)
    }

    // A profile that cannot be read is as good as none: a description depends on it little.
    fn profile(&mut self, code: &'a LibraryCode) -> Option<&StoredProfile> {
        let archive = self.archive;
        let stored = || stored_profile(&archive.library(code).ok()?).ok().flatten();
        self.known.entry(code).or_insert_with(stored).as_ref()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;
    use crate::archive::ImportMode;
    use crate::bib::{EditionId, MaterialType, RecordLocator};
    use crate::pipeline::tests::iso2709;
    use crate::pipeline::{ImportRequest, import};

    #[test]
    fn members_speak_for_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let export = folder.path().join("export.mrc");
        std::fs::write(&export, [iso2709("001", "三国演义", 'n'), iso2709("002", "红楼梦", 'n')].concat())
            .unwrap();
        let archive = Archive::open(folder.path()).unwrap();
        let library = LibraryCode::new("BJFU");
        let (mode, run) = (ImportMode::Full, "r1".to_owned());
        let request = ImportRequest { library: library.clone(), mode, paths: vec![export], run };
        import(&archive, &request, &()).unwrap();
        let state = archive.library(&library).unwrap().state().unwrap();
        let pack = state.packs[0].prefix();
        let member = |library: &str, slot| Member {
            library: LibraryCode::new(library),
            control_number: None,
            locator: RecordLocator { pack, slot },
        };
        let members = vec![member("BJFU", 1), member("BJFU", 0), member("BUPT", 0), member("BJFU", 9)];
        let bib = Bib::empty(MaterialType::BookChi);
        let entry = Entry::new(EditionId::from_key(1), bib, Vec::new(), members);
        let said = member_bibs(&archive, &entry);
        let titles = said.iter().map(|said| said.as_ref().ok().and_then(|bib| bib.title.as_deref()));
        let titles: Vec<Option<&str>> = titles.collect();
        assert_eq!(titles, [Some("红楼梦"), Some("三国演义"), None, None]);
        assert!(matches!(said[2], Err(MemberError::Missing(_))));
    }
}
