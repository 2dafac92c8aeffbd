//! What a generation says of itself: `manifest.json`.
//!
//! It names the layers, every file with its length and hash, and the versions of all formats, and carries a
//! checksum over itself, so that a flipped bit anywhere is found. It knows nothing of how a folder comes into force.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::bib::{EditionId, LibraryCode};
use crate::index::lanes::{Dealing, Segment};
use crate::index::schema::FORMAT_VERSION;
use crate::index::{Error, terms};

/// Name of the file in which a generation says what it is.
pub const MANIFEST: &str = "manifest.json";

/// What a library brought into a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryData {
    /// The library.
    pub code: LibraryCode,
    /// Day of its data, as `2026-11-22`.
    pub as_of: Option<String>,
    /// Its records.
    pub records: u64,
    /// Number of the state of its archive.
    pub state: u64,
    /// Changes whenever its records are read in another way.
    pub reading: String,
}

/// What only the caller of a build knows.
#[derive(Clone, Debug, Default)]
pub struct ManifestInput {
    /// The libraries that took part.
    pub libraries: Vec<LibraryData>,
    /// Names of the packs with the members' original records.
    pub packs: Vec<String>,
    /// When it was built, as the caller writes times.
    pub built_at: String,
    /// Fingerprint of what it was built from, so that the next build knows whether there is anything to do.
    pub built_from: String,
    /// The order in which the entries of the base were pushed.
    pub order: EntryOrder,
    /// How the entries came about.
    pub union: UnionData,
}

/// What a build remembers of the union for the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnionData {
    /// `cluster::VERSION` of the program that judged the records.
    pub matching: u32,
    /// Which decisions of librarians it followed; empty for none.
    pub decisions: String,
    /// Block keys that so many records share that they say nothing, ascending.
    pub crowded: Vec<u64>,
    /// Records that are members of entries, holdings records, authority records, and unreadable ones.
    pub records: [u64; 4],
    /// What a person should look at, ascending: at most one for every `cluster::GROUP_CAP / 2` records, and those that
    /// decisions cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<Review>,
}

/// An entry beside which others stand although something speaks for one entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The entry; of two the one with more records, else with the smaller id.
    pub entry: EditionId,
    /// Why the others are not one with it.
    pub reason: ReviewReason,
    /// How many others there are.
    pub n_others: u32,
    /// The one of them with the smallest id.
    pub other: EditionId,
}

/// What only a person can settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewReason {
    /// Records of both match, but together they would be more than `cluster::GROUP_CAP`.
    TooLarge,
    /// A decision joins them and another keeps them apart.
    Contradiction,
}

impl ReviewReason {
    /// As documents write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too-large",
            Self::Contradiction => "contradiction",
        }
    }
}

/// The order of a base's entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryOrder {
    /// As they came.
    #[default]
    #[serde(rename = "as given")]
    AsGiven,
    /// By publisher, then year, then title: like entries stand together and take fewer bytes.
    #[serde(rename = "publisher, year, title")]
    PublisherYearTitle,
}

/// A file and what it must contain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileHash {
    /// Its name in the generation's folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its content.
    pub blake3: String,
}

/// Entries that were written together, numbered without a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// How the names of its side files begin: the number of the generation that wrote it.
    pub name: String,
    /// Number of its first entry.
    pub start: u32,
    /// Number of its entries, retired ones included.
    pub entries: u32,
    /// Documents that went to one lane in succession.
    pub run: u32,
    /// Lanes to which runs of documents went in turn.
    pub lanes: u32,
    /// Its segments.
    pub segments: Vec<Segment>,
}

impl Layer {
    pub(crate) fn dealing(&self) -> Dealing {
        Dealing { run: self.run.max(1), lanes: self.lanes.max(1) }
    }

    /// The number behind its last entry.
    pub(crate) fn end(&self) -> u32 {
        self.start.saturating_add(self.entries)
    }

