//! The folder of a generation: how it is begun and how it comes into force.
//!
//! `catalogue/current` is a file that holds a name. A build writes into `building-N`, makes every file durable,
//! gives the folder its name, and only then renames a new `current` over the old one: whoever is killed in
//! between leaves the old generation served and a folder that the next build recognises and removes. The
//! generation before is kept, older ones are removed. It knows nothing of what the files hold.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{FileLayer, remove_tree, replace_file};
use crate::index::Error;
use crate::index::manifest::{MANIFEST, Manifest};
use crate::index::out_file::OutFile;

const CURRENT: &str = "current";
const BUILDING: &str = "building-";

/// What a build made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenerationSummary {
    /// The generation's name.
    pub generation: String,
    /// Number of entries in force.
    pub entries: u64,
    /// Bytes of all its files, those that it shares with its parent included.
    pub bytes: u64,
}

/// The manifest of the generation in force; `None` where there is none that this program can read.
pub fn manifest_in_force(catalogue: &Path) -> Option<Manifest> {
    Manifest::read(&in_force(catalogue).ok()?).ok()
}

/// The manifest of a generation here, in force or not, where this program can read it.
pub fn manifest_of(catalogue: &Path, generation: &str) -> Option<Manifest> {
    number_of(generation)?;
    Manifest::read(&catalogue.join(generation)).ok()
}

/// Whether a text is the name of a generation.
pub fn is_generation_name(name: &str) -> bool {
    number_of(name).is_some()
}

/// Name of the generation in force; `None` where there is none, or `current` is damaged.
pub fn name_in_force(catalogue: &Path) -> Option<String> {
    current_name(catalogue).ok().flatten()
}

/// Names of the generations here, the oldest first.
pub fn names_here(catalogue: &Path) -> Vec<String> {
    let mut names = folder_names(catalogue).unwrap_or_default();
    names.retain(|name| number_of(name).is_some());
    names.sort_by_key(|name| number_of(name));
    names
}

/// Gives a folder, whose files are durable and whose manifest stands in it, the name of its generation and puts it
/// in force; the one before is kept, older ones are removed.
pub fn install(files: &dyn FileLayer, catalogue: &Path, dir: &Path, generation: &str) -> Result<(), Error> {
    files.sync_dir(dir).map_err(Error::io("make durable", dir))?;
    let previous = current_name(catalogue).unwrap_or_default();
    files.rename(dir, &catalogue.join(generation)).map_err(Error::io("rename", dir))?;
    files.sync_dir(catalogue).map_err(Error::io("make durable", catalogue))?;
    put_back(files, catalogue, generation)?;
    remove_older(files, catalogue, generation, previous.as_deref());
    Ok(())
}

/// Puts a generation in force that is here.
pub fn put_back(files: &dyn FileLayer, catalogue: &Path, generation: &str) -> Result<(), Error> {
    let current = catalogue.join(CURRENT);
    replace_file(files, &current, generation.as_bytes()).map_err(Error::io("replace", &current))
}

/// The folder of the generation in force.
pub(crate) fn in_force(catalogue: &Path) -> Result<PathBuf, Error> {
    let name = current_name(catalogue)?.ok_or_else(|| Error::Absent { path: catalogue.to_owned() })?;
    let dir = catalogue.join(name);
    if dir.is_dir() { Ok(dir) } else { Err(Error::damaged(dir, "the generation in force is missing")) }
}

fn current_name(catalogue: &Path) -> Result<Option<String>, Error> {
    let path = catalogue.join(CURRENT);
    match fs::read_to_string(&path) {
        Ok(name) if number_of(name.trim()).is_some() => Ok(Some(name.trim().to_owned())),
        Ok(_) => Err(Error::damaged(path, "it does not hold the name of a generation")),
        Err(e) if e.kind() == std::io::ErrorKind::InvalidData => Err(Error::damaged(path, "it is no text")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", &path)(e)),
    }
}

/// `000012-0a1b2c3d` is number 12; any other name is none of ours.
pub(crate) fn number_of(name: &str) -> Option<u64> {
    let (number, hash) = name.split_once('-')?;
    let plain = hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    if plain && number.len() >= 6 && number.bytes().all(|b| b.is_ascii_digit()) {
        number.parse().ok()
    } else {
        None
    }
}

/// Clears away what killed builds left and makes the folder of the next generation.
pub(crate) fn begin(files: &dyn FileLayer, catalogue: &Path) -> Result<(PathBuf, u64), Error> {
    files.create_dir_all(catalogue).map_err(Error::io("create", catalogue))?;
    // A damaged `current` is replaced when the build is done; the folders tell which numbers were given.
    let named = current_name(catalogue).unwrap_or_default().and_then(|name| number_of(&name));
    let folders = folder_names(catalogue)?;
    let current =
        named.unwrap_or_else(|| folders.iter().filter_map(|name| number_of(name)).max().unwrap_or(0));
    for name in folders {
        let unfinished = name.starts_with(BUILDING) || number_of(&name).is_some_and(|n| n > current);
        if unfinished {
            let path = catalogue.join(&name);
            remove_tree(files, &path).map_err(Error::io("remove", &path))?;
        }
    }
    let number = current + 1;
    let dir = catalogue.join(format!("{BUILDING}{number:06}"));
    files.create_dir_all(&dir).map_err(Error::io("create", &dir))?;
    Ok((dir, number))
}

/// Writes the manifest of a folder whose files are durable. Its length.
pub(crate) fn describe(files: &dyn FileLayer, dir: &Path, manifest: &Manifest) -> Result<u64, Error> {
    let path = dir.join(MANIFEST);
    let text = manifest.to_text().map_err(|e| Error::io("write", &path)(std::io::Error::other(e)))?;
    let mut out = OutFile::create(files, &path)?;
    out.write(&text)?;
    out.finish()?;
    Ok(text.len() as u64)
}

/// Writes the manifest of a folder whose files are durable, and installs it.
pub(crate) fn put_in_force(
    files: &dyn FileLayer,
    catalogue: &Path,
    dir: &Path,
    manifest: &Manifest,
) -> Result<GenerationSummary, Error> {
    let of_manifest = describe(files, dir, manifest)?;
    install(files, catalogue, dir, &manifest.generation)?;
    let bytes = manifest.files.iter().map(|f| f.bytes).sum::<u64>() + of_manifest;
    Ok(GenerationSummary { generation: manifest.generation.clone(), entries: manifest.entries, bytes })
}

/// A generation that is still mapped somewhere may resist; the next build tries again.
fn remove_older(files: &dyn FileLayer, catalogue: &Path, current: &str, previous: Option<&str>) {
    for name in folder_names(catalogue).unwrap_or_default() {
        if number_of(&name).is_some() && name != current && Some(name.as_str()) != previous {
            let _ = remove_tree(files, &catalogue.join(name));
        }
    }
}

/// The files of a folder, by name.
pub(crate) fn file_names(dir: &Path) -> Result<Vec<String>, Error> {
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
