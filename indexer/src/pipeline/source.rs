//! A library that takes part in a build: its state, and how its records are read.

use super::error::Result;
use super::library_records::LibraryRecords;
use super::profile::{StoredProfile, stored_profile};
use crate::archive::{Archive, LibraryArchive, PackName, Slot, Stamp};
use crate::bib::LibraryCode;
use crate::index::LibraryData;

pub(super) struct Source {
    pub(super) code: LibraryCode,
    pub(super) library: LibraryArchive,
    pub(super) stamp: Stamp,
    pub(super) profile: Option<StoredProfile>,
    /// Changes whenever the way in which a record is read does.
    pub(super) reading: String,
}

impl Source {
    /// All libraries with records, in the order of their codes.
    pub(super) fn all(archive: &Archive) -> Result<Vec<Self>> {
        let mut sources = Vec::new();
        for code in archive.libraries()? {
            let library = archive.library(&code)?;
            if let Some(stamp) = library.stamp()? {
                let profile = stored_profile(&library)?;
                let text = profile.as_ref().map(StoredProfile::to_text).transpose()?.unwrap_or_default();
                let reading = blake3::hash(text.as_bytes()).to_hex()[..16].to_owned();
                sources.push(Self { code, library, stamp, profile, reading });
            }
        }
        Ok(sources)
    }

    /// Its records, all of them.
    pub(super) fn records(&self) -> Result<LibraryRecords<'_>> {
        LibraryRecords::open(&self.library, self.profile.as_ref())
    }

    /// Some records of a state with these packs; `along` are read for their holdings only.
    pub(super) fn some_records(
        &self,
        packs: &[PackName],
        slots: Vec<Slot>,
        along: Vec<Slot>,
    ) -> Result<LibraryRecords<'_>> {
        LibraryRecords::some(&self.library, self.profile.as_ref(), packs, slots, along)
    }

    /// Says what was read, and how.
    pub(super) fn version(&self) -> String {
        format!("{}-{}-{:016x}-{}", self.code, self.stamp.number, self.stamp.checksum, self.reading)
    }

    pub(super) fn data(&self) -> LibraryData {
        LibraryData {
            code: self.code.clone(),
            as_of: self.library.as_of(),
            records: self.stamp.n_records,
            state: self.stamp.number,
            reading: self.reading.clone(),
        }
    }
}

/// One line for everything that a generation is made from.
pub(super) fn fingerprint(sources: &[Source], decisions: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for source in sources {
        hasher.update(source.version().as_bytes());
        hasher.update(&[0]);
    }
    hasher.update(decisions.as_bytes());
    hasher.update(&crate::cluster::VERSION.to_le_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}
