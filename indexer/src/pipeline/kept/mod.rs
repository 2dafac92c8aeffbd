//! Mapped records kept from one build to the next, so that a night reads and maps only what changed.
//!
//! They lie in `catalogue/kept`, in the order of the entries they were members of. `tip` says for the last two
//! generations which base the entries are of and which files hold the records, above a hash of itself; a generation
//! that it does not name has none.
//! Nothing depends on them: what is missing, damaged or written by another version is read from the archive. They are
//! written before their generation comes into force and are not made durable.

mod file;
mod index;
mod writer;

use std::fs;
use std::path::Path;

use super::error::{Error, Result};
use super::parts::MatchBytes;
use super::source::Source;
use super::touched::Place;
use super::work::work_error;
use crate::bib::EditionId;
use crate::index::Manifest;
use file::KeptFile;
pub(super) use writer::Writer;

const FOLDER: &str = "kept";
const TIP: &str = "tip";
/// First line of the tip: records are not kept from one version of the program to the next.
const MAGIC: &str = concat!("lianmu-kept 2 ", env!("CARGO_PKG_VERSION"));

/// Where a record is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    file_idx: u32,
    number: u32,
}

/// What an entry was made of: its members by place, and its siblings.
pub(super) type Made = (Vec<Place>, Vec<EditionId>);

/// The records that are kept of one generation.
#[derive(Default)]
pub(super) struct Kept {
    /// The newest first.
    files: Vec<KeptFile>,
    /// Name of the layer whose entries the last file tells, and whether the generation has it.
    base: String,
    has_base: bool,
}

impl Kept {
    /// Those of a generation; nothing where they are not all there.
    pub(super) fn of(catalogue: &Path, generation: &Manifest, sources: &[Source]) -> Self {
        let folder = catalogue.join(FOLDER);
        let mut lines = tip_lines(&folder).into_iter();
        let Some(line) = lines.find(|line| line.built_from == generation.built_from) else {
            return Self::default();
        };
        let files = line.files.iter().map(|name| KeptFile::open(&folder.join(name), sources));
        let files: Option<Vec<_>> = files.collect();
        let has_base = generation.layers.first().is_some_and(|layer| layer.name == line.base);
        files.map(|files| Self { files, base: line.base, has_base }).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Whether it is told what the entry of this number was made of.
    pub(super) fn tells(&self, number: u32) -> bool {
        self.has_base && self.files.last().is_some_and(|base| number < base.index.n_entries())
    }

    /// What an entry was made of that is told; `None` where the library of a member is no source.
    pub(super) fn made(&self, number: u32) -> Option<Made> {
        let index = &self.files.last()?.index;
        Some((index.members(number)?, index.siblings(number).map(EditionId::from_key).collect()))
    }

    /// Where the record at a place is kept.
    pub(super) fn find(&self, place: Place) -> Option<At> {
        let found = |(file_idx, file): (usize, &KeptFile)| {
            Some(At { file_idx: file_idx as u32, number: file.index.find(place)? })
        };
        self.files.iter().enumerate().find_map(found)
    }

    /// Hands over what some records, which stand in ascending order, are compared by.
    pub(super) fn each_compared(&self, ats: &[At], mut take: impl FnMut(MatchBytes<'_>)) -> Result<()> {
        self.by_file(ats, |file, numbers| file.each_compared(numbers, &mut take))
    }

    /// Hands over their packed descriptions and holdings.
    pub(super) fn each_member(&self, ats: &[At], mut take: impl FnMut(&[u8])) -> Result<()> {
        self.by_file(ats, |file, numbers| file.each_member(numbers, &mut take))
    }

    fn by_file(
        &self,
        ats: &[At],
        mut each: impl FnMut(&KeptFile, &mut dyn Iterator<Item = u32>) -> Result<()>,
    ) -> Result<()> {
        ats.chunk_by(|a, b| a.file_idx == b.file_idx).try_for_each(|ats| {
            let file = self.files.get(ats[0].file_idx as usize).ok_or(Error::BrokenWork)?;
            each(file, &mut ats.iter().map(|at| at.number))
        })
    }

    /// Name of the layer whose entries are told.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Begins the file of what a night brings; earlier nights are carried along while they are worth it. Beside it
    /// the file of the full build is told, which stays.
    pub(super) fn night(&self, catalogue: &Path, sources: &[Source]) -> Result<(Writer, Option<String>)> {
        let mut writer = Writer::create(catalogue, sources)?;
        if let Some(base) = self.files.last() {
            writer.press_like(base)?;
        }
        let (base, nights) = match self.files.as_slice() {
            [nights, base] => (Some(base), Some(nights)),
            [base] => (Some(base), None),
            _ => (None, None),
        };
        let n_records: u64 = sources.iter().map(|source| source.stamp.n_records).sum();
        if let Some(nights) = nights.filter(|nights| u64::from(nights.index.n) < n_records / 2) {
            writer.carry(nights)?;
        }
        Ok((writer, base.map(KeptFile::name)))
    }
}

/// Removes all that is kept.
pub(super) fn remove(catalogue: &Path) -> Result<()> {
    let folder = catalogue.join(FOLDER);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(work_error(&folder)(error)),
        _ => Ok(()),
    }
}

/// Says where the records of a generation are kept. What is said of `before` stays, for it is in force until this one
/// is.
pub(super) fn put_tip(catalogue: &Path, before: Option<&str>, tip: TipLine) -> Result<()> {
    let folder = catalogue.join(FOLDER);
    let mut lines = tip_lines(&folder);
    lines.retain(|line| Some(line.built_from.as_str()) == before && line.built_from != tip.built_from);
    lines.push(tip);
    let mut text = format!("{MAGIC}\n");
    for TipLine { built_from, base, files } in &lines {
        text.push_str(&format!("{built_from} {base} {}\n", files.join(" ")));
    }
    text.push_str(blake3::hash(text.as_bytes()).to_hex().as_str());
    let (path, new) = (folder.join(TIP), folder.join("tip.new"));
    fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(work_error(&path))?;
    remove_others(&folder, &lines)
}

fn remove_others(folder: &Path, lines: &[TipLine]) -> Result<()> {
    for item in fs::read_dir(folder).map_err(work_error(folder))? {
        let item = item.map_err(work_error(folder))?;
        let name = item.file_name();
        let is_named = |line: &TipLine| line.files.iter().any(|file| name == file.as_str());
        if name != TIP && !lines.iter().any(is_named) {
            fs::remove_file(item.path()).map_err(work_error(&item.path()))?;
        }
    }
    Ok(())
}

/// Where the records of a generation are kept.
pub(super) struct TipLine {
    /// What the generation is built from.
    pub(super) built_from: String,
    /// Name of the layer whose entries the last file tells.
    pub(super) base: String,
    /// The newest first.
    pub(super) files: Vec<String>,
}

/// Nothing where the tip is of another version or does not add up.
fn tip_lines(folder: &Path) -> Vec<TipLine> {
    let text = fs::read_to_string(folder.join(TIP)).unwrap_or_default();
    let whole = text.rfind('\n').map(|end| text.split_at(end + 1));
    let whole = whole.filter(|(said, hash)| *hash == blake3::hash(said.as_bytes()).to_hex().as_str());
    let Some(rest) = whole.and_then(|(said, _)| said.strip_prefix(MAGIC)?.strip_prefix('\n')) else {
        return Vec::new();
    };
    let line = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        Some(TipLine { built_from: words.next()?, base: words.next()?, files: words.collect() })
    };
    rest.lines().filter_map(line).collect()
}
