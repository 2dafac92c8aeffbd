//! What is said of a generation where it is published: which files it is made of, in which blocks they lie, what it
//! answers, and what a branch must know to read it.
//!
//! It is a signed file of the repository, so it comes from whom we trust; still nothing in it is used before its
//! shape is checked: names lead nowhere else, numbers add up, sizes are bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::block::{self, BLOCK};
use super::canary::Canary;
use super::layout::{is_hash, is_plain_name};
use super::refusal::Refusal;
use crate::bib::LibraryCode;
use crate::index;

/// Version of this form.
const FORMAT: u32 = 1;
/// A manifest is a few kilobytes; of ten million entries some hundred.
const LARGEST: usize = 64 << 20;
const MOST_FILES: usize = 100_000;
const MOST_CANARIES: usize = 256;
/// Steps back from which a branch catches up without fetching files.
pub const MOST_PACKS: usize = 31;
/// No generation has as much.
const MOST_BYTES: u64 = 1 << 42;

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// BLAKE3 of its bytes as they lie in the repository; its name there.
    pub blake3: String,
    /// Its length there.
    pub stored: u64,
    /// Its length in the file. Where both are the same it is not packed.
    pub bytes: u64,
}

/// A file and its pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// Its name in its folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its content.
    pub blake3: String,
    /// Its pieces in order.
    pub blocks: Vec<Block>,
}

impl SnapshotFile {
    /// Bytes of its pieces as they lie in the repository.
    pub fn stored(&self) -> u64 {
        self.blocks.iter().map(|block| block.stored).sum()
    }
}

/// A pack of a member's records as received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Whose records.
    pub library: LibraryCode,
    /// The pack.
    #[serde(flatten)]
    pub file: SnapshotFile,
}

/// What a generation changed of the one it was laid on: whoever has that writes the layer again instead of fetching
/// its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePack {
    /// The generation that must be here.
    pub from: String,
    /// The generation that comes of it.
    pub to: String,
    /// Length of the pack when it is unpacked.
    pub plain: u64,
    /// What the night brought of original records, for whoever has the old ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<CarriedRecords>,
    /// The pack.
    #[serde(flatten)]
    pub file: SnapshotFile,
}

/// Packs of original records on their way: `archive::carry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedRecords {
    /// Length when they are unpacked.
    pub plain: u64,
    /// How many packs come of them.
    pub n_packs: u32,
    /// The file.
    #[serde(flatten)]
    pub file: SnapshotFile,
}

/// How new the data of a library is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryDay {
    /// Whose data.
    pub code: LibraryCode,
    /// Day of its data.
    pub as_of: Option<String>,
    /// Its records.
    pub records: u64,
}

/// What is said of a published generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this form.
    pub format: u32,
    /// The generation's name.
    pub generation: String,
    /// The generation on which it was laid.
    pub parent: Option<String>,
    /// When it was published, as `2026-11-24T17:30:00Z`.
    pub published_at: String,
    /// When it was built.
    pub built_at: String,
    /// Version of the folder's format.
    pub index: u32,
    /// Versions of its parts.
    pub formats: BTreeMap<String, u32>,
    /// Which analysis made its terms.
    pub analysis: String,
    /// Its entries in force.
    pub entries: u64,
    /// How new the data of each library is.
    pub libraries: Vec<LibraryDay>,
    /// Its files.
    pub files: Vec<SnapshotFile>,
    /// The packs with the members' original records.
    pub originals: Vec<Original>,
    /// Ways from earlier generations to this one, a step each, oldest first.
    #[serde(default)]
    pub packs: Vec<ChangePack>,
    /// Questions, and what it answers.
    pub canaries: Vec<Canary>,
}

impl Manifest {
    /// What a generation says of itself, with the pieces of its files.
    pub fn describe(
        generation: &index::Manifest,
        published_at: String,
        files: Vec<SnapshotFile>,
        originals: Vec<Original>,
        packs: Vec<ChangePack>,
        canaries: Vec<Canary>,
    ) -> Self {
        let day = |data: &index::LibraryData| LibraryDay {
            code: data.code.clone(),
            as_of: data.as_of.clone(),
            records: data.records,
        };
        Self {
            format: FORMAT,
            generation: generation.generation.clone(),
            parent: generation.parent.clone(),
            published_at,
            built_at: generation.built_at.clone(),
            index: generation.format,
            formats: generation.formats.clone(),
            analysis: generation.analysis.clone(),
            entries: generation.entries,
            libraries: generation.libraries.iter().map(day).collect(),
            files,
            originals,
            packs,
            canaries,
        }
    }

