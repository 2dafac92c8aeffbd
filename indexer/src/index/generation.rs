//! The folder of a generation: its manifest, and how it comes into force.
//!
//! `catalogue/current` is a file that holds a name. A build writes into `building-N`, makes every file durable,
//! gives the folder its name, and only then renames a new `current` over the old one: whoever is killed in
//! between leaves the old generation served and a folder that the next build recognises and removes.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bib::LibraryCode;
use crate::index::Error;
use crate::index::schema::FORMAT_VERSION;
use crate::index::terms;

const CURRENT: &str = "current";
const MANIFEST: &str = "manifest.json";
const BUILDING: &str = "building-";

/// What a library brought into a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryData {
    /// The library.
    pub code: LibraryCode,
    /// Day of its data, as `2026-11-22`.
    pub as_of: Option<String>,
    /// Its records.
    pub records: u64,
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
}

/// A file and what it must contain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHash {
    /// Its name in the generation's folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its content.
    pub blake3: String,
}

/// What a generation says of itself: `manifest.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the folder's format.
    pub format: u32,
    /// Which analysis made the terms.
    pub analysis: String,
    /// The generation's name.
    pub generation: String,
    /// When it was built.
    pub built_at: String,
    /// Fingerprint of what it was built from.
    #[serde(default)]
    pub built_from: String,
    /// Number of entries.
    pub entries: u64,
    /// The libraries in it, by code.
    pub libraries: Vec<LibraryData>,
    /// Packs with the members' original records.
    pub packs: Vec<String>,
    /// All files but this one.
    pub files: Vec<FileHash>,
}

/// What a build made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationSummary {
    /// The generation's name.
    pub generation: String,
    /// Number of entries.
    pub entries: u64,
    /// Bytes of all its files.
    pub bytes: u64,
}

impl Manifest {
    /// Describes the finished files of `dir`.
    pub(crate) fn describe(
        dir: &Path,
        number: u64,
        entries: u64,
        input: ManifestInput,
    ) -> Result<Self, Error> {
        let mut files = Vec::new();
        let mut all = blake3::Hasher::new();
        for name in file_names(dir)? {
            if name.starts_with(".tantivy-") || name == ".managed.json" {
                fs::remove_file(dir.join(&name)).map_err(Error::io("remove", dir.join(&name)))?;
                continue;
            }
            let path = dir.join(&name);
            let mut hasher = blake3::Hasher::new();
            let mut file = File::open(&path).map_err(Error::io("read", &path))?;
            let bytes = std::io::copy(&mut file, &mut hasher).map_err(Error::io("read", &path))?;
            let blake3 = hasher.finalize().to_hex().to_string();
            all.update(name.as_bytes()).update(blake3.as_bytes());
            files.push(FileHash { name, bytes, blake3 });
        }
        let mut libraries = input.libraries;
        libraries.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(Self {
            format: FORMAT_VERSION,
            analysis: terms::fingerprint(),
            generation: format!("{number:06}-{}", &all.finalize().to_hex()[..8]),
            built_at: input.built_at,
            built_from: input.built_from,
            entries,
            libraries,
            packs: input.packs,
            files,
        })
    }

    /// The manifest in `dir`, refused where this program cannot read what it describes.
    pub(crate) fn read(dir: &Path) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Versions {
            format: u32,
            analysis: String,
        }
        let path = dir.join(MANIFEST);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let damaged = |_| Error::Damaged { path: path.clone(), what: "not a manifest" };
        let versions: Versions = serde_json::from_slice(&bytes).map_err(damaged)?;
        let describe = |format, analysis: &str| format!("format {format} with {analysis}");
        if versions.format != FORMAT_VERSION || versions.analysis != terms::fingerprint() {
            return Err(Error::OtherVersion {
                path: dir.to_owned(),
                found: describe(versions.format, &versions.analysis),
                expected: describe(FORMAT_VERSION, &terms::fingerprint()),
            });
        }
        serde_json::from_slice(&bytes).map_err(damaged)
    }
}

/// The manifest of the generation in force; `None` where there is none that this program can read.
pub fn manifest_in_force(catalogue: &Path) -> Option<Manifest> {
    Manifest::read(&in_force(catalogue).ok()?).ok()
}

/// The folder of the generation in force.
pub(crate) fn in_force(catalogue: &Path) -> Result<PathBuf, Error> {
    let name = current_name(catalogue)?.ok_or_else(|| Error::Absent { path: catalogue.to_owned() })?;
    let dir = catalogue.join(name);
    if dir.is_dir() {
        Ok(dir)
    } else {
        Err(Error::Damaged { path: dir, what: "the generation in force is missing" })
    }
}

