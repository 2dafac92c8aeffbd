//! The files of one import: what was named on the command line, folders opened, in a stable order.
//!
//! Names are relative, so that no path of one machine gets into the archive.

use std::path::{Path, PathBuf};

use super::error::{Error, Result};

/// A file of a set and the name by which reports and the archive call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its name, or its place in the folder that was named.
    pub name: String,
}

impl SetFile {
    /// The name of a file contained in this one, as `contained_files` gives it.
    pub(super) fn contained(&self, full_name: &str) -> String {
        let inside = full_name.strip_prefix(&*self.path.to_string_lossy()).unwrap_or("");
        format!("{}{inside}", self.name)
    }
}

/// The files that some paths stand for: a folder is the set of its files, hidden and `.part` files are not read.
pub fn files_of(paths: &[PathBuf]) -> Result<Vec<SetFile>> {
    let mut files = Vec::new();
    for path in paths {
        let metadata =
            std::fs::metadata(path).map_err(|source| Error::Open { path: path.clone(), source })?;
        if metadata.is_dir() {
            let before = files.len();
            files_in(path, "", &mut files)?;
            if files.len() == before {
                return Err(Error::EmptySet { path: path.clone() });
            }
        } else {
            files.push(SetFile { path: path.clone(), name: name_of(path) });
        }
    }
    Ok(files)
}

fn files_in(folder: &Path, prefix: &str, files: &mut Vec<SetFile>) -> Result<()> {
    let open_error = |source| Error::Open { path: folder.to_owned(), source };
    let mut items = Vec::new();
    for item in std::fs::read_dir(folder).map_err(open_error)? {
        items.push(item.map_err(open_error)?.path());
    }
    items.sort();
    for path in items {
        let name = name_of(&path);
        if name.starts_with('.') || name.ends_with(".part") {
            continue;
        }
        let name = format!("{prefix}{name}");
        // A link to a folder could lead back up: only real folders are entered.
        match std::fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => files_in(&path, &format!("{name}/"), files)?,
            _ if path.is_file() => files.push(SetFile { path, name }),
            _ => {}
        }
    }
    Ok(())
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn a_folder_is_a_set() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("期刊")).unwrap();
        for name in ["乙.mrc", "甲.mrc", ".hidden", "半.part", "期刊/丙.xml"] {
            std::fs::write(root.join(name), "x").unwrap();
        }
        let names =
            |paths: &[PathBuf]| files_of(paths).unwrap().into_iter().map(|f| f.name).collect::<Vec<_>>();
        assert_eq!(names(&[root.to_owned()]), ["乙.mrc", "期刊/丙.xml", "甲.mrc"]);
        assert_eq!(names(&[root.join("甲.mrc"), root.join("期刊")]), ["甲.mrc", "丙.xml"]);
        assert!(matches!(files_of(&[root.join("无")]), Err(Error::Open { .. })));
        std::fs::create_dir(root.join("空")).unwrap();
        assert!(matches!(files_of(&[root.join("空")]), Err(Error::EmptySet { .. })));
    }

    #[test]
    fn contained_names_lose_the_path() {
        let file = SetFile { path: "/home/lib/a.zip".into(), name: "a.zip".into() };
        assert_eq!(file.contained("/home/lib/a.zip!b.mrc"), "a.zip!b.mrc");
        assert_eq!(file.contained("/home/lib/a.zip"), "a.zip");
    }
}