    /// The signed file: JSON, packed.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        block::pack(&serde_json::to_vec(self)?)
    }

    /// The manifest in a file whose hash was right. `plain` is how long it is unpacked, as it was signed.
    pub fn read(name: &str, bytes: &[u8], plain: u64) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let most = usize::try_from(plain).ok().filter(|&n| n <= LARGEST);
        let most = most.ok_or(Refusal::TooLong { name: name.to_owned(), most: LARGEST as u64 })?;
        let text =
            block::unpack(bytes, most).ok_or_else(|| Refusal::malformed(name, "it cannot be unpacked"))?;
        let version: Version = serde_json::from_slice(&text).map_err(|e| Refusal::malformed(name, e))?;
        if version.format != FORMAT {
            return Err(Refusal::OtherVersion {
                generation: name.to_owned(),
                found: format!("form {} of manifests", version.format),
                expected: format!("form {FORMAT}"),
            });
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|e| Refusal::malformed(name, e))?;
        match manifest.fault() {
            None => Ok(manifest),
            Some(what) => Err(Refusal::malformed(name, what)),
        }
    }

    /// Tells this description from any other, of the same generation too.
    pub fn fingerprint(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        format!("{} {}", self.generation, &blake3::hash(&text).to_hex()[..16])
    }

    /// Whether this program can read the generation.
    pub fn check_version(&self) -> Result<(), Refusal> {
        let describe = |format: u32, parts: &BTreeMap<String, u32>, analysis: &str| {
            let parts: Vec<String> =
                parts.iter().map(|(name, version)| format!("{name} {version}")).collect();
            format!("format {format} ({}) with {analysis}", parts.join(", "))
        };
        let (format, parts, analysis) = index::versions();
        if (self.index, &self.formats, &self.analysis) == (format, &parts, &analysis) {
            return Ok(());
        }
        Err(Refusal::OtherVersion {
            generation: self.generation.clone(),
            found: describe(self.index, &self.formats, &self.analysis),
            expected: describe(format, &parts, &analysis),
        })
    }

    /// All files with their pieces, those of the generation first.
    pub fn all_files(&self) -> impl Iterator<Item = &SnapshotFile> {
        self.files.iter().chain(self.originals.iter().map(|original| &original.file))
    }

    /// All that lies in the repository for its sake.
    pub fn everything(&self) -> impl Iterator<Item = &SnapshotFile> {
        let records = self.packs.iter().filter_map(|pack| pack.records.as_ref());
        let packs = self.packs.iter().map(|pack| &pack.file);
        self.all_files().chain(packs).chain(records.map(|records| &records.file))
    }

    /// The steps that lead from another generation to this one; nothing where one is missing.
    pub fn steps_from(&self, from: &str) -> Option<Vec<&ChangePack>> {
        let mut steps = Vec::new();
        let mut at = from;
        while at != self.generation {
            let step = self.packs.iter().find(|pack| pack.from == at)?;
            // A circle is no way.
            if steps.len() > MOST_PACKS {
                return None;
            }
            steps.push(step);
            at = &step.to;
        }
        Some(steps)
    }

    // What no honest publisher would write.
    fn fault(&self) -> Option<String> {
        if !index::is_generation_name(&self.generation) {
            return Some(format!("{:?} is no name of a generation", self.generation));
        }
        if self.all_files().count() > MOST_FILES || self.canaries.len() > MOST_CANARIES {
            return Some("it names too many files or questions".to_owned());
        }
        let mut names = BTreeSet::new();
        let mut bytes = 0u64;
        for file in &self.files {
            bytes = bytes.saturating_add(file.bytes);
            if !names.insert(file.name.to_ascii_lowercase()) {
                return Some(format!("{:?} is there twice", file.name));
            }
        }
        for Original { library, file } in &self.originals {
            bytes = bytes.saturating_add(file.bytes);
            if !crate::archive::is_library_folder(library.as_str()) {
                return Some(format!("{:?} is no code of a library", library.as_str()));
            }
            if file.name != format!("{}.pack", file.blake3) {
                return Some(format!("{:?} is not named after its content", file.name));
            }
        }
        if bytes > MOST_BYTES {
            return Some("it is larger than any catalogue".to_owned());
        }
        let is_sound = |pack: &ChangePack| {
            index::is_generation_name(&pack.from)
                && index::is_generation_name(&pack.to)
                && pack.plain.max(pack.file.bytes) <= index::LARGEST_CHANGES
                && pack.records.as_ref().is_none_or(|records| {
                    records.plain.max(records.file.bytes) <= crate::archive::LARGEST_CARRIED
                })
        };
        if self.packs.len() > MOST_PACKS || !self.packs.iter().all(is_sound) {
            return Some("a pack of changes leads from nowhere or is too large".to_owned());
        }
        self.everything().find_map(SnapshotFile::fault)
    }
}

impl SnapshotFile {
    fn fault(&self) -> Option<String> {
        let fits = |block: &Block| {
            is_hash(&block.blake3)
                && block.bytes <= BLOCK as u64
                && block.stored <= block.bytes
                && block.bytes > 0
        };
        let name = &self.name;
        if !is_plain_name(name) || name == "current" {
            return Some(format!("{name:?} is no name of a file"));
        }
        if !is_hash(&self.blake3) || !self.blocks.iter().all(fits) {
            return Some(format!("a piece of {name} has no possible hash or size"));
        }
        let sum = self.blocks.iter().fold(0u64, |sum, block| sum.saturating_add(block.bytes));
        (sum != self.bytes).then(|| format!("the pieces of {name} do not add up"))
    }
}

/// Takes a piece, with its bytes as they shall lie in the repository.
pub type Keep<'a, E> = dyn FnMut(&Block, &[u8]) -> Result<(), E> + 'a;

/// Describes a file by its content, handing each piece to `keep` as it shall lie in the repository.
pub fn file_of<E: From<std::io::Error>>(
    name: &str,
    mut content: &mut dyn Read,
    is_packed_already: bool,
    keep: &mut Keep<'_, E>,
) -> Result<SnapshotFile, E> {
    let mut hasher = blake3::Hasher::new();
    let mut blocks = Vec::new();
    let mut bytes = 0;
    let mut piece = Vec::new();
    loop {
        piece.clear();
        (&mut content).take(BLOCK as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            let blake3 = hasher.finalize().to_hex().to_string();
            return Ok(SnapshotFile { name: name.to_owned(), bytes, blake3, blocks });
        }
        hasher.update(&piece);
        bytes += piece.len() as u64;
        let packed = if is_packed_already { None } else { Some(block::pack(&piece)?) };
        let stored = packed.as_deref().filter(|packed| packed.len() < piece.len()).unwrap_or(&piece);
        let block = Block {
            blake3: blake3::hash(stored).to_hex().to_string(),
            stored: stored.len() as u64,
            bytes: piece.len() as u64,
        };
        keep(&block, stored)?;
        blocks.push(block);
    }
}