fn current_name(catalogue: &Path) -> Result<Option<String>, Error> {
    let path = catalogue.join(CURRENT);
    match fs::read_to_string(&path) {
        Ok(name) if number_of(name.trim()).is_some() => Ok(Some(name.trim().to_owned())),
        Ok(_) => Err(Error::Damaged { path, what: "it does not hold the name of a generation" }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", &path)(e)),
    }
}

/// `000012-0a1b2c3d` is number 12; any other name is none of ours.
fn number_of(name: &str) -> Option<u64> {
    let (number, hash) = name.split_once('-')?;
    let plain = hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    if plain && number.len() >= 6 && number.bytes().all(|b| b.is_ascii_digit()) {
        number.parse().ok()
    } else {
        None
    }
}

/// Clears away what killed builds left and makes the folder of the next generation.
pub(crate) fn begin(catalogue: &Path) -> Result<(PathBuf, u64), Error> {
    fs::create_dir_all(catalogue).map_err(Error::io("create", catalogue))?;
    let current = current_name(catalogue)?.and_then(|name| number_of(&name)).unwrap_or(0);
    for name in folder_names(catalogue)? {
        let unfinished = name.starts_with(BUILDING) || number_of(&name).is_some_and(|n| n > current);
        if unfinished {
            let path = catalogue.join(&name);
            fs::remove_dir_all(&path).map_err(Error::io("remove", &path))?;
        }
    }
    let number = current + 1;
    let dir = catalogue.join(format!("{BUILDING}{number:06}"));
    fs::create_dir(&dir).map_err(Error::io("create", &dir))?;
    Ok((dir, number))
}

/// Makes the folder durable, names it, switches `current`, and removes what is older than the previous one.
pub(crate) fn put_in_force(
    catalogue: &Path,
    dir: &Path,
    manifest: &Manifest,
) -> Result<GenerationSummary, Error> {
    let text = serde_json::to_vec_pretty(manifest)
        .map_err(|e| Error::io("write", dir.join(MANIFEST))(std::io::Error::other(e)))?;
    write_durably(&dir.join(MANIFEST), &text)?;
    for file in &manifest.files {
        let path = dir.join(&file.name);
        // Windows flushes only what was opened for writing.
        let open = File::options().write(true).open(&path);
        open.and_then(|f| f.sync_all()).map_err(Error::io("make durable", &path))?;
    }
    sync_folder(dir)?;
    let previous = current_name(catalogue)?;
    let named = catalogue.join(&manifest.generation);
    fs::rename(dir, &named).map_err(Error::io("rename", dir))?;
    sync_folder(catalogue)?;
    let fresh = catalogue.join("current.new");
    write_durably(&fresh, manifest.generation.as_bytes())?;
    fs::rename(&fresh, catalogue.join(CURRENT)).map_err(Error::io("rename", &fresh))?;
    sync_folder(catalogue)?;
    remove_older(catalogue, &manifest.generation, previous.as_deref());
    let bytes = manifest.files.iter().map(|f| f.bytes).sum::<u64>() + text.len() as u64;
    Ok(GenerationSummary { generation: manifest.generation.clone(), entries: manifest.entries, bytes })
}

/// A generation that is still mapped somewhere may resist; the next build tries again.
fn remove_older(catalogue: &Path, current: &str, previous: Option<&str>) {
    for name in folder_names(catalogue).unwrap_or_default() {
        if number_of(&name).is_some() && name != current && Some(name.as_str()) != previous {
            let _ = fs::remove_dir_all(catalogue.join(&name));
        }
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(Error::io("write", path))
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|f| f.sync_all()).map_err(Error::io("make durable", path))
}

/// Windows keeps folder entries durable by itself and cannot open a folder for it.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), Error> {
    Ok(())
}

fn file_names(dir: &Path) -> Result<Vec<String>, Error> {
    names(dir, |kind| kind.is_file())
}

fn folder_names(dir: &Path) -> Result<Vec<String>, Error> {
    names(dir, |kind| kind.is_dir())
}

fn names(dir: &Path, wanted: impl Fn(fs::FileType) -> bool) -> Result<Vec<String>, Error> {
    let list = || -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for item in fs::read_dir(dir)? {
            let item = item?;
            if wanted(item.file_type()?) {
                names.extend(item.file_name().into_string().ok());
            }
        }
        names.sort();
        Ok(names)
    };
    list().map_err(Error::io("list", dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_generations() {
        for (name, number) in [
            ("000012-0a1b2c3d", Some(12)),
            ("1234567-0a1b2c3d", Some(1_234_567)),
            ("building-000001", None),
            ("../etc", None),
            ("12-0a1b2c3d", None),
            ("000012-0a1b2c3", None),
            ("", None),
        ] {
            assert_eq!(number_of(name), number, "{name}");
        }
    }
}