    /// Whether a file of a generation belongs to this layer.
    pub(crate) fn owns(&self, file: &str) -> bool {
        let Some((stem, _)) = file.split_once('.') else { return false };
        stem == self.name || self.segments.iter().any(|segment| segment.id == stem)
    }
}

/// What a generation says of itself: `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the folder's format.
    pub format: u32,
    /// Versions of its parts.
    pub formats: BTreeMap<String, u32>,
    /// Which analysis made the terms.
    pub analysis: String,
    /// The generation's name.
    pub generation: String,
    /// The generation that this one extends.
    pub parent: Option<String>,
    /// When it was built.
    pub built_at: String,
    /// Fingerprint of what it was built from.
    pub built_from: String,
    /// Number of entries in force.
    pub entries: u64,
    /// Number of entries that are still stored but no longer in force.
    pub retired: u64,
    /// Order of the base's entries.
    pub order: EntryOrder,
    /// How the entries came about.
    pub union: UnionData,
    /// The base and what was laid on it, in the order of their numbers.
    pub layers: Vec<Layer>,
    /// Name of the file with the dictionary of entries and the symbols of texts.
    pub dictionary: Option<String>,
    /// The libraries in it, by code.
    pub libraries: Vec<LibraryData>,
    /// Packs with the members' original records.
    pub packs: Vec<String>,
    /// All files but this one.
    pub files: Vec<FileHash>,
    /// BLAKE3 of this text with an empty checksum.
    pub checksum: String,
}

/// Versions of the parts of the format.
pub(crate) fn formats() -> BTreeMap<String, u32> {
    let parts = [
        ("blob", 1),
        ("dealing", 1),
        ("entry", u32::from(super::pack::ENTRY_VERSION)),
        ("keys", 2),
        ("orders", 2),
        ("redirects", 1),
        ("retired", 1),
        ("texts", 1),
    ];
    parts.into_iter().map(|(name, version)| (name.to_owned(), version)).collect()
}

/// What this program writes and reads: version of the folder's format, versions of its parts, which analysis.
pub fn versions() -> (u32, BTreeMap<String, u32>, String) {
    (FORMAT_VERSION, formats(), terms::fingerprint())
}

impl Manifest {
    /// The text of the file, with the checksum set.
    pub(crate) fn to_text(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec_pretty(&Self { checksum: self.sum()?, ..self.clone() })
    }

    fn sum(&self) -> Result<String, serde_json::Error> {
        let text = serde_json::to_vec_pretty(&Self { checksum: String::new(), ..self.clone() })?;
        Ok(blake3::hash(&text).to_hex().to_string())
    }

    /// The manifest in `dir`, refused where it is damaged or this program cannot read what it describes.
    pub(crate) fn read(dir: &Path) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Versions {
            format: u32,
            #[serde(default)]
            formats: BTreeMap<String, u32>,
            analysis: String,
        }
        let path = dir.join(MANIFEST);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let damaged = |_| Error::damaged(&path, "not a manifest");
        let found: Versions = serde_json::from_slice(&bytes).map_err(damaged)?;
        let expected =
            Versions { format: FORMAT_VERSION, formats: formats(), analysis: terms::fingerprint() };
        let describe = |v: &Versions| {
            let parts: Vec<String> =
                v.formats.iter().map(|(name, version)| format!("{name} {version}")).collect();
            format!("format {} ({}) with {}", v.format, parts.join(", "), v.analysis)
        };
        let same = found.format == expected.format && found.formats == expected.formats;
        if !same || found.analysis != expected.analysis {
            return Err(Error::OtherVersion {
                path: dir.to_owned(),
                found: describe(&found),
                expected: describe(&expected),
            });
        }
        let manifest: Self = serde_json::from_slice(&bytes).map_err(damaged)?;
        if manifest.sum().map_err(damaged)? != manifest.checksum {
            return Err(Error::damaged(path, "its checksum is another"));
        }
        Ok(manifest)
    }
}
